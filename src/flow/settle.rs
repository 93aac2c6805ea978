//! Settles refunds by what a GET shows.
//!
//! PaySG lists no refunds. It says of a payment neither how much was given back nor by which call: only `refund_status`. What PaySG shows is
//! taken for a refund of the ledger's in two cases.
//! - PaySG took the refund (a 2xx). PaySG has one refund of a payment under way at a time.
//! - The answer was lost, no other refund is open, nothing was given back before, and the amount fits.
//!
//! Everything else was given back by somebody else. The e-service is then told how the payment stands, without a refund.

use super::terms::Desk;
use crate::ledger::{Attempt, AttemptState, Flag, Refund, RefundState, Transition};
use crate::paysg::{Payment, RefundStatus};

/// When PaySG was asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// While nothing else was done to the intent.
    InTurn,
    /// While another call may have been under way: the answer may be older than what the ledger knows by now.
    Apart,
}

/// Enters what a GET shows of a paid payment's refunds.
pub fn settle_refunds(desk: &mut Desk<'_>, payment: &Payment, asked: Asked) {
    let intent = &desk.ledger.intent;
    let Some(attempt) = intent.attempt_of(&payment.id).cloned() else {
        return;
    };
    let refunds = intent.unsettled_refunds();
    let unsettled: Vec<Refund> = refunds
        .filter(|refund| refund.payment_id == payment.id)
        .cloned()
        .collect();
    let alone = unsettled.len() == 1;
    for refund in unsettled {
        let Some(transition) = outcome(&refund, alone, &attempt, payment, asked) else {
            continue;
        };
        if let Transition::RefundPending { key } = &transition {
            // Refused where PaySG's own answer said so already.
            desk.record(Transition::RefundAccepted { key: key.clone() });
        }
        desk.record(transition);
    }
    match &payment.refund_status {
        RefundStatus::Other(_) => desk.flag(Flag::RefundStatusUnknown, Some(&payment.id)),
        RefundStatus::Absent
        | RefundStatus::NotRefunded
        | RefundStatus::PartiallyRefunded
        | RefundStatus::FullyRefunded
        | RefundStatus::Pending
        | RefundStatus::Failed => desk.clear_flags(&[Flag::RefundStatusUnknown], &payment.id),
    }
    match &payment.refund_status {
        RefundStatus::PartiallyRefunded | RefundStatus::FullyRefunded => {
            // Money was given back since.
            desk.clear_flags(&[Flag::RefundFailed], &payment.id);
            // Refused where a refund of the ledger's explains it, and where it is known already.
            desk.record(Transition::Refunded {
                attempt: attempt.number,
                whole: payment.refund_status == RefundStatus::FullyRefunded,
                tell: true,
            });
        }
        RefundStatus::Failed => desk.flag(Flag::RefundFailed, Some(&payment.id)),
        RefundStatus::Absent
        | RefundStatus::NotRefunded
        | RefundStatus::Pending
        | RefundStatus::Other(_) => {}
    }
}

fn outcome(
    refund: &Refund,
    alone: bool,
    attempt: &Attempt,
    payment: &Payment,
    asked: Asked,
) -> Option<Transition> {
    let key = refund.key.clone();
    let taken = refund.state == RefundState::Pending;
    // The next GET tells more: PaySG may show later what it has done.
    let wait = || {
        let key = key.clone();
        taken.then_some(Transition::RefundPending { key })
    };
    let left_in_cents = attempt
        .refunded_amount_in_cents
        .and_then(|known| attempt.amount_in_cents.checked_sub(known))
        .and_then(|left| left.checked_sub(refund.amount_in_cents.get()));
    let leaves_nothing = left_in_cents == Some(0);
    match &payment.refund_status {
        RefundStatus::Absent | RefundStatus::NotRefunded | RefundStatus::Other(_) => wait(),
        RefundStatus::Pending => (taken || alone).then_some(Transition::RefundPending { key }),
        RefundStatus::Failed => (taken || alone).then_some(Transition::RefundFailed { key }),
        RefundStatus::PartiallyRefunded if leaves_nothing => wait(),
        RefundStatus::PartiallyRefunded => {
            let new = refund.before != AttemptState::PartiallyRefunded;
            let made = new && alone || taken && (new || asked == Asked::InTurn);
            made.then_some(Transition::RefundMade { key, whole: false })
        }
        RefundStatus::FullyRefunded => (taken || (alone && leaves_nothing))
            .then_some(Transition::RefundMade { key, whole: true }),
    }
}
