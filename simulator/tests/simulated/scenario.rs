use std::path::Path;

use serde_json::{Value, json};

use crate::client::{order, start};
use crate::receiver::Receiver;

fn file(name: &str) -> (String, Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scenarios")
        .join(name);
    let text = std::fs::read_to_string(&path).unwrap();
    (
        path.display().to_string(),
        serde_json::from_str(&text).unwrap(),
    )
}

#[tokio::test]
async fn every_scenario_file_is_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let simulation = start(&[]).await;
        let reply = simulation.sim("POST", "/scenario", file(&name).1).await;
        assert_eq!(reply.status, 202, "{name}: {}", reply.text());
        count += 1;
    }
    assert!(count >= 2);
}

#[tokio::test]
async fn hard_day_played_from_the_command_line() {
    let receiver = Receiver::start(&[]).await;
    let (path, _) = file("hard-day.json");
    let flags = [
        "--scenario",
        path.as_str(),
        "--webhook-url",
        receiver.url.as_str(),
        "--webhook-secret",
        "s",
    ];
    let simulation = start(&flags).await;
    // The first create is done and never answered, the second meets a busy PaySG, the third gets the first's answer.
    assert!(
        simulation
            .try_api("POST", "", &[("idempotency-key", "k")], &order())
            .await
            .is_err()
    );
    assert_eq!(simulation.create_keyed("k", &order()).await.status, 429);
    let payment = simulation.create_keyed("k", &order()).await.json();
    assert_eq!(simulation.list("/payments").await.len(), 1);
    // The payer pays by herself, and the event comes three times in the older shape.
    let heard = receiver.wait_for(3).await;
    assert_eq!(heard[0].json()["data"]["object"]["id"], payment["id"]);
    assert!(heard[0].json()["data"]["object"]["amountInCents"].is_number());
    let progress = simulation.sim("GET", "/scenario", Value::Null).await.json();
    assert_eq!(progress["errors"], json!([]));
}

#[tokio::test]
async fn lost_webhook_tells_nobody_until_it_is_redelivered() {
    let receiver = Receiver::start(&[]).await;
    let simulation = start(&["--webhook-url", &receiver.url, "--webhook-secret", "s"]).await;
    let payment = simulation.created().await;
    simulation
        .post("/scenario", file("lost-webhook.json").1)
        .await;
    let heard = receiver.wait_for(2).await;
    assert_eq!(heard[0].json()["data"]["object"]["id"], payment["id"]);
    let clock = simulation.sim("GET", "/clock", Value::Null).await.json();
    assert_eq!(clock["offset_ms"], 21_600_000);
}

#[tokio::test]
async fn actions_come_in_the_order_of_their_times_and_say_what_failed() {
    let simulation = start(&[]).await;
    let first = simulation.created().await;
    let second = simulation.created_id().await;
    let scenario = json!({
        "name": "orders",
        "actions": [
            { "at_ms": 120, "payment": second, "cancel": {} },
            { "at_ms": 60, "payment": first["reference_id"], "refund": { "refund_amount_in_cents": 500 } },
            { "at_ms": 0, "payment": first["id"], "pay": {} },
            { "at_ms": 180, "payment": "nobody", "pay": {} },
        ],
    });
    let begun = simulation.post("/scenario", scenario).await;
    assert_eq!(
        (&begun["name"], &begun["actions"]),
        (&json!("orders"), &json!(4))
    );
    for _ in 0..200 {
        let progress = simulation.sim("GET", "/scenario", Value::Null).await.json();
        if progress["done"] == 4 {
            assert_eq!(progress["playing"], false);
            assert_eq!(progress["errors"], json!(["no payment is nobody"]));
            let first = simulation.payment(first["id"].as_str().unwrap()).await;
            assert_eq!(first["refund_status"], "partially_refunded");
            assert_eq!(
                simulation.payment(&second).await["latest_status"],
                "cancelled"
            );
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("not done");
}

#[tokio::test]
async fn a_scenario_that_makes_no_sense_is_refused() {
    let simulation = start(&[]).await;
    for bad in [
        json!({ "actons": [] }),
        json!({ "actions": [{ "at_ms": 0, "explode": {} }] }),
        json!({ "settings": { "nonsense": 1 } }),
        json!({ "faults": [{ "status": 7 }] }),
        json!({ "webhooks": [{ "url": "https://x.sg/", "secret": "s" }] }),
    ] {
        assert_eq!(
            simulation
                .sim("POST", "/scenario", bad.clone())
                .await
                .status,
            400,
            "{bad}"
        );
    }
}
