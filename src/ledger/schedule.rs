//! Timers: when to try again what has not worked yet.

use serde::{Deserialize, Serialize};

/// The timers of one intent. A missing time means *at once*.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Schedule {
    /// How often the e-service has been told in vain.
    pub tell_tries: u32,
    /// When to tell it again.
    pub tell_at_ms: Option<i64>,
    /// How often a GET for an event has failed or shown the payment unpaid.
    pub hint_tries: u32,
    /// When to ask again.
    pub hint_at_ms: Option<i64>,
    /// The attempt that `looks` counts for.
    pub look_attempt: u32,
    /// How many of its looks are over.
    pub looks: u32,
    /// The attempt that the two below are for.
    pub cancel_attempt: u32,
    /// When to try again to cancel its abandoned link.
    pub cancel_at_ms: Option<i64>,
    /// How often that has failed.
    pub cancel_tries: u32,
}
