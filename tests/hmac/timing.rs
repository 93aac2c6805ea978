//! Does the time of a comparison tell how much of a tag was right? Measured as dudect does (Reparaz, Balasch and Verbauwhede, 2017): two
//! classes of tags by turns of a coin, Welch's t over their times. On a quiet machine:
//!
//! ```sh
//! cargo run --release --features edge --example timing
//! ```
//!
//! |t| above 4.5 is evidence of a leak; below it is none, with so many measurements. Beside each stands a comparison that does
//! leak, ending at the first byte that differs, measured in the same way: an instrument that cannot see that one would prove nothing.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    reason = "a measurement, not a part of the crate"
)]

use std::hint::black_box;
use std::time::Instant;

use paysg_wasm::paysg::signature::{self, Header, MAX_TAGS, Secret};
use paysg_wasm::token::Keys;

const KEY: &str = "a key of the tests; 32 bytes or more";
const T: &str = "1795000000";
const BODY: &[u8] = b"{}";

fn main() {
    let measurements = std::env::args()
        .nth(1)
        .map_or(1_000_000, |count| count.parse().unwrap());
    let secrets = [Secret::parse(KEY).unwrap()];
    let keys = Keys::parse(KEY, 1).unwrap();
    let message = [T.as_bytes(), b".", BODY].concat();
    let good = keys.sign(&message);
    println!(
        "{measurements} measurements each; tags whose first so many bytes are right, beside tags of which none is"
    );
    println!(
        "{:>6}{:>12}{:>12}{:>12}",
        "right", "webhook", "token", "leaky"
    );
    for right in [1, 4, 8, 16, 24, 31, 32] {
        let tags = [wrong_after(&good, 0), wrong_after(&good, right)];
        let headers = tags.map(|tag| header(&tag));
        let webhook = welch(measurements, |class| {
            signature::verify(&headers[class], BODY, &secrets)
        });
        let token = welch(measurements, |class| keys.verify(&message, &tags[class]));
        // As many comparisons as a header's.
        let leaky = welch(measurements, |class| {
            let expected = keys.sign(&message);
            (0..MAX_TAGS).any(|_| leaks(black_box(&expected), black_box(&tags[class])))
        });
        println!("{right:>6}{webhook:>12.2}{token:>12.2}{leaky:>12.2}");
    }
}

/// A tag of which exactly so many bytes are right.
fn wrong_after(good: &[u8; 32], right: usize) -> [u8; 32] {
    let mut tag = *good;
    for byte in &mut tag[right..] {
        *byte ^= 0x55;
    }
    tag
}

/// As many tags as a header may hold: what one comparison tells, eight tell eight times.
fn header(tag: &[u8; 32]) -> Header {
    let hex = base16ct::lower::encode_string(tag);
    let tags = vec![format!("v1={hex}"); MAX_TAGS].join(",");
    Header::parse(&format!("t={T},{tags}")).unwrap()
}

#[inline(never)]
fn leaks(expected: &[u8; 32], sent: &[u8; 32]) -> bool {
    expected.iter().zip(sent).all(|(a, b)| black_box(a == b))
}

/// Welch's t of the times of two classes, the slowest tenth left out: interrupts, not us.
fn welch(measurements: usize, mut measured: impl FnMut(usize) -> bool) -> f64 {
    let mut coin = 0x9e37_79b9_7f4a_7c15_u64;
    let mut times = Vec::with_capacity(measurements);
    for _ in 0..measurements {
        coin ^= coin << 13;
        coin ^= coin >> 7;
        coin ^= coin << 17;
        let class = usize::from(coin >> 33 & 1 == 1);
        let started = Instant::now();
        black_box(measured(black_box(class)));
        times.push((class, started.elapsed().as_nanos() as f64));
    }
    let mut sorted: Vec<f64> = times.iter().map(|(_, time)| *time).collect();
    sorted.sort_by(f64::total_cmp);
    let limit = sorted[sorted.len() * 9 / 10];
    let of = |class: usize| {
        let kept = times
            .iter()
            .filter(|(of, time)| *of == class && *time <= limit)
            .map(|(_, time)| *time);
        let (count, sum) = kept
            .clone()
            .fold((0.0, 0.0), |(count, sum), time| (count + 1.0, sum + time));
        let mean: f64 = sum / count;
        let squares: f64 = kept.map(|time| (time - mean).powi(2)).sum();
        (mean, squares / (count - 1.0) / count)
    };
    let ((mean, variance), (other_mean, other_variance)) = (of(0), of(1));
    (mean - other_mean) / (variance + other_variance).sqrt()
}
