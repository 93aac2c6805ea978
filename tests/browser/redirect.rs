//! Where a payer may be sent.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{code, departed, get, json, load, new_page};

fn payment(url: &str) -> wasm_bindgen::JsValue {
    json(&format!("{{payment_url:{url:?}}}"))
}

#[wasm_bindgen_test]
async fn payers_are_sent_to_paysg_only() {
    let paysg = new_page().await;
    let good = [
        "https://pay.gov.sg/payments/abc",
        "https://staging.pay.gov.sg/payments/abc",
    ];
    for url in good {
        assert_eq!(
            code(paysg.redirect_to_payment(&payment(url))),
            "no error",
            "{url}"
        );
    }
    assert_eq!(departed(), good);
    for url in [
        "http://pay.gov.sg/payments/abc",
        "https://pay.gov.sg.evil.example/payments/abc",
        "https://pay.gov.sg@evil.example/payments/abc",
        "https://evil.example/https://pay.gov.sg/",
        "https://evil.pay.gov.sg/payments/abc",
        "https://pay.gov.sg:8443/payments/abc",
        "https:\\\\pay.gov.sg\\payments",
        "//pay.gov.sg/payments/abc",
        "/payments/abc",
        "javascript:alert(1)//https://pay.gov.sg/",
        "data:text/html,https://pay.gov.sg/",
        " https://pay.gov.sg/payments/abc",
        "https://pay.gov.sg\u{ff0e}evil.example/",
        "http://127.0.0.1:8788/payments/abc",
        "",
    ] {
        assert_eq!(
            code(paysg.redirect_to_payment(&payment(url))),
            "payment_url_refused",
            "{url}"
        );
    }
    for odd in [
        "{}",
        "{payment_url:7}",
        "null",
        "undefined",
        "'https://pay.gov.sg/'",
        "{payment_url:['https://pay.gov.sg/payments/abc']}",
    ] {
        assert_eq!(
            code(paysg.redirect_to_payment(&json(odd))),
            "payment_url_refused",
            "{odd}"
        );
    }
    assert_eq!(departed(), good, "nobody was sent anywhere else");
}

#[wasm_bindgen_test]
async fn a_simulator_on_this_machine_may_be_allowed() {
    new_page().await;
    let paysg = load("{devPaymentOrigin:'http://127.0.0.1:8788'}").unwrap();
    let url = "http://127.0.0.1:8788/payments/abc";
    assert_eq!(code(paysg.redirect_to_payment(&payment(url))), "no error");
    for refused in [
        "http://127.0.0.1:87889/payments/abc",
        "http://127.0.0.1:8788@evil.example/",
        "https://127.0.0.1:8788/payments/abc",
        "http://localhost:8788/payments/abc",
    ] {
        assert_eq!(
            code(paysg.redirect_to_payment(&payment(refused))),
            "payment_url_refused",
            "{refused}"
        );
    }
    assert_eq!(departed(), [url]);
}

#[wasm_bindgen_test]
async fn the_origin_that_is_refused_is_said_and_nothing_more_of_the_address() {
    new_page().await;
    let paysg = load("{}").unwrap();
    for (url, origin) in [
        (
            "http://127.0.0.1:8788/payments/abc",
            "http://127.0.0.1:8788",
        ),
        (
            "https://tan:secret@evil.example/payments/abc?x",
            "https://evil.example",
        ),
        ("/payments/abc", ""),
        ("", ""),
    ] {
        let error = paysg.redirect_to_payment(&payment(url)).unwrap_err();
        let message = get(&error, "message").as_string().unwrap();
        assert!(
            message.ends_with(&format!("devPaymentOrigin: {origin}")),
            "{message}"
        );
    }
}
