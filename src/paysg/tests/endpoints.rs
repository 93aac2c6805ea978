use super::{PAYMENT, SERVICE};
use crate::paysg::{ApiError, ApiRequest, Cents, Failure, PaymentId, PaymentServiceId};
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
    let error = ApiError::read(400, body.to_string().as_bytes());
    assert_eq!(error.error_type.as_deref(), Some("invalid_request_error"));
    assert_eq!(error.code.as_deref(), Some("invalid_email"));
    assert_eq!(error.message.as_deref(), Some("bad email"));
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
fn an_error_without_a_readable_body_is_still_its_status() {
    let huge = format!("{{\"error\":{{\"code\":\"{}\"}}}}", "x".repeat(70_000));
    for body in [
        "",
        "<html>502</html>",
        "null",
        "[]",
        "{\"error\":\"x\"}",
        "{\"error\":{\"type\":1,\"code\":null,\"data\":[]}}",
        &huge,
    ] {
        let error = ApiError::read(503, body.as_bytes());
        assert_eq!(
            (
                error.kind(),
                error.error_type,
                error.code,
                error.message,
                error.data
            ),
            (Failure::Unavailable, None, None, None, None)
        );
    }
    let long = json!({"error": {"code": "é".repeat(100), "message": "m".repeat(9000)}});
    let error = ApiError::read(400, long.to_string().as_bytes());
    assert_eq!(
        (error.code.unwrap().len(), error.message.unwrap().len()),
        (100, 500)
    );
}

#[test]
fn types_and_codes_are_repeated_only_where_they_are_words() {
    let public = |word: &str| {
        let body = json!({"error": {"type": word, "code": word}});
        let error = ApiError::read(400, body.to_string().as_bytes());
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
fn each_status_is_one_kind_of_failure() {
    for (status, kind) in [
        (400, Failure::BadRequest),
        (401, Failure::Unauthenticated),
        (402, Failure::NotConnected),
        (403, Failure::Forbidden),
        (404, Failure::NotFound),
        (409, Failure::Conflict),
        (429, Failure::RateLimited),
        (500, Failure::ServerError),
        (501, Failure::ServerError),
        (502, Failure::Unavailable),
        (503, Failure::Unavailable),
        (504, Failure::Unavailable),
        (599, Failure::ServerError),
        (200, Failure::Unexpected(200)),
        (302, Failure::Unexpected(302)),
        (418, Failure::Unexpected(418)),
        (422, Failure::Unexpected(422)),
        (600, Failure::Unexpected(600)),
    ] {
        assert_eq!(ApiError::read(status, b"").kind(), kind, "{status}");
    }
}

#[test]
fn a_key_used_before_with_other_parameters_is_told_from_one_in_flight() {
    let says = |status: u16, error_type: &str, code: &str, message: &str| {
        let body = json!({"error": {"type": error_type, "code": code, "message": message}});
        ApiError::read(status, body.to_string().as_bytes()).is_key_reuse()
    };
    for (status, error_type, code, message) in [
        (400, "idempotency_error", "idempotency_key_reused", ""),
        (400, "invalid_request", "idempotency_key_mismatch", "x"),
        (
            422,
            "idempotency_error",
            "",
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
        (400, "", "", ""),
    ] {
        assert!(!says(status, error_type, code, message), "{code} {message}");
    }
    assert!(!ApiError::read(409, b"").is_key_reuse());
}
