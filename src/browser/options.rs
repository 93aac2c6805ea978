//! What callers pass, read once.

use wasm_bindgen::prelude::*;

use super::error::{Kind, error, error_with};
use super::object::{Draft, get, get_string};
use super::page::{Function, Target, Url, base, stringify};
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
    let text = if option.is_undefined() {
        Some("/paysg".into())
    } else {
        option.as_string()
    };
    let text = text.ok_or_else(refused)?;
    let url = Url::new(&text.into(), &base()).map_err(|_| refused())?;
    // What is left of a URL without user name, password, query and fragment: origin and path.
    let part = |name| get_string(&url, name).unwrap_or_default();
    let plain = [part("origin").as_str(), &part("pathname")].concat();
    if plain != part("href") || !plain.starts_with("http") {
        return Err(refused());
    }
    Ok(plain.strip_suffix('/').unwrap_or(&plain).into())
}

/// An order as the body that the proxy takes.
pub(super) fn order_body(order: &JsValue) -> Result<String, JsValue> {
    let wrapped;
    let order = match order.as_string() {
        Some(token) if !token.is_empty() => {
            wrapped = Draft::new().text("order", &token).done();
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
    if !order.is_object() {
        return Err(refused(JsValue::UNDEFINED));
    }
    stringify(order)
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
pub(super) fn signal(options: &JsValue) -> Result<Option<Target>, JsValue> {
    let option = get(options, "signal");
    if option.is_undefined() {
        return Ok(None);
    }
    // Not `instanceof`: it may be of another frame, or a polyfill. A controller, which is easily mistaken for its signal, has no listeners.
    if get(&option, "addEventListener").is_function() {
        Ok(Some(option.unchecked_into()))
    } else {
        Err(error(Kind::InvalidOption, "signal must be an AbortSignal."))
    }
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
    if option.is_function() {
        Ok(Some(option.unchecked_into()))
    } else {
        Err(error(Kind::InvalidOption, "onStatus must be a function."))
    }
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
    Draft::new()
        .text("paymentId", params.payment_id.as_str())
        .text("paymentServiceId", params.payment_service_id.as_str())
        .done()
}
