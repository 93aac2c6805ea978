//! The page's window, and the functions of it that web-sys declares with fewer ways to fail than they have.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use web_sys::{RequestInit, Window};

use super::error::{Kind, error};

#[wasm_bindgen]
extern "C" {
    /// A page may wrap `fetch`, and the wrapper may throw. gloo-net's `send` and web-sys's `fetch` would trap on that.
    #[wasm_bindgen(catch)]
    pub(super) fn fetch(url: &str, init: &RequestInit) -> Result<Promise, JsValue>;

    /// Throws on pages that were not loaded over https, which have no such function.
    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID, catch)]
    pub(super) fn random_uuid() -> Result<String, JsValue>;
}

pub(super) fn window() -> Result<Window, JsValue> {
    web_sys::window().ok_or_else(|| {
        error(
            Kind::NoWindow,
            "PaySG needs a page: call it in the browser, for example in an effect or event handler.",
        )
    })
}

/// What relative URLs are relative to. Not `location.href`, which an `about:srcdoc` frame cannot lend to that.
pub(super) fn base_url() -> Result<String, JsValue> {
    let document = window()?.document();
    let base = document.and_then(|document| document.base_uri().ok()?);
    Ok(base.unwrap_or_default())
}
