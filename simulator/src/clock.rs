//! The simulator's own time: the machine's clock plus whatever `POST /_sim/clock` has added to it.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A clock that can be moved by hand, so that a test need not wait a day for an idempotency key to be pruned.
#[derive(Default)]
pub(crate) struct Clock {
    offset_ms: AtomicI64,
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        let real_ms = jiff::Timestamp::now().as_millisecond();
        Timestamp(real_ms.saturating_add(self.offset_ms.load(Ordering::Relaxed)))
    }

    pub(crate) fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn set_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
    }
}

/// An instant in milliseconds since 1970; in JSON `2023-08-03T17:36:52.634+08:00`, as PaySG writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timestamp(pub(crate) i64);

impl Timestamp {
    pub(crate) fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    pub(crate) fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A clock moved past the year 9999 shows the epoch rather than failing the call.
        let instant = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        let there = instant.to_zoned(TimeZone::fixed(Offset::constant(8)));
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+08:00",
            there.year(),
            there.month(),
            there.day(),
            there.hour(),
            there.minute(),
            there.second(),
            there.millisecond(),
        )
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let instant: jiff::Timestamp = text.parse().map_err(de::Error::custom)?;
        Ok(Self(instant.as_millisecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_in_singapore_time_with_milliseconds() {
        let sample = Timestamp(1_691_055_412_634);
        assert_eq!(sample.to_string(), "2023-08-03T17:36:52.634+08:00");
    }
}
