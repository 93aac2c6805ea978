//! Tests of the protocol: a table for each rule, a property where there is a law.
//!
//! Parsers are compared with peers that others wrote: `serde_json`, and `url`, which passes the WHATWG's own tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that fails may panic"
)]

mod identifiers;
mod pages;
mod return_params;

#[cfg(feature = "edge")]
mod create;
#[cfg(feature = "edge")]
mod endpoints;
#[cfg(feature = "edge")]
mod json;
#[cfg(feature = "edge")]
mod payment;
#[cfg(feature = "edge")]
mod text_and_time;
#[cfg(feature = "edge")]
mod webhook;

use proptest::test_runner::Config;

/// How often a property is tried: so many times, or as `PROPTEST_CASES` says for a longer run.
pub(crate) fn cases(ordinarily: u32) -> Config {
    let given = std::env::var("PROPTEST_CASES").is_ok();
    let cases = if given {
        Config::default().cases
    } else {
        ordinarily
    };
    // A failing input is printed; it then becomes a row of a table here, not a file of its own.
    Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    }
}

/// A payment id of staging's shape.
pub(crate) const PAYMENT: &str = "WlM3qMUUHQ2gipngenEmE";
/// A payment service id.
pub(crate) const SERVICE: &str = "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8";
