//! Text that people type and paste.
//!
//! # How characters are counted
//! PaySG's guide limits fields by "characters" and does not say which: bytes, UTF-16 code units, Unicode scalar values or
//! what a reader sees. Its API is JavaScript, where `"😀".length` is 2, and no count but bytes exceeds UTF-16 code units. So
//! code units are counted here: text within a limit is within PaySG's limit too, unless PaySG counts bytes, which it would
//! not call characters.

/// The number of characters in PaySG's sense: UTF-16 code units.
#[must_use]
pub fn len(text: &str) -> u64 {
    u64::try_from(text.encode_utf16().count()).unwrap_or(u64::MAX)
}

/// Turns pasted typography into ASCII, as `[plumber]` does before it sends names and addresses, and trims white space at both ends.
///
/// | from | to |
/// |---|---|
/// | hyphens and dashes U+2010–2015, minus U+2212 | `-` |
/// | single quotes U+2018–201B, prime U+2032 | `'` |
/// | double quotes U+201C–201F, double prime U+2033 | `"` |
/// | full-width U+FF01–FF5E | the same character in ASCII |
/// | ideographic and half-width comma U+3001, U+FF64; full stop U+3002, U+FF61 | `,` and `.` |
/// | no-break, typographic and ideographic spaces (U+00A0, U+1680, U+2000–200A, U+202F, U+205F, U+3000) | a space |
/// | ellipsis U+2026 | `...` |
/// | tab, line feed, carriage return, U+0085, U+2028, U+2029, each run of them with the spaces about it | one space |
///
/// Everything else, Chinese, Tamil and accented letters included, stays as it is. The first, fourth and fifth rows and U+2018 and U+2019
/// are `[plumber]`'s; the others are of the same kind and come out of the same word processors.
///
/// ```
/// use paysg_wasm::paysg::text;
/// assert_eq!(text::normalise(" Tan “Ah” Beng — ４５ "), "Tan \"Ah\" Beng - 45");
/// assert_eq!(text::normalise("Blk 123\r\nYishun Ave 2"), "Blk 123 Yishun Ave 2");
/// ```
#[must_use]
pub fn normalise(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '…' {
            ascii.push_str("...")
        } else {
            ascii.push(to_ascii(character))
        }
    }
    one_line(&ascii)
}

/// Puts text on one line, and trims white space at both ends.
///
/// Each run of tabs, line feeds, carriage returns, U+0085, U+2028 and U+2029, with the spaces about it, becomes one space.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text
        .trim()
        .split(is_line_break)
        .map(|line| line.trim_matches(' '))
        .filter(|line| !line.is_empty())
    {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(line);
    }
    out
}

const fn is_line_break(character: char) -> bool {
    matches!(
        character,
        '\t' | '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}'
    )
}

fn to_ascii(character: char) -> char {
    match character {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2018}'..='\u{201b}' | '\u{2032}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{2033}' => '"',
        '\u{3001}' | '\u{ff64}' => ',',
        '\u{3002}' | '\u{ff61}' => '.',
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
            ' '
        }
        '\u{ff01}'..='\u{ff5e}' => u32::from(character)
            .checked_sub(0xfee0)
            .and_then(char::from_u32)
            .unwrap_or(character),
        other => other,
    }
}

/// Whether the text holds a control character: NUL and the rest of U+0000–001F, U+007F, or U+0080–009F.
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

/// Whether the text holds U+FFFD, which is what a lone surrogate or a wrong encoding leaves behind.
#[must_use]
pub fn is_damaged(text: &str) -> bool {
    text.contains(char::REPLACEMENT_CHARACTER)
}

/// The longest beginning of the text within so many bytes, cut between characters.
#[must_use]
pub fn clip(text: &str, max_bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(max_bytes))
        .unwrap_or_default()
}
