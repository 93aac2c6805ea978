//! The address that PaySG sends a payer back to.

use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{
    ID, NONE, SERVICE, address, answers, code, get, go_to, json, new_page, path, requests,
    return_query, settle, state, text, to_json, told,
};

#[wasm_bindgen_test]
async fn the_return_is_read_from_the_address_or_from_a_url() {
    let paysg = new_page().await;
    let expected = format!(r#"{{"paymentId":"{ID}","paymentServiceId":"{SERVICE}"}}"#);
    assert_eq!(to_json(&paysg.read_return(&NONE).unwrap()), "null");

    go_to(&format!("{}?page=2&{}#top", path(), return_query()), &NONE);
    assert_eq!(to_json(&paysg.read_return(&NONE).unwrap()), expected);

    let url = format!("https://agency.gov.sg/done?{}", return_query());
    for given in [
        JsValue::from(url.as_str()),
        json(&format!("new URL({url:?})")),
        format!("/done?{}", return_query()).into(),
    ] {
        assert_eq!(to_json(&paysg.read_return(&given).unwrap()), expected);
    }
    assert_eq!(
        to_json(
            &paysg
                .read_return(&"https://agency.gov.sg/done".into())
                .unwrap()
        ),
        "null"
    );
    for odd in [
        "'https://'",
        "Symbol()",
        "{toString() { throw new Error('no'); }}",
    ] {
        assert_eq!(
            code(paysg.read_return(&json(odd))),
            "invalid_option",
            "{odd}"
        );
    }
}

#[wasm_bindgen_test]
async fn tampered_parameters_are_refused_and_nothing_is_asked() {
    let paysg = new_page().await;
    for query in [
        format!("paysg_payment_id={ID}"),
        format!("paysg_payment_service_id={SERVICE}"),
        format!("{0}&{0}", return_query()),
        format!("{}&paysg_payment_id=other", return_query()),
        format!("paysg_payment_id=..%2Fcancel&paysg_payment_service_id={SERVICE}"),
        format!("paysg_payment_id=&paysg_payment_service_id={SERVICE}"),
        format!(
            "paysg_payment_id={}&paysg_payment_service_id={SERVICE}",
            "a".repeat(65)
        ),
        format!("paysg_payment_id={ID}&paysg_payment_service_id=evil"),
        format!("paysg_payment_id={ID}%00&paysg_payment_service_id={SERVICE}"),
    ] {
        go_to(&format!("{}?{query}", path()), &NONE);
        assert_eq!(code(paysg.read_return(&NONE)), "invalid_return", "{query}");
        assert_eq!(
            code(settle(paysg.start_verification(&NONE)).await),
            "invalid_return",
            "{query}"
        );
    }
    assert_eq!(requests().length(), 0);
}

#[wasm_bindgen_test]
async fn clearing_takes_paysgs_two_parameters_and_nothing_else() {
    let paysg = new_page().await;
    let before = json("{kept:true}");
    for (query, rest) in [
        (return_query(), String::new()),
        (
            format!("a=1&{}&b=%20x+y&empty", return_query()),
            "?a=1&b=%20x+y&empty".into(),
        ),
        ("only=this".into(), "?only=this".into()),
    ] {
        go_to(&format!("{}?{query}#part", path()), &before);
        paysg.clear_return().unwrap();
        assert_eq!(address(), format!("{}{rest}#part", path()));
        assert_eq!(to_json(&state()), r#"{"kept":true}"#);
    }
}

#[wasm_bindgen_test]
async fn starting_verifies_what_the_address_names_and_clears_it() {
    let paysg = new_page().await;
    assert!(paysg.start_verification(&NONE).is_null());
    go_to(&format!("{}?page=2&{}", path(), return_query()), &NONE);
    answers(&format!("[{}]", told("paid")));
    let promise = paysg.start_verification(&NONE);
    let verified = settle(promise).await.unwrap();
    assert_eq!(text(&verified, "status"), "paid");
    assert_eq!(address(), format!("{}?page=2", path()));
}

#[wasm_bindgen_test]
async fn the_address_stays_while_the_payment_is_not_settled() {
    let paysg = new_page().await;
    let here = format!("{}?{}", path(), return_query());
    go_to(&here, &NONE);
    for (answer, timeout) in [(told("unpaid"), 0), (r#""lost""#.into(), 0)] {
        answers(&format!("[{answer}]"));
        let promise = paysg.start_verification(&json(&format!("{{timeoutMs:{timeout}}}")));
        let _ = settle(promise).await;
        assert_eq!(address(), here);
    }
}

#[wasm_bindgen_test]
async fn a_page_that_has_moved_on_keeps_its_address() {
    let paysg = new_page().await;
    go_to(&format!("{}?{}", path(), return_query()), &NONE);
    answers(&format!(
        "[{}]",
        told("paid").replacen('{', r#"{"ms":100,"#, 1)
    ));
    let promise = paysg.start_verification(&NONE);
    let elsewhere = format!("{}?{}", path(), return_query().replace(ID, "another"));
    go_to(&elsewhere, &NONE);
    let verified = settle(promise).await.unwrap();
    assert_eq!(text(&get(&verified, "payment"), "id"), ID);
    assert_eq!(address(), elsewhere);
}
