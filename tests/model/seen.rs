//! How often things happened over all lives. What never happened was never tested.

use std::collections::BTreeMap;

const EXPECTED: [&str; 34] = [
    "a payment chosen",
    "a crash",
    "a write lost",
    "a key pruned",
    "a payment found for an attempt",
    "a payment adopted",
    "an attempt given up",
    "a notification",
    "a notification refused",
    "a second payment that can be paid",
    "a second payment that is paid",
    "a refund",
    "a search by alarm",
    "cancelled for a changed order",
    "cancelled for its age",
    "cancelled for another that is paid",
    "cancelled by command",
    "a transfer to a cancelled payment",
    "two links at once",
    "an order with other metadata",
    "a deployment without a URL",
    "a URL set at last",
    "a command of an operator",
    "a flag cleared",
    "a flag acknowledged",
    "an alert remedied",
    "a journal erased",
    "an order for what was paid and erased",
    "a late payment by a stranger",
    "a payer who vanished",
    "a create refused",
    "an answer of a gateway",
    "a GET that lags",
    "an event that is due",
];

#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(BTreeMap<&'static str, u64>);

impl Seen {
    pub(crate) fn note(&mut self, what: &'static str) {
        debug_assert!(EXPECTED.contains(&what), "{what}");
        *self.0.entry(what).or_default() += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }

    pub(crate) fn assert_all_happened(&self) {
        for what in EXPECTED {
            assert!(self.0.contains_key(what), "{what}: never happened");
        }
    }
}
