//! Detects intents that need an operator: what is stuck, and what is flagged.

use serde::{Deserialize, Serialize};

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
    // Where there is no URL yet, the operator is to set one, or to say that none is wanted.
    if !pace.notifies_nobody && intent.untold().any(|telling| long_ago(telling.since_ms)) {
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
        if open_refunds(intent).any(|refund| refund.state == state && stuck(refund)) {
            concerns.push(word);
        }
    }
    for raised in &intent.flags {
        let word = word(raised.flag);
        if !raised.acknowledged && !concerns.contains(&word) {
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
    let refunds = open_refunds(intent).flat_map(|refund| {
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

/// Refunds that an operator should know of if they stay as they are.
fn open_refunds(intent: &Intent) -> impl Iterator<Item = &Refund> {
    intent
        .unsettled_refunds()
        .filter(|refund| !intent.acknowledged_refunds.contains(&refund.key))
}

fn stuck_refund_at(refund: &Refund, pace: Pace, after_ms: i64) -> i64 {
    refund.asked_at_ms.saturating_add(pace.of(after_ms))
}

/// An alert that an operator can acknowledge. The others end by themselves or by another command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acknowledgeable {
    /// A flag.
    Flag(Flag),
    /// A refund that has stayed in this state for too long.
    Refund(RefundState),
}

impl Acknowledgeable {
    /// Reads the word that the log has for it.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let stuck = STUCK_REFUNDS
            .into_iter()
            .find(|(_, alert, _)| *alert == word);
        match stuck {
            Some((state, ..)) => Some(Self::Refund(state)),
            None => Flag::parse(word).map(Self::Flag),
        }
    }
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
