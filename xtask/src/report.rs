//! What the user reads while a command works.

use std::io::Write;
use std::time::{Duration, Instant};

/// Prints a line; a reader that went away is no reason to stop.
pub(crate) fn line(text: &str) {
    show(&mut std::io::stdout().lock(), text);
}

/// A line for the person to act on.
pub(crate) fn failure(text: &str) {
    show(&mut std::io::stderr().lock(), &format!("✗ {text}"));
}

/// One write for each text, so that those of several threads stay whole.
fn show(to: &mut impl Write, text: &str) {
    let _ = to.write_all(format!("{text}\n").as_bytes());
}

/// Prints what is about to happen, does it, and prints how long it took.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    line(&format!("▸ {what}"));
    let started = Instant::now();
    let result = work();
    let took = seconds(started.elapsed());
    match &result {
        Ok(_) => line(&format!("  done in {took}")),
        Err(_) => line(&format!("  failed after {took}")),
    }
    result
}

/// `3.2 s`, `2 min 05 s`.
pub(crate) fn seconds(duration: Duration) -> String {
    let whole = duration.as_secs();
    match whole.checked_div(60) {
        Some(minutes) if minutes > 0 => format!("{minutes} min {:02} s", whole % 60),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}
