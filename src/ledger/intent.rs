//! What the journal folds to.

use serde::{Deserialize, Serialize};

use super::{
    Attempt, AttemptState, Digest, Erased, Flag, Illegal, PaymentOrigin, RaisedFlag, Refund,
    TellStatus, Telling, Transition,
};
use crate::paysg::{PaymentId, PaymentServiceId};

/// How many payments named by events may wait for a GET at once; PaySG's retries bring the rest again.
const MAX_HINTS: usize = 8;

/// The state of one intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The payment service.
    pub payment_service_id: PaymentServiceId,
    /// The agency's reference.
    pub reference_id: String,
    /// In the order of their numbers.
    pub attempts: Vec<Attempt>,
    /// Payments that events named and no GET has shown yet.
    pub hints: Vec<PaymentId>,
    /// What the e-service is to be told, as it came to be known.
    pub tellings: Vec<Telling>,
    /// Refunds asked for through the edge.
    pub refunds: Vec<Refund>,
    /// Refunds without an answer that an operator has acknowledged, by their keys.
    pub acknowledged_refunds: Vec<Digest>,
    /// What an operator should look at.
    pub flags: Vec<RaisedFlag>,
    /// How many notifications about the paid payment an erased journal had, but for the first.
    pub erased_notifications: u32,
    /// Whether only a tombstone is left, and its reference is not known from it.
    pub erased: Option<Erased>,
}

impl Intent {
    /// An intent that nothing has happened to.
    #[must_use]
    pub const fn new(payment_service_id: PaymentServiceId, reference_id: String) -> Self {
        Self {
            payment_service_id,
            reference_id,
            attempts: Vec::new(),
            hints: Vec::new(),
            tellings: Vec::new(),
            refunds: Vec::new(),
            acknowledged_refunds: Vec::new(),
            flags: Vec::new(),
            erased_notifications: 0,
            erased: None,
        }
    }

    /// The attempt that was paid first: the one that the e-service is told of.
    #[must_use]
    pub fn paid(&self) -> Option<&Attempt> {
        let telling = self
            .tellings
            .iter()
            .find(|telling| telling.status == TellStatus::Paid)?;
        self.attempt_of(&telling.payment_id)
    }

    /// Since when it is known that the intent is paid.
    #[must_use]
    pub fn paid_since_ms(&self) -> Option<i64> {
        let mut tellings = self.tellings.iter();
        let paid = tellings.find(|telling| telling.status == TellStatus::Paid)?;
        Some(paid.since_ms)
    }

    /// The attempt that stands in the way of another: the paid one, else the newest live one that an order has started, else one that was found.
    #[must_use]
    pub fn current(&self) -> Option<&Attempt> {
        let live = || self.attempts.iter().rev().filter(|a| a.state.is_live());
        self.paid()
            .or_else(|| live().find(|attempt| attempt.origin != PaymentOrigin::Adopted))
            .or_else(|| live().next())
    }

    /// Whether an attempt's link can be paid although another payment of the intent is paid.
    #[must_use]
    pub fn is_superseded(&self, attempt: &Attempt) -> bool {
        attempt.state == AttemptState::Open && self.paid().is_some()
    }

    /// The attempt whose payment bears this id.
    #[must_use]
    pub fn attempt_of(&self, payment_id: &PaymentId) -> Option<&Attempt> {
        self.attempts
            .iter()
            .find(|attempt| attempt.payment_id.as_ref() == Some(payment_id))
    }

    /// The attempt with this number.
    #[must_use]
    pub fn attempt(&self, number: u32) -> Option<&Attempt> {
        self.attempts
            .iter()
            .find(|attempt| attempt.number == number)
    }

    /// The number that the next attempt will have.
    #[must_use]
    pub fn next_number(&self) -> u32 {
        self.attempts
            .last()
            .map_or(1, |attempt| attempt.number.saturating_add(1))
    }

    /// Of each payment the first thing that the e-service has not acknowledged. What came after it waits: told the other way round, a payment that
    /// was refunded would be left as paid. A cancellation is not told once a payment of the intent is paid: an e-service that knows its orders by
    /// their references would take it for the end of a paid one.
    pub fn untold(&self) -> impl Iterator<Item = &Telling> {
        let is_paid = self.paid().is_some();
        let undone = move |telling: &Telling| telling.status == TellStatus::Cancelled && is_paid;
        let untold = move || {
            self.tellings
                .iter()
                .filter(move |telling| !telling.acknowledged && !undone(telling))
        };
        untold().filter(move |telling| {
            untold()
                .find(|first| first.payment_id == telling.payment_id)
                .is_some_and(|first| first.key == telling.key)
        })
    }

    /// Whether a transition may follow.
    ///
    /// # Errors
    /// [`Illegal`] where it may not. In particular nothing leads from a paid state to one that is not.
    pub fn permits(&self, transition: &Transition) -> Result<(), Illegal> {
        let state = |number: &u32| self.attempt(*number).map(|attempt| attempt.state);
        let legal = match transition {
            // What is erased has a journal again from such a row on, and records nothing before.
            Transition::Began { .. } => self.is_erased(),
            _ if self.is_erased() => false,
            Transition::Erased(_) => false,
            Transition::Started { attempt, .. } => {
                *attempt == self.next_number() && self.current().is_none()
            }
            Transition::Opened {
                attempt,
                payment_id,
                ..
            } => {
                self.attempt_of(payment_id).is_none()
                    && matches!(
                        state(attempt),
                        Some(AttemptState::Started | AttemptState::GivenUp | AttemptState::Refused)
                    )
            }
            Transition::Adopted {
                attempt,
                payment_id,
                ..
            } => *attempt == self.next_number() && self.attempt_of(payment_id).is_none(),
            Transition::AskedAgain { attempt }
            | Transition::Failed { attempt, .. }
            | Transition::Refused { attempt, .. }
            | Transition::GivenUp { attempt } => state(attempt) == Some(AttemptState::Started),
            Transition::Cancelled { attempt, tell } => match state(attempt) {
                Some(AttemptState::Open) => true,
                // Seen before it was known whose cancellation it was.
                Some(AttemptState::Cancelled) => *tell && !self.is_cancellation_told(*attempt),
                _ => false,
            },
            Transition::Paid { attempt, .. } => matches!(
                state(attempt),
                Some(AttemptState::Open | AttemptState::Cancelled)
            ),
            Transition::RefundAsked { .. }
            | Transition::RefundAccepted { .. }
            | Transition::RefundPending { .. }
            | Transition::RefundMade { .. }
            | Transition::RefundFailed { .. }
            | Transition::RefundRefused { .. }
            | Transition::RefundTotalStated { .. }
            | Transition::Refunded { .. }
            | Transition::RefundCompleted { .. } => self.permits_refund(transition),
            Transition::Hinted { payment_id } => {
                self.hints.len() < MAX_HINTS && !self.hints.contains(payment_id)
            }
            Transition::Examined { payment_id } => self.hints.contains(payment_id),
            Transition::Told { key } => self
                .tellings
                .iter()
                .any(|telling| telling.key == *key && !telling.acknowledged),
            Transition::TellAgain { key } => self
                .tellings
                .iter()
                .any(|telling| telling.key == *key && telling.acknowledged),
            Transition::Flagged { flag, payment_id } => {
                !self.is_flagged(*flag, payment_id.as_ref())
            }
            Transition::FlagCleared { flag, payment_id } => {
                self.is_flagged(*flag, payment_id.as_ref())
            }
            Transition::FlagAcknowledged { flag, payment_id } => self
                .raised(*flag, payment_id.as_ref())
                .is_some_and(|raised| !raised.acknowledged),
            Transition::RefundAcknowledged { key } => {
                self.unsettled_refunds().any(|refund| refund.key == *key)
                    && !self.acknowledged_refunds.contains(key)
            }
            Transition::CommandReceived { .. } => true,
        };
        if legal { Ok(()) } else { Err(Illegal) }
    }

    /// Folds a transition in; one that [`Intent::permits`] refuses must not get here.
    pub(super) fn apply(&mut self, at_ms: i64, transition: &Transition) {
        match transition {
            Transition::Began { reference_id, .. } => {
                self.erased = None;
                self.reference_id.clone_from(reference_id);
            }
            Transition::Erased(_) => {}
            Transition::Started {
                attempt,
                digest,
                amount_in_cents,
                cancel_after_secs,
            } => self.attempts.push(Attempt {
                number: *attempt,
                digest: Some(digest.clone()),
                amount_in_cents: *amount_in_cents,
                started_at_ms: at_ms,
                asked_at_ms: Some(at_ms),
                unanswered_at_ms: None,
                opened_at_ms: None,
                payment_id: None,
                origin: PaymentOrigin::Created,
                cancelled_at_ms: None,
                state: AttemptState::Started,
                paid_at: None,
                refunded_amount_in_cents: Some(0),
                cancel_after_secs: *cancel_after_secs,
            }),
            Transition::Opened {
                attempt,
                payment_id,
                adopted,
                same_order,
                amount_in_cents,
            } => {
                self.note_duplicate(at_ms, *attempt, payment_id);
                self.change(*attempt, |attempt| {
                    attempt.payment_id = Some(payment_id.clone());
                    if *adopted {
                        attempt.origin = PaymentOrigin::Found;
                    }
                    attempt.opened_at_ms = Some(at_ms);
                    attempt.state = AttemptState::Open;
                    if !same_order {
                        attempt.digest = None;
                    }
                    if let Some(amount_in_cents) = amount_in_cents {
                        attempt.amount_in_cents = *amount_in_cents;
                    }
                });
            }
            Transition::Adopted {
                attempt,
                payment_id,
                amount_in_cents,
            } => {
                self.note_duplicate(at_ms, *attempt, payment_id);
                self.attempts.push(Attempt {
                    number: *attempt,
                    digest: None,
                    amount_in_cents: *amount_in_cents,
                    started_at_ms: at_ms,
                    asked_at_ms: Some(at_ms),
                    unanswered_at_ms: None,
                    opened_at_ms: Some(at_ms),
                    payment_id: Some(payment_id.clone()),
                    origin: PaymentOrigin::Adopted,
                    cancelled_at_ms: None,
                    state: AttemptState::Open,
                    paid_at: None,
                    refunded_amount_in_cents: Some(0),
                    cancel_after_secs: None,
                });
            }
            Transition::Failed { attempt, answered } => self.change(*attempt, |attempt| {
                if !answered {
                    attempt.unanswered_at_ms = attempt.asked_at_ms.or(attempt.unanswered_at_ms);
                }
                attempt.asked_at_ms = None;
            }),
            Transition::AskedAgain { attempt } => self.change(*attempt, |attempt| {
                attempt.unanswered_at_ms = attempt.asked_at_ms.or(attempt.unanswered_at_ms);
                attempt.asked_at_ms = Some(at_ms);
            }),
            Transition::Refused { attempt, .. } => self.enter(*attempt, AttemptState::Refused),
            Transition::GivenUp { attempt } => self.enter(*attempt, AttemptState::GivenUp),
            Transition::Cancelled { attempt, tell } => {
                self.change(*attempt, |attempt| {
                    attempt.state = AttemptState::Cancelled;
                    attempt.cancelled_at_ms.get_or_insert(at_ms);
                });
                if *tell {
                    self.tell(at_ms, *attempt, TellStatus::Cancelled);
                }
            }
            Transition::Paid { attempt, paid_at } => {
                self.change(*attempt, |attempt| {
                    attempt.state = AttemptState::Paid;
                    attempt.paid_at.clone_from(paid_at);
                });
                if self.paid().is_none() {
                    self.tell(at_ms, *attempt, TellStatus::Paid);
                } else if let Some(id) = self.payment_of(*attempt) {
                    self.flag(at_ms, Flag::Surplus, Some(id));
                }
            }
            Transition::RefundAsked { .. }
            | Transition::RefundAccepted { .. }
            | Transition::RefundPending { .. }
            | Transition::RefundMade { .. }
            | Transition::RefundFailed { .. }
            | Transition::RefundRefused { .. }
            | Transition::RefundTotalStated { .. }
            | Transition::Refunded { .. }
            | Transition::RefundCompleted { .. } => self.apply_refund(at_ms, transition),
            Transition::Hinted { payment_id } => self.hints.push(payment_id.clone()),
            Transition::Examined { payment_id } => self.hints.retain(|hint| hint != payment_id),
            Transition::Told { key } => self.acknowledge(key, true),
            Transition::TellAgain { key } => self.acknowledge(key, false),
            Transition::Flagged { flag, payment_id } => {
                self.flag(at_ms, *flag, payment_id.clone());
            }
            Transition::FlagCleared { flag, payment_id } => {
                self.clear_flag(*flag, payment_id.as_ref());
            }
            Transition::FlagAcknowledged { flag, payment_id } => {
                self.acknowledge_flag(*flag, payment_id.as_ref());
            }
            Transition::RefundAcknowledged { key } => self.acknowledged_refunds.push(key.clone()),
            Transition::CommandReceived { .. } => {}
        }
        self.end_flags();
    }

    pub(super) fn change(&mut self, number: u32, change: impl FnOnce(&mut Attempt)) {
        if let Some(attempt) = self
            .attempts
            .iter_mut()
            .find(|attempt| attempt.number == number)
        {
            change(attempt);
        }
    }

    pub(super) fn enter(&mut self, number: u32, state: AttemptState) {
        self.change(number, |attempt| attempt.state = state);
    }

    /// Whether the e-service is to be told of an attempt's cancellation, or has been.
    fn is_cancellation_told(&self, number: u32) -> bool {
        let payment_id = self.payment_of(number);
        self.tellings.iter().any(|telling| {
            telling.status == TellStatus::Cancelled
                && Some(&telling.payment_id) == payment_id.as_ref()
        })
    }

    pub(super) fn payment_of(&self, number: u32) -> Option<PaymentId> {
        self.attempt(number)?.payment_id.clone()
    }

    fn tell(&mut self, at_ms: i64, number: u32, status: TellStatus) {
        self.tell_of_refund(at_ms, number, status, None);
    }

    fn acknowledge(&mut self, key: &str, acknowledged: bool) {
        for telling in &mut self.tellings {
            if telling.key == key {
                telling.acknowledged = acknowledged;
            }
        }
    }

    fn note_duplicate(&mut self, at_ms: i64, number: u32, payment_id: &PaymentId) {
        let other = self
            .attempts
            .iter()
            .any(|attempt| attempt.number != number && attempt.state.is_live());
        if other {
            self.flag(at_ms, Flag::Duplicate, Some(payment_id.clone()));
        }
    }
}
