//! Waiting for time, for the caller's signal, and for the page.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, EventTarget};

use super::error::{Kind, error_with};
use super::task::settled;
use super::window;

/// Milliseconds since the page began: a clock that does not run backwards.
pub(super) fn now_ms() -> u64 {
    window()
        .ok()
        .and_then(|window| window.performance())
        .map_or(0, |performance| performance.now() as u64)
}

/// A random value for jitter, where predictability harms nobody.
pub(super) fn random() -> u32 {
    (js_sys::Math::random() * f64::from(u32::MAX)) as u32
}

/// Refuses to go on once the caller's signal is aborted.
pub(super) fn check(signal: Option<&AbortSignal>) -> Result<(), JsValue> {
    match signal {
        Some(signal) if signal.aborted() => Err(error_with(
            Kind::Aborted,
            "The caller aborted the operation.",
            signal.reason(),
        )),
        _ => Ok(()),
    }
}

/// Waits for the first of: so many milliseconds, one of these events. Gives the event.
///
/// The promise's own `resolve` is timer and listener, so that nothing of Rust's is left behind when one of them fires.
pub(super) async fn first<const N: usize>(
    ms: Option<u32>,
    events: [Option<(&EventTarget, &str)>; N],
) -> Result<JsValue, JsValue> {
    let window = window()?;
    let mut wake = Function::default();
    let promise = Promise::new(&mut |resolve, _| wake = resolve);
    let timer = match ms {
        // A delay beyond i32 would be taken for none.
        Some(ms) => Some(
            window.set_timeout_with_callback_and_timeout_and_arguments_0(
                &wake,
                i32::try_from(ms).unwrap_or(i32::MAX),
            )?,
        ),
        None => None,
    };
    for (target, event) in events.into_iter().flatten() {
        target.add_event_listener_with_callback(event, &wake)?;
    }
    let event = settled(promise).await;
    if let Some(timer) = timer {
        window.clear_timeout_with_handle(timer);
    }
    for (target, event) in events.into_iter().flatten() {
        target.remove_event_listener_with_callback(event, &wake)?;
    }
    event
}
