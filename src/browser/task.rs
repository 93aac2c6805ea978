//! Futures that are driven by the promises they wait for.
//!
//! A future here waits for one promise at a time, so it needs no queue and no wakers: it is resumed inside that promise's own
//! `then`. Beside being smaller than a general executor (about 3 KB of the module), this has a property that a queue
//! lacks: should the wasm trap, the exception rejects the promise that the caller holds, instead of leaving it pending forever.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;

use super::object::{get, get_string};

type Task = Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>;

thread_local! {
    /// What the future that was just polled waits for.
    static AWAITED: Cell<Option<Promise>> = const { Cell::new(None) };
    /// How the promise that it waited for was settled.
    static SETTLED: Cell<Option<Result<JsValue, JsValue>>> = const { Cell::new(None) };
}

/// Starts a future in the next microtask, and gives the promise of its outcome.
pub(super) fn promise(task: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    resume_after(&Promise::resolve(&JsValue::UNDEFINED), Box::pin(task))
}

/// Waits for a promise, inside a future that [`promise`] runs.
pub(super) async fn settled(promise: Promise) -> Result<JsValue, JsValue> {
    let mut promise = Some(promise);
    std::future::poll_fn(move |_| match promise.take() {
        Some(promise) => {
            AWAITED.set(Some(promise));
            Poll::Pending
        }
        None => Poll::Ready(SETTLED.take().unwrap_or(Ok(JsValue::UNDEFINED))),
    })
    .await
}

/// Polls once more when the promise is settled. The closure owns the task: whichever is collected first takes the other with it.
fn resume_after(promise: &Promise, mut task: Task) -> Promise {
    let resume = Closure::once_into_js(move |results: Array| -> Result<JsValue, JsValue> {
        let result = results.get(0);
        let reason = get(&result, "reason");
        SETTLED.set(Some(
            if get_string(&result, "status").as_deref() == Some("rejected") {
                Err(reason)
            } else {
                Ok(get(&result, "value"))
            },
        ));
        match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => match AWAITED.take() {
                Some(promise) => Ok(resume_after(&promise, task).into()),
                None => Ok(JsValue::UNDEFINED),
            },
        }
    });
    then(&Promise::all_settled(&Array::of1(promise)), &resume)
}

#[wasm_bindgen]
extern "C" {
    type Thenable;
    #[wasm_bindgen(method, js_name = then)]
    fn then_call(this: &Thenable, resume: &JsValue) -> Promise;
}

fn then(promise: &Promise, resume: &JsValue) -> Promise {
    promise.unchecked_ref::<Thenable>().then_call(resume)
}
