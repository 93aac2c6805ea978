use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{order, send, start};

#[tokio::test]
async fn a_fault_strikes_the_next_calls_that_match_and_no_other() {
    let simulation = start(&[]).await;
    let id = simulation.created_id().await;
    let path = format!("{}/{id}", simulation.payments_path());
    let fault = json!([{ "method": "GET", "path": path, "times": 2, "status": 429, "headers": { "Retry-After": "7" } }]);
    let waiting = simulation.post("/faults", fault).await;
    assert_eq!(waiting["data"].as_array().unwrap().len(), 1);
    assert_eq!(simulation.create_with(&order()).await.status, 201);
    assert_eq!(
        simulation.api("GET", "", &[], &Value::Null).await.status,
        200
    );
    for _ in 0..2 {
        let reply = simulation
            .api("GET", &format!("/{id}"), &[], &Value::Null)
            .await;
        assert_eq!((reply.status, reply.header("retry-after")), (429, "7"));
        assert_eq!(reply.json()["error"]["type"], "too_many_requests");
    }
    assert_eq!(
        simulation
            .api("GET", &format!("/{id}"), &[], &Value::Null)
            .await
            .status,
        200
    );
    assert!(simulation.list("/faults").await.is_empty());
}

#[tokio::test]
async fn the_first_fault_that_matches_strikes_first() {
    let simulation = start(&[]).await;
    simulation.post("/faults", json!([{ "path": "/v1", "status": 500 }, { "method": "get", "path": "/v1", "status": 503 }])).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(simulation.api("GET", "", &[], &Value::Null).await.status);
    }
    assert_eq!(statuses, [500, 503, 200]);
}

#[tokio::test]
async fn dropped_before_nothing_is_done_and_no_byte_is_answered() {
    let simulation = start(&[]).await;
    simulation
        .post(
            "/faults",
            json!([{ "method": "POST", "path": "/v1", "drop": "before" }]),
        )
        .await;
    // By hand, to see that the connection ends without a single byte.
    let mut stream = tokio::net::TcpStream::connect(simulation.running.address)
        .await
        .unwrap();
    let body = order().to_string();
    let request = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        simulation.payments_path(),
        paysg_simulator::DEFAULT_API_KEY,
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(2), stream.read_to_end(&mut answer)).await;
    // An end of the stream or a reset, but an end.
    assert!(ended.is_ok(), "the connection stayed open");
    assert_eq!(answer, b"");
    assert!(simulation.list("/payments").await.is_empty());
    let requests = simulation.list("/requests").await;
    assert_eq!(
        (&requests[0]["status"], &requests[0]["dropped"]),
        (&Value::Null, &json!("before"))
    );
}

#[tokio::test]
async fn dropped_after_it_has_been_done_and_the_key_remembers() {
    let simulation = start(&[]).await;
    simulation
        .post(
            "/faults",
            json!([{ "method": "POST", "path": "/v1", "drop": "after" }]),
        )
        .await;
    let headers = [("idempotency-key", "k")];
    assert!(
        simulation
            .try_api("POST", "", &headers, &order())
            .await
            .is_err()
    );
    let made = simulation.list("/payments").await;
    assert_eq!(made.len(), 1);
    let retry = simulation.create_keyed("k", &order()).await;
    assert_eq!((retry.status, &retry.json()["id"]), (201, &made[0]["id"]));
    assert_eq!(simulation.list("/payments").await.len(), 1);
}

#[tokio::test]
async fn a_recorded_500_can_be_dropped_too() {
    let simulation = start(&[]).await;
    let fault = json!([{ "method": "POST", "path": "/v1", "status": 500, "record": true, "drop": "after" }]);
    simulation.post("/faults", fault).await;
    assert!(
        simulation
            .try_api("POST", "", &[("idempotency-key", "k")], &order())
            .await
            .is_err()
    );
    assert_eq!(simulation.create_keyed("k", &order()).await.status, 500);
}

#[tokio::test]
async fn recording_leaves_validation_and_earlier_answers_alone() {
    let simulation = start(&[]).await;
    let first = simulation.create_keyed("k", &order()).await;
    let fault =
        json!([{ "method": "POST", "path": "/v1", "times": 3, "status": 500, "record": true }]);
    simulation.post("/faults", fault).await;
    assert_eq!(
        simulation.create_keyed("k", &order()).await.body,
        first.body
    );
    assert_eq!(simulation.create_keyed("k2", &json!({})).await.status, 400);
    assert_eq!(simulation.create_keyed("k2", &order()).await.status, 500);
    assert_eq!(simulation.create_keyed("k2", &order()).await.status, 500);
}

#[tokio::test]
async fn a_client_that_gives_up_waiting_does_not_undo_what_is_being_done() {
    let simulation = Arc::new(start(&[]).await);
    simulation
        .post(
            "/faults",
            json!([{ "method": "POST", "path": "/v1", "delay_ms": 300 }]),
        )
        .await;
    let impatient = {
        let simulation = Arc::clone(&simulation);
        tokio::spawn(async move { simulation.create_keyed("k", &order()).await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    impatient.abort();
    assert!(simulation.list("/payments").await.is_empty());
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(simulation.list("/payments").await.len(), 1);
    assert_eq!(simulation.create_keyed("k", &order()).await.status, 201);
    assert_eq!(simulation.list("/payments").await.len(), 1);
}

#[tokio::test]
async fn delays_hold_every_kind_of_call_back() {
    let simulation = start(&[]).await;
    let id = simulation.created_id().await;
    simulation
        .post(
            "/faults",
            json!([{ "path": "/", "times": 3, "delay_ms": 120 }]),
        )
        .await;
    for path in [
        format!("{}/{id}", simulation.payments_path()),
        format!("/payments/{id}"),
    ] {
        let begun = Instant::now();
        let key = [("x-api-key", paysg_simulator::DEFAULT_API_KEY)];
        assert_eq!(
            send("GET", &simulation.url(&path), &key, "")
                .await
                .unwrap()
                .status,
            200
        );
        assert!(begun.elapsed() >= Duration::from_millis(120));
    }
    let begun = Instant::now();
    assert_eq!(simulation.create_keyed("k", &order()).await.status, 201);
    assert!(begun.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn an_answer_can_be_replaced_after_the_work_was_done() {
    let simulation = start(&[]).await;
    simulation
        .post(
            "/faults",
            json!([{ "method": "POST", "path": "/v1", "body": "<html>oops" }]),
        )
        .await;
    let reply = simulation.create_keyed("k", &order()).await;
    assert_eq!((reply.status, reply.text().as_str()), (201, "<html>oops"));
    assert_eq!(simulation.list("/payments").await.len(), 1);
    simulation
        .post(
            "/faults",
            json!({ "path": "/v1", "status": 200, "body": { "id": "x" } }),
        )
        .await;
    assert_eq!(
        simulation.api("GET", "", &[], &Value::Null).await.json(),
        json!({ "id": "x" })
    );
}

#[tokio::test]
async fn faults_that_make_no_sense_are_refused_and_none_is_added() {
    let simulation = start(&[]).await;
    for bad in [
        json!([{ "path": "/v1", "status": 500 }, { "path": "/v1", "status": 99 }]),
        json!([{ "path": "/v1", "record": true }]),
        json!([{ "path": "/v1", "drop": "sometimes" }]),
        json!([{ "path": "/v1", "sttus": 500 }]),
        json!([{ "path": "/v1", "headers": { "a b": "c" } }]),
        json!(7),
    ] {
        assert_eq!(
            simulation.sim("POST", "/faults", bad.clone()).await.status,
            400,
            "{bad}"
        );
    }
    assert!(simulation.list("/faults").await.is_empty());
}

#[tokio::test]
async fn control_is_never_struck_and_faults_can_be_cleared() {
    let simulation = start(&[]).await;
    simulation
        .post(
            "/faults",
            json!([{ "path": "/", "times": 9, "status": 500 }]),
        )
        .await;
    assert_eq!(
        simulation.sim("GET", "/payments", Value::Null).await.status,
        200
    );
    assert_eq!(
        simulation
            .sim("DELETE", "/faults", Value::Null)
            .await
            .status,
        200
    );
    assert_eq!(
        simulation.api("GET", "", &[], &Value::Null).await.status,
        200
    );
}
