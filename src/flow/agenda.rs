//! When an intent wakes by itself, and what for.
//!
//! Looks after a link that nobody reports on come at ages that grow by 1.7 from 5 minutes: eleven in the first day, each before the
//! age has doubled, so that a lost payment is found within the larger of 10 minutes and the age of its link. Then daily, for 30 days.
//!
//! GETs for a refund that is not settled come at the same ages, and after 30 days weekly until it is.

use crate::flow::retry::Backoff;
use crate::ledger::{Attempt, AttemptState, Digest, Ledger, Refund, TellStatus, Telling};
use crate::paysg::PaymentId;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const FIRST_LOOK_MS: i64 = 5 * MINUTE_MS;
const WATCH_FOR_MS: i64 = 30 * DAY_MS;
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
/// Between tries to cancel an abandoned link.
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
    /// A link has been unpaid for longer than its order allows.
    Abandon(PaymentId),
    /// Nobody has reported on this payment.
    Look(PaymentId),
    /// A refund is not settled: by its key.
    PollRefund(PaymentId, Digest),
}

/// What of the agenda is the edge's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Whether there is an e-service to tell.
    pub tells: bool,
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
        abandon(ledger, pace),
        look(ledger, pace),
        poll_refund(ledger, pace),
    ]
    .into_iter()
    .flatten()
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

fn abandon(ledger: &Ledger, pace: Pace) -> Option<(i64, Due)> {
    let attempt = ledger.intent.current()?;
    let secs = attempt.cancel_after_secs?;
    if attempt.state != AttemptState::Open {
        return None;
    }
    let at_ms = attempt
        .opened_at_ms?
        .saturating_add(pace.of(i64::from(secs).saturating_mul(1000)));
    let schedule = &ledger.schedule;
    let again_at_ms = schedule
        .cancel_at_ms
        .filter(|_| schedule.cancel_attempt == attempt.number);
    Some((
        again_at_ms.unwrap_or(at_ms),
        Due::Abandon(attempt.payment_id.clone()?),
    ))
}

fn look(ledger: &Ledger, pace: Pace) -> Option<(i64, Due)> {
    let attempt = ledger.intent.current()?;
    if attempt.state != AttemptState::Open {
        return None;
    }
    let looks = if ledger.schedule.look_attempt == attempt.number {
        ledger.schedule.looks
    } else {
        0
    };
    let age_ms = look_age_ms(looks)?;
    Some((
        since_ms(attempt)?.saturating_add(pace.of(age_ms)),
        Due::Look(attempt.payment_id.clone()?),
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
    let (at_ms, refund) = refunds
        .map(|refund| (at_ms(refund), refund))
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

/// Notes that the current attempt has been looked after until now.
pub fn looked(ledger: &mut Ledger, pace: Pace, now_ms: i64) {
    let Some(attempt) = ledger.intent.current() else {
        return;
    };
    let age_ms = now_ms.saturating_sub(since_ms(attempt).unwrap_or(now_ms));
    ledger.schedule.look_attempt = attempt.number;
    // After a long sleep the looks that were missed are one look, not a burst.
    ledger.schedule.looks = (0_u32..)
        .take(64)
        .find(|looks| look_age_ms(*looks).is_none_or(|at_ms| pace.of(at_ms) > age_ms))
        .unwrap_or(u32::MAX);
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
