use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{order, start};

#[tokio::test]
async fn the_first_answer_is_given_again() {
    let simulation = start(&[]).await;
    let first = simulation.create_keyed("k", &order()).await;
    let id = first.json()["id"].as_str().unwrap().to_owned();
    simulation
        .post(&format!("/payments/{id}/pay"), Value::Null)
        .await;
    let again = simulation.create_keyed("k", &order()).await;
    // Stale: the answer is the saved one, the payment has been paid since.
    assert_eq!((again.status, again.body), (first.status, first.body));
    assert_eq!(simulation.list("/payments").await.len(), 1);
}

#[tokio::test]
async fn without_a_key_every_call_creates() {
    let simulation = start(&[]).await;
    simulation.create_with(&order()).await;
    simulation.create_with(&order()).await;
    assert_eq!(simulation.list("/payments").await.len(), 2);
}

#[tokio::test]
async fn parameters_are_compared_as_values_not_as_text() {
    let simulation = start(&[]).await;
    let first = simulation.create_keyed("k", &order()).await;
    let mut reversed = String::from("{ ");
    let fields: Vec<String> = order()
        .as_object()
        .unwrap()
        .iter()
        .rev()
        .map(|(name, value)| format!("\"{name}\" : {value}"))
        .collect();
    reversed.push_str(&fields.join(" , "));
    reversed.push('}');
    let url = simulation.url(&simulation.payments_path());
    let headers = [
        ("x-api-key", paysg_simulator::DEFAULT_API_KEY),
        ("content-type", "application/json"),
        ("idempotency-key", "k"),
    ];
    let again = crate::client::send("POST", &url, &headers, reversed)
        .await
        .unwrap();
    assert_eq!(again.body, first.body);
}

#[tokio::test]
async fn the_same_key_with_other_parameters_is_an_error() {
    let simulation = start(&[]).await;
    simulation.create_keyed("k", &order()).await;
    let mut other = order();
    other["amount_in_cents"] = 2600.into();
    let reply = simulation.create_keyed("k", &other).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (409, "idempotency_key_reused")
    );
    simulation
        .post("/settings", json!({ "reused_key_status": 400 }))
        .await;
    let reply = simulation.create_keyed("k", &other).await;
    assert_eq!(
        (reply.status, reply.code().as_str()),
        (400, "idempotency_key_reused")
    );
    // The error is not saved in the first answer's place.
    assert_eq!(simulation.create_keyed("k", &order()).await.status, 201);
    assert_eq!(simulation.list("/payments").await.len(), 1);
}

#[tokio::test]
async fn nothing_is_saved_where_validation_failed() {
    let simulation = start(&[]).await;
    let mut bad = order();
    bad["amount_in_cents"] = 0.into();
    assert_eq!(simulation.create_keyed("k", &bad).await.status, 400);
    assert_eq!(simulation.create_keyed("k", &order()).await.status, 201);
}

#[tokio::test]
async fn a_recorded_500_is_given_for_ever_and_creates_nothing() {
    let simulation = start(&[]).await;
    let fault = json!([{ "method": "POST", "path": simulation.payments_path(), "times": 1, "status": 500, "record": true }]);
    simulation.post("/faults", fault).await;
    let first = simulation.create_keyed("k", &order()).await;
    assert_eq!(
        (first.status, first.json()["error"]["type"].as_str()),
        (500, Some("internal_server_error"))
    );
    let again = simulation.create_keyed("k", &order()).await;
    assert_eq!((again.status, again.body), (500, first.body));
    assert!(simulation.list("/payments").await.is_empty());
    assert_eq!(simulation.create_keyed("k2", &order()).await.status, 201);
}

#[tokio::test]
async fn an_unrecorded_503_lets_the_retry_through() {
    let simulation = start(&[]).await;
    simulation
        .post(
            "/faults",
            json!([{ "method": "POST", "path": "/v1", "status": 503 }]),
        )
        .await;
    assert_eq!(simulation.create_keyed("k", &order()).await.status, 503);
    assert_eq!(simulation.create_keyed("k", &order()).await.status, 201);
}

#[tokio::test]
async fn a_key_in_flight_is_a_conflict_and_the_conflict_is_not_saved() {
    let simulation = std::sync::Arc::new(start(&[]).await);
    simulation
        .post(
            "/faults",
            json!([{ "method": "POST", "path": "/v1", "delay_ms": 400 }]),
        )
        .await;
    let slow = {
        let simulation = std::sync::Arc::clone(&simulation);
        tokio::spawn(async move { simulation.create_keyed("k", &order()).await })
    };
    tokio::time::sleep(Duration::from_millis(150)).await;
    let meanwhile = simulation.create_keyed("k", &order()).await;
    assert_eq!(
        (meanwhile.status, meanwhile.code().as_str()),
        (409, "idempotency_key_in_use")
    );
    let slow = slow.await.unwrap();
    assert_eq!(slow.status, 201);
    assert_eq!(simulation.create_keyed("k", &order()).await.body, slow.body);
    assert_eq!(simulation.list("/payments").await.len(), 1);
}

#[tokio::test]
async fn twenty_at_once_with_one_key_make_one_payment() {
    let simulation = std::sync::Arc::new(start(&[]).await);
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let simulation = std::sync::Arc::clone(&simulation);
            tokio::spawn(async move { simulation.create_keyed("k", &order()).await.status })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), 201);
    }
    assert_eq!(simulation.list("/payments").await.len(), 1);
}

#[tokio::test]
async fn a_key_of_24_hours_creates_a_new_payment() {
    let simulation = start(&[]).await;
    let first = simulation.create_keyed("k", &order()).await.json();
    simulation
        .post("/clock", json!({ "advance_ms": 86_340_000 }))
        .await;
    assert_eq!(
        simulation.create_keyed("k", &order()).await.json()["id"],
        first["id"]
    );
    simulation
        .post("/clock", json!({ "advance_ms": 60_000 }))
        .await;
    let mut other = order();
    other["amount_in_cents"] = 2600.into();
    let second = simulation.create_keyed("k", &other).await;
    assert_eq!(second.status, 201);
    assert_ne!(second.json()["id"], first["id"]);
}

#[tokio::test]
async fn keys_are_of_one_payment_service_and_have_a_length() {
    let other = "payment_service_11111111-1111-4111-8111-111111111111";
    let simulation = start(&[
        "--payment-service-id",
        paysg_simulator::DEFAULT_PAYMENT_SERVICE_ID,
        "--payment-service-id",
        other,
    ])
    .await;
    let here = simulation.create_keyed("k", &order()).await.json();
    let url = simulation.url(&format!("/v1/payment-services/{other}/payments"));
    let headers = [
        ("x-api-key", paysg_simulator::DEFAULT_API_KEY),
        ("content-type", "application/json"),
        ("idempotency-key", "k"),
    ];
    let there = crate::client::send("POST", &url, &headers, order().to_string())
        .await
        .unwrap()
        .json();
    assert_ne!(here["id"], there["id"]);
    assert_eq!(
        simulation
            .create_keyed(&"k".repeat(255), &order())
            .await
            .status,
        201
    );
    for key in ["", "k".repeat(256).as_str()] {
        let reply = simulation.create_keyed(key, &order()).await;
        assert_eq!(
            (reply.status, reply.code().as_str()),
            (400, "invalid_idempotency_key")
        );
    }
}

#[tokio::test]
async fn a_refund_with_a_key_is_made_once_and_its_refusal_is_kept() {
    let simulation = start(&[]).await;
    let id = simulation.created_id().await;
    let refund = json!({ "refund_amount_in_cents": 1000 });
    let path = format!("/{id}/refund");
    let keyed = |key: &'static str| [("idempotency-key", key)];
    let refused = simulation
        .api("POST", &path, &keyed("early"), &refund)
        .await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (400, "payment_not_paid")
    );
    simulation
        .post(&format!("/payments/{id}/pay"), Value::Null)
        .await;
    assert_eq!(
        simulation
            .api("POST", &path, &keyed("early"), &refund)
            .await
            .body,
        refused.body
    );
    let first = simulation.api("POST", &path, &keyed("r"), &refund).await;
    assert_eq!(first.status, 200);
    assert_eq!(
        simulation
            .api("POST", &path, &keyed("r"), &refund)
            .await
            .body,
        first.body
    );
    let rest = simulation
        .api(
            "POST",
            &path,
            &[],
            &json!({ "refund_amount_in_cents": 1501 }),
        )
        .await;
    assert_eq!(
        rest.code(),
        "invalid_refund_amount",
        "1000 of 2500 cents were refunded once"
    );
}
