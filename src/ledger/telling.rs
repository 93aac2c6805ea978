//! What the e-service is to be told, each under one key for ever.

use serde::{Deserialize, Serialize};

use super::{AttemptState, Digest};
use crate::paysg::{Cents, PaymentId};

/// What happened to a payment, as the e-service is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TellStatus {
    /// It was paid.
    Paid,
    /// It was cancelled through the edge.
    Cancelled,
    /// PaySG took a refund, and does not show it as made yet.
    RefundPending,
    /// A refund failed: nothing of it was given back.
    RefundFailed,
    /// Some of it was given back.
    PartiallyRefunded,
    /// All of it was given back.
    Refunded,
}

/// The refund that a notification is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifiedRefund {
    /// The key of the command.
    pub key: Digest,
    /// How much.
    pub amount_in_cents: Cents,
}

/// One thing to tell. It holds all that is told, as it was when it came to be known: what is sent under one key never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// The `Idempotency-Key`: the payment's id for a payment, and a key of its own for a refund or a cancellation.
    pub key: String,
    /// The payment that it is about.
    pub payment_id: PaymentId,
    /// What happened to it.
    pub status: TellStatus,
    /// How the payment stood then.
    pub state: AttemptState,
    /// The refund that it is about. `None` also where money was given back on PaySG's dashboard.
    pub refund: Option<NotifiedRefund>,
    /// The total given back by then, as far as it is known.
    pub refunded_amount_in_cents: Option<u64>,
    /// The payment that the e-service was told of as paid, where this is another paid payment of the same intent.
    pub overpayment_of: Option<PaymentId>,
    /// When it came to be known.
    pub since_ms: i64,
    /// Whether the e-service has answered 2xx.
    pub acknowledged: bool,
}

impl Telling {
    /// The notification that a payment was paid.
    #[must_use]
    pub fn paid(payment_id: PaymentId, since_ms: i64) -> Self {
        Self {
            key: payment_id.as_str().to_owned(),
            payment_id,
            status: TellStatus::Paid,
            state: AttemptState::Paid,
            refund: None,
            refunded_amount_in_cents: Some(0),
            overpayment_of: None,
            since_ms,
            acknowledged: false,
        }
    }
}
