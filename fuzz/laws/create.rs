//! Input: create parameters as JSON.

use paysg_wasm::paysg::{CreatePayment, Json, Limits, json};

use super::event::add;

const RETURN_URL: &str = "https://pay.example.gov.sg/paysg/return";

pub fn check(data: &[u8]) {
    let Ok(object) = json::parse(data) else {
        return;
    };
    for limits in [Limits::default(), Limits::older()] {
        match CreatePayment::read(&object, &limits) {
            Ok(create) => check_created(&object, &limits, &create),
            Err(errors) => assert!((1..=101).contains(&errors.len()), "{} errors", errors.len()),
        }
    }
}

fn check_created(object: &Json, limits: &Limits, create: &CreatePayment) {
    // Normalised once is normalised: the edge may read what it wrote.
    let again = json::parse(create.digest_input().as_bytes()).expect("our own JSON");
    let again = CreatePayment::read(&again, limits).unwrap_or_else(|errors| panic!("{errors:?}"));
    assert_eq!(again.digest_input(), create.digest_input());

    let body: serde_json::Value = serde_json::from_str(&create.to_body(RETURN_URL)).expect("JSON");
    assert_eq!(body["return_url"], RETURN_URL);
    let amount = body["amount_in_cents"].as_u64().expect("whole cents");
    assert!((limits.min_amount_in_cents..=limits.max_amount_in_cents).contains(&amount));
    assert_eq!(
        Some(amount.to_string().as_str()),
        object.get("amount_in_cents").and_then(Json::as_number)
    );
    assert_eq!(
        body["reference_id"].as_str(),
        object.get("reference_id").and_then(Json::as_str)
    );
    for (name, max) in [
        ("reference_id", 255),
        ("payer_name", 255),
        ("description", 500),
        ("payer_address", 255),
        ("payer_email", 255),
    ] {
        let text = body[name].as_str().unwrap_or_default();
        assert!(text.encode_utf16().count() <= max, "{name}");
        assert!(
            !text.chars().any(|c| c.is_control() || c == '\u{fffd}'),
            "{name}"
        );
    }
    let metadata = body["metadata"].as_object().expect("always there");
    assert!(metadata.len() <= 10 && metadata.values().all(serde_json::Value::is_string));

    for stranger in [
        "return_url",
        "payment_service_id",
        "__proto__",
        "amountInCents",
    ] {
        let mut more = object.clone();
        add(
            &mut more,
            (stranger.to_owned(), Json::String("x".to_owned())),
            true,
        );
        assert!(CreatePayment::read(&more, limits).is_err(), "{stranger}");
    }
}
