//! Has this browser forget its payments, on a computer that others use.

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::checkout::unreachable;
use super::error::refusal;
use super::fields::Fields;
use super::http::{Request, send};
use super::options::{Settings, signal};
use super::wait::Signals;
use super::{keys, task};

const SEND_MS: i32 = 15_000;

/// Drops what this tab has stored, and has the proxy remove its cookies.
pub(super) fn forget_payments(
    settings: Rc<Settings>,
    options: &Fields,
) -> Result<Promise, JsValue> {
    let signals = Signals {
        caller: signal(options)?,
        own: None,
    };
    Ok(task::promise(async move {
        signals.check()?;
        keys::forget_all();
        let url = [settings.proxy_url.as_str(), "/forget"].concat();
        let request = Request {
            url: &url,
            method: "POST",
            body: None,
            timeout_ms: SEND_MS,
        };
        let sent = send(request, &signals).await;
        signals.check()?;
        match sent {
            Ok(answer) if (200..300).contains(&answer.status) => Ok(JsValue::UNDEFINED),
            Ok(answer) => Err(refusal(&answer)),
            Err(cause) => Err(unreachable(cause)),
        }
    }))
}
