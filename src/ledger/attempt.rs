//! One numbered try at having the intent paid: at most one PaySG payment.

use serde::{Deserialize, Serialize};

use super::Digest;
use crate::paysg::PaymentId;

/// Where an attempt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    /// On disk before PaySG was asked; whether it made a payment is not known yet.
    Started,
    /// PaySG made the payment, and it may be paid.
    Open,
    /// PaySG refused to make it.
    Refused,
    /// Nothing of it is in PaySG's list, and its key is not used again.
    GivenUp,
    /// The payment was cancelled.
    Cancelled,
    /// The payment was paid.
    Paid,
    /// Paid, and some of it given back.
    PartiallyRefunded,
    /// Paid, and all of it given back.
    Refunded,
}

impl AttemptState {
    /// Whether money came in, whatever became of it since.
    #[must_use]
    pub const fn was_paid(self) -> bool {
        match self {
            Self::Paid | Self::PartiallyRefunded | Self::Refunded => true,
            Self::Started | Self::Open | Self::Refused | Self::GivenUp | Self::Cancelled => false,
        }
    }

    /// Whether the attempt stands in the way of another.
    #[must_use]
    pub const fn is_live(self) -> bool {
        match self {
            Self::Started | Self::Open | Self::Paid | Self::PartiallyRefunded | Self::Refunded => {
                true
            }
            Self::Refused | Self::GivenUp | Self::Cancelled => false,
        }
    }
}

/// How an attempt's payment came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentOrigin {
    /// PaySG's answer to the attempt's own create call names it; or it is not known yet.
    Created,
    /// A list or an event named it, and this attempt explains it: its answer was lost.
    Found,
    /// A list or an event named it, and no attempt explains it.
    Adopted,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// The digest of the create parameters; `None` where the payment was found rather than made.
    pub digest: Option<Digest>,
    /// What the payer owes.
    pub amount_in_cents: u64,
    /// When it was put on disk.
    pub started_at_ms: i64,
    /// When PaySG was last asked for it, unless it has answered.
    pub asked_at_ms: Option<i64>,
    /// When the latest call before that was made that PaySG never answered: it may be under way for a while.
    pub unanswered_at_ms: Option<i64>,
    /// When PaySG's payment became known: since then a payer can pay it.
    pub opened_at_ms: Option<i64>,
    /// PaySG's payment, once known.
    pub payment_id: Option<PaymentId>,
    /// How that came to be known.
    pub origin: PaymentOrigin,
    /// When a GET showed the payment cancelled. A bank transfer that was under way then can pay it all the same.
    pub cancelled_at_ms: Option<i64>,
    /// Where it stands.
    pub state: AttemptState,
    /// PaySG's own time of payment.
    pub paid_at: Option<String>,
    /// The total given back, as far as it is known. `None`: PaySG shows that some was given back, and does not say how much.
    pub refunded_amount_in_cents: Option<u64>,
    /// After how many seconds an unpaid link is to be cancelled, where the order says so.
    pub cancel_after_secs: Option<u32>,
}
