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

/// The proxy's own word that it does not know a payment is believed when it was said so often in a row: PaySG's GET may lag behind a payment that
/// was made, or paid, seconds ago.
const UNKNOWN_ANSWERS: u32 = 3;

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
    /// The proxy does not know the payment, and says so in its own word: a 404 without one is a gateway's.
    UnknownPayment,
    /// The proxy answered with an HTTP status other than success.
    Refused {
        /// The HTTP status.
        status: u16,
        /// Whether the proxy says what it is, by an `error.code` of its own.
        worded: bool,
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
    /// The proxy does not know the payment.
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
    /// How often in a row the proxy said that it does not know the payment.
    unknown: u32,
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
            unknown: 0,
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
    /// Asked again: whatever is not settled, a lost answer, 408, 429, every 5xx, and a 404 that is not the proxy's own: a gateway that is being changed says so
    /// of everything, and who has paid must not be told that there is no payment. The proxy's own is asked about again twice. Other refusals end it.
    pub fn replied(&mut self, reply: Reply, now_ms: u64, random: u32) {
        self.spend(now_ms);
        self.asked = true;
        let mut asked_ms = 0;
        self.unknown = if reply == Reply::UnknownPayment {
            self.unknown.saturating_add(1)
        } else {
            0
        };
        match reply {
            Reply::Told(status) => {
                self.latest = Some(status);
                if status.is_settled() {
                    self.outcome = Some(Outcome::Settled(status));
                }
            }
            Reply::UnknownPayment => {
                if self.unknown >= UNKNOWN_ANSWERS {
                    self.outcome = Some(Outcome::UnknownPayment);
                }
            }
            Reply::Refused {
                status,
                worded,
                retry_after_ms,
            } => {
                if status >= 500 || is_temporary(status, true) || (status == 404 && !worded) {
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
        self.planned_ms = 0;
        self.since_ms = now_ms;
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const UNPAID: Reply = Reply::Told(Status::Unpaid);

    const fn refused(status: u16, retry_after_ms: Option<u32>) -> Reply {
        Reply::Refused {
            status,
            worded: true,
            retry_after_ms,
        }
    }

    const A_GATEWAYS_404: Reply = Reply::Refused {
        status: 404,
        worded: false,
        retry_after_ms: None,
    };

    /// A host with a virtual clock, on a page that is visible; each question takes 50 ms. Gives the end, and when each question was asked.
    fn run(
        timeout_ms: u32,
        random: u32,
        mut answer: impl FnMut(usize) -> Reply,
    ) -> (Outcome, Vec<u64>) {
        let mut now_ms = 1_000_000;
        let begun_ms = now_ms;
        let mut verification = Verification::new(timeout_ms, now_ms);
        let mut asked = Vec::new();
        loop {
            match verification.next(false, now_ms) {
                Step::Ask => {
                    asked.push(now_ms - begun_ms);
                    now_ms += 50;
                    verification.replied(answer(asked.len()), now_ms, random);
                }
                Step::Wait { ms } => now_ms += u64::from(ms),
                Step::Pause => unreachable!("the page is visible"),
                Step::Done(outcome) => return (outcome, asked),
            }
            assert!(asked.len() < 1000, "asks without end");
        }
    }

    #[test]
    fn settled_at_once_is_one_question() {
        for status in [
            Status::Paid,
            Status::PartiallyRefunded,
            Status::Refunded,
            Status::Cancelled,
        ] {
            assert_eq!(
                run(120_000, 0, |_| Reply::Told(status)),
                (Outcome::Settled(status), vec![0])
            );
        }
    }

    #[test]
    fn unpaid_and_unknown_are_asked_about_again() {
        for waiting in [Status::Unpaid, Status::Unknown] {
            let (outcome, asked) = run(120_000, 0, |nth| {
                Reply::Told(if nth < 3 { waiting } else { Status::Paid })
            });
            assert_eq!(outcome, Outcome::Settled(Status::Paid));
            assert_eq!(asked, [0, 800, 2350]);
        }
    }

    #[test]
    fn questions_come_quickly_at_first_and_every_five_to_ten_seconds_later() {
        for (random, gaps) in [
            (0, [750, 1500, 3000, 5000, 5000]),
            (u32::MAX, [1499, 2999, 5999, 9999, 9999]),
        ] {
            let (_, asked) = run(120_000, random, |_| UNPAID);
            let seen: Vec<u64> = asked
                .windows(2)
                .map(|pair| pair[1] - pair[0] - 50)
                .take(5)
                .collect();
            assert_eq!(seen, gaps);
        }
    }

    #[test]
    fn at_the_deadline_a_known_payment_is_confirming() {
        let (outcome, asked) = run(120_000, 0, |_| UNPAID);
        assert_eq!(outcome, Outcome::Confirming(Status::Unpaid));
        assert!(asked.iter().all(|at| *at < 120_000));
        assert!(asked.len() > 20, "{asked:?}");
    }

    #[test]
    fn failures_after_a_status_do_not_unknow_it() {
        let (outcome, _) = run(10_000, 0, |nth| if nth == 1 { UNPAID } else { Reply::Lost });
        assert_eq!(outcome, Outcome::Confirming(Status::Unpaid));
    }

    #[test]
    fn a_proxy_never_reached_is_asked_until_the_deadline() {
        for reply in [
            Reply::Lost,
            refused(500, None),
            refused(503, None),
            refused(429, None),
            refused(408, None),
            A_GATEWAYS_404,
        ] {
            let (outcome, asked) = run(10_000, 0, |_| reply);
            assert_eq!(outcome, Outcome::Unanswered, "{reply:?}");
            assert!(asked.len() > 2, "{reply:?}");
        }
    }

    #[test]
    fn an_outage_that_ends_is_survived() {
        let (outcome, _) = run(120_000, 0, |nth| match nth {
            1..=3 => Reply::Lost,
            4 => refused(503, None),
            5 => A_GATEWAYS_404,
            _ => Reply::Told(Status::Paid),
        });
        assert_eq!(outcome, Outcome::Settled(Status::Paid));
    }

    #[test]
    fn an_unknown_payment_is_unknown_when_it_is_said_three_times_in_a_row() {
        let (outcome, asked) = run(120_000, 0, |_| Reply::UnknownPayment);
        assert_eq!((outcome, asked.len()), (Outcome::UnknownPayment, 3));
        let (outcome, _) = run(120_000, 0, |nth| match nth {
            1 | 2 | 4 | 5 => Reply::UnknownPayment,
            3 => Reply::Lost,
            _ => Reply::Told(Status::Paid),
        });
        assert_eq!(outcome, Outcome::Settled(Status::Paid));
    }

    #[test]
    fn refusals_end_it_at_once() {
        for status in [301, 400, 401, 403, 404, 410] {
            assert_eq!(
                run(120_000, 0, |_| refused(status, None)),
                (Outcome::Refused, vec![0]),
                "{status}"
            );
        }
    }

    #[test]
    fn retry_after_is_a_lower_bound() {
        for (retry_after_ms, second) in [(Some(30_000), 30_050), (Some(100), 800), (None, 800)] {
            let (_, asked) = run(120_000, 0, |nth| {
                if nth == 1 {
                    refused(429, retry_after_ms)
                } else {
                    Reply::Told(Status::Paid)
                }
            });
            assert_eq!(asked, [0, second]);
        }
        let (outcome, asked) = run(120_000, 0, |_| refused(503, Some(86_400_000)));
        assert_eq!((outcome, asked), (Outcome::Unanswered, vec![0]));
    }

    #[test]
    fn no_time_is_one_question() {
        assert_eq!(
            run(0, 0, |_| UNPAID),
            (Outcome::Confirming(Status::Unpaid), vec![0])
        );
    }

    #[test]
    fn a_hidden_page_asks_once_and_then_pauses_without_using_up_the_time() {
        let mut verification = Verification::new(10_000, 0);
        assert_eq!(verification.next(true, 0), Step::Ask);
        verification.replied(UNPAID, 50, 0);
        assert_eq!(verification.next(true, 50), Step::Pause);
        // An hour later the payer looks at the page: the answer may be there, so it asks at once.
        let back_ms = 3_600_000;
        assert_eq!(verification.next(false, back_ms), Step::Ask);
        verification.replied(UNPAID, back_ms + 50, 0);
        // Quick again, and with 9.9 seconds left.
        assert_eq!(
            verification.next(false, back_ms + 50),
            Step::Wait { ms: 750 }
        );
        assert_eq!(verification.next(true, back_ms + 350), Step::Pause);
        assert_eq!(
            verification.next(false, back_ms + 400),
            Step::Wait { ms: 400 }
        );
        let mut now_ms = back_ms + 400;
        let mut visible_ms = 400;
        let outcome = loop {
            match verification.next(false, now_ms) {
                Step::Ask => verification.replied(UNPAID, now_ms, 0),
                Step::Wait { ms } => {
                    now_ms += u64::from(ms);
                    visible_ms += ms;
                }
                Step::Pause => unreachable!("the page is visible"),
                Step::Done(outcome) => break outcome,
            }
        };
        assert_eq!(outcome, Outcome::Confirming(Status::Unpaid));
        assert_eq!(visible_ms, 10_000);
    }

    #[test]
    fn a_computer_asleep_does_not_use_up_the_time() {
        let mut verification = Verification::new(10_000, 0);
        assert_eq!(verification.next(false, 0), Step::Ask);
        verification.replied(UNPAID, 50, 0);
        assert_eq!(verification.next(false, 50), Step::Wait { ms: 750 });
        // The timer fires after a night.
        assert_eq!(verification.next(false, 30_000_000), Step::Ask);
        verification.replied(UNPAID, 30_000_050, 0);
        assert_eq!(
            verification.next(false, 30_000_050),
            Step::Wait { ms: 1500 }
        );
    }

    #[test]
    fn what_a_busy_page_takes_between_two_steps_does_not_count() {
        let mut verification = Verification::new(10_000, 0);
        assert_eq!(verification.next(false, 0), Step::Ask);
        verification.replied(UNPAID, 9_000, 0);
        assert_eq!(
            verification.next(false, 9_600),
            Step::Wait { ms: 150 },
            "of one second left, none was spent since the reply"
        );
        assert_eq!(verification.next(false, 9_750), Step::Ask);
        verification.replied(UNPAID, 9_750, 0);
        assert_eq!(verification.next(false, 9_750), Step::Wait { ms: 850 });
    }

    #[test]
    fn a_page_looked_at_again_still_honours_retry_after() {
        let mut verification = Verification::new(120_000, 0);
        assert_eq!(verification.next(false, 0), Step::Ask);
        verification.replied(refused(429, Some(60_000)), 0, 0);
        assert_eq!(verification.next(true, 1_000), Step::Pause);
        assert_eq!(verification.next(false, 20_000), Step::Wait { ms: 40_000 });
    }

    #[test]
    fn an_end_stays_the_end() {
        let mut verification = Verification::new(120_000, 0);
        assert_eq!(verification.next(false, 0), Step::Ask);
        verification.replied(Reply::Told(Status::Paid), 0, 0);
        for now_ms in [0, 1, 1_000_000] {
            assert_eq!(
                verification.next(true, now_ms),
                Step::Done(Outcome::Settled(Status::Paid))
            );
        }
    }

    #[test]
    fn a_clock_that_runs_backwards_is_survived() {
        let mut verification = Verification::new(1_000, 5_000);
        assert_eq!(verification.next(false, 0), Step::Ask);
        verification.replied(UNPAID, 0, 0);
        assert_eq!(verification.next(false, 0), Step::Wait { ms: 750 });
    }
}
