//! What callers pass, read once.

use js_sys::{Function, JSON};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Url};

use super::error::{Kind, error, error_with};
use super::fields::{Fields, to_js};
use super::window::base_url;
use crate::flow::verification::DEFAULT_TIMEOUT_MS;
use crate::paysg::{PaymentId, PaymentPages, PaymentServiceId, ReturnParams};

/// An option that may be left out. The error names it and says what it `must_be`.
fn option<T>(
    options: &Fields,
    name: &str,
    must_be: &str,
    read: impl FnOnce(JsValue) -> Option<T>,
) -> Result<Option<T>, JsValue> {
    let value = options.get(name);
    if value.is_undefined() {
        return Ok(None);
    }
    read(value)
        .map(Some)
        .ok_or_else(|| error(Kind::InvalidOption, &[name, " must be ", must_be].concat()))
}

/// What `load` was given.
pub(super) struct Settings {
    /// Absolute, without a slash at its end.
    pub(super) proxy_url: String,
    pub(super) pages: PaymentPages,
}

impl Settings {
    pub(super) fn read(options: &Fields) -> Result<Self, JsValue> {
        let base = base_url()?;
        let proxy_url = option(
            options,
            "proxyUrl",
            "an http(s) URL or a path, without user name, query or fragment.",
            |url| plain_url(&url.as_string()?, &base),
        )?;
        let pages = option(
            options,
            "devPaymentOrigin",
            "a loopback origin, such as http://127.0.0.1:8788.",
            |origin| PaymentPages::paysg().with_origin(&origin.as_string()?),
        )?;
        Ok(Self {
            proxy_url: proxy_url
                .or_else(|| plain_url("/paysg", &base))
                .unwrap_or_default(),
            pages: pages.unwrap_or_else(PaymentPages::paysg),
        })
    }
}

/// The URL without a slash at its end, if it is one of `http:` or `https:` that holds nothing but origin and path.
fn plain_url(text: &str, base: &str) -> Option<String> {
    let url = Url::new_with_base(text, base).ok()?;
    let plain = [url.origin(), url.pathname()].concat();
    if plain != url.href() || !plain.starts_with("http") {
        return None;
    }
    Some(plain.strip_suffix('/').unwrap_or(&plain).into())
}

/// An order as the body that the proxy takes.
pub(super) fn order_body(order: &JsValue) -> Result<String, JsValue> {
    #[derive(Serialize)]
    struct Signed {
        order: String,
    }
    let signed;
    let order = match order.as_string() {
        Some(order) if !order.is_empty() => {
            signed = to_js(&Signed { order })?;
            &signed
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
    if !order.is_object() {
        return Err(refused(JsValue::UNDEFINED));
    }
    // `undefined`, which js-sys calls a string, is what becomes of an object whose `toJSON` gives nothing.
    JSON::stringify(order)
        .map_err(refused)?
        .as_string()
        .ok_or_else(|| refused(JsValue::UNDEFINED))
}

/// `options.idempotencyKey`, as a header holds it.
pub(super) fn idempotency_key(options: &Fields) -> Result<Option<String>, JsValue> {
    option(
        options,
        "idempotencyKey",
        "1 to 255 visible ASCII characters.",
        |key| {
            key.as_string().filter(|key| {
                (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
            })
        },
    )
}

/// `options.signal`.
pub(super) fn signal(options: &Fields) -> Result<Option<AbortSignal>, JsValue> {
    option(options, "signal", "an AbortSignal.", |signal| {
        // Not `instanceof`: it may be of another frame, or a polyfill. A controller, which is easily mistaken for its signal, has no listeners.
        let signal = Fields(signal);
        signal
            .get("addEventListener")
            .is_function()
            .then(|| signal.0.unchecked_into())
    })
}

/// `options.timeoutMs`.
pub(super) fn timeout_ms(options: &Fields) -> Result<u32, JsValue> {
    let timeout_ms = option(
        options,
        "timeoutMs",
        "a number of milliseconds, 0 or more.",
        // Anything above is Infinity in practice: 49 days.
        |ms| ms.as_f64().filter(|ms| *ms >= 0.0).map(|ms| ms as u32),
    )?;
    Ok(timeout_ms.unwrap_or(DEFAULT_TIMEOUT_MS))
}

/// `options.onStatus`.
pub(super) fn on_status(options: &Fields) -> Result<Option<Function>, JsValue> {
    option(options, "onStatus", "a function.", |on_status| {
        on_status.is_function().then(|| on_status.unchecked_into())
    })
}

/// `{ paymentId, paymentServiceId }`, checked before they enter a path.
pub(super) fn return_params(params: &Fields) -> Result<ReturnParams, JsValue> {
    let payment_id = params
        .text("paymentId")
        .and_then(|id| PaymentId::parse(&id));
    let service = params
        .text("paymentServiceId")
        .and_then(|id| PaymentServiceId::parse(&id));
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
pub(super) fn from_return_params(params: &ReturnParams) -> Result<JsValue, JsValue> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Params<'a> {
        payment_id: &'a str,
        payment_service_id: &'a str,
    }
    to_js(&Params {
        payment_id: params.payment_id.as_str(),
        payment_service_id: params.payment_service_id.as_str(),
    })
}
