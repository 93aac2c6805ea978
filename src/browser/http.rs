//! One request to the proxy, bounded in time.

use js_sys::{Function, JSON};
use wasm_bindgen::prelude::*;
use web_sys::{
    AbortController, AbortSignal, Headers, RequestCache, RequestCredentials, RequestInit,
    RequestRedirect, Response,
};

use super::object::get;
use super::task::settled;
use super::window;
use crate::flow::retry::retry_after_ms;

/// What the proxy answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) retry_after_ms: Option<u32>,
    /// A string, or `undefined`.
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
    pub(super) timeout_ms: i32,
}

/// Sends a request. An error is whatever the browser said about it: no answer came, or the signal was aborted.
///
/// Redirects are errors: the proxy answers JSON with none, and one to elsewhere would take the payer's order with it.
pub(super) async fn send(
    request: Request<'_>,
    signal: Option<&AbortSignal>,
) -> Result<Answer, JsValue> {
    let init = RequestInit::new();
    let headers = Headers::new()?;
    headers.set("accept", "application/json")?;
    if let Some((body, key)) = request.body {
        init.set_method("POST");
        init.set_body(&body.into());
        headers.set("content-type", "application/json")?;
        headers.set("idempotency-key", key)?;
    }
    init.set_headers(&headers);
    init.set_cache(RequestCache::NoStore);
    init.set_redirect(RequestRedirect::Error);
    // The proxy's cookie proves which payments are this browser's; it may be on another origin of the same site.
    init.set_credentials(RequestCredentials::Include);

    let controller = AbortController::new()?;
    init.set_signal(Some(&controller.signal()));
    // Bound with its argument, so that neither an event nor a timer's argument becomes the reason.
    let abort = get(&controller, "abort")
        .unchecked_into::<Function>()
        .bind1(&controller, &JsValue::UNDEFINED)
        .unchecked_into::<Function>();
    let window = window()?;
    let timer =
        window.set_timeout_with_callback_and_timeout_and_arguments_0(&abort, request.timeout_ms)?;
    if let Some(signal) = signal {
        signal.add_event_listener_with_callback("abort", &abort)?;
    }
    let answer = receive(request.url, &init).await;
    window.clear_timeout_with_handle(timer);
    if let Some(signal) = signal {
        signal.remove_event_listener_with_callback("abort", &abort)?;
    }
    answer
}

async fn receive(url: &str, init: &RequestInit) -> Result<Answer, JsValue> {
    let response: Response = settled(window()?.fetch_with_str_and_init(url, init))
        .await?
        .unchecked_into();
    let text = settled(response.text()?).await?;
    let headers = response.headers();
    Ok(Answer {
        status: response.status(),
        retry_after_ms: headers
            .get("retry-after")?
            .and_then(|header| retry_after_ms(&header)),
        request_id: headers.get("x-request-id")?.into(),
        body: text
            .as_string()
            .and_then(|text| JSON::parse(&text).ok())
            .unwrap_or(JsValue::UNDEFINED),
    })
}
