//! A strict reader of JSON from outside, and a writer of strings.
//!
//! The crate has its own reader because three things that general parsers hide matter here: how a number was spelt
//! (`12.34`, `1e2` and `-0` are no amounts in cents, and a float would round 2^53 + 1), whether a key stood there
//! twice (two readers would pick different values), and how deep the nesting goes (a stack is a stack). It reads in one
//! pass and owns what it returns. The size of the input is the caller's to bound.
//!
//! `serde_json` with `arbitrary_precision` was the alternative: the feature is global to the build, duplicate keys need
//! a visitor of one's own all the same, and a lone surrogate fails the whole body instead of one field.

mod reader;
mod writer;

use std::fmt;

use self::reader::{Keep, read};
pub use self::writer::{ObjectWriter, write_str};

/// Deepest nesting of arrays and objects that is read.
pub const MAX_DEPTH: u8 = 32;

/// A JSON value, as it was written.
///
/// Objects keep their entries in order, and `__proto__` is a key like any other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number's own spelling: a valid JSON number, of any size.
    Number(String),
    /// A string, unescaped. Half of a surrogate pair (`"\ud800"`) has become U+FFFD.
    String(String),
    /// An array
    Array(Vec<Json>),
    /// An object's entries in order; no key twice, if [`parse`] read it
    Object(Vec<(String, Json)>),
}

/// Why bytes were not accepted as JSON; never holds a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JsonError {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// The text is not JSON; the byte offset at which that became clear.
    Syntax(usize),
    /// Arrays and objects are nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// A key stands twice in one object: its path, such as `order.metadata.branch` or `data[2].id`.
    Duplicate(String),
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 => f.write_str("not UTF-8"),
            Self::Syntax(at) => write!(f, "not JSON at byte {at}"),
            Self::TooDeep => write!(f, "nested deeper than {MAX_DEPTH}"),
            Self::Duplicate(path) => write!(f, "key given twice: {path}"),
        }
    }
}

impl std::error::Error for JsonError {}

/// Reads one JSON value and nothing after it. White space and invisible characters about it, a byte order mark say, are passed over.
///
/// # Errors
/// [`JsonError`]; a duplicate key anywhere is one, with its path.
///
/// ```
/// use paysg_wasm::paysg::{json, Json, JsonError};
/// assert_eq!(json::parse(b"[12.34]"), Ok(Json::Array(vec![Json::Number("12.34".into())])));
/// assert_eq!(json::parse(br#"{"a":{"b":1,"b":1}}"#), Err(JsonError::Duplicate("a.b".into())));
/// ```
pub fn parse(bytes: &[u8]) -> Result<Json, JsonError> {
    read(bytes, Keep::AllOnce)
}

/// Reads one JSON value of PaySG's, keeping the entries of a key that stands twice.
///
/// For answers of several parts, where one odd part must not hide the others: whoever reads a field looks for its
/// rivals. See [`Json::field`].
///
/// # Errors
/// [`JsonError`], but never [`JsonError::Duplicate`].
pub fn parse_keeping_duplicates(bytes: &[u8]) -> Result<Json, JsonError> {
    read(bytes, Keep::All)
}

/// Reads one JSON value of PaySG's like [`parse_keeping_duplicates`], and of every object in it only the fields with these names, in any of
/// their spellings.
///
/// What is left out is checked all the same: whether text is JSON does not depend on who reads it. The payer's data is never copied, and a
/// large event costs its length rather than a tree.
///
/// # Errors
/// As [`parse_keeping_duplicates`].
///
/// ```
/// use paysg_wasm::paysg::{json, Json};
/// let read = json::parse_fields(br#"{"payerName":"Tan Ah Kow","referenceId":"7"}"#, &["reference_id"]);
/// assert_eq!(read, Ok(Json::Object(vec![("referenceId".into(), Json::String("7".into()))])));
/// ```
pub fn parse_fields(bytes: &[u8], names: &[&str]) -> Result<Json, JsonError> {
    read(bytes, Keep::Only(names))
}

impl Json {
    /// The value at a key of an object; `None` for another key or another type.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_object()?
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// The value of a field of PaySG's, in snake_case, camelCase or a mixture of both.
    ///
    /// `snake` is the snake_case name; each of its underscores may instead be an upper-case letter, so that
    /// `stripe_payment_intent_id` is also found as `stripePaymentIntentId` and as `stripe_payment_intentId`
    /// `[guide/webhooks]`.
    ///
    /// # Errors
    /// `Err(())` when the field stands there more than once with different values.
    pub fn field(&self, snake: &str) -> Result<Option<&Self>, ConflictingField> {
        let entries = self.as_object().unwrap_or_default();
        let mut found: Option<&Self> = None;
        for (key, value) in entries {
            if is_spelling_of(key, snake)
                && found.replace(value).is_some_and(|earlier| earlier != value)
            {
                return Err(ConflictingField);
            }
        }
        Ok(found)
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// The entries of an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&[(String, Self)]> {
        if let Self::Object(entries) = self {
            Some(entries)
        } else {
            None
        }
    }

    /// The elements of an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(elements) = self {
            Some(elements)
        } else {
            None
        }
    }

    /// The truth of a boolean.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(truth) = self {
            Some(*truth)
        } else {
            None
        }
    }

    /// The spelling of a number.
    #[must_use]
    pub fn as_number(&self) -> Option<&str> {
        if let Self::Number(token) = self {
            Some(token)
        } else {
            None
        }
    }

    /// Whether this is `null`.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Appends the value as JSON text without white space.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(token) => out.push_str(token),
            Self::String(text) => write_str(out, text),
            Self::Array(elements) => {
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Self::Object(entries) => {
                out.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_str(out, key);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// A field stands in an object more than once, with values that differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConflictingField;

/// Whether `key` is `snake` with some of its underscores written as capitals.
#[inline]
pub(super) fn is_spelling_of(key: &str, snake: &str) -> bool {
    // Most of an answer's keys are none of ours, which the first letter tells.
    key.as_bytes().first() == snake.as_bytes().first() && spells(key, snake)
}

fn spells(key: &str, snake: &str) -> bool {
    let mut key = key.bytes();
    let mut snake = snake.bytes();
    while let Some(wanted) = snake.next() {
        let given = key.next();
        if given == Some(wanted) {
            continue;
        }
        let capital = snake.next().map(|letter| letter.to_ascii_uppercase());
        if wanted != b'_' || given != capital {
            return false;
        }
    }
    key.next().is_none()
}
