//! Input: JSON text.

use paysg_wasm::paysg::Json;
use paysg_wasm::paysg::json::{self, JsonError};
use serde_json::Value;

pub fn check(data: &[u8]) {
    let ours = json::parse(data);
    let theirs: Result<Value, _> = serde_json::from_slice(data);
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => assert!(same(ours, theirs), "{ours:?} is not {theirs:?}"),
        // Two things that serde_json refuses and we do not: half of a surrogate pair, which fails its field later, and a
        // number beyond a float, which we do not compute with.
        (Ok(ours), Err(error)) => {
            let error = error.to_string();
            let of_text = ["surrogate", "unexpected end of hex escape"];
            let known = error.contains("number out of range")
                || of_text.iter().any(|words| error.contains(words));
            assert!(known, "{error}: {ours:?}");
        }
        (Err(JsonError::TooDeep | JsonError::Duplicate(_)), _) => {}
        (Err(error), Ok(theirs)) => panic!("{error} in {theirs}"),
        (Err(_), Err(_)) => {}
    }
    let kept = json::parse_keeping_duplicates(data);
    // A repeated key is found at the end of its object, and what is wrong behind that is not.
    if !matches!(ours, Err(JsonError::Duplicate(_))) {
        assert_eq!(ours, kept);
    }
    if let Ok(kept) = kept {
        let mut again = String::new();
        kept.write(&mut again);
        assert_eq!(json::parse_keeping_duplicates(again.as_bytes()), Ok(kept));
    }
}

/// Whether both read the same; numbers by value, since `serde_json` does not keep how they were spelt.
fn same(ours: &Json, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(a), Value::Bool(b)) => a == b,
        (Json::Number(token), Value::Number(number)) => {
            number.as_u64().is_some_and(|n| n.to_string() == *token)
                || number.as_i64().is_some_and(|n| n.to_string() == *token)
                // Without its feature `float_roundtrip`, serde_json may miss the nearest float by a last digit or two.
                || token
                    .parse()
                    .ok()
                    .zip(number.as_f64())
                    .is_some_and(|(a, b): (f64, f64)| a == b || (a - b).abs() <= a.abs() * 1e-14)
        }
        (Json::String(a), Value::String(b)) => a == b,
        (Json::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Value::Object(b)) => {
            let found =
                |(name, value): &(String, Json)| b.get(name).is_some_and(|b| same(value, b));
            a.len() == b.len() && a.iter().all(found)
        }
        _ => false,
    }
}
