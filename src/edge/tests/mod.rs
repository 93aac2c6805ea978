//! The edge as plain functions: configuration, cookies, pages, and whole requests without a host.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that fails may panic"
)]

mod answers;
mod catalogue;
mod config;
mod creating;
mod events;
mod forms;
mod limits;
mod press;
mod requests;
mod sealing;
mod session;
mod watching;

use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::{Value, json};

use super::config::{Config, Misconfigured};
use super::front::{Edge, Move, Pending};
use super::request::Request;
use super::response::Response;
use crate::flow::step::{Answer, Fetch};
use crate::flow::terms::Terms;
use crate::token::Keys;

pub(super) const SERVICE: &str = "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8";
pub(super) const OTHER_SERVICE: &str = "payment_service_00000000-ddfc-4718-a008-bd181c1522e8";
pub(super) const UNKNOWN_SERVICE: &str = "payment_service_11111111-ddfc-4718-a008-bd181c1522e8";
pub(super) const API_KEY: &str = "paysg_stag_secretsecret";
pub(super) const ORDER_KEY: &str = "an order key of 32 bytes or more!!";
pub(super) const SESSION_KEY: &str = "a session key of 32 bytes or more!";
pub(super) const WEBHOOK_SECRET: &str = "whsec_of_the_tests";
pub(super) const PUBLIC: &str = "https://pay.example.gov.sg";
pub(super) const WWW: &str = "https://www.example.gov.sg";
pub(super) const NOW_MS: i64 = 1_795_000_000_000;

/// Good variables, with some changed; an empty text takes one away.
pub(super) fn variables(changes: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut variables: BTreeMap<String, String> = [
        ("PAYSG_API_KEY", API_KEY),
        ("PAYSG_PAYMENT_SERVICE_ID", &*format!("{SERVICE},{OTHER_SERVICE}")),
        ("PAYSG_WEBHOOK_SECRET", WEBHOOK_SECRET),
        ("PAYSG_ORDER_KEY", ORDER_KEY),
        ("PAYSG_SESSION_KEY", SESSION_KEY),
        ("PAYSG_PUBLIC_URL", PUBLIC),
        ("PAYSG_RESULT_URL", &*format!("{WWW}/done?lang=en#top")),
        ("PAYSG_FULFILMENT_URL", "https://api.example.gov.sg/fulfilment"),
        ("PAYSG_ALLOWED_ORIGINS", WWW),
        (
            "PAYSG_CATALOGUE",
            r#"{"dog":{"description":"Dog licence","amount_in_cents":1500,"max_quantity":3},"cat":{"description":"Cat licence","amount_in_cents":900}}"#,
        ),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    for (name, value) in changes {
        variables.insert((*name).to_owned(), (*value).to_owned());
    }
    variables
}

pub(super) fn read(changes: &[(&str, &str)]) -> Result<Config, Misconfigured> {
    let variables = variables(changes);
    Config::read(|name| variables.get(name).cloned(), false)
}

pub(super) fn config() -> Config {
    read(&[]).unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

/// An edge without a ledger, on a clock of its own.
pub(super) struct Bench {
    pub(super) config: Config,
    pub(super) terms: Terms,
    pub(super) now_ms: i64,
    pub(super) random: Vec<u8>,
    /// How long each call takes.
    pub(super) latency_ms: i64,
}

/// What a caller got: the answer, and the line in the log.
pub(super) struct Got {
    pub(super) response: Response,
    pub(super) line: String,
}

impl Bench {
    pub(super) fn new(changes: &[(&str, &str)]) -> Self {
        let mut config = read(changes).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        config.is_nfc = unicode_normalization::is_nfc;
        let terms = config.terms();
        Self {
            config,
            terms,
            now_ms: NOW_MS,
            random: (0..64).collect(),
            latency_ms: 50,
        }
    }

    fn edge(&self) -> Edge<'_> {
        Edge {
            config: &self.config,
            terms: &self.terms,
            now_ms: self.now_ms,
            random: &self.random,
        }
    }

    /// Has the edge take a request, expecting exactly these calls: `METHOD path` or `TELL key`, and what each is answered.
    pub(super) fn take(&mut self, request: &Request<'_>, script: &[(&str, u16, Value)]) -> Got {
        let mut step = self.edge().begin(request);
        let mut script = script.iter();
        loop {
            let (fetch, pending) = match step {
                Move::Respond(response, line) => {
                    assert_eq!(script.next(), None, "never called");
                    return Got { response, line };
                }
                Move::Fetch(fetch, pending) => (fetch, pending),
                Move::Ask { .. } => panic!("there is no ledger to ask"),
            };
            let called = name(&fetch);
            let (expected, status, body) = script
                .next()
                .unwrap_or_else(|| panic!("unexpected {called}"));
            assert_eq!(called, *expected);
            self.now_ms += self.latency_ms;
            let pending = Pending::read(&pending.write()).unwrap();
            let body = body.to_string();
            let answer = match *status {
                0 => Answer::Lost,
                status => Answer::Arrived {
                    status,
                    retry_after_ms: None,
                    body: body.as_bytes(),
                },
            };
            step = self.edge().resume(pending, &answer);
        }
    }

    /// What the edge answers before it has read the body, if anything.
    pub(super) fn admit(&self, request: &Request<'_>) -> Option<Got> {
        match self.edge().admit(request)? {
            Move::Respond(response, line) => Some(Got { response, line }),
            Move::Fetch(..) | Move::Ask { .. } => panic!("a call before the body has come"),
        }
    }

    /// Has the edge take a request that it answers without a call.
    pub(super) fn answer(&mut self, request: &Request<'_>) -> Got {
        self.take(request, &[])
    }
}

fn name(fetch: &Fetch) -> String {
    let path = &fetch.request.path;
    if path.is_empty() {
        return format!("TELL {}", fetch.request.idempotency_key.as_deref().unwrap());
    }
    let path = path.strip_prefix("/v1/payment-services/").unwrap();
    format!(
        "{} {}",
        fetch.request.method,
        path.strip_prefix(SERVICE).unwrap_or(path)
    )
}

impl Got {
    pub(super) fn status(&self) -> u16 {
        self.response.status
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.response.body)
            .unwrap_or_else(|_| panic!("{}", self.response.body))
    }

    /// Status and `error.code`.
    pub(super) fn error(&self) -> (u16, String) {
        let code = self.json()["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        (self.status(), code)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        header(&self.response, name)
    }

    /// The cookies that a browser sends back which had none before.
    pub(super) fn cookie(&self) -> String {
        let cookies = self.kept("");
        assert_ne!(cookies, "", "no cookie");
        cookies
    }

    /// The cookies that a browser sends back which sent these.
    pub(super) fn kept(&self, before: &str) -> String {
        kept(
            before,
            self.response
                .headers
                .lines()
                .filter_map(|line| line.strip_prefix("set-cookie: ")),
        )
    }
}

/// What a browser has after these values of `Set-Cookie`: a cookie keeps its place, and goes with `Max-Age=0`.
pub(super) fn kept<'c>(before: &str, set: impl IntoIterator<Item = &'c str>) -> String {
    let pairs = before.split("; ").filter_map(|pair| pair.split_once('='));
    let mut jar: Vec<(String, String)> = pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    for cookie in set {
        let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
        let found = jar.iter().position(|(other, _)| other == name);
        match (found, cookie.contains("; Max-Age=0;")) {
            (Some(at), true) => drop(jar.remove(at)),
            (Some(at), false) => value.clone_into(&mut jar[at].1),
            (None, true) => {}
            (None, false) => jar.push((name.to_owned(), value.to_owned())),
        }
    }
    let pairs: Vec<String> = jar
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("; ")
}

pub(super) fn header<'r>(response: &'r Response, name: &str) -> Option<&'r str> {
    let mut found = response.headers.lines().filter_map(|line| {
        let (given, value) = line.split_once(": ").expect("every line is a header");
        (given == name).then_some(value)
    });
    let value = found.next();
    assert!(
        name == "set-cookie" || found.next().is_none(),
        "{name} twice"
    );
    value
}

/// A JWT.
pub(super) fn jwt(typ: &str, claims: &Value) -> String {
    let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let header = format!("{{\"alg\":\"HS256\",\"typ\":\"{typ}\"}}");
    let text = format!("{}.{}", encode(&header), encode(&claims.to_string()));
    let tag = Keys::parse(ORDER_KEY, 32).unwrap().sign(text.as_bytes());
    format!("{text}.{}", Base64UrlUnpadded::encode_string(&tag))
}

/// The body of a create: a signed order with some parameters changed.
pub(super) fn order(changes: Value) -> String {
    let mut order = json!({
        "reference_id": "INV-001", "payer_name": "Tan Ah Kow", "description": "Renewal of a licence", "amount_in_cents": 4200,
        "payer_identifier": "S1234567D", "payer_email": "tan@example.sg",
    });
    for (name, value) in changes.as_object().unwrap() {
        order[name] = value.clone();
    }
    let claims = json!({"aud": "paysg-wasm", "exp": NOW_MS / 1000 + 3600, "order": order});
    json!({"order": jwt("paysg-order+jwt", &claims)}).to_string()
}

pub(super) fn command(action: &str, claims: Value) -> String {
    let mut all = json!({"aud": "paysg-wasm", "exp": NOW_MS / 1000 + 240, "action": action});
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    format!("Bearer {}", jwt("paysg-command+jwt", &all))
}

/// The body of an error of PaySG's own. An error without it is a gateway's.
pub(super) fn own() -> Value {
    json!({"error": {"type": "some_type", "code": "some_code", "message": "no"}})
}

/// A payment as PaySG shows it.
pub(super) fn payment(id: &str, state: &str) -> Value {
    let paid = matches!(state, "paid" | "partially_refunded" | "refunded");
    json!({
        "id": id, "payment_service_id": SERVICE, "reference_id": "INV-001", "amount_in_cents": 4200,
        "payer_name": "Tan Ah Kow", "payer_identifier": "S1234567D", "payer_email": "tan@example.sg", "payer_address": "Blk 123",
        "metadata": {"branch": "7"}, "description": "Renewal of a licence",
        "payment_url": format!("https://staging.pay.gov.sg/payments/{id}"),
        "return_url": "https://pay.example.gov.sg/paysg/return",
        "payment_status": if paid { "paid" } else { "unpaid" },
        "latest_status": if paid { "paid" } else { state },
        "refund_status": match state {
            "refunded" => "fully_refunded",
            "partially_refunded" => "partially_refunded",
            _ => "not_refunded",
        },
        "payment_succeeded_timestamp": paid.then_some("2026-11-18T20:00:00.000+08:00"),
    })
}

pub(super) fn with(mut value: Value, changes: Value) -> Value {
    for (name, change) in changes.as_object().unwrap() {
        value[name] = change.clone();
    }
    value
}

pub(super) fn get<'a>(path: &'a str, query: &'a str) -> Request<'a> {
    Request {
        method: "GET",
        path,
        query,
        body: Some(b""),
        ..Request::default()
    }
}

/// A POST of JSON by our own page.
pub(super) fn post<'a>(path: &'a str, body: &'a str) -> Request<'a> {
    Request {
        method: "POST",
        path,
        origin: PUBLIC,
        content_type: "application/json",
        body: Some(body.as_bytes()),
        ..Request::default()
    }
}

/// The same call so many times, with the same answer.
pub(super) fn times<'c>(
    count: usize,
    called: &'c str,
    status: u16,
    body: &Value,
) -> Vec<(&'c str, u16, Value)> {
    vec![(called, status, body.clone()); count]
}

/// A browser that has made the payment `p1`: its cookie.
pub(super) fn has_made_p1(bench: &mut Bench) -> String {
    bench
        .take(
            &post("/paysg/payments", &order(json!({}))),
            &[
                ("POST /payments", 201, payment("p1", "unpaid")),
                ("GET /payments/p1", 200, payment("p1", "unpaid")),
            ],
        )
        .cookie()
}

/// A browser that has made the payments `p1`, `p2` and so on, in this order: its cookie.
pub(super) fn has_made(bench: &mut Bench, count: usize) -> String {
    let mut cookie = has_made_p1(bench);
    for n in 2..=count {
        let id = format!("p{n}");
        let reference = format!("INV-00{n}");
        let body = order(json!({"reference_id": reference}));
        let made = with(payment(&id, "unpaid"), json!({"reference_id": reference}));
        let request = Request {
            cookie: &cookie,
            ..post("/paysg/payments", &body)
        };
        let got = bench.take(
            &request,
            &[
                ("POST /payments", 201, made.clone()),
                (&format!("GET /payments/{id}"), 200, made),
            ],
        );
        cookie = got.kept(&cookie);
    }
    cookie
}
