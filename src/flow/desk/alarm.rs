//! What an intent does by itself when an alarm wakes it: tell the e-service, examine a hint, look after a link, cancel an abandoned one.

use super::{Progress, Reply, Task, fresh_glance};
use crate::flow::agenda::{self, Due};
use crate::flow::command::{Action, Command};
use crate::flow::fulfilment;
use crate::flow::glance::Glance;
use crate::flow::retry::Backoff;
use crate::flow::step::Answer;
use crate::flow::terms::Desk;
use crate::flow::upstream::{Tries, Trouble, retry_after};
use crate::flow::witness::witness;
use crate::ledger::{TellStatus, Transition};
use crate::paysg::{Payment, PaymentId};
use crate::token::Receipt;

/// After so many GETs that do not bear an event out, it is let go; looks after the link go on.
const MAX_HINT_TRIES: u32 = 24;

pub(super) fn wake(desk: &mut Desk<'_>) -> Progress {
    let Some(due) = agenda::due(desk.ledger, desk.terms.pace, desk.now_ms) else {
        return Progress::Done(Reply::Slept);
    };
    // The next try is put off before this one is made: a machine that dies in between neither forgets it nor hammers.
    let later = |backoff: Backoff, tries: &mut u32| {
        let delay_ms = backoff.half_jitter_ms(*tries, desk.random);
        *tries = tries.saturating_add(1);
        Some(
            desk.now_ms
                .saturating_add(desk.terms.pace.of(i64::from(delay_ms))),
        )
    };
    let schedule = &mut desk.ledger.schedule;
    match due {
        Due::Tell => {
            schedule.tell_at_ms = later(agenda::TELL_BACKOFF, &mut schedule.tell_tries);
            tell(desk)
        }
        Due::Examine(id) => {
            schedule.hint_at_ms = later(agenda::HINT_BACKOFF, &mut schedule.hint_tries);
            let glance = fresh_glance(desk, id);
            let fetch = glance.fetch(0);
            Progress::Working(Task::Examination(glance), fetch)
        }
        Due::Look(id) => {
            agenda::looked(desk.ledger, desk.terms.pace, desk.now_ms);
            // One GET a look: the next look is its retry.
            let service = desk.ledger.intent.payment_service_id.clone();
            let glance = Glance::fresh(service, id, Tries::until(desk.now_ms));
            let fetch = glance.fetch(0);
            Progress::Working(Task::Look(glance), fetch)
        }
        Due::Abandon(id) => {
            let attempt = desk.ledger.intent.current();
            let number = attempt.map_or(0, |attempt| attempt.number);
            if schedule.cancel_attempt != number {
                schedule.cancel_attempt = number;
                schedule.cancel_tries = 0;
            }
            schedule.cancel_at_ms = later(agenda::CANCEL_BACKOFF, &mut schedule.cancel_tries);
            let service = desk.ledger.intent.payment_service_id.clone();
            let command = Command::new(Action::Cancel, service, id, desk.now_ms);
            let fetch = command.fetch(0);
            Progress::Working(Task::Abandonment(Box::new(command)), fetch)
        }
    }
}

/// Goes on to tell the e-service of what a GET has just shown, where that is due: an alarm of its own would come at once, and be written to the
/// disk first. No other message waits for the call.
///
/// `again_at_ms`: for when the GET had been put off. Where that is as good a time for the call's next try, it is put off until then, too, so that
/// the alarm stands as it is.
pub(super) fn tell_at_once(
    desk: &mut Desk<'_>,
    progress: Progress,
    again_at_ms: Option<i64>,
) -> Progress {
    let over = matches!(progress, Progress::Done(Reply::Slept));
    if !over || agenda::due(desk.ledger, desk.terms.pace, desk.now_ms) != Some(Due::Tell) {
        return progress;
    }
    let tries = desk.ledger.schedule.tell_tries;
    let progress = wake(desk);
    let [earliest_ms, latest_ms] = [0, u32::MAX].map(|random| {
        let delay_ms = agenda::TELL_BACKOFF.half_jitter_ms(tries, random);
        desk.now_ms
            .saturating_add(desk.terms.pace.of(i64::from(delay_ms)))
    });
    if let Some(at_ms) = again_at_ms.filter(|at_ms| (earliest_ms..=latest_ms).contains(at_ms)) {
        desk.ledger.schedule.tell_at_ms = Some(at_ms);
    }
    progress
}

fn tell(desk: &mut Desk<'_>) -> Progress {
    let intent = &desk.ledger.intent;
    let Some(telling) = intent.untold() else {
        return Progress::Done(Reply::Slept);
    };
    let Some(attempt) = intent.attempt_of(&telling.payment_id) else {
        return Progress::Done(Reply::Slept);
    };
    let facts = Receipt {
        payment_id: telling.payment_id.clone(),
        payment_service_id: intent.payment_service_id.clone(),
        reference_id: intent.reference_id.clone(),
        amount_in_cents: attempt.amount_in_cents,
        paid_at: attempt.paid_at.clone(),
    };
    let receipt =
        (telling.status == TellStatus::Paid).then(|| (desk.terms.sign)(&facts, desk.now_ms));
    let fetch = fulfilment::tell(telling, &facts, receipt.as_deref());
    let key = telling.key.clone();
    Progress::Working(Task::Telling { key }, fetch)
}

pub(super) fn told(desk: &mut Desk<'_>, key: &str, answer: &Answer<'_>) -> Reply {
    match answer {
        Answer::Arrived {
            status: 200..=299, ..
        } => {
            desk.record(Transition::Told {
                key: key.to_owned(),
            });
            desk.ledger.schedule.tell_tries = 0;
            desk.ledger.schedule.tell_at_ms = None;
        }
        Answer::Arrived { .. } | Answer::Lost => {
            if let Some(asked_ms) = retry_after(answer) {
                let at_ms = desk.now_ms.saturating_add(i64::from(asked_ms));
                let schedule = &mut desk.ledger.schedule;
                schedule.tell_at_ms = Some(schedule.tell_at_ms.map_or(at_ms, |own| own.max(at_ms)));
            }
        }
    }
    Reply::Slept
}

pub(super) fn examined(
    desk: &mut Desk<'_>,
    id: &PaymentId,
    seen: Result<Payment, Trouble>,
) -> Reply {
    let over = match seen.and_then(|payment| witness(desk, &payment, false)) {
        Ok(status) => status.is_settled() || desk.ledger.schedule.hint_tries >= MAX_HINT_TRIES,
        Err(Trouble::UnknownPayment | Trouble::Mismatch) => true,
        Err(_) => false,
    };
    if over {
        desk.record(Transition::Examined {
            payment_id: id.clone(),
        });
        desk.ledger.schedule.hint_tries = 0;
        desk.ledger.schedule.hint_at_ms = None;
    }
    Reply::Slept
}
