#![no_main]

#[allow(dead_code, reason = "one law of many")]
#[path = "../laws/mod.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|data: &[u8]| laws::json::check(data));
