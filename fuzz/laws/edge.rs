//! Input: a byte of choices, method, URL, headers (separated by NUL, in the order of `HEADERS`), body; then the answers to its calls, each a
//! digit and a body. The whole edge takes it, from the first step to the answer.

use paysg_wasm::edge::config::Config;
use paysg_wasm::edge::front::{Edge, Envelope, Move, Pending};
use paysg_wasm::edge::object::Next;
use paysg_wasm::edge::parcel;
use paysg_wasm::edge::request::Request;
use paysg_wasm::edge::response::Response;
use paysg_wasm::flow::step::{Answer, Fetch, Target};
use paysg_wasm::flow::terms::Terms;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    API_KEY, NOW_MS, ORDER_KEY, OTHER_SERVICE, SERVICE, SESSION_KEY, WEBHOOK_SECRET, log, parts,
    text,
};

/// More calls than any request makes: the list's pages and all retries together are far fewer.
const MAX_STEPS: usize = 400;
const RESULT_URL: &str = "https://www.example.gov.sg/done?lang=en";
const STATUSES: [u16; 10] = [0, 200, 201, 400, 401, 404, 409, 429, 500, 503];

/// An edge, and what follows from its configuration.
pub struct Bench {
    pub config: Config,
    pub terms: Terms,
}

thread_local! {
    /// Made once, since the fuzzer comes a thousand times a second; for each thread, since what signs receipts is not shared.
    static BENCHES: [&'static Bench; 2] = [false, true].map(|has_ledger| &*Box::leak(Box::new(made(has_ledger))));
}

/// The edge with a ledger, or the one without.
pub fn bench(has_ledger: bool) -> &'static Bench {
    BENCHES.with(|benches| benches[usize::from(has_ledger)])
}

fn made(has_ledger: bool) -> Bench {
    let config = Config::read(
            |name| {
                let value = match name {
                    "PAYSG_API_KEY" => API_KEY.to_owned(),
                    "PAYSG_PAYMENT_SERVICE_ID" => format!("{SERVICE},{OTHER_SERVICE}"),
                    "PAYSG_WEBHOOK_SECRET" => WEBHOOK_SECRET.to_owned(),
                    "PAYSG_ORDER_KEY" => ORDER_KEY.to_owned(),
                    "PAYSG_SESSION_KEY" => SESSION_KEY.to_owned(),
                    "PAYSG_PUBLIC_URL" => "https://pay.example.gov.sg".to_owned(),
                    "PAYSG_RESULT_URL" => RESULT_URL.to_owned(),
                    "PAYSG_FULFILMENT_URL" => "https://api.example.gov.sg/fulfilment".to_owned(),
                    "PAYSG_ALLOWED_ORIGINS" => "https://www.example.gov.sg".to_owned(),
                    "PAYSG_CATALOGUE" => r#"{"dog":{"description":"Dog licence","amount_in_cents":1500,"max_quantity":3}}"#.to_owned(),
                    _ => return None,
                };
                Some(value)
            },
            has_ledger,
        )
        .unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let terms = config.terms();
    Bench { config, terms }
}

pub fn check(data: &[u8]) {
    let Some((choices, rest)) = data.split_first() else {
        return;
    };
    let [method, url, headers, body, answers] = parts(rest);
    let (method, url, headers) = (text(method), text(url), text(headers));
    let body = (choices & 2 == 0).then_some(body);
    let request = Request::read(&method, &url, &headers, body);
    let (response, line) = drive(choices & 1 == 1, |edge| edge.begin(&request), answers);
    check_response(&response, data);
    log::check_line(&line);
}

/// Takes a request to its answer.
pub fn drive(
    has_ledger: bool,
    begin: impl FnOnce(&Edge<'_>) -> Move,
    answers: &[u8],
) -> (Response, String) {
    let Bench { config, terms } = bench(has_ledger);
    let random: Vec<u8> = (0..64).collect();
    let mut edge = Edge {
        config,
        terms,
        now_ms: NOW_MS,
        random: &random,
    };
    let mut answers = answers.split(|byte| *byte == 0xff);
    let mut step = begin(&edge);
    for _ in 0..MAX_STEPS {
        step = match step {
            Move::Respond(response, line) => return (response, line),
            Move::Fetch(fetch, pending) => {
                check_call(&fetch);
                edge.now_ms += i64::from(fetch.after_ms) + 50;
                edge.resume(stored(&pending), &answer(answers.next()))
            }
            Move::Ask {
                name,
                envelope,
                pending,
                ..
            } => {
                assert!(name.len() == 64 && !envelope.contains('\0'), "{name}");
                // A new object: it has no rows, and what it is told is all it knows.
                let reply = ask(&mut edge, &envelope, &mut answers);
                let answer = Answer::Arrived {
                    status: 200,
                    retry_after_ms: None,
                    body: reply.as_bytes(),
                };
                edge.resume(stored(&pending), &answer)
            }
        };
    }
    panic!("no answer after {MAX_STEPS} steps");
}

fn ask<'a>(
    edge: &mut Edge<'_>,
    envelope: &str,
    answers: &mut impl Iterator<Item = &'a [u8]>,
) -> String {
    let envelope: Envelope = serde_json::from_str(envelope).expect("our own");
    let mut work = edge.object_begin(None, envelope);
    for _ in 0..MAX_STEPS {
        match work.next {
            Next::Reply(reply, line) => {
                if let Some(line) = line {
                    log::check_line(&line);
                }
                return serde_json::to_string(&reply).expect("JSON");
            }
            Next::Fetch(fetch, errand) => {
                check_call(&fetch);
                edge.now_ms += i64::from(fetch.after_ms) + 50;
                let ledger = carried(&work.ledger.expect("a task has a ledger"));
                work = edge.object_resume(ledger, carried(&*errand), &answer(answers.next()));
            }
        }
    }
    panic!("no reply after {MAX_STEPS} steps");
}

/// What the host holds between two steps is text, without the boundary's separator: no part of a message may hold it.
fn carried<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let text = parcel::pack(value);
    assert!(!text.is_empty() && !text.contains('\0'));
    parcel::unpack(&text).expect("our own")
}

/// The same of a request.
pub fn stored(pending: &Pending) -> Pending {
    for charge in pending
        .charges()
        .split(' ')
        .filter(|charge| !charge.is_empty())
    {
        let (rule, name) = charge.split_once(':').expect("a rule and a name");
        assert!(
            rule.bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        );
        assert!(name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
    carried(pending)
}

fn answer(given: Option<&[u8]>) -> Answer<'_> {
    let Some((digit, body)) = given.and_then(<[u8]>::split_first) else {
        return Answer::Lost;
    };
    match STATUSES[usize::from(*digit) % STATUSES.len()] {
        0 => Answer::Lost,
        status => Answer::Arrived {
            status,
            retry_after_ms: (*digit & 16 != 0).then_some(1000),
            body,
        },
    }
}

/// A call goes where we meant it to go, and can be written as a request.
fn check_call(fetch: &Fetch) {
    let request = &fetch.request;
    assert!(["GET", "POST"].contains(&request.method));
    assert!(fetch.timeout_ms > 0);
    match fetch.target {
        Target::Fulfilment => assert!(request.path.is_empty()),
        Target::Paysg => {
            let ours = [SERVICE, OTHER_SERVICE]
                .map(|service| format!("/v1/payment-services/{service}/payments"));
            assert!(
                ours.iter().any(|path| request.path.starts_with(path)),
                "{}",
                request.path
            );
            let url = format!("https://api-staging.pay.gov.sg{}", request.path);
            assert_eq!(
                url::Url::parse(&url).expect("a URL").as_str(),
                url,
                "rewritten on its way"
            );
            assert!(!request.path.contains(".."));
        }
    }
    if let Some(key) = &request.idempotency_key {
        assert!(!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    if let Some(body) = &request.body {
        serde_json::from_str::<serde_json::Value>(body).expect("JSON");
    }
}

fn check_response(response: &Response, input: &[u8]) {
    check_frame(response);
    for line in response.headers.lines() {
        let (name, value) = line.split_once(": ").expect("a header");
        if name == "location" {
            let result = value.starts_with("https://www.example.gov.sg/done?lang=en");
            let page = bench(false).config.pages.allows(value);
            let own = value.starts_with("https://pay.example.gov.sg/paysg/")
                || value.starts_with("/paysg/");
            assert!(result || page || own, "{value}");
        }
    }
    assert!(response.headers.contains("cache-control: no-store\n"));
    // What is only ours to know is told to nobody, unless the caller said it first.
    let said = |secret: &str| {
        input
            .windows(secret.len())
            .any(|window| window == secret.as_bytes())
    };
    for secret in [API_KEY, ORDER_KEY, SESSION_KEY, WEBHOOK_SECRET] {
        let told = response.headers.contains(secret) || response.body.contains(secret);
        assert!(!told || said(secret), "{secret}");
    }
}

/// An answer that any host can send.
pub fn check_frame(response: &Response) {
    assert!(
        matches!(response.status, 200..=299 | 303 | 307 | 400..=503),
        "{}",
        response.status
    );
    assert!(!response.headers.contains('\0') && !response.body.contains('\0'));
    for line in response.headers.lines() {
        let (name, value) = line.split_once(": ").expect("a header");
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
            "{name}"
        );
        assert!(
            value.bytes().all(|byte| (b' '..=b'~').contains(&byte)),
            "{value}"
        );
    }
    if response
        .headers
        .contains("content-type: application/json\n")
    {
        let body: serde_json::Value = serde_json::from_str(&response.body).expect("JSON");
        if response.status >= 400 {
            let error = &body["error"];
            assert!(
                error["type"].is_string()
                    && error["code"].is_string()
                    && error["message"].is_string(),
                "{body}"
            );
        }
    }
    if response.headers.contains("content-type: text/html") {
        assert!(!response.body.contains("<script"), "{}", response.body);
    }
}
