//! What the tests do to the page, and what they see of it.

use js_sys::futures::JsFuture;
use js_sys::{Array, JSON, Promise, Reflect};
use paysg_wasm::browser::Browser;
use wasm_bindgen::prelude::*;

pub(crate) const ID: &str = "WlM3qMUUHQ2gipngenEmE";
pub(crate) const SERVICE: &str = "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8";
pub(crate) const PAGE: &str = "https://staging.pay.gov.sg/payments/WlM3qMUUHQ2gipngenEmE";

#[wasm_bindgen(module = "/tests/browser/page.js")]
extern "C" {
    fn fresh() -> Promise;
    /// The script of the network: a JSON list of `{status, headers, json | text, ms}`, `"lost"`, `"odd"`, `"throw"`, `"cut"` and `"hang"`. The last one repeats.
    pub(crate) fn answers(json: &str);
    pub(crate) fn requests() -> Array;
    fn departures() -> Array;
    pub(crate) fn open_listeners() -> i32;
    pub(crate) fn hanging_requests() -> u32;
    fn sleep(ms: u32) -> Promise;
    pub(crate) fn hide(hidden: bool);
    pub(crate) fn restore(persisted: bool);
    pub(crate) fn stored() -> String;
    pub(crate) fn forbid_storage(forbidden: bool);
    pub(crate) fn allow_storage();
    pub(crate) fn fill_storage();
    pub(crate) fn empty_storage();
    pub(crate) fn go_to(url: &str, state: &JsValue);
    pub(crate) fn address() -> String;
    pub(crate) fn state() -> JsValue;
    pub(crate) fn here() -> String;
    pub(crate) fn path() -> String;
    pub(crate) fn evaluate(code: &str) -> JsValue;
    pub(crate) fn unhandled() -> Promise;
    fn outcome(promise: &Promise, ms: u32) -> Promise;
}

/// A page on which nothing has happened, with a proxy at `/paysg`.
pub(crate) async fn new_page() -> Browser {
    JsFuture::from(fresh()).await.unwrap();
    load("{}").unwrap()
}

pub(crate) fn load(options: &str) -> Result<Browser, JsValue> {
    Browser::new(&json(options))
}

/// What stands between parentheses, as JS: an object, mostly.
pub(crate) fn json(text: &str) -> JsValue {
    evaluate(&format!("({text})"))
}

pub(crate) fn to_json(value: &JsValue) -> String {
    JSON::stringify(value)
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_else(|| "undefined".into())
}

pub(crate) fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap()
}

pub(crate) fn text(object: &JsValue, name: &str) -> String {
    get(object, name)
        .as_string()
        .unwrap_or_else(|| panic!("{name} of {}", to_json(object)))
}

pub(crate) fn code<T>(outcome: Result<T, JsValue>) -> String {
    match outcome {
        Ok(_) => "no error".into(),
        Err(error) => text(&error, "code"),
    }
}

pub(crate) fn departed() -> Vec<String> {
    departures()
        .iter()
        .map(|url| url.as_string().unwrap())
        .collect()
}

/// The idempotency keys of all requests so far.
pub(crate) fn sent_keys() -> Vec<String> {
    requests()
        .iter()
        .map(|request| text(&get(&request, "headers"), "idempotency-key"))
        .collect()
}

pub(crate) async fn after(ms: u32) {
    JsFuture::from(sleep(ms)).await.unwrap();
}

/// The outcome of a promise within five seconds.
pub(crate) async fn settle(promise: impl Into<JsValue>) -> Result<JsValue, JsValue> {
    let promise = Promise::from(promise.into());
    let end = JsFuture::from(outcome(&promise, 5_000)).await.unwrap();
    assert!(!get(&end, "pending").is_truthy(), "still pending");
    let error = get(&end, "error");
    if error.is_undefined() {
        Ok(get(&end, "value"))
    } else {
        Err(error)
    }
}

pub(crate) async fn is_pending(promise: &Promise) -> bool {
    let end = JsFuture::from(outcome(promise, 300)).await.unwrap();
    get(&end, "pending").is_truthy()
}

/// An answer that holds a payment of this status.
pub(crate) fn created(status: &str) -> String {
    format!(
        r#"{{"status":201,"json":{{"payment":{{"id":"{ID}","payment_service_id":"{SERVICE}","payment_url":"{PAGE}","reference_id":"INV-7","amount_in_cents":4250,"status":"{status}"}}}}}}"#
    )
}

/// An answer that tells of a payment's status, with proof.
pub(crate) fn told(status: &str) -> String {
    format!(
        r#"{{"json":{{"id":"{ID}","payment_service_id":"{SERVICE}","status":"{status}","reference_id":"INV-7","amount_in_cents":4250}}}}"#
    )
}

pub(crate) fn params() -> JsValue {
    json(&format!(
        r#"{{paymentId:"{ID}",paymentServiceId:"{SERVICE}"}}"#
    ))
}

pub(crate) fn return_query() -> String {
    format!("paysg_payment_id={ID}&paysg_payment_service_id={SERVICE}")
}

pub(crate) const NONE: JsValue = JsValue::UNDEFINED;
