use serde_json::{Value, json};

use crate::client::start;

#[tokio::test]
async fn the_clock_moves_and_new_payments_bear_its_time() {
    let simulation = start(&[]).await;
    let before = simulation.created().await["created_at"]
        .as_str()
        .unwrap()
        .to_owned();
    let moved = simulation
        .post("/clock", json!({ "advance_ms": 48 * 3_600_000 }))
        .await;
    assert_eq!(moved["offset_ms"], 48 * 3_600_000);
    let after = simulation.created().await["created_at"]
        .as_str()
        .unwrap()
        .to_owned();
    let day = |text: &str| text[..10].parse::<jiff::civil::Date>().unwrap();
    assert_eq!(
        day(&before).checked_add(jiff::Span::new().days(2)).unwrap(),
        day(&after)
    );
    assert_eq!(
        simulation
            .sim("POST", "/clock", json!({ "advance_ms": "x" }))
            .await
            .status,
        400
    );
    assert_eq!(
        simulation.sim("POST", "/clock", Value::Null).await.status,
        400
    );
}

#[tokio::test]
async fn reset_forgets_all_but_the_registrations_of_webhooks() {
    let simulation = start(&[]).await;
    simulation
        .post(
            "/webhooks",
            json!({ "url": "http://127.0.0.1:9/", "secret": "s" }),
        )
        .await;
    let id = simulation.created_id().await;
    simulation.create_keyed("k", &crate::client::order()).await;
    simulation
        .post(&format!("/payments/{id}/pay"), Value::Null)
        .await;
    simulation
        .post("/faults", json!([{ "path": "/v1", "status": 500 }]))
        .await;
    simulation
        .post("/clock", json!({ "advance_ms": 5000 }))
        .await;
    simulation
        .post("/settings", json!({ "amount_limit": 7 }))
        .await;
    simulation.post("/reset", Value::Null).await;
    for list in ["/payments", "/events", "/requests", "/faults"] {
        assert!(simulation.list(list).await.is_empty(), "{list}");
    }
    assert_eq!(simulation.list("/webhooks").await.len(), 1);
    assert_eq!(
        simulation.sim("GET", "/clock", Value::Null).await.json()["offset_ms"],
        0
    );
    assert_eq!(
        simulation
            .create_keyed("k", &crate::client::order())
            .await
            .status,
        201
    );
    assert_eq!(
        simulation
            .api("GET", &format!("/{id}"), &[], &Value::Null)
            .await
            .status,
        404
    );
}
