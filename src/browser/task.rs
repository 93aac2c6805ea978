//! Futures that are driven by the promises they wait for.
//!
//! A future here waits for one promise at a time, so it needs no queue and no wakers: it is resumed inside that promise's own
//! `then`. Beside being smaller than a general executor, this has a property that a queue lacks: should the wasm trap, the exception
//! rejects the promise that the caller holds, instead of leaving it pending forever.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use wasm_bindgen::prelude::*;

use super::object::get;
use super::page::Promise;

type Task = Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>>;

thread_local! {
    /// What the future that was just polled waits for.
    static AWAITED: Cell<Option<Promise>> = const { Cell::new(None) };
    /// How the promise that it waited for was settled, as `Promise.allSettled` tells it.
    static SETTLED: Cell<JsValue> = const { Cell::new(JsValue::UNDEFINED) };
}

/// Starts a future in the next microtask, and gives the promise of its outcome.
pub(super) fn promise(task: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    resume_after(&JsValue::UNDEFINED, Box::pin(task))
}

/// Waits for a promise, inside a future that [`promise`] runs.
pub(super) fn settled(promise: Promise) -> Settled {
    Settled(Some(promise))
}

/// The future of [`settled`].
pub(super) struct Settled(Option<Promise>);

impl Future for Settled {
    type Output = Result<JsValue, JsValue>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(promise) = self.0.take() {
            AWAITED.set(Some(promise));
            return Poll::Pending;
        }
        let result = SETTLED.replace(JsValue::UNDEFINED);
        let reason = get(&result, "reason");
        Poll::Ready(if reason.is_undefined() {
            Ok(get(&result, "value"))
        } else {
            Err(reason)
        })
    }
}

/// Polls once more when the promise is settled. The closure owns the task: whichever is collected first takes the other with it.
fn resume_after(promise: &JsValue, mut task: Task) -> Promise {
    let resume = Closure::once_into_js(move |results: JsValue| -> Result<JsValue, JsValue> {
        SETTLED.set(get(&results, "0"));
        match task.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => Ok(match AWAITED.take() {
                Some(promise) => resume_after(&promise, task).into(),
                None => JsValue::UNDEFINED,
            }),
        }
    });
    Promise::all_settled(vec![promise.clone()]).then(&resume)
}
