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

#[tokio::test]
async fn lists_can_be_cut_to_their_newest() {
    let simulation = start(&[]).await;
    for _ in 0..3 {
        simulation.created().await;
    }
    let payments = simulation.list("/payments").await;
    assert_eq!(simulation.list("/payments?last=2").await, payments[1..]);
    assert_eq!(simulation.list("/payments?last=9").await, payments);
    assert_eq!(
        simulation.list("/requests?last=1").await,
        simulation.list("/requests").await[2..]
    );
    assert!(simulation.list("/events?last=0").await.is_empty());
}

#[tokio::test]
async fn every_flag_of_the_readme_exists_and_every_setting_is_in_it() {
    use clap::CommandFactory;
    let readme = include_str!("../../README.md");
    let command = paysg_simulator::Options::command();
    let flags: Vec<&str> = command
        .get_arguments()
        .filter_map(clap::Arg::get_long)
        .collect();
    // Lines about cargo have cargo's flags.
    let own = readme.lines().filter(|line| !line.contains("cargo "));
    for word in own.flat_map(|line| line.split(|c: char| c.is_whitespace() || "`,:()".contains(c)))
    {
        if let Some(flag) = word.strip_prefix("--").filter(|flag| !flag.is_empty()) {
            assert!(
                flags.contains(&flag) || flag == "help",
                "--{flag} is no flag"
            );
        }
    }
    let simulation = start(&[]).await;
    let settings = simulation.sim("GET", "/settings", Value::Null).await.json();
    for name in settings
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| *name != "allow_loopback_return_url")
    {
        assert!(
            readme.contains(&format!("`{name}`")),
            "{name} is not in the README"
        );
    }
}
