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

/// Reads a `Retry-After` of whole seconds as milliseconds; anything else, a date included, is `None`.
///
/// PaySG documents none of the two forms; seconds are what gateways send. Bounded to a day, so that sums cannot overflow.
#[must_use]
pub fn retry_after_ms(header: &str) -> Option<u32> {
    let text = header.trim_ascii();
    if text.is_empty() || text.len() > 9 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds: u32 = text.parse().ok()?;
    Some(seconds.min(86_400).saturating_mul(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn retry_after_takes_whole_seconds_only() {
        assert_eq!(retry_after_ms(" 7 "), Some(7000));
        assert_eq!(retry_after_ms("999999999"), Some(86_400_000));
        for refused in ["", "-1", "1.5", "soon", "Wed, 21 Oct 2015 07:28:00 GMT"] {
            assert_eq!(retry_after_ms(refused), None, "{refused}");
        }
    }
}
