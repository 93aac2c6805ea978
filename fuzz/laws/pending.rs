//! Input: a digit, what the host held of a request between two steps (the bytes of it), then answers. The host keeps it in memory,
//! but the edge reads it as text: whatever text it is, the edge answers.

use paysg_wasm::edge::front::Pending;
use paysg_wasm::edge::parcel;
use paysg_wasm::flow::step::Answer;

use super::{edge, text};

pub fn check(data: &[u8]) {
    let Some((choices, rest)) = data.split_first() else {
        return;
    };
    // The host's own words may be anything.
    let _ = Pending::read(&text(rest));
    // Any byte may stand in it: its length comes first, in two bytes.
    let Some((length, rest)) = rest.split_first_chunk::<2>() else {
        return;
    };
    let length = usize::from(u16::from_be_bytes(*length));
    let Some((packed, answers)) = rest.split_at_checked(length) else {
        return;
    };
    let Some(pending) = Pending::read(&parcel::write(packed)) else {
        return;
    };
    let written = pending.write();
    assert_eq!(edge::stored(&pending).write(), written);
    let first = Answer::Arrived {
        status: 200,
        retry_after_ms: None,
        body: answers,
    };
    let first = if choices & 2 == 0 {
        first
    } else {
        Answer::Lost
    };
    let (response, _) = edge::drive(
        choices & 1 == 1,
        |edge| edge.resume(pending, &first),
        answers,
    );
    edge::check_frame(&response);
}
