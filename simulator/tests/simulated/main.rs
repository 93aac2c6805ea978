//! The simulator over real HTTP, one file per subject.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test that meets what it does not expect should stop there"
)]

mod access;
mod client;
mod clock;
mod create;
mod fault;
mod idempotency;
mod list;
mod live;
mod page;
mod payment;
mod receiver;
mod request;
mod scenario;
mod state_file;
mod webhook;
