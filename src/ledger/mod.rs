//! The ledger of one payment intent: what was tried, what PaySG made of it, and what the e-service was told.
//!
//! An *intent* is the wish to be paid once for one reference of one payment service. It holds numbered *attempts*, each of which is at
//! most one PaySG payment. The ledger is event-sourced: the [`Journal`] of [`Transition`]s is all that is stored, and an [`Intent`] is
//! what they fold to. So there is no second copy of the truth that a crash could leave behind the first.
//!
//! Nothing here holds personal data: of an order the ledger keeps a digest, the amount and the agency's reference.
//!
//! Timers are kept apart, in the [`Schedule`]: they change with every try of a call that may fail for days, and losing one costs no
//! more than a call too early.

mod attempt;
mod digest;
mod entry;
mod flag;
mod intent;
mod journal;
mod refund;
mod schedule;
mod telling;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
mod tombstone;
mod transition;

pub use attempt::{Attempt, AttemptState, PaymentOrigin};
pub use digest::{Digest, idempotency_key, intent_name, refund_key};
pub use flag::RaisedFlag;
pub use intent::Intent;
pub use journal::{Journal, JournalError, Row, Unreadable};
pub use refund::{Refund, RefundState};
pub use schedule::{Repeated, Repeats, Schedule, Timer, Timers};
pub use telling::{NotifiedRefund, TellStatus, Telling};
pub use tombstone::{Erased, PaidRemains, Tombstone};
pub use transition::{Flag, Illegal, Transition};

/// The intent and its journal, with the rows that are not on disk yet.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Ledger {
    /// What the journal folds to.
    pub intent: Intent,
    /// When its timers fire.
    pub schedule: Schedule,
    journal: Journal,
    #[serde(skip)]
    unsaved: Vec<Row>,
}

impl Ledger {
    /// The ledger of an intent that nothing has happened to.
    #[must_use]
    pub fn new(payment_service_id: crate::paysg::PaymentServiceId, reference_id: String) -> Self {
        Self {
            intent: Intent::new(payment_service_id, reference_id),
            schedule: Schedule::default(),
            journal: Journal::default(),
            unsaved: Vec::new(),
        }
    }

    /// Reads a ledger back from its stored rows, checking the chain and every transition.
    ///
    /// # Errors
    /// [`JournalError`] names the first row that does not follow from the one before.
    pub fn replay(rows: &[Row], schedule: Schedule) -> Result<Option<Self>, JournalError> {
        let mut journal = Journal::default();
        let mut intent: Option<Intent> = None;
        // Rows that were erased are gone; the tombstone says where their chain ended.
        let first = rows.first().map(|row| serde_json::from_str(&row.entry));
        if let Some(Ok(Transition::Erased(tombstone))) = first {
            journal = Journal::after(tombstone.rows, tombstone.head);
        }
        for row in rows {
            let transition = journal.verify(row)?;
            let at_ms = row.at_ms;
            match (&mut intent, transition) {
                (None, Transition::Erased(tombstone)) => {
                    intent = Some(Intent::of_tombstone(at_ms, &tombstone));
                }
                (
                    None,
                    Transition::Began {
                        payment_service_id,
                        reference_id,
                    },
                ) => intent = Some(Intent::new(payment_service_id, reference_id)),
                (Some(intent), transition) => {
                    intent
                        .permits(&transition)
                        .map_err(|Illegal| JournalError::newer(row.number))?;
                    intent.apply(at_ms, &transition);
                }
                (None, _) => return Err(JournalError::newer(row.number)),
            }
        }
        Ok(intent.map(|intent| Self {
            intent,
            schedule,
            journal,
            unsaved: Vec::new(),
        }))
    }

    /// Records a transition, to be stored before anything that follows from it leaves the machine.
    ///
    /// # Errors
    /// [`Illegal`] where the intent's state does not allow it; nothing is recorded then.
    pub fn record(&mut self, at_ms: i64, transition: Transition) -> Result<(), Illegal> {
        self.intent.permits(&transition)?;
        if self.journal.is_empty() {
            let began = Transition::Began {
                payment_service_id: self.intent.payment_service_id.clone(),
                reference_id: self.intent.reference_id.clone(),
            };
            self.unsaved.push(self.journal.append(at_ms, &began));
        }
        self.unsaved.push(self.journal.append(at_ms, &transition));
        self.intent.apply(at_ms, &transition);
        Ok(())
    }

    /// Plays a transition in a ledger that is kept nowhere: as [`Ledger::record`], without a row to store.
    ///
    /// # Errors
    /// [`Illegal`] where the intent's state does not allow it.
    pub fn play(&mut self, at_ms: i64, transition: &Transition) -> Result<(), Illegal> {
        self.intent.permits(transition)?;
        self.journal.count();
        self.intent.apply(at_ms, transition);
        Ok(())
    }

    /// Takes the rows that were recorded since the last call.
    pub fn take_unsaved(&mut self) -> Vec<Row> {
        core::mem::take(&mut self.unsaved)
    }

    /// Whether anything was ever recorded.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.journal.is_empty()
    }
}
