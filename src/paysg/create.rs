//! What a payment is created from.

use std::collections::BTreeSet;
use std::fmt;

use super::amount::Cents;
use super::field::{FieldError, Rule};
use super::json::{Json, ObjectWriter};
use super::{text, time};

/// Longest `reference_id`, `payer_name`, `payer_address`, `payer_email`, metadata value and line item description, in characters.
pub const MAX_TEXT: u64 = 255;
/// Longest `description`, in characters.
pub const MAX_DESCRIPTION: u64 = 500;
/// Most entries of `metadata`.
pub const MAX_METADATA: u64 = 10;
/// Longest key of `metadata`, in characters.
pub const MAX_METADATA_KEY: u64 = 40;
/// Largest sum of `line_items`, in cents; the same in every edition of the guide.
pub const MAX_LINE_ITEMS_TOTAL: u64 = 20_000_000;

/// No answer lists more bad fields than this: a hostile order must not make a long one.
const MAX_ERRORS: usize = 100;

/// The limits on which PaySG's documents disagree.
///
/// The default is the newest guide's; [`Limits::older`] is the older guide's and `[plumber]`'s.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Largest amount: 20 000 000 `[guide/create-a-payment]`; older: 99 999 999.
    pub max_amount_in_cents: u64,
    /// Smallest amount: 1 `[guide/faq/payments]`; `[plumber]`: 50, which is Stripe's.
    pub min_amount_in_cents: u64,
    /// Longest `payer_identifier`, in characters: 10 `[guide/create-a-payment]`; `[plumber]`: 20.
    pub max_identifier: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_amount_in_cents: 20_000_000,
            min_amount_in_cents: 1,
            max_identifier: 10,
        }
    }
}

impl Limits {
    /// The limits of the older guide and `[plumber]`: 50 to 99 999 999 cents, identifiers of up to 20 characters.
    #[must_use]
    pub const fn older() -> Self {
        Self {
            max_amount_in_cents: 99_999_999,
            min_amount_in_cents: 50,
            max_identifier: 20,
        }
    }
}

/// The parameters of a payment to be created, each within PaySG's limits `[guide/create-a-payment]`.
///
/// `return_url` is not among them: it is the edge's to set. `Debug` shows the amount and nothing about the payer.
#[derive(Clone, PartialEq, Eq)]
pub struct CreatePayment {
    /// The agency's own reference, at most 255 characters, exactly as given.
    pub reference_id: String,
    /// Who pays, at most 255 characters, normalised.
    pub payer_name: String,
    /// What for, at most 500 characters, shown to the payer; on one line.
    pub description: String,
    /// How much.
    pub amount_in_cents: Cents,
    /// At most 255 characters, normalised, on one line.
    pub payer_address: Option<String>,
    /// NRIC or UEN.
    pub payer_identifier: Option<String>,
    /// An e-mail address, at most 255 characters.
    pub payer_email: Option<String>,
    /// `dd-MMM-yyyy` in capitals, a day of the calendar. Only shown; nothing expires by it.
    pub due_date: Option<String>,
    /// At most 10 entries, sorted by key, so that orders that differ in their language's map order only are the same order.
    pub metadata: Vec<(String, String)>,
    /// What the amount is made of.
    pub line_items: Vec<LineItem>,
}

/// One line of what an amount is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineItem {
    /// At most 255 characters, on one line.
    pub description: String,
    /// This line's share, at least 1 cent.
    pub amount_in_cents: Cents,
}

impl CreatePayment {
    /// Reads PaySG's create parameters, or says what is wrong with each of them.
    ///
    /// Text is trimmed, but for `reference_id`, which must come back from PaySG as it went there: white space at its ends is
    /// refused (`format`). `payer_name` and `payer_address` are normalised (see [`text::normalise`]); line breaks in
    /// descriptions become spaces. An optional field that is null or blank counts as absent, as forms send it.
    /// Control characters, and text damaged by half a surrogate pair, are refused everywhere.
    ///
    /// # Errors
    /// Every bad field at once (100 at most), known fields first, in the order of the struct: `required`, `type`, `empty`, `too_long`, `too_small`,
    /// `too_large`, `not_an_integer`, `format`, `too_many`, `control_character`, `malformed_text`, `duplicate`; `reserved` for
    /// `return_url`; `unknown_field` for the rest. Parts of fields are named `metadata.KEY` and `line_items[0].description`.
    pub fn read(object: &Json, limits: &Limits) -> Result<Self, Vec<FieldError>> {
        Self::read_beside(object, limits, &[])
    }

    /// Like [`CreatePayment::read`], for an object that holds further fields which the caller reads itself.
    ///
    /// # Errors
    /// As [`CreatePayment::read`], except that `others` are not unknown.
    pub fn read_beside(
        object: &Json,
        limits: &Limits,
        others: &[&str],
    ) -> Result<Self, Vec<FieldError>> {
        let mut errors = Errors(Vec::new());
        let Some(mut fields) = Fields::of(object, String::new(), &mut errors) else {
            return Err(vec![FieldError::new("order", Rule::Type)]);
        };
        let reference_id = fields.text("reference_id", Presence::Required, MAX_TEXT, Style::Exact);
        let payer_name = fields.text("payer_name", Presence::Required, MAX_TEXT, Style::Pasted);
        let description = fields.text(
            "description",
            Presence::Required,
            MAX_DESCRIPTION,
            Style::OneLine,
        );
        let amount_in_cents = fields.amount(
            "amount_in_cents",
            limits.min_amount_in_cents,
            limits.max_amount_in_cents,
        );
        let payer_address =
            fields.text("payer_address", Presence::Optional, MAX_TEXT, Style::Pasted);
        let payer_identifier = fields.text(
            "payer_identifier",
            Presence::Optional,
            u64::from(limits.max_identifier),
            Style::Trimmed,
        );
        let payer_email = fields.text("payer_email", Presence::Optional, MAX_TEXT, Style::Trimmed);
        let payer_email = fields.of_form("payer_email", payer_email, is_email);
        let due_date = fields.text("due_date", Presence::Optional, MAX_TEXT, Style::Trimmed);
        let due_date = fields.of_form("due_date", due_date, is_due_date);
        let metadata = fields.metadata();
        let line_items = fields.line_items();
        fields.refuse_others(others);

        match (reference_id, payer_name, description, amount_in_cents) {
            (Some(reference_id), Some(payer_name), Some(description), Some(amount_in_cents))
                if errors.0.is_empty() =>
            {
                Ok(Self {
                    reference_id,
                    payer_name,
                    description,
                    amount_in_cents,
                    payer_address,
                    payer_identifier,
                    payer_email,
                    due_date,
                    metadata,
                    line_items,
                })
            }
            _ => Err(errors.0),
        }
    }

    /// The body of PaySG's create request, fields in a fixed order.
    ///
    /// `metadata` is always there, `{}` at least: PaySG was found to require it `[plumber]`. Absent options are left out.
    #[must_use]
    pub fn to_body(&self, return_url: &str) -> String {
        let mut body = self.to_object();
        body.str("return_url", return_url);
        body.finish()
    }

    /// The parameters in one fixed spelling, for a digest that tells whether an order has changed.
    ///
    /// The body without `return_url`, which is not the order's: moving the edge to another address must not make every
    /// open order a changed one.
    #[must_use]
    pub fn digest_input(&self) -> String {
        self.to_object().finish()
    }

    fn to_object(&self) -> ObjectWriter {
        let mut body = ObjectWriter::new();
        body.str("reference_id", &self.reference_id)
            .str("payer_name", &self.payer_name)
            .str("description", &self.description)
            .number("amount_in_cents", self.amount_in_cents.get());
        let options = [
            ("payer_address", &self.payer_address),
            ("payer_identifier", &self.payer_identifier),
            ("payer_email", &self.payer_email),
            ("due_date", &self.due_date),
        ];
        for (name, value) in options {
            if let Some(value) = value {
                body.str(name, value);
            }
        }
        let mut metadata = ObjectWriter::new();
        for (key, value) in &self.metadata {
            metadata.str(key, value);
        }
        body.raw("metadata", &metadata.finish());
        if !self.line_items.is_empty() {
            let lines: Vec<String> = self.line_items.iter().map(LineItem::to_json).collect();
            body.raw("line_items", &format!("[{}]", lines.join(",")));
        }
        body
    }
}

impl LineItem {
    fn to_json(&self) -> String {
        let mut line = ObjectWriter::new();
        line.str("description", &self.description)
            .number("amount_in_cents", self.amount_in_cents.get());
        line.finish()
    }
}

impl fmt::Debug for CreatePayment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreatePayment")
            .field("amount_in_cents", &self.amount_in_cents)
            .finish_non_exhaustive()
    }
}

/// Whether a field must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Presence {
    Required,
    Optional,
}

/// What is done to a text before it is checked.
#[derive(Clone, Copy)]
enum Style {
    /// Nothing; white space at its ends is refused.
    Exact,
    /// White space at its ends goes.
    Trimmed,
    /// That, and line breaks become spaces.
    OneLine,
    /// That, and typography becomes ASCII.
    Pasted,
}

/// The errors so far, bounded.
struct Errors(Vec<FieldError>);

impl Errors {
    fn push(&mut self, error: FieldError) {
        if self.0.len() < MAX_ERRORS {
            self.0.push(error);
        }
    }
}

/// The fields of one object, and which of them have been read.
struct Fields<'a> {
    entries: &'a [(String, Json)],
    /// What stands before a field's name in errors: nothing, or `line_items[0].`.
    path: String,
    known: BTreeSet<&'static str>,
    errors: &'a mut Errors,
}

impl<'a> Fields<'a> {
    fn of(object: &'a Json, path: String, errors: &'a mut Errors) -> Option<Self> {
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

    fn text(
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
        if given.trim().is_empty() {
            if presence == Presence::Required {
                self.refuse(field, Rule::Empty);
            }
            return None;
        }
        let value = match style {
            Style::Exact | Style::Trimmed => given.trim().to_owned(),
            Style::OneLine => text::one_line(given),
            Style::Pasted => text::normalise(given),
        };
        if matches!(style, Style::Exact) && value.len() != given.len() {
            self.refuse(field, Rule::Format);
            return None;
        }
        self.sound(field, value, max)
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

    fn of_form(
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

    fn amount(&mut self, field: &'static str, min: u64, max: u64) -> Option<Cents> {
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

    fn metadata(&mut self) -> Vec<(String, String)> {
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
            if key.trim().is_empty() {
                self.refuse(&name, Rule::Empty);
                continue;
            }
            let key = self.sound(&name, key.clone(), MAX_METADATA_KEY);
            let value = match value.as_str() {
                None => {
                    self.refuse(&name, Rule::Type);
                    None
                }
                Some("") => {
                    self.refuse(&name, Rule::Empty);
                    None
                }
                Some(value) => self.sound(&name, value.to_owned(), MAX_TEXT),
            };
            if let (Some(key), Some(value)) = (key, value) {
                read.push((key, value));
            }
        }
        read.sort();
        read
    }

    fn line_items(&mut self) -> Vec<LineItem> {
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
    fn refuse_others(&mut self, others: &[&str]) {
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

/// Whether the text is `dd-MMM-yyyy` in capitals and a day of the calendar: `31-DEC-2023`.
fn is_due_date(text: &str) -> bool {
    let number = |digits: &str, len: usize| -> Option<i64> {
        (digits.len() == len && digits.bytes().all(|b| b.is_ascii_digit()))
            .then(|| digits.parse().ok())?
    };
    let mut parts = text.split('-');
    let (Some(day), Some(month), Some(year), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let month = match month {
        "JAN" => 1,
        "FEB" => 2,
        "MAR" => 3,
        "APR" => 4,
        "MAY" => 5,
        "JUN" => 6,
        "JUL" => 7,
        "AUG" => 8,
        "SEP" => 9,
        "OCT" => 10,
        "NOV" => 11,
        "DEC" => 12,
        _ => return false,
    };
    let (Some(day), Some(year)) = (number(day, 2), number(year, 4)) else {
        return false;
    };
    year > 0 && time::is_calendar_date(year, month, day)
}

/// Whether the text is an e-mail address of the kind that people have: `local@domain.tld`.
///
/// The local part: up to 64 letters, digits and ``!#$%&'*+/=?^_`{|}~-``, with single dots inside. The domain: two labels or
/// more of letters, digits and inner hyphens, the last of them not a number. Quoted local parts, address literals and
/// internationalised addresses are refused; no known rule of PaySG's promises that it takes them.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&b))
    };
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = domain.rsplit('.').next().unwrap_or_default();
    local.len() <= 64
        && local.split('.').all(is_atom)
        && domain.contains('.')
        && domain.split('.').all(is_label)
        && last.len() >= 2
        && !last.bytes().all(|b| b.is_ascii_digit())
}
