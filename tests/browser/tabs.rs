//! Several tabs of one browser, and what the next person at it can find.

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{
    NONE, after, allow_storage, answers, code, created, evaluate, fill_storage, here, is_pending,
    json, new_page, open_listeners, requests, settle, stored, text,
};

const LICENCE: &str = "{item:'licence',payer_name:'Tan'}";

/// Another tab is creating a payment, until it is told to end.
async fn another_tab_creates() {
    let begins = evaluate(
        "new Promise((begun) => navigator.locks.request(`paysg-wasm ${location.origin}/paysg`, () => { begun(); return new Promise((end) => (window.ends = end)); }))",
    );
    JsFuture::from(Promise::from(begins)).await.unwrap();
}

fn it_ends() {
    evaluate("window.ends()");
}

#[wasm_bindgen_test]
async fn an_order_of_the_catalogue_waits_for_another_tabs() {
    let paysg = new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    another_tab_creates().await;
    let created = paysg.create_payment(&json(LICENCE), &NONE);
    assert!(is_pending(&created).await);
    assert_eq!(requests().length(), 0);
    it_ends();
    settle(created).await.unwrap();
    assert_eq!((requests().length(), open_listeners()), (1, 0));
}

#[wasm_bindgen_test]
async fn what_has_a_key_of_its_own_waits_for_nobody() {
    let paysg = new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    another_tab_creates().await;
    settle(paysg.create_payment(&"a.b.c".into(), &NONE))
        .await
        .unwrap();
    let chosen = json("{idempotencyKey:'chosen'}");
    settle(paysg.create_payment(&json(LICENCE), &chosen))
        .await
        .unwrap();
    it_ends();
}

#[wasm_bindgen_test]
async fn a_payer_who_stops_waiting_leaves_the_queue() {
    let paysg = new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    another_tab_creates().await;
    let controller = evaluate("window.stops = new AbortController()");
    let options = json("{signal: window.stops.signal}");
    let waits = paysg.create_payment(&json(LICENCE), &options);
    assert!(is_pending(&waits).await);
    evaluate("window.stops.abort()");
    assert_eq!(code(settle(waits).await), "aborted");
    assert!(controller.is_object() && requests().length() == 0);
    it_ends();
    settle(paysg.create_payment(&json(LICENCE), &NONE))
        .await
        .unwrap();
}

#[wasm_bindgen_test]
async fn a_creation_that_fails_ends_its_turn() {
    let paysg = new_page().await;
    answers(&format!(
        r#"[{{"status":400,"json":{{}}}},{}]"#,
        created("unpaid")
    ));
    assert_eq!(
        code(settle(paysg.create_payment(&json(LICENCE), &NONE)).await),
        "refused"
    );
    settle(paysg.create_payment(&json(LICENCE), &NONE))
        .await
        .unwrap();
}

#[wasm_bindgen_test]
async fn a_browser_without_locks_goes_on_without() {
    for locks in [
        "undefined",
        "{ request() { throw new DOMException('no', 'SecurityError'); } }",
        "{ request: () => Promise.reject(new DOMException('no', 'SecurityError')) }",
    ] {
        let paysg = new_page().await;
        answers(&format!("[{}]", created("unpaid")));
        evaluate(&format!(
            "Object.defineProperty(navigator, 'locks', {{ value: {locks}, configurable: true }})"
        ));
        let outcome = settle(paysg.create_payment(&json(LICENCE), &NONE)).await;
        evaluate("delete navigator.locks");
        outcome.unwrap();
    }
}

#[wasm_bindgen_test]
async fn a_browser_forgets_its_keys_and_has_the_proxy_forget() {
    let paysg = new_page().await;
    answers(&format!(
        r#"[{},{},{{"status":204,"text":null}},{}]"#,
        created("unpaid"),
        created("unpaid"),
        created("unpaid")
    ));
    settle(paysg.create_payment(&json(LICENCE), &NONE))
        .await
        .unwrap();
    settle(paysg.create_payment(&"a.b.c".into(), &NONE))
        .await
        .unwrap();
    evaluate("sessionStorage.setItem('theme', 'dark')");
    settle(paysg.forget_payments(&NONE)).await.unwrap();
    assert_eq!(stored(), r#"{"theme":"dark"}"#);
    let forgot = requests().get(2);
    assert_eq!(text(&forgot, "url"), format!("{}/paysg/forget", here()));
    assert_eq!(
        (text(&forgot, "method"), text(&forgot, "credentials")),
        ("POST".to_owned(), "include".to_owned())
    );
    settle(paysg.create_payment(&json(LICENCE), &NONE))
        .await
        .unwrap();
    let key = |nth| {
        text(
            &crate::page::get(&requests().get(nth), "headers"),
            "idempotency-key",
        )
    };
    assert_ne!(key(3), key(0), "another order");
}

#[wasm_bindgen_test]
async fn keys_that_no_storage_took_are_forgotten_too() {
    let paysg = new_page().await;
    answers(&format!(
        r#"[{},{{"status":204,"text":null}},{}]"#,
        created("unpaid"),
        created("unpaid")
    ));
    fill_storage();
    settle(paysg.create_payment(&json(LICENCE), &NONE))
        .await
        .unwrap();
    settle(paysg.forget_payments(&NONE)).await.unwrap();
    settle(paysg.create_payment(&json(LICENCE), &NONE))
        .await
        .unwrap();
    crate::page::empty_storage();
    allow_storage();
    let key = |nth| {
        text(
            &crate::page::get(&requests().get(nth), "headers"),
            "idempotency-key",
        )
    };
    assert_ne!(key(2), key(0));
}

#[wasm_bindgen_test]
async fn who_is_not_forgotten_is_told_so() {
    for (answer, expected) in [
        (
            r#"{"status":403,"json":{"error":{"type":"t","code":"origin_not_allowed","message":"m"}}}"#,
            "origin_not_allowed",
        ),
        (r#"{"status":404,"text":""}"#, "refused"),
        (r#""lost""#, "unreachable"),
    ] {
        let paysg = new_page().await;
        answers(&format!("[{answer}]"));
        assert_eq!(code(settle(paysg.forget_payments(&NONE)).await), expected);
    }
    let paysg = new_page().await;
    assert_eq!(
        code(settle(paysg.forget_payments(&json("{signal:1}"))).await),
        "invalid_option"
    );
    after(0).await;
}
