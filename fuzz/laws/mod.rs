//! What must hold of whatever comes from outside: one law for each reader, over arbitrary bytes.
//!
//! The same functions are run by the fuzzers (`fuzz/targets`) and, over the committed seeds, by the ordinary tests (`tests/laws.rs`). Where
//! a peer exists (`serde_json`, `url`, `hmac`), the law compares with it rather than with a second opinion of our own.

pub mod catalogue;
pub mod create;
pub mod edge;
pub mod event;
pub mod json;
pub mod ledger;
pub mod log;
pub mod page_url;
pub mod paysg_answer;
pub mod pending;
pub mod return_query;
pub mod session;
pub mod token;
pub mod webhook_header;

use std::borrow::Cow;

/// Judges an input; it panics where a law does not hold.
pub type Law = fn(&[u8]);

/// Every law, by the name of its fuzz target and of its folder of seeds.
pub const ALL: [(&str, Law); 14] = [
    ("catalogue", catalogue::check),
    ("create", create::check),
    ("edge", edge::check),
    ("event", event::check),
    ("json", json::check),
    ("ledger", ledger::check),
    ("log", log::check),
    ("page_url", page_url::check),
    ("paysg_answer", paysg_answer::check),
    ("pending", pending::check),
    ("return_query", return_query::check),
    ("session", session::check),
    ("token", token::check),
    ("webhook_header", webhook_header::check),
];

pub const NOW_MS: i64 = 1_795_000_000_000;
pub const SERVICE: &str = "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8";
pub const OTHER_SERVICE: &str = "payment_service_00000000-ddfc-4718-a008-bd181c1522e8";
pub const ORDER_KEY: &str = "an order key of 32 bytes or more!!";
pub const SESSION_KEY: &str = "a session key of 32 bytes or more!";
pub const API_KEY: &str = "paysg_stag_secretsecret";
pub const WEBHOOK_SECRET: &str = "whsec_of_the_tests";

/// The parts of an input, separated by 0xFF, which no text holds; what is missing is empty, and the last takes the rest.
pub fn parts<const N: usize>(data: &[u8]) -> [&[u8]; N] {
    let mut rest = data.splitn(N, |byte| *byte == 0xff);
    [(); N].map(|()| rest.next().unwrap_or_default())
}

/// Bytes as the host hands text over: JavaScript's strings arrive as UTF-8, what is wrong in them replaced.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
