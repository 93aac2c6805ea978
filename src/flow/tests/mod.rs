//! The flows beside a scripted PaySG: each test says which calls are expected and what they are answered, on a clock of its own.
//!
//! Messages and replies go through JSON, and what is kept between two steps through bytes, as in the hosts; at the end the journal must replay to
//! the same state.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test that fails may panic"
)]

mod agenda;
mod attempts;
mod checkout;
mod commands;
mod desk;
mod glance;
mod list;
mod operator;
mod refund_states;
mod refunds;
mod stateless;
mod watch;
mod witness;

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::agenda::Pace;
use super::checkout::{Chosen, Order};
use super::desk::{Message, Progress, Reply, Task, begin, order_digest, resume};
use super::step::{Answer, Fetch, Target};
use super::terms::{Desk, Terms};
use super::upstream::{CALL_TIMEOUT_MS, Trouble};
use crate::ledger::{AttemptState, Flag, Ledger, Row, idempotency_key};
use crate::paysg::time::format_iso_ms;
use crate::paysg::{PaymentId, PaymentPages, PaymentServiceId, Status};

pub(super) const SERVICE: &str = "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8";
pub(super) const OTHER_SERVICE: &str = "payment_service_00000000-ddfc-4718-a008-bd181c1522e8";
pub(super) const REFERENCE: &str = "INV-001";
pub(super) const RETURN_URL: &str = "https://edge.example.gov.sg/paysg/return";
pub(super) const START_MS: i64 = 1_795_000_000_000;
pub(super) const MINUTE_MS: i64 = 60_000;
pub(super) const HOUR_MS: i64 = 60 * MINUTE_MS;
/// How long a payer is kept waiting at most.
const PATIENCE_MS: i64 = 25_000;

pub(super) fn id(text: &str) -> PaymentId {
    PaymentId::parse(text).unwrap()
}

pub(super) fn service() -> PaymentServiceId {
    PaymentServiceId::parse(SERVICE).unwrap()
}

/// An order of this reference; `text` stands for everything in it but the amount.
pub(super) fn order_of(amount_in_cents: u64, text: &str) -> Order {
    Order {
        body: format!("{{\"description\":\"{text}\"}}"),
        digest: order_digest(&format!("{amount_in_cents} {text}")),
        amount_in_cents,
        cancel_after_secs: None,
    }
}

pub(super) fn order() -> Order {
    order_of(4200, "one licence")
}

/// A payment of this intent as PaySG shows it, in a state by its word.
pub(super) fn payment(id: &str, state: &str) -> Value {
    let (payment_status, latest, refund) = match state {
        "unpaid" => ("unpaid", "unpaid", "not_refunded"),
        "cancelled" => ("unpaid", "cancelled", "not_refunded"),
        "paid" => ("paid", "paid", "not_refunded"),
        "partially_refunded" => ("paid", "paid", "partially_refunded"),
        "refunded" => ("paid", "paid", "fully_refunded"),
        "refund_pending" => ("paid", "paid", "refund_pending"),
        "refund_failed" => ("paid", "paid", "refund_failed"),
        "refund_unknown" => ("paid", "paid", "contemplated"),
        "unknown" => ("on_hold", "on_hold", "not_refunded"),
        other => panic!("no state {other}"),
    };
    json!({
        "id": id,
        "payment_service_id": SERVICE,
        "reference_id": REFERENCE,
        "payer_name": "Tan Ah Kow",
        "payer_identifier": "S1234567D",
        "amount_in_cents": 4200,
        "payment_url": format!("https://staging.pay.gov.sg/payments/{id}"),
        "return_url": RETURN_URL,
        "payment_status": payment_status,
        "latest_status": latest,
        "refund_status": refund,
        "created_at": format_iso_ms(START_MS),
        "payment_succeeded_timestamp": (payment_status == "paid").then_some("2026-11-18T20:00:00.000+08:00"),
    })
}

/// The same with some fields changed.
pub(super) fn with(mut payment: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        payment[name] = value.clone();
    }
    payment
}

pub(super) fn page(payments: Vec<Value>, next: Option<&str>) -> Says {
    says(
        200,
        json!({
            "data": payments,
            "page_info": {"start_cursor": "s", "end_cursor": next, "has_previous_page": false, "has_next_page": next.is_some()},
        }),
    )
}

/// What a call is answered.
#[derive(Clone, Debug)]
pub(super) enum Says {
    Answer(u16, Option<u32>, String),
    Nothing,
    /// The same however often it is asked.
    Always(Box<Says>),
}

pub(super) fn always(answer: Says) -> Says {
    Says::Always(Box::new(answer))
}

pub(super) fn says(status: u16, body: Value) -> Says {
    Says::Answer(status, None, body.to_string())
}

/// A status of PaySG's own, in its form. For the e-service, the status is all that counts.
pub(super) fn status(status: u16) -> Says {
    if status < 300 {
        says(status, payment("p1", "unpaid"))
    } else {
        error(status, "some_code")
    }
}

/// The same with `Retry-After`.
pub(super) fn with_retry_after(http: u16, retry_after_ms: u32) -> Says {
    match status(http) {
        Says::Answer(http, _, body) => Says::Answer(http, Some(retry_after_ms), body),
        other => other,
    }
}

/// The same status from something between: a gateway, a firewall, a cache.
pub(super) fn gateway(status: u16) -> Says {
    Says::Answer(status, None, "<html><h1>Not here</h1></html>".to_owned())
}

pub(super) fn error(status: u16, code: &str) -> Says {
    says(
        status,
        json!({"error": {"type": "some_error", "code": code, "message": "no"}}),
    )
}

pub(super) fn shows(id: &str, state: &str) -> Says {
    says(200, payment(id, state))
}

pub(super) fn created(id: &str) -> Says {
    says(201, payment(id, "unpaid"))
}

pub(super) const IN_FLIGHT: &str = "idempotency_key_in_progress";
pub(super) const KEY_REUSED: &str = "idempotency_key_reused_with_other_parameters";

/// One intent, its scripted PaySG and e-service, and a clock.
pub(super) struct Bench {
    pub(super) now_ms: i64,
    pub(super) random: u32,
    /// How long each call takes.
    pub(super) latency_ms: i64,
    pub(super) terms: Terms,
    pub(super) ledger: Ledger,
    /// What is on disk.
    pub(super) rows: Vec<Row>,
    /// How many rows were on disk when each call went out.
    pub(super) rows_at_call: Vec<usize>,
    /// The delays of the last message.
    pub(super) delays: Vec<u32>,
    /// The calls of the last message.
    pub(super) calls: Vec<Fetch>,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self {
            now_ms: START_MS,
            random: 0,
            latency_ms: 50,
            terms: Terms {
                return_url: RETURN_URL.to_owned(),
                own_origins: vec!["https://edge.example.gov.sg".to_owned()],
                remembers: true,
                pages: PaymentPages::only(crate::paysg::Environment::Staging),
                pace: Pace {
                    tells: true,
                    notifies_nobody: false,
                    scale: 1,
                },
                sign: Box::new(|receipt, now_ms| {
                    format!("receipt of {} at {now_ms}", receipt.payment_id)
                }),
            },
            ledger: Ledger::new(service(), REFERENCE.to_owned()),
            rows: Vec::new(),
            rows_at_call: Vec::new(),
            delays: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// An intent whose payment `p1` is open.
    pub(super) fn open() -> Self {
        let mut bench = Self::new();
        bench.pay(order(), [("POST payments #1", created("p1"))]);
        bench
    }

    /// An intent whose payment `p1` is paid.
    pub(super) fn paid() -> Self {
        let mut bench = Self::open();
        bench.pay(order(), [("GET p1", shows("p1", "paid"))]);
        bench
    }

    /// An intent whose first attempt was never answered.
    pub(super) fn unanswered() -> Self {
        let mut bench = Self::new();
        let reply = bench.pay(
            order(),
            [
                ("POST payments #1", Says::Nothing),
                ("POST payments #1", Says::Nothing),
                ("POST payments #1", Says::Nothing),
                ("POST payments #1", Says::Nothing),
                ("LIST", page(vec![], None)),
            ],
        );
        assert_eq!(trouble(reply), UNAVAILABLE);
        bench
    }

    pub(super) fn pass(&mut self, ms: i64) -> &mut Self {
        self.now_ms += ms;
        self
    }

    pub(super) fn pay<const N: usize>(&mut self, order: Order, script: [(&str, Says); N]) -> Reply {
        self.ask(Message::Pay { order }, script)
    }

    pub(super) fn inquire<const N: usize>(
        &mut self,
        payment: &str,
        script: [(&str, Says); N],
    ) -> Reply {
        let message = Message::Inquire {
            payment_id: id(payment),
            patience_ms: 3_000,
            fresh: true,
        };
        self.ask(message, script)
    }

    pub(super) fn hint<const N: usize>(
        &mut self,
        payment: &str,
        script: [(&str, Says); N],
    ) -> Reply {
        let payment_id = id(payment);
        self.ask(Message::Hint { payment_id }, script)
    }

    /// PaySG says three times over ten minutes that it does not know a payment, so that it counts as missing.
    pub(super) fn lose(&mut self, payment: &str) {
        for _ in 0..3 {
            let called = format!("GET {payment}");
            self.inquire(payment, [(&*called, always(status(404)))]);
            self.pass(5 * MINUTE_MS);
        }
    }

    pub(super) fn wake<const N: usize>(&mut self, script: [(&str, Says); N]) {
        let reply = self.ask(Message::Wake, script);
        assert!(matches!(reply, Reply::Slept), "{reply:?}");
    }

    /// Has the intent take a message, expecting exactly these calls.
    pub(super) fn ask<const N: usize>(
        &mut self,
        message: Message,
        script: [(&str, Says); N],
    ) -> Reply {
        let paying = matches!(message, Message::Pay { .. });
        let mut script = VecDeque::from(script);
        self.delays.clear();
        self.calls.clear();
        self.rows_at_call.clear();
        let began_ms = self.now_ms;
        let mut repeated: Option<String> = None;
        let mut progress = {
            let mut desk = desk_of(&mut self.ledger, self.now_ms, self.random, &self.terms);
            begin(&mut desk, through_json(&message))
        };
        loop {
            let rows = self.ledger.take_unsaved();
            if self.ledger.intent.is_erased() && !rows.is_empty() {
                self.rows.clear();
            }
            self.rows.extend(rows);
            let (task, fetch) = match progress {
                Progress::Working(task, fetch) => (task, fetch),
                Progress::Done(reply) => {
                    script.retain(|(called, _)| Some(*called) != repeated.as_deref());
                    assert!(script.is_empty(), "never called: {script:?}");
                    self.check_journal();
                    return reply;
                }
            };
            let called = self.name(&fetch);
            if repeated
                .as_ref()
                .is_some_and(|repeated| *repeated != called)
            {
                script.pop_front();
                repeated = None;
            }
            let (expected, answer) = script
                .pop_front()
                .unwrap_or_else(|| panic!("unexpected {called}"));
            let answer = match answer {
                Says::Always(always) => {
                    repeated = Some(called.clone());
                    script.push_front((expected, Says::Always(always.clone())));
                    *always
                }
                once => once,
            };
            assert_eq!(called, expected, "then: {script:?}");
            self.now_ms += i64::from(fetch.after_ms);
            assert!(
                !paying || fetch.after_ms == 0 || self.now_ms < began_ms + PATIENCE_MS,
                "a delay beyond the payer's patience"
            );
            assert!(fetch.timeout_ms <= CALL_TIMEOUT_MS);
            self.now_ms += self.latency_ms;
            self.rows_at_call.push(self.rows.len());
            self.delays.push(fetch.after_ms);
            self.calls.push(fetch);
            let answer = match &answer {
                Says::Nothing | Says::Always(_) => Answer::Lost,
                Says::Answer(status, retry_after_ms, body) => Answer::Arrived {
                    status: *status,
                    retry_after_ms: *retry_after_ms,
                    body: body.as_bytes(),
                },
            };
            // What the hosts do between two steps.
            self.ledger = as_carried(&self.ledger);
            let task: Task = as_carried(&task);
            let mut desk = desk_of(&mut self.ledger, self.now_ms, self.random, &self.terms);
            progress = resume(&mut desk, task, &answer);
        }
    }

    /// `POST payments #2` (the key of attempt 2), `GET p1`, `LIST after=c`, `POST p1/cancel`, `TELL p1`.
    fn name(&self, fetch: &Fetch) -> String {
        let request = &fetch.request;
        let key = request.idempotency_key.as_deref();
        if fetch.target == Target::Fulfilment {
            assert_eq!((request.method, &*request.path), ("POST", ""));
            return format!("TELL {}", key.unwrap());
        }
        let path = request
            .path
            .strip_prefix(&format!("/v1/payment-services/{SERVICE}/"))
            .unwrap_or_else(|| panic!("{}", request.path));
        if let Some(query) = path.strip_prefix("payments?limit=100") {
            return format!("LIST {}", query.trim_start_matches('&'))
                .trim_end()
                .to_owned();
        }
        let path = path.strip_prefix("payments/").unwrap_or(path);
        let number =
            (1..=20).find(|n| key == Some(idempotency_key(&service(), REFERENCE, *n).as_str()));
        match number {
            Some(number) => format!("{} {path} #{number}", request.method),
            None => format!("{} {path}", request.method),
        }
    }

    fn check_journal(&self) {
        if self.rows.is_empty() {
            return;
        }
        let replayed = Ledger::replay(&self.rows, self.ledger.schedule.clone())
            .unwrap()
            .unwrap();
        let mut intent = self.ledger.intent.clone();
        if intent.is_erased() {
            intent.reference_id.clear();
        }
        assert_eq!(replayed.intent, intent);
    }

    pub(super) fn states(&self) -> Vec<AttemptState> {
        let attempts = self.ledger.intent.attempts.iter();
        attempts.map(|attempt| attempt.state).collect()
    }

    pub(super) fn is_flagged(&self, flag: Flag, payment: Option<&str>) -> bool {
        let payment = payment.map(id);
        self.ledger.intent.is_flagged(flag, payment.as_ref())
    }

    /// When the intent wakes by itself.
    pub(super) fn alarm_ms(&self) -> Option<i64> {
        super::agenda::next(&self.ledger, self.terms.pace).map(|(at_ms, _)| at_ms)
    }

    /// When the first look comes after an attempt's cancellation.
    pub(super) fn recheck_ms(&self, attempt: usize) -> i64 {
        self.ledger.intent.attempts[attempt]
            .cancelled_at_ms
            .unwrap()
            + 20 * MINUTE_MS
    }

    pub(super) fn alerts(&self) -> Vec<&'static str> {
        super::watch::concerns(&self.ledger, self.terms.pace, self.now_ms)
    }

    /// Sleeps until the alarm.
    pub(super) fn sleep(&mut self) -> &mut Self {
        self.now_ms = self.alarm_ms().expect("an alarm").max(self.now_ms);
        self
    }
}

fn desk_of<'a>(ledger: &'a mut Ledger, now_ms: i64, random: u32, terms: &'a Terms) -> Desk<'a> {
    Desk {
        ledger,
        now_ms,
        random,
        terms,
    }
}

/// As `edge::parcel` carries it, without its text.
fn as_carried<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    postcard::from_bytes(&postcard::to_extend(value, Vec::new()).unwrap()).unwrap()
}

fn through_json<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

pub(super) const UNAVAILABLE: Trouble = Trouble::Unavailable {
    retry_after_ms: None,
};

pub(super) fn trouble(reply: Reply) -> Trouble {
    match reply {
        Reply::Failed(trouble) => trouble,
        other => panic!("no failure: {other:?}"),
    }
}

pub(super) fn chosen(reply: Reply) -> Chosen {
    match reply {
        Reply::Chosen(chosen) => chosen,
        other => panic!("no payment: {other:?}"),
    }
}

/// The payment that a checkout ended with: id, status, whether it existed.
pub(super) fn outcome(reply: Reply) -> (String, Status, bool) {
    let Chosen { payment, existed } = chosen(reply);
    (payment.id.as_str().to_owned(), payment.status, existed)
}

pub(super) fn is(id: &str, status: Status, existed: bool) -> (String, Status, bool) {
    (id.to_owned(), status, existed)
}

/// The status that a question or command was answered with.
pub(super) fn answered(reply: Reply) -> Status {
    match reply {
        Reply::Payment { payment } | Reply::Refund { payment, .. } => payment.status,
        other => panic!("no payment: {other:?}"),
    }
}
