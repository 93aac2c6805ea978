//! What an intent does by itself when an alarm wakes it: tell the e-service, examine a hint, look after a payment or a refund, cancel a link
//! whose time is over, search the list for a payment that was never answered for.

use super::{PATIENCE_MS, Progress, Reply, Task, fresh_glance};
use crate::flow::agenda::{self, Due};
use crate::flow::command::{Action, Command, Done};
use crate::flow::fulfilment;
use crate::flow::glance::Glance;
use crate::flow::retry::Backoff;
use crate::flow::search::{Found, Search};
use crate::flow::step::Answer;
use crate::flow::terms::Desk;
use crate::flow::upstream::{Tries, Trouble, retry_after};
use crate::flow::witness::witness;
use crate::ledger::{AttemptState, Flag, TellStatus, Transition};
use crate::paysg::{Payment, PaymentId};
use crate::token::Receipt;

/// An event is let go after so many of PaySG's own answers that do not bear it out, over so long a time. An answer that is not PaySG's own counts
/// for nothing here: while PaySG cannot be asked, its event is kept.
const DENIALS: u32 = 24;
const DENIED_FOR_MS: i64 = 6 * 60 * 60_000;

pub(super) fn wake(desk: &mut Desk<'_>) -> Progress {
    let Some(due) = agenda::due(desk.ledger, desk.terms.pace, desk.now_ms) else {
        return Progress::Done(Reply::Slept);
    };
    // The next try is put off before this one is made: a machine that dies in between neither forgets it nor hammers.
    match due {
        Due::Tell => tell(desk),
        Due::AwaitUrl => {
            agenda::put_off_url_check(desk.ledger, desk.terms.pace, desk.now_ms);
            Progress::Done(Reply::Slept)
        }
        Due::Examine(id) => {
            let tries = desk.ledger.schedule.hints.tries(id.as_str());
            let again_at_ms = later_ms(desk, agenda::HINT_BACKOFF, tries, desk.random);
            let schedule = &mut desk.ledger.schedule;
            schedule.hints.put_off(id.as_str(), again_at_ms);
            let glance = fresh_glance(desk, id);
            let fetch = glance.fetch(0);
            Progress::Working(Task::Examination(glance), fetch)
        }
        Due::Look(id) => {
            let attempt = desk.ledger.intent.attempt_of(&id);
            if attempt.is_some_and(|attempt| attempt.state == AttemptState::Cancelled) {
                let tries = desk.ledger.schedule.rechecks.tries(id.as_str());
                let again_at_ms = later_ms(desk, agenda::CANCEL_BACKOFF, tries, desk.random);
                let rechecks = &mut desk.ledger.schedule.rechecks;
                rechecks.put_off(id.as_str(), again_at_ms);
            } else {
                agenda::looked(desk.ledger, &id, desk.terms.pace, desk.now_ms);
            }
            // One GET a look: the next look is its retry.
            let service = desk.ledger.intent.payment_service_id.clone();
            let glance = Glance::fresh(service, id, Tries::until(desk.now_ms)).believed();
            let fetch = glance.fetch(0);
            Progress::Working(Task::Look(glance), fetch)
        }
        Due::PollRefund(id, key) => {
            agenda::refund_polled(desk.ledger, desk.terms.pace, &key, desk.now_ms);
            let service = desk.ledger.intent.payment_service_id.clone();
            let glance = Glance::fresh(service, id, Tries::until(desk.now_ms));
            let fetch = glance.fetch(0);
            Progress::Working(Task::Look(glance), fetch)
        }
        Due::Abandon(id) => {
            let tries = desk.ledger.schedule.cancels.tries(id.as_str());
            let again_at_ms = later_ms(desk, agenda::CANCEL_BACKOFF, tries, desk.random);
            let schedule = &mut desk.ledger.schedule;
            schedule.cancels.put_off(id.as_str(), again_at_ms);
            let service = desk.ledger.intent.payment_service_id.clone();
            let command = Command::new(Action::Cancel, service, id, desk.now_ms).believed();
            let fetch = command.fetch(0);
            Progress::Working(Task::Abandonment(Box::new(command)), fetch)
        }
        Due::Search(attempt) => {
            let key = attempt.to_string();
            let tries = desk.ledger.schedule.searches.tries(&key);
            let again_at_ms = later_ms(desk, agenda::CANCEL_BACKOFF, tries, desk.random);
            let schedule = &mut desk.ledger.schedule;
            schedule.searches.put_off(&key, again_at_ms);
            let search = Search::of_attempt(desk, attempt, PATIENCE_MS);
            let fetch = search.fetch(desk, 0);
            let search = Box::new(search);
            Progress::Working(Task::ListSearch { attempt, search }, fetch)
        }
    }
}

/// Takes what a look after a payment shows. Nobody waits for it.
pub(super) fn looked(desk: &mut Desk<'_>, id: &PaymentId, seen: Result<Payment, Trouble>) -> Reply {
    let _ = match seen {
        Ok(payment) => {
            let trouble = witness(desk, &payment, false).err();
            agenda::rechecked(desk.ledger, id, desk.terms.pace, desk.now_ms);
            trouble
        }
        Err(trouble) => Some(desk.not_shown(id, trouble)),
    };
    Reply::Slept
}

/// Takes what came of cancelling a link whose time is over, or whose intent is paid. The latter can be paid a second time until that is done.
pub(super) fn cancelled(desk: &mut Desk<'_>, id: &PaymentId, result: Result<Done, Trouble>) {
    if matches!(result, Err(Trouble::Mismatch)) {
        desk.flag_swapped(id);
    }
    let _ = match result {
        Ok(done) => witness(desk, &done.payment, true).err(),
        Err(trouble) => Some(desk.not_shown(id, trouble)),
    };
    let intent = &desk.ledger.intent;
    let attempt = intent.attempt_of(id);
    if attempt.is_some_and(|attempt| intent.is_superseded(attempt)) {
        desk.flag(Flag::Duplicate, Some(id));
    }
}

/// Takes what the list says of an attempt that was never answered.
pub(super) fn searched(
    desk: &mut Desk<'_>,
    attempt: u32,
    search: &Search,
    result: Result<Option<Found>, Trouble>,
) {
    if let Ok(best) = result {
        agenda::searched(desk.ledger, attempt);
        if let Some(found) = best {
            search.record(desk, attempt, found);
        }
        // Refused where a payment is known for it.
        desk.record(Transition::GivenUp { attempt });
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
    let progress = wake(desk);
    if let Progress::Working(Task::Telling { key }, _) = &progress {
        let tries = desk.ledger.schedule.tells.tries(key).saturating_sub(1);
        let [earliest_ms, latest_ms] =
            [0, u32::MAX].map(|random| later_ms(desk, agenda::TELL_BACKOFF, tries, random));
        if let Some(at_ms) = again_at_ms.filter(|at_ms| (earliest_ms..=latest_ms).contains(at_ms)) {
            desk.ledger.schedule.tells.shift(key, |_| at_ms);
        }
    }
    progress
}

fn later_ms(desk: &Desk<'_>, backoff: Backoff, tries: u32, random: u32) -> i64 {
    let delay_ms = i64::from(backoff.half_jitter_ms(tries, random));
    desk.now_ms.saturating_add(desk.terms.pace.of(delay_ms))
}

fn tell(desk: &mut Desk<'_>) -> Progress {
    let Some(telling) = agenda::telling(desk.ledger, desk.now_ms).cloned() else {
        return Progress::Done(Reply::Slept);
    };
    let tries = desk.ledger.schedule.tells.tries(&telling.key);
    let again_at_ms = later_ms(desk, agenda::TELL_BACKOFF, tries, desk.random);
    let schedule = &mut desk.ledger.schedule;
    schedule.tells.put_off(&telling.key, again_at_ms);
    let intent = &desk.ledger.intent;
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
    let fetch = fulfilment::tell(&telling, &facts, receipt.as_deref());
    Progress::Working(Task::Telling { key: telling.key }, fetch)
}

pub(super) fn told(desk: &mut Desk<'_>, key: &str, answer: &Answer<'_>) -> Reply {
    match answer {
        Answer::Arrived {
            status: 200..=299, ..
        } => {
            desk.record(Transition::Told {
                key: key.to_owned(),
            });
            desk.ledger.schedule.tells.clear(key);
        }
        Answer::Arrived { .. } | Answer::Lost => {
            if let Some(asked_ms) = retry_after(answer) {
                let at_ms = desk.now_ms.saturating_add(i64::from(asked_ms));
                let tells = &mut desk.ledger.schedule.tells;
                tells.shift(key, |own| own.max(at_ms));
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
    let over = match seen {
        Ok(payment) => match witness(desk, &payment, false) {
            Ok(status) => status.was_paid() || is_denied(desk, id),
            // PaySG shows the payment, and it is another order's, or contradicts the ledger and is flagged.
            Err(_) => true,
        },
        Err(Trouble::NotShownYet) => {
            desk.not_shown(id, Trouble::NotShownYet);
            is_denied(desk, id)
        }
        Err(_) => false,
    };
    if over {
        desk.record(Transition::Examined {
            payment_id: id.clone(),
        });
        desk.ledger.schedule.hints.clear(id.as_str());
        desk.ledger.schedule.denied.clear(id.as_str());
    }
    Reply::Slept
}

/// Counts an answer that does not bear an event out; whether that is enough to let the event go.
fn is_denied(desk: &mut Desk<'_>, id: &PaymentId) -> bool {
    let for_ms = desk.terms.pace.of(DENIED_FOR_MS);
    let denied = &mut desk.ledger.schedule.denied;
    denied.count(id.as_str(), desk.now_ms);
    denied.reach(id.as_str(), DENIALS, for_ms, desk.now_ms)
}
