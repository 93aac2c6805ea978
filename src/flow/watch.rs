//! Detects intents that need an operator: what is stuck, and what is flagged.

use serde::{Deserialize, Serialize};

use super::agenda::{self, Pace};
use crate::ledger::{Attempt, AttemptState, Flag, Intent, Ledger, Refund};
use crate::paysg::PaymentId;

const REFUND_UNANSWERED: &str = "refund_unanswered";
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
    if unanswered_refunds(intent).any(|refund| long_ago(refund.asked_at_ms)) {
        concerns.push(REFUND_UNANSWERED);
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
            && !intent.acknowledged_refunds.contains(&refund.key)
    })
}

/// An alert that an operator can acknowledge. The others end by themselves or by another command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acknowledgeable {
    /// A flag.
    Flag(Flag),
    /// PaySG never answered a refund.
    RefundUnanswered,
}

impl Acknowledgeable {
    /// Reads the word that the log has for it.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            REFUND_UNANSWERED => Some(Self::RefundUnanswered),
            word => Flag::parse(word).map(Self::Flag),
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
    }
}
