//! Timers: when to try again what has not worked yet.

use serde::{Deserialize, Serialize};

/// When to try once more what has not worked yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// What.
    pub key: String,
    /// How often it was tried in vain.
    pub tries: u32,
    /// When to try again.
    pub at_ms: i64,
}

/// Timers of things that do not wait for one another. What has none is due at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timers(Vec<Timer>);

impl Timers {
    /// The timer of one thing.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Timer> {
        self.0.iter().find(|timer| timer.key == key)
    }

    /// How often it was tried in vain.
    #[must_use]
    pub fn tries(&self, key: &str) -> u32 {
        self.get(key).map_or(0, |timer| timer.tries)
    }

    /// Counts a try, and sets the time of the next.
    pub fn put_off(&mut self, key: &str, at_ms: i64) {
        let tries = self.tries(key).saturating_add(1);
        self.clear(key);
        self.0.push(Timer {
            key: key.to_owned(),
            tries,
            at_ms,
        });
    }

    /// Sets when it comes next, and counts its tries anew.
    pub fn set(&mut self, key: &str, at_ms: i64) {
        self.clear(key);
        self.0.push(Timer {
            key: key.to_owned(),
            tries: 0,
            at_ms,
        });
    }

    /// Changes when to try again, where that is set.
    pub fn shift(&mut self, key: &str, change: impl FnOnce(i64) -> i64) {
        if let Some(timer) = self.0.iter_mut().find(|timer| timer.key == key) {
            timer.at_ms = change(timer.at_ms);
        }
    }

    /// Forgets all but what is still to be done.
    pub fn keep(&mut self, wanted: impl Fn(&str) -> bool) {
        self.0.retain(|timer| wanted(&timer.key));
    }

    /// Forgets what was tried.
    pub fn clear(&mut self, key: &str) {
        self.keep(|had| had != key);
    }
}

/// What PaySG has said again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeated {
    /// About what.
    pub key: String,
    /// How often, without having said otherwise in between.
    pub times: u32,
    /// Since when.
    pub since_ms: i64,
}

/// Counts of what PaySG has said of each of several things.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Repeats(Vec<Repeated>);

impl Repeats {
    /// Counts what PaySG has just said of one thing.
    pub fn count(&mut self, key: &str, now_ms: i64) {
        if let Some(repeated) = self.0.iter_mut().find(|repeated| repeated.key == key) {
            repeated.times = repeated.times.saturating_add(1);
        } else {
            self.0.push(Repeated {
                key: key.to_owned(),
                times: 1,
                since_ms: now_ms,
            });
        }
    }

    /// Whether it was said at least so often, and first at least so long ago.
    #[must_use]
    pub fn reach(&self, key: &str, times: u32, for_ms: i64, now_ms: i64) -> bool {
        self.0.iter().any(|repeated| {
            repeated.key == key
                && repeated.times >= times
                && now_ms.saturating_sub(repeated.since_ms) >= for_ms
        })
    }

    /// Forgets one thing: PaySG has said otherwise.
    pub fn clear(&mut self, key: &str) {
        self.0.retain(|repeated| repeated.key != key);
    }
}

/// The timers of one intent. A missing time means *at once*.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Schedule {
    /// Of what the e-service has been told in vain, by the tellings' keys.
    pub tells: Timers,
    /// Of events whose GET has failed or shown the payment unpaid, by the payments' ids.
    pub hints: Timers,
    /// PaySG's own answers that it knows no such payment, by the payments' ids.
    pub missing: Repeats,
    /// PaySG's own answers that do not bear an event out, by the payments' ids.
    pub denied: Repeats,
    /// Of refunds that are not settled, by their keys: when PaySG is asked next.
    pub refunds: Timers,
    /// When each open link is looked after next, by the payments' ids.
    pub polls: Timers,
    /// When each cancelled payment is looked at next, likewise.
    pub rechecks: Timers,
    /// When to try again to cancel a link that is due to be cancelled, likewise.
    pub cancels: Timers,
    /// When to search the list again for an unanswered attempt of a paid intent, by the attempts' numbers.
    pub searches: Timers,
    /// When to see whether there is a notification URL by now.
    pub url_check_at_ms: Option<i64>,
}
