//! What can go wrong, as the `PaySGError`s that callers see.

use std::cell::OnceCell;

use wasm_bindgen::prelude::*;

use super::http::Answer;
use super::object::{Draft, get, get_string};
use super::page::{Function, is_array};
use crate::flow::creation::is_temporary;

thread_local! {
    /// Makes a `PaySGError` of its properties. The class is defined once, in JS, so that `instanceof` works even before wasm is loaded.
    static MAKE: OnceCell<Function> = const { OnceCell::new() };
}

/// Has errors made by this function.
pub(super) fn make_by(make: Function) {
    // Every `load` passes the same class.
    let _ = MAKE.with(|cell| cell.set(make));
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
    /// The page was not loaded over https.
    InsecurePage,
}

impl Kind {
    /// All of them, for tests.
    pub const ALL: [Self; 14] = [
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
        Self::InsecurePage,
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
            Self::InsecurePage => "insecure_page",
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
            | Self::Aborted
            | Self::InsecurePage => false,
        }
    }
}

/// An error of this side's own making.
pub(super) fn error(kind: Kind, message: &str) -> JsValue {
    error_with(kind, message, JsValue::UNDEFINED)
}

/// An error that another one led to.
pub(super) fn error_with(kind: Kind, message: &str, cause: JsValue) -> JsValue {
    instance(draft(kind, message).put("cause", cause))
}

/// An error about a payment of which all has been told: the next one is another.
pub(super) fn settled_error(kind: Kind, message: &str) -> JsValue {
    instance(draft(kind, message).put("settled", true.into()))
}

fn draft(kind: Kind, message: &str) -> Draft {
    Draft::new()
        .text("code", kind.code())
        .text("message", message)
        .put("retryable", kind.is_retryable().into())
}

/// The word that the proxy has for its refusal, if it may become a `code`.
pub(super) fn word_of(answer: &Answer) -> Option<String> {
    get_string(&get(&answer.body, "error"), "code").filter(|word| is_code(word))
}

/// The error that an HTTP answer is relayed as: in the proxy's own words, where it has some, with `data.fields`.
pub(super) fn refusal(answer: &Answer) -> JsValue {
    let kind = match answer.status {
        200..=299 => Kind::InvalidResponse,
        429 => Kind::RateLimited,
        500.. => Kind::Unavailable,
        _ => Kind::Refused,
    };
    relay(answer, word_of(answer).as_deref().unwrap_or(kind.code()))
}

/// The error for an answer, under a code of this side's choice.
fn relay(answer: &Answer, code: &str) -> JsValue {
    let told = get(&answer.body, "error");
    let message = get_string(&told, "message");
    let message = message
        .as_deref()
        .unwrap_or("The payment proxy's answer is not usable: is proxyUrl right?");
    // What is misconfigured stays so until the proxy's operators mend it; another 500 may have been an accident.
    let retryable = match answer.status {
        500 => code != "misconfigured",
        status => is_temporary(status, code != Kind::Unavailable.code()),
    };
    let fields = get(&get(&told, "data"), "fields");
    let mut draft = Draft::new()
        .text("code", code)
        .text("message", message)
        .put("retryable", retryable.into())
        .put("status", answer.status.into())
        .put("requestId", answer.request_id.clone());
    if is_array(&fields) {
        draft = draft.put("fields", fields);
    }
    instance(draft)
}

/// Whether a proxy's word may become a `code`.
fn is_code(word: &str) -> bool {
    (1..=64).contains(&word.len())
        && word
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

fn instance(init: Draft) -> JsValue {
    let init = init.done();
    let made = MAKE.with(|make| make.get().map(|make| make.call(&JsValue::UNDEFINED, &init)));
    match made {
        Some(Ok(error) | Err(error)) => error,
        None => init,
    }
}
