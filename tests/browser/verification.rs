//! Asking what became of a payment.

use js_sys::{Array, Function, Object, Reflect};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{
    ID, NONE, SERVICE, after, answers, code, get, hanging_requests, here, hide, is_pending, json,
    new_page, open_listeners, params, requests, settle, text, to_json, told, unhandled,
};

/// `{onStatus, …more}`, and the list that `onStatus` appends to.
fn watching(more: &str) -> (JsValue, Array) {
    let seen = Array::new();
    let make: Function = json(&format!(
        "(seen) => ({{onStatus: (progress) => seen.push(progress), {more}}})"
    ))
    .into();
    (make.call1(&NONE, &seen).unwrap(), seen)
}

fn at(nth: u32) -> f64 {
    get(&requests().get(nth), "at").as_f64().unwrap()
}

#[wasm_bindgen_test]
async fn a_paid_payment_is_told_with_proof_and_receipt() {
    let paysg = new_page().await;
    let answer = told("paid").replace(
        "\"amount_in_cents\"",
        r#""receipt":"h.p.s","payer_name":"never relayed","amount_in_cents""#,
    );
    answers(&format!("[{answer}]"));
    let (options, seen) = watching("");
    let verified = settle(paysg.verify_payment(&params(), &options))
        .await
        .unwrap();
    assert_eq!(
        to_json(&verified),
        format!(
            r#"{{"status":"paid","confirming":false,"proof":true,"payment":{{"id":"{ID}","payment_service_id":"{SERVICE}","status":"paid","reference_id":"INV-7","amount_in_cents":4250}},"receipt":"h.p.s"}}"#
        )
    );
    assert_eq!(to_json(&seen), r#"[{"status":"paid","asked":1}]"#);
    let request = requests().get(0);
    assert_eq!(
        text(&request, "url"),
        format!("{}/paysg/payments/{SERVICE}/{ID}", here())
    );
    assert!(get(&request, "body").is_undefined());
    assert_eq!(text(&request, "credentials"), "include");
    assert_eq!(
        to_json(&get(&request, "headers")),
        r#"{"accept":"application/json"}"#
    );
    assert_eq!(open_listeners(), 0);
}

#[wasm_bindgen_test]
async fn without_proof_there_is_a_status_only() {
    let paysg = new_page().await;
    answers(&format!(
        r#"[{{"json":{{"id":"{ID}","payment_service_id":"{SERVICE}","status":"paid"}}}}]"#
    ));
    let verified = settle(paysg.verify_payment(&params(), &NONE))
        .await
        .unwrap();
    assert_eq!(
        to_json(&verified),
        format!(
            r#"{{"status":"paid","confirming":false,"proof":false,"payment":{{"id":"{ID}","payment_service_id":"{SERVICE}","status":"paid"}}}}"#
        )
    );
}

#[wasm_bindgen_test]
async fn it_asks_again_at_growing_intervals_until_it_is_paid() {
    let paysg = new_page().await;
    answers(&format!(
        "[{},{},{}]",
        told("unpaid"),
        told("a_word_of_tomorrow"),
        told("paid")
    ));
    let (options, seen) = watching("");
    let verified = settle(paysg.verify_payment(&params(), &options))
        .await
        .unwrap();
    assert_eq!(text(&verified, "status"), "paid");
    assert_eq!(
        to_json(&seen),
        r#"[{"status":"unpaid","asked":1},{"status":"unknown","asked":2},{"status":"paid","asked":3}]"#
    );
    assert!(
        (700.0..1900.0).contains(&(at(1) - at(0))),
        "{}",
        at(1) - at(0)
    );
    assert!(
        (1450.0..3400.0).contains(&(at(2) - at(1))),
        "{}",
        at(2) - at(1)
    );
    assert_eq!(open_listeners(), 0);
}

#[wasm_bindgen_test]
async fn not_paid_in_time_is_confirming_never_failed() {
    for status in ["unpaid", "a_word_of_tomorrow"] {
        let paysg = new_page().await;
        answers(&format!("[{}]", told(status)));
        let verified = settle(paysg.verify_payment(&params(), &json("{timeoutMs:300}")))
            .await
            .unwrap();
        assert_eq!(get(&verified, "confirming"), JsValue::TRUE);
        assert_eq!(requests().length(), 1);
        assert_eq!(open_listeners(), 0);
    }
}

#[wasm_bindgen_test]
async fn a_proxy_never_reached_is_an_error_and_progress_says_why() {
    let paysg = new_page().await;
    answers(r#"["lost"]"#);
    let (options, seen) = watching("timeoutMs: 1000");
    let error = settle(paysg.verify_payment(&params(), &options))
        .await
        .unwrap_err();
    assert_eq!(text(&error, "code"), "unreachable");
    assert_eq!(get(&error, "retryable"), JsValue::TRUE);
    assert_eq!(text(&get(&error, "cause"), "message"), "Failed to fetch");
    let first = seen.get(0);
    assert!(get(&first, "status").is_null());
    assert_eq!(text(&get(&first, "error"), "code"), "unreachable");
}

#[wasm_bindgen_test]
async fn an_unknown_payment_is_an_error_at_once() {
    let paysg = new_page().await;
    answers(
        r#"[{"status":404,"json":{"error":{"type":"t","code":"unknown_payment","message":"m"}}}]"#,
    );
    let error = settle(paysg.verify_payment(&params(), &NONE))
        .await
        .unwrap_err();
    assert_eq!(text(&error, "code"), "unknown_payment");
    assert_eq!(get(&error, "status"), JsValue::from(404));
    assert_eq!(get(&error, "retryable"), JsValue::FALSE);
    assert_eq!(requests().length(), 1);
}

#[wasm_bindgen_test]
async fn a_404_is_no_word_of_the_payment_unless_the_proxy_says_so() {
    let paysg = new_page().await;
    answers(&format!(
        r#"[{{"status":404,"text":"<h1>Not found</h1>"}},{}]"#,
        told("paid")
    ));
    let verified = settle(paysg.verify_payment(&params(), &NONE))
        .await
        .unwrap();
    assert_eq!(text(&verified, "status"), "paid");
    assert_eq!(requests().length(), 2);
    answers(
        r#"[{"status":404,"json":{"error":{"type":"t","code":"unknown_payment_service","message":"m"}}}]"#,
    );
    let error = settle(paysg.verify_payment(&params(), &NONE))
        .await
        .unwrap_err();
    assert_eq!(text(&error, "code"), "unknown_payment_service");
}

#[wasm_bindgen_test]
async fn an_answer_for_another_payment_is_none() {
    for answer in [
        told("paid").replace(ID, "another"),
        told("paid").replace("655d", "755d"),
        told("paid").replace("\"status\":\"paid\"", "\"status\":true"),
        r#"{"text":"<html>"}"#.into(),
        r#"{"json":"paid"}"#.into(),
    ] {
        let paysg = new_page().await;
        answers(&format!("[{answer}]"));
        assert_eq!(
            code(settle(paysg.verify_payment(&params(), &json("{timeoutMs:0}"))).await),
            "invalid_response",
            "{answer}"
        );
    }
}

#[wasm_bindgen_test]
async fn a_hidden_page_is_quiet_and_asks_as_soon_as_it_is_looked_at() {
    let paysg = new_page().await;
    answers(&format!("[{},{}]", told("unpaid"), told("paid")));
    let promise = paysg.verify_payment(&params(), &NONE);
    after(100).await;
    hide(true);
    after(1800).await;
    assert_eq!(requests().length(), 1, "quiet while hidden");
    hide(false);
    let verified = settle(promise).await.unwrap();
    assert_eq!(text(&verified, "status"), "paid");
    assert!(at(1) - at(0) < 2200.0, "at once: {}", at(1) - at(0));
    assert_eq!(open_listeners(), 0);
}

#[wasm_bindgen_test]
async fn time_spent_hidden_does_not_count() {
    let paysg = new_page().await;
    answers(&format!("[{}]", told("unpaid")));
    let promise = paysg.verify_payment(&params(), &json("{timeoutMs:500}"));
    after(50).await;
    hide(true);
    after(900).await;
    assert!(is_pending(&promise).await);
    hide(false);
    let verified = settle(promise).await.unwrap();
    assert_eq!(get(&verified, "confirming"), JsValue::TRUE);
}

#[wasm_bindgen_test]
async fn it_can_be_aborted_while_asking_waiting_and_hidden() {
    for (answer, hidden) in [
        (r#""hang""#.to_owned(), false),
        (told("unpaid"), false),
        (told("unpaid"), true),
    ] {
        let paysg = new_page().await;
        answers(&format!("[{answer}]"));
        let controller = json("new AbortController()");
        let options = Object::new();
        Reflect::set(&options, &"signal".into(), &get(&controller, "signal")).unwrap();
        let promise = paysg.verify_payment(&params(), &options);
        after(50).await;
        hide(hidden);
        after(10).await;
        let abort: Function = json("(controller) => controller.abort()").into();
        abort.call1(&NONE, &controller).unwrap();
        let error = settle(promise).await.unwrap_err();
        assert_eq!(text(&error, "code"), "aborted");
        assert_eq!(text(&get(&error, "cause"), "name"), "AbortError");
        assert_eq!(hanging_requests(), 0);
        assert_eq!(open_listeners(), 0);
        let asked = requests().length();
        after(1700).await;
        assert_eq!(requests().length(), asked, "quiet afterwards");
    }
}

#[wasm_bindgen_test]
async fn what_a_callback_throws_is_reported_and_stops_nothing() {
    let paysg = new_page().await;
    answers(&format!("[{}]", told("paid")));
    let reported = unhandled();
    let verified = settle(paysg.verify_payment(
        &params(),
        &json("{onStatus() { throw new Error('a bug of the page'); }}"),
    ))
    .await
    .unwrap();
    assert_eq!(text(&verified, "status"), "paid");
    let reason = settle(reported).await.unwrap();
    assert_eq!(text(&reason, "message"), "a bug of the page");
}
