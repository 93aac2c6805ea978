//! Writing JSON text.

use super::reader::plain_bytes;

/// Appends a string as JSON, quotes included.
///
/// Escaped are quote, backslash and the control characters below U+0020; the rest stands as it is, in UTF-8.
pub fn write_str(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    loop {
        let plain = plain_bytes(rest.as_bytes());
        let (plain, from) = rest.split_at_checked(plain).unwrap_or((rest, ""));
        out.push_str(plain);
        if from.is_empty() {
            break;
        }
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
    out.push('"');
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
