//! Waiting for time, for the caller's signal, and for the page.

use wasm_bindgen::prelude::*;

use super::error::{Kind, error_with};
use super::object::get;
use super::page::{Promise, Target, clear_timeout, math_random, now, set_timeout};
use super::task::settled;

/// The longest timer that browsers keep; a longer one would fire at once.
const LONGEST_MS: u32 = i32::MAX as u32;

/// Milliseconds since the page began: a clock that does not run backwards.
pub(super) fn now_ms() -> u64 {
    now() as u64
}

/// A random value for jitter, where predictability harms nobody.
pub(super) fn random() -> u32 {
    (math_random() * f64::from(u32::MAX)) as u32
}

/// Refuses to go on once the caller's signal is aborted.
pub(super) fn check(signal: Option<&Target>) -> Result<(), JsValue> {
    match signal {
        Some(signal) if get(signal, "aborted").is_truthy() => Err(error_with(
            Kind::Aborted,
            "The caller aborted.",
            get(signal, "reason"),
        )),
        _ => Ok(()),
    }
}

/// Waits for the first of: so many milliseconds, one of these events. Gives the event.
///
/// The promise's own `resolve` is timer and listener, so that nothing of Rust's is left behind when one of them fires.
pub(super) async fn first(
    ms: Option<u32>,
    events: &[(Option<&Target>, &str)],
) -> Result<JsValue, JsValue> {
    let mut resolve = None;
    let promise = Promise::new(&mut |wake, _| resolve = Some(wake));
    // The constructor has called back before it returned.
    let Some(wake) = resolve else {
        return Ok(JsValue::UNDEFINED);
    };
    let timer = ms.map(|ms| set_timeout(&wake, ms.min(LONGEST_MS)));
    for (target, event) in events {
        if let Some(target) = target {
            target.listen(event, &wake);
        }
    }
    let event = settled(promise).await;
    if let Some(timer) = timer {
        clear_timeout(timer);
    }
    for (target, event) in events {
        if let Some(target) = target {
            target.unlisten(event, &wake);
        }
    }
    event
}
