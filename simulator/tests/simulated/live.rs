use serde_json::{Value, json};

use crate::client::{order, send, start};
use crate::receiver::Receiver;

#[tokio::test]
async fn every_file_of_the_live_page_is_served_and_may_load_nothing_from_elsewhere() {
    let simulation = start(&[]).await;
    let page = simulation.sim("GET", "", Value::Null).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(
        page.header("content-security-policy")
            .starts_with("default-src 'none'; script-src 'self';")
    );
    let mut wanted: Vec<String> = vec!["page.css".to_owned(), "page.js".to_owned()];
    let mut seen = 0;
    while let Some(name) = wanted.get(seen).cloned() {
        seen += 1;
        let file = simulation
            .sim("GET", &format!("/page/{name}"), Value::Null)
            .await;
        assert_eq!(file.status, 200, "{name}");
        let kind = if name.ends_with(".css") {
            "text/css"
        } else {
            "text/javascript"
        };
        assert!(file.header("content-type").starts_with(kind), "{name}");
        for import in file.text().split(" from \"./").skip(1) {
            let import = import.split('"').next().unwrap().to_owned();
            if !wanted.contains(&import) {
                wanted.push(import);
            }
        }
    }
    assert!(seen > 4, "{wanted:?}");
    assert_eq!(
        simulation
            .sim("GET", "/page/../options.rs", Value::Null)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn the_page_is_told_every_setting_with_the_help_of_the_command_line_and_a_key_only_if_it_is_public()
 {
    let simulation = start(&["--webhook-copies", "3"]).await;
    let told = simulation.sim("GET", "/start", Value::Null).await.json();
    assert_eq!(told["api_key"], paysg_simulator::DEFAULT_API_KEY);
    let settings = told["settings"].as_array().unwrap();
    let now = simulation.sim("GET", "/settings", Value::Null).await.json();
    assert_eq!(settings.len(), now.as_object().unwrap().len());
    for setting in settings {
        let name = setting["name"].as_str().unwrap();
        assert_eq!(setting["at_start"], now[name], "{name}");
        assert!(setting["help"].as_str().unwrap().len() > 10, "{name}");
        // Whatever the page offers, the simulator takes.
        for choice in setting["choices"].as_array().unwrap() {
            simulation.post("/settings", json!({ name: choice })).await;
        }
    }
    let named = |wanted: &str| settings.iter().find(|setting| setting["name"] == wanted);
    assert_eq!(named("webhook_copies").unwrap()["at_start"], 3);
    assert_eq!(
        named("payload_case").unwrap()["choices"],
        json!(["snake", "camel"])
    );
    assert_eq!(told["scenarios"][0]["name"], "hard day");

    let own = start(&["--api-key", "paysg_stag_of_somebody"]).await;
    let told = own.sim("GET", "/start", Value::Null).await;
    assert_eq!(told.json()["api_key"], Value::Null);
    assert!(!told.text().contains("of_somebody"));
}

#[tokio::test]
async fn one_call_reads_all_that_the_page_shows() {
    let simulation = start(&[]).await;
    for _ in 0..3 {
        simulation.created().await;
    }
    simulation
        .post("/faults", json!([{ "path": "/v1", "status": 500 }]))
        .await;
    let live = simulation
        .sim("GET", "/live?last=2", Value::Null)
        .await
        .json();
    for list in ["payments", "requests"] {
        assert_eq!(
            live[list],
            json!(simulation.list(&format!("/{list}?last=2")).await),
            "{list}"
        );
    }
    assert_eq!(live["faults"], json!(simulation.list("/faults").await));
    assert_eq!(live["settings"]["webhook_copies"], 1);
    assert_eq!(live["clock"]["offset_ms"], 0);
    assert_eq!(live["scenario"]["playing"], false);
    assert_eq!(live["webhooks"], json!([]));
}

#[tokio::test]
async fn a_payment_made_by_hand_follows_paysgs_rules_and_can_be_read_through_the_api() {
    let receiver = Receiver::start(&[]).await;
    let simulation = start(&["--webhook-url", &receiver.url, "--webhook-secret", "s"]).await;
    let made = simulation
        .sim("POST", "/payments", json!({ "amount_in_cents": 4200 }))
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    let payment = made.json();
    assert_eq!(payment["reference_id"], "SIM-1");
    let id = payment["id"].as_str().unwrap();
    assert_eq!(simulation.payment(id).await["amount_in_cents"], 4200);
    simulation
        .post(&format!("/payments/{id}/pay"), json!({}))
        .await;
    assert_eq!(
        receiver.wait_for(1).await[0].json()["data"]["object"]["id"],
        id
    );

    let refused = simulation
        .sim(
            "POST",
            "/payments",
            json!({ "return_url": "http://agency.example.sg/" }),
        )
        .await;
    assert_eq!((refused.status, refused.faults().len()), (400, 1));
    assert_eq!(simulation.list("/payments").await.len(), 1);
}

#[tokio::test]
async fn one_fault_of_several_is_taken_away_however_often_it_has_struck() {
    let simulation = start(&[]).await;
    let slow = json!({ "path": "/payments", "times": 5, "delay_ms": 1 });
    let down = json!({ "path": "/v1", "times": 5, "status": 503 });
    let faults = simulation.post("/faults", json!([down, slow, down])).await;
    assert_eq!(simulation.create_with(&order()).await.status, 503);
    let remove = |fault: &Value| {
        let url = simulation.url("/_sim/faults");
        let body = fault.to_string();
        async move { send("DELETE", &url, &[], body).await.unwrap().json()["data"].clone() }
    };
    // As it was when it was listed: with five strikes left.
    let left = remove(&faults["data"][0]).await;
    assert_eq!(left, json!([faults["data"][1], faults["data"][2]]));
    assert_eq!(
        remove(&faults["data"][0]).await.as_array().unwrap().len(),
        1
    );
    assert_eq!(
        remove(&faults["data"][0]).await.as_array().unwrap().len(),
        1
    );
    assert_eq!(simulation.create_with(&order()).await.status, 201);
}
