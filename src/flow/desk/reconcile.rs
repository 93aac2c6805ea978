//! Looks at everything that PaySG knows of an intent: a GET for each of its payments, newest first, then the list for each attempt that has no
//! payment. What is found goes into the ledger as if it had been found by an alarm.

use serde::{Deserialize, Serialize};

use super::{Progress, Reply, Task, recorded_intent};
use crate::flow::checkout::in_flight_ms;
use crate::flow::glance::Glance;
use crate::flow::search::{Found, Search};
use crate::flow::step::{Answer, Fetch, Step};
use crate::flow::terms::Desk;
use crate::flow::upstream::{Tries, Trouble};
use crate::flow::witness::witness;
use crate::ledger::{AttemptState, Transition};
use crate::paysg::{Payment, PaymentId};

/// How long an operator waits.
const PATIENCE_MS: i64 = 25_000;

/// A reconciliation under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    call: Call,
    /// The payments to ask for next, the last one first.
    payments: Vec<PaymentId>,
    /// The attempts to search the list for.
    attempts: Vec<u32>,
    tries: Tries,
    /// Why something could not be found out.
    trouble: Option<Trouble>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Call {
    Payment(Glance),
    List {
        attempt: u32,
        search: Search,
        /// For how long a call for the attempt could still be under way when the search began: nothing found proves nothing then.
        in_flight_ms: i64,
    },
}

pub(super) fn begin(desk: &Desk<'_>) -> Progress {
    if desk.ledger.is_empty() {
        return Progress::Done(Reply::Failed(Trouble::NoRecord));
    }
    let intent = &desk.ledger.intent;
    let named = intent
        .hints
        .iter()
        .filter(|id| intent.attempt_of(id).is_none());
    let payments = named.cloned().chain(payment_ids(desk)).collect();
    let attempts = intent
        .attempts
        .iter()
        .filter(|attempt| attempt.state == AttemptState::Started)
        .map(|attempt| attempt.number)
        .collect();
    let tries = Tries::until(desk.now_ms.saturating_add(PATIENCE_MS));
    next(desk, payments, attempts, tries, None)
}

fn next(
    desk: &Desk<'_>,
    mut payments: Vec<PaymentId>,
    mut attempts: Vec<u32>,
    mut tries: Tries,
    trouble: Option<Trouble>,
) -> Progress {
    tries.restart();
    let unasked = !payments.is_empty() || !attempts.is_empty();
    if unasked && tries.are_over(desk.now_ms) {
        return Progress::Done(Reply::Failed(trouble.unwrap_or(Trouble::Unavailable {
            retry_after_ms: None,
        })));
    }
    let call = if let Some(payment_id) = payments.pop() {
        let service = desk.ledger.intent.payment_service_id.clone();
        Call::Payment(Glance::fresh(service, payment_id, tries.clone()).believed())
    } else if let Some((number, attempt)) = attempts
        .pop()
        .and_then(|number| Some((number, desk.ledger.intent.attempt(number)?)))
    {
        let in_flight_ms = in_flight_ms(attempt, desk.now_ms);
        let search = Search::new(
            Some(attempt.amount_in_cents),
            in_flight_ms > 0,
            attempt.started_at_ms,
            tries.clone(),
        );
        Call::List {
            attempt: number,
            search,
            in_flight_ms,
        }
    } else {
        return Progress::Done(match trouble {
            Some(trouble) => Reply::Failed(trouble),
            None => recorded_intent(desk),
        });
    };
    let fetch = match &call {
        Call::Payment(glance) => glance.fetch(0),
        Call::List { search, .. } => search.fetch(desk, 0),
    };
    let reconciliation = Reconciliation {
        call,
        payments,
        attempts,
        tries,
        trouble,
    };
    working(reconciliation, fetch)
}

fn working(reconciliation: Reconciliation, fetch: Fetch) -> Progress {
    Progress::Working(Task::Reconciliation(Box::new(reconciliation)), fetch)
}

pub(super) fn resume(
    desk: &mut Desk<'_>,
    mut reconciliation: Box<Reconciliation>,
    answer: &Answer<'_>,
) -> Progress {
    let found = match &mut reconciliation.call {
        Call::Payment(glance) => match glance.answer(answer, desk.now_ms, desk.random) {
            Step::Fetch(fetch) => return working(*reconciliation, fetch),
            Step::Done(seen) => payment_seen(desk, glance.payment_id(), seen),
        },
        Call::List {
            attempt,
            search,
            in_flight_ms,
        } => match search.answer(desk, answer) {
            Step::Fetch(fetch) => return working(*reconciliation, fetch),
            Step::Done(Ok(found)) => list_read(desk, *attempt, search, *in_flight_ms, found),
            Step::Done(Err(trouble)) => Err(trouble),
        },
    };
    let Reconciliation {
        mut payments,
        attempts,
        tries,
        mut trouble,
        ..
    } = *reconciliation;
    match found {
        Ok(found) => payments.extend(found),
        Err(another) => {
            trouble.get_or_insert(another);
        }
    }
    next(desk, payments, attempts, tries, trouble)
}

/// What PaySG says of a payment. That it does not know it, or shows another in its place, is a finding: it is in the flags.
fn payment_seen(
    desk: &mut Desk<'_>,
    id: &PaymentId,
    seen: Result<Payment, Trouble>,
) -> Result<Vec<PaymentId>, Trouble> {
    let seen = match seen {
        Ok(payment) => witness(desk, &payment, false),
        Err(trouble) => Err(desk.not_shown(id, trouble)),
    };
    match seen {
        Ok(_) => Ok(Vec::new()),
        Err(Trouble::Mismatch) => {
            desk.flag_swapped(id);
            Ok(Vec::new())
        }
        // It is flagged as missing; or an event has named it, and it is another order's.
        Err(Trouble::UnknownPayment) => Ok(Vec::new()),
        Err(trouble) => Err(trouble),
    }
}

/// What PaySG's list holds of an attempt, by the rule that a payer's next press goes by. The payments that are found are asked for next.
fn list_read(
    desk: &mut Desk<'_>,
    attempt: u32,
    search: &Search,
    in_flight_ms: i64,
    found: Option<Found>,
) -> Result<Vec<PaymentId>, Trouble> {
    match found {
        Some(found) => {
            let known = payment_ids(desk);
            search.record(desk, attempt, found);
            if in_flight_ms <= 0 {
                // Refused where one of them is the attempt's.
                desk.record(Transition::GivenUp { attempt });
            }
            let mut found = payment_ids(desk);
            found.retain(|id| !known.contains(id));
            Ok(found)
        }
        None if in_flight_ms > 0 => Err(Trouble::Unavailable {
            retry_after_ms: u32::try_from(in_flight_ms).ok(),
        }),
        None => {
            desk.record(Transition::GivenUp { attempt });
            Ok(Vec::new())
        }
    }
}

fn payment_ids(desk: &Desk<'_>) -> Vec<PaymentId> {
    let attempts = desk.ledger.intent.attempts.iter();
    attempts
        .filter_map(|attempt| attempt.payment_id.clone())
        .collect()
}
