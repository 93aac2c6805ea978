//! Calls to PaySG: what an answer means, and when to ask again.

use serde::{Deserialize, Serialize};

use super::retry::Backoff;
use super::step::{Answer, Fetch, Target};
use super::view::status_word;
use crate::paysg::{ApiError, ApiRequest, Cents, Failure, OwnAnswer, Status, Success};

/// How long one call may take. PaySG states no figure; a create that takes longer has been lost in all likelihood.
pub const CALL_TIMEOUT_MS: u32 = 10_000;
const MAX_TRIES: u32 = 4;
const BACKOFF: Backoff = Backoff {
    base_ms: 200,
    cap_ms: 3_000,
};

/// Why a flow could not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// PaySG gave no usable answer in time. Asking again later is safe.
    Unavailable {
        /// How long to wait, where PaySG said so.
        retry_after_ms: Option<u32>,
    },
    /// PaySG refused the parameters, which means that it knows a rule that we do not.
    Refused {
        /// PaySG's `error.type`.
        error_type: Option<String>,
        /// PaySG's `error.code`.
        code: Option<String>,
    },
    /// PaySG does not accept the API key, or not for this payment service.
    Credentials,
    /// The payment service cannot take payments yet: it is not connected to Stripe.
    NotConnected,
    /// PaySG knows no such payment.
    UnknownPayment,
    /// PaySG says that it knows no such payment, of one that it has spoken of before: its GET may lag. Asking again later is safe.
    NotShownYet,
    /// PaySG's list holds entries that cannot be read, so that it proves nothing.
    UnreadableList,
    /// PaySG's answer is about another id, service, reference or amount.
    Mismatch,
    /// The payer would have been sent somewhere else than to PaySG's pages.
    PageRefused,
    /// The payment's state does not allow it.
    NotAllowed {
        /// How it stands.
        #[serde(with = "status_word")]
        status: Status,
    },
    /// PaySG refused a refund of a payment that is paid.
    RefundRefused {
        /// What can be left to give back, as far as is known here: refunds on PaySG's dashboard are told to nobody.
        left_in_cents: Cents,
    },
    /// A refund was asked for under this `jti` before, of another amount.
    RefundChanged,
    /// Money may have been given back that the ledger does not count, by this refund or by another: asking could give it back twice.
    RefundUncertain,
    /// PaySG shows that a refund of the payment failed, this one or another.
    RefundFailed,
    /// The edge keeps no ledger, or the ledger knows no such payment.
    NoRecord,
    /// Something of the intent is open or due, so that its journal cannot be erased.
    NotSettled,
    /// The intent has no such attempt or alert.
    UnknownEntry,
    /// The intent's journal cannot be read: it is damaged, or a newer release wrote it.
    JournalUnreadable,
}

impl Trouble {
    /// What PaySG's error means to a caller.
    #[must_use]
    pub fn of(error: &ApiError) -> Self {
        match error.kind() {
            Failure::BadRequest | Failure::Conflict => Self::Refused {
                error_type: error.public_type().map(str::to_owned),
                code: error.public_code().map(str::to_owned),
            },
            Failure::Unauthenticated | Failure::Forbidden => Self::Credentials,
            Failure::NotConnected => Self::NotConnected,
            Failure::NotFound => Self::UnknownPayment,
            Failure::RateLimited | Failure::ServerError | Failure::Unavailable => {
                Self::Unavailable {
                    retry_after_ms: None,
                }
            }
        }
    }
}

impl Trouble {
    /// What PaySG's error means for a call that names no payment: PaySG does not know the payment service, which is a matter of configuration.
    #[must_use]
    pub fn of_service(error: &ApiError) -> Self {
        if error.kind() == Failure::NotFound {
            Self::Credentials
        } else {
            Self::of(error)
        }
    }
}

/// What an answer means.
///
/// Only an answer with PaySG's form says anything ([`paysg::answer`](crate::paysg::answer)). The rest is [`Reading::Unanswered`] whatever its
/// status: it is retried, and it is never a reason to refuse, flag, drop or acknowledge anything.
pub enum Reading<T> {
    /// 2xx, with what the call answers.
    Success(T),
    /// PaySG has refused, and will refuse again.
    Refused(ApiError),
    /// 409: the key is in use, or was used for other parameters.
    Conflict(ApiError),
    /// 429.
    Busy,
    /// 500 or 503: PaySG has answered, and may have recorded that answer under the key.
    Broken,
    /// No answer of PaySG's own: it may or may not have done what it was asked for.
    Unanswered,
}

impl<T: Success> Reading<T> {
    /// Reads an answer.
    #[must_use]
    pub fn of(answer: &Answer<'_>) -> Self {
        let Answer::Arrived { status, body, .. } = *answer else {
            return Self::Unanswered;
        };
        match OwnAnswer::read(status, body) {
            None => Self::Unanswered,
            Some(OwnAnswer::Success(success)) => Self::Success(success),
            Some(OwnAnswer::Error(error)) => match error.kind() {
                Failure::Conflict => Self::Conflict(error),
                Failure::RateLimited => Self::Busy,
                Failure::ServerError | Failure::Unavailable => Self::Broken,
                Failure::BadRequest
                | Failure::Unauthenticated
                | Failure::NotConnected
                | Failure::Forbidden
                | Failure::NotFound => Self::Refused(error),
            },
        }
    }
}

/// The tries of one call, within a bound of count and time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    made: u32,
    deadline_ms: i64,
}

impl Tries {
    /// No tries yet, until `deadline_ms`.
    #[must_use]
    pub const fn until(deadline_ms: i64) -> Self {
        Self {
            made: 0,
            deadline_ms,
        }
    }

    /// Starts counting again, for another call within the same time.
    pub const fn restart(&mut self) {
        self.made = 0;
    }

    /// How long whoever asks still waits.
    #[must_use]
    pub fn left_ms(&self, now_ms: i64) -> u32 {
        let left_ms = self.deadline_ms.saturating_sub(now_ms).max(0);
        u32::try_from(left_ms).unwrap_or(u32::MAX)
    }

    /// Whether nobody waits any more.
    #[must_use]
    pub const fn are_over(&self, now_ms: i64) -> bool {
        now_ms >= self.deadline_ms
    }

    /// The delay before the next try, or `None` where there is to be none.
    pub fn again(&mut self, answer: &Answer<'_>, now_ms: i64, random: u32) -> Option<u32> {
        self.again_at_most(MAX_TRIES, answer, now_ms, random)
    }

    /// The same with a smaller number of tries.
    pub fn again_at_most(
        &mut self,
        tries: u32,
        answer: &Answer<'_>,
        now_ms: i64,
        random: u32,
    ) -> Option<u32> {
        self.made = self.made.saturating_add(1);
        if self.made >= tries {
            return None;
        }
        let backoff = BACKOFF.full_jitter_ms(self.made, random);
        let delay_ms = retry_after(answer).map_or(backoff, |asked| asked.max(backoff));
        (now_ms.saturating_add(i64::from(delay_ms)) < self.deadline_ms).then_some(delay_ms)
    }
}

/// How long PaySG asked to be left alone.
#[must_use]
pub const fn retry_after(answer: &Answer<'_>) -> Option<u32> {
    match answer {
        Answer::Arrived { retry_after_ms, .. } => *retry_after_ms,
        Answer::Lost => None,
    }
}

/// A call to PaySG.
#[must_use]
pub const fn call(request: ApiRequest, after_ms: u32) -> Fetch {
    Fetch {
        after_ms,
        timeout_ms: CALL_TIMEOUT_MS,
        target: Target::Paysg,
        shared: false,
        request,
    }
}
