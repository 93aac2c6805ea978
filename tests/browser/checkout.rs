//! Creating a payment, and paying.

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{
    ID, NONE, PAGE, SERVICE, after, allow_storage, answers, code, created, departed, empty_storage,
    evaluate, forbid_storage, get, hanging_requests, here, is_pending, json, new_page,
    open_listeners, requests, restore, return_query, sent_keys, settle, stored, text, to_json,
};

const BUSY: &str = r#"{"status":503,"json":{"error":{"type":"api_error","code":"paysg_unavailable","message":"Later."}}}"#;

fn order() -> JsValue {
    json("{order:'a.b.c'}")
}

#[wasm_bindgen_test]
async fn an_order_is_sent_as_the_proxy_takes_it() {
    let paysg = new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    let payment =
        settle(paysg.create_payment(&json("{item:'licence',quantity:2,payer_name:'Tan'}"), &NONE))
            .await
            .unwrap();
    assert_eq!(
        to_json(&payment),
        format!(
            r#"{{"id":"{ID}","payment_service_id":"{SERVICE}","payment_url":"{PAGE}","reference_id":"INV-7","amount_in_cents":4250,"status":"unpaid"}}"#
        )
    );
    let request = requests().get(0);
    assert_eq!(text(&request, "url"), format!("{}/paysg/payments", here()));
    assert_eq!(text(&request, "method"), "POST");
    assert_eq!(
        text(&request, "body"),
        r#"{"item":"licence","quantity":2,"payer_name":"Tan"}"#
    );
    assert_eq!(text(&request, "credentials"), "include");
    assert_eq!(text(&request, "redirect"), "error");
    assert_eq!(text(&request, "cache"), "no-store");
    let headers = get(&request, "headers");
    assert_eq!(text(&headers, "accept"), "application/json");
    assert_eq!(text(&headers, "content-type"), "application/json");
    assert_eq!(text(&headers, "idempotency-key").len(), 40);
    assert_eq!(departed(), [""; 0], "creating is not paying");
}

#[wasm_bindgen_test]
async fn a_bare_token_is_an_order() {
    let paysg = new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    settle(paysg.create_payment(&"a.b.c".into(), &NONE))
        .await
        .unwrap();
    assert_eq!(text(&requests().get(0), "body"), r#"{"order":"a.b.c"}"#);
}

#[wasm_bindgen_test]
async fn what_was_lost_is_sent_again_with_the_same_key() {
    let paysg = new_page().await;
    answers(&format!(r#"["lost",{BUSY},{}]"#, created("unpaid")));
    settle(paysg.create_payment(&order(), &NONE)).await.unwrap();
    let keys = sent_keys();
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    let at = |nth| get(&requests().get(nth), "at").as_f64().unwrap();
    assert!(
        (350.0..1200.0).contains(&(at(1) - at(0))),
        "{}",
        at(1) - at(0)
    );
    assert!(
        (750.0..2100.0).contains(&(at(2) - at(1))),
        "{}",
        at(2) - at(1)
    );
}

#[wasm_bindgen_test]
async fn a_network_that_fails_with_no_error_at_all_is_survived() {
    for odd in ["odd", "throw", "cut"] {
        let paysg = new_page().await;
        answers(&format!(r#"["{odd}",{}]"#, created("unpaid")));
        settle(paysg.create_payment(&order(), &NONE)).await.unwrap();
        assert_eq!(requests().length(), 2, "{odd}");
    }
}

#[wasm_bindgen_test]
async fn refusals_are_reported_at_once() {
    for status in [400, 401, 403, 404, 409, 413, 415, 422, 500] {
        let paysg = new_page().await;
        answers(&format!(
            r#"[{{"status":{status},"json":{{"error":{{"type":"t","code":"its_word","message":"m"}}}}}}]"#
        ));
        let error = settle(paysg.create_payment(&order(), &NONE))
            .await
            .unwrap_err();
        assert_eq!(text(&error, "code"), "its_word");
        assert_eq!(get(&error, "status"), JsValue::from(status));
        assert_eq!(get(&error, "retryable"), JsValue::from(status == 500));
        assert_eq!(requests().length(), 1, "{status}");
    }
}

#[wasm_bindgen_test]
async fn a_retry_after_beyond_patience_is_the_end() {
    let date = json("new Date(Date.now() + 60_000).toUTCString()");
    for retry_after in ["60", &date.as_string().unwrap()] {
        let paysg = new_page().await;
        answers(&format!(
            r#"[{{"status":429,"headers":{{"retry-after":"{retry_after}"}},"text":""}}]"#
        ));
        let error = settle(paysg.create_payment(&order(), &NONE))
            .await
            .unwrap_err();
        assert_eq!(text(&error, "code"), "rate_limited");
        assert_eq!(get(&error, "retryable"), JsValue::TRUE);
        assert_eq!(requests().length(), 1);
    }
}

#[wasm_bindgen_test]
async fn answers_without_a_payment_are_refused() {
    for answer in [
        r#"{"status":200,"text":"<html>"}"#.into(),
        r#"{"status":200,"json":{}}"#.into(),
        r#"{"status":200,"json":[]}"#.into(),
        r#"{"status":200,"json":null}"#.into(),
        created("unpaid").replace(ID, "../evil"),
        created("unpaid").replace(SERVICE, "evil"),
        created("unpaid").replace("4250", "\"4250\""),
        created("unpaid").replace("payment_url", "url"),
        created("unpaid").replace("reference_id", "ref"),
        created("unpaid").replace("\"unpaid\"", "7"),
    ] {
        let paysg = new_page().await;
        answers(&format!("[{answer}]"));
        assert_eq!(
            code(settle(paysg.create_payment(&order(), &NONE)).await),
            "invalid_response",
            "{answer}"
        );
    }
}

/// Options with a signal, and what aborts it for a reason.
fn stoppable() -> (JsValue, impl Fn(&str)) {
    let controller = evaluate("new AbortController()");
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"signal".into(), &get(&controller, "signal")).unwrap();
    let stop = move |reason: &str| {
        let stop: js_sys::Function =
            json("(controller, reason) => controller.abort(reason)").into();
        stop.call2(&NONE, &controller, &reason.into()).unwrap();
    };
    (options.into(), stop)
}

#[wasm_bindgen_test]
async fn creation_can_be_aborted() {
    let (options, stop) = stoppable();
    let paysg = new_page().await;
    answers(r#"["hang"]"#);
    let promise = paysg.create_payment(&order(), &options);
    after(20).await;
    assert_eq!(hanging_requests(), 1);
    stop("changed my mind");
    let error = settle(promise).await.unwrap_err();
    assert_eq!(text(&error, "code"), "aborted");
    assert_eq!(text(&error, "cause"), "changed my mind");
    assert_eq!(hanging_requests(), 0, "the request is aborted too");
    assert_eq!(open_listeners(), 0);

    // Already aborted: nothing is sent.
    let before = requests().length();
    assert_eq!(
        code(settle(paysg.create_payment(&order(), &options)).await),
        "aborted"
    );
    assert_eq!(requests().length(), before);
}

#[wasm_bindgen_test]
async fn paying_leaves_the_page_and_never_resolves() {
    let paysg = new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    let promise = paysg.pay(&order(), &NONE);
    assert!(is_pending(&promise).await);
    assert_eq!(departed(), [PAGE]);
    // Not out of the back/forward cache: an ordinary first showing changes nothing.
    restore(false);
    assert!(is_pending(&promise).await);
}

#[wasm_bindgen_test]
async fn a_double_click_is_one_payment_and_one_redirect() {
    let paysg = new_page().await;
    let slow = created("unpaid").replacen('{', r#"{"ms":100,"#, 1);
    answers(&format!("[{slow}]"));
    let first = JsValue::from(paysg.pay(&order(), &NONE));
    let second = JsValue::from(paysg.pay(&order(), &NONE));
    assert_eq!(first, second);
    after(300).await;
    assert_eq!(requests().length(), 1);
    assert_eq!(departed(), [PAGE]);
}

#[wasm_bindgen_test]
async fn another_order_takes_the_place_of_the_one_under_way() {
    let other_page = PAGE.replace(ID, "AnotherPayment");
    let other = created("unpaid").replace(ID, "AnotherPayment");
    let slow = created("unpaid").replacen('{', r#"{"ms":100,"#, 1);
    let own_key = json("{idempotencyKey:'mine-1'}");
    // While the first is being sent, has no answer yet, or waits to be sent again.
    for (first_answer, body, options) in [
        (slow.as_str(), "{order:'a.b.c'}", &own_key),
        (r#""hang""#, "{item:'another'}", &NONE),
        (BUSY, "{item:'another'}", &NONE),
    ] {
        let paysg = new_page().await;
        answers(&format!("[{first_answer},{other}]"));
        let first = paysg.pay(&order(), &NONE);
        after(50).await;
        let second = paysg.pay(&json(body), options);
        let error = settle(first).await.unwrap_err();
        assert_eq!(text(&error, "code"), "aborted");
        // Longer than the first would have waited.
        after(800).await;
        assert!(is_pending(&second).await);
        assert_eq!(departed(), [other_page.as_str()], "{first_answer}");
        assert_eq!(requests().length(), 2);
        assert_eq!(hanging_requests(), 0);
        assert_eq!(open_listeners(), 2, "one page and one signal");
    }
}

#[wasm_bindgen_test]
async fn another_order_stops_a_navigation_that_has_begun() {
    let paysg = new_page().await;
    let other = created("unpaid").replace(ID, "AnotherPayment");
    answers(&format!("[{},{other}]", created("unpaid")));
    let first = paysg.pay(&order(), &NONE);
    assert!(is_pending(&first).await);
    assert_eq!(departed(), [PAGE]);
    json("(window.stops = 0, window.stop = () => { stops += 1; })");
    let second = paysg.pay(&json("{item:'another'}"), &NONE);
    let stops = json("stops");
    json("delete window.stop");
    assert_eq!(stops, 1, "before anything is sent");
    assert_eq!(code(settle(first).await), "aborted");
    assert!(is_pending(&second).await);
    assert_eq!(
        departed(),
        [PAGE.into(), PAGE.replace(ID, "AnotherPayment")]
    );
}

#[wasm_bindgen_test]
async fn a_press_after_a_navigation_that_did_not_happen_goes_there_again() {
    let paysg = new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    let promise = paysg.pay(&order(), &NONE);
    assert!(is_pending(&promise).await);
    let _ = paysg.pay(&order(), &NONE);
    assert_eq!(departed(), [PAGE, PAGE]);
    assert_eq!(requests().length(), 1);
}

#[wasm_bindgen_test]
async fn an_abort_after_a_navigation_that_did_not_happen_frees_the_page_for_another_payment() {
    let (options, stop) = stoppable();
    let paysg = new_page().await;
    let other = created("unpaid").replace(ID, "AnotherPayment");
    answers(&format!("[{},{other}]", created("unpaid")));
    let promise = paysg.pay(&order(), &options);
    assert!(is_pending(&promise).await);
    stop("another view");
    assert_eq!(code(settle(promise).await), "aborted");
    assert_eq!(open_listeners(), 0);
    let promise = paysg.pay(&json("{item:'another'}"), &NONE);
    assert!(is_pending(&promise).await);
    assert_eq!(
        departed(),
        [PAGE.into(), PAGE.replace(ID, "AnotherPayment")]
    );
}

#[wasm_bindgen_test]
async fn what_was_aborted_is_not_joined() {
    let (options, stop) = stoppable();
    let paysg = new_page().await;
    let slow = created("unpaid").replacen('{', r#"{"ms":100,"#, 1);
    answers(&format!(r#"["hang",{slow}]"#));
    let aborted = paysg.pay(&order(), &options);
    after(20).await;
    stop("another view");
    let promise = paysg.pay(&json("{item:'another'}"), &NONE);
    assert_eq!(code(settle(aborted).await), "aborted");
    // The end of the one is not the end of the other: a double click joins that.
    let _ = paysg.pay(&json("{item:'another'}"), &NONE);
    assert!(is_pending(&promise).await);
    assert_eq!(requests().length(), 2);
    assert_eq!(departed(), [PAGE]);
}

#[wasm_bindgen_test]
async fn the_back_button_brings_back_a_usable_page_that_resumes_the_payment() {
    let paysg = new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    let promise = paysg.pay(&order(), &NONE);
    after(50).await;
    assert_eq!(
        open_listeners(),
        2,
        "waits to be shown again, or to make way for another order"
    );
    restore(true);
    let error = settle(promise).await.unwrap_err();
    assert_eq!(text(&error, "code"), "page_restored");
    assert_eq!(get(&error, "retryable"), JsValue::TRUE);
    assert_eq!(open_listeners(), 0);
    let again = paysg.pay(&order(), &NONE);
    assert!(is_pending(&again).await);
    assert_eq!(departed(), [PAGE, PAGE]);
    let keys = sent_keys();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1]);
}

/// What the promise of a press says once the page has come back out of the back/forward cache.
async fn restored(promise: Promise) -> JsValue {
    assert!(is_pending(&promise).await);
    restore(true);
    let error = settle(promise).await.unwrap_err();
    assert_eq!(text(&error, "code"), "page_restored");
    error
}

#[wasm_bindgen_test]
async fn the_back_button_after_another_page_saw_the_payment_settled_promises_nothing() {
    let paysg = new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    let error = restored(paysg.pay(&order(), &NONE)).await;
    assert_eq!(get(&error, "settled"), JsValue::UNDEFINED);
    assert!(text(&error, "message").contains("the same payment"));

    let promise = paysg.pay(&order(), &NONE);
    assert!(is_pending(&promise).await);
    // The result page, in the same tab.
    empty_storage();
    let error = restored(promise).await;
    assert_eq!(get(&error, "settled"), JsValue::TRUE);
    assert!(!text(&error, "message").contains("the same payment"));
    let promise = paysg.pay(&order(), &NONE);
    assert!(is_pending(&promise).await);
    let keys = sent_keys();
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[1], keys[2], "so nothing could be promised");
}

#[wasm_bindgen_test]
async fn a_key_that_was_drawn_anew_meanwhile_is_not_the_settled_payments() {
    let paysg = new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    let promise = paysg.pay(&json("{item:'drawn-anew'}"), &NONE);
    assert!(is_pending(&promise).await);
    // The result page has dropped the key, and another page of the tab has paid for the same again.
    evaluate(
        "for (const name of Object.keys(sessionStorage)) sessionStorage.setItem(name, 'another')",
    );
    assert_eq!(get(&restored(promise).await, "settled"), JsValue::TRUE);
}

#[wasm_bindgen_test]
async fn a_callers_own_key_and_one_that_no_storage_took_lead_to_the_same_payment_for_ever() {
    let paysg = new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    let own = json("{idempotencyKey:'mine-1'}");
    let promise = paysg.pay(&order(), &own);
    assert!(is_pending(&promise).await);
    empty_storage();
    let error = restored(promise).await;
    assert_eq!(get(&error, "settled"), JsValue::UNDEFINED);

    forbid_storage(true);
    let promise = paysg.pay(&json("{item:'unstored'}"), &NONE);
    let error = restored(promise).await;
    allow_storage();
    assert_eq!(get(&error, "settled"), JsValue::UNDEFINED);
}

#[wasm_bindgen_test]
async fn a_failed_press_can_be_repeated() {
    let paysg = new_page().await;
    answers(r#"[{"status":400,"text":""}]"#);
    assert_eq!(code(settle(paysg.pay(&order(), &NONE)).await), "refused");
    answers(&format!("[{}]", created("unpaid")));
    let promise = paysg.pay(&order(), &NONE);
    assert!(is_pending(&promise).await);
    assert_eq!(departed(), [PAGE]);
}

#[wasm_bindgen_test]
async fn a_foreign_payment_page_is_not_followed() {
    let paysg = new_page().await;
    answers(&format!(
        "[{}]",
        created("unpaid").replace(PAGE, "https://evil.example/payments/abc")
    ));
    assert_eq!(
        code(settle(paysg.pay(&order(), &NONE)).await),
        "payment_url_refused"
    );
    assert_eq!(departed(), [""; 0]);
}

#[wasm_bindgen_test]
async fn what_is_paid_already_leads_to_the_result_not_to_paying_again() {
    for status in ["paid", "partially_refunded", "refunded"] {
        let paysg = new_page().await;
        answers(&format!("[{}]", created(status)));
        let promise = paysg.pay(&order(), &NONE);
        assert!(is_pending(&promise).await);
        assert_eq!(
            departed(),
            [format!("{}/paysg/return?{}", here(), return_query())]
        );
    }
}

#[wasm_bindgen_test]
async fn a_press_that_led_to_what_was_paid_makes_the_next_one_a_new_intent() {
    for status in ["paid", "partially_refunded", "refunded"] {
        let paysg = new_page().await;
        answers(&format!("[{},{}]", created(status), created("unpaid")));
        let promise = paysg.pay(&order(), &NONE);
        assert!(is_pending(&promise).await);
        assert_eq!(stored(), "{}", "no page that verifies has to do it");
        // Pressed once more while the browser leaves, it is no other payment.
        let _ = paysg.pay(&order(), &NONE);
        assert_eq!(sent_keys().len(), 1);
        let error = restored(promise).await;
        assert_eq!(get(&error, "settled"), JsValue::TRUE);

        let promise = paysg.pay(&order(), &NONE);
        assert!(is_pending(&promise).await);
        let keys = sent_keys();
        assert_ne!(keys[0], keys[1]);
        let receipt = format!("{}/paysg/return?{}", here(), return_query());
        assert_eq!(departed(), [&receipt, &receipt, PAGE]);
    }
}

#[wasm_bindgen_test]
async fn what_was_cancelled_is_said_and_made_anew_by_the_next_press() {
    let paysg = new_page().await;
    answers(&format!("[{},{}]", created("cancelled"), created("unpaid")));
    assert_eq!(
        code(settle(paysg.pay(&order(), &NONE)).await),
        "payment_cancelled"
    );
    assert_eq!(departed(), [""; 0]);
    let promise = paysg.pay(&order(), &NONE);
    assert!(is_pending(&promise).await);
    let keys = sent_keys();
    assert_ne!(keys[0], keys[1]);
}
