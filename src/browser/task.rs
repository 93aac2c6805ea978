//! Promises of Rust futures that reject if the wasm traps.
//!
//! `wasm_bindgen_futures` runs futures in microtasks of its own. An exception in one of them, such as a trap, reaches nobody: the promise that the
//! caller holds stays pending for ever, and a payer waits before a button that does nothing. So each poll goes through a JavaScript function that
//! catches what the poll throws, and the promise rejects with it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

#[wasm_bindgen]
extern "C" {
    // js-sys has it for functions of JavaScript's only.
    #[wasm_bindgen(js_namespace = Reflect, catch)]
    fn apply(run: &mut dyn FnMut(), this: &JsValue, arguments: &Array) -> Result<(), JsValue>;
}

type Outcome = Result<JsValue, JsValue>;

/// Starts a future in the next microtask, and returns the promise of its outcome.
pub(super) fn promise(future: impl Future<Output = Outcome> + 'static) -> Promise {
    future_to_promise(Guarded(Some(Box::pin(future))))
}

/// A future whose traps are errors.
struct Guarded(Option<Pin<Box<dyn Future<Output = Outcome>>>>);

impl Future for Guarded {
    type Output = Outcome;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        let mut future = self.0.take();
        let mut polled = Poll::Pending;
        let mut poll = || {
            if let Some(future) = &mut future {
                polled = future.as_mut().poll(context);
            }
        };
        match apply(&mut poll, &JsValue::UNDEFINED, &Array::new()) {
            Ok(()) => {
                self.0 = future;
                polled
            }
            Err(thrown) => {
                // The trap left it half-way through a step: some of what it would drop has been moved or dropped before.
                std::mem::forget(future);
                Poll::Ready(Err(thrown))
            }
        }
    }
}
