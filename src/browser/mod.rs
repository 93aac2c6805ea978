//! The browser build: what front ends call, bound to the page.
//!
//! No decision is made here: [`flow`](crate::flow) says when to ask, wait and give up, [`paysg`](crate::paysg) which pages and ids
//! are good. This module carries it out with `fetch`, timers, `sessionStorage`, `location` and `history`, and
//! hands JS plain objects and `PaySGError`s. The types that callers see are in `index.d.ts`.

mod address;
mod checkout;
mod error;
mod http;
mod keys;
mod object;
mod options;
mod page;
mod task;
mod verify;
mod wait;

use std::rc::Rc;

use wasm_bindgen::prelude::*;

pub use self::error::Kind;
use self::options::Settings;
pub use self::page::{Function, Promise};

/// A few hundred small allocations happen in a page's life, so a short list of free blocks does, at a tenth of the standard allocator's size.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: lol_alloc::LockedAllocator<lol_alloc::FreeListAllocator> =
    lol_alloc::LockedAllocator::new(lol_alloc::FreeListAllocator::new());

/// PaySG, for one page. `index.js` wraps it; its methods are the package's.
#[wasm_bindgen]
pub struct Browser {
    settings: Rc<Settings>,
}

#[wasm_bindgen]
impl Browser {
    /// Reads `load`'s options. Errors are what `make_error({code, message, retryable, …})` gives.
    ///
    /// # Errors
    /// `invalid_option`.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue, make_error: Function) -> Result<Self, JsValue> {
        error::make_by(make_error);
        Ok(Self {
            settings: Rc::new(Settings::read(options)?),
        })
    }

    /// Creates a payment through the proxy.
    ///
    /// # Errors
    /// Thrown: `invalid_order`, `invalid_option`. Rejected: `unreachable`, `aborted`, `invalid_response`, the proxy's own.
    #[wasm_bindgen(js_name = createPayment)]
    pub fn create_payment(&self, order: &JsValue, options: &JsValue) -> Result<Promise, JsValue> {
        checkout::create_payment(self.settings.clone(), order, options)
    }

    /// Sends the payer to PaySG's page.
    ///
    /// # Errors
    /// `payment_url_refused`.
    #[wasm_bindgen(js_name = redirectToPayment)]
    pub fn redirect_to_payment(&self, payment: &JsValue) -> Result<(), JsValue> {
        checkout::redirect_to_payment(&self.settings, payment)
    }

    /// Creates a payment and sends the payer to its page; one at a time.
    ///
    /// # Errors
    /// Those of both, `payment_cancelled`, and `page_restored` when the payer comes back by the back button.
    pub fn pay(&self, order: &JsValue, options: &JsValue) -> Result<Promise, JsValue> {
        checkout::pay(self.settings.clone(), order, options)
    }

    /// The payment that PaySG's return parameters name, or `null`.
    ///
    /// # Errors
    /// `invalid_return`.
    #[wasm_bindgen(js_name = readReturn)]
    pub fn read_return(&self, url: &JsValue) -> Result<JsValue, JsValue> {
        let params = address::read_return(url)?;
        Ok(params.map_or(JsValue::NULL, |params| options::from_return_params(&params)))
    }

    /// Takes the return parameters out of the address bar.
    ///
    /// # Errors
    /// What the browser says, where it refuses: it does so for a page that changes its address hundreds of times.
    #[wasm_bindgen(js_name = clearReturn)]
    pub fn clear_return(&self) -> Result<(), JsValue> {
        address::clear_return()
    }

    /// Asks the proxy until the payment is settled or the time is over.
    ///
    /// # Errors
    /// Thrown: `invalid_return`, `invalid_option`. Rejected: `unknown_payment`, `unreachable`, `aborted`, `invalid_response`, the proxy's own.
    #[wasm_bindgen(js_name = verifyPayment)]
    pub fn verify_payment(&self, params: &JsValue, options: &JsValue) -> Result<Promise, JsValue> {
        verify::verify_payment(self.settings.clone(), params, options)
    }

    /// Verifies the payment that the address bar names; `null` where it names none.
    ///
    /// # Errors
    /// Those of `readReturn` and `verifyPayment`.
    #[wasm_bindgen(js_name = startVerification)]
    pub fn start_verification(&self, options: &JsValue) -> Result<JsValue, JsValue> {
        let started = verify::start_verification(self.settings.clone(), options)?;
        Ok(started.map_or(JsValue::NULL, Into::into))
    }
}
