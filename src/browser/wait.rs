//! Waiting for time, for the caller's signal, and for the page.

use js_sys::{Math, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, EventTarget};

use super::error::{Kind, error_with};
use super::window::window;

/// The longest timer that browsers keep; a longer one would fire at once.
const LONGEST_MS: u32 = i32::MAX as u32;

/// Milliseconds since the page began: a clock that does not run backwards.
pub(super) fn now_ms() -> u64 {
    let performance = web_sys::window().and_then(|window| window.performance());
    performance.map_or(0, |performance| performance.now() as u64)
}

/// A random value for jitter, where predictability harms nobody.
pub(super) fn random() -> u32 {
    (Math::random() * f64::from(u32::MAX)) as u32
}

/// What ends a call before its time.
#[derive(Default)]
pub(super) struct Signals {
    /// The caller's, from the options.
    pub(super) caller: Option<AbortSignal>,
    /// Ours, whose reason is an error for the caller.
    pub(super) own: Option<AbortSignal>,
}

impl Signals {
    pub(super) fn iter(&self) -> impl Iterator<Item = &AbortSignal> {
        self.caller.iter().chain(&self.own)
    }

    /// Refuses to go on once one of them is aborted.
    pub(super) fn check(&self) -> Result<(), JsValue> {
        match (&self.caller, &self.own) {
            (Some(signal), _) if signal.aborted() => Err(error_with(
                Kind::Aborted,
                "The caller aborted.",
                signal.reason(),
            )),
            (_, Some(signal)) if signal.aborted() => Err(signal.reason()),
            _ => Ok(()),
        }
    }
}

/// Waits for the first of: so many milliseconds, an event of `target`, an abort. Returns the event.
///
/// The promise's own `resolve` is timer and listener, so that nothing of Rust's is left behind when one of them fires.
pub(super) async fn first(
    ms: Option<u32>,
    event: Option<(&EventTarget, &str)>,
    signals: &Signals,
) -> Result<JsValue, JsValue> {
    let window = window()?;
    let mut resolve = None;
    let promise = Promise::new(&mut |wake, _| resolve = Some(wake));
    // The constructor has called back before it returned.
    let Some(wake) = resolve else {
        return Ok(JsValue::UNDEFINED);
    };
    let events = || {
        let aborts = signals.iter().map(|signal| (signal.as_ref(), "abort"));
        event.into_iter().chain(aborts)
    };
    for (target, name) in events() {
        target.add_event_listener_with_callback(name, &wake)?;
    }
    let timer = match ms {
        Some(ms) => Some(
            window.set_timeout_with_callback_and_timeout_and_arguments_0(
                &wake,
                ms.min(LONGEST_MS) as i32,
            )?,
        ),
        None => None,
    };
    let happened = JsFuture::from(promise).await;
    if let Some(timer) = timer {
        window.clear_timeout_with_handle(timer);
    }
    for (target, name) in events() {
        target.remove_event_listener_with_callback(name, &wake)?;
    }
    happened
}
