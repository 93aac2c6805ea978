use serde_json::{Value, json};

use crate::client::{Simulation, order, start};

async fn faults_of(simulation: &Simulation, changes: Value) -> Vec<String> {
    let mut body = order();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    let reply = simulation.create_with(&body).await;
    if reply.status == 201 {
        return Vec::new();
    }
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (400, "validation_failed"),
        "{}",
        reply.text()
    );
    reply.faults()
}

#[tokio::test]
async fn a_payment_has_every_field_of_the_guide_in_its_first_state() {
    let simulation = start(&[]).await;
    let mut body = order();
    body["payer_identifier"] = "S1234567D".into();
    body["payer_email"] = "tan@example.sg".into();
    body["payer_address"] = "1 Some Road".into();
    body["due_date"] = "31-DEC-2026".into();
    body["metadata"] = json!({ "case": "A-1" });
    let reply = simulation.create_with(&body).await;
    assert_eq!(reply.status, 201);
    let payment = reply.json();
    let names: Vec<&str> = "id payment_service_id creator_id reference_id payer_name payer_identifier payer_email \
        payer_address description amount_in_cents due_date return_url metadata payment_url payment_qr_code_url \
        latest_status payment_status refund_status email_delivery_status stripe_payment_intent_id payout_id created_at \
        updated_at payment_sent_timestamp payment_succeeded_timestamp payment_cancelled_timestamp \
        payment_fully_refunded_timestamp paid_out_timestamp"
        .split_whitespace()
        .collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    let object = payment.as_object().unwrap();
    // The JSON library keeps an order or not, as the build's other crates ask of it.
    let mut keys: Vec<&str> = object.keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, sorted);
    // In the order of the guide as they stand in the answer.
    let text = reply.text();
    let places: Vec<usize> = names
        .iter()
        .map(|name| text.find(&format!("\"{name}\":")).unwrap())
        .collect();
    assert!(places.is_sorted());
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&payment[name], value, "{name}");
    }
    let id = payment["id"].as_str().unwrap();
    assert_eq!(id.len(), 21);
    assert_eq!(
        payment["payment_url"],
        simulation.url(&format!("/payments/{id}"))
    );
    for (name, value) in [
        ("latest_status", "unpaid"),
        ("payment_status", "unpaid"),
        ("refund_status", "not_refunded"),
        ("email_delivery_status", "unsent"),
    ] {
        assert_eq!(payment[name], value);
    }
    let created_at = payment["created_at"].as_str().unwrap();
    assert_eq!((created_at.len(), &created_at[23..]), (29, "+08:00"));
    assert!(payment["payment_succeeded_timestamp"].is_null());
    assert_eq!(simulation.payment(id).await, payment);
}

#[tokio::test]
async fn every_bad_field_is_named_at_once_and_nothing_is_created() {
    let simulation = start(&[]).await;
    let reply = simulation
        .create_with(&json!({ "amount_in_cents": "12", "payer_email": "x", "colour": "red" }))
        .await;
    assert_eq!(reply.status, 400);
    let mut faults = reply.faults();
    faults.sort_unstable();
    assert_eq!(
        faults,
        [
            "amount_in_cents integer",
            "colour unknown",
            "description required",
            "metadata required",
            "payer_email email",
            "payer_name required",
            "reference_id required",
        ]
    );
    assert!(simulation.list("/payments").await.is_empty());
}

#[tokio::test]
async fn limits_hold_at_their_exact_values() {
    let simulation = start(&[]).await;
    let long = |length: usize| "x".repeat(length);
    for (field, limit) in [
        ("reference_id", 255),
        ("payer_name", 255),
        ("description", 500),
        ("payer_address", 255),
        ("payer_identifier", 10),
    ] {
        assert!(
            faults_of(&simulation, json!({ field: long(limit) }))
                .await
                .is_empty(),
            "{field}"
        );
        let faults = faults_of(&simulation, json!({ field: long(limit + 1) })).await;
        assert_eq!(faults, [format!("{field} max_length")]);
    }
    for (cents, fault) in [
        (json!(1), None),
        (json!(20_000_000), None),
        (json!(2500.0), None),
        (json!(0), Some("amount_in_cents min")),
        (json!(-5), Some("amount_in_cents min")),
        (json!(20_000_001), Some("amount_in_cents max")),
        (json!(12.34), Some("amount_in_cents integer")),
        (json!("2500"), Some("amount_in_cents integer")),
        (Value::Null, Some("amount_in_cents integer")),
    ] {
        let faults = faults_of(&simulation, json!({ "amount_in_cents": cents })).await;
        assert_eq!(faults.first().map(String::as_str), fault, "{cents}");
    }
    let local = long(255 - "@example.sg".len());
    assert!(
        faults_of(
            &simulation,
            json!({ "payer_email": format!("{local}@example.sg") })
        )
        .await
        .is_empty()
    );
    let faults = faults_of(
        &simulation,
        json!({ "payer_email": format!("{local}x@example.sg") }),
    )
    .await;
    assert_eq!(faults, ["payer_email max_length"]);
}

#[tokio::test]
async fn optional_fields_are_left_out_not_null_and_required_ones_not_blank() {
    let simulation = start(&[]).await;
    for field in [
        "payer_address",
        "payer_identifier",
        "payer_email",
        "due_date",
        "return_url",
    ] {
        assert_eq!(
            faults_of(&simulation, json!({ field: null })).await,
            [format!("{field} string")]
        );
    }
    for field in ["reference_id", "payer_name", "description"] {
        assert_eq!(
            faults_of(&simulation, json!({ field: " " })).await,
            [format!("{field} not_empty")]
        );
    }
    assert_eq!(
        faults_of(&simulation, json!({ "due_date": "31-Dec-2026" })).await,
        ["due_date dd-MMM-yyyy"]
    );
}

#[tokio::test]
async fn metadata_holds_ten_short_texts_and_no_null() {
    let simulation = start(&[]).await;
    let entries =
        |count: usize| Value::Object((0..count).map(|n| (format!("k{n}"), json!("v"))).collect());
    assert!(
        faults_of(&simulation, json!({ "metadata": entries(10) }))
            .await
            .is_empty()
    );
    assert_eq!(
        faults_of(&simulation, json!({ "metadata": entries(11) })).await,
        ["metadata max_entries"]
    );
    assert!(
        faults_of(
            &simulation,
            json!({ "metadata": { "k".repeat(40): "v".repeat(255) } })
        )
        .await
        .is_empty()
    );
    let faults = faults_of(&simulation, json!({ "metadata": { "k".repeat(41): "v" } })).await;
    assert_eq!(
        faults,
        [format!("metadata.{} max_key_length", "k".repeat(41))]
    );
    for (value, rule) in [
        (json!("v".repeat(256)), "max_length"),
        (Value::Null, "not_null"),
        (json!(1), "string"),
    ] {
        assert_eq!(
            faults_of(&simulation, json!({ "metadata": { "a": value } })).await,
            [format!("metadata.a {rule}")]
        );
    }
    assert_eq!(
        faults_of(&simulation, json!({ "metadata": [] })).await,
        ["metadata object"]
    );
}

#[tokio::test]
async fn line_items_have_a_description_an_amount_and_a_total() {
    let simulation = start(&[]).await;
    let items = |items: Value| json!({ "line_items": items });
    let good = json!([{ "description": "Fee", "amount_in_cents": 20_000_000 }]);
    assert!(faults_of(&simulation, items(good)).await.is_empty());
    let over = json!([{ "description": "A", "amount_in_cents": 20_000_000 }, { "description": "B", "amount_in_cents": 1 }]);
    assert_eq!(
        faults_of(&simulation, items(over)).await,
        ["line_items max_total"]
    );
    let faults = faults_of(
        &simulation,
        items(json!([{ "description": "x".repeat(256) }, 7])),
    )
    .await;
    assert_eq!(
        faults,
        [
            "line_items[0].description max_length",
            "line_items[0].amount required",
            "line_items[1] object"
        ]
    );
}

#[tokio::test]
async fn a_return_url_that_is_not_https_blocks_the_creation() {
    let simulation = start(&[]).await;
    for url in [
        "http://agency.example.sg/",
        "http://localhost:8787/return",
        "ftp://x.sg/",
        "agency.example.sg",
        "https://",
        "javascript:alert(1)",
        "",
    ] {
        let faults = faults_of(&simulation, json!({ "return_url": url })).await;
        assert_eq!(faults, ["return_url https_url"], "{url}");
    }
    let mut without = order();
    without.as_object_mut().unwrap().remove("return_url");
    assert!(simulation.create_with(&without).await.json()["return_url"].is_null());
}

#[tokio::test]
async fn the_loopback_exception_reaches_no_other_host() {
    let simulation = start(&["--allow-loopback-return-url"]).await;
    for url in [
        "http://localhost:8787/r",
        "http://127.0.0.1/r",
        "http://[::1]:1/r",
        "http://www.localhost/r",
        "https://x.sg/r",
    ] {
        assert!(
            faults_of(&simulation, json!({ "return_url": url }))
                .await
                .is_empty(),
            "{url}"
        );
    }
    for url in [
        "http://agency.example.sg/",
        "http://127.0.0.1.example.sg/",
        "http://localhost.example.sg/",
        "http://10.0.0.1/",
    ] {
        assert_eq!(
            faults_of(&simulation, json!({ "return_url": url })).await,
            ["return_url https_url"],
            "{url}"
        );
    }
}

#[tokio::test]
async fn what_the_sources_leave_open_can_be_chosen() {
    let simulation = start(&[]).await;
    // Two UTF-16 units, one scalar, four bytes.
    let name = "𠮷".repeat(128);
    assert_eq!(
        faults_of(&simulation, json!({ "payer_name": name })).await,
        ["payer_name max_length"]
    );
    let settings = json!({
        "amount_limit": 99_999_999, "amount_minimum": 50, "payer_identifier_limit": 20, "count_characters": "scalars",
        "metadata": "optional", "unknown_fields": "ignore", "create_status": 200, "qr_code_url": "absent",
    });
    simulation.post("/settings", settings).await;
    let mut body = order();
    body.as_object_mut().unwrap().remove("metadata");
    body["payer_name"] = name.into();
    body["payer_identifier"] = "x".repeat(20).into();
    body["amount_in_cents"] = 99_999_999.into();
    body["colour"] = "red".into();
    let reply = simulation.create_with(&body).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.json().get("payment_qr_code_url").is_none());
    body["amount_in_cents"] = 49.into();
    assert_eq!(
        simulation.create_with(&body).await.faults(),
        ["amount_in_cents min"]
    );
    simulation
        .post("/settings", json!({ "count_characters": "bytes" }))
        .await;
    assert_eq!(
        faults_of(&simulation, json!({ "payer_name": "é".repeat(128) })).await,
        ["payer_name max_length"]
    );
    let reply = simulation
        .sim(
            "POST",
            "/settings",
            json!({ "amount_limit": 1, "nonsense": 1 }),
        )
        .await;
    assert_eq!(reply.status, 400);
    assert_eq!(
        simulation.sim("GET", "/settings", Value::Null).await.json()["amount_limit"],
        99_999_999
    );
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let simulation = start(&[]).await;
    let url = simulation.url(&simulation.payments_path());
    let key = ("x-api-key", paysg_simulator::DEFAULT_API_KEY);
    for body in ["", "{", "[]", "null", "7"] {
        let json = [key, ("content-type", "application/json")];
        let reply = crate::client::send("POST", &url, &json, body)
            .await
            .unwrap();
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (400, "invalid_request_body"),
            "{body}"
        );
    }
    let form = [key, ("content-type", "application/x-www-form-urlencoded")];
    let reply = crate::client::send("POST", &url, &form, order().to_string())
        .await
        .unwrap();
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (400, "invalid_content_type")
    );
    let huge = vec![b' '; (1 << 20) + 1];
    let reply = crate::client::send(
        "POST",
        &url,
        &[key, ("content-type", "application/json")],
        huge,
    )
    .await
    .unwrap();
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (400, "body_too_large")
    );
}
