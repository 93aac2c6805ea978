//! Which attempt a payment belongs to that a list or an event has named.

use super::terms::Desk;
use crate::ledger::{Attempt, AttemptState, Intent, Transition};
use crate::paysg::PaymentId;

/// How far our clock and PaySG's may be apart.
pub(super) const CLOCK_SLACK_MS: i64 = 5 * 60_000;

/// Records a payment that a list or an event has named: for the attempt that explains it, otherwise for itself.
pub(super) fn record_found(
    desk: &mut Desk<'_>,
    payment_id: &PaymentId,
    amount_in_cents: u64,
    created_at_ms: Option<i64>,
) {
    let payment_id = payment_id.clone();
    let intent = &desk.ledger.intent;
    let transition = match explained_by(intent, amount_in_cents, created_at_ms) {
        Some(attempt) => Transition::Opened {
            attempt: attempt.number,
            payment_id,
            adopted: true,
            same_order: true,
            amount_in_cents: None,
        },
        None => Transition::Adopted {
            attempt: intent.next_number(),
            payment_id,
            amount_in_cents,
        },
    };
    desk.record(transition);
}

/// The attempt whose lost create call explains a payment: of those of its amount, the newest that was started before PaySG made it. Where PaySG's
/// clock is behind, none was; then it is the first of those that were started within minutes of it.
pub(super) fn explained_by(
    intent: &Intent,
    amount_in_cents: u64,
    created_at_ms: Option<i64>,
) -> Option<&Attempt> {
    let lost = || {
        intent.attempts.iter().filter(|attempt| {
            attempt.payment_id.is_none()
                && attempt.amount_in_cents == amount_in_cents
                && matches!(attempt.state, AttemptState::Started | AttemptState::GivenUp)
        })
    };
    let Some(created_at_ms) = created_at_ms else {
        return lost().next_back();
    };
    lost()
        .rfind(|attempt| attempt.started_at_ms <= created_at_ms)
        .or_else(|| {
            lost().find(|attempt| {
                attempt.started_at_ms.saturating_sub(CLOCK_SLACK_MS) <= created_at_ms
            })
        })
}
