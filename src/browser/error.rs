//! What can go wrong, as the `PaySGError`s that callers see.

use js_sys::Array;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::fields::to_js;
use super::http::Answer;
use crate::flow::creation::is_temporary;

#[wasm_bindgen(module = "/src/browser/error.js")]
extern "C" {
    type PaySGError;
    #[wasm_bindgen(constructor)]
    fn new(properties: &JsValue) -> PaySGError;

    // The class, exported as what it is. A reexported type would be declared as `unknown`; a function can be left to `types.d.ts`.
    #[wasm_bindgen(js_name = PaySGError, reexport, skip_typescript)]
    fn class();
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
    /// There is no page, such as in a worker.
    NoWindow,
}

impl Kind {
    /// All of them, for tests.
    pub const ALL: [Self; 15] = [
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
        Self::NoWindow,
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
            Self::NoWindow => "no_window",
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
            | Self::InsecurePage
            | Self::NoWindow => false,
        }
    }
}

/// What the class takes: absent properties are `null` or `undefined`.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    code: &'a str,
    message: &'a str,
    retryable: bool,
    status: Option<u16>,
    request_id: Option<&'a str>,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    fields: JsValue,
    settled: Option<bool>,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    cause: JsValue,
}

impl Properties<'_> {
    fn into_error(self) -> JsValue {
        to_js(&self).map_or_else(
            |error| error,
            |properties| PaySGError::new(&properties).into(),
        )
    }
}

/// An error of this side's own making.
pub(super) fn error(kind: Kind, message: &str) -> JsValue {
    error_with(kind, message, JsValue::UNDEFINED)
}

/// An error that another one led to.
pub(super) fn error_with(kind: Kind, message: &str, cause: JsValue) -> JsValue {
    Properties {
        cause,
        ..of_kind(kind, message)
    }
    .into_error()
}

/// An error about a payment of which all has been told: the next one is another.
pub(super) fn settled_error(kind: Kind, message: &str) -> JsValue {
    Properties {
        settled: Some(true),
        ..of_kind(kind, message)
    }
    .into_error()
}

fn of_kind(kind: Kind, message: &str) -> Properties<'_> {
    Properties {
        code: kind.code(),
        message,
        retryable: kind.is_retryable(),
        ..Properties::default()
    }
}

/// The word that the proxy has for its refusal, if it may become a `code`.
pub(super) fn word_of(answer: &Answer) -> Option<String> {
    let word = answer.body.object("error").text("code");
    word.filter(|word| is_code(word))
}

/// The error that an HTTP answer is relayed as: in the proxy's own words, where it has some, with `data.fields`.
pub(super) fn refusal(answer: &Answer) -> JsValue {
    let kind = match answer.status {
        200..=299 => Kind::InvalidResponse,
        429 => Kind::RateLimited,
        500.. => Kind::Unavailable,
        _ => Kind::Refused,
    };
    let word = word_of(answer);
    let code = word.as_deref().unwrap_or(kind.code());
    let told = answer.body.object("error");
    let message = told.text("message");
    let fields = told.object("data").get("fields");
    Properties {
        code,
        message: message
            .as_deref()
            .unwrap_or("The payment proxy's answer is not usable: is proxyUrl right?"),
        // What is misconfigured stays so until the proxy's operators mend it; another 500 may have been an accident.
        retryable: match answer.status {
            500 => code != "misconfigured",
            status => is_temporary(status, code != Kind::Unavailable.code()),
        },
        status: Some(answer.status),
        request_id: answer.request_id.as_deref(),
        fields: if Array::is_array(&fields) {
            fields
        } else {
            JsValue::UNDEFINED
        },
        ..Properties::default()
    }
    .into_error()
}

/// Whether a proxy's word may become a `code`.
fn is_code(word: &str) -> bool {
    (1..=64).contains(&word.len())
        && word
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}
