//! The JS API of the edge build: thin, and flat. The host (`npm/host.js`) carries out what comes back.
//!
//! What comes back is one string, its parts separated by NUL (which no part holds: bodies are JSON, HTML or our own words):
//!
//! | first | then |
//! |---|---|
//! | `R` | status, headers (`name: value` lines), body, log line |
//! | `F` | route, charges, delay in ms, time-out in ms, kind, method, URL, headers, body, pending |
//! | `A` | route, charges, object's name, envelope, `repeatable` or nothing, pending |
//!
//! and from an intent's object
//!
//! | first | then |
//! |---|---|
//! | `D` | ledger, rows (of each a line for number, time, entry and hash) or nothing, schedule, alarm in ms or nothing, reply, log line or nothing, `erase` if all that is stored goes before or nothing |
//! | `W` | the same up to the alarm, then as `F` from the delay, with the errand as pending |
//! | `E` | the row that cannot be read, why, and as far as the rows say it the intent's name and payment service |
//!
//! The kind of a call is `shared` where an equal call of the last 2 s, or one under way, will do; `apart` where the object may take other
//! messages meanwhile; or nothing. Charges are `RULE:NAME`, separated by spaces: where one cannot be paid, the host gives the request up.

use wasm_bindgen::prelude::*;

use super::config::{Config, Misconfigured};
use super::front::{self, Envelope, Move, Pending};
use super::log::{Line, Place, RequestId, Trace};
use super::object::{self, Errand, Next, OfWhom, Work};
use super::parcel;
use super::problem::Problem;
use super::request::Request;
use super::response::Response;
use super::webhook;
use crate::flow::retry::retry_after_ms;
use crate::flow::step::{Answer, Fetch, Target};
use crate::flow::terms::Terms;
use crate::ledger::{Ledger, Row};
use crate::paysg::time::parse_http_date_ms;
use crate::paysg::{Json, json};

#[wasm_bindgen]
extern "C" {
    type Text;
    /// `String.prototype.normalize`, whose form is NFC where none is named.
    #[wasm_bindgen(method)]
    fn normalize(this: &Text) -> String;
}

fn is_nfc(text: &str) -> bool {
    text.is_ascii() || JsValue::from_str(text).unchecked_into::<Text>().normalize() == text
}

/// The configuration, and what follows from it once.
#[wasm_bindgen]
pub struct Edge(Result<(Config, Terms), Misconfigured>);

#[wasm_bindgen]
impl Edge {
    /// Reads the variables from JSON, an object of strings.
    #[wasm_bindgen(constructor)]
    pub fn new(env: &str, has_ledger: bool) -> Self {
        let variables = json::parse(env.as_bytes()).unwrap_or(Json::Null);
        let variable = |name: &str| {
            variables
                .get(name)
                .and_then(Json::as_str)
                .map(str::to_owned)
        };
        let config = Config::read(variable, has_ledger);
        Self(config.map(|mut config| {
            config.is_nfc = is_nfc;
            let terms = config.terms();
            (config, terms)
        }))
    }

    /// Takes a request. `headers`: the values of `HEADERS`, separated by NUL. `body`: absent where it was too large.
    pub fn begin(
        &self,
        method: &str,
        url: &str,
        headers: &str,
        body: Option<Box<[u8]>>,
        now_ms: f64,
        random: &[u8],
    ) -> String {
        #[cfg(feature = "trap")]
        super::trap::spring(url);
        self.with(now_ms, random, |edge| {
            let request = Request::read(method, url, headers, body.as_deref());
            edge.begin(&request)
        })
    }

    /// Refuses a request before its body is read. Nothing: the body is wanted.
    pub fn admit(
        &self,
        method: &str,
        url: &str,
        headers: &str,
        now_ms: f64,
        random: &[u8],
    ) -> String {
        self.with_any(now_ms, random, |edge| {
            let request = Request::read(method, url, headers, None);
            edge.admit(&request)
        })
        .unwrap_or_default()
    }

    /// Refuses a request whose body is not taken: `why` is a reason of the host's.
    pub fn turn_away(
        &self,
        method: &str,
        url: &str,
        headers: &str,
        why: &str,
        now_ms: f64,
        random: &[u8],
    ) -> String {
        self.with(now_ms, random, |edge| {
            let request = Request::read(method, url, headers, None);
            edge.turn_away(&request, &refusal(why, 0))
        })
    }

    /// Gives up a request whose next call is not made: `why` is a reason of the host's.
    pub fn give_up(
        &self,
        pending: &str,
        why: &str,
        retry_after_secs: u32,
        now_ms: f64,
        random: &[u8],
    ) -> String {
        self.with(now_ms, random, |edge| match Pending::read(pending) {
            Some(pending) => edge.give_up(pending, &refusal(why, retry_after_secs)),
            None => internal(edge),
        })
    }

    /// Takes the answer to a call; `status` 0: there was none.
    pub fn resume(
        &self,
        pending: &str,
        status: u16,
        retry_after: &str,
        body: &[u8],
        now_ms: f64,
        random: &[u8],
    ) -> String {
        #[cfg(feature = "trap")]
        super::trap::spring(retry_after);
        self.with(now_ms, random, |edge| match Pending::read(pending) {
            Some(pending) => edge.resume(pending, &answer(status, retry_after, body, now_ms)),
            None => internal(edge),
        })
    }

    /// Reads a stored ledger back.
    pub fn object_load(&self, rows: &str, schedule: &str) -> String {
        match object::load(rows, schedule) {
            Ok(None) => String::new(),
            Ok(Some(ledger)) => parcel::pack(&ledger),
            Err(error) => {
                let OfWhom {
                    intent,
                    payment_service_id,
                } = object::of_whom(rows);
                let row = error.row.to_string();
                flat(&[
                    "E",
                    &row,
                    error.reason.as_str(),
                    &intent,
                    &payment_service_id,
                ])
            }
        }
    }

    /// Takes a message to an intent's object.
    pub fn object_begin(
        &self,
        ledger: &str,
        envelope: &str,
        now_ms: f64,
        random: &[u8],
    ) -> Result<String, JsError> {
        #[cfg(feature = "trap")]
        super::trap::spring(envelope);
        let envelope: Envelope = serde_json::from_str(envelope)?;
        let ledger = read_ledger(ledger)?;
        self.object(now_ms, random, |edge| edge.object_begin(ledger, envelope))
    }

    /// Takes the answer to a task's call.
    #[allow(clippy::too_many_arguments)] // One crossing: each is a word of the protocol between host and core.
    pub fn object_resume(
        &self,
        ledger: &str,
        task: &str,
        status: u16,
        retry_after: &str,
        body: &[u8],
        now_ms: f64,
        random: &[u8],
    ) -> Result<String, JsError> {
        #[cfg(feature = "trap")]
        super::trap::spring(retry_after);
        let errand: Errand = parcel::unpack(task).ok_or_else(|| JsError::new("no task of ours"))?;
        let ledger = read_ledger(ledger)?.ok_or_else(|| JsError::new("a task without a ledger"))?;
        let answer = answer(status, retry_after, body, now_ms);
        self.object(now_ms, random, |edge| {
            edge.object_resume(ledger, errand, &answer)
        })
    }

    /// What an operator should know of an intent, or nothing.
    pub fn object_concerns(&self, ledger: &str, now_ms: f64) -> Result<String, JsError> {
        let (Ok((config, terms)), Some(ledger)) = (&self.0, read_ledger(ledger)?) else {
            return Ok(String::new());
        };
        let edge = front::Edge {
            config,
            terms,
            now_ms: now_ms as i64,
            random: &[],
        };
        Ok(edge.object_concerns(&ledger))
    }

    fn with(
        &self,
        now_ms: f64,
        random: &[u8],
        step: impl FnOnce(&front::Edge<'_>) -> Move,
    ) -> String {
        self.with_any(now_ms, random, |edge| Some(step(edge)))
            .unwrap_or_default()
    }

    fn with_any(
        &self,
        now_ms: f64,
        random: &[u8],
        step: impl FnOnce(&front::Edge<'_>) -> Option<Move>,
    ) -> Option<String> {
        match &self.0 {
            Ok((config, terms)) => {
                let step = step(&front::Edge {
                    config,
                    terms,
                    now_ms: now_ms as i64,
                    random,
                })?;
                Some(write(config, step))
            }
            Err(misconfigured) => {
                let problem = Problem::misconfigured(*misconfigured);
                let variable = Some(misconfigured.variable);
                let line = line(now_ms as i64, random, &problem, variable);
                Some(respond(&Response::problem(&problem), &line))
            }
        }
    }

    fn object(
        &self,
        now_ms: f64,
        random: &[u8],
        step: impl FnOnce(&front::Edge<'_>) -> Work,
    ) -> Result<String, JsError> {
        let Ok((config, terms)) = &self.0 else {
            return Err(JsError::new("misconfigured"));
        };
        let work = step(&front::Edge {
            config,
            terms,
            now_ms: now_ms as i64,
            random,
        });
        let rows: Vec<String> = work.rows.iter().map(row).collect();
        let rows = rows.join("\n");
        let alarm = work
            .alarm_ms
            .map(|at_ms| at_ms.to_string())
            .unwrap_or_default();
        let (ledger, schedule) = match &work.ledger {
            Some(ledger) if !ledger.is_empty() => (parcel::pack(ledger), json_of(&ledger.schedule)),
            Some(_) | None => (String::new(), String::new()),
        };
        Ok(match work.next {
            Next::Reply(reply, line) => {
                let line = line.unwrap_or_default();
                let reply = json_of(&reply);
                let erases = if work.erases { "erase" } else { "" };
                flat(&[
                    "D", &ledger, &rows, &schedule, &alarm, &reply, &line, erases,
                ])
            }
            // A task of an intent that has no rows yet needs its ledger all the same.
            Next::Fetch(fetch, errand) => {
                let ledger = match &work.ledger {
                    Some(unrecorded) if ledger.is_empty() => parcel::pack(unrecorded),
                    Some(_) | None => ledger,
                };
                let head = flat(&["W", &ledger, &rows, &schedule, &alarm]);
                flat(&[&head, &call(config, &fetch), &parcel::pack(&*errand)])
            }
        })
    }
}

/// Has the next call find a new instance: the host calls it after a trap, of which this instance may not have recovered.
#[allow(unreachable_pub)] // wasm-bindgen exports it.
#[wasm_bindgen]
pub fn recycle() {
    wasm_bindgen::handler::schedule_reinit();
}

/// Makes the new instance, without a word for it: the first call after [`recycle`] writes what it is given into the old one's memory.
#[allow(unreachable_pub)] // wasm-bindgen exports it.
#[wasm_bindgen]
pub fn renew() {}

/// Verifies a webhook for a backend of its own: `ok`, freshness (`fresh`, `early`, `late`), the header's time in ms, then what the event
/// names, each empty where it does not: id, type, payment service, payment, reference, its own time in ms; or `error`, code, message.
///
/// `tags`: what the host has computed with the runtime's own HMAC over `TIMESTAMP.BODY`, 32 bytes for each secret.
#[allow(unreachable_pub)] // wasm-bindgen exports it.
#[wasm_bindgen]
pub fn verify_webhook(
    header: &str,
    body: &[u8],
    secrets: &str,
    tags: Option<Box<[u8]>>,
    received_at_ms: f64,
    tolerance_secs: u32,
) -> String {
    let tags = tags.as_deref();
    match webhook::verify(
        header,
        body,
        secrets,
        tags,
        received_at_ms as i64,
        tolerance_secs,
    ) {
        Ok(parts) => parts.join("\0"),
        Err((code, message)) => flat(&["error", code, &message]),
    }
}

/// What a webhook's signature is over besides its body; nothing where the header is malformed, which [`verify_webhook`] will say.
#[allow(unreachable_pub)] // wasm-bindgen exports it.
#[wasm_bindgen]
pub fn signed_timestamp(header: &str) -> String {
    webhook::signed_timestamp(header)
}

fn read_ledger(ledger: &str) -> Result<Option<Ledger>, JsError> {
    if ledger.is_empty() {
        return Ok(None);
    }
    let unpacked = parcel::unpack(ledger).ok_or_else(|| JsError::new("no ledger of ours"))?;
    Ok(Some(unpacked))
}

fn answer<'a>(status: u16, retry_after: &str, body: &'a [u8], now_ms: f64) -> Answer<'a> {
    if status == 0 {
        return Answer::Lost;
    }
    Answer::Arrived {
        status,
        retry_after_ms: retry_after_ms(retry_after, now_ms as i64, parse_http_date_ms),
        body,
    }
}

/// No part of it holds a line break: the entry is JSON without white space.
fn row(row: &Row) -> String {
    let Row {
        number,
        at_ms,
        entry,
        hash,
    } = row;
    format!("{number}\n{at_ms}\n{entry}\n{}", hash.as_str())
}

fn json_of(value: &impl serde::Serialize) -> String {
    // Plain data with string keys: writing it cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

fn flat(parts: &[&str]) -> String {
    parts.join("\0")
}

fn respond(response: &Response, line: &str) -> String {
    let status = response.status.to_string();
    // No body holds NUL. One that did would end there, and what follows it would be taken for the line of the log.
    let body = if response.body.contains('\0') {
        &response.body.replace('\0', "\u{fffd}")
    } else {
        &response.body
    };
    flat(&["R", &status, &response.headers, body, line])
}

/// What the host hands back was not what it was given.
fn internal(edge: &front::Edge<'_>) -> Move {
    let problem = Problem::internal();
    let line = line(edge.now_ms, edge.random, &problem, None);
    Move::Respond(Response::problem(&problem), line)
}

/// The line of an answer for which no route was found.
fn line(now_ms: i64, random: &[u8], problem: &Problem, variable: Option<&'static str>) -> String {
    Line {
        at_ms: now_ms,
        place: Place::Unknown,
        trace: &Trace::new(Some(RequestId::draw(random)), now_ms),
        status: Some(problem.status),
        code: Some(problem.code),
        ignored: None,
        variable,
    }
    .to_json()
}

/// The host's reasons.
fn refusal(why: &str, retry_after_secs: u32) -> Problem {
    match why {
        "limited" => Problem::rate_limited(retry_after_secs),
        "slow" => Problem::too_slow(),
        "trapped" => Problem::internal(),
        _ => Problem::overloaded(),
    }
}

fn write(config: &Config, step: Move) -> String {
    match step {
        Move::Respond(response, line) => respond(&response, &line),
        Move::Fetch(fetch, pending) => flat(&[
            "F",
            pending.route().as_str(),
            pending.charges(),
            &call(config, &fetch),
            &pending.write(),
        ]),
        Move::Ask {
            name,
            envelope,
            repeatable,
            pending,
        } => flat(&[
            "A",
            pending.route().as_str(),
            pending.charges(),
            &name,
            &envelope,
            if repeatable { "repeatable" } else { "" },
            &pending.write(),
        ]),
    }
}

fn call(config: &Config, fetch: &Fetch) -> String {
    let mut headers = String::from("accept: application/json\n");
    let url = match fetch.target {
        Target::Paysg => {
            headers.push_str("x-api-key: ");
            headers.push_str(config.api_key.expose());
            headers.push('\n');
            format!("{}{}", config.api_origin, fetch.request.path)
        }
        Target::Fulfilment => config
            .fulfilment_url
            .as_ref()
            .map(|url| url.as_str().to_owned())
            .unwrap_or_default(),
    };
    if fetch.request.body.is_some() {
        headers.push_str("content-type: application/json\n");
    }
    if let Some(key) = &fetch.request.idempotency_key {
        headers.push_str("idempotency-key: ");
        headers.push_str(key);
        headers.push('\n');
    }
    flat(&[
        &fetch.after_ms.to_string(),
        &fetch.timeout_ms.to_string(),
        match (fetch.shared, fetch.target) {
            (true, _) => "shared",
            (false, Target::Fulfilment) => "apart",
            (false, Target::Paysg) => "",
        },
        fetch.request.method,
        &url,
        &headers,
        fetch.request.body.as_deref().unwrap_or_default(),
    ])
}
