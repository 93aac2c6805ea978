use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use paysg_simulator::{DEFAULT_API_KEY, DEFAULT_PAYMENT_SERVICE_ID};
use serde_json::{Value, json};

use crate::client::{Reply, order, send, start};
use crate::receiver::Receiver;

/// A folder that goes away with its test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("paysg-simulator-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> String {
        self.0.join("state.db").display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The real program, which can really be killed.
struct Program {
    child: Child,
    origin: String,
}

impl Program {
    fn start(flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_paysg-simulator"))
            .args(["--port", "0", "--quiet"])
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let origin = line.trim().rsplit(' ').next().unwrap().to_owned();
        assert!(origin.starts_with("http://127.0.0.1:"), "{line}");
        Self { child, origin }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    async fn list(&self, path: &str) -> Vec<Value> {
        let reply = send("GET", &format!("{}/_sim{path}", self.origin), &[], "")
            .await
            .unwrap();
        reply.json()["data"].as_array().unwrap().clone()
    }
}

/// A test that fails must not leave a program behind.
impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn create(origin: &str, key: &str, body: &Value) -> Result<Reply, String> {
    let url = format!("{origin}/v1/payment-services/{DEFAULT_PAYMENT_SERVICE_ID}/payments");
    let headers = [
        ("x-api-key", DEFAULT_API_KEY),
        ("content-type", "application/json"),
        ("idempotency-key", key),
    ];
    send("POST", &url, &headers, body.to_string()).await
}

#[tokio::test]
async fn a_killed_simulator_goes_on_where_it_was() {
    let folder = Folder::new("goes-on");
    let receiver = Receiver::start(&[500]).await;
    let file = folder.file();
    let first = Program::start(&[
        "--state",
        &file,
        "--webhook-url",
        &receiver.url,
        "--webhook-secret",
        "s",
    ]);
    let made = create(&first.origin, "k", &order()).await.unwrap();
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let sim = async |program: &Program, path: String, body: Value| {
        send(
            "POST",
            &format!("{}/_sim{path}", program.origin),
            &[],
            body.to_string(),
        )
        .await
        .unwrap()
        .status
    };
    assert_eq!(
        sim(
            &first,
            "/clock".to_owned(),
            json!({ "advance_ms": 1_000_000 })
        )
        .await,
        200
    );
    assert_eq!(
        sim(&first, format!("/payments/{id}/pay"), json!({})).await,
        200
    );
    receiver.wait_for(1).await;
    // Its event has not been tried even once when the simulator dies.
    let late = create(&first.origin, "late", &order())
        .await
        .unwrap()
        .json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let ten_minutes = json!({ "webhook": { "delay_ms": 600_000 } });
    assert_eq!(
        sim(&first, format!("/payments/{late}/pay"), ten_minutes).await,
        200
    );
    first.kill();

    // The registration is in the file: no flags for it this time.
    let second = Program::start(&["--state", &file]);
    let payments = second.list("/payments").await;
    assert_eq!(
        (payments.len(), &payments[0]["payment_status"]),
        (2, &json!("paid"))
    );
    let again = create(&second.origin, "k", &order()).await.unwrap();
    assert_eq!((again.status, again.body), (201, made.body));
    let clock = send("GET", &format!("{}/_sim/clock", second.origin), &[], "")
        .await
        .unwrap()
        .json();
    assert_eq!(clock["offset_ms"], 1_000_000);
    assert_eq!(second.list("/events").await.len(), 2);
    assert_eq!(
        sim(
            &second,
            "/clock".to_owned(),
            json!({ "advance_ms": 60_000 })
        )
        .await,
        200
    );
    receiver.wait_for(2).await;
    let advance = json!({ "advance_ms": 600_000 });
    assert_eq!(sim(&second, "/clock".to_owned(), advance).await, 200);
    let heard = receiver.wait_for(3).await;
    assert_eq!(heard[2].json()["data"]["object"]["id"], late);
    assert_eq!(sim(&second, "/reset".to_owned(), json!({})).await, 200);
    second.kill();

    let third = Program::start(&["--state", &file]);
    assert!(third.list("/payments").await.is_empty() && third.list("/events").await.is_empty());
    assert_eq!(third.list("/webhooks").await.len(), 1);
    third.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_answered_is_lost_by_sigkill_at_any_moment() {
    let folder = Folder::new("sigkill");
    let file = folder.file();
    let mut answered: Vec<(String, String)> = Vec::new();
    for cycle in 0..10_u64 {
        let program = Program::start(&["--state", &file]);
        let stop = Arc::new(AtomicBool::new(false));
        let number = Arc::new(AtomicU64::new(0));
        let payers: Vec<_> = (0..4)
            .map(|_| {
                let (origin, stop, number) = (
                    program.origin.clone(),
                    Arc::clone(&stop),
                    Arc::clone(&number),
                );
                tokio::spawn(async move {
                    let mut answered = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        let key = format!("{cycle}-{}", number.fetch_add(1, Ordering::Relaxed));
                        let Ok(reply) = create(&origin, &key, &order()).await else {
                            break;
                        };
                        let id = reply.json()["id"].as_str().unwrap().to_owned();
                        let pay = format!("{origin}/_sim/payments/{id}/pay");
                        let paid = send("POST", &pay, &[], "")
                            .await
                            .is_ok_and(|reply| reply.status == 200);
                        answered.push((key, id, paid));
                    }
                    answered
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(40 + cycle * 23 % 90)).await;
        program.kill();
        stop.store(true, Ordering::Relaxed);
        let program = Program::start(&["--state", &file]);
        let kept = program.list("/payments").await;
        let events = program.list("/events").await;
        for payer in payers {
            for (key, id, paid) in payer.await.unwrap() {
                let payment = kept
                    .iter()
                    .find(|payment| payment["id"] == id.as_str())
                    .expect("an answered payment");
                let told = events
                    .iter()
                    .filter(|event| event["payment_id"] == id.as_str())
                    .count();
                assert!(
                    !paid || payment["payment_status"] == "paid",
                    "a payment went back"
                );
                assert_eq!(
                    told,
                    usize::from(payment["payment_status"] == "paid"),
                    "paid and its event are one change"
                );
                answered.push((key, id));
            }
        }
        // The idempotency record came with the payment, in one change.
        for (key, id) in answered.iter().rev().take(5) {
            assert_eq!(
                create(&program.origin, key, &order()).await.unwrap().json()["id"],
                id.as_str()
            );
        }
        program.kill();
    }
    assert!(
        answered.len() > 20,
        "only {} payments were answered",
        answered.len()
    );
}

#[tokio::test]
async fn a_file_in_use_or_of_another_kind_is_refused() {
    let folder = Folder::new("refused");
    let text = folder.0.join("text.txt");
    std::fs::write(&text, "this is no state file, and it is longer than a header of SQLite would be, to be sure of it all").unwrap();
    let wrong = start_error(&["--port", "0", "--state", &text.display().to_string()]).await;
    assert!(wrong.contains("state file"), "{wrong}");
}

async fn start_error(flags: &[&str]) -> String {
    use clap::Parser;
    let all = ["paysg-simulator", "--quiet"].iter().chain(flags);
    match paysg_simulator::start(paysg_simulator::Options::parse_from(all)).await {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_at_the_start() {
    for flags in [
        ["--reused-key-status", "404"],
        ["--create-status", "500"],
        ["--webhook-copies", "101"],
        ["--webhook-loss-percent", "101"],
        ["--signature-header", "a b"],
    ] {
        let error = start_error(&["--port", "0", flags[0], flags[1]]).await;
        assert!(error.contains(&flags[0][2..].replace('-', "_")), "{error}");
    }
}

#[tokio::test]
async fn a_taken_port_is_an_error_not_a_wait() {
    let simulation = start(&[]).await;
    let port = simulation.running.address.port().to_string();
    let error = start_error(&["--port", &port]).await;
    assert!(error.contains("in use"), "{error}");
}

#[tokio::test]
async fn sigterm_ends_it_cleanly_with_calls_under_way_answered() {
    let mut program = Program::start(&[]);
    let fault = json!([{ "method": "POST", "path": "/v1", "delay_ms": 300 }]);
    send(
        "POST",
        &format!("{}/_sim/faults", program.origin),
        &[],
        fault.to_string(),
    )
    .await
    .unwrap();
    let under_way = {
        let origin = program.origin.clone();
        tokio::spawn(async move { create(&origin, "k", &order()).await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    let pid = program.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(under_way.await.unwrap().unwrap().status, 201);
    let status = tokio::task::spawn_blocking(move || program.child.wait().unwrap())
        .await
        .unwrap();
    assert!(status.success());
}
