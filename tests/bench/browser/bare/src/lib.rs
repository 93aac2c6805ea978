//! The smallest wasm-bindgen module that creates a payment and redirects: no check, no retry, no types.

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{RequestInit, Response};

#[wasm_bindgen]
pub async fn pay(url: String, body: String) -> Result<(), JsValue> {
    let window = web_sys::window().ok_or(JsValue::NULL)?;
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&body.into());
    let answer = JsFuture::from(window.fetch_with_str_and_init(&url, &init)).await?;
    let json = JsFuture::from(answer.unchecked_into::<Response>().json()?).await?;
    let payment = js_sys::Reflect::get(&json, &"payment".into())?;
    let url = js_sys::Reflect::get(&payment, &"payment_url".into())?;
    window.location().assign(&url.as_string().unwrap_or_default())
}
