//! Everything of the browser that this module touches, in one list.
//!
//! Written out rather than taken from js-sys, web-sys and gloo-net: each import costs its name in the wasm and a function in the glue, so
//! globals are called as globals, and plain properties are read by [`get`]. Together that was a third of the module. gloo-net also panics where
//! `fetch` rejects with what is no `Error`, as a wrapped `fetch` or a caller's abort reason may. What can throw is marked `catch`, as
//! nothing may unwind through wasm.

use wasm_bindgen::prelude::*;

use super::object::get;

#[wasm_bindgen]
extern "C" {
    type Global;
    #[wasm_bindgen(static_method_of = Global, js_class = globalThis, getter)]
    fn window() -> Target;

    #[wasm_bindgen(catch)]
    pub(super) fn fetch(url: &str, init: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_name = setTimeout)]
    pub(super) fn set_timeout(run: &Function, ms: u32) -> i32;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(super) fn clear_timeout(timer: i32);

    #[wasm_bindgen(js_namespace = performance)]
    pub(super) fn now() -> f64;
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    pub(super) fn date_now() -> f64;
    #[wasm_bindgen(js_namespace = Date, js_name = parse)]
    pub(super) fn date_parse(text: &str) -> f64;
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

    #[wasm_bindgen(js_namespace = Reflect, js_name = get, catch)]
    pub(super) fn reflect_get(object: &JsValue, name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = Reflect, js_name = set, catch)]
    pub(super) fn reflect_set(
        object: &JsValue,
        name: &str,
        value: &JsValue,
    ) -> Result<bool, JsValue>;
    pub(super) type Object;
    #[wasm_bindgen(constructor)]
    pub(super) fn new() -> Object;
    #[wasm_bindgen(js_namespace = Array, js_name = isArray)]
    pub(super) fn is_array(value: &JsValue) -> bool;
    #[wasm_bindgen(js_namespace = Math, js_name = random)]
    pub(super) fn math_random() -> f64;
    // Straight from JS to JS: the text does not pass through wasm.
    #[wasm_bindgen(js_namespace = JSON, catch)]
    pub(super) fn parse(text: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = JSON, catch)]
    pub(super) fn stringify(value: &JsValue) -> Result<JsValue, JsValue>;

    /// A JS function.
    #[derive(Clone)]
    pub type Function;
    #[wasm_bindgen(method, catch)]
    pub(super) fn call(
        this: &Function,
        this_arg: &JsValue,
        argument: &JsValue,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method)]
    pub(super) fn bind(this: &Function, this_arg: &JsValue, argument: &JsValue) -> Function;

    /// A JS promise.
    #[derive(Clone)]
    #[wasm_bindgen(typescript_type = "Promise<any>")]
    pub type Promise;
    #[wasm_bindgen(constructor)]
    pub(super) fn new(executor: &mut dyn FnMut(Function, Function)) -> Promise;
    #[wasm_bindgen(static_method_of = Promise)]
    pub(super) fn reject(reason: &JsValue) -> Promise;
    #[wasm_bindgen(static_method_of = Promise, js_name = allSettled)]
    pub(super) fn all_settled(promises: Vec<JsValue>) -> Promise;
    #[wasm_bindgen(method)]
    pub(super) fn then(this: &Promise, resume: &JsValue) -> Promise;

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

/// The window.
pub(super) fn window() -> Target {
    Global::window()
}

/// A property of `window`.
pub(super) fn global(name: &str) -> JsValue {
    get(&window(), name)
}

/// A property of `location`.
pub(super) fn location(name: &str) -> JsValue {
    get(&global("location"), name)
}

/// What relative URLs are relative to. Not `location.href`, which an `about:srcdoc` frame cannot lend to that.
pub(super) fn base() -> JsValue {
    get(&global("document"), "baseURI")
}
