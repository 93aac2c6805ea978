//! Commands of an operator on an intent: adopt a payment, abandon an attempt, acknowledge an alert, erase the journal. [Reconciling](super::reconcile) is apart.

use super::{Message, Progress, Reply, Task, fresh_glance, recorded_intent};
use crate::flow::agenda;
use crate::flow::checkout::in_flight_ms;
use crate::flow::terms::Desk;
use crate::flow::upstream::Trouble;
use crate::flow::view::PaymentView;
use crate::flow::watch::{self, Acknowledgeable};
use crate::flow::witness::{adopt_for_operator, paid_status};
use crate::ledger::{Attempt, AttemptState, Transition};
use crate::paysg::{Payment, PaymentId};

/// Journals who has asked for what. A command for an intent that the ledger does not know leaves no trace, except one that makes it known.
pub(super) fn journal(desk: &mut Desk<'_>, command: String, by: Option<String>, message: &Message) {
    let known = !desk.ledger.is_empty() || matches!(message, Message::Adopt { .. });
    if desk.terms.remembers && known {
        if !matches!(message, Message::Erase { .. }) {
            desk.ledger.reopen(desk.now_ms);
        }
        desk.record(Transition::CommandReceived { command, by });
    }
}

pub(super) fn adopt(desk: &Desk<'_>, payment_id: PaymentId) -> Progress {
    let glance = fresh_glance(desk, payment_id);
    let fetch = glance.fetch(0);
    Progress::Working(Task::OperatorAdoption(glance), fetch)
}

pub(super) fn adopted(desk: &mut Desk<'_>, _: &PaymentId, seen: Result<Payment, Trouble>) -> Reply {
    let adopted = seen.and_then(|payment| {
        let status = adopt_for_operator(desk, &payment)?;
        Ok(PaymentView::of(&payment, status))
    });
    match adopted {
        Ok(payment) => Reply::Payment { payment },
        Err(trouble) => Reply::Failed(trouble),
    }
}

pub(super) fn abandon_attempt(desk: &mut Desk<'_>, number: u32) -> Progress {
    if desk.ledger.is_empty() {
        return Progress::Done(Reply::Failed(Trouble::NoRecord));
    }
    let Some(attempt) = desk.ledger.intent.attempt(number) else {
        return Progress::Done(Reply::Failed(Trouble::UnknownEntry));
    };
    let in_flight_ms = in_flight_ms(attempt, desk.now_ms);
    Progress::Done(match attempt.state {
        // PaySG may yet carry out the call.
        AttemptState::Started if in_flight_ms > 0 => Reply::Failed(Trouble::Unavailable {
            retry_after_ms: u32::try_from(in_flight_ms).ok(),
        }),
        AttemptState::Started => {
            desk.record(Transition::GivenUp { attempt: number });
            recorded_intent(desk)
        }
        AttemptState::GivenUp | AttemptState::Refused => recorded_intent(desk),
        AttemptState::Open
        | AttemptState::Cancelled
        | AttemptState::Paid
        | AttemptState::PartiallyRefunded
        | AttemptState::Refunded => Reply::Failed(Trouble::NotAllowed {
            status: paid_status(attempt.state),
        }),
    })
}

pub(super) fn erase(desk: &mut Desk<'_>, by: Option<String>) -> Progress {
    if desk.ledger.is_empty() {
        return Progress::Done(Reply::Failed(Trouble::NoRecord));
    }
    if !is_settled(desk) {
        return Progress::Done(Reply::Failed(Trouble::NotSettled));
    }
    desk.ledger.erase(desk.now_ms, by);
    Progress::Done(recorded_intent(desk))
}

/// Whether nothing more will come of an intent by itself: nothing is due, nothing can be paid, and no alert stands or is to come.
fn is_settled(desk: &Desk<'_>) -> bool {
    let (ledger, pace, now_ms) = (&*desk.ledger, desk.terms.pace, desk.now_ms);
    let can_be_paid =
        |attempt: &Attempt| matches!(attempt.state, AttemptState::Started | AttemptState::Open);
    !ledger.intent.attempts.iter().any(can_be_paid)
        && agenda::next(ledger, pace).is_none()
        && watch::next(ledger, pace, now_ms).is_none()
        && watch::concerns(ledger, pace, now_ms).is_empty()
}

pub(super) fn acknowledge(
    desk: &mut Desk<'_>,
    alert: Acknowledgeable,
    payment_id: Option<&PaymentId>,
) -> Progress {
    if desk.ledger.is_empty() {
        return Progress::Done(Reply::Failed(Trouble::NoRecord));
    }
    let intent = &desk.ledger.intent;
    let acknowledgements: Vec<Transition> = match alert {
        Acknowledgeable::Flag(flag) => intent
            .flags
            .iter()
            .filter(|raised| raised.flag == flag)
            .filter(|raised| payment_id.is_none() || raised.payment_id.as_ref() == payment_id)
            .map(|raised| Transition::FlagAcknowledged {
                flag,
                payment_id: raised.payment_id.clone(),
            })
            .collect(),
        Acknowledgeable::Refund(state) => intent
            .unsettled_refunds()
            .filter(|refund| refund.state == state)
            .filter(|refund| payment_id.is_none_or(|id| refund.payment_id == *id))
            .map(|refund| Transition::RefundAcknowledged {
                key: refund.key.clone(),
            })
            .collect(),
    };
    if acknowledgements.is_empty() {
        return Progress::Done(Reply::Failed(Trouble::UnknownEntry));
    }
    for acknowledgement in acknowledgements {
        // Refused where it is acknowledged already.
        desk.record(acknowledgement);
    }
    Progress::Done(recorded_intent(desk))
}
