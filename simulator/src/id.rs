//! Identifiers in PaySG's forms. They are capabilities, so they come from the operating system's random source.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        // Without randomness every payment would bear the same id: better no simulator at all.
        crate::log::fatal("the operating system gives no random bytes");
    }
    bytes
}

/// 21 characters of `A-Z a-z 0-9 _ -`, as PaySG's payment ids [formsg].
pub(crate) fn payment() -> String {
    let mut id = URL_SAFE_NO_PAD.encode(random::<16>());
    id.truncate(21);
    id
}

/// A version 4 UUID behind one of PaySG's prefixes: `evt_`, `user_`, `payment_service_`.
pub(crate) fn prefixed(prefix: &str) -> String {
    let number = (u128::from_be_bytes(random()) & !(0xf000_u128 << 64) & !(0xc000_u128 << 48))
        | (0x4000_u128 << 64)
        | (0x8000_u128 << 48);
    let hex = format!("{number:032x}");
    let (a, rest) = hex.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    format!("{prefix}{a}-{b}-{c}-{d}-{e}")
}

/// What Stripe would call the intent behind a payment.
pub(crate) fn stripe_intent() -> String {
    let mut id = URL_SAFE_NO_PAD
        .encode(random::<18>())
        .replace(['-', '_'], "0");
    id.truncate(24);
    format!("pi_{id}")
}

/// A number below `bound`, for jitter and loss; 0 where the bound is 0.
pub(crate) fn random_below(bound: u64) -> u64 {
    u64::from_be_bytes(random()).checked_rem(bound).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_forms_that_paysg_uses() {
        let id = payment();
        assert_eq!(id.len(), 21);
        assert!(
            id.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
        let event = prefixed("evt_");
        assert_eq!(event.len(), 40);
        assert_eq!(event.as_bytes().get(18), Some(&b'4'));
        assert!(matches!(
            event.as_bytes().get(23),
            Some(b'8' | b'9' | b'a' | b'b')
        ));
    }
}
