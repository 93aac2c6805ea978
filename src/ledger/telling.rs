//! What the e-service is to be told, each under one key for ever.

use serde::{Deserialize, Serialize};

use crate::paysg::PaymentId;

/// What became of a payment, as the e-service is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TellStatus {
    /// It was paid.
    Paid,
    /// It was cancelled through the edge.
    Cancelled,
    /// Some of it was refunded through the edge.
    PartiallyRefunded,
    /// All of it was refunded through the edge.
    Refunded,
}

impl TellStatus {
    /// PaySG's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
        }
    }
}

/// One thing to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    /// The `Idempotency-Key`: the payment's id for a payment, and a key of its own for a refund or a cancellation.
    pub key: String,
    /// The payment that it is about.
    pub payment_id: PaymentId,
    /// What became of it.
    pub status: TellStatus,
    /// When it came to be known.
    pub since_ms: i64,
    /// Whether the e-service has answered 2xx.
    pub acknowledged: bool,
}
