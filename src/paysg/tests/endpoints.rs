use super::{PAYMENT, SERVICE};
use crate::paysg::{
    ApiError, ApiRequest, Cents, EmailSent, Failure, OwnAnswer, Page, Payment, PaymentId,
    PaymentServiceId, Success,
};
use proptest::prelude::*;
use serde_json::json;

fn ids() -> (PaymentServiceId, PaymentId) {
    (
        PaymentServiceId::parse(SERVICE).unwrap(),
        PaymentId::parse(PAYMENT).unwrap(),
    )
}

#[test]
fn the_six_requests_go_where_the_guide_says() {
    let (service, payment) = ids();
    let base = format!("/v1/payment-services/{SERVICE}/payments");
    let one = format!("{base}/{PAYMENT}");
    let cents = Cents::new(550).unwrap();
    for (request, method, path, key, body) in [
        (
            ApiRequest::create(&service, "{\"a\":1}", "k"),
            "POST",
            base.clone(),
            Some("k"),
            Some("{\"a\":1}"),
        ),
        (
            ApiRequest::get(&service, &payment),
            "GET",
            one.clone(),
            None,
            None,
        ),
        (
            ApiRequest::list(&service, 50, None),
            "GET",
            format!("{base}?limit=50"),
            None,
            None,
        ),
        (
            ApiRequest::list(&service, 50, Some("a+/=&é")),
            "GET",
            format!("{base}?limit=50&after=a%2B%2F%3D%26%C3%A9"),
            None,
            None,
        ),
        (
            ApiRequest::cancel(&service, &payment),
            "POST",
            format!("{one}/cancel"),
            None,
            None,
        ),
        (
            ApiRequest::send_email(&service, &payment),
            "POST",
            format!("{one}/send-email"),
            None,
            Some("{}"),
        ),
        (
            ApiRequest::refund(&service, &payment, cents, "k"),
            "POST",
            format!("{one}/refund"),
            Some("k"),
            Some("{\"refund_amount_in_cents\":550}"),
        ),
    ] {
        assert_eq!(request.method, method);
        assert_eq!(request.path, path);
        assert_eq!(request.idempotency_key.as_deref(), key, "{path}");
        assert_eq!(request.body.as_deref(), body, "{path}");
    }
    assert!(!format!("{:?}", ApiRequest::create(&service, "S1234567D", "k")).contains("S1234567D"));
}

proptest! {
    #![proptest_config(super::cases(500))]

    #[test]
    fn a_cursor_stays_a_cursor(cursor in any::<String>()) {
        let (service, _) = ids();
        let request = ApiRequest::list(&service, 20, Some(&cursor));
        let url = url::Url::parse(&format!("https://api.pay.gov.sg{}", request.path)).unwrap();
        prop_assert_eq!(url.path(), format!("/v1/payment-services/{SERVICE}/payments"));
        prop_assert!(url.fragment().is_none());
        let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        prop_assert_eq!(pairs, [("limit".to_owned(), "20".to_owned()), ("after".to_owned(), cursor)]);
    }
}

#[test]
fn an_error_is_read_from_its_body() {
    let body = json!({"error": {"type": "invalid_request_error", "code": "invalid_email", "message": "bad\nemail", "data": {"field": "payer_email"}}});
    let error = ApiError::read(400, body.to_string().as_bytes()).unwrap();
    assert_eq!(error.error_type, "invalid_request_error");
    assert_eq!(error.code, "invalid_email");
    assert_eq!(error.message, "bad email");
    assert_eq!(
        error
            .data
            .as_ref()
            .and_then(|data| data.get("field"))
            .and_then(|field| field.as_str()),
        Some("payer_email")
    );
    let shown = format!("{error:?}");
    assert!(
        shown.contains("invalid_email")
            && !shown.contains("bad email")
            && !shown.contains("payer_email"),
        "{shown}"
    );
}

#[test]
fn an_error_without_paysgs_form_is_not_paysgs() {
    let huge = format!(
        "{{\"error\":{{\"type\":\"x\",\"code\":\"{}\",\"message\":\"\"}}}}",
        "x".repeat(70_000)
    );
    let form = r#"{"error":{"type":"x","code":"y","message":"z"}}"#;
    for body in [
        "",
        "<html>502</html>",
        "null",
        "[]",
        "{}",
        r#"{"message":"Forbidden"}"#,
        r#"{"error":"x"}"#,
        r#"{"error":{"type":1,"code":null,"message":"z"}}"#,
        r#"{"error":{"code":"y","message":"z"}}"#,
        r#"{"error":{"type":"x","code":"","message":"z"}}"#,
        r#"{"error":{"type":"x","code":"y"}}"#,
        &form[..form.len() - 1],
        &huge,
    ] {
        for status in [400, 404, 503] {
            assert_eq!(ApiError::read(status, body.as_bytes()), None, "{body:.80}");
        }
    }
    let long =
        json!({"error": {"type": "x", "code": "é".repeat(100), "message": "m".repeat(9000)}});
    let error = ApiError::read(400, long.to_string().as_bytes()).unwrap();
    assert_eq!((error.code.len(), error.message.len()), (100, 500));
}

#[test]
fn types_and_codes_are_repeated_only_where_they_are_words() {
    let public = |word: &str| {
        let body = json!({"error": {"type": word, "code": word, "message": ""}});
        let error = ApiError::read(400, body.to_string().as_bytes()).unwrap();
        assert_eq!(error.public_type(), error.public_code());
        assert_eq!(
            format!("{error:?}").contains(word),
            error.public_code().is_some()
        );
        error.public_code().is_some()
    };
    for word in ["invalid_email", "validation_failed", "error_3ds", "x"] {
        assert!(public(word), "{word}");
    }
    for word in [
        "paysg_stag_abcdefghijkl",
        "paysg_live_abcdefghijkl",
        "paysg_stag_0a1b2c3d4e5f",
        "0a1b2c3d4e5f",
        "s0000001i",
        "S0000001I",
        "Tan Ah Kow",
        "tan@agency.example",
        "invalid email",
        "invalid-email",
        "caf\u{e9}",
        &"x".repeat(65),
    ] {
        assert!(!public(word), "{word}");
    }
}

#[test]
fn each_documented_status_is_one_kind_of_failure_and_no_other_is_paysgs() {
    let form = br#"{"error":{"type":"x","code":"y","message":""}}"#;
    let documented = [
        (400, Failure::BadRequest),
        (401, Failure::Unauthenticated),
        (402, Failure::NotConnected),
        (403, Failure::Forbidden),
        (404, Failure::NotFound),
        (409, Failure::Conflict),
        (429, Failure::RateLimited),
        (500, Failure::ServerError),
        (503, Failure::Unavailable),
    ];
    for status in 0..=999 {
        let kind = documented
            .iter()
            .find(|(documented, _)| *documented == status);
        assert_eq!(
            ApiError::read(status, form).map(|error| error.kind()),
            kind.map(|(_, kind)| *kind),
            "{status}"
        );
    }
}

/// Each kind of call, and whether an answer of 200 with this body is its success.
#[test]
fn a_success_is_what_the_call_answers_and_nothing_else() {
    let payment = json!({"id": "p1", "payment_service_id": SERVICE, "reference_id": "R", "amount_in_cents": 1, "payment_status": "paid"}).to_string();
    let page = json!({"data": [], "page_info": {"has_next_page": false}}).to_string();
    let error = r#"{"error":{"type":"x","code":"y","message":""}}"#;
    fn own<T: Success>(status: u16, body: &str) -> bool {
        OwnAnswer::<T>::read(status, body.as_bytes()).is_some()
    }
    for (body, is_payment, is_page, is_email) in [
        (&*payment, true, false, true),
        (&payment[..payment.len() - 1], false, false, false),
        (&*page, false, true, true),
        (&page[..page.len() - 1], false, false, false),
        ("", false, false, true),
        (" \r\n", false, false, true),
        ("{}", false, false, true),
        ("null", false, false, false),
        ("<html></html>", false, false, false),
        (error, false, false, false),
    ] {
        for status in [200, 201, 204] {
            assert_eq!(own::<Payment>(status, body), is_payment, "payment: {body}");
            assert_eq!(own::<Page>(status, body), is_page, "list: {body}");
            assert_eq!(
                own::<EmailSent>(status, body),
                is_email,
                "send-email: {body}"
            );
        }
        for status in [100, 199, 300, 302, 304] {
            assert!(!own::<Payment>(status, body) && !own::<EmailSent>(status, body));
        }
    }
}

#[test]
fn a_key_used_before_with_other_parameters_is_told_from_one_in_flight() {
    let says = |status: u16, error_type: &str, code: &str, message: &str| {
        let body = json!({"error": {"type": error_type, "code": code, "message": message}});
        ApiError::read(status, body.to_string().as_bytes())
            .unwrap()
            .is_key_reuse()
    };
    for (status, error_type, code, message) in [
        (400, "idempotency_error", "idempotency_key_reused", ""),
        (400, "invalid_request", "idempotency_key_mismatch", "x"),
        (
            400,
            "idempotency_error",
            "parameters",
            "Keys can only be used with the same parameters they were first used with.",
        ),
        (
            409,
            "conflict",
            "conflict",
            "This Idempotency-Key was sent before with a different body.",
        ),
    ] {
        assert!(says(status, error_type, code, message), "{code} {message}");
    }
    for (status, error_type, code, message) in [
        (
            409,
            "conflict",
            "idempotency_conflict",
            "Another request with this idempotency key is in progress",
        ),
        (
            409,
            "conflict",
            "idempotency_key_in_flight",
            "The same parameters are being processed",
        ),
        (
            409,
            "conflict",
            "conflict",
            "The request conflicts with another request",
        ),
        (
            400,
            "invalid_request",
            "invalid_parameter",
            "amount_in_cents is different",
        ),
        (500, "idempotency_error", "idempotency_key_reused", ""),
    ] {
        assert!(!says(status, error_type, code, message), "{code} {message}");
    }
}
