//! One request to the proxy, bounded in time.

use wasm_bindgen::prelude::*;

use super::object::{Draft, get};
use super::page::{
    AbortController, Function, Headers, Response, Target, clear_timeout, date_now, date_parse,
    fetch, parse, set_timeout,
};
use super::task::settled;
use crate::flow::retry::retry_after_ms;

/// What the proxy answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after_ms: Option<u32>,
    /// A string, or `null`.
    pub(super) request_id: JsValue,
    /// What the body was as JSON, or `undefined`.
    pub(super) body: JsValue,
}

/// A creation, if there is a body; else a question.
pub(super) struct Request<'a> {
    pub(super) url: &'a str,
    /// JSON, and the idempotency key that belongs to it.
    pub(super) body: Option<(&'a str, &'a str)>,
    /// For everything until the last byte of the answer.
    pub(super) timeout_ms: u32,
}

/// Sends a request. An error is whatever the browser said about it: no answer came, or the signal was aborted.
///
/// Redirects are errors: the proxy answers JSON with none, and one to elsewhere would take the payer's order with it.
pub(super) async fn send(request: Request<'_>, signal: Option<&Target>) -> Result<Answer, JsValue> {
    let controller = AbortController::new();
    let headers = Draft::new().text("accept", "application/json");
    let init = Draft::new()
        .text("cache", "no-store")
        .text("redirect", "error")
        // The proxy's cookie proves which payments are this browser's; it may be on another origin of the same site.
        .text("credentials", "include")
        .copy("signal", &controller);
    let (headers, init) = match request.body {
        Some((body, key)) => (
            headers
                .text("content-type", "application/json")
                .text("idempotency-key", key),
            init.text("method", "POST").text("body", body),
        ),
        None => (headers, init),
    };
    let init = init.put("headers", headers.done()).done();
    // Bound with its argument, so that neither an event nor a timer's argument becomes the reason.
    let abort: Function = get(&controller, "abort")
        .unchecked_into::<Function>()
        .bind(&controller, &JsValue::UNDEFINED);
    let timer = set_timeout(&abort, request.timeout_ms);
    if let Some(signal) = signal {
        signal.listen("abort", &abort);
    }
    let answer = receive(request.url, &init).await;
    clear_timeout(timer);
    if let Some(signal) = signal {
        signal.unlisten("abort", &abort);
    }
    answer
}

async fn receive(url: &str, init: &JsValue) -> Result<Answer, JsValue> {
    let response: Response = settled(fetch(url, init)?).await?.unchecked_into();
    let body = settled(response.text()?).await?;
    let headers: Headers = get(&response, "headers").unchecked_into();
    Ok(Answer {
        status: get(&response, "status").as_f64().unwrap_or_default() as u16,
        retry_after_ms: headers
            .header("retry-after")
            .as_string()
            .and_then(|header| retry_after_ms(&header, date_now() as i64, http_date_ms)),
        request_id: headers.header("x-request-id"),
        body: parse(&body).unwrap_or(JsValue::UNDEFINED),
    })
}

/// An HTTP date in milliseconds. Of what else browsers take for a date, each takes something of its own.
fn http_date_ms(text: &str) -> Option<i64> {
    // What is no date is NaN, which becomes 0, which is long ago.
    text.ends_with(" GMT").then(|| date_parse(text) as i64)
}
