//! One creation at a time in all tabs of a browser.
//!
//! The proxy's cookie makes equal orders of two tabs one payment. A browser gets it with its first answer, so the first creation of one tab has to be over before
//! another tab's begins. The Web Locks API does that, also between tabs of different processes. A browser without it goes on without.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

use super::fields::Fields;
use super::wait::Signals;
use super::window::window;

/// A tab that the system has put to sleep holds its turn. After this long the others go on.
const LONGEST_MS: i32 = 20_000;

#[wasm_bindgen]
extern "C" {
    // Unstable in web-sys.
    type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &Object,
        granted: &Function,
    ) -> Result<Promise, JsValue>;
}

/// A turn. It ends when this is dropped, or when the page is left.
pub(super) struct Turn {
    release: Function,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let _ = self.release.call0(&JsValue::UNDEFINED);
    }
}

/// Waits for a turn with this proxy. `None` if there is none to be had: the creation begins all the same.
pub(super) async fn turn(proxy_url: &str, signals: &Signals) -> Result<Option<Turn>, JsValue> {
    let window = window()?;
    let locks = Fields(window.clone().into())
        .object("navigator")
        .get("locks");
    let (Some((held, release)), Some((granted, grant)), true) =
        (deferred(), deferred(), locks.is_object())
    else {
        return Ok(None);
    };
    let waiting = AbortController::new()?;
    let options = Object::new();
    Reflect::set(&options, &"signal".into(), &waiting.signal())?;
    let take = Closure::<dyn FnMut() -> Promise>::new(move || {
        let _ = grant.call0(&JsValue::UNDEFINED);
        held.clone()
    });
    let name = ["paysg-wasm ", proxy_url].concat();
    let locks: LockManager = locks.unchecked_into();
    let Ok(asked) = locks.request(&name, &options, take.as_ref().unchecked_ref()) else {
        return Ok(None);
    };

    let abort = Closure::<dyn FnMut()>::new(move || waiting.abort());
    let abort: &Function = abort.as_ref().unchecked_ref();
    for signal in signals.iter() {
        signal.add_event_listener_with_callback("abort", abort)?;
    }
    let timer = window.set_timeout_with_callback_and_timeout_and_arguments_0(abort, LONGEST_MS)?;
    let first = Promise::race(&Array::of2(&granted, &asked));
    let is_granted = JsFuture::from(first).await.is_ok();
    window.clear_timeout_with_handle(timer);
    for signal in signals.iter() {
        signal.remove_event_listener_with_callback("abort", abort)?;
    }
    Ok(is_granted.then_some(Turn { release }))
}

/// A promise, and what resolves it.
fn deferred() -> Option<(Promise, Function)> {
    let mut resolve = None;
    let promise = Promise::new(&mut |resolves, _| resolve = Some(resolves));
    Some((promise, resolve?))
}
