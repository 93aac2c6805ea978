//! A simulator on a free port and a plain HTTP client for it.

use std::sync::atomic::{AtomicU64, Ordering};

use clap::Parser;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use paysg_simulator::{DEFAULT_API_KEY, DEFAULT_PAYMENT_SERVICE_ID, Options, Running};
use serde_json::{Value, json};

pub(crate) struct Simulation {
    pub(crate) running: Running,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the answer is JSON")
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// `field rule` of every field that was refused.
    pub(crate) fn faults(&self) -> Vec<String> {
        let fields = &self.json()["error"]["data"]["fields"];
        let text = |fault: &Value| {
            format!(
                "{} {}",
                fault["field"].as_str().unwrap(),
                fault["rule"].as_str().unwrap()
            )
        };
        fields
            .as_array()
            .map(|fields| fields.iter().map(text).collect())
            .unwrap_or_default()
    }
}

pub(crate) async fn send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Result<Reply, String> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let mut request = hyper::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(body.into())).unwrap();
    let response = client
        .request(request)
        .await
        .map_err(|error| error.to_string())?;
    let (parts, body) = response.into_parts();
    let body = body
        .collect()
        .await
        .map_err(|error| error.to_string())?
        .to_bytes();
    Ok(Reply {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    })
}

pub(crate) async fn start(flags: &[&str]) -> Simulation {
    let all = ["paysg-simulator", "--port", "0", "--quiet"]
        .iter()
        .chain(flags);
    let running = paysg_simulator::start(Options::parse_from(all))
        .await
        .expect("the simulator starts");
    Simulation { running }
}

/// Parameters that every rule accepts.
pub(crate) fn order() -> Value {
    json!({
        "reference_id": "LIC-2026-0001",
        "payer_name": "Tan Ah Kow",
        "description": "Licence renewal",
        "amount_in_cents": 2500,
        "metadata": {},
        "return_url": "https://agency.example.sg/return",
    })
}

impl Simulation {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.running.origin)
    }

    pub(crate) fn payments_path(&self) -> String {
        format!("/v1/payment-services/{DEFAULT_PAYMENT_SERVICE_ID}/payments")
    }

    pub(crate) async fn api(
        &self,
        method: &str,
        rest: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Reply {
        self.try_api(method, rest, headers, body)
            .await
            .expect("an answer")
    }

    pub(crate) async fn try_api(
        &self,
        method: &str,
        rest: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Reply, String> {
        let mut all = vec![
            ("x-api-key", DEFAULT_API_KEY),
            ("content-type", "application/json"),
        ];
        all.extend(headers);
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        send(
            method,
            &self.url(&format!("{}{rest}", self.payments_path())),
            &all,
            body,
        )
        .await
    }

    pub(crate) async fn create_with(&self, body: &Value) -> Reply {
        self.api("POST", "", &[], body).await
    }

    pub(crate) async fn create_keyed(&self, key: &str, body: &Value) -> Reply {
        self.api("POST", "", &[("idempotency-key", key)], body)
            .await
    }

    /// A new payment, its reference of its own.
    pub(crate) async fn created(&self) -> Value {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let mut order = order();
        order["reference_id"] = format!("REF-{}", NUMBER.fetch_add(1, Ordering::Relaxed)).into();
        let reply = self.create_with(&order).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        reply.json()
    }

    pub(crate) async fn created_id(&self) -> String {
        self.created().await["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn payment(&self, id: &str) -> Value {
        self.api("GET", &format!("/{id}"), &[], &Value::Null)
            .await
            .json()
    }

    pub(crate) async fn sim(&self, method: &str, path: &str, body: Value) -> Reply {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        send(method, &self.url(&format!("/_sim{path}")), &[], body)
            .await
            .expect("an answer")
    }

    /// What a `/_sim` list holds.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        self.sim("GET", path, Value::Null).await.json()["data"]
            .as_array()
            .expect("a list")
            .clone()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let reply = self.sim("POST", path, body).await;
        assert!(reply.status < 300, "{path}: {}", reply.text());
        reply.json()
    }
}
