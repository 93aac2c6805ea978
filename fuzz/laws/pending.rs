//! Input: a digit, what the host held of a request between two steps, then answers. The host keeps it in memory, but the edge reads it as text:
//! whatever text it is, the edge answers.

use paysg_wasm::edge::front::Pending;
use paysg_wasm::flow::step::Answer;

use super::{edge, parts, text};

pub fn check(data: &[u8]) {
    let Some((choices, rest)) = data.split_first() else {
        return;
    };
    let [pending, answers] = parts(rest);
    let Ok(pending) = serde_json::from_str::<Pending>(&text(pending)) else {
        return;
    };
    let written = serde_json::to_string(&pending).expect("JSON");
    let again = serde_json::to_string(&edge::stored(&pending)).expect("JSON");
    assert_eq!(again, written);
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
