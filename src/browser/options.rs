//! What callers pass, read once.

use js_sys::{Function, JSON};
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Url};

use super::error::{Kind, error, error_with};
use super::object::{get, get_string, object};
use super::window;
use crate::flow::verification::DEFAULT_TIMEOUT_MS;
use crate::paysg::{PaymentId, PaymentPages, PaymentServiceId, ReturnParams};

/// What `load` was given.
pub(super) struct Settings {
    /// Absolute, without a slash at its end.
    pub(super) proxy_url: String,
    pub(super) pages: PaymentPages,
}

impl Settings {
    pub(super) fn read(options: &JsValue) -> Result<Self, JsValue> {
        let pages = PaymentPages::paysg();
        let origin = get(options, "devPaymentOrigin");
        Ok(Self {
            proxy_url: proxy_url(&get(options, "proxyUrl"))?,
            pages: if origin.is_undefined() {
                pages
            } else {
                origin
                    .as_string()
                    .and_then(|origin| pages.with_origin(&origin))
                    .ok_or_else(|| {
                        error(
                            Kind::InvalidOption,
                            "devPaymentOrigin must be a loopback origin, such as http://127.0.0.1:8788.",
                        )
                    })?
            },
        })
    }
}

fn proxy_url(option: &JsValue) -> Result<String, JsValue> {
    let refused = || {
        error(
            Kind::InvalidOption,
            "proxyUrl must be an http(s) URL or a path, without user name, query or fragment.",
        )
    };
    let text = match option.as_string() {
        Some(text) => text,
        None if option.is_undefined() => "/paysg".into(),
        None => return Err(refused()),
    };
    let base = window()?
        .document()
        .and_then(|document| document.base_uri().ok().flatten())
        .unwrap_or_default();
    let url = Url::new_with_base(&text, &base).map_err(|_| refused())?;
    let href = url.href();
    let plain = ["http:", "https:"].contains(&url.protocol().as_str())
        && !href.contains(['?', '#'])
        && url.username().is_empty()
        && url.password().is_empty();
    plain
        .then(|| href.trim_end_matches('/').into())
        .ok_or_else(refused)
}

/// An order as the body that the proxy takes.
pub(super) fn order_body(order: &JsValue) -> Result<String, JsValue> {
    let wrapped;
    let order = match order.as_string() {
        Some(token) if !token.is_empty() => {
            wrapped = object([("order", token.into())]);
            &wrapped
        }
        _ => order,
    };
    let refused = |cause| {
        error_with(
            Kind::InvalidOrder,
            "An order is an order token, or an object such as { order: token } or { item, payer_name }.",
            cause,
        )
    };
    if !order.is_object() || js_sys::Array::is_array(order) {
        return Err(refused(JsValue::UNDEFINED));
    }
    JSON::stringify(order)
        .map_err(refused)?
        .as_string()
        .ok_or_else(|| refused(JsValue::UNDEFINED))
}

/// `options.idempotencyKey`: 1 to 255 visible ASCII characters, as a header holds them.
pub(super) fn idempotency_key(options: &JsValue) -> Result<Option<String>, JsValue> {
    let option = get(options, "idempotencyKey");
    if option.is_undefined() {
        return Ok(None);
    }
    option
        .as_string()
        .filter(|key| {
            (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
        })
        .map(Some)
        .ok_or_else(|| {
            error(
                Kind::InvalidOption,
                "idempotencyKey must be 1 to 255 visible ASCII characters.",
            )
        })
}

/// `options.signal`.
pub(super) fn signal(options: &JsValue) -> Result<Option<AbortSignal>, JsValue> {
    let option = get(options, "signal");
    if option.is_undefined() || option.is_null() {
        return Ok(None);
    }
    option
        .dyn_into()
        .map(Some)
        .map_err(|_| error(Kind::InvalidOption, "signal must be an AbortSignal."))
}

/// `options.timeoutMs`.
pub(super) fn timeout_ms(options: &JsValue) -> Result<u32, JsValue> {
    let option = get(options, "timeoutMs");
    if option.is_undefined() {
        return Ok(DEFAULT_TIMEOUT_MS);
    }
    match option.as_f64() {
        // Anything above is Infinity in practice: 49 days.
        Some(ms) if ms >= 0.0 => Ok(ms as u32),
        _ => Err(error(
            Kind::InvalidOption,
            "timeoutMs must be a number of milliseconds, 0 or more.",
        )),
    }
}

/// `options.onStatus`.
pub(super) fn on_status(options: &JsValue) -> Result<Option<Function>, JsValue> {
    let option = get(options, "onStatus");
    if option.is_undefined() {
        return Ok(None);
    }
    option
        .dyn_into()
        .map(Some)
        .map_err(|_| error(Kind::InvalidOption, "onStatus must be a function."))
}

/// `{ paymentId, paymentServiceId }`, checked before they enter a path.
pub(super) fn return_params(params: &JsValue) -> Result<ReturnParams, JsValue> {
    let payment_id = get_string(params, "paymentId").and_then(|id| PaymentId::parse(&id));
    let service =
        get_string(params, "paymentServiceId").and_then(|id| PaymentServiceId::parse(&id));
    match (payment_id, service) {
        (Some(payment_id), Some(payment_service_id)) => Ok(ReturnParams {
            payment_id,
            payment_service_id,
        }),
        _ => Err(error(
            Kind::InvalidReturn,
            "paymentId or paymentServiceId is missing or malformed.",
        )),
    }
}

/// The same parameters, for a caller.
pub(super) fn from_return_params(params: &ReturnParams) -> JsValue {
    object([
        ("paymentId", params.payment_id.as_str().into()),
        (
            "paymentServiceId",
            params.payment_service_id.as_str().into(),
        ),
    ])
}
