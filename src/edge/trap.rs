//! Traps, sprung by words in what a step is given. For tests of a build that is never shipped: what a trap costs can only be seen where
//! the instance itself traps.
#![allow(
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    unconditional_recursion,
    reason = "it is what this file is for"
)]

use std::hint::black_box;

/// Springs the trap that the text names: a request's URL, a message to an object, or an answer's `Retry-After`.
pub(super) fn spring(text: &str) {
    if text.contains("trap-panic") {
        panic!("sprung");
    }
    if text.contains("trap-stack") {
        black_box(descend(1));
    }
    if text.contains("trap-frames") {
        black_box(descend_with_frames(1));
    }
    if text.contains("trap-memory") {
        loop {
            black_box(Box::leak(vec![1_u8; 1 << 20].into_boxed_slice()));
        }
    }
}

/// Calls until the runtime's own stack is full: a `RangeError`.
fn descend(depth: u64) -> u64 {
    black_box(descend(black_box(depth + 1))) + depth
}

/// Calls until the stack in linear memory is full: an access out of bounds.
fn descend_with_frames(depth: u64) -> u64 {
    let mut frame = [depth; 8_192];
    black_box(&mut frame);
    black_box(descend_with_frames(black_box(depth + 1))) + frame[(depth % 8_192) as usize]
}
