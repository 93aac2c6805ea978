//! Reading an object's fields, noting every bad one.

use std::collections::BTreeSet;

use super::{LineItem, MAX_LINE_ITEMS_TOTAL, MAX_METADATA, MAX_METADATA_KEY, MAX_TEXT};
use crate::paysg::amount::Cents;
use crate::paysg::field::{FieldError, Rule};
use crate::paysg::json::Json;
use crate::paysg::text;

/// No answer lists more bad fields than this: a hostile order must not make a long one.
const MAX_ERRORS: usize = 100;

/// Whether a field must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
}

/// What is done to a text before it is checked.
#[derive(Clone, Copy)]
pub(super) enum Style {
    /// Nothing; what nobody can see is refused.
    Exact,
    /// What nobody can see goes, and line breaks become spaces.
    OneLine,
    /// That, and typography becomes ASCII.
    Pasted,
}

/// The errors so far, bounded.
pub(super) struct Errors(pub(super) Vec<FieldError>);

impl Errors {
    fn push(&mut self, error: FieldError) {
        if self.0.len() < MAX_ERRORS {
            self.0.push(error);
        }
    }
}

/// The fields of one object, and which of them have been read.
pub(super) struct Fields<'a> {
    entries: &'a [(String, Json)],
    /// What stands before a field's name in errors: nothing, or `line_items[0].`.
    path: String,
    known: BTreeSet<&'static str>,
    errors: &'a mut Errors,
}

impl<'a> Fields<'a> {
    pub(super) fn of(object: &'a Json, path: String, errors: &'a mut Errors) -> Option<Self> {
        object.as_object().map(|entries| Self {
            entries,
            path,
            known: BTreeSet::new(),
            errors,
        })
    }

    fn name(&self, field: &str) -> String {
        // Names that a caller made up are echoed, but not at any length.
        format!("{}{}", self.path, text::clip(field, 64))
    }

    fn refuse(&mut self, field: &str, rule: Rule) {
        let name = self.name(field);
        self.errors.push(FieldError::new(name, rule));
    }

    fn refuse_beyond(&mut self, field: &str, rule: Rule, limit: u64) {
        let name = self.name(field);
        self.errors.push(FieldError::with_limit(name, rule, limit));
    }

    /// The value of a field, null counting as absent.
    fn value(&mut self, field: &'static str, presence: Presence) -> Option<&'a Json> {
        self.known.insert(field);
        let mut values = self
            .entries
            .iter()
            .filter(|(name, _)| name == field)
            .map(|(_, value)| value);
        let value = values.next().filter(|value| !value.is_null());
        if values.next().is_some() {
            self.refuse(field, Rule::Duplicate);
            return None;
        }
        if value.is_none() && presence == Presence::Required {
            self.refuse(field, Rule::Required);
        }
        value
    }

    pub(super) fn text(
        &mut self,
        field: &'static str,
        presence: Presence,
        max: u64,
        style: Style,
    ) -> Option<String> {
        let Some(given) = self.value(field, presence)?.as_str() else {
            self.refuse(field, Rule::Type);
            return None;
        };
        if text::trim(given).is_empty() {
            if presence == Presence::Required {
                self.refuse(field, Rule::Empty);
            }
            return None;
        }
        match style {
            Style::Exact => {
                let value = self.exact(field, given, max)?;
                if value.trim().len() == value.len() {
                    return Some(value);
                }
                self.refuse(field, Rule::Format);
                None
            }
            Style::OneLine => self.sound(field, text::one_line(given), max),
            Style::Pasted => self.sound(field, text::normalise(given), max),
        }
    }

    /// The text as it was given, if nobody could mistake it for another.
    fn exact(&mut self, field: &str, given: &str, max: u64) -> Option<String> {
        if text::has_invisible(given) {
            self.refuse(field, Rule::InvisibleCharacter);
            return None;
        }
        self.sound(field, given.to_owned(), max)
    }

    /// The text, if it is neither damaged nor too long.
    fn sound(&mut self, field: &str, value: String, max: u64) -> Option<String> {
        if text::is_damaged(&value) {
            self.refuse(field, Rule::MalformedText);
        } else if text::has_control(&value) {
            self.refuse(field, Rule::ControlCharacter);
        } else if text::len(&value) > max {
            self.refuse_beyond(field, Rule::TooLong, max);
        } else {
            return Some(value);
        }
        None
    }

    pub(super) fn of_form(
        &mut self,
        field: &str,
        value: Option<String>,
        fits: fn(&str) -> bool,
    ) -> Option<String> {
        let value = value?;
        if fits(&value) {
            return Some(value);
        }
        self.refuse(field, Rule::Format);
        None
    }

    pub(super) fn amount(&mut self, field: &'static str, min: u64, max: u64) -> Option<Cents> {
        let Some(token) = self.value(field, Presence::Required)?.as_number() else {
            self.refuse(field, Rule::Type);
            return None;
        };
        let rule = match Cents::from_token(token) {
            Ok(cents) if cents.get() < min => Rule::TooSmall,
            Ok(cents) if cents.get() > max => Rule::TooLarge,
            Ok(cents) => return Some(cents),
            Err(rule) => rule,
        };
        if rule == Rule::TooSmall {
            self.refuse_beyond(field, rule, min);
        } else if rule == Rule::TooLarge {
            self.refuse_beyond(field, rule, max);
        } else {
            self.refuse(field, rule);
        }
        None
    }

    pub(super) fn metadata(&mut self) -> Vec<(String, String)> {
        let Some(given) = self.value("metadata", Presence::Optional) else {
            return Vec::new();
        };
        let Some(entries) = given.as_object() else {
            self.refuse("metadata", Rule::Type);
            return Vec::new();
        };
        let max = usize::try_from(MAX_METADATA).unwrap_or(usize::MAX);
        if entries.len() > max {
            self.refuse_beyond("metadata", Rule::TooMany, MAX_METADATA);
        }
        let mut read: Vec<(String, String)> = Vec::new();
        for (key, value) in entries.iter().take(max) {
            let name = format!("metadata.{}", text::clip(key, 48));
            if text::trim(key).is_empty() {
                self.refuse(&name, Rule::Empty);
                continue;
            }
            let key = self.exact(&name, key, MAX_METADATA_KEY);
            let value = match value.as_str() {
                None => {
                    self.refuse(&name, Rule::Type);
                    None
                }
                Some(value) if text::trim(value).is_empty() => {
                    self.refuse(&name, Rule::Empty);
                    None
                }
                Some(value) => self.sound(&name, text::one_line(value), MAX_TEXT),
            };
            if let (Some(key), Some(value)) = (key, value) {
                read.push((key, value));
            }
        }
        read.sort();
        read
    }

    pub(super) fn line_items(&mut self) -> Vec<LineItem> {
        let Some(given) = self.value("line_items", Presence::Optional) else {
            return Vec::new();
        };
        let Some(elements) = given.as_array() else {
            self.refuse("line_items", Rule::Type);
            return Vec::new();
        };
        let mut read = Vec::new();
        let mut total = Some(Cents::default());
        for (at, element) in elements.iter().enumerate() {
            let path = format!("line_items[{at}]");
            let Some(mut line) = Fields::of(element, format!("{path}."), self.errors) else {
                self.refuse(&path, Rule::Type);
                continue;
            };
            let description =
                line.text("description", Presence::Required, MAX_TEXT, Style::OneLine);
            let amount_in_cents = line.amount("amount_in_cents", 1, MAX_LINE_ITEMS_TOTAL);
            line.refuse_others(&[]);
            total = total.and_then(|total| total.checked_add(amount_in_cents.unwrap_or_default()));
            if let (Some(description), Some(amount_in_cents)) = (description, amount_in_cents) {
                read.push(LineItem {
                    description,
                    amount_in_cents,
                });
            }
        }
        if total.is_none_or(|total| total.get() > MAX_LINE_ITEMS_TOTAL) {
            self.refuse_beyond("line_items", Rule::TooLarge, MAX_LINE_ITEMS_TOTAL);
        }
        read
    }

    /// Refuses the fields that were not read and are not the caller's.
    pub(super) fn refuse_others(&mut self, others: &[&str]) {
        for (name, _) in self.entries {
            if self.known.contains(name.as_str()) || others.contains(&name.as_str()) {
                continue;
            }
            let reserved = self.path.is_empty() && name == "return_url";
            self.refuse(
                name,
                if reserved {
                    Rule::Reserved
                } else {
                    Rule::UnknownField
                },
            );
        }
    }
}
