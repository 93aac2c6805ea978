//! How long to wait before the next try.
//!
//! Randomness is an argument: the hosts draw it, tests choose it.

/// Exponential backoff between a first delay and a longest one, in milliseconds.
///
/// The delay before try *n* (counted from 0) is drawn below `min(cap_ms, base_ms * 2^n)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The ceiling of the first delay.
    pub base_ms: u32,
    /// The ceiling that the doubling stops at.
    pub cap_ms: u32,
}

impl Backoff {
    /// The ceiling of the delay before try `n`, counted from 0.
    #[must_use]
    pub const fn ceiling_ms(self, n: u32) -> u32 {
        // 2^31 and above saturate far beyond any cap.
        let factor = 1_u64 << if n < 31 { n } else { 31 };
        let ceiling = (self.base_ms as u64).saturating_mul(factor);
        if ceiling < self.cap_ms as u64 {
            ceiling as u32
        } else {
            self.cap_ms
        }
    }

    /// A delay drawn evenly between zero and the ceiling ("full jitter"), for calls that many clients repeat at once.
    #[must_use]
    pub const fn full_jitter_ms(self, n: u32, random: u32) -> u32 {
        scale(self.ceiling_ms(n), random)
    }

    /// A delay drawn evenly between half the ceiling and the ceiling, for calls that must not come too soon either.
    #[must_use]
    pub const fn half_jitter_ms(self, n: u32, random: u32) -> u32 {
        let ceiling = self.ceiling_ms(n);
        let half = ceiling / 2;
        half.saturating_add(scale(ceiling.saturating_sub(half), random))
    }
}

/// `limit * random / 2^32`, which is below `limit` (zero where `limit` is).
const fn scale(limit: u32, random: u32) -> u32 {
    (((limit as u64).saturating_mul(random as u64)) >> 32) as u32
}

/// The longest wait that is honoured: a day. Longer ones are mistakes, and sums must not overflow.
const MAX_RETRY_AFTER_MS: u32 = 86_400_000;

/// Reads a `Retry-After` (RFC 9110, 10.2.3) as milliseconds from `now_ms`.
///
/// It is whole seconds or an HTTP date, which `date_ms` reads: a browser has a parser of its own, and its wasm carries no second one. A date
/// that has passed is no wait at all. `None` for anything else. PaySG documents neither form; gateways, CDNs and frameworks send both.
#[must_use]
pub fn retry_after_ms(
    header: &str,
    now_ms: i64,
    date_ms: impl FnOnce(&str) -> Option<i64>,
) -> Option<u32> {
    let text = header.trim_ascii();
    let wait_ms = if text.bytes().all(|byte| byte.is_ascii_digit()) {
        if text.len() > 9 {
            return None;
        }
        text.parse::<i64>().ok()?.saturating_mul(1000)
    } else {
        date_ms(text)?.saturating_sub(now_ms)
    };
    let wait_ms = u32::try_from(wait_ms.max(0)).unwrap_or(u32::MAX);
    Some(wait_ms.min(MAX_RETRY_AFTER_MS))
}

#[cfg(all(test, feature = "edge"))]
mod tests {
    use super::*;
    use crate::paysg::time::parse_http_date_ms;

    fn retry_after(header: &str, now_ms: i64) -> Option<u32> {
        retry_after_ms(header, now_ms, parse_http_date_ms)
    }

    const BACKOFF: Backoff = Backoff {
        base_ms: 100,
        cap_ms: 1500,
    };

    #[test]
    fn the_ceiling_doubles_until_the_cap() {
        let ceilings: Vec<u32> = (0..6).map(|n| BACKOFF.ceiling_ms(n)).collect();
        assert_eq!(ceilings, [100, 200, 400, 800, 1500, 1500]);
        assert_eq!(BACKOFF.ceiling_ms(u32::MAX), 1500);
    }

    #[test]
    fn jitter_spans_its_range() {
        assert_eq!(BACKOFF.full_jitter_ms(3, 0), 0);
        assert_eq!(BACKOFF.full_jitter_ms(3, u32::MAX), 799);
        assert_eq!(BACKOFF.half_jitter_ms(3, 0), 400);
        assert_eq!(BACKOFF.half_jitter_ms(3, u32::MAX), 799);
    }

    /// Wed, 21 Oct 2015 07:28:00 GMT
    const DATE_MS: i64 = 1_445_412_480_000;

    #[test]
    fn retry_after_takes_seconds() {
        assert_eq!(retry_after(" 7 ", DATE_MS), Some(7000));
        assert_eq!(retry_after("999999999", DATE_MS), Some(86_400_000));
    }

    #[test]
    fn retry_after_takes_the_three_forms_of_a_date() {
        for date in [
            "Wed, 21 Oct 2015 07:28:00 GMT",
            " Wednesday, 21-Oct-15 07:28:00 GMT ",
            "Wed Oct 21 07:28:00 2015",
        ] {
            assert_eq!(retry_after(date, DATE_MS - 90_000), Some(90_000), "{date}");
            assert_eq!(retry_after(date, DATE_MS + 1), Some(0), "{date}");
            assert_eq!(retry_after(date, 0), Some(86_400_000), "{date}");
        }
    }

    #[test]
    fn retry_after_takes_nothing_else() {
        for refused in [
            "",
            "-1",
            "1.5",
            "soon",
            "7 s",
            "9999999999",
            "2015-10-21T07:28:00Z",
            "Wed, 21 Oct 2015 07:28:00 +0800",
            "Wed, 31 Feb 2015 07:28:00 GMT",
        ] {
            assert_eq!(retry_after(refused, DATE_MS), None, "{refused}");
        }
    }
}
