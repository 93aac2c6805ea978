//! Creating a payment through the proxy: when to send again, and when to give up.
//!
//! Every send of one creation carries the same idempotency key, so that a send whose answer was lost makes no second payment.

use super::retry::Backoff;

/// No further send begins later than this after the first.
///
/// A payer stands before a button: past this time a message and a second press serve better than waiting.
pub const PATIENCE_MS: u64 = 20_000;
/// How many sends there are at most.
pub const MAX_SENDS: u32 = 5;

const BACKOFF: Backoff = Backoff {
    base_ms: 800,
    cap_ms: 6_000,
};

/// What came back from one send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// An HTTP answer.
    Answered {
        /// The HTTP status.
        status: u16,
        /// Whether the proxy says what it is, by an `error.code` of its own.
        worded: bool,
        /// From `Retry-After`, if it was there and readable.
        retry_after_ms: Option<u32>,
    },
    /// No answer at all: no connection, or none within the time for one send.
    Lost,
}

/// What the host does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The answer is a success: read it.
    Accept,
    /// Send again, with the same key, after so long.
    SendAgain {
        /// How long to wait before.
        after_ms: u32,
    },
    /// The answer is final: report it.
    GiveUp,
}

/// One creation, from the payer's press until an answer that counts.
#[derive(Clone, Copy, Debug)]
pub struct Creation {
    started_ms: u64,
    sends: u32,
}

impl Creation {
    /// A creation whose first send happens now.
    #[must_use]
    pub const fn new(now_ms: u64) -> Self {
        Self {
            started_ms: now_ms,
            sends: 0,
        }
    }

    /// Takes the outcome of a send, and says what follows.
    ///
    /// Sent again: what was lost, and [temporary](is_temporary) answers, while [`MAX_SENDS`] and [`PATIENCE_MS`] allow.
    /// A `Retry-After` is a lower bound; one that leads past the patience ends the creation at once, rather than come
    /// back earlier than asked.
    pub fn replied(&mut self, reply: Reply, now_ms: u64, random: u32) -> Next {
        let asked_ms = match reply {
            Reply::Answered {
                status: 200..=299, ..
            } => return Next::Accept,
            Reply::Answered {
                status,
                worded,
                retry_after_ms,
            } if is_temporary(status, worded) => retry_after_ms.unwrap_or(0),
            Reply::Answered { .. } => return Next::GiveUp,
            Reply::Lost => 0,
        };
        let after_ms = BACKOFF.half_jitter_ms(self.sends, random).max(asked_ms);
        self.sends = self.sends.saturating_add(1);
        let next_ms = now_ms.saturating_add(u64::from(after_ms));
        if self.sends < MAX_SENDS && next_ms.saturating_sub(self.started_ms) <= PATIENCE_MS {
            Next::SendAgain { after_ms }
        } else {
            Next::GiveUp
        }
    }
}

/// Whether an answer says "not now" rather than "no": 408, 429, 503 and 504, and a 502 that is not the proxy's own.
///
/// A gateway's 502 stands for a proxy that is away for a moment; the proxy's stands for an answer of PaySG's that will be the same next time, such as
/// a key that it does not accept. 500 is not among them: what fails once in code will most likely fail again, and a payer's second press
/// comes soon enough.
#[must_use]
pub const fn is_temporary(status: u16, worded: bool) -> bool {
    match status {
        408 | 429 | 503 | 504 => true,
        502 => !worded,
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    const fn answered(status: u16) -> Reply {
        Reply::Answered {
            status,
            worded: false,
            retry_after_ms: None,
        }
    }

    #[test]
    fn success_is_accepted_at_any_time() {
        for status in [200, 201] {
            assert_eq!(
                Creation::new(0).replied(answered(status), 10 * PATIENCE_MS, 0),
                Next::Accept
            );
        }
    }

    #[test]
    fn refusals_are_never_sent_again() {
        for status in [
            301, 400, 401, 402, 403, 404, 409, 413, 415, 422, 500, 501, 505,
        ] {
            assert_eq!(
                Creation::new(0).replied(answered(status), 0, 0),
                Next::GiveUp,
                "{status}"
            );
        }
    }

    #[test]
    fn what_the_proxy_says_of_paysg_is_final() {
        let bad_gateway = |worded| Reply::Answered {
            status: 502,
            worded,
            retry_after_ms: None,
        };
        assert_eq!(
            Creation::new(0).replied(bad_gateway(true), 0, 0),
            Next::GiveUp
        );
        assert_eq!(
            Creation::new(0).replied(bad_gateway(false), 0, 0),
            Next::SendAgain { after_ms: 400 }
        );
    }

    #[test]
    fn lost_and_temporary_answers_are_sent_again_with_growing_waits() {
        for reply in [
            Reply::Lost,
            answered(408),
            answered(429),
            answered(502),
            answered(503),
            answered(504),
        ] {
            let mut creation = Creation::new(0);
            let waits: Vec<Next> = (0..6).map(|_| creation.replied(reply, 0, 0)).collect();
            assert_eq!(
                waits,
                [
                    Next::SendAgain { after_ms: 400 },
                    Next::SendAgain { after_ms: 800 },
                    Next::SendAgain { after_ms: 1600 },
                    Next::SendAgain { after_ms: 3000 },
                    Next::GiveUp,
                    Next::GiveUp,
                ],
                "{reply:?}"
            );
        }
    }

    #[test]
    fn jitter_moves_the_wait() {
        assert_eq!(
            Creation::new(0).replied(Reply::Lost, 0, u32::MAX),
            Next::SendAgain { after_ms: 799 }
        );
    }

    #[test]
    fn retry_after_is_a_lower_bound_within_the_patience() {
        let busy = |seconds: u32| Reply::Answered {
            status: 503,
            worded: true,
            retry_after_ms: Some(seconds * 1000),
        };
        assert_eq!(
            Creation::new(0).replied(busy(7), 0, 0),
            Next::SendAgain { after_ms: 7000 }
        );
        assert_eq!(
            Creation::new(0).replied(busy(0), 0, 0),
            Next::SendAgain { after_ms: 400 }
        );
        assert_eq!(
            Creation::new(0).replied(busy(20), 0, 0),
            Next::SendAgain { after_ms: 20_000 }
        );
        assert_eq!(Creation::new(0).replied(busy(20), 1, 0), Next::GiveUp);
        assert_eq!(Creation::new(0).replied(busy(86_400), 0, 0), Next::GiveUp);
    }

    #[test]
    fn slow_sends_use_up_the_patience() {
        let mut creation = Creation::new(5_000);
        assert_eq!(
            creation.replied(Reply::Lost, 20_000, 0),
            Next::SendAgain { after_ms: 400 }
        );
        assert_eq!(creation.replied(Reply::Lost, 35_000, 0), Next::GiveUp);
    }
}
