//! Reading JSON text in one pass.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::{Json, JsonError, MAX_DEPTH, is_spelling_of};
use crate::paysg::text::is_invisible;

/// What is kept of an object.
#[derive(Clone, Copy)]
pub(super) enum Keep<'a> {
    /// Every entry; a key that stands twice is an error.
    AllOnce,
    /// Every entry, those of a key that stands twice included.
    All,
    /// The entries of these keys, in any of their spellings, likewise. What the others hold is checked and dropped.
    Only(&'a [&'a str]),
}

pub(super) fn read(bytes: &[u8], keep: Keep<'_>) -> Result<Json, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|_| JsonError::NotUtf8)?;
    // Editors and gateways put a byte order mark before JSON, and no-break spaces about it: nobody sees them, and they change nothing.
    let text = text.trim_end_matches(is_unseen);
    let mut reader = Reader {
        text,
        at: text
            .len()
            .saturating_sub(text.trim_start_matches(is_unseen).len()),
        depth: 0,
        keep,
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

fn is_unseen(character: char) -> bool {
    character.is_whitespace() || is_invisible(character)
}

/// A position in the text; every method reads from it and moves it on.
struct Reader<'a> {
    text: &'a str,
    /// Byte offset; only ever at the beginning of a character when text is cut out.
    at: usize,
    depth: u8,
    keep: Keep<'a>,
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
            Some(b'"') => Ok(Json::String(self.text()?.into_owned())),
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
        self.enter()?;
        let value = inside(self)?;
        self.depth = self.depth.saturating_sub(1);
        Ok(value)
    }

    fn enter(&mut self) -> Result<(), JsonError> {
        if self.depth >= MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        self.depth = self.depth.saturating_add(1);
        self.advance(1);
        self.skip_space();
        Ok(())
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
            let key = self.text()?;
            self.skip_space();
            self.expect(b':')?;
            self.skip_space();
            if self.keeps(&key) {
                match self.value() {
                    Ok(value) => entries.push((key.into_owned(), value)),
                    Err(error) => return Err(inside(error, || key.into_owned())),
                }
            } else {
                self.skip()?;
            }
            self.skip_space();
            if self.eat(b'}') {
                break;
            }
            self.expect(b',')?;
            self.skip_space();
        }
        if matches!(self.keep, Keep::AllOnce)
            && let Some(key) = duplicate_key(&entries)
        {
            return Err(JsonError::Duplicate(key.to_owned()));
        }
        Ok(Json::Object(entries))
    }

    fn keeps(&self, key: &str) -> bool {
        match self.keep {
            Keep::AllOnce | Keep::All => true,
            Keep::Only(names) => names.iter().any(|name| is_spelling_of(key, name)),
        }
    }

    /// Steps over a value that nobody wants, as strictly as [`Self::value`] reads one.
    fn skip(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'"') => self.skip_string(),
            Some(b'{') => self.skip_nested(b'}', |reader| {
                reader.skip_string()?;
                reader.skip_space();
                reader.expect(b':')?;
                reader.skip_space();
                reader.skip()
            }),
            Some(b'[') => self.skip_nested(b']', Self::skip),
            Some(b'-' | b'0'..=b'9') => self.number_text().map(|_| ()),
            // Words own nothing.
            _ => self.value().map(|_| ()),
        }
    }

    fn skip_nested(
        &mut self,
        end: u8,
        element: fn(&mut Self) -> Result<(), JsonError>,
    ) -> Result<(), JsonError> {
        self.enter()?;
        if !self.eat(end) {
            loop {
                element(self)?;
                self.skip_space();
                if self.eat(end) {
                    break;
                }
                self.expect(b',')?;
                self.skip_space();
            }
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    fn skip_string(&mut self) -> Result<(), JsonError> {
        self.expect(b'"')?;
        loop {
            self.plain_run();
            if self.eat(b'"') {
                return Ok(());
            }
            self.expect(b'\\')?;
            self.escape()?;
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
        Ok(Json::Number(self.number_text()?.to_owned()))
    }

    fn number_text(&mut self) -> Result<&'a str, JsonError> {
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
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Steps over characters that stand for themselves, and gives them.
    fn plain_run(&mut self) -> &'a str {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        // The bytes of characters beyond ASCII are none of those that end a run, so it ends between characters.
        self.advance(plain_bytes(rest));
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// A string, unescaped; the text's own where nothing was escaped.
    fn text(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.expect(b'"')?;
        let run = self.plain_run();
        if self.eat(b'"') {
            return Ok(Cow::Borrowed(run));
        }
        let mut out = run.to_owned();
        loop {
            out.push_str(self.plain_run());
            if self.eat(b'"') {
                return Ok(Cow::Owned(out));
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

/// How many bytes from the start are neither a quote, nor a backslash, nor a control character: eight at a time, as most of a payment is text
/// that nobody looks at.
pub(super) fn plain_bytes(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);
    // The high bit of each byte that is below the limit (128 at most), exact up to the first such byte.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES.wrapping_mul(limit)) & !word & HIGHS;
    let equal = |word: u64, byte: u8| below(word ^ ONES.wrapping_mul(u64::from(byte)), 1);
    let (words, tail) = bytes.as_chunks::<8>();
    let mut plain = 0_usize;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let ends = below(word, 0x20) | equal(word, b'"') | equal(word, b'\\');
        if ends != 0 {
            let bytes = ends.trailing_zeros().checked_div(8).unwrap_or_default();
            return plain.saturating_add(bytes as usize);
        }
        plain = plain.saturating_add(8);
    }
    let end = tail
        .iter()
        .position(|byte| matches!(byte, 0..=0x1f | b'"' | b'\\'));
    plain.saturating_add(end.unwrap_or(tail.len()))
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

/// The first key that has stood before. The set keeps an object of thousands of keys from costing their square.
fn duplicate_key(entries: &[(String, Json)]) -> Option<&str> {
    let mut before = BTreeSet::new();
    let mut keys = entries.iter().map(|(key, _)| key.as_str());
    keys.find(|key| !before.insert(*key))
}
