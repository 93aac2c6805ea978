//! What of an intent an operator should know of: what is stuck, and what is flagged and not settled yet.

use super::agenda::{self, Pace};
use crate::ledger::{Attempt, AttemptState, Flag, Intent, Ledger, Refund, RefundState};
use crate::paysg::PaymentId;

/// After so long, what should have happened is stuck.
const STUCK_MS: i64 = 60 * 60_000;
/// Refunds that are not settled, and after how long an operator should know: PaySG may have made the first kind or not, and has taken the second.
const STUCK_REFUNDS: [(RefundState, &str, i64); 2] = [
    (RefundState::Requested, "refund_unanswered", STUCK_MS),
    (RefundState::Pending, "refund_pending", 72 * STUCK_MS),
];
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
    for (state, word, after_ms) in STUCK_REFUNDS {
        let stuck = |refund: &Refund| stuck_refund_at(refund, pace, after_ms) <= now_ms;
        let mut refunds = intent.unsettled_refunds();
        if refunds.any(|refund| refund.state == state && stuck(refund)) {
            concerns.push(word);
        }
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
    let refunds = intent.unsettled_refunds().flat_map(|refund| {
        STUCK_REFUNDS
            .into_iter()
            .filter(|(state, ..)| *state == refund.state)
            .map(|(.., after_ms)| stuck_refund_at(refund, pace, after_ms))
    });
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

fn stuck_refund_at(refund: &Refund, pace: Pace, after_ms: i64) -> i64 {
    refund.asked_at_ms.saturating_add(pace.of(after_ms))
}

const fn word(flag: Flag) -> &'static str {
    match flag {
        Flag::Surplus => "surplus",
        Flag::Duplicate => "duplicate",
        Flag::Mismatch => "mismatch",
        Flag::SearchTooLong => "search_too_long",
        Flag::WentBack => "went_back",
        Flag::Vanished => "vanished",
        Flag::RefundFailed => "refund_failed",
        Flag::RefundStatusUnknown => "refund_status_unknown",
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
        // A later refund may have taken the place of the one that failed; only the last one shows.
        Flag::RefundFailed | Flag::RefundStatusUnknown => state == Some(AttemptState::Refunded),
        Flag::Mismatch | Flag::WentBack | Flag::Vanished => false,
    }
}
