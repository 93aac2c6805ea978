//! The idempotency key, which must survive a reload, and the order, which must not be stored.

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{
    ID, NONE, allow_storage, answers, created, empty_storage, fill_storage, forbid_storage, json,
    load, new_page, params, sent_keys, settle, stored, told,
};

const PERSONAL: &str = "{item:'licence',payer_name:'TAN AH KOW',payer_email:'tan@example.sg'}";

async fn create(order: &JsValue, options: &JsValue) {
    // A `load` of its own each time, as after a reload: nothing but the tab's storage is shared.
    settle(load("{}").unwrap().create_payment(order, options))
        .await
        .unwrap();
}

#[wasm_bindgen_test]
async fn a_key_survives_a_reload() {
    new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    for _ in 0..3 {
        create(&json(PERSONAL), &NONE).await;
    }
    let keys = sent_keys();
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

#[wasm_bindgen_test]
async fn keys_are_random_and_each_orders_own() {
    new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    for order in ["'a.b.c'", "'a.b.d'", PERSONAL] {
        create(&json(order), &NONE).await;
    }
    let mut keys = sent_keys();
    for key in &keys {
        let key = key.strip_prefix("tab-").unwrap();
        let groups: Vec<usize> = key.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{key}");
        assert_eq!(&key[14..15], "4", "{key}");
    }
    keys.dedup();
    assert_eq!(keys.len(), 3);
}

#[wasm_bindgen_test]
async fn neither_order_nor_payment_is_stored() {
    new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    create(&json(PERSONAL), &NONE).await;
    create(&"header.payload.signature".into(), &NONE).await;
    let stored = stored();
    for secret in [
        "TAN",
        "tan",
        "licence",
        "payload",
        "signature",
        ID,
        "pay.gov.sg",
        "INV-7",
        "4250",
    ] {
        assert!(!stored.contains(secret), "{secret} in {stored}");
    }
    assert!(stored.contains(&sent_keys()[0]), "{stored}");
}

#[wasm_bindgen_test]
async fn a_settled_payment_takes_its_key_along() {
    let paysg = new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    create(&json(PERSONAL), &NONE).await;

    // Not yet: the payer may still come back and press again.
    answers(&format!("[{}]", told("unpaid")));
    settle(paysg.verify_payment(&params(), &json("{timeoutMs:0}")))
        .await
        .unwrap();
    answers(&format!("[{}]", created("unpaid")));
    create(&json(PERSONAL), &NONE).await;

    answers(&format!("[{}]", told("paid")));
    settle(paysg.verify_payment(&params(), &NONE))
        .await
        .unwrap();
    assert_eq!(stored(), "{}");
    answers(&format!("[{}]", created("unpaid")));
    create(&json(PERSONAL), &NONE).await;

    let posts: Vec<JsValue> = crate::page::requests()
        .iter()
        .filter(|request| crate::page::text(request, "url").ends_with("/payments"))
        .collect();
    let key = |nth: usize| {
        crate::page::text(&crate::page::get(&posts[nth], "headers"), "idempotency-key")
    };
    assert_eq!(key(0), key(1));
    assert_ne!(key(1), key(2));
}

#[wasm_bindgen_test]
async fn a_callers_own_key_is_used_and_not_stored() {
    new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    create(&json(PERSONAL), &json("{idempotencyKey:'mine-1'}")).await;
    assert_eq!(sent_keys(), ["mine-1"]);
    assert!(!stored().contains("mine-1"));
}

#[wasm_bindgen_test]
async fn forbidden_storage_leaves_a_key_for_the_page() {
    new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    forbid_storage(true);
    for _ in 0..2 {
        create(&json(PERSONAL), &NONE).await;
    }
    allow_storage();
    let keys = sent_keys();
    assert_eq!(keys[0], keys[1]);
}

#[wasm_bindgen_test]
async fn full_storage_leaves_each_order_its_key_for_the_page() {
    new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    fill_storage();
    for order in ["{item:'full-1'}", "{item:'full-2'}", "{item:'full-1'}"] {
        create(&json(order), &NONE).await;
    }
    empty_storage();
    create(&json("{item:'full-2'}"), &NONE).await;
    let keys = sent_keys();
    assert_eq!([&keys[0], &keys[1]], [&keys[2], &keys[3]]);
    assert_ne!(keys[0], keys[1]);
    // As soon as there is room, it survives a reload too.
    assert!(stored().contains(&keys[1]));
}

#[wasm_bindgen_test]
async fn what_storage_did_not_take_is_forgotten_with_its_own_payment_only() {
    let paysg = new_page().await;
    fill_storage();
    let settled = json("{item:'full-3'}");
    let open = json("{item:'full-4'}");
    answers(&format!(
        "[{},{}]",
        created("unpaid"),
        created("unpaid").replace(ID, "AnotherPayment")
    ));
    create(&settled, &NONE).await;
    create(&open, &NONE).await;
    let keys = sent_keys();

    answers(&format!("[{}]", told("paid")));
    settle(paysg.verify_payment(&params(), &NONE))
        .await
        .unwrap();
    answers(&format!("[{}]", created("unpaid")));
    create(&settled, &NONE).await;
    create(&open, &NONE).await;
    let requests = crate::page::requests();
    let key = |nth| {
        crate::page::text(
            &crate::page::get(&requests.get(nth), "headers"),
            "idempotency-key",
        )
    };
    assert_ne!(key(3), keys[0]);
    assert_eq!(key(4), keys[1]);
}

#[wasm_bindgen_test]
async fn a_key_that_was_stored_ends_with_the_storage() {
    new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    create(&json("{item:'settled-elsewhere'}"), &NONE).await;
    // The result page, in the same tab, has seen the payment settled; then the payer goes back to this page.
    empty_storage();
    create(&json("{item:'settled-elsewhere'}"), &NONE).await;
    let keys = sent_keys();
    assert_ne!(keys[0], keys[1]);
}

#[wasm_bindgen_test]
async fn a_key_outlives_a_storage_that_is_forbidden_later() {
    new_page().await;
    answers(&format!("[{}]", created("unpaid")));
    create(&json("{item:'forbidden-later'}"), &NONE).await;
    forbid_storage(true);
    create(&json("{item:'forbidden-later'}"), &NONE).await;
    allow_storage();
    let keys = sent_keys();
    assert_eq!(keys[0], keys[1]);
}
