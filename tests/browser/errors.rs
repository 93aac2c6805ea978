//! Errors, as callers see them.

use paysg_wasm::browser::Kind;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{NONE, answers, code, get, json, new_page, requests, settle, text, to_json};

const TYPES: &str = include_str!("../../src/browser/types.d.ts");
/// What index.js says itself, before or without wasm.
const OF_INDEX_JS: [&str; 3] = ["wasm_blocked", "load_failed", "internal"];

/// What the proxy says where no page of this module's comes.
const ELSEWHERE: [&str; 11] = [
    "event_unconfirmed",
    "fulfilment_unavailable",
    "invalid_signature",
    "no_fulfilment_url",
    "no_ledger",
    "nothing_to_resume",
    "refund_failed",
    "refund_uncertain",
    "token_mismatch",
    "unknown_entry",
    "unknown_intent",
];
const PROXY: &str = include_str!("../../src/edge/problem.rs");

/// The words of a union in the types.
fn documented(union: &str) -> Vec<&'static str> {
    let mut words: Vec<&str> = TYPES
        .split(&format!("export type {union} ="))
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap()
        .lines()
        .filter_map(|line| line.trim().strip_prefix("| \""))
        .map(|rest| rest.trim_end_matches([';', '"']))
        .collect();
    words.sort_unstable();
    words
}

#[wasm_bindgen_test]
fn the_types_document_exactly_the_modules_own_codes() {
    let mut codes: Vec<&str> = Kind::ALL
        .iter()
        .map(|kind| kind.code())
        .chain(OF_INDEX_JS)
        .collect();
    codes.sort_unstable();
    assert_eq!(codes, documented("ModuleErrorCode"));
    codes.dedup();
    assert_eq!(codes.len(), Kind::ALL.len() + OF_INDEX_JS.len());
}

#[wasm_bindgen_test]
fn the_types_document_exactly_the_codes_that_the_proxy_may_relay() {
    // Every string of the proxy's errors that is a lone word with an underscore, or one of the few without.
    let mut codes: Vec<&str> = PROXY
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|text| {
            text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
                && (text.contains('_')
                    || ["internal", "misconfigured", "overloaded"].contains(text))
                && !text.ends_with("_error")
                && !text.starts_with("paysg_payment")
                && !ELSEWHERE.contains(text)
        })
        .collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes, documented("ProxyErrorCode"));
}

#[wasm_bindgen_test]
async fn the_proxys_words_are_relayed() {
    let paysg = new_page().await;
    answers(
        r#"[{"status":400,"headers":{"x-request-id":"req-1"},"json":{"error":{"type":"invalid_request","code":"validation_failed","message":"Two fields.","data":{"fields":[{"field":"payer_name","rule":"max_length","limit":255},{"field":"payer_email","rule":"email"}]}}}}]"#,
    );
    let error = settle(paysg.create_payment(&"a.b.c".into(), &NONE))
        .await
        .unwrap_err();
    assert!(error.is_instance_of::<js_sys::Error>());
    assert_eq!(text(&error, "code"), "validation_failed");
    assert_eq!(text(&error, "message"), "Two fields.");
    assert_eq!(text(&error, "requestId"), "req-1");
    assert_eq!(get(&error, "status"), JsValue::from(400));
    assert_eq!(get(&error, "retryable"), JsValue::FALSE);
    assert_eq!(
        to_json(&get(&error, "fields")),
        r#"[{"field":"payer_name","rule":"max_length","limit":255},{"field":"payer_email","rule":"email"}]"#
    );
}

#[wasm_bindgen_test]
async fn words_that_are_none_give_way_to_the_status() {
    for (body, status, expected) in [
        (r#""text":"<html>""#, 403, "refused"),
        (r#""json":{"error":{"code":"<script>"}}"#, 400, "refused"),
        (r#""json":{"error":{"code":7,"message":7}}"#, 400, "refused"),
        (r#""json":{"error":"no"}"#, 400, "refused"),
        (r#""text":"""#, 500, "unavailable"),
        (
            r#""json":{"error":{"data":{"fields":"none"}}}"#,
            422,
            "refused",
        ),
    ] {
        let paysg = new_page().await;
        answers(&format!(r#"[{{"status":{status},{body}}}]"#));
        let error = settle(paysg.create_payment(&"a.b.c".into(), &NONE))
            .await
            .unwrap_err();
        assert_eq!(text(&error, "code"), expected, "{body}");
        assert!(!text(&error, "message").is_empty());
        assert!(get(&error, "fields").is_undefined());
    }
}

#[wasm_bindgen_test]
async fn what_is_misconfigured_is_not_worth_another_try() {
    let paysg = new_page().await;
    answers(
        r#"[{"status":500,"json":{"error":{"type":"t","code":"misconfigured","message":"m"}}}]"#,
    );
    let error = settle(paysg.create_payment(&"a.b.c".into(), &NONE))
        .await
        .unwrap_err();
    assert_eq!(get(&error, "retryable"), JsValue::FALSE);
}

#[wasm_bindgen_test]
async fn a_page_without_a_source_of_keys_is_told_so() {
    let paysg = new_page().await;
    let uuid = json("crypto.randomUUID");
    json("Object.defineProperty(crypto, 'randomUUID', {value: undefined, configurable: true})");
    let outcome = settle(paysg.create_payment(&"a.b.c".into(), &NONE)).await;
    json("delete crypto.randomUUID");
    assert_eq!(json("crypto.randomUUID"), uuid);
    assert_eq!(code(outcome), "insecure_page");
    assert_eq!(requests().length(), 0);
}
