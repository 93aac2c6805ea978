//! When an intent wakes by itself, and what for.
//!
//! Looks after a link that nobody reports on come at ages that grow by 1.7 from 5 minutes: eleven in the first day, each before the
//! age has doubled, so that a lost payment is found within the larger of 10 minutes and the age of its link. Then daily, for 30 days.
//!
//! Every attempt has timers of its own, whichever is the current one. A cancelled payment is looked at twice more, since a bank transfer that was
//! under way when it was cancelled pays it all the same.
//!
//! GETs for a refund that is not settled come at the ages of a link's looks, and after 30 days weekly until it is, or until an operator has
//! acknowledged it.

use crate::flow::retry::Backoff;
use crate::ledger::{
    Attempt, AttemptState, Digest, Intent, Ledger, PaymentOrigin, Refund, TellStatus, Telling,
};
use crate::paysg::PaymentId;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const FIRST_LOOK_MS: i64 = 5 * MINUTE_MS;
const WATCH_FOR_MS: i64 = 30 * DAY_MS;
/// The ages of a cancellation at which the payment is looked at again.
const RECHECKS_MS: [i64; 2] = [20 * MINUTE_MS, DAY_MS];
/// How long a call that nobody answered may still be under way at PaySG.
pub(super) const IN_FLIGHT_MS: i64 = MINUTE_MS;
/// The time of what is not due any more.
const NEVER_MS: i64 = i64::MAX;
/// As long as a payer waits for a create.
const QUICK_MS: i64 = MINUTE_MS;

/// Between tries to tell the e-service: exponential from 2 s to 5 min, half of it jitter.
pub(super) const TELL_BACKOFF: Backoff = Backoff {
    base_ms: 2_000,
    cap_ms: 300_000,
};
/// Between GETs for an event that the payment does not bear out yet.
pub(super) const HINT_BACKOFF: Backoff = Backoff {
    base_ms: 2_000,
    cap_ms: 3_600_000,
};
/// Between tries to cancel a link, to look at a cancelled payment, and to search the list.
pub(super) const CANCEL_BACKOFF: Backoff = Backoff {
    base_ms: 60_000,
    cap_ms: 3_600_000,
};

/// What an intent wakes for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Due {
    /// The e-service has something to be told.
    Tell,
    /// An event named this payment.
    Examine(PaymentId),
    /// A link has been unpaid for longer than its order allows, or another payment of its intent is paid.
    Abandon(PaymentId),
    /// Nobody has reported on this payment, or it was cancelled a while ago.
    Look(PaymentId),
    /// A refund is not settled: by its key.
    PollRefund(PaymentId, Digest),
    /// A notification waits for a URL that it can be sent to.
    AwaitUrl,
    /// The intent is paid, and PaySG has never answered the create call of this attempt: what it made for it is in the list alone.
    Search(u32),
}

/// What of the agenda is the edge's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Whether there is an e-service to tell.
    pub tells: bool,
    /// Whether the operator has said that nobody is ever to be notified.
    pub notifies_nobody: bool,
    /// For tests: how many times faster everything comes. 1 otherwise.
    pub scale: u32,
}

impl Pace {
    /// A duration at this pace.
    #[must_use]
    pub fn of(self, duration_ms: i64) -> i64 {
        duration_ms
            .checked_div(i64::from(self.scale))
            .unwrap_or(duration_ms)
    }
}

/// When the intent must be woken, if ever, and what for.
#[must_use]
pub fn next(ledger: &Ledger, pace: Pace) -> Option<(i64, Due)> {
    let tell = pace.tells.then(|| tell(ledger)).flatten();
    [
        tell,
        examine(ledger),
        look(ledger, pace),
        cancel(ledger, pace),
        poll_refund(ledger, pace),
        await_url(ledger, pace),
        search(ledger, pace),
    ]
    .into_iter()
    .flatten()
    .filter(|(at_ms, _)| *at_ms < NEVER_MS)
    .min_by_key(|(at_ms, _)| *at_ms)
}

/// What is due by now.
#[must_use]
pub fn due(ledger: &Ledger, pace: Pace, now_ms: i64) -> Option<Due> {
    next(ledger, pace)
        .filter(|(at_ms, _)| *at_ms <= now_ms)
        .map(|(_, due)| due)
}

fn tell(ledger: &Ledger) -> Option<(i64, Due)> {
    let untold = ledger.intent.untold();
    let at_ms = untold.map(|telling| tell_at_ms(ledger, telling)).min()?;
    Some((at_ms, Due::Tell))
}

/// Between looks for a notification URL while none is set: nothing else may wake an intent that is paid.
const URL_CHECK_MS: core::ops::RangeInclusive<i64> = 60 * MINUTE_MS..=DAY_MS;

/// What is due stays due while there is nowhere to send it. The intent looks for a URL when the notification is an hour old, then at twice the
/// age, then daily without end.
fn await_url(ledger: &Ledger, pace: Pace) -> Option<(i64, Due)> {
    if pace.tells || pace.notifies_nobody {
        return None;
    }
    let first_ms = waiting_since_ms(ledger)?.saturating_add(pace.of(*URL_CHECK_MS.start()));
    let at_ms = ledger.schedule.url_check_at_ms.unwrap_or(first_ms);
    Some((at_ms.max(first_ms), Due::AwaitUrl))
}

/// Puts off the next look for a notification URL.
pub(super) fn put_off_url_check(ledger: &mut Ledger, pace: Pace, now_ms: i64) {
    let Some(since_ms) = waiting_since_ms(ledger) else {
        return;
    };
    let (shortest_ms, longest_ms) = URL_CHECK_MS.into_inner();
    let wait_ms = now_ms
        .saturating_sub(since_ms)
        .clamp(pace.of(shortest_ms), pace.of(longest_ms));
    ledger.schedule.url_check_at_ms = Some(now_ms.saturating_add(wait_ms));
}

fn waiting_since_ms(ledger: &Ledger) -> Option<i64> {
    ledger.intent.untold().map(|telling| telling.since_ms).min()
}

fn tell_at_ms(ledger: &Ledger, telling: &Telling) -> i64 {
    let timer = ledger.schedule.tells.get(&telling.key);
    timer.map_or(telling.since_ms, |timer| timer.at_ms)
}

/// What the e-service is to be told now: that it was paid before anything else.
pub(super) fn telling(ledger: &Ledger, now_ms: i64) -> Option<&Telling> {
    let untold = ledger.intent.untold();
    untold
        .filter(|telling| tell_at_ms(ledger, telling) <= now_ms)
        .min_by_key(|telling| {
            (
                telling.status != TellStatus::Paid,
                tell_at_ms(ledger, telling),
            )
        })
}

fn examine(ledger: &Ledger) -> Option<(i64, Due)> {
    let at_ms = |hint: &PaymentId| {
        let timer = ledger.schedule.hints.get(hint.as_str());
        timer.map_or(0, |timer| timer.at_ms)
    };
    let hints = ledger.intent.hints.iter();
    let (at_ms, hint) = hints
        .map(|hint| (at_ms(hint), hint))
        .min_by_key(|(at_ms, _)| *at_ms)?;
    Some((at_ms, Due::Examine(hint.clone())))
}

fn cancel(ledger: &Ledger, pace: Pace) -> Option<(i64, Due)> {
    let intent = &ledger.intent;
    let deadlines = deadlines_ms(intent, pace);
    let paid_at_ms = intent.paid_since_ms();
    let links = intent.attempts.iter().zip(deadlines);
    links
        .filter(|(attempt, _)| attempt.state == AttemptState::Open)
        .filter_map(|(attempt, deadline_ms)| {
            let payment_id = attempt.payment_id.as_ref()?;
            // What the list has just shown is looked at first: it may be paid.
            let superseded_ms = paid_at_ms.max(paid_at_ms.and(attempt.opened_at_ms));
            let first_ms = deadline_ms.into_iter().chain(superseded_ms).min()?;
            let timer = ledger.schedule.cancels.get(payment_id.as_str());
            Some((timer.map_or(first_ms, |timer| timer.at_ms), payment_id))
        })
        .min_by_key(|(at_ms, _)| *at_ms)
        .map(|(at_ms, payment_id)| (at_ms, Due::Abandon(payment_id.clone())))
}

/// When each attempt's link is to be cancelled if it is unpaid, where its order or an earlier one says so.
///
/// The time belongs to the intent, not to the press: it counts from the opening of the link, and a link that takes the place of another one
/// lives no longer than that one would have.
fn deadlines_ms(intent: &Intent, pace: Pace) -> Vec<Option<i64>> {
    let mut deadlines: Vec<Option<i64>> = Vec::with_capacity(intent.attempts.len());
    for attempt in &intent.attempts {
        let deadline_ms = attempt.opened_at_ms.and_then(|opened_at_ms| {
            let own_ms = attempt.cancel_after_secs.map(|secs| {
                opened_at_ms.saturating_add(pace.of(i64::from(secs).saturating_mul(1000)))
            });
            let earlier = deadlines.iter().copied().flatten();
            let inherited = earlier.filter(|at_ms| *at_ms > opened_at_ms);
            inherited.chain(own_ms).min()
        });
        deadlines.push(deadline_ms);
    }
    deadlines
}

fn look(ledger: &Ledger, pace: Pace) -> Option<(i64, Due)> {
    let attempts = ledger.intent.attempts.iter();
    let (at_ms, payment_id) = attempts
        .filter_map(|attempt| Some((look_at_ms(ledger, attempt, pace)?, attempt)))
        .min_by_key(|(at_ms, _)| *at_ms)
        .and_then(|(at_ms, attempt)| Some((at_ms, attempt.payment_id.clone()?)))?;
    Some((at_ms, Due::Look(payment_id)))
}

fn look_at_ms(ledger: &Ledger, attempt: &Attempt, pace: Pace) -> Option<i64> {
    let key = attempt.payment_id.as_ref()?.as_str();
    let (since_ms, first_age_ms, timers) = match attempt.state {
        AttemptState::Open => (since_ms(attempt)?, FIRST_LOOK_MS, &ledger.schedule.polls),
        AttemptState::Cancelled => {
            let [first_age_ms, _] = RECHECKS_MS;
            (
                attempt.cancelled_at_ms?,
                first_age_ms,
                &ledger.schedule.rechecks,
            )
        }
        AttemptState::Started
        | AttemptState::Refused
        | AttemptState::GivenUp
        | AttemptState::Paid
        | AttemptState::PartiallyRefunded
        | AttemptState::Refunded => return None,
    };
    let timer = timers.get(key);
    Some(timer.map_or_else(
        || since_ms.saturating_add(pace.of(first_age_ms)),
        |timer| timer.at_ms,
    ))
}

fn poll_refund(ledger: &Ledger, pace: Pace) -> Option<(i64, Due)> {
    let at_ms = |refund: &Refund| {
        let timer = ledger.schedule.refunds.get(refund.key.as_str());
        timer.map_or_else(
            || refund.asked_at_ms.saturating_add(pace.of(FIRST_LOOK_MS)),
            |timer| timer.at_ms,
        )
    };
    let refunds = ledger.intent.unsettled_refunds();
    // What an operator has acknowledged is looked after no longer than a link.
    let is_over = |(at_ms, refund): &(i64, &Refund)| {
        ledger.intent.acknowledged_refunds.contains(&refund.key)
            && at_ms.saturating_sub(refund.asked_at_ms) > pace.of(WATCH_FOR_MS)
    };
    let (at_ms, refund) = refunds
        .map(|refund| (at_ms(refund), refund))
        .filter(|refund| !is_over(refund))
        .min_by_key(|(at_ms, _)| *at_ms)?;
    let due = Due::PollRefund(refund.payment_id.clone(), refund.key.clone());
    Some((at_ms, due))
}

/// Puts the next GET for a refund off until it is older than now.
pub fn refund_polled(ledger: &mut Ledger, pace: Pace, key: &Digest, now_ms: i64) {
    let intent = &ledger.intent;
    let Some(asked_at_ms) = intent.refund(key).map(|refund| refund.asked_at_ms) else {
        return;
    };
    let age_ms = now_ms.saturating_sub(asked_at_ms);
    let mut next_ms = FIRST_LOOK_MS;
    // Two years of weeks: then at each alarm of the intent's own.
    for _ in 0..160 {
        if pace.of(next_ms) > age_ms {
            break;
        }
        next_ms = next_age_ms(next_ms);
    }
    let unsettled = |key: &str| {
        let mut refunds = intent.unsettled_refunds();
        refunds.any(|refund| refund.key.as_str() == key)
    };
    ledger.schedule.refunds.keep(unsettled);
    let at_ms = asked_at_ms
        .saturating_add(pace.of(next_ms))
        .max(now_ms.saturating_add(pace.of(FIRST_LOOK_MS)));
    ledger.schedule.refunds.put_off(key.as_str(), at_ms);
}

const fn next_age_ms(age_ms: i64) -> i64 {
    if age_ms < DAY_MS {
        // Neither can overflow: a day is far from it.
        age_ms.saturating_mul(17).saturating_div(10)
    } else if age_ms < WATCH_FOR_MS {
        age_ms.saturating_add(DAY_MS)
    } else {
        age_ms.saturating_add(7 * DAY_MS)
    }
}

/// Where the intent is paid, no press asks for an attempt again that PaySG has never answered: its payment can be paid, if it was made. That holds
/// also where an event named a payment that was taken for the attempt's.
fn search(ledger: &Ledger, pace: Pace) -> Option<(i64, Due)> {
    let intent = &ledger.intent;
    let paid_at_ms = intent.paid_since_ms()?;
    let attempts = intent.attempts.iter();
    attempts
        .filter(|attempt| {
            attempt.state == AttemptState::Started || attempt.origin == PaymentOrigin::Found
        })
        .map(|attempt| {
            let timer = ledger.schedule.searches.get(&attempt.number.to_string());
            let asked_ms = attempt.asked_at_ms.max(attempt.unanswered_at_ms);
            let over_ms = asked_ms
                .unwrap_or(attempt.started_at_ms)
                .saturating_add(pace.of(IN_FLIGHT_MS));
            let at_ms = timer.map_or(over_ms.max(paid_at_ms), |timer| timer.at_ms);
            (at_ms, Due::Search(attempt.number))
        })
        .min_by_key(|(at_ms, _)| *at_ms)
}

/// Since when a link is looked after: its attempt's start where PaySG was quick, so that one alarm, set before PaySG is called, serves for both.
fn since_ms(attempt: &Attempt) -> Option<i64> {
    let opened_at_ms = attempt.opened_at_ms?;
    let quick = opened_at_ms.saturating_sub(attempt.started_at_ms) < QUICK_MS;
    Some(if quick {
        attempt.started_at_ms
    } else {
        opened_at_ms
    })
}

/// When the link that an attempt is asking for will first be looked after, if PaySG is quick.
pub(super) fn first_look_ms(attempt: &Attempt, pace: Pace) -> i64 {
    attempt.started_at_ms.saturating_add(pace.of(FIRST_LOOK_MS))
}

/// Notes that an open link has been looked after until now.
pub fn looked(ledger: &mut Ledger, payment_id: &PaymentId, pace: Pace, now_ms: i64) {
    let Some(attempt) = ledger.intent.attempt_of(payment_id) else {
        return;
    };
    let since_ms = since_ms(attempt).unwrap_or(now_ms);
    // After a long sleep the looks that were missed are one look, not a burst.
    let next_ms = (0..)
        .map_while(look_age_ms)
        .map(|age_ms| since_ms.saturating_add(pace.of(age_ms)))
        .find(|at_ms| *at_ms > now_ms);
    let open = |key: &str| {
        let attempts = ledger.intent.attempts.iter();
        attempts
            .filter(|attempt| attempt.state == AttemptState::Open)
            .any(|attempt| {
                attempt
                    .payment_id
                    .as_ref()
                    .is_some_and(|id| id.as_str() == key)
            })
    };
    let polls = &mut ledger.schedule.polls;
    polls.keep(open);
    polls.set(payment_id.as_str(), next_ms.unwrap_or(NEVER_MS));
}

/// Notes that the list was read for an attempt.
pub(super) fn searched(ledger: &mut Ledger, attempt: u32) {
    let searches = &mut ledger.schedule.searches;
    searches.set(&attempt.to_string(), NEVER_MS);
}

/// Notes that a GET has shown a cancelled payment as it stands now.
pub fn rechecked(ledger: &mut Ledger, payment_id: &PaymentId, pace: Pace, now_ms: i64) {
    let attempt = ledger.intent.attempt_of(payment_id);
    let Some(cancelled_at_ms) = attempt.and_then(|attempt| attempt.cancelled_at_ms) else {
        return;
    };
    let next_ms = RECHECKS_MS
        .into_iter()
        .map(|age_ms| cancelled_at_ms.saturating_add(pace.of(age_ms)))
        .find(|at_ms| *at_ms > now_ms);
    let rechecks = &mut ledger.schedule.rechecks;
    rechecks.set(payment_id.as_str(), next_ms.unwrap_or(NEVER_MS));
}

/// The age at which look number `n` comes, counted from 0; `None` once the link is no longer watched.
fn look_age_ms(n: u32) -> Option<i64> {
    let mut age_ms = FIRST_LOOK_MS;
    for _ in 0..n {
        age_ms = next_age_ms(age_ms);
        if age_ms > WATCH_FOR_MS {
            return None;
        }
    }
    Some(age_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_come_at_most_twelve_times_in_the_first_day_and_before_the_age_has_doubled() {
        let ages: Vec<i64> = (0..).map_while(look_age_ms).collect();
        assert!(ages.iter().filter(|age| **age <= DAY_MS).count() <= 12);
        for pair in ages.windows(2) {
            let [earlier, later] = pair else { continue };
            assert!(
                later - earlier <= (*earlier).max(10 * MINUTE_MS),
                "{pair:?}"
            );
        }
        assert!(ages.last().is_some_and(|age| *age > 28 * DAY_MS));
        assert!(ages.len() < 64, "`looked` counts no further");
    }
}
