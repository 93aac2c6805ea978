//! The browser build in a real browser: page, storage, history, timers and navigation are Chromium's own, only the network is made up.
//!
//! `wasm-pack test --headless --chrome`, with `CHROMEDRIVER` where chromedriver is not on `PATH`.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    missing_docs
)]

#[path = "browser/page.rs"]
mod page;

#[path = "browser/checkout.rs"]
mod checkout;
#[path = "browser/errors.rs"]
mod errors;
#[path = "browser/keys.rs"]
mod keys;
#[path = "browser/options.rs"]
mod options;
#[path = "browser/redirect.rs"]
mod redirect;
#[path = "browser/returning.rs"]
mod returning;
#[path = "browser/tabs.rs"]
mod tabs;
#[path = "browser/verification.rs"]
mod verification;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
