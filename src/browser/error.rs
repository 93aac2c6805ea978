//! What can go wrong, as the `PaySGError`s that callers see.

use std::cell::RefCell;

use js_sys::{Array, Function, Reflect};
use wasm_bindgen::prelude::*;

use super::http::Answer;
use super::object::{get, get_string, object};
use crate::flow::creation::is_temporary;

thread_local! {
    /// The package's `PaySGError`. Its one definition is in JS, so that `instanceof` works even before wasm is loaded.
    static ERROR_CLASS: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Makes `class` the one that errors are instances of.
pub(super) fn use_class(class: Function) {
    ERROR_CLASS.set(Some(class));
}

/// One kind for each thing that a caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An option is not of its documented form: mend the program.
    InvalidOption,
    /// The order is neither an order token nor an object that JSON can hold: mend the program.
    InvalidOrder,
    /// The return parameters are incomplete, repeated or malformed: show no payment.
    InvalidReturn,
    /// The payment page is not one of PaySG's: send the payer nowhere.
    PaymentUrlRefused,
    /// The payment was cancelled: the next press makes a new one.
    PaymentCancelled,
    /// The payer came back to this page by the back button: offer to pay again.
    PageRestored,
    /// The proxy does not know the payment.
    UnknownPayment,
    /// The proxy could not be reached: offer to try again.
    Unreachable,
    /// The proxy answered something that is not of its contract.
    InvalidResponse,
    /// The proxy asks to come back later.
    RateLimited,
    /// The proxy, or PaySG behind it, does not work just now.
    Unavailable,
    /// The proxy refused, and gave no word of its own for it.
    Refused,
    /// The caller's signal was aborted.
    Aborted,
}

impl Kind {
    /// All of them, for tests.
    pub const ALL: [Self; 13] = [
        Self::InvalidOption,
        Self::InvalidOrder,
        Self::InvalidReturn,
        Self::PaymentUrlRefused,
        Self::PaymentCancelled,
        Self::PageRestored,
        Self::UnknownPayment,
        Self::Unreachable,
        Self::InvalidResponse,
        Self::RateLimited,
        Self::Unavailable,
        Self::Refused,
        Self::Aborted,
    ];

    /// The `code` that callers see. Words are added to this list, never changed.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::InvalidOption => "invalid_option",
            Self::InvalidOrder => "invalid_order",
            Self::InvalidReturn => "invalid_return",
            Self::PaymentUrlRefused => "payment_url_refused",
            Self::PaymentCancelled => "payment_cancelled",
            Self::PageRestored => "page_restored",
            Self::UnknownPayment => "unknown_payment",
            Self::Unreachable => "unreachable",
            Self::InvalidResponse => "invalid_response",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
            Self::Aborted => "aborted",
        }
    }

    /// Whether the same call may succeed when it is made again, unchanged.
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        match self {
            Self::PaymentCancelled
            | Self::PageRestored
            | Self::Unreachable
            | Self::RateLimited
            | Self::Unavailable => true,
            Self::InvalidOption
            | Self::InvalidOrder
            | Self::InvalidReturn
            | Self::PaymentUrlRefused
            | Self::UnknownPayment
            | Self::InvalidResponse
            | Self::Refused
            | Self::Aborted => false,
        }
    }
}

/// An error of this side's own making.
pub(super) fn error(kind: Kind, message: &str) -> JsValue {
    error_with(kind, message, JsValue::UNDEFINED)
}

/// An error that another one led to.
pub(super) fn error_with(kind: Kind, message: &str, cause: JsValue) -> JsValue {
    instance(object([
        ("code", kind.code().into()),
        ("message", message.into()),
        ("retryable", kind.is_retryable().into()),
        ("cause", cause),
    ]))
}

/// An error that an HTTP answer stands for, in the proxy's own words where it has some.
pub(super) fn error_of(kind: Kind, message: &str, answer: &Answer) -> JsValue {
    instance(object([
        ("code", kind.code().into()),
        ("message", message.into()),
        ("retryable", kind.is_retryable().into()),
        ("status", answer.status.into()),
        ("requestId", answer.request_id.clone()),
    ]))
}

/// The error that the proxy's refusal is relayed as: its `code`, `message` and `data.fields`, with the HTTP status.
pub(super) fn refusal(answer: &Answer) -> JsValue {
    let told = get(&answer.body, "error");
    let kind = match answer.status {
        429 => Kind::RateLimited,
        500.. => Kind::Unavailable,
        _ => Kind::Refused,
    };
    let code = get_string(&told, "code").filter(|word| is_code(word));
    // What will not mend itself: the proxy's operators have to.
    let lasting = code.as_deref() == Some("misconfigured");
    let fields = get(&get(&told, "data"), "fields");
    instance(object([
        ("code", code.as_deref().unwrap_or(kind.code()).into()),
        (
            "message",
            get_string(&told, "message")
                .as_deref()
                .unwrap_or("The payment proxy refused the request.")
                .into(),
        ),
        (
            "retryable",
            ((answer.status >= 500 || is_temporary(answer.status)) && !lasting).into(),
        ),
        ("status", answer.status.into()),
        ("requestId", answer.request_id.clone()),
        (
            "fields",
            if Array::is_array(&fields) {
                fields
            } else {
                JsValue::UNDEFINED
            },
        ),
    ]))
}

/// Whether a proxy's word may become a `code`.
fn is_code(word: &str) -> bool {
    (1..=64).contains(&word.len())
        && word
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

fn instance(init: JsValue) -> JsValue {
    ERROR_CLASS
        .with_borrow(|class| {
            class
                .as_ref()
                .and_then(|class| Reflect::construct(class, &Array::of1(&init)).ok())
        })
        .unwrap_or(init)
}
