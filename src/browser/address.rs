//! The address bar: what PaySG put into it, and taking that out again.

use wasm_bindgen::prelude::*;
use web_sys::Url;

use super::error::{Kind, error, error_with};
use super::fields::Fields;
use super::window::{base_url, window};
use crate::paysg::{ReturnError, ReturnParams};

/// The return parameters of a URL, by default of this page's; `None` where there are none.
pub(super) fn read_return(url: &JsValue) -> Result<Option<ReturnParams>, JsValue> {
    let search = if url.is_undefined() {
        window()?.location().search()?
    } else {
        url.as_string()
            .or_else(|| Fields(url.clone()).text("href"))
            .ok_or(JsValue::UNDEFINED)
            .and_then(|text| Url::new_with_base(&text, &base_url()?))
            .map_err(|cause| error_with(Kind::InvalidOption, "url must be a URL.", cause))?
            .search()
    };
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
    let window = window()?;
    let location = window.location();
    let search = location.search()?;
    let rest = ReturnParams::strip_from(&search);
    if rest == search {
        return Ok(());
    }
    let url = [location.pathname()?, rest, location.hash()?].concat();
    let history = window.history()?;
    history.replace_state_with_url(&history.state()?, "", Some(&url))
}
