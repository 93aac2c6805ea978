//! One creation at a time in all tabs of a browser.
//!
//! The proxy's cookie makes equal orders of two tabs one payment. A browser gets it with its first answer, so the first creation of one tab has to be over before
//! another tab's begins. The Web Locks API does that, also between tabs of different processes. A browser without it goes on without.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

use super::wait::Signals;

/// A tab that the system has put to sleep holds its turn. After this long the others go on.
const LONGEST_MS: i32 = 20_000;

#[wasm_bindgen(module = "/src/browser/turn.js")]
extern "C" {
    #[wasm_bindgen(js_name = takeTurn)]
    fn take_turn(
        name: &str,
        longest_ms: i32,
        caller: Option<&AbortSignal>,
        own: Option<&AbortSignal>,
    ) -> Promise;
}

/// A turn. It ends when this is dropped, or when the page is left.
pub(super) struct Turn {
    release: JsValue,
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(release) = self.release.dyn_ref::<Function>() {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}

/// Waits for a turn with this proxy. If there is none to be had, the creation begins all the same.
pub(super) async fn turn(proxy_url: &str, signals: &Signals) -> Result<Turn, JsValue> {
    signals.check()?;
    let name = ["paysg-wasm ", proxy_url].concat();
    let (caller, own) = (signals.caller.as_ref(), signals.own.as_ref());
    let taken = JsFuture::from(take_turn(&name, LONGEST_MS, caller, own));
    Ok(Turn {
        release: taken.await?,
    })
}
