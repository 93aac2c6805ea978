//! What the user reads while a command works.

use std::cell::Cell;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

thread_local! {
    /// What each line of this thread begins with: whose it is, where several work side by side.
    static MARGIN: Cell<&'static str> = const { Cell::new("") };
}

/// Has each line of this thread begin with this.
pub(crate) fn set_margin(margin: &'static str) {
    MARGIN.set(margin);
}

/// What the lines of this thread begin with: for a thread that shows what this one has begun.
pub(crate) fn margin() -> &'static str {
    MARGIN.get()
}

/// Prints a line; a reader that went away is no reason to stop.
pub(crate) fn line(text: &str) {
    show(&mut std::io::stdout().lock(), text);
}

/// A line for the person to act on.
pub(crate) fn failure(text: &str) {
    show(&mut std::io::stderr().lock(), &format!("✗ {text}"));
}

/// One write for each text, so that those of several threads stay whole.
pub(crate) fn show(to: &mut impl Write, text: &str) {
    let margin = margin();
    let mut shown = String::new();
    for line in text.split('\n') {
        shown.push_str(if line.is_empty() {
            margin.trim_end()
        } else {
            margin
        });
        shown.push_str(line);
        shown.push('\n');
    }
    let _ = to.write_all(shown.as_bytes());
}

/// Steps that have begun, and those of them that have ended.
static BEGUN: AtomicUsize = AtomicUsize::new(0);
static ENDED: AtomicUsize = AtomicUsize::new(0);

/// Says what is about to happen, does it, and says how long it took; and once more what, where other steps began or ended meanwhile.
pub(crate) fn step<T>(what: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let before = BEGUN.fetch_add(1, Ordering::Relaxed);
    let alone = ENDED.load(Ordering::Relaxed) == before;
    line(&format!("▸ {what}"));
    let started = Instant::now();
    let result = work();
    let took = seconds(started.elapsed());
    let alone = alone && BEGUN.load(Ordering::Relaxed) == before.saturating_add(1);
    ENDED.fetch_add(1, Ordering::Relaxed);
    let whose = if alone {
        String::new()
    } else {
        format!(": {what}")
    };
    match &result {
        Ok(_) => line(&format!("  done in {took}{whose}")),
        Err(_) => line(&format!("  failed after {took}{whose}")),
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
