//! One request to the proxy, bounded in time.
//!
//! gloo-net's headers and response, and neither its request nor its errors: its `send` and `text` panic if the browser rejects with something that is
//! no `Error`, as a wrapped `fetch` and an abort reason may (`unreachable!` in its `error.rs`; ranile/gloo#477). So `fetch` is called here, by a signal
//! of our own that takes no reason, and the body is awaited here.

use gloo_net::http::{Headers, Response};
use js_sys::{Date, Function, JSON};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestCache, RequestCredentials, RequestInit, RequestRedirect};

use super::fields::Fields;
use super::wait::Signals;
use super::window::{fetch, window};
use crate::flow::retry::retry_after_ms;

/// What the proxy answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after_ms: Option<u32>,
    pub(super) request_id: Option<String>,
    /// What the body was as JSON, or `undefined`.
    pub(super) body: Fields,
}

/// What is sent.
pub(super) struct Request<'a> {
    pub(super) url: &'a str,
    pub(super) method: &'a str,
    /// JSON, and the idempotency key that belongs to it.
    pub(super) body: Option<(&'a str, &'a str)>,
    /// For everything until the last byte of the answer.
    pub(super) timeout_ms: i32,
}

/// Sends a request. An error is whatever the browser said about it: no answer came, or a signal was aborted.
///
/// Redirects are errors: the proxy answers JSON with none, and one to elsewhere would take the payer's order with it.
pub(super) async fn send(request: Request<'_>, signals: &Signals) -> Result<Answer, JsValue> {
    let window = window()?;
    let controller = AbortController::new()?;
    let headers = Headers::new();
    headers.set("accept", "application/json");
    let init = RequestInit::new();
    init.set_cache(RequestCache::NoStore);
    init.set_redirect(RequestRedirect::Error);
    // The proxy's cookie proves which payments are this browser's; it may be on another origin of the same site.
    init.set_credentials(RequestCredentials::Include);
    init.set_signal(Some(&controller.signal()));
    init.set_method(request.method);
    if let Some((body, key)) = request.body {
        headers.set("content-type", "application/json");
        headers.set("idempotency-key", key);
        init.set_body(&body.into());
    }
    init.set_headers(&headers.into_raw());

    let abort = Closure::<dyn FnMut()>::new(move || controller.abort());
    let abort: &Function = abort.as_ref().unchecked_ref();
    for signal in signals.iter() {
        signal.add_event_listener_with_callback("abort", abort)?;
    }
    let timer =
        window.set_timeout_with_callback_and_timeout_and_arguments_0(abort, request.timeout_ms)?;
    let answer = receive(request.url, &init).await;
    window.clear_timeout_with_handle(timer);
    for signal in signals.iter() {
        signal.remove_event_listener_with_callback("abort", abort)?;
    }
    answer
}

async fn receive(url: &str, init: &RequestInit) -> Result<Answer, JsValue> {
    let response = JsFuture::from(fetch(url, init)?).await?;
    let response: web_sys::Response = response.unchecked_into();
    let body = JsFuture::from(response.text()?).await?;
    let response = Response::from(response);
    let headers = response.headers();
    let body = JSON::parse(&body.as_string().unwrap_or_default());
    Ok(Answer {
        status: response.status(),
        retry_after_ms: headers
            .get("retry-after")
            .and_then(|header| retry_after_ms(&header, Date::now() as i64, http_date_ms)),
        request_id: headers.get("x-request-id"),
        body: Fields(body.unwrap_or(JsValue::UNDEFINED)),
    })
}

/// An HTTP date in milliseconds. Of what else browsers take for a date, each takes something of its own.
fn http_date_ms(text: &str) -> Option<i64> {
    // What is no date is NaN, which becomes 0, which is long ago.
    text.ends_with(" GMT").then(|| Date::parse(text) as i64)
}
