//! The browser build: what front ends call, bound to the page.
//!
//! No decision is made here: [`flow`](crate::flow) says when to ask, wait and give up, [`paysg`](crate::paysg) which pages and ids
//! are good. This module carries it out by web-sys and gloo-net, and hands JavaScript plain objects, serialised by
//! serde-wasm-bindgen, and `PaySGError`s. The types that callers see are in `types.d.ts`, which wasm-bindgen adds to its own.

mod address;
mod checkout;
mod error;
mod fields;
mod forget;
mod http;
mod keys;
mod options;
mod task;
mod turn;
mod verify;
mod wait;
mod window;

use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;

pub use self::error::Kind;
use self::fields::Fields;
use self::options::Settings;

/// A few hundred small allocations happen in a page's life, so a short list of free blocks does, at a tenth of the standard allocator's size.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// PaySG, for one page.
#[wasm_bindgen(js_name = PaySG, skip_typescript)]
pub struct Browser {
    settings: Rc<Settings>,
}

#[wasm_bindgen(js_class = PaySG)]
impl Browser {
    /// Reads the options.
    ///
    /// # Errors
    /// `invalid_option`, `no_window`.
    #[wasm_bindgen(constructor, skip_typescript)]
    pub fn new(options: &JsValue) -> Result<Self, JsValue> {
        Ok(Self {
            settings: Rc::new(Settings::read(&Fields(options.clone()))?),
        })
    }

    /// Creates a payment through the proxy. Rejects with `invalid_order`, `invalid_option`, `unreachable`, `aborted`, `invalid_response`, and the
    /// proxy's own codes.
    #[wasm_bindgen(js_name = createPayment, skip_typescript)]
    pub fn create_payment(&self, order: &JsValue, options: &JsValue) -> Promise {
        let settings = self.settings.clone();
        promised(checkout::create_payment(
            settings,
            order,
            &Fields(options.clone()),
        ))
    }

    /// Sends the payer to PaySG's page.
    ///
    /// # Errors
    /// `payment_url_refused`.
    #[wasm_bindgen(js_name = redirectToPayment, skip_typescript)]
    pub fn redirect_to_payment(&self, payment: &JsValue) -> Result<(), JsValue> {
        checkout::redirect_to_payment(&self.settings, &Fields(payment.clone()))
    }

    /// Creates a payment and sends the payer to its page; one at a time. Rejects with the codes of both, `payment_cancelled`, and `page_restored` when
    /// the payer comes back by the back button.
    #[wasm_bindgen(skip_typescript)]
    pub fn pay(&self, order: &JsValue, options: &JsValue) -> Promise {
        promised(checkout::pay(
            self.settings.clone(),
            order,
            &Fields(options.clone()),
        ))
    }

    /// Returns the payment that PaySG's return parameters name, or `null`.
    ///
    /// # Errors
    /// `invalid_return`.
    #[wasm_bindgen(js_name = readReturn, skip_typescript)]
    pub fn read_return(&self, url: &JsValue) -> Result<JsValue, JsValue> {
        let params = address::read_return(url)?;
        params.map_or(Ok(JsValue::NULL), |params| {
            options::from_return_params(&params)
        })
    }

    /// Takes the return parameters out of the address bar.
    ///
    /// # Errors
    /// What the browser says, where it refuses: it does so for a page that changes its address hundreds of times.
    #[wasm_bindgen(js_name = clearReturn, skip_typescript)]
    pub fn clear_return(&self) -> Result<(), JsValue> {
        address::clear_return()
    }

    /// Asks the proxy until the payment is settled or the time is over. Rejects with `invalid_return`, `invalid_option`, `unknown_payment`,
    /// `unreachable`, `aborted`, `invalid_response`, and the proxy's own codes.
    #[wasm_bindgen(js_name = verifyPayment, skip_typescript)]
    pub fn verify_payment(&self, params: &JsValue, options: &JsValue) -> Promise {
        promised(verify::verify_payment(
            self.settings.clone(),
            &Fields(params.clone()),
            &Fields(options.clone()),
        ))
    }

    /// Has this browser forget its payments. Rejects with `invalid_option`, `unreachable`, `aborted`, and the proxy's own codes.
    #[wasm_bindgen(js_name = forgetPayments, skip_typescript)]
    pub fn forget_payments(&self, options: &JsValue) -> Promise {
        promised(forget::forget_payments(
            self.settings.clone(),
            &Fields(options.clone()),
        ))
    }

    /// Verifies the payment that the address bar names; `null` where it names none. Rejects with the codes of `readReturn` and `verifyPayment`.
    #[wasm_bindgen(js_name = startVerification, skip_typescript)]
    #[must_use]
    pub fn start_verification(&self, options: &JsValue) -> JsValue {
        match verify::start_verification(self.settings.clone(), &Fields(options.clone())) {
            Ok(None) => JsValue::NULL,
            Ok(Some(promise)) => promise.into(),
            Err(error) => Promise::reject(&error).into(),
        }
    }
}

/// A call that was refused before it began rejects like one that fails later: its caller has one way to handle errors.
fn promised(started: Result<Promise, JsValue>) -> Promise {
    started.unwrap_or_else(|error| Promise::reject(&error))
}
