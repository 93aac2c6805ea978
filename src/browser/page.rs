//! Everything of the browser that this module touches, in one list.
//!
//! Written out rather than taken from web-sys: each import costs its name in the wasm and a function in the glue, so globals are called as
//! globals, and plain properties are read by [`get`](super::object::get). Together that was a third of the module. What can throw is marked `catch`, as
//! nothing may unwind through wasm.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = window)]
    pub(super) static WINDOW: JsValue;

    #[wasm_bindgen(catch)]
    pub(super) fn fetch(url: &str, init: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(run: &Function, ms: u32) -> i32;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(super) fn clear_timeout(timer: i32);

    #[wasm_bindgen(js_namespace = performance)]
    pub(super) fn now() -> f64;
    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID, catch)]
    pub(super) fn random_uuid() -> Result<String, JsValue>;

    // Where storage is forbidden, reading its very name throws.
    #[wasm_bindgen(js_namespace = sessionStorage, js_name = getItem, catch)]
    pub(super) fn get_item(name: &str) -> Result<Option<String>, JsValue>;
    #[wasm_bindgen(js_namespace = sessionStorage, js_name = setItem, catch)]
    pub(super) fn set_item(name: &str, value: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(js_namespace = sessionStorage, js_name = removeItem, catch)]
    pub(super) fn remove_item(name: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(js_namespace = location, catch)]
    pub(super) fn assign(url: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(js_namespace = history, js_name = replaceState, catch)]
    pub(super) fn replace_state(state: &JsValue, title: &str, url: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(js_name = URL)]
    pub(super) type Url;
    #[wasm_bindgen(constructor, js_class = URL, catch)]
    pub(super) fn new(text: &JsValue, base: &JsValue) -> Result<Url, JsValue>;

    pub(super) type AbortController;
    #[wasm_bindgen(constructor)]
    pub(super) fn new() -> AbortController;

    /// Whatever has listeners: the window, the document, an `AbortSignal`.
    pub(super) type Target;
    #[wasm_bindgen(method, js_name = addEventListener)]
    pub(super) fn listen(this: &Target, event: &str, listener: &Function);
    #[wasm_bindgen(method, js_name = removeEventListener)]
    pub(super) fn unlisten(this: &Target, event: &str, listener: &Function);

    pub(super) type Response;
    #[wasm_bindgen(method, catch)]
    pub(super) fn text(this: &Response) -> Result<Promise, JsValue>;
    pub(super) type Headers;
    #[wasm_bindgen(method, js_name = get)]
    pub(super) fn header(this: &Headers, name: &str) -> JsValue;
}

/// A property of `window`.
pub(super) fn global(name: &str) -> JsValue {
    WINDOW.with(|window| super::object::get(window, name))
}

/// A property of `location`.
pub(super) fn location(name: &str) -> JsValue {
    super::object::get(&global("location"), name)
}

/// What relative URLs are relative to. Not `location.href`, which an `about:srcdoc` frame cannot lend to that.
pub(super) fn base() -> JsValue {
    super::object::get(&global("document"), "baseURI")
}
