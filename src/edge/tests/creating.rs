//! `POST /payments`, from request to answer.

use std::collections::BTreeSet;

use super::*;

fn created(id: &str) -> [(&'static str, u16, Value); 1] {
    [("POST /payments", 201, payment(id, "unpaid"))]
}

#[test]
fn a_signed_order_is_created_looked_at_and_answered_without_the_payers_data() {
    let mut bench = Bench::new(&[]);
    let body = order(json!({}));
    let [create] = created("p1");
    let got = bench.take(
        &post("/paysg/payments", &body),
        &[create, ("GET /payments/p1", 200, payment("p1", "unpaid"))],
    );
    assert_eq!(got.status(), 201);
    assert_eq!(
        got.json(),
        json!({"payment": {
            "id": "p1", "payment_service_id": SERVICE, "payment_url": "https://staging.pay.gov.sg/payments/p1", "reference_id": "INV-001",
            "amount_in_cents": 4200, "status": "unpaid",
        }})
    );
    assert!(got.header("set-cookie").is_some());
    let everything = format!("{}{}{}", got.response.headers, got.response.body, got.line);
    for secret in [
        "Tan Ah Kow",
        "S1234567D",
        "tan@example.sg",
        API_KEY,
        ORDER_KEY,
        SESSION_KEY,
    ] {
        assert!(!everything.contains(secret), "{secret}");
    }
    let line: Value = serde_json::from_str(&got.line).unwrap();
    let names: BTreeSet<&str> = line
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        names,
        BTreeSet::from([
            "at",
            "code",
            "ms",
            "outcome",
            "request_id",
            "route",
            "status",
            "upstream",
            "upstream_code",
            "upstream_ms",
            "upstream_status",
        ])
    );
    assert_eq!(
        (&line["route"], &line["ms"], &line["upstream_ms"]),
        (&json!("POST /payments"), &json!(100), &json!(100))
    );
}

#[test]
fn a_navigation_is_sent_to_the_payment_page_or_if_paid_to_the_result() {
    let page = |body| Request {
        accept: "text/html,*/*;q=0.8",
        ..post("/paysg/payments", body)
    };
    let body = order(json!({}));
    for (state, location) in [
        (
            "unpaid",
            "https://staging.pay.gov.sg/payments/p1".to_owned(),
        ),
        (
            "paid",
            format!(
                "{WWW}/done?lang=en&paysg_payment_id=p1&paysg_payment_service_id={SERVICE}#top"
            ),
        ),
    ] {
        let mut bench = Bench::new(&[]);
        let [create] = created("p1");
        let got = bench.take(
            &page(&body),
            &[create, ("GET /payments/p1", 200, payment("p1", state))],
        );
        assert_eq!(
            (got.status(), got.header("location")),
            (303, Some(&*location)),
            "{state}"
        );
        assert_eq!(got.header("referrer-policy"), Some("no-referrer"));
    }
}

#[test]
fn a_payer_is_never_sent_anywhere_but_to_paysg() {
    let mut bench = Bench::new(&[]);
    let evil = with(
        payment("p1", "unpaid"),
        json!({"payment_url": "https://staging.pay.gov.sg@evil.example/p1"}),
    );
    let body = order(json!({}));
    let request = Request {
        accept: "text/html",
        ..post("/paysg/payments", &body)
    };
    let got = bench.take(
        &request,
        &[
            ("POST /payments", 201, evil.clone()),
            ("GET /payments/p1", 200, evil),
        ],
    );
    assert_eq!((got.status(), got.header("location")), (502, None));
    assert!(!got.response.body.contains("evil"));
}

#[test]
fn a_page_of_another_site_creates_nothing() {
    let mut bench = Bench::new(&[]);
    let body = order(json!({}));
    for (origin, fetch_site) in [
        ("https://evil.example", "cross-site"),
        ("null", "cross-site"),
        ("", "cross-site"),
    ] {
        let request = Request {
            origin,
            fetch_site,
            ..post("/paysg/payments", &body)
        };
        assert_eq!(
            bench.answer(&request).error(),
            (403, "origin_not_allowed".to_owned())
        );
    }
}

#[test]
fn the_price_is_the_tokens_whatever_stands_beside_it() {
    let mut bench = Bench::new(&[]);
    let mut body: Value = serde_json::from_str(&order(json!({}))).unwrap();
    body["amount_in_cents"] = json!(1);
    let got = bench.answer(&post("/paysg/payments", &body.to_string()));
    assert_eq!(
        got.json()["error"]["data"]["fields"],
        json!([{"field": "amount_in_cents", "rule": "unknown_field"}])
    );
    let token = body["order"].as_str().unwrap();
    let changed = json!({"order": format!("{token}x")}).to_string();
    assert_eq!(
        bench.answer(&post("/paysg/payments", &changed)).error(),
        (401, "invalid_token".to_owned())
    );
    bench.now_ms = NOW_MS + 3_600_000;
    assert_eq!(
        bench
            .answer(&post("/paysg/payments", &order(json!({}))))
            .error(),
        (401, "expired_token".to_owned())
    );
}

#[test]
fn a_signed_order_may_not_take_a_catalogue_orders_reference() {
    let mut bench = Bench::new(&[]);
    let got = bench.answer(&post(
        "/paysg/payments",
        &order(json!({"reference_id": "cat-1"})),
    ));
    assert_eq!(
        got.json()["error"]["data"]["fields"],
        json!([{"field": "reference_id", "rule": "reserved"}])
    );
}

#[test]
fn every_bad_parameter_of_an_order_is_named() {
    let mut bench = Bench::new(&[]);
    let body = order(
        json!({"amount_in_cents": 20_000_001, "payer_name": "", "return_url": "https://evil.example/", "due_date": "32-DEC-2023"}),
    );
    let got = bench.answer(&post("/paysg/payments", &body));
    assert_eq!(got.error(), (400, "invalid_fields".to_owned()));
    let fields = got.json()["error"]["data"]["fields"].clone();
    let names: Vec<&str> = fields
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["payer_name", "amount_in_cents", "due_date", "return_url"]
    );
    assert_eq!(
        fields[1],
        json!({"field": "amount_in_cents", "rule": "too_large", "limit": 20_000_000})
    );
}

#[test]
fn an_order_may_name_another_service_of_ours_and_no_other() {
    let mut bench = Bench::new(&[]);
    let made = with(
        payment("p1", "unpaid"),
        json!({"payment_service_id": OTHER_SERVICE}),
    );
    let claims = |service: &str| {
        let order = json!({"reference_id": "INV-001", "payer_name": "Tan", "description": "x", "amount_in_cents": 4200});
        let claims = json!({"aud": "paysg-wasm", "exp": NOW_MS / 1000 + 60, "order": order, "payment_service_id": service});
        json!({"order": jwt("paysg-order+jwt", &claims)}).to_string()
    };
    let got = bench.take(
        &post("/paysg/payments", &claims(OTHER_SERVICE)),
        &[
            (&format!("POST {OTHER_SERVICE}/payments"), 201, made.clone()),
            (&format!("GET {OTHER_SERVICE}/payments/p1"), 200, made),
        ],
    );
    assert_eq!(got.status(), 201);
    assert_eq!(
        bench
            .answer(&post("/paysg/payments", &claims(UNKNOWN_SERVICE)))
            .error(),
        (404, "unknown_payment_service".to_owned())
    );
}

/// Has the edge take a catalogue order, and says under which reference PaySG was asked.
pub(super) fn reference_of(bench: &mut Bench, request: &Request<'_>) -> (String, Option<String>) {
    let Move::Fetch(fetch, _) = bench.edge().begin(request) else {
        panic!("no call");
    };
    let body: Value = serde_json::from_str(fetch.request.body.as_deref().unwrap()).unwrap();
    assert_eq!(body["amount_in_cents"], 3000);
    assert_eq!(
        body["return_url"],
        "https://pay.example.gov.sg/paysg/return"
    );
    (
        body["reference_id"].as_str().unwrap().to_owned(),
        fetch.request.idempotency_key,
    )
}

#[test]
fn the_same_key_is_the_same_catalogue_order() {
    let mut bench = Bench::new(&[]);
    let body = json!({"item": "dog", "quantity": 2, "payer_name": "Tan Ah Kow"}).to_string();
    let keyed = |idempotency_key| Request {
        idempotency_key,
        ..post("/paysg/payments", &body)
    };
    assert_eq!(
        reference_of(&mut bench, &keyed("one")),
        reference_of(&mut bench, &keyed("one"))
    );
    assert_ne!(
        reference_of(&mut bench, &keyed("one")),
        reference_of(&mut bench, &keyed("two"))
    );
}

#[test]
fn an_idempotency_key_is_visible_ascii_of_255_characters_at_most() {
    let mut bench = Bench::new(&[]);
    let body = json!({"item": "dog", "quantity": 2, "payer_name": "Tan Ah Kow"}).to_string();
    let long = "k".repeat(255);
    let longer = "k".repeat(256);
    let keyed = |idempotency_key| Request {
        idempotency_key,
        ..post("/paysg/payments", &body)
    };
    reference_of(&mut bench, &keyed(&long));
    for key in [&*longer, "a b", "é", "a\tb"] {
        let got = bench.answer(&keyed(key));
        assert_eq!(
            got.json()["error"]["data"]["fields"][0]["field"],
            "Idempotency-Key",
            "{key}"
        );
    }
}

#[test]
fn a_pages_key_that_is_none_is_refused_by_its_field() {
    let mut bench = Bench::new(&[]);
    for (key, rule) in [
        (json!("with a space"), "format"),
        (json!("k".repeat(256)), "too_long"),
        (json!(7), "type"),
    ] {
        let body = json!({"item": "dog", "payer_name": "Tan", "idempotency_key": key}).to_string();
        let got = bench.answer(&post("/paysg/payments", &body));
        let field = &got.json()["error"]["data"]["fields"][0];
        assert_eq!(
            (&field["field"], &field["rule"]),
            (&json!("idempotency_key"), &json!(rule))
        );
    }
}

#[test]
fn without_a_catalogue_no_item_is_in_it_and_an_order_is_required() {
    let mut bench = Bench::new(&[("PAYSG_CATALOGUE", "")]);
    let got = bench.answer(&post("/paysg/payments", r#"{"item":"dog"}"#));
    assert_eq!(
        got.json()["error"]["data"]["fields"],
        json!([{"field": "item", "rule": "not_in_catalogue"}])
    );
    let got = bench.answer(&post("/paysg/payments", r#"{"payer_name":"Tan Ah Kow"}"#));
    assert_eq!(
        got.json()["error"]["data"]["fields"],
        json!([{"field": "order", "rule": "required"}])
    );
}

#[test]
fn json_that_calls_itself_a_form_is_told_so() {
    let mut bench = Bench::new(&[]);
    for body in [
        r#"{"item":"dog","payer_name":"Tan"}"#,
        " \n{\"order\":\"x\"}",
    ] {
        let got = bench.answer(&Request {
            content_type: "application/x-www-form-urlencoded",
            ..post("/paysg/payments", body)
        });
        assert_eq!(got.error(), (415, "unsupported_media_type".to_owned()));
        let message = got.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("application/json"), "{message}");
    }
}

#[test]
fn paysg_out_of_reach_is_503_with_a_retry_after_and_no_cookie() {
    let mut bench = Bench::new(&[]);
    let got = bench.take(
        &post("/paysg/payments", &order(json!({}))),
        &[
            ("POST /payments", 0, Value::Null),
            ("POST /payments", 0, Value::Null),
            ("POST /payments", 0, Value::Null),
            ("POST /payments", 0, Value::Null),
            ("GET /payments?limit=100", 0, Value::Null),
            ("GET /payments?limit=100", 0, Value::Null),
            ("GET /payments?limit=100", 0, Value::Null),
            ("GET /payments?limit=100", 0, Value::Null),
        ],
    );
    assert_eq!(got.error(), (503, "paysg_unavailable".to_owned()));
    assert!(got.header("retry-after").unwrap().parse::<u32>().unwrap() >= 1);
    assert_eq!(got.header("set-cookie"), None);
}

#[test]
fn paysgs_own_words_are_passed_on_but_not_its_message() {
    let mut bench = Bench::new(&[]);
    let refusal = json!({"error": {"type": "invalid_request", "code": "payer_email_blocked", "message": "tan@example.sg is blocked"}});
    let got = bench.take(
        &post("/paysg/payments", &order(json!({}))),
        &[("POST /payments", 400, refusal)],
    );
    assert_eq!(got.error(), (400, "paysg_refused".to_owned()));
    assert_eq!(
        got.json()["error"]["data"]["paysg"],
        json!({"type": "invalid_request", "code": "payer_email_blocked"})
    );
    assert!(!got.response.body.contains("tan@example.sg"));
}
