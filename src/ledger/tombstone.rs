//! What stays of an intent whose journal an operator has erased.
//!
//! **Rule:** what was paid is never payable again, whatever was erased. The tombstone is the first row of a new journal and a link of the old
//! chain: whoever kept a copy of the old rows can show that they came before it.
//!
//! An erased intent records nothing. It has a journal again once somebody needs one and names the reference: an order for what was never
//! paid, an event about another payment, or an operator's command.

use serde::{Deserialize, Serialize};

use super::{
    Attempt, AttemptState, Digest, Intent, PaymentOrigin, Row, Schedule, Telling, Transition,
};
use crate::paysg::{PaymentId, PaymentServiceId};

/// All that is kept. The reference is not: it may say who somebody is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// The payment service.
    pub payment_service_id: PaymentServiceId,
    /// The intent's name: a hash of the service and the reference.
    pub intent: Digest,
    /// The number of the last attempt: no number, and so no idempotency key, is used twice.
    pub attempt: u32,
    /// The payment that counted, if the intent was paid.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub paid: Option<PaidRemains>,
    /// How many rows there were.
    pub rows: u64,
    /// The hash of the last of them.
    pub head: Digest,
    /// The `sub` of the command's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What stays of a paid payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaidRemains {
    /// The payment.
    pub payment_id: PaymentId,
    /// Its amount.
    pub amount_in_cents: u64,
    /// Where it stood.
    pub state: AttemptState,
    /// How many notifications there were about it: each later one has a key of its own.
    pub notifications: u32,
    /// PaySG's own time of payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<String>,
}

/// That an intent is erased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// When.
    pub at_ms: i64,
    /// The intent's name.
    pub intent: Digest,
}

impl Intent {
    /// The intent that a tombstone stands for.
    pub(super) fn of_tombstone(at_ms: i64, tombstone: &Tombstone) -> Self {
        let mut intent = Self::new(tombstone.payment_service_id.clone(), String::new());
        intent.erased = Some(Erased {
            at_ms,
            intent: tombstone.intent.clone(),
        });
        let paid = tombstone.paid.as_ref();
        intent.attempts.push(Attempt {
            number: tombstone.attempt,
            digest: None,
            amount_in_cents: paid.map_or(0, |paid| paid.amount_in_cents),
            started_at_ms: at_ms,
            asked_at_ms: None,
            unanswered_at_ms: None,
            opened_at_ms: None,
            payment_id: paid.map(|paid| paid.payment_id.clone()),
            origin: PaymentOrigin::Created,
            cancelled_at_ms: None,
            state: paid.map_or(AttemptState::GivenUp, |paid| paid.state),
            // How much of it was given back is gone with the refunds: a refund needs an operator's word on it.
            refunded_amount_in_cents: paid.map_or(Some(0), |paid| match paid.state {
                AttemptState::Paid => Some(0),
                AttemptState::Refunded => Some(paid.amount_in_cents),
                AttemptState::PartiallyRefunded
                | AttemptState::Started
                | AttemptState::Open
                | AttemptState::Refused
                | AttemptState::GivenUp
                | AttemptState::Cancelled => None,
            }),
            paid_at: paid.and_then(|paid| paid.paid_at.clone()),
            cancel_after_secs: None,
        });
        intent.tellings.extend(paid.map(|paid| Telling {
            acknowledged: true,
            ..Telling::paid(paid.payment_id.clone(), at_ms)
        }));
        intent.erased_notifications = paid.map_or(0, |paid| paid.notifications.saturating_sub(1));
        intent
    }

    /// Whether only a tombstone is left.
    #[must_use]
    pub const fn is_erased(&self) -> bool {
        self.erased.is_some()
    }

    fn tombstone(&self, name: Digest, rows: u64, head: Digest, by: Option<String>) -> Tombstone {
        let paid = self.paid().and_then(|attempt| {
            let about =
                |telling: &&Telling| Some(&telling.payment_id) == attempt.payment_id.as_ref();
            let count = self.tellings.iter().filter(about).count();
            Some(PaidRemains {
                payment_id: attempt.payment_id.clone()?,
                notifications: u32::try_from(count)
                    .unwrap_or(u32::MAX)
                    .saturating_add(self.erased_notifications),
                amount_in_cents: attempt.amount_in_cents,
                state: attempt.state,
                paid_at: attempt.paid_at.clone(),
            })
        });
        Tombstone {
            payment_service_id: self.payment_service_id.clone(),
            intent: name,
            attempt: self.attempts.last().map_or(0, |attempt| attempt.number),
            paid,
            rows,
            head,
            by,
        }
    }
}

impl super::Ledger {
    /// Replaces everything by a tombstone. The rows that were stored are to be deleted when [`super::Ledger::take_unsaved`]'s are stored.
    pub fn erase(&mut self, at_ms: i64, by: Option<String>) {
        let Some((rows, head)) = self.journal.end().filter(|_| !self.intent.is_erased()) else {
            return;
        };
        let name = super::intent_name(&self.intent.payment_service_id, &self.intent.reference_id);
        let tombstone = self.intent.tombstone(name, rows, head, by);
        let row = self
            .journal
            .append(at_ms, &Transition::Erased(tombstone.clone()));
        // What was recorded in this very step goes with the rest; the chain holds its hash.
        self.unsaved = vec![row];
        self.schedule = Schedule::default();
        self.intent = Intent::of_tombstone(at_ms, &tombstone);
    }

    /// Tells an erased intent its reference, if it is its own. It is kept nowhere before the intent has a journal again.
    pub fn remember_reference(&mut self, service: &PaymentServiceId, reference_id: &str) {
        let name = super::intent_name(service, reference_id);
        if self
            .intent
            .erased
            .as_ref()
            .is_some_and(|erased| erased.intent == name)
        {
            reference_id.clone_into(&mut self.intent.reference_id);
        }
    }

    /// Begins the journal of an erased intent anew, if its reference is known.
    pub fn reopen(&mut self, at_ms: i64) {
        if self.intent.is_erased() && !self.intent.reference_id.is_empty() {
            let began = Transition::Began {
                payment_service_id: self.intent.payment_service_id.clone(),
                reference_id: self.intent.reference_id.clone(),
            };
            let row: Row = self.journal.append(at_ms, &began);
            self.unsaved.push(row);
            self.intent.apply(at_ms, &began);
        }
    }
}
