//! Text that people type and paste.
//!
//! # How characters are counted
//! PaySG's guide limits fields by "characters" and does not say which: bytes, UTF-16 code units, Unicode scalar values or
//! what a reader sees. Its API is JavaScript, where `"😀".length` is 2, and no count but bytes exceeds UTF-16 code units. So
//! code units are counted here: text within a limit is within PaySG's limit too, unless PaySG counts bytes, which it would
//! not call characters.
//!
//! # Characters that nobody can see
//! One rule holds for every text, by Unicode property and not by list:
//!
//! - `White_Space` at either end goes, and inside it is a space. Line breaks and tabs, with the spaces about them, are one space.
//! - Invisible characters ([`is_invisible`]) go. Joiners and variation selectors stay where they follow a character, whose shape they choose:
//!   Tamil, Sinhala and emoji need them.
//! - Other control characters are refused: they are damage, and nobody can say what was meant.
//!
//! References are not changed but refused, since PaySG must give them back as they came: see [`CreatePayment`](super::CreatePayment).

/// The number of characters in PaySG's sense: UTF-16 code units.
#[must_use]
pub fn len(text: &str) -> u64 {
    u64::try_from(text.encode_utf16().count()).unwrap_or(u64::MAX)
}

/// Turns pasted typography into ASCII, as `[plumber]` does before it sends names and addresses, and puts it on one line.
///
/// | from | to |
/// |---|---|
/// | hyphens and dashes U+2010–2015, minus U+2212 | `-` |
/// | single quotes U+2018–201B, prime U+2032 | `'` |
/// | double quotes U+201C–201F, double prime U+2033 | `"` |
/// | full-width U+FF01–FF5E | the same character in ASCII |
/// | ideographic and half-width comma U+3001, U+FF64; full stop U+3002, U+FF61 | `,` and `.` |
/// | ellipsis U+2026 | `...` |
///
/// Then the text is put on [`one_line`].
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

/// Puts text on one line and takes out what nobody can see: see [the module](self).
///
/// ```
/// use paysg_wasm::paysg::text;
/// assert_eq!(text::one_line("\u{feff}Fee \u{b} for\u{a0}a sign\u{ad}board\u{200b} "), "Fee for a signboard");
/// ```
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut spaces = 0_usize;
    let mut breaks = false;
    for character in text.chars() {
        if character.is_whitespace() {
            spaces = spaces.saturating_add(1);
            breaks |= is_line_break(character);
        } else if !is_invisible(character) {
            if !out.is_empty() {
                out.extend(std::iter::repeat_n(' ', if breaks { 1 } else { spaces }));
            }
            (spaces, breaks) = (0, false);
            out.push(character);
        } else if is_shaping(character) && spaces == 0 && !out.is_empty() {
            out.push(character);
        }
    }
    out
}

/// White space that is a control character (tabs and vertical tabs, which are Word's line breaks, among them) or a separator of lines.
const fn is_line_break(character: char) -> bool {
    matches!(character, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether the character is never seen: `Default_Ignorable_Code_Point`, or a format character (`Cf`) that is no `Prepended_Concatenation_Mark`.
///
/// Unicode 16. A test compares it with the tables of `icu_properties`, which would cost the wasm more than everything else here.
#[must_use]
pub const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// `Join_Control` and `Variation_Selector`: invisible, and yet they choose how the character before them looks.
const fn is_shaping(character: char) -> bool {
    matches!(
        character,
        '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{200c}'..='\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}'
    )
}

/// Whether the text holds a character that nobody can see, or can tell from a space.
#[must_use]
pub fn has_invisible(text: &str) -> bool {
    text.chars()
        .any(|character| is_invisible(character) || (character.is_whitespace() && character != ' '))
}

/// The text without what nobody can see at its ends: a byte order mark before JSON, say.
#[must_use]
pub fn trim(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || is_invisible(character))
}

fn to_ascii(character: char) -> char {
    match character {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{2018}'..='\u{201b}' | '\u{2032}' => '\'',
        '\u{201c}'..='\u{201f}' | '\u{2033}' => '"',
        '\u{3001}' | '\u{ff64}' => ',',
        '\u{3002}' | '\u{ff61}' => '.',
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
