use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::client::{Simulation, start};
use crate::receiver::{Heard, Receiver, a_moment};

const SECRET: &str = "whsec_test";

async fn registered(flags: &[&str], answers: &[u16]) -> (Simulation, Receiver) {
    let receiver = Receiver::start(answers).await;
    let simulation = start(flags).await;
    simulation
        .post(
            "/webhooks",
            json!({ "url": receiver.url, "secret": SECRET }),
        )
        .await;
    (simulation, receiver)
}

async fn pay(simulation: &Simulation, body: Value) -> (String, Value) {
    let id = simulation.created_id().await;
    let paid = simulation.post(&format!("/payments/{id}/pay"), body).await;
    (id, paid)
}

fn mac(timestamp: &str, body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{timestamp}.").as_bytes());
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

/// `(t, v1)` of a header in the guide's grammar.
fn parts(heard: &Heard, name: &str, separator: &str) -> (String, String) {
    let header = heard.header(name);
    let (t, v1) = header.split_once(separator).unwrap();
    (
        t.strip_prefix("t=").unwrap().to_owned(),
        v1.strip_prefix("v1=").unwrap().to_owned(),
    )
}

async fn deliveries(simulation: &Simulation) -> Vec<Value> {
    simulation.list("/events").await[0]["deliveries"]
        .as_array()
        .unwrap()
        .clone()
}

/// Waits until the first event's first delivery is in this state.
async fn until(simulation: &Simulation, state: &str) -> Value {
    for _ in 0..300 {
        let delivery = deliveries(simulation).await[0].clone();
        if delivery["state"] == state {
            return delivery;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("never {state}: {:?}", deliveries(simulation).await)
}

#[tokio::test]
async fn a_paid_payment_is_told_once_signed_in_hex_over_seconds() {
    let (simulation, receiver) = registered(&[], &[]).await;
    let (id, paid) = pay(&simulation, Value::Null).await;
    let heard = receiver.wait_for(1).await;
    let event = heard[0].json();
    assert_eq!(event["id"], paid["event_id"]);
    assert!(event["id"].as_str().unwrap().starts_with("evt_"));
    assert_eq!(
        (&event["object"], &event["type"]),
        (&json!("event"), &json!("payment.succeeded"))
    );
    assert_eq!(
        event["payment_service_id"],
        paysg_simulator::DEFAULT_PAYMENT_SERVICE_ID
    );
    assert!(event["created_at"].as_str().unwrap().ends_with("+08:00"));
    let payment = &event["data"]["object"];
    assert_eq!(
        (&payment["id"], &payment["payment_status"]),
        (&json!(id), &json!("paid"))
    );
    assert_eq!(payment["amount_in_cents"], 2500);
    assert!(
        payment["stripe_payment_intentId"].is_string()
            && payment["stripe_payment_intent_id"].is_null()
    );
    let (t, v1) = parts(&heard[0], "PaySG-Signature", ", ");
    assert_eq!(t.len(), 10);
    let expected: String = mac(&t, &heard[0].body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(v1, expected);
    assert_eq!(heard[0].header("content-type"), "application/json");
    let delivery = until(&simulation, "delivered").await;
    assert_eq!(delivery["attempts"][0]["status"], 200);
    a_moment().await;
    assert_eq!(receiver.heard().len(), 1);
}

#[tokio::test]
async fn the_older_page_and_the_other_spellings_can_be_chosen() {
    let (simulation, receiver) = registered(
        &[
            "--payload-case",
            "camel",
            "--payload-time",
            "created",
            "--payload-amount",
            "dollars",
            "--signature-encoding",
            "base64",
            "--signature-time",
            "milliseconds",
            "--signature-grammar",
            "tight",
            "--signature-header",
            "X-PaySG-Signature",
        ],
        &[],
    )
    .await;
    pay(&simulation, Value::Null).await;
    let heard = receiver.wait_for(1).await;
    let event = heard[0].json();
    assert!(event["created"].as_i64().unwrap() > 1_600_000_000_000);
    assert!(event.get("created_at").is_none());
    let payment = &event["data"]["object"];
    assert_eq!(payment["amountInCents"], 25.0);
    assert_eq!(payment["latestStatus"], "paid");
    assert!(payment["paymentUrl"].is_string() && payment["stripe_payment_intentId"].is_string());
    assert!(payment.get("payment_url").is_none());
    let (t, v1) = parts(&heard[0], "X-PaySG-Signature", ",");
    assert_eq!(t.len(), 13);
    assert_eq!(v1, STANDARD.encode(mac(&t, &heard[0].body)));
}

#[tokio::test]
async fn a_refused_delivery_is_tried_again_when_the_clock_says_so_signed_anew() {
    let (simulation, receiver) = registered(&[], &[500, 503]).await;
    pay(&simulation, Value::Null).await;
    receiver.wait_for(1).await;
    a_moment().await;
    assert_eq!(receiver.heard().len(), 1);
    simulation
        .post("/clock", json!({ "advance_ms": 5_000 }))
        .await;
    receiver.wait_for(2).await;
    a_moment().await;
    // The second wait is twice as long.
    simulation
        .post("/clock", json!({ "advance_ms": 5_000 }))
        .await;
    a_moment().await;
    assert_eq!(receiver.heard().len(), 2);
    simulation
        .post("/clock", json!({ "advance_ms": 5_000 }))
        .await;
    let heard = receiver.wait_for(3).await;
    let delivery = until(&simulation, "delivered").await;
    let statuses: Vec<&Value> = delivery["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| &a["status"])
        .collect();
    assert_eq!(statuses, [500, 503, 200]);
    assert_eq!(heard[0].body, heard[2].body);
    let times: Vec<String> = heard
        .iter()
        .map(|heard| parts(heard, "PaySG-Signature", ", ").0)
        .collect();
    assert!(times[0] < times[1] && times[1] < times[2], "{times:?}");
}

#[tokio::test]
async fn retries_can_carry_the_first_signature() {
    let (simulation, receiver) = registered(&["--retry-signature", "first"], &[500]).await;
    pay(&simulation, Value::Null).await;
    receiver.wait_for(1).await;
    a_moment().await;
    simulation
        .post("/clock", json!({ "advance_ms": 3_600_000 }))
        .await;
    let heard = receiver.wait_for(2).await;
    assert_eq!(
        heard[0].header("PaySG-Signature"),
        heard[1].header("PaySG-Signature")
    );
}

#[tokio::test]
async fn after_three_days_a_delivery_is_abandoned() {
    let (simulation, receiver) = registered(&[], &[500; 40]).await;
    pay(&simulation, Value::Null).await;
    for attempt in 1..=40 {
        receiver.wait_for(attempt.min(16)).await;
        a_moment().await;
        let delivery = deliveries(&simulation).await[0].clone();
        if delivery["state"] == "abandoned" {
            assert_eq!(delivery["attempts"].as_array().unwrap().len(), 16);
            assert_eq!(receiver.heard().len(), 16);
            return;
        }
        let wait = 5_000_i64 << (attempt - 1);
        simulation
            .post("/clock", json!({ "advance_ms": wait }))
            .await;
    }
    panic!("never abandoned");
}

#[tokio::test]
async fn an_endpoint_that_is_down_is_reported_and_tried_again() {
    let simulation = start(&[
        "--webhook-url",
        "http://127.0.0.1:1/",
        "--webhook-secret",
        "s",
        "--webhook-retry-base-ms",
        "50",
    ])
    .await;
    pay(&simulation, Value::Null).await;
    for _ in 0..200 {
        let delivery = deliveries(&simulation).await[0].clone();
        if delivery["attempts"].as_array().unwrap().len() >= 3 {
            assert_eq!(delivery["state"], "pending");
            assert!(
                delivery["attempts"][0]["error"]
                    .as_str()
                    .unwrap()
                    .contains("refused"),
                "{delivery}"
            );
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("not tried three times");
}

#[tokio::test]
async fn an_event_can_be_lost_and_redelivered() {
    let (simulation, receiver) = registered(&[], &[]).await;
    let (_, paid) = pay(&simulation, json!({ "webhook": false })).await;
    let (_, lost) = pay(&simulation, json!({ "webhook": { "lose": true } })).await;
    a_moment().await;
    assert!(receiver.heard().is_empty());
    assert_eq!(
        simulation.list("/events").await[1]["deliveries"][0]["state"],
        "lost"
    );
    let path = |event: &Value| format!("/events/{}/redeliver", event["event_id"].as_str().unwrap());
    simulation.post(&path(&paid), json!({ "times": 3 })).await;
    receiver.wait_for(3).await;
    simulation.post(&path(&lost), Value::Null).await;
    let heard = receiver.wait_for(4).await;
    assert_eq!(heard[0].body, heard[2].body);
    assert_eq!(
        simulation
            .sim("POST", "/events/evt_x/redeliver", Value::Null)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn events_can_come_twice_and_overtake_each_other() {
    let (simulation, receiver) = registered(&[], &[]).await;
    let (first, _) = pay(&simulation, json!({ "webhook": { "delay_ms": 300 } })).await;
    let (second, _) = pay(&simulation, json!({ "webhook": { "copies": 2 } })).await;
    let heard = receiver.wait_for(3).await;
    let order: Vec<Value> = heard
        .iter()
        .map(|heard| heard.json()["data"]["object"]["id"].clone())
        .collect();
    assert_eq!(order, [second.as_str(), second.as_str(), first.as_str()]);
}

#[tokio::test]
async fn loss_and_copies_can_be_the_rule() {
    let (simulation, receiver) = registered(&["--webhook-loss-percent", "100"], &[]).await;
    pay(&simulation, Value::Null).await;
    a_moment().await;
    assert!(receiver.heard().is_empty());
    simulation
        .post(
            "/settings",
            json!({ "webhook_loss_percent": 0, "webhook_copies": 4, "webhook_jitter_ms": 20 }),
        )
        .await;
    pay(&simulation, Value::Null).await;
    receiver.wait_for(4).await;
}

#[tokio::test]
async fn each_endpoint_hears_and_registering_again_changes_the_secret() {
    let (simulation, one) = registered(&[], &[]).await;
    let two = Receiver::start(&[]).await;
    let id = simulation
        .post("/webhooks", json!({ "url": two.url, "secret": "old" }))
        .await["id"]
        .clone();
    let again = simulation
        .post("/webhooks", json!({ "url": two.url, "secret": SECRET }))
        .await;
    assert_eq!(again["id"], id);
    assert!(again.get("secret").is_none());
    pay(&simulation, Value::Null).await;
    one.wait_for(1).await;
    let heard = two.wait_for(1).await;
    let (t, v1) = parts(&heard[0], "PaySG-Signature", ", ");
    assert_eq!(
        v1,
        mac(&t, &heard[0].body)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    );
    let path = format!("/webhooks/{}", id.as_str().unwrap());
    assert_eq!(
        simulation.sim("DELETE", &path, Value::Null).await.status,
        200
    );
    assert_eq!(
        simulation.sim("DELETE", &path, Value::Null).await.status,
        404
    );
    pay(&simulation, Value::Null).await;
    one.wait_for(2).await;
    a_moment().await;
    assert_eq!(two.heard().len(), 1);
}

#[tokio::test]
async fn endpoints_are_on_this_machine_unless_allowed() {
    let simulation = start(&[]).await;
    for url in [
        "http://edge:8787/",
        "https://agency.example.sg/",
        "ftp://127.0.0.1/",
        "x",
    ] {
        let reply = simulation
            .sim("POST", "/webhooks", json!({ "url": url, "secret": "s" }))
            .await;
        assert_eq!(reply.status, 400, "{url}");
    }
    simulation
        .post("/settings", json!({ "webhook_hosts": "any" }))
        .await;
    simulation
        .post(
            "/webhooks",
            json!({ "url": "http://edge:8787/", "secret": "s" }),
        )
        .await;
}
