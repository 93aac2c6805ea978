//! A stored transition, before it is known which one it is.

use serde::Deserialize;

use super::{AttemptState, Digest, Flag, PaidRemains, Tombstone, Transition};
use crate::paysg::{Cents, PaymentId, PaymentServiceId};

/// Every field that a transition may have, flat: a fifth of the code of a reader for each, which an isolate would load at its cold start.
#[derive(Deserialize)]
pub(super) struct Entry {
    what: What,
    payment_service_id: Option<PaymentServiceId>,
    reference_id: Option<String>,
    attempt: Option<u32>,
    digest: Option<Digest>,
    amount_in_cents: Option<u64>,
    cancel_after_secs: Option<u32>,
    payment_id: Option<PaymentId>,
    answered: Option<bool>,
    adopted: Option<bool>,
    same_order: Option<bool>,
    status: Option<u16>,
    code: Option<String>,
    tell: Option<bool>,
    paid_at: Option<String>,
    key: Option<String>,
    whole: Option<bool>,
    flag: Option<Flag>,
    command: Option<String>,
    by: Option<String>,
    intent: Option<String>,
    state: Option<AttemptState>,
    rows: Option<u64>,
    notifications: Option<u32>,
    head: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Began,
    Started,
    AskedAgain,
    Failed,
    Opened,
    Adopted,
    Refused,
    GivenUp,
    Cancelled,
    Paid,
    RefundAsked,
    RefundAccepted,
    RefundPending,
    RefundMade,
    RefundFailed,
    RefundRefused,
    RefundTotalStated,
    Refunded,
    RefundCompleted,
    Hinted,
    Examined,
    Told,
    TellAgain,
    Flagged,
    FlagCleared,
    FlagAcknowledged,
    RefundAcknowledged,
    Erased,
    CommandReceived,
}

impl TryFrom<Entry> for Transition {
    type Error = &'static str;

    fn try_from(entry: Entry) -> Result<Self, Self::Error> {
        entry
            .transition()
            .ok_or("a field of the transition is missing")
    }
}

impl Entry {
    fn transition(self) -> Option<Transition> {
        Some(match self.what {
            What::Began => Transition::Began {
                payment_service_id: self.payment_service_id?,
                reference_id: self.reference_id?,
            },
            What::Started => Transition::Started {
                attempt: self.attempt?,
                digest: self.digest?,
                amount_in_cents: self.amount_in_cents?,
                cancel_after_secs: self.cancel_after_secs,
            },
            What::AskedAgain => Transition::AskedAgain {
                attempt: self.attempt?,
            },
            What::Failed => Transition::Failed {
                attempt: self.attempt?,
                answered: self.answered?,
            },
            What::Opened => Transition::Opened {
                attempt: self.attempt?,
                payment_id: self.payment_id?,
                adopted: self.adopted?,
                same_order: self.same_order?,
                amount_in_cents: self.amount_in_cents,
            },
            What::Adopted => Transition::Adopted {
                attempt: self.attempt?,
                payment_id: self.payment_id?,
                amount_in_cents: self.amount_in_cents?,
            },
            What::Refused => Transition::Refused {
                attempt: self.attempt?,
                status: self.status?,
                code: self.code,
            },
            What::GivenUp => Transition::GivenUp {
                attempt: self.attempt?,
            },
            What::Cancelled => Transition::Cancelled {
                attempt: self.attempt?,
                tell: self.tell?,
            },
            What::Paid => Transition::Paid {
                attempt: self.attempt?,
                paid_at: self.paid_at,
            },
            What::RefundAsked => Transition::RefundAsked {
                payment_id: self.payment_id?,
                key: Digest::parse(&self.key?)?,
                amount_in_cents: Cents::new(self.amount_in_cents?)?,
            },
            What::RefundAccepted => Transition::RefundAccepted {
                key: Digest::parse(&self.key?)?,
            },
            What::RefundPending => Transition::RefundPending {
                key: Digest::parse(&self.key?)?,
            },
            What::RefundFailed => Transition::RefundFailed {
                key: Digest::parse(&self.key?)?,
            },
            What::RefundTotalStated => Transition::RefundTotalStated {
                payment_id: self.payment_id?,
                amount_in_cents: self.amount_in_cents?,
            },
            What::RefundMade => Transition::RefundMade {
                key: Digest::parse(&self.key?)?,
                whole: self.whole?,
            },
            What::RefundRefused => Transition::RefundRefused {
                key: Digest::parse(&self.key?)?,
            },
            What::Refunded => Transition::Refunded {
                attempt: self.attempt?,
                whole: self.whole?,
                tell: self.tell.unwrap_or_default(),
            },
            What::RefundCompleted => Transition::RefundCompleted {
                attempt: self.attempt?,
            },
            What::Hinted => Transition::Hinted {
                payment_id: self.payment_id?,
            },
            What::Examined => Transition::Examined {
                payment_id: self.payment_id?,
            },
            What::Told => Transition::Told { key: self.key? },
            What::TellAgain => Transition::TellAgain { key: self.key? },
            What::Flagged => Transition::Flagged {
                flag: self.flag?,
                payment_id: self.payment_id,
            },
            What::FlagCleared => Transition::FlagCleared {
                flag: self.flag?,
                payment_id: self.payment_id,
            },
            What::FlagAcknowledged => Transition::FlagAcknowledged {
                flag: self.flag?,
                payment_id: self.payment_id,
            },
            What::RefundAcknowledged => Transition::RefundAcknowledged {
                key: Digest::parse(&self.key?)?,
            },
            What::Erased => Transition::Erased(Tombstone {
                payment_service_id: self.payment_service_id?,
                intent: Digest::parse(&self.intent?)?,
                attempt: self.attempt?,
                paid: match self.payment_id {
                    Some(payment_id) => Some(PaidRemains {
                        payment_id,
                        amount_in_cents: self.amount_in_cents?,
                        state: self.state.filter(|state| state.was_paid())?,
                        notifications: self.notifications?,
                        paid_at: self.paid_at,
                    }),
                    None => None,
                },
                rows: self.rows?,
                head: Digest::parse(&self.head?)?,
                by: self.by,
            }),
            What::CommandReceived => Transition::CommandReceived {
                command: self.command?,
                by: self.by,
            },
        })
    }
}
