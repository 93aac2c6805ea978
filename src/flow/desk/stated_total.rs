//! The total given back of a payment, as an operator has read it on PaySG's dashboard.
//!
//! PaySG's API does not show it. It settles the refund whose outcome is not known, if the total is explained with that refund or without it.

use crate::flow::terms::Desk;
use crate::flow::upstream::Trouble;
use crate::ledger::{Refund, RefundState, Transition};
use crate::paysg::{Payment, RefundStatus};

/// How long a call that nobody answered may still be under way at PaySG.
const IN_FLIGHT_MS: i64 = 60_000;

/// Enters the total, beside what a GET shows of the payment.
///
/// # Errors
/// [`Trouble::RefundUncertain`] if the GET or the ledger contradicts the total, or if a refund may still be under way.
pub(super) fn enter(desk: &mut Desk<'_>, payment: &Payment, stated: u64) -> Result<(), Trouble> {
    let intent = &desk.ledger.intent;
    let Some(attempt) = intent.attempt_of(&payment.id) else {
        return Err(Trouble::UnknownPayment);
    };
    let agrees = match &payment.refund_status {
        RefundStatus::Absent | RefundStatus::NotRefunded => stated == 0,
        RefundStatus::PartiallyRefunded => (1..attempt.amount_in_cents).contains(&stated),
        RefundStatus::Other(_) => stated < attempt.amount_in_cents,
        // PaySG takes no other refund then: there is nothing to find out.
        RefundStatus::FullyRefunded | RefundStatus::Pending | RefundStatus::Failed => return Ok(()),
    };
    let unsettled: Vec<Refund> = intent
        .unsettled_refunds()
        .filter(|refund| refund.payment_id == payment.id)
        .cloned()
        .collect();
    let under_way = unsettled
        .iter()
        .filter(|refund| refund.state == RefundState::Requested)
        .any(|refund| desk.now_ms.saturating_sub(refund.asked_at_ms) < IN_FLIGHT_MS);
    let known = attempt.refunded_amount_in_cents;
    if !agrees || under_way || known.is_some_and(|known| stated < known) {
        return Err(Trouble::RefundUncertain);
    }
    let transition = match (&*unsettled, known) {
        ([], known) if known == Some(stated) => return Ok(()),
        ([refund], Some(known)) if stated == known => {
            let key = refund.key.clone();
            if refund.state == RefundState::Pending {
                Transition::RefundFailed { key }
            } else {
                Transition::RefundRefused { key }
            }
        }
        ([refund], Some(known))
            if stated.checked_sub(known) == Some(refund.amount_in_cents.get()) =>
        {
            Transition::RefundMade {
                key: refund.key.clone(),
                whole: false,
            }
        }
        _ => Transition::RefundTotalStated {
            payment_id: payment.id.clone(),
            amount_in_cents: stated,
        },
    };
    desk.record(transition);
    Ok(())
}
