//! What callers pass.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{
    NONE, answers, code, created, here, json, load, new_page, params, requests, settle, text,
};

#[wasm_bindgen_test]
async fn bad_settings_are_refused() {
    new_page().await;
    for options in [
        "{devPaymentOrigin:'http://evil.example'}",
        "{devPaymentOrigin:'http://127.0.0.1.evil.example'}",
        "{devPaymentOrigin:'http://127.0.0.1:8788/'}",
        "{devPaymentOrigin:7}",
        "{devPaymentOrigin:null}",
        "{proxyUrl:'javascript:alert(1)'}",
        "{proxyUrl:'ftp://example.sg/paysg'}",
        "{proxyUrl:'/paysg?a=b'}",
        "{proxyUrl:'/paysg#a'}",
        "{proxyUrl:'https://user:secret@example.sg/paysg'}",
        "{proxyUrl:'https://'}",
        "{proxyUrl:null}",
        "{proxyUrl:7}",
    ] {
        assert_eq!(code(load(options)), "invalid_option", "{options}");
    }
}

#[wasm_bindgen_test]
async fn the_proxy_is_where_the_option_says() {
    for (option, url) in [
        ("", format!("{}/paysg/payments", here())),
        ("'/paysg/'", format!("{}/paysg/payments", here())),
        (
            "'https://pay.agency.gov.sg/paysg'",
            "https://pay.agency.gov.sg/paysg/payments".into(),
        ),
    ] {
        new_page().await;
        let paysg = load(&format!(
            "{{{}}}",
            if option.is_empty() {
                String::new()
            } else {
                format!("proxyUrl:{option}")
            }
        ))
        .unwrap();
        answers(&format!("[{}]", created("unpaid")));
        settle(paysg.create_payment(&"a.b.c".into(), &NONE))
            .await
            .unwrap();
        assert_eq!(text(&requests().get(0), "url"), url);
    }
}

#[wasm_bindgen_test]
async fn bad_orders_send_nothing() {
    let paysg = new_page().await;
    for order in [
        "''",
        "undefined",
        "null",
        "7",
        "true",
        "Symbol()",
        "{item:10n}",
        "(() => { const order = {}; order.order = order; return order; })()",
        "{toJSON() {}}",
    ] {
        let order = json(order);
        assert_eq!(
            code(settle(paysg.create_payment(&order, &NONE)).await),
            "invalid_order",
            "{order:?}"
        );
        assert_eq!(
            code(settle(paysg.pay(&order, &NONE)).await),
            "invalid_order",
            "{order:?}"
        );
    }
    assert_eq!(requests().length(), 0);
}

#[wasm_bindgen_test]
async fn bad_options_send_nothing() {
    let paysg = new_page().await;
    let order = "a.b.c".into();
    let long = format!("{{idempotencyKey:'{}'}}", "k".repeat(256));
    for options in [
        "{idempotencyKey:''}",
        "{idempotencyKey:'with space'}",
        "{idempotencyKey:'line\\nbreak'}",
        "{idempotencyKey:'é'}",
        "{idempotencyKey:7}",
        long.as_str(),
        "{signal:7}",
        "{signal:new AbortController()}",
    ] {
        assert_eq!(
            code(settle(paysg.create_payment(&order, &json(options))).await),
            "invalid_option",
            "{options}"
        );
    }
    for options in [
        "{timeoutMs:-1}",
        "{timeoutMs:NaN}",
        "{timeoutMs:'1000'}",
        "{onStatus:{}}",
        "{signal:{}}",
    ] {
        assert_eq!(
            code(settle(paysg.verify_payment(&params(), &json(options))).await),
            "invalid_option",
            "{options}"
        );
    }
    for odd in [
        "{}",
        "undefined",
        "{paymentId:'../cancel',paymentServiceId:'payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8'}",
        "{paymentId:'abc',paymentServiceId:'655d26a2-ddfc-4718-a008-bd181c1522e8'}",
        "{paymentId:'abc',paymentServiceId:7}",
    ] {
        assert_eq!(
            code(settle(paysg.verify_payment(&json(odd), &NONE)).await),
            "invalid_return",
            "{odd}"
        );
    }
    assert_eq!(requests().length(), 0);
}
