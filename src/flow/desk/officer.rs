//! What an officer or a payer asks to be done to a payment: cancel, refund, send its e-mail, tell of it again.

use super::{Message, PATIENCE_MS, Progress, Reply, Task, begin, recorded};
use crate::flow::command::{Action, Command, Done};
use crate::flow::terms::Desk;
use crate::flow::upstream::Trouble;
use crate::flow::view::PaymentView;
use crate::flow::witness::{paid_status, witness};
use crate::ledger::{AttemptState, Telling, Transition, refund_key};
use crate::paysg::{Cents, Payment, PaymentId, Status};

pub(super) fn command(desk: &mut Desk<'_>, payment_id: PaymentId, action: Action) -> Progress {
    if desk.terms.remembers && desk.ledger.intent.attempt_of(&payment_id).is_none() {
        return Progress::Done(Reply::Failed(Trouble::UnknownPayment));
    }
    let service = desk.ledger.intent.payment_service_id.clone();
    let command = Command::new(action, service, payment_id, desk.now_ms);
    let fetch = command.fetch(0);
    Progress::Working(Task::Command(Box::new(command)), fetch)
}

pub(super) fn refund(
    desk: &mut Desk<'_>,
    payment_id: PaymentId,
    amount_in_cents: Cents,
    command_id: &str,
) -> Progress {
    let key = refund_key(&payment_id, command_id);
    let action = |repeated| Action::Refund {
        amount_in_cents,
        key: key.clone(),
        repeated,
    };
    if !desk.terms.remembers {
        return command(desk, payment_id, action(false));
    }
    let Some(attempt) = desk.ledger.intent.attempt_of(&payment_id) else {
        return Progress::Done(Reply::Failed(Trouble::UnknownPayment));
    };
    // An open one may have been paid since: PaySG knows, and refuses otherwise.
    if !attempt.state.was_paid() && attempt.state != AttemptState::Open {
        let status = paid_status(attempt.state);
        return Progress::Done(Reply::Failed(Trouble::NotAllowed { status }));
    }
    let earlier = desk
        .ledger
        .intent
        .refunds
        .iter()
        .find(|refund| refund.key == key);
    if earlier.is_some_and(|refund| refund.amount_in_cents != amount_in_cents) {
        return Progress::Done(Reply::Failed(Trouble::RefundChanged));
    }
    match earlier.map(|refund| refund.accepted) {
        // The same command once more: what it did stands.
        Some(Some(true)) => begin(
            desk,
            Message::Inquire {
                payment_id,
                patience_ms: PATIENCE_MS,
                fresh: true,
            },
        ),
        Some(accepted) => command(desk, payment_id, action(accepted.is_none())),
        None => {
            desk.record(Transition::RefundAsked {
                payment_id: payment_id.clone(),
                key: key.clone(),
                amount_in_cents,
            });
            command(desk, payment_id, action(false))
        }
    }
}

pub(super) fn commanded(
    desk: &mut Desk<'_>,
    command: &Command,
    result: Result<Done, Trouble>,
) -> Reply {
    let done = match result {
        Ok(done) => done,
        Err(trouble) => {
            if trouble == Trouble::Mismatch {
                desk.flag_swapped(command.payment_id());
            }
            return Reply::Failed(trouble);
        }
    };
    let shown = done.payment.status();
    let mut refunded = done.refusal.is_none();
    let status = if desk.terms.remembers {
        let tell_cancelled = *command.action() == Action::Cancel;
        let before = desk
            .ledger
            .intent
            .attempt_of(&done.payment.id)
            .map(|attempt| attempt.state);
        let status = match witness(desk, &done.payment, tell_cancelled) {
            Ok(status) => status,
            Err(trouble) => return Reply::Failed(trouble),
        };
        refunded |= record_refund(desk, &done, command.action(), before);
        status
    } else {
        shown
    };
    let did = match command.action() {
        Action::Cancel => status == Status::Cancelled,
        Action::Refund { .. } => refunded,
        Action::SendEmail => done.refusal.is_none(),
    };
    if did {
        return Reply::Payment {
            payment: PaymentView::of(&done.payment, status),
        };
    }
    Reply::Failed(match done.refusal {
        Some(trouble @ Trouble::Unavailable { .. }) => trouble,
        _ => refund_refused(desk, &done.payment, command.action(), status)
            .unwrap_or(Trouble::NotAllowed { status }),
    })
}

/// A paid payment may be refunded: what PaySG does not like of a refund then is its amount, or that another one is under way.
fn refund_refused(
    desk: &Desk<'_>,
    payment: &Payment,
    action: &Action,
    status: Status,
) -> Option<Trouble> {
    let refundable = matches!(status, Status::Paid | Status::PartiallyRefunded);
    if !refundable || !matches!(action, Action::Refund { .. }) {
        return None;
    }
    let refunds = desk.ledger.intent.refunds.iter();
    let left_in_cents = refunds
        .filter(|refund| refund.payment_id == payment.id && refund.accepted == Some(true))
        .fold(payment.amount_in_cents.get(), |left, refund| {
            left.saturating_sub(refund.amount_in_cents.get())
        });
    Cents::new(left_in_cents).map(|left_in_cents| Trouble::RefundRefused { left_in_cents })
}

/// Records what became of a refund, and whether it was made. One whose answer was lost was made if the payment is refunded further than
/// the ledger knew; beside one that PaySG has refused, somebody refunded it on the dashboard.
fn record_refund(
    desk: &mut Desk<'_>,
    done: &Done,
    action: &Action,
    before: Option<AttemptState>,
) -> bool {
    let Action::Refund { key, repeated, .. } = action else {
        return false;
    };
    let lost = *repeated || matches!(done.refusal, Some(Trouble::Unavailable { .. }));
    let further = match (before, done.payment.status()) {
        (Some(AttemptState::Paid), Status::PartiallyRefunded | Status::Refunded)
        | (Some(AttemptState::PartiallyRefunded), Status::Refunded) => true,
        (Some(_) | None, _) => false,
    };
    let made = done.refusal.is_none() || (lost && further);
    if made {
        desk.record(Transition::RefundMade {
            key: key.clone(),
            whole: done.payment.status() == Status::Refunded,
        });
    } else if !matches!(done.refusal, Some(Trouble::Unavailable { .. })) {
        desk.record(Transition::RefundRefused { key: key.clone() });
    }
    made
}

pub(super) fn tell_again(desk: &mut Desk<'_>, payment_id: &PaymentId) -> Progress {
    let tellings: Vec<Telling> = desk
        .ledger
        .intent
        .tellings
        .iter()
        .filter(|telling| telling.payment_id == *payment_id)
        .cloned()
        .collect();
    let told = !tellings.is_empty();
    for Telling {
        key, acknowledged, ..
    } in tellings
    {
        desk.ledger.schedule.tells.clear(&key);
        if acknowledged {
            desk.record(Transition::TellAgain { key });
        }
    }
    Progress::Done(match recorded(desk, payment_id) {
        Some(payment) if told => Reply::Payment { payment },
        // There is nothing to tell of it.
        Some(PaymentView { status, .. }) => Reply::Failed(Trouble::NotAllowed { status }),
        None => Reply::Failed(Trouble::UnknownPayment),
    })
}
