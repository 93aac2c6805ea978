//! What an officer or a payer asks to be done to a payment: cancel, send its e-mail, tell of it again, or [refund](super::refund).

use super::{Progress, Reply, Task, recorded, refund};
use crate::flow::command::{Action, Command, Done};
use crate::flow::terms::Desk;
use crate::flow::upstream::Trouble;
use crate::flow::view::PaymentView;
use crate::flow::witness::witness;
use crate::ledger::{Telling, Transition};
use crate::paysg::{PaymentId, Status};

pub(super) fn command(desk: &mut Desk<'_>, payment_id: PaymentId, action: Action) -> Progress {
    if desk.terms.remembers && desk.ledger.intent.attempt_of(&payment_id).is_none() {
        return Progress::Done(Reply::Failed(Trouble::UnknownPayment));
    }
    let service = desk.ledger.intent.payment_service_id.clone();
    let command = Command::new(action, service, payment_id, desk.now_ms);
    let command = if desk.terms.remembers {
        command.believed()
    } else {
        command
    };
    let fetch = command.fetch(0);
    Progress::Working(Task::Command(Box::new(command)), fetch)
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
            let trouble = desk.not_shown(command.payment_id(), trouble);
            return refund::failed(desk, command, trouble);
        }
    };
    refund::refused_at_once(desk, command, &done);
    let status = if desk.terms.remembers {
        let tell_cancelled = *command.action() == Action::Cancel;
        match witness(desk, &done.payment, tell_cancelled) {
            Ok(status) => status,
            Err(trouble) => return Reply::Failed(trouble),
        }
    } else {
        done.payment.status()
    };
    let trouble = match command.action() {
        Action::Refund {
            amount_in_cents,
            key,
            ..
        } => {
            let request = refund::RefundRequest::of(*amount_in_cents, key);
            return refund::answered(desk, &done, &request, status);
        }
        Action::Cancel => (status != Status::Cancelled).then(|| refused(done.refusal, status)),
        Action::SendEmail => done.refusal.map(|refusal| refused(Some(refusal), status)),
    };
    trouble.map_or_else(
        || Reply::Payment {
            payment: PaymentView::of(&done.payment, status),
        },
        Reply::Failed,
    )
}

/// What is said of a command that was not done.
fn refused(refusal: Option<Trouble>, status: Status) -> Trouble {
    refusal
        .filter(|trouble| matches!(trouble, Trouble::Unavailable { .. }))
        .unwrap_or(Trouble::NotAllowed { status })
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
