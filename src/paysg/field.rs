//! What is wrong with a field: its name and the rule it breaks, never its value.

use std::borrow::Cow;
use std::fmt;

/// The rule that a field breaks; a closed set whose words are append-only.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Rule {
    /// `required`: must be given, and is absent or null.
    Required,
    /// `type`: is of another JSON type than it should be.
    Type,
    /// `empty`: is empty, or nothing but white space.
    Empty,
    /// `too_long`: has more characters than `limit`, counted in UTF-16 code units.
    TooLong,
    /// `too_small`: is below `limit`.
    TooSmall,
    /// `too_large`: is above `limit`.
    TooLarge,
    /// `not_an_integer`: is not written as a whole number: `12.34`, `1e2`, `-0`.
    NotAnInteger,
    /// `format`: is not of the form that the field needs.
    Format,
    /// `too_many`: has more entries than `limit`.
    TooMany,
    /// `unknown_field`: there is no such field.
    UnknownField,
    /// `duplicate`: stands there more than once, or in two spellings that disagree.
    Duplicate,
    /// `https`: must be an `https:` URL.
    Https,
    /// `control_character`: holds NUL or another control character.
    ControlCharacter,
    /// `invisible_character`: holds a character that nobody can see, where it cannot simply be taken out.
    InvisibleCharacter,
    /// `malformed_text`: holds half of a surrogate pair, or the replacement character that one leaves behind.
    MalformedText,
    /// `reserved`: is the edge's to set, not the caller's.
    Reserved,
    /// `json`: is not JSON at all.
    Json,
    /// `not_in_catalogue`: names nothing that the edge sells.
    NotInCatalogue,
}

impl Rule {
    /// Every rule, for tables and documentation.
    pub const ALL: [Self; 18] = [
        Self::Required,
        Self::Type,
        Self::Empty,
        Self::TooLong,
        Self::TooSmall,
        Self::TooLarge,
        Self::NotAnInteger,
        Self::Format,
        Self::TooMany,
        Self::UnknownField,
        Self::Duplicate,
        Self::Https,
        Self::ControlCharacter,
        Self::InvisibleCharacter,
        Self::MalformedText,
        Self::Reserved,
        Self::Json,
        Self::NotInCatalogue,
    ];

    /// The rule as a word, as it stands in an error's `data.fields[].rule`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Type => "type",
            Self::Empty => "empty",
            Self::TooLong => "too_long",
            Self::TooSmall => "too_small",
            Self::TooLarge => "too_large",
            Self::NotAnInteger => "not_an_integer",
            Self::Format => "format",
            Self::TooMany => "too_many",
            Self::UnknownField => "unknown_field",
            Self::Duplicate => "duplicate",
            Self::Https => "https",
            Self::ControlCharacter => "control_character",
            Self::InvisibleCharacter => "invisible_character",
            Self::MalformedText => "malformed_text",
            Self::Reserved => "reserved",
            Self::Json => "json",
            Self::NotInCatalogue => "not_in_catalogue",
        }
    }
}

impl serde::Serialize for Rule {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One bad field of a request, as it is told to the caller: `{"field", "rule", "limit"?}`.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct FieldError {
    /// Where it is: `payer_name`, `metadata.branch`, `line_items[0].description`.
    pub field: String,
    /// What is wrong with it.
    pub rule: Rule,
    /// The number that the rule is about, where there is one: characters, entries or cents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

impl FieldError {
    /// An error without a limit.
    #[must_use]
    pub fn new(field: impl Into<String>, rule: Rule) -> Self {
        Self {
            field: field.into(),
            rule,
            limit: None,
        }
    }

    /// An error about a number.
    #[must_use]
    pub fn with_limit(field: impl Into<String>, rule: Rule, limit: u64) -> Self {
        Self {
            field: field.into(),
            rule,
            limit: Some(limit),
        }
    }
}

impl fmt::Display for FieldError {
    /// `payer_name: too_long (limit 255)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.rule.as_str())?;
        match self.limit {
            Some(limit) => write!(f, " (limit {limit})"),
            None => Ok(()),
        }
    }
}

/// Why an answer or event of PaySG could not be read: the field and the rule, never the value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadError {
    /// The field at fault in PaySG's snake_case spelling; `body` for the whole.
    pub field: Cow<'static, str>,
    /// What is wrong with it.
    pub rule: Rule,
}

impl ReadError {
    /// An error about one field.
    #[must_use]
    pub fn new(field: impl Into<Cow<'static, str>>, rule: Rule) -> Self {
        Self {
            field: field.into(),
            rule,
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PaySG's answer cannot be read: {}: {}",
            self.field,
            self.rule.as_str()
        )
    }
}

impl std::error::Error for ReadError {}
