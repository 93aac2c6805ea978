//! The built package in a real browser, as a page imports it.
//!
//! `cargo xtask build`, then `wasm-pack test --headless --chrome -- --test browser_built`.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    dead_code,
    missing_docs
)]

#[path = "browser/page.rs"]
mod page;

#[path = "browser/built.rs"]
mod built;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
