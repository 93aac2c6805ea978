//! What of an intent an operator should know of: what is stuck, and what is flagged and not settled yet.

use super::agenda::{self, Pace};
use crate::ledger::{Attempt, AttemptState, Flag, Intent, Ledger, Refund};
use crate::paysg::PaymentId;

/// After so long, what should have happened is stuck.
const STUCK_MS: i64 = 60 * 60_000;
/// About as long: tries of a GET for an event come after 2 s, growing to an hour.
const STUCK_TRIES: u32 = 12;

/// The concerns about an intent, each a word for the log. Empty where all is well.
#[must_use]
pub fn concerns(ledger: &Ledger, pace: Pace, now_ms: i64) -> Vec<&'static str> {
    let intent = &ledger.intent;
    let long_ago = |at_ms: i64| stuck_at(at_ms, pace) <= now_ms;
    let mut concerns = Vec::new();
    if pace.tells && intent.untold().any(|telling| long_ago(telling.since_ms)) {
        concerns.push("untold");
    }
    let tries = |hint: &PaymentId| ledger.schedule.hints.tries(hint.as_str());
    if intent.hints.iter().any(|hint| tries(hint) >= STUCK_TRIES) {
        concerns.push("unexamined");
    }
    if unanswered(intent).any(|attempt| long_ago(attempt.started_at_ms)) {
        concerns.push("unanswered");
    }
    if unanswered_refunds(intent).any(|refund| long_ago(refund.asked_at_ms)) {
        concerns.push("refund_unanswered");
    }
    for (flag, payment_id) in &intent.flags {
        let word = word(*flag);
        if !is_settled(intent, *flag, payment_id.as_ref()) && !concerns.contains(&word) {
            concerns.push(word);
        }
    }
    concerns
}

/// When an intent has to be looked at again for this alone: nothing else wakes one whose create or refund PaySG never answered.
///
/// First when the link, once it is there, will be looked after: the alarm that is set before PaySG is called then need not be set again after it.
#[must_use]
pub fn next(ledger: &Ledger, pace: Pace, now_ms: i64) -> Option<i64> {
    let intent = &ledger.intent;
    let refunds = unanswered_refunds(intent).map(|refund| stuck_at(refund.asked_at_ms, pace));
    unanswered(intent)
        .flat_map(|attempt| {
            let first_look_ms = agenda::first_look_ms(attempt, pace);
            [first_look_ms, stuck_at(attempt.started_at_ms, pace)]
        })
        .chain(refunds)
        .filter(|at_ms| *at_ms > now_ms)
        .min()
}

fn stuck_at(at_ms: i64, pace: Pace) -> i64 {
    at_ms.saturating_add(pace.of(STUCK_MS))
}

/// PaySG may have made a payment for these, or not: the payer's next request finds out.
fn unanswered(intent: &Intent) -> impl Iterator<Item = &Attempt> {
    intent
        .attempts
        .iter()
        .filter(|attempt| attempt.state == AttemptState::Started)
}

/// PaySG may have made these, or not: the command finds out when it comes again. What was given back in full needs no more looking after.
fn unanswered_refunds(intent: &Intent) -> impl Iterator<Item = &Refund> {
    intent.unanswered_refunds().filter(|refund| {
        let attempt = intent.attempt_of(&refund.payment_id);
        attempt.is_some_and(|attempt| attempt.state != AttemptState::Refunded)
    })
}

const fn word(flag: Flag) -> &'static str {
    match flag {
        Flag::Surplus => "surplus",
        Flag::Duplicate => "duplicate",
        Flag::Mismatch => "mismatch",
        Flag::SearchTooLong => "search_too_long",
        Flag::WentBack => "went_back",
        Flag::Vanished => "vanished",
    }
}

/// Whether what was flagged has been put right, as far as the ledger can tell. The rest is for people to settle.
fn is_settled(intent: &Intent, flag: Flag, payment_id: Option<&PaymentId>) -> bool {
    let state = payment_id
        .and_then(|id| intent.attempt_of(id))
        .map(|attempt| attempt.state);
    match flag {
        Flag::Surplus => matches!(
            state,
            Some(AttemptState::Refunded | AttemptState::Cancelled)
        ),
        // Both paid: the second one is a surplus.
        Flag::Duplicate => state.is_some_and(|state| state != AttemptState::Open),
        Flag::SearchTooLong => unanswered(intent).next().is_none(),
        Flag::Mismatch | Flag::WentBack | Flag::Vanished => false,
    }
}
