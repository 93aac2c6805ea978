//! All that the simulator remembers, changed only under one lock so that a change is seen whole or not at all.

use std::collections::{BTreeSet, HashMap};

use crate::clock::Timestamp;
use crate::error::ApiError;
use crate::event::Events;
use crate::idempotency::Keys;
use crate::payment::Record;

/// Payments, idempotency keys, events: what a state file keeps.
#[derive(Default)]
pub(crate) struct State {
    payments: HashMap<String, Record>,
    newest_last: HashMap<String, BTreeSet<(Timestamp, String)>>,
    pub(crate) keys: Keys,
    pub(crate) events: Events,
    last_number: u64,
    changes: Option<Vec<Change>>,
}

/// What a change touched, for the state file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Change {
    Payment(String),
    Key(String),
    Event(String),
    Webhook(String),
    Delivery(u64),
    ClockOffset(i64),
    Reset,
}

impl State {
    /// A state that notes what changes, because a state file wants to know.
    pub(crate) fn noting_changes() -> Self {
        Self {
            changes: Some(Vec::new()),
            ..Self::default()
        }
    }

    pub(crate) fn note(&mut self, change: impl FnOnce() -> Change) {
        if let Some(changes) = &mut self.changes {
            changes.push(change());
        }
    }

    pub(crate) fn take_changes(&mut self) -> Vec<Change> {
        self.changes
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// The next of the numbers that give everything its order; they go on across resets, so that a late answer never meets a newcomer.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.last_number = self.last_number.saturating_add(1);
        self.last_number
    }

    pub(crate) fn number_seen(&mut self, number: u64) {
        self.last_number = self.last_number.max(number);
    }

    pub(crate) fn payment(&self, id: &str) -> Option<&Record> {
        self.payments.get(id)
    }

    /// The payment, if this payment service has it.
    pub(crate) fn payment_of(&self, service: &str, id: &str) -> Result<&Record, ApiError> {
        self.payments
            .get(id)
            .filter(|record| record.payment.payment_service_id == service)
            .ok_or_else(payment_not_found)
    }

    pub(crate) fn add_payment(&mut self, mut record: Record) {
        record.number = self.next_number();
        self.put_payment(record);
    }

    /// Takes a payment in as it is, from a state file or newly made.
    pub(crate) fn put_payment(&mut self, record: Record) {
        let payment = &record.payment;
        let place = (payment.created_at, payment.id.clone());
        self.newest_last
            .entry(payment.payment_service_id.clone())
            .or_default()
            .insert(place);
        self.note(|| Change::Payment(record.payment.id.clone()));
        self.payments.insert(record.payment.id.clone(), record);
    }

    /// Changes one payment, or nothing where that is refused.
    pub(crate) fn change_payment<T>(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Record) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let result = change(self.payments.get_mut(id).ok_or_else(payment_not_found)?)?;
        self.note(|| Change::Payment(id.to_owned()));
        Ok(result)
    }

    /// Ids of a service's payments in order of creation.
    pub(crate) fn order_of(&self, service: &str) -> Option<&BTreeSet<(Timestamp, String)>> {
        self.newest_last.get(service)
    }

    /// Every payment, oldest first.
    pub(crate) fn payments(&self) -> Vec<&Record> {
        let mut all: Vec<&Record> = self.payments.values().collect();
        all.sort_unstable_by_key(|record| record.number);
        all
    }

    /// Forgets everything but the registrations of webhooks.
    pub(crate) fn reset(&mut self) {
        self.payments = HashMap::new();
        self.newest_last = HashMap::new();
        self.keys = Keys::default();
        self.events.forget();
        self.note(|| Change::Reset);
    }
}

pub(crate) fn payment_not_found() -> ApiError {
    ApiError::new(
        404,
        "payment_not_found",
        "This payment service has no such payment",
    )
}
