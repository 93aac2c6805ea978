//! A strict reader of JSON from outside, and a writer of strings.
//!
//! The crate has its own reader because three things that general parsers hide matter here: how a number was spelt
//! (`12.34`, `1e2` and `-0` are no amounts in cents, and a float would round 2^53 + 1), whether a key stood there
//! twice (two readers would pick different values), and how deep the nesting goes (a stack is a stack). It reads in one
//! pass and owns what it returns. The size of the input is the caller's to bound.
//!
//! `serde_json` with `arbitrary_precision` was the alternative: the feature is global to the build, duplicate keys need
//! a visitor of one's own all the same, and a lone surrogate fails the whole body instead of one field.

use std::fmt;

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

/// Reads one JSON value and nothing after it.
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
    read(bytes, Duplicates::Refused)
}

/// Reads one JSON value of PaySG's, keeping the entries of a key that stands twice.
///
/// For answers of several parts, where one odd part must not hide the others: whoever reads a field looks for its
/// rivals. See [`Json::field`].
///
/// # Errors
/// [`JsonError`], but never [`JsonError::Duplicate`].
pub fn parse_keeping_duplicates(bytes: &[u8]) -> Result<Json, JsonError> {
    read(bytes, Duplicates::Kept)
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
fn is_spelling_of(key: &str, snake: &str) -> bool {
    let mut key = key.bytes();
    let mut snake = snake.bytes();
    while let Some(wanted) = snake.next() {
        let given = key.next();
        if given == Some(wanted) {
            continue;
        }
        let capital = snake.next().map(|letter| letter.to_ascii_uppercase());
        if wanted != b'_'
            || given != capital
            || !given.is_some_and(|byte| byte.is_ascii_uppercase())
        {
            return false;
        }
    }
    key.next().is_none()
}

/// Appends a string as JSON, quotes included.
///
/// Escaped are quote, backslash and the control characters below U+0020; the rest stands as it is, in UTF-8.
pub fn write_str(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|c| matches!(c, '"' | '\\' | '\0'..='\u{1f}')) {
        let (plain, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut chars = from.chars();
        match chars.next() {
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(mark @ ('"' | '\\')) => {
                out.push('\\');
                out.push(mark);
            }
            Some(control) => {
                out.push_str("\\u00");
                let code = u32::from(control);
                for digit in [code >> 4, code & 15] {
                    out.extend(char::from_digit(digit, 16));
                }
            }
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// What to do about a key that stands twice in an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Duplicates {
    Refused,
    Kept,
}

fn read(bytes: &[u8], duplicates: Duplicates) -> Result<Json, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::NotUtf8)?;
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        duplicates,
    };
    reader.skip_space();
    let value = reader.value()?;
    reader.skip_space();
    if reader.peek().is_some() {
        Err(reader.syntax())
    } else {
        Ok(value)
    }
}

/// A position in the text; every method reads from it and moves it on.
struct Reader<'a> {
    text: &'a str,
    /// Byte offset; only ever at the beginning of a character when text is cut out.
    at: usize,
    depth: u8,
    duplicates: Duplicates,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn advance(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        if there {
            self.advance(1);
        }
        there
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(self.syntax())
        }
    }

    fn syntax(&self) -> JsonError {
        JsonError::Syntax(self.at)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.advance(1);
        }
    }

    fn value(&mut self) -> Result<Json, JsonError> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.syntax()),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, JsonError> {
        if !self
            .text
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word))
        {
            return Err(self.syntax());
        }
        self.advance(word.len());
        Ok(value)
    }

    /// Steps over the opening bracket and reads the inside, one level deeper.
    fn nested(
        &mut self,
        inside: fn(&mut Self) -> Result<Json, JsonError>,
    ) -> Result<Json, JsonError> {
        if self.depth >= MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        self.depth = self.depth.saturating_add(1);
        self.advance(1);
        self.skip_space();
        let value = inside(self)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(value)
    }

    fn array(&mut self) -> Result<Json, JsonError> {
        let mut elements = Vec::new();
        if self.eat(b']') {
            return Ok(Json::Array(elements));
        }
        loop {
            let element = self
                .value()
                .map_err(|error| inside(error, || format!("[{}]", elements.len())))?;
            elements.push(element);
            self.skip_space();
            if self.eat(b']') {
                return Ok(Json::Array(elements));
            }
            self.expect(b',')?;
            self.skip_space();
        }
    }

    fn object(&mut self) -> Result<Json, JsonError> {
        let mut entries = Vec::new();
        if self.eat(b'}') {
            return Ok(Json::Object(entries));
        }
        loop {
            let key = self.string()?;
            self.skip_space();
            self.expect(b':')?;
            self.skip_space();
            match self.value() {
                Ok(value) => entries.push((key, value)),
                Err(error) => return Err(inside(error, || key)),
            }
            self.skip_space();
            if self.eat(b'}') {
                break;
            }
            self.expect(b',')?;
            self.skip_space();
        }
        match duplicate_key(&entries) {
            Some(key) if self.duplicates == Duplicates::Refused => {
                Err(JsonError::Duplicate(key.to_owned()))
            }
            _ => Ok(Json::Object(entries)),
        }
    }

    /// Steps over a run of ASCII digits; an error if there is none.
    fn digits(&mut self) -> Result<(), JsonError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.syntax());
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.advance(1);
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Json, JsonError> {
        let start = self.at;
        self.eat(b'-');
        // A leading zero stands alone.
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            self.digits()?;
        }
        Ok(Json::Number(
            self.text.get(start..self.at).unwrap_or_default().to_owned(),
        ))
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.expect(b'"')?;
        let mut out = String::new();
        loop {
            let start = self.at;
            // The bytes of characters beyond ASCII are all above these, so the run ends between characters.
            while matches!(self.peek(), Some(0x20..=0x21 | 0x23..=0x5b | 0x5d..=0xff)) {
                self.advance(1);
            }
            out.push_str(self.text.get(start..self.at).unwrap_or_default());
            if self.eat(b'"') {
                return Ok(out);
            }
            // Neither the quote nor a plain byte: an escape, or a control character, which JSON forbids.
            self.expect(b'\\')?;
            out.push(self.escape()?);
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self) -> Result<char, JsonError> {
        let plain = match self.peek() {
            Some(b'u') => {
                self.advance(1);
                return self.unicode_escape();
            }
            Some(mark @ (b'"' | b'\\' | b'/')) => char::from(mark),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            _ => return Err(self.syntax()),
        };
        self.advance(1);
        Ok(plain)
    }

    /// Reads what follows `\u`, the second half of a pair included.
    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let unit = self.hex4()?;
        if let 0xd800..=0xdbff = unit {
            let after_first = self.at;
            if self.eat(b'\\') && self.eat(b'u') {
                let second = self.hex4()?;
                let pair = char::decode_utf16([unit, second]).next();
                if let Some(Ok(pair)) = pair {
                    return Ok(pair);
                }
            }
            // No second half: what follows is read as what it is.
            self.at = after_first;
        }
        Ok(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex4(&mut self) -> Result<u16, JsonError> {
        let end = self.at.saturating_add(4);
        let digits = self
            .text
            .get(self.at..end)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits
            .and_then(|digits| u16::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.syntax())?;
        self.at = end;
        Ok(unit)
    }
}

/// Puts a step before the path of a duplicate; other errors pass as they are.
fn inside(error: JsonError, step: impl FnOnce() -> String) -> JsonError {
    match error {
        JsonError::Duplicate(path) => {
            let joint = if path.starts_with('[') { "" } else { "." };
            JsonError::Duplicate(step() + joint + &path)
        }
        other @ (JsonError::NotUtf8 | JsonError::Syntax(_) | JsonError::TooDeep) => other,
    }
}

/// A key that stands twice. Sorting keeps an object of thousands of keys from costing their square.
fn duplicate_key(entries: &[(String, Json)]) -> Option<&str> {
    let mut keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
    keys.sort_unstable();
    keys.iter()
        .zip(keys.iter().skip(1))
        .find(|(one, next)| one == next)
        .map(|(key, _)| *key)
}

/// Writes a JSON object field by field, in the order of the calls.
///
/// ```
/// use paysg_wasm::paysg::json::ObjectWriter;
/// let mut object = ObjectWriter::new();
/// object.str("id", "a\"b").number("cents", 1100);
/// assert_eq!(object.finish(), r#"{"id":"a\"b","cents":1100}"#);
/// ```
#[derive(Debug)]
pub struct ObjectWriter {
    out: String,
}

impl ObjectWriter {
    /// An object with nothing in it yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            out: String::from("{"),
        }
    }

    /// Adds a string.
    pub fn str(&mut self, name: &str, text: &str) -> &mut Self {
        write_str(self.name(name), text);
        self
    }

    /// Adds a whole number.
    pub fn number(&mut self, name: &str, number: u64) -> &mut Self {
        let digits = number.to_string();
        self.name(name).push_str(&digits);
        self
    }

    /// Adds a boolean.
    pub fn bool(&mut self, name: &str, truth: bool) -> &mut Self {
        self.name(name)
            .push_str(if truth { "true" } else { "false" });
        self
    }

    /// Adds a value that is JSON text already; what is not would spoil the object.
    pub fn raw(&mut self, name: &str, json: &str) -> &mut Self {
        self.name(name).push_str(json);
        self
    }

    /// The object's text.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.out.push('}');
        self.out
    }

    fn name(&mut self, name: &str) -> &mut String {
        if self.out.len() > 1 {
            self.out.push(',');
        }
        write_str(&mut self.out, name);
        self.out.push(':');
        &mut self.out
    }
}

impl Default for ObjectWriter {
    fn default() -> Self {
        Self::new()
    }
}
