//! Asking the proxy what became of a payment, until it is settled or the payer has waited long enough.
//!
//! The host carries out one [`Step`] after another: it asks, waits, or waits for the page to be looked at again. A payment
//! that is not yet paid at the deadline is *confirming*: PaySG redirects a payer only after success, so "not yet" means
//! that the news travels, not that the payment failed.

use super::creation::is_temporary;
use super::retry::Backoff;
use crate::paysg::Status;

/// How long the host lets one question take before it counts as lost.
pub const QUESTION_MS: u32 = 10_000;
/// How long to go on asking unless the caller says otherwise.
pub const DEFAULT_TIMEOUT_MS: u32 = 120_000;

/// Quick at first, since most payments are settled when the payer comes back; then every 5 to 10 seconds.
const BACKOFF: Backoff = Backoff {
    base_ms: 1_500,
    cap_ms: 10_000,
};

/// What came back from one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The proxy knows the payment, and this is its status.
    Told(Status),
    /// The proxy answered with an HTTP status other than success.
    Refused {
        /// The HTTP status.
        status: u16,
        /// From `Retry-After`, if it was there and readable.
        retry_after_ms: Option<u32>,
    },
    /// No answer, or none that could be read.
    Lost,
}

/// What the host does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask now, and pass the outcome to [`Verification::replied`].
    Ask,
    /// Wait so long, or until the page is hidden.
    Wait {
        /// How long.
        ms: u32,
    },
    /// The page is hidden: wait until it is not.
    Pause,
    /// Nothing more to do.
    Done(Outcome),
}

/// How a verification ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The status will not change by waiting.
    Settled(Status),
    /// The time is over, and this was the latest status: the news may still come.
    Confirming(Status),
    /// The proxy does not know the payment (404).
    UnknownPayment,
    /// The proxy refused for good: report its latest answer.
    Refused,
    /// The time is over, and no question was ever answered with a status: report the latest failure.
    Unanswered,
}

/// One verification. Times are milliseconds of any clock that does not run backwards.
#[derive(Clone, Copy, Debug)]
pub struct Verification {
    timeout_ms: u64,
    /// Time that counts against the timeout: of each step no more than was planned for it, so that neither a hidden page nor a
    /// computer asleep uses it up.
    spent_ms: u64,
    /// When the present step began, and how much of it counts at most.
    since_ms: u64,
    planned_ms: u64,
    hidden: bool,
    /// No question before this.
    due_ms: u64,
    /// The retries since the page was last looked at anew.
    tries: u32,
    asked: bool,
    latest: Option<Status>,
    outcome: Option<Outcome>,
}

impl Verification {
    /// A verification that begins now.
    #[must_use]
    pub const fn new(timeout_ms: u32, now_ms: u64) -> Self {
        Self {
            timeout_ms: timeout_ms as u64,
            spent_ms: 0,
            since_ms: now_ms,
            planned_ms: 0,
            hidden: false,
            due_ms: now_ms,
            tries: 0,
            asked: false,
            latest: None,
            outcome: None,
        }
    }

    /// What to do now, given whether the page is hidden.
    ///
    /// The first question is asked even on a hidden page (most often its answer is the last one needed); after that a
    /// hidden page pauses, and one that is looked at again asks as soon as a `Retry-After` allows.
    pub fn next(&mut self, hidden: bool, now_ms: u64) -> Step {
        self.spend(now_ms);
        if self.hidden && !hidden {
            self.tries = 0;
        }
        self.hidden = hidden;
        if let Some(outcome) = self.outcome {
            return Step::Done(outcome);
        }
        let left_ms = self.timeout_ms.saturating_sub(self.spent_ms);
        let (step, planned_ms) = if !self.asked {
            (Step::Ask, u64::from(QUESTION_MS))
        } else if left_ms == 0 {
            let outcome = match self.latest {
                Some(status) => Outcome::Confirming(status),
                None => Outcome::Unanswered,
            };
            self.outcome = Some(outcome);
            (Step::Done(outcome), 0)
        } else if hidden {
            (Step::Pause, 0)
        } else if now_ms >= self.due_ms {
            (Step::Ask, u64::from(QUESTION_MS))
        } else {
            let wait_ms = self.due_ms.saturating_sub(now_ms).min(left_ms);
            let ms = u32::try_from(wait_ms).unwrap_or(u32::MAX);
            (Step::Wait { ms }, wait_ms)
        };
        self.planned_ms = planned_ms;
        step
    }

    /// Takes the outcome of a question.
    ///
    /// Asked again: whatever is not settled, a lost answer, 408, 429 and every 5xx. 404 and other refusals end it.
    pub fn replied(&mut self, reply: Reply, now_ms: u64, random: u32) {
        self.spend(now_ms);
        self.asked = true;
        let mut asked_ms = 0;
        match reply {
            Reply::Told(status) => {
                self.latest = Some(status);
                if status.is_settled() {
                    self.outcome = Some(Outcome::Settled(status));
                }
            }
            Reply::Refused { status: 404, .. } => self.outcome = Some(Outcome::UnknownPayment),
            Reply::Refused {
                status,
                retry_after_ms,
            } => {
                if status >= 500 || is_temporary(status) {
                    asked_ms = retry_after_ms.unwrap_or(0);
                } else {
                    self.outcome = Some(Outcome::Refused);
                }
            }
            Reply::Lost => {}
        }
        let after_ms = BACKOFF.half_jitter_ms(self.tries, random).max(asked_ms);
        self.tries = self.tries.saturating_add(1);
        self.due_ms = now_ms.saturating_add(u64::from(after_ms));
    }

    fn spend(&mut self, now_ms: u64) {
        let passed_ms = now_ms.saturating_sub(self.since_ms).min(self.planned_ms);
        self.spent_ms = self.spent_ms.saturating_add(passed_ms);
        self.planned_ms = self.planned_ms.saturating_sub(passed_ms);
        self.since_ms = now_ms;
    }
}
