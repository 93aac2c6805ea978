//! Everything that can happen to an intent.

use serde::{Deserialize, Serialize};

use super::entry::Entry;
use super::{Digest, Tombstone};
use crate::paysg::{Cents, PaymentId, PaymentServiceId};

/// One step of an intent's life, as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", try_from = "Entry")]
pub enum Transition {
    /// The first row: whose ledger this is.
    Began {
        /// The payment service.
        payment_service_id: PaymentServiceId,
        /// The agency's reference.
        reference_id: String,
    },
    /// PaySG is about to be asked for a payment.
    Started {
        /// The next number.
        attempt: u32,
        /// The digest of the create parameters.
        digest: Digest,
        /// The amount.
        amount_in_cents: u64,
        /// When an unpaid link is to be cancelled.
        #[serde(skip_serializing_if = "Option::is_none")]
        cancel_after_secs: Option<u32>,
    },
    /// PaySG is about to be asked once more for an attempt that it never answered.
    AskedAgain {
        /// The attempt.
        attempt: u32,
    },
    /// The last call for an attempt failed with a 500, which PaySG gives to every later call under that key if the answer was its own.
    Failed {
        /// The attempt.
        attempt: u32,
        /// Whether the answer was PaySG's own. One that was not says nothing: the call may be under way for a while.
        answered: bool,
    },
    /// PaySG's payment for an attempt is known.
    Opened {
        /// The attempt.
        attempt: u32,
        /// The payment.
        payment_id: PaymentId,
        /// Whether it was found in PaySG's list rather than in the answer to the call.
        adopted: bool,
        /// Whether it bears the order that the attempt was started for.
        same_order: bool,
        /// Its amount, where it may be another than the attempt was started for.
        #[serde(skip_serializing_if = "Option::is_none")]
        amount_in_cents: Option<u64>,
    },
    /// A payment of this intent turned up that no attempt asked for.
    Adopted {
        /// The next number.
        attempt: u32,
        /// The payment.
        payment_id: PaymentId,
        /// Its amount.
        amount_in_cents: u64,
    },
    /// PaySG refused to make a payment.
    Refused {
        /// The attempt.
        attempt: u32,
        /// The HTTP status.
        status: u16,
        /// PaySG's own code.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// PaySG's list shows nothing of an attempt.
    GivenUp {
        /// The attempt.
        attempt: u32,
    },
    /// A GET showed the payment cancelled.
    Cancelled {
        /// The attempt.
        attempt: u32,
        /// Whether the e-service is to be told: so where a payer or an officer cancelled through the edge.
        tell: bool,
    },
    /// A GET showed the payment paid.
    Paid {
        /// The attempt.
        attempt: u32,
        /// PaySG's own time of payment.
        #[serde(skip_serializing_if = "Option::is_none")]
        paid_at: Option<String>,
    },
    /// A refund is about to be asked for.
    RefundAsked {
        /// The payment.
        payment_id: PaymentId,
        /// The key of the command.
        key: Digest,
        /// How much.
        amount_in_cents: Cents,
    },
    /// PaySG has answered a refund with success: it took the refund, and a GET has yet to show what came of it.
    RefundAccepted {
        /// The key of the command.
        key: Digest,
    },
    /// PaySG took a refund and a GET does not show it as made; the e-service is to be told.
    RefundPending {
        /// The key of the command.
        key: Digest,
    },
    /// A refund that was asked for through the edge was made; the e-service is to be told.
    RefundMade {
        /// The key of the command.
        key: Digest,
        /// Whether nothing is left.
        whole: bool,
    },
    /// PaySG took a refund, and it failed: nothing of it was given back. The e-service is to be told.
    RefundFailed {
        /// The key of the command.
        key: Digest,
    },
    /// A refund that was asked for through the edge was refused.
    RefundRefused {
        /// The key of the command.
        key: Digest,
    },
    /// A GET showed the payment refunded, by whomever.
    Refunded {
        /// The attempt.
        attempt: u32,
        /// Whether nothing is left.
        whole: bool,
        /// Whether the e-service is to be told. Older journals have entries without it, which told nobody.
        #[serde(default, skip_serializing_if = "is_false")]
        tell: bool,
    },
    /// An operator stated how much PaySG's dashboard shows as given back. Refunds whose outcome is not known are closed by it.
    RefundTotalStated {
        /// The payment.
        payment_id: PaymentId,
        /// The total.
        amount_in_cents: u64,
    },
    /// Written by earlier versions only: what the e-service was told of as refunded in part is refunded in full, by a refund that PaySG carried out later or by somebody on its
    /// dashboard; the e-service is to be told.
    RefundCompleted {
        /// The attempt.
        attempt: u32,
    },
    /// An authentic event named a payment; a GET will show what it is.
    Hinted {
        /// The payment.
        payment_id: PaymentId,
    },
    /// A GET has shown what an event was about.
    Examined {
        /// The payment.
        payment_id: PaymentId,
    },
    /// The e-service acknowledged what it was told.
    Told {
        /// The telling's key.
        key: String,
    },
    /// An officer asked for something to be told once more.
    TellAgain {
        /// The telling's key.
        key: String,
    },
    /// Something that an officer should look at.
    Flagged {
        /// What.
        flag: Flag,
        /// The payment that it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        payment_id: Option<PaymentId>,
    },
    /// PaySG's answer shows that the cause of a flag has ended.
    FlagCleared {
        /// The flag.
        flag: Flag,
        /// The payment that it was about.
        #[serde(skip_serializing_if = "Option::is_none")]
        payment_id: Option<PaymentId>,
    },
    /// An operator has acknowledged a flag.
    FlagAcknowledged {
        /// The flag.
        flag: Flag,
        /// The payment that it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        payment_id: Option<PaymentId>,
    },
    /// An operator has acknowledged that PaySG never answered a refund.
    RefundAcknowledged {
        /// The key of the command.
        key: Digest,
    },
    /// An operator has had everything before this row deleted.
    Erased(Tombstone),
    /// An operator's command has arrived. The rows after it show its effect.
    CommandReceived {
        /// The `action` of its token.
        command: String,
        /// The `sub` of its token.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

/// What an officer should look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// Another payment of this intent had been paid already: refund this one.
    Surplus,
    /// Another payment of this intent could be paid at the same time.
    Duplicate,
    /// PaySG's answer bears another id, service, reference or amount than the intent.
    Mismatch,
    /// PaySG's list was too long to be searched to the end.
    SearchTooLong,
    /// PaySG shows a payment as unpaid that it showed as paid before.
    WentBack,
    /// PaySG does not know a payment that it made.
    Vanished,
    /// PaySG shows that a refund of the payment failed.
    RefundFailed,
    /// PaySG shows a `refund_status` that is not known here.
    RefundStatusUnknown,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// The transition is not one that the intent's state allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Illegal;
