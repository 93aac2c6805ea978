//! Reading and making plain JS objects, without a serialisation framework.

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

/// A property, or `undefined` where there is none to be had.
pub(super) fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// A property that is a string.
pub(super) fn get_string(object: &JsValue, name: &str) -> Option<String> {
    get(object, name).as_string()
}

/// A new object of these properties; those that are `undefined` are left out.
pub(super) fn object<const N: usize>(properties: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in properties {
        if !value.is_undefined() {
            // A plain new object refuses nothing.
            let _ = Reflect::set(&object, &name.into(), &value);
        }
    }
    object.into()
}
