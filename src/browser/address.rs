//! The address bar: what PaySG put into it, and taking that out again.

use wasm_bindgen::prelude::*;

use super::error::{Kind, error, error_with};
use super::object::{get, get_string};
use super::page::{Url, base, global, location, replace_state};
use crate::paysg::{ReturnError, ReturnParams};

/// The return parameters of a URL, by default of this page's; `None` where there are none.
pub(super) fn read_return(url: &JsValue) -> Result<Option<ReturnParams>, JsValue> {
    let search = if url.is_undefined() {
        location("search").as_string()
    } else {
        let url = Url::new(url, &base())
            .map_err(|cause| error_with(Kind::InvalidOption, "url must be a URL.", cause))?;
        get_string(&url, "search")
    };
    let search = search.unwrap_or_default();
    ReturnParams::from_query(&search).map_err(|fault| {
        let fault_is = match fault {
            ReturnError::Missing(_) => " is missing",
            ReturnError::Repeated(_) => " stands there more than once",
            ReturnError::Malformed(_) => " is malformed",
        };
        error(
            Kind::InvalidReturn,
            &[
                "The return address names no payment: ",
                fault.parameter(),
                fault_is,
                ".",
            ]
            .concat(),
        )
    })
}

/// Takes PaySG's two parameters out of the address bar; other parameters, the fragment and the history's state stay.
pub(super) fn clear_return() -> Result<(), JsValue> {
    let search = location("search").as_string().unwrap_or_default();
    let rest = ReturnParams::strip_from(&search);
    if rest == search {
        return Ok(());
    }
    let path = location("pathname").as_string().unwrap_or_default();
    let fragment = location("hash").as_string().unwrap_or_default();
    let state = get(&global("history"), "state");
    replace_state(&state, "", &[path, rest, fragment].concat())
}
