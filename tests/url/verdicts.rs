//! The crate's verdicts on URLs: each line of the input a JSON string, each byte of the output a verdict, as `policy.mjs` has them.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a part of the tests: it may panic"
)]

use std::io::{BufRead as _, Write as _};

use paysg_wasm::paysg::{HttpsUrl, PaymentPages, WebUrl, is_loopback_origin};

fn main() {
    let pages = PaymentPages::paysg();
    let simulated = PaymentPages::paysg()
        .with_origin("http://127.0.0.1:8788")
        .unwrap();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let text: String = serde_json::from_str(&line.unwrap()).unwrap();
        let bits = [
            pages.allows(&text),
            simulated.allows(&text),
            WebUrl::parse(&text).is_some(),
            HttpsUrl::parse(&text).is_some(),
            is_loopback_origin(&text),
        ];
        let verdict = bits
            .iter()
            .rev()
            .fold(0_u8, |verdict, bit| verdict << 1 | u8::from(*bit));
        out.write_all(&[verdict]).unwrap();
    }
}
