//! What the host carries from one step to the next, and reads nothing of: compact, and text, since it travels with text.
//!
//! Nothing of it is stored, or read by another build, so that it need not explain itself as JSON does, which took a fifth to a third of the
//! core's time. What is stored, and what an intent's object is asked and answers, is JSON.
//!
//! Most of it is ASCII already: bytes that are not, and NUL, which separates what goes over the boundary, are escaped. Base64 took another tenth.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Stands before two characters that are one byte.
const ESCAPE: u8 = 0x1b;
/// The first of the sixteen characters that halves of bytes are written with.
const HALF: u8 = b'@';

/// Packs plain data.
#[must_use]
pub fn pack(value: &impl Serialize) -> String {
    // Plain data of known lengths: writing it to memory cannot fail, and an empty parcel would be refused.
    write(&postcard::to_extend(value, Vec::with_capacity(512)).unwrap_or_default())
}

/// Unpacks it; `None` for what was not packed here.
#[must_use]
pub fn unpack<T: DeserializeOwned>(text: &str) -> Option<T> {
    match postcard::take_from_bytes(&read(text)?) {
        Ok((value, [])) => Some(value),
        Ok(_) | Err(_) => None,
    }
}

/// Bytes as text.
#[must_use]
pub fn write(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    for byte in bytes {
        match *byte {
            0 | ESCAPE | 0x80.. => {
                text.push(char::from(ESCAPE));
                text.push(char::from(HALF | byte >> 4));
                text.push(char::from(HALF | byte & 15));
            }
            plain => text.push(char::from(plain)),
        }
    }
    text
}

/// The reverse; `None` for what was not written here.
fn read(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            ESCAPE => half(rest.next()?)? << 4 | half(rest.next()?)?,
            1..=0x7f => byte,
            0 | 0x80.. => return None,
        });
    }
    Some(bytes)
}

const fn half(character: u8) -> Option<u8> {
    match character {
        b'@'..=b'O' => Some(character & 15),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_are_text_without_nul_and_come_back() {
        let bytes: Vec<u8> = (0..=u8::MAX).chain((0..=u8::MAX).rev()).collect();
        let text = write(&bytes);
        assert!(text.is_ascii() && !text.contains('\0'));
        assert_eq!(read(&text), Some(bytes));
    }

    #[test]
    fn what_was_not_packed_here_is_refused() {
        for text in ["", "\0", "é", "\u{1b}", "\u{1b}@", "\u{1b}@P", "\u{1b}@a"] {
            assert_eq!(unpack::<(u8, String)>(text), None, "{text:?}");
        }
        let packed = pack(&(7_u8, "seven"));
        assert_eq!(unpack(&packed), Some((7_u8, "seven".to_owned())));
        assert_eq!(
            unpack::<(u8, String)>(&format!("{packed}x")),
            None,
            "more than that"
        );
    }
}
