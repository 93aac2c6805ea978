//! Flags: alerts that stay in the ledger until their cause ends.
//!
//! **Rule:** a flag ends when its cause ends, and an alert about it ends earlier if an operator acknowledges it. A flag that has ended can be
//! raised again: it is a new alert then.

use serde::de::IntoDeserializer as _;
use serde::{Deserialize, Serialize};

use super::{Attempt, AttemptState, Flag, Intent};
use crate::paysg::PaymentId;

/// A flag that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaisedFlag {
    /// What it says.
    pub flag: Flag,
    /// The payment that it is about.
    pub payment_id: Option<PaymentId>,
    /// When it was raised, in milliseconds since 1970.
    pub raised_at_ms: i64,
    /// Whether an operator has acknowledged it: it raises no alert any more.
    pub acknowledged: bool,
}

impl Flag {
    /// Reads the word that the journal and the log have for it.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let word: serde::de::value::StrDeserializer<'_, serde::de::value::Error> =
            word.into_deserializer();
        Self::deserialize(word).ok()
    }
}

impl Intent {
    /// The flag with this meaning about this payment, unless it has ended.
    #[must_use]
    pub fn raised(&self, flag: Flag, payment_id: Option<&PaymentId>) -> Option<&RaisedFlag> {
        self.flags
            .iter()
            .find(|raised| raised.flag == flag && raised.payment_id.as_ref() == payment_id)
    }

    /// Whether the intent carries this flag for this payment.
    #[must_use]
    pub fn is_flagged(&self, flag: Flag, payment_id: Option<&PaymentId>) -> bool {
        self.raised(flag, payment_id).is_some()
    }

    pub(super) fn flag(&mut self, at_ms: i64, flag: Flag, payment_id: Option<PaymentId>) {
        if !self.is_flagged(flag, payment_id.as_ref()) {
            self.flags.push(RaisedFlag {
                flag,
                payment_id,
                raised_at_ms: at_ms,
                acknowledged: false,
            });
        }
    }

    pub(super) fn acknowledge_flag(&mut self, flag: Flag, payment_id: Option<&PaymentId>) {
        for raised in &mut self.flags {
            if raised.flag == flag && raised.payment_id.as_ref() == payment_id {
                raised.acknowledged = true;
            }
        }
    }

    pub(super) fn clear_flag(&mut self, flag: Flag, payment_id: Option<&PaymentId>) {
        self.flags
            .retain(|raised| raised.flag != flag || raised.payment_id.as_ref() != payment_id);
    }

    /// Ends the flags whose cause has ended, as far as the intent's own state shows it.
    pub(super) fn end_flags(&mut self) {
        let flags = core::mem::take(&mut self.flags);
        self.flags = flags
            .into_iter()
            .filter(|raised| !self.has_ended(raised))
            .collect();
    }

    fn has_ended(&self, raised: &RaisedFlag) -> bool {
        let attempt = raised
            .payment_id
            .as_ref()
            .and_then(|id| self.attempt_of(id));
        match (raised.flag, attempt) {
            (Flag::Surplus, Some(attempt)) => matches!(
                attempt.state,
                AttemptState::Refunded | AttemptState::Cancelled
            ),
            (Flag::Duplicate, Some(attempt)) => !self.others(attempt).any(|other| {
                match (attempt.state, other.state) {
                    (AttemptState::Open, other) => other.is_live(),
                    // If both are paid, the second one is a surplus.
                    (paid, other) => paid.was_paid() && other == AttemptState::Open,
                }
            }),
            (Flag::SearchTooLong, _) => self
                .attempts
                .iter()
                .all(|attempt| attempt.state != AttemptState::Started),
            (Flag::RefundFailed | Flag::RefundStatusUnknown, Some(attempt)) => {
                attempt.state == AttemptState::Refunded
            }
            // Only PaySG's answer shows their end: `FlagCleared`.
            (Flag::Mismatch | Flag::WentBack | Flag::Vanished, _)
            | (
                Flag::Surplus | Flag::Duplicate | Flag::RefundFailed | Flag::RefundStatusUnknown,
                None,
            ) => false,
        }
    }

    fn others(&self, attempt: &Attempt) -> impl Iterator<Item = &Attempt> {
        let number = attempt.number;
        self.attempts
            .iter()
            .filter(move |other| other.number != number)
    }
}
