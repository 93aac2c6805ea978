//! Idempotency keys and what they were drawn for, as the few lines that a browser tab remembers.
//!
//! A line is `KEY ORDER PAYMENT`: a random UUID, a fingerprint of the order that it was drawn for, and, once known, one of the
//! payment that came of it (`-` before). Neither order nor payment id stands there: an order holds the payer's data, and a
//! payment id opens the payment page. The fingerprint covers the line's own random key too, so that equal orders
//! do not show as equal lines.
//!
//! 64-bit FNV-1a, rather than SHA-256 by `crypto.subtle`: it only has to tell one order from another in one tab. A
//! collision would do no harm, as a proxy derives the intent from the order and not from the key alone; and what protects the order is that
//! it is far longer than its fingerprint, which lets countless orders share each one. It is synchronous as well, so the key is
//! stored before anything is sent.

/// How many lines are kept: the latest.
const MAX_LINES: usize = 16;

/// The key that was drawn for this order.
#[must_use]
pub fn find<'a>(book: &'a str, order: &str) -> Option<&'a str> {
    book.lines().find_map(|line| {
        let (key, drawn_for, _) = parts(line)?;
        (drawn_for == fingerprint(key, order)).then_some(key)
    })
}

/// The book with one more key.
#[must_use]
pub fn add(book: &str, key: &str, order: &str) -> String {
    let kept = book
        .lines()
        .count()
        .saturating_sub(MAX_LINES.saturating_sub(1));
    let mut text = String::new();
    for line in book.lines().skip(kept) {
        push(&mut text, &[line]);
    }
    push(&mut text, &[key, " ", &fingerprint(key, order), " -"]);
    text
}

/// The book that knows which payment came of a key.
#[must_use]
pub fn name_payment(book: &str, key: &str, payment: &str) -> String {
    rewrite(book, |line| match parts(line) {
        Some((found, order, _)) if found == key => {
            Some([found, " ", order, " ", &fingerprint(key, payment)].concat())
        }
        _ => Some(line.into()),
    })
}

/// The book without the keys that this payment came of.
#[must_use]
pub fn forget(book: &str, payment: &str) -> String {
    rewrite(book, |line| match parts(line) {
        Some((key, _, made)) if made == fingerprint(key, payment) => None,
        _ => Some(line.into()),
    })
}

/// A version 4 UUID of sixteen random bytes.
#[must_use]
pub fn uuid(mut random: [u8; 16]) -> String {
    random[6] = random[6] & 0x0f | 0x40;
    random[8] = random[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in random.into_iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        push_hex(&mut text, byte);
    }
    text
}

fn rewrite(book: &str, change: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::new();
    for line in book.lines().filter_map(change) {
        push(&mut text, &[&line]);
    }
    text
}

fn push(text: &mut String, line: &[&str]) {
    for part in line {
        text.push_str(part);
    }
    text.push('\n');
}

fn parts(line: &str) -> Option<(&str, &str, &str)> {
    let (key, rest) = line.split_once(' ')?;
    let (order, payment) = rest.split_once(' ')?;
    Some((key, order, payment))
}

fn fingerprint(key: &str, text: &str) -> String {
    // FNV-1a's published offset and prime.
    let hash = key
        .bytes()
        .chain(text.bytes())
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let mut hex = String::with_capacity(16);
    for byte in hash.to_be_bytes() {
        push_hex(&mut hex, byte);
    }
    hex
}

fn push_hex(text: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 0x0f] {
        text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0b7a1f5e-0000-4000-8000-000000000000";
    const OTHER: &str = "1b7a1f5e-0000-4000-8000-000000000000";

    #[test]
    fn a_key_is_found_by_its_order_only() {
        let book = add(&add("", KEY, "an order"), OTHER, "another");
        assert_eq!(find(&book, "an order"), Some(KEY));
        assert_eq!(find(&book, "another"), Some(OTHER));
        assert_eq!(find(&book, "a third"), None);
        assert_eq!(find("", "an order"), None);
    }

    #[test]
    fn a_settled_payment_takes_its_key_along_and_no_other() {
        let book = add(&add("", KEY, "an order"), OTHER, "another");
        let book = name_payment(&book, KEY, "payment-1");
        assert_eq!(forget(&book, "payment-2"), book);
        let book = forget(&book, "payment-1");
        assert_eq!(find(&book, "an order"), None);
        assert_eq!(find(&book, "another"), Some(OTHER));
    }

    #[test]
    fn nothing_of_order_or_payment_is_written() {
        let order =
            r#"{"item":"licence","payer_name":"TAN AH KOW","payer_email":"tan@example.sg"}"#;
        let book = name_payment(&add("", KEY, order), KEY, "WlM3qMUUHQ2gipngenEmE");
        for secret in ["TAN", "tan@", "licence", "WlM3"] {
            assert!(!book.contains(secret), "{secret} in {book}");
        }
        assert_eq!(book.trim_end().len(), 36 + 1 + 16 + 1 + 16);
    }

    #[test]
    fn equal_orders_leave_unequal_lines() {
        assert_ne!(fingerprint(KEY, "an order"), fingerprint(OTHER, "an order"));
    }

    #[test]
    fn the_book_keeps_the_latest_sixteen() {
        let mut book = String::new();
        for n in 0..20 {
            book = add(&book, &n.to_string(), &["order", &n.to_string()].concat());
        }
        assert_eq!(book.lines().count(), MAX_LINES);
        assert_eq!(find(&book, "order3"), None);
        assert_eq!(find(&book, "order4"), Some("4"));
        assert_eq!(find(&book, "order19"), Some("19"));
    }

    #[test]
    fn a_spoilt_book_is_survived() {
        for spoilt in ["x", "x y", " ", "\n\n", "🦀 🦀 🦀"] {
            assert_eq!(find(spoilt, "an order"), None);
            assert_eq!(find(&add(spoilt, KEY, "an order"), "an order"), Some(KEY));
        }
    }

    #[test]
    fn uuids_are_of_version_4() {
        assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }
}
