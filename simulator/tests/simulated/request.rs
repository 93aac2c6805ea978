use serde_json::{Value, json};

use crate::client::{order, start};

#[tokio::test]
async fn requests_are_kept_with_the_key_masked_and_without_control() {
    let simulation = start(&[]).await;
    simulation.create_keyed("my-key", &order()).await;
    simulation.api("GET", "?limit=5", &[], &Value::Null).await;
    let reply = simulation.sim("GET", "/requests", Value::Null).await;
    assert!(!reply.text().contains(paysg_simulator::DEFAULT_API_KEY));
    let requests = reply.json()["data"].as_array().unwrap().clone();
    assert_eq!(requests.len(), 2);
    let first = &requests[0];
    assert_eq!(first["method"], "POST");
    assert_eq!(first["path"], simulation.payments_path());
    assert_eq!(first["headers"]["x-api-key"], "paysg_stag_***");
    assert_eq!(first["headers"]["idempotency-key"], "my-key");
    assert_eq!(first["body"], order());
    assert_eq!(first["status"], 201);
    assert!(first["at"].as_str().unwrap().ends_with("+08:00"));
    assert_eq!(
        (&requests[1]["query"], &requests[1]["body"]),
        (&json!("limit=5"), &Value::Null)
    );
}

#[tokio::test]
async fn only_so_many_requests_are_remembered() {
    let simulation = start(&["--remember-requests", "3"]).await;
    for n in 1..=5 {
        simulation
            .api("GET", &format!("?limit={n}"), &[], &Value::Null)
            .await;
    }
    let kept = simulation.list("/requests").await;
    let queries: Vec<&Value> = kept.iter().map(|request| &request["query"]).collect();
    assert_eq!(queries, ["limit=3", "limit=4", "limit=5"]);
}
