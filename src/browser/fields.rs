//! Reads objects that callers and proxies hand over, field by field.
//!
//! Not `serde_wasm_bindgen::from_value`: it takes `null` for a field that was left out, its errors name no field, and it links the printing of
//! floating-point numbers, which adds 18 KB to the 30 of the module. What goes out is serialised by it (see [`to_js`]).

use js_sys::Reflect;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::prelude::*;

/// A value of unknown shape.
pub(super) struct Fields(pub(super) JsValue);

impl Fields {
    /// Returns a field; `undefined` if there is none, or if this is no object.
    pub(super) fn get(&self, name: &str) -> JsValue {
        Reflect::get(&self.0, &name.into()).unwrap_or(JsValue::UNDEFINED)
    }

    /// Returns a field's own fields.
    pub(super) fn object(&self, name: &str) -> Self {
        Self(self.get(name))
    }

    /// Returns a field that is a string.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).as_string()
    }

    /// Returns a field that is a number.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        self.get(name).as_f64()
    }
}

/// Makes a plain object. `None` is `null`, unless the field is skipped.
pub(super) fn to_js(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let serializer = Serializer::new().serialize_missing_as_null(true);
    Ok(value.serialize(&serializer)?)
}
