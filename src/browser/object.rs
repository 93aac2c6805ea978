//! Reading and making plain JS objects, without a serialisation framework.

use wasm_bindgen::prelude::*;

use super::page::{Object, reflect_get, reflect_set};

/// A property, or `undefined` where there is none to be had.
pub(super) fn get(object: &JsValue, name: &str) -> JsValue {
    reflect_get(object, name).unwrap_or(JsValue::UNDEFINED)
}

/// A property that is a string.
pub(super) fn get_string(object: &JsValue, name: &str) -> Option<String> {
    get(object, name).as_string()
}

/// An object in the making.
pub(super) struct Draft(Object);

impl Draft {
    pub(super) fn new() -> Self {
        Self(Object::new())
    }

    /// Adds a property, unless its value is `undefined`.
    // Out of line: there are dozens of calls.
    #[inline(never)]
    pub(super) fn put(self, name: &str, value: JsValue) -> Self {
        if !value.is_undefined() {
            // A plain new object refuses nothing.
            let _ = reflect_set(&self.0, name, &value);
        }
        self
    }

    #[inline(never)]
    pub(super) fn text(self, name: &str, value: &str) -> Self {
        self.put(name, value.into())
    }

    /// Adds what another object has under this name.
    #[inline(never)]
    pub(super) fn copy(self, name: &str, from: &JsValue) -> Self {
        self.put(name, get(from, name))
    }

    pub(super) fn done(self) -> JsValue {
        self.0.into()
    }
}
