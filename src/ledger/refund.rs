//! Refunds: what was asked for through the proxy, what became of each, and how much of a payment was given back in all.

use serde::{Deserialize, Serialize};

use super::{AttemptState, Digest, Intent, NotifiedRefund, TellStatus, Telling, Transition};
use crate::paysg::{Cents, PaymentId};

/// The state of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// Asked for. PaySG has not answered, so that it may have made the refund or not.
    Requested,
    /// PaySG took it, and no GET has shown it made or failed.
    Pending,
    /// PaySG shows it as made.
    Succeeded,
    /// PaySG took it, and shows that it failed.
    Failed,
    /// PaySG refused to take it.
    Refused,
    /// An operator has stated the total given back, and what became of this one does not follow from that.
    Unknown,
}

impl RefundState {
    /// Returns true until PaySG has shown how it ended.
    #[must_use]
    pub const fn is_unsettled(self) -> bool {
        matches!(self, Self::Requested | Self::Pending)
    }

    /// The state as a word, as it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// A refund that was asked for through the proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The payment.
    pub payment_id: PaymentId,
    /// The key of the command.
    pub key: Digest,
    /// How much.
    pub amount_in_cents: Cents,
    /// When it was asked for: PaySG keeps a key for so long, if it keeps those of refunds at all.
    pub asked_at_ms: i64,
    /// How the payment stood then, or since another refund was made: only what is given back beyond it can be this one.
    pub before: AttemptState,
    /// Its state.
    pub state: RefundState,
}

impl Intent {
    /// The refund of this command, if it was asked for.
    #[must_use]
    pub fn refund(&self, key: &Digest) -> Option<&Refund> {
        self.refunds.iter().find(|refund| refund.key == *key)
    }

    /// Refunds of which PaySG is still to say what became of them. A payment that was given back in full needs no more looking after.
    pub fn unsettled_refunds(&self) -> impl Iterator<Item = &Refund> {
        self.refunds
            .iter()
            .filter(|refund| refund.state.is_unsettled())
            .filter(|refund| {
                let attempt = self.attempt_of(&refund.payment_id);
                attempt.is_some_and(|attempt| attempt.state != AttemptState::Refunded)
            })
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller passes the transitions of refunds alone"
    )]
    pub(super) fn permits_refund(&self, transition: &Transition) -> bool {
        let state = |number: &u32| self.attempt(*number).map(|attempt| attempt.state);
        let was_paid = |payment_id: &PaymentId| {
            self.attempt_of(payment_id)
                .is_some_and(|attempt| attempt.state.was_paid())
        };
        let refund = |key: &Digest, allowed: &[RefundState]| {
            self.refund(key)
                .filter(|refund| allowed.contains(&refund.state))
        };
        match transition {
            // A refused one may be made yet: the same command asks again under the same key.
            Transition::RefundAsked {
                payment_id,
                key,
                amount_in_cents,
            } => {
                self.attempt_of(payment_id).is_some_and(|attempt| {
                    attempt.state.was_paid() || attempt.state == AttemptState::Open
                }) && self.refund(key).is_none_or(|refund| {
                    refund.state == RefundState::Refused
                        && refund.payment_id == *payment_id
                        && refund.amount_in_cents == *amount_in_cents
                })
            }
            Transition::RefundAccepted { key } => refund(key, &[RefundState::Requested]).is_some(),
            Transition::RefundPending { key } => refund(key, &[RefundState::Pending])
                .is_some_and(|refund| was_paid(&refund.payment_id) && !self.is_told_pending(key)),
            Transition::RefundMade { key, .. } => refund(
                key,
                &[
                    RefundState::Requested,
                    RefundState::Pending,
                    RefundState::Refused,
                ],
            )
            .is_some_and(|refund| was_paid(&refund.payment_id)),
            Transition::RefundFailed { key } => {
                refund(key, &[RefundState::Requested, RefundState::Pending])
                    .is_some_and(|refund| was_paid(&refund.payment_id))
            }
            Transition::RefundRefused { key } => refund(key, &[RefundState::Requested]).is_some(),
            Transition::RefundTotalStated {
                payment_id,
                amount_in_cents,
            } => self.attempt_of(payment_id).is_some_and(|attempt| {
                attempt.state.was_paid()
                    && attempt.state != AttemptState::Refunded
                    && *amount_in_cents < attempt.amount_in_cents
            }),
            Transition::Refunded { attempt, whole, .. } => match state(attempt) {
                Some(AttemptState::Paid) => true,
                Some(AttemptState::PartiallyRefunded) => *whole,
                _ => false,
            },
            Transition::RefundCompleted { attempt } => {
                state(attempt) == Some(AttemptState::Refunded)
                    && self.is_told_as_partly_refunded(*attempt)
            }
            _ => false,
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the caller passes the transitions of refunds alone"
    )]
    pub(super) fn apply_refund(&mut self, at_ms: i64, transition: &Transition) {
        match transition {
            Transition::RefundAsked {
                payment_id,
                key,
                amount_in_cents,
            } => {
                let refund = Refund {
                    payment_id: payment_id.clone(),
                    key: key.clone(),
                    amount_in_cents: *amount_in_cents,
                    asked_at_ms: at_ms,
                    before: self
                        .attempt_of(payment_id)
                        .map_or(AttemptState::Open, |attempt| attempt.state),
                    state: RefundState::Requested,
                };
                // It was acknowledged as it stood before.
                self.acknowledged_refunds
                    .retain(|acknowledged| acknowledged != key);
                match self.refunds.iter_mut().find(|had| had.key == *key) {
                    Some(had) => *had = refund,
                    None => self.refunds.push(refund),
                }
            }
            Transition::RefundAccepted { key } => {
                self.settle_refund(key, RefundState::Pending);
            }
            Transition::RefundPending { key } => {
                if let Some((number, refund)) = self.settle_refund(key, RefundState::Pending) {
                    self.tell_of_refund(at_ms, number, TellStatus::RefundPending, Some(refund));
                }
            }
            Transition::RefundMade { key, whole } => self.refund_made(at_ms, key, *whole),
            Transition::RefundFailed { key } => {
                if let Some((number, refund)) = self.settle_refund(key, RefundState::Failed) {
                    self.tell_of_refund(at_ms, number, TellStatus::RefundFailed, Some(refund));
                }
            }
            Transition::RefundRefused { key } => {
                self.settle_refund(key, RefundState::Refused);
            }
            Transition::RefundTotalStated {
                payment_id,
                amount_in_cents,
            } => {
                for refund in &mut self.refunds {
                    if refund.payment_id == *payment_id && refund.state.is_unsettled() {
                        refund.state = RefundState::Unknown;
                    }
                }
                if let Some(number) = self.attempt_of(payment_id).map(|attempt| attempt.number) {
                    self.change(number, |attempt| {
                        attempt.refunded_amount_in_cents = Some(*amount_in_cents);
                    });
                }
            }
            Transition::Refunded {
                attempt,
                whole,
                tell,
            } => {
                self.change(*attempt, |attempt| {
                    attempt.state = refunded(*whole);
                    attempt.refunded_amount_in_cents = match attempt.refunded_amount_in_cents {
                        _ if *whole => Some(attempt.amount_in_cents),
                        // PaySG does not say how much somebody gave back on its dashboard.
                        Some(0) => None,
                        known => known,
                    };
                });
                if *tell {
                    self.tell_of_refund(at_ms, *attempt, told_as(*whole), None);
                }
            }
            Transition::RefundCompleted { attempt } => {
                self.tell_of_refund(at_ms, *attempt, TellStatus::Refunded, None);
            }
            _ => {}
        }
    }

    fn settle_refund(&mut self, key: &Digest, state: RefundState) -> Option<(u32, NotifiedRefund)> {
        let refund = self.refunds.iter_mut().find(|refund| refund.key == *key)?;
        refund.state = state;
        let notified = NotifiedRefund {
            key: key.clone(),
            amount_in_cents: refund.amount_in_cents,
        };
        let payment_id = refund.payment_id.clone();
        Some((self.attempt_of(&payment_id)?.number, notified))
    }

    fn refund_made(&mut self, at_ms: i64, key: &Digest, whole: bool) {
        let Some((number, notified)) = self.settle_refund(key, RefundState::Succeeded) else {
            return;
        };
        let cents = notified.amount_in_cents.get();
        self.change(number, |attempt| {
            attempt.refunded_amount_in_cents = if whole {
                Some(attempt.amount_in_cents)
            } else {
                attempt
                    .refunded_amount_in_cents
                    .map(|known| known.saturating_add(cents))
            };
            attempt.state = refunded(whole);
        });
        let payment_id = self.payment_of(number);
        for other in &mut self.refunds {
            if Some(&other.payment_id) == payment_id.as_ref() && other.state.is_unsettled() {
                other.before = AttemptState::PartiallyRefunded;
            }
        }
        self.tell_of_refund(at_ms, number, told_as(whole), Some(notified));
    }

    fn is_told_pending(&self, key: &Digest) -> bool {
        self.tellings.iter().any(|telling| {
            telling.status == TellStatus::RefundPending
                && telling
                    .refund
                    .as_ref()
                    .is_some_and(|refund| refund.key == *key)
        })
    }

    /// Whether that is the last that the e-service is to be told of an attempt, and no refund of it is unanswered, which would tell of itself.
    fn is_told_as_partly_refunded(&self, number: u32) -> bool {
        let Some(payment_id) = self.payment_of(number) else {
            return false;
        };
        let mut tellings = self.tellings.iter().rev();
        let last = tellings.find(|telling| telling.payment_id == payment_id);
        last.is_some_and(|telling| telling.status == TellStatus::PartiallyRefunded)
            && self
                .refunds
                .iter()
                .filter(|refund| refund.state == RefundState::Requested)
                .all(|refund| refund.payment_id != payment_id)
    }

    pub(super) fn tell_of_refund(
        &mut self,
        at_ms: i64,
        number: u32,
        status: TellStatus,
        refund: Option<NotifiedRefund>,
    ) {
        let Some(attempt) = self.attempt(number) else {
            return;
        };
        let Some(payment_id) = attempt.payment_id.clone() else {
            return;
        };
        let key = match status {
            TellStatus::Paid => payment_id.as_str().to_owned(),
            TellStatus::Cancelled => format!("{}-cancelled", payment_id.as_str()),
            TellStatus::RefundPending
            | TellStatus::RefundFailed
            | TellStatus::PartiallyRefunded
            | TellStatus::Refunded => {
                let nth = self
                    .tellings
                    .iter()
                    .filter(|told| told.payment_id == payment_id)
                    .count()
                    .saturating_add(self.erased_notifications as usize);
                format!("{}-refund-{nth}", payment_id.as_str())
            }
        };
        let paid = self.paid().and_then(|paid| paid.payment_id.clone());
        let telling = Telling {
            key,
            status,
            state: attempt.state,
            refund,
            refunded_amount_in_cents: attempt.refunded_amount_in_cents,
            overpayment_of: paid.filter(|paid| *paid != payment_id && attempt.state.was_paid()),
            payment_id,
            since_ms: at_ms,
            acknowledged: false,
        };
        self.tellings.push(telling);
    }
}

const fn refunded(whole: bool) -> AttemptState {
    if whole {
        AttemptState::Refunded
    } else {
        AttemptState::PartiallyRefunded
    }
}

const fn told_as(whole: bool) -> TellStatus {
    if whole {
        TellStatus::Refunded
    } else {
        TellStatus::PartiallyRefunded
    }
}
