//! The address bar: what PaySG put into it, and taking that out again.

use wasm_bindgen::prelude::*;
use web_sys::Url;

use super::error::{Kind, error};
use super::window;
use crate::paysg::{ReturnError, ReturnParams};

/// The return parameters of a URL, by default of this page's; `None` where there are none.
pub(super) fn read_return(url: &JsValue) -> Result<Option<ReturnParams>, JsValue> {
    let search = if url.is_undefined() {
        window()?.location().search()?
    } else {
        // A `URL` object reads as its address.
        let text: JsValue = match url.dyn_ref::<Url>() {
            Some(url) => url.href().into(),
            None => url.clone(),
        };
        let base = window()?.location().href()?;
        text.as_string()
            .and_then(|text| Url::new_with_base(&text, &base).ok())
            .ok_or_else(|| error(Kind::InvalidOption, "url must be a URL."))?
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
    let history = window.history()?;
    let url = [location.pathname()?, rest, location.hash()?].concat();
    history.replace_state_with_url(&history.state()?, "", Some(&url))
}
