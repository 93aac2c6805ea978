//! What a GET shows, entered into the ledger.

use super::attribution::record_found;
use super::settle::{Asked, settle_refunds};
use super::terms::Desk;
use super::upstream::Trouble;
use crate::ledger::{AttemptState, Erased, Flag, Intent, Transition, intent_name};
use crate::paysg::{Payment, Status};

/// Enters what a GET shows of a payment, and answers with the status to go by.
///
/// A payment is the intent's only if the GET bears its service and reference and, for one that an attempt asked for, its amount. One
/// that no attempt asked for is adopted if this proxy [made](super::terms::Terms::made) it. Paid never goes back.
///
/// `tell_cancelled`: whether a cancellation that comes to light now was made through the edge, so that the e-service is told.
///
/// # Errors
/// [`Trouble::Mismatch`], with a flag, where the GET contradicts the ledger; [`Trouble::UnknownPayment`] where the payment is not ours.
pub fn witness(
    desk: &mut Desk<'_>,
    payment: &Payment,
    tell_cancelled: bool,
) -> Result<Status, Trouble> {
    enter(desk, payment, tell_cancelled, Asked::InTurn)
}

/// The same for a GET that did not wait for its turn: it may have been answered before PaySG was asked for a refund that the ledger has by now.
///
/// # Errors
/// As [`witness`].
pub fn witness_apart(desk: &mut Desk<'_>, payment: &Payment) -> Result<Status, Trouble> {
    enter(desk, payment, false, Asked::Apart)
}

fn enter(
    desk: &mut Desk<'_>,
    payment: &Payment,
    tell_cancelled: bool,
    asked: Asked,
) -> Result<Status, Trouble> {
    desk.ledger.schedule.missing.clear(payment.id.as_str());
    if let Some(erased) = &desk.ledger.intent.erased {
        return of_erased(&desk.ledger.intent, erased, payment);
    }
    let intent = &desk.ledger.intent;
    let of_this_intent = payment.payment_service_id == intent.payment_service_id
        && payment.reference_id == intent.reference_id;
    let known = intent.attempt_of(&payment.id).is_some();
    if !of_this_intent {
        if known {
            desk.flag(Flag::Mismatch, Some(&payment.id));
            return Err(Trouble::Mismatch);
        }
        return Err(Trouble::UnknownPayment);
    }
    if !known {
        adopt(desk, payment)?;
    }
    let Some(attempt) = desk.ledger.intent.attempt_of(&payment.id) else {
        return Err(Trouble::UnknownPayment);
    };
    if attempt.amount_in_cents != payment.amount_in_cents.get() {
        desk.flag(Flag::Mismatch, Some(&payment.id));
        return Err(Trouble::Mismatch);
    }
    let number = attempt.number;
    let before = attempt.state;
    // Of a paid reference the e-service hears of no cancellation: it may know its orders by their references alone.
    let tell_cancelled = tell_cancelled && desk.ledger.intent.paid().is_none();
    let shown = payment.status();
    desk.clear_flags(&[Flag::Mismatch, Flag::Vanished], &payment.id);
    if shown.was_paid() {
        desk.clear_flags(&[Flag::WentBack], &payment.id);
    }
    match shown {
        Status::Paid | Status::PartiallyRefunded | Status::Refunded => {
            if !before.was_paid() {
                desk.record(Transition::Paid {
                    attempt: number,
                    paid_at: payment.paid_at.clone(),
                });
            }
            settle_refunds(desk, payment, asked);
            desk.record(Transition::Examined {
                payment_id: payment.id.clone(),
            });
        }
        // Another GET may have seen what a command did before the command's own. Refused where it is told already.
        Status::Cancelled
            if before == AttemptState::Open
                || (tell_cancelled && before == AttemptState::Cancelled) =>
        {
            desk.record(Transition::Cancelled {
                attempt: number,
                tell: tell_cancelled,
            });
        }
        Status::Unpaid | Status::Cancelled if before.was_paid() => {
            desk.flag(Flag::WentBack, Some(&payment.id));
        }
        Status::Unpaid | Status::Cancelled | Status::Unknown => {}
    }
    Ok(match desk.ledger.intent.attempt(number) {
        Some(attempt) if attempt.state.was_paid() => paid_status(attempt.state),
        _ => shown,
    })
}

/// The status to go by of a payment whose intent is erased: nothing is entered, and paid never goes back.
fn of_erased(intent: &Intent, erased: &Erased, payment: &Payment) -> Result<Status, Trouble> {
    if intent_name(&payment.payment_service_id, &payment.reference_id) != erased.intent {
        return Err(Trouble::Mismatch);
    }
    let shown = payment.status();
    Ok(match intent.attempt_of(&payment.id) {
        Some(attempt) if !shown.was_paid() => paid_status(attempt.state),
        Some(_) | None => shown,
    })
}

/// The status that a paid state stands for.
pub const fn paid_status(state: AttemptState) -> Status {
    match state {
        AttemptState::Paid => Status::Paid,
        AttemptState::PartiallyRefunded => Status::PartiallyRefunded,
        AttemptState::Refunded => Status::Refunded,
        AttemptState::Cancelled => Status::Cancelled,
        AttemptState::Started
        | AttemptState::Open
        | AttemptState::Refused
        | AttemptState::GivenUp => Status::Unpaid,
    }
}

/// Enters a payment that an operator names as the intent's own, whatever return URL it bears, and what a GET shows of it.
///
/// # Errors
/// As [`witness`].
pub fn adopt_for_operator(desk: &mut Desk<'_>, payment: &Payment) -> Result<Status, Trouble> {
    let intent = &desk.ledger.intent;
    let of_this_intent = payment.payment_service_id == intent.payment_service_id
        && payment.reference_id == intent.reference_id;
    if of_this_intent && intent.attempt_of(&payment.id).is_none() {
        take_in(desk, payment);
    }
    witness(desk, payment, false)
}

fn adopt(desk: &mut Desk<'_>, payment: &Payment) -> Result<(), Trouble> {
    if !desk.terms.made(payment) {
        return Err(Trouble::UnknownPayment);
    }
    take_in(desk, payment);
    Ok(())
}

/// A payment that another system made answers for no lost attempt: that attempt's own payment may be there as well.
fn take_in(desk: &mut Desk<'_>, payment: &Payment) {
    let amount_in_cents = payment.amount_in_cents.get();
    if desk.terms.made(payment) {
        record_found(desk, &payment.id, amount_in_cents, payment.created_at_ms);
        return;
    }
    desk.record(Transition::Adopted {
        attempt: desk.ledger.intent.next_number(),
        payment_id: payment.id.clone(),
        amount_in_cents,
    });
}
