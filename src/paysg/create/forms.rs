//! The forms of an e-mail address and of a due date.

use crate::paysg::time;

/// Whether the text is `dd-MMM-yyyy` in capitals and a day of the calendar: `31-DEC-2023`.
pub(super) fn is_due_date(text: &str) -> bool {
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
pub(super) fn is_email(text: &str) -> bool {
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
