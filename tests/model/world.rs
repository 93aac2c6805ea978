//! One intent's object as its host runs it, with everything around it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use paysg_wasm::edge::config::Config;
use paysg_wasm::edge::front::{Edge, Envelope};
use paysg_wasm::edge::object::{self, Errand, Next, Work};
use paysg_wasm::flow::checkout::Order;
use paysg_wasm::flow::desk::{Message, Reply, order_digest};
use paysg_wasm::flow::step::{Answer, Fetch, Target};
use paysg_wasm::flow::terms::Terms;
use paysg_wasm::flow::upstream::Trouble;
use paysg_wasm::ledger::{Ledger, Row};
use paysg_wasm::paysg::{PaymentId, PaymentServiceId, Status};

use crate::dice::Dice;
use crate::eservice::EService;
use crate::paysg::{PaySg, RETURN_URL, SERVICE, State};
use crate::seen::Seen;

pub(crate) const REFERENCE: &str = "INV-2026-001";
pub(crate) const OTHERS: &str = "INV-2026-999";
const START_MS: i64 = 1_795_000_000_000;
pub(crate) const MINUTE_MS: i64 = 60_000;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;

pub(crate) struct Running {
    errand: Box<Errand>,
    fetch: Fetch,
    asked: Message,
}

pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) now_ms: i64,
    pub(crate) paysg: PaySg,
    pub(crate) eservice: EService,
    pub(crate) seen: Seen,
    /// Whether calls and machines may fail.
    pub(crate) faults: bool,
    pub(crate) shown: BTreeSet<String>,
    /// After how long this life's orders have an unpaid link cancelled.
    pub(crate) cancel_after_secs: Option<u32>,
    /// Whether this life's orders differ in their metadata alone.
    pub(crate) one_order: bool,
    /// When each payment came to be known, and whether an order of this life asked for it.
    pub(crate) opened_ms: BTreeMap<String, (i64, bool)>,
    /// Payments that an officer or a payer has asked to be cancelled.
    pub(crate) cancelled_by_command: BTreeSet<String>,
    /// From when on the proxy has a URL to notify, if ever.
    pub(crate) url_from_ms: Option<i64>,
    config: Config,
    pub(crate) terms: Terms,
    without_url: Terms,
    pub(crate) memory: Option<Ledger>,
    pub(crate) rows: Vec<Row>,
    stored: Option<Ledger>,
    stored_rows: usize,
    additions: u64,
    schedule: String,
    pub(crate) alarm_ms: Option<i64>,
    queue: VecDeque<Message>,
    pub(crate) running: Option<Running>,
    pub(crate) apart: Option<Running>,
    pub(crate) paid_once: BTreeSet<String>,
    /// Paid payments of ours whose event was acknowledged.
    pub(crate) due: BTreeSet<String>,
    /// How many creates are on record as refused.
    pub(crate) refused: u64,
    /// How many rows and changes of PaySG's were there when everything was last checked.
    pub(crate) checked: (usize, u64),
    trace: bool,
}

fn config(url: Option<&str>) -> Config {
    let variable = |name: &str| {
        let value = match name {
            "PAYSG_API_KEY" => "paysg_live_model",
            "PAYSG_PAYMENT_SERVICE_ID" => SERVICE,
            "PAYSG_WEBHOOK_SECRET" => "whsec",
            "PAYSG_ORDER_KEY" => "an order key of 32 bytes or more!!",
            "PAYSG_SESSION_KEY" => "a session key of 32 bytes or more!",
            "PAYSG_PUBLIC_URL" => "https://edge.example.gov.sg",
            "PAYSG_FULFILMENT_URL" => return url.map(str::to_owned),
            _ => return None,
        };
        Some(value.to_owned())
    };
    Config::read(variable, true).expect("a good configuration")
}

/// What PaySG is asked for; `version` tells one order of the reference from another.
pub(crate) fn order(version: u64) -> Order {
    pressed(version, "")
}

/// The same, with a time in the metadata, which makes no other order.
pub(crate) fn pressed(version: u64, at: &str) -> Order {
    // The first two cost the same.
    let amount = 2_500 + version / 2 * 100;
    let body = format!(
        r#"{{"reference_id":"{REFERENCE}","payer_name":"Tan","description":"Invoice {version}","amount_in_cents":{amount},"metadata":{{"at":"{at}"}},"return_url":"{RETURN_URL}"}}"#
    );
    Order {
        digest: order_digest(&format!("{version}")),
        body,
        amount_in_cents: amount,
        cancel_after_secs: None,
    }
}

pub(crate) fn id(text: &str) -> PaymentId {
    PaymentId::parse(text).expect("the model's ids are of PaySG's form")
}

impl World {
    pub(crate) fn new(seed: u64, trace: bool) -> Self {
        let config = config(Some("https://eservice.example.gov.sg/fulfilment"));
        let terms = config.terms();
        Self {
            dice: Dice::new(seed),
            now_ms: START_MS,
            paysg: PaySg::new(trace),
            eservice: EService::default(),
            seen: Seen::default(),
            faults: true,
            shown: BTreeSet::new(),
            cancel_after_secs: None,
            one_order: false,
            opened_ms: BTreeMap::new(),
            cancelled_by_command: BTreeSet::new(),
            url_from_ms: Some(START_MS),
            without_url: self::config(None).terms(),
            config,
            terms,
            memory: None,
            rows: Vec::new(),
            stored: None,
            stored_rows: 0,
            additions: 0,
            schedule: String::new(),
            alarm_ms: None,
            queue: VecDeque::new(),
            running: None,
            apart: None,
            paid_once: BTreeSet::new(),
            due: BTreeSet::new(),
            refused: 0,
            checked: (0, 0),
            trace,
        }
    }

    pub(crate) fn pay(&mut self, payment: &str) {
        let now_ms = self.now_ms;
        let payment = self.paysg.find(payment).unwrap();
        if payment.state == State::Unpaid {
            payment.state = State::Paid;
            payment.paid_ms = Some(now_ms);
            if self.faults && self.dice.once_in(4) {
                payment.stale_until_ms = now_ms + self.dice.below(60_000) as i64;
            }
        }
    }

    pub(crate) fn pass(&mut self, ms: i64) {
        let until = self.now_ms + ms;
        // Whoever works does not sleep: a call that is under way ends, one way or the other, long before.
        while self.running.is_some() || self.apart.is_some() {
            self.progress();
            self.progress_apart();
        }
        self.now_ms = self.now_ms.max(until);
        if ms > 24 * HOUR_MS {
            self.seen.note("a key pruned");
        }
    }

    pub(crate) fn ask(&mut self, message: Message) {
        self.queue.push_back(message);
        self.take_turn();
    }

    pub(crate) fn has_url(&self) -> bool {
        self.url_from_ms
            .is_some_and(|from_ms| from_ms <= self.now_ms)
    }

    fn take_turn(&mut self) {
        while self.running.is_none()
            && let Some(message) = self.queue.pop_front()
        {
            let needs_intent = !matches!(message, Message::Inquire { .. } | Message::Wake);
            let service = PaymentServiceId::parse(SERVICE).unwrap();
            let envelope = Envelope {
                intent: needs_intent.then(|| (service, REFERENCE.to_owned())),
                message: message.clone(),
                request_id: None,
            };
            self.load();
            let ledger = self.memory.clone();
            let is_remains =
                |ledger: &Ledger| ledger.intent.is_erased() && ledger.intent.paid().is_some();
            if matches!(message, Message::Pay { .. }) && ledger.as_ref().is_some_and(is_remains) {
                self.seen.note("an order for what was paid and erased");
            }
            let work = self.edge(|edge| edge.object_begin(ledger, envelope));
            self.carry_out(work, message);
        }
    }

    fn load(&mut self) {
        if self.memory.is_none() && !self.rows.is_empty() {
            let rows = serde_json::to_string(&self.rows).unwrap();
            self.memory = object::load(&rows, &self.schedule).expect("an unbroken journal");
        }
    }

    fn edge(&mut self, step: impl FnOnce(&Edge<'_>) -> Work) -> Work {
        let random: Vec<u8> = (0..8)
            .flat_map(|_| self.dice.next().to_le_bytes())
            .collect();
        step(&Edge {
            config: &self.config,
            terms: if self.has_url() {
                &self.terms
            } else {
                &self.without_url
            },
            now_ms: self.now_ms,
            random: &random,
        })
    }

    /// As the object's host does: store, then act. Machines die before and after the write.
    fn carry_out(&mut self, work: Work, asked: Message) {
        if self.faults && self.dice.once_in(60) {
            self.seen.note("a write lost");
            self.crash();
            return;
        }
        if self.trace {
            for row in &work.rows {
                eprintln!("{:>12} {}", self.now_ms - START_MS, row.entry);
            }
        }
        self.note(&work.rows);
        if work.erases {
            self.rows.clear();
            self.stored_rows = usize::MAX;
            self.seen.note("a journal erased");
        }
        self.rows.extend(work.rows.iter().cloned());
        if let Some(ledger) = work.ledger.as_ref().filter(|ledger| !ledger.is_empty()) {
            self.schedule = serde_json::to_string(&ledger.schedule).unwrap();
            self.memory = Some(ledger.clone());
        }
        self.alarm_ms = work.alarm_ms;
        if self.faults && self.dice.once_in(60) {
            self.crash();
            return;
        }
        match work.next {
            Next::Reply(reply, _) => {
                self.check_reply(&asked, &reply);
                self.reply(&reply);
            }
            Next::Fetch(fetch, errand) => {
                // A task of an intent without rows carries its empty ledger along.
                if self.memory.is_none() {
                    self.memory = work.ledger;
                }
                let running = Running {
                    errand,
                    fetch,
                    asked,
                };
                if running.fetch.target == Target::Fulfilment {
                    self.apart = Some(running);
                } else {
                    self.running = Some(running);
                }
            }
        }
    }

    fn note(&mut self, rows: &[Row]) {
        for row in rows {
            let entry: serde_json::Value = serde_json::from_str(&row.entry).unwrap();
            if entry["what"] == "opened" || entry["what"] == "adopted" {
                let payment = entry["payment_id"].as_str().unwrap().to_owned();
                let ordered = entry["what"] == "opened";
                self.opened_ms.insert(payment, (row.at_ms, ordered));
            }
            self.refused += u64::from(entry["what"] == "refused");
            for (what, entry) in [
                ("a create refused", r#""what":"refused""#),
                ("a payment found for an attempt", r#""adopted":true"#),
                ("a payment adopted", r#""what":"adopted""#),
                ("an attempt given up", r#""what":"given_up""#),
                ("a notification", r#""what":"told""#),
                ("a refund", r#""what":"refund_made""#),
                ("a command of an operator", r#""what":"command_received""#),
                ("a flag cleared", r#""what":"flag_cleared""#),
                ("a flag acknowledged", r#""what":"flag_acknowledged""#),
            ] {
                if row.entry.contains(entry) {
                    self.seen.note(what);
                }
            }
        }
    }

    fn reply(&mut self, reply: &Reply) {
        assert!(
            !matches!(reply, Reply::Failed(Trouble::Mismatch)),
            "PaySG has swapped nothing"
        );
        if let Reply::Chosen(chosen) = reply {
            self.seen.note("a payment chosen");
            if chosen.payment.status == Status::Unpaid {
                self.shown.insert(chosen.payment.id.as_str().to_owned());
            }
        }
    }

    pub(crate) fn progress(&mut self) {
        if let Some(running) = self.running.take() {
            self.finish_call(running);
        }
        self.take_turn();
    }

    pub(crate) fn progress_apart(&mut self) {
        if let Some(running) = self.apart.take() {
            self.finish_call(running);
        }
    }

    /// Whether a message is worked off, or waits for its turn.
    pub(crate) fn is_busy(&self) -> bool {
        self.running.is_some() || !self.queue.is_empty()
    }

    fn finish_call(&mut self, running: Running) {
        self.now_ms += i64::from(running.fetch.after_ms) + self.dice.below(200) as i64;
        let request = &running.fetch.request;
        let (status, retry_after_ms, body) = match running.fetch.target {
            Target::Paysg => {
                let now_ms = self.now_ms;
                if request.path.ends_with("/cancel") {
                    self.check_cancellation(&running.asked, &request.path);
                }
                if matches!(running.asked, Message::Wake) && request.path.contains("?limit=") {
                    self.seen.note("a search by alarm");
                }
                let request = &running.fetch.request;
                let dice = self.faults.then_some(&mut self.dice);
                // No answer has the status 0.
                self.paysg.call(request, now_ms, dice).unwrap_or_default()
            }
            Target::Fulfilment => {
                let key = request
                    .idempotency_key
                    .clone()
                    .expect("a telling has a key");
                let body = request.body.clone().expect("a telling has a body");
                self.check_telling(&body);
                let dice = self.faults.then_some(&mut self.dice);
                let status = self.eservice.call(&key, &body, self.now_ms, dice);
                (status.unwrap_or(0), None, String::new())
            }
        };
        if self.trace {
            let at_ms = self.now_ms - START_MS;
            eprintln!("{at_ms:>12} {} {}: {status}", request.method, request.path);
        }
        let answer = if status == 0 {
            Answer::Lost
        } else {
            Answer::Arrived {
                status,
                retry_after_ms,
                body: body.as_bytes(),
            }
        };
        self.load();
        let Some(ledger) = self.memory.clone() else {
            return;
        };
        let work = self.edge(|edge| edge.object_resume(ledger, *running.errand, &answer));
        self.carry_out(work, running.asked);
    }

    /// The alarm, if it is time; at least once, as the platform promises.
    pub(crate) fn wake(&mut self) {
        if self.alarm_ms.is_some_and(|at_ms| at_ms <= self.now_ms) && self.apart.is_none() {
            self.alarm_ms = Some(self.now_ms);
            self.ask(Message::Wake);
        }
    }

    /// The machine dies. What was under way may still reach PaySG.
    pub(crate) fn crash(&mut self) {
        self.seen.note("a crash");
        if self.trace {
            eprintln!("{:>12} crash", self.now_ms - START_MS);
        }
        if let Some(running) = self.running.take() {
            let now_ms = self.now_ms;
            match self.dice.below(4) {
                0 => {
                    self.paysg.call(&running.fetch.request, now_ms, None);
                }
                1 => {
                    let at_ms = now_ms + self.dice.below(20_000) as i64;
                    self.paysg.linger(at_ms, &running.fetch.request);
                }
                _ => {}
            }
        }
        self.apart = None;
        self.queue.clear();
        self.memory = None;
    }

    /// What is on disk. Reading it takes most of a life's time: where a machine holds it in memory, it is read and compared at every eighth addition.
    pub(crate) fn intent(&mut self) -> Option<&Ledger> {
        if self.rows.len() == self.stored_rows {
            return self.stored.as_ref();
        }
        self.additions += 1;
        self.stored_rows = self.rows.len();
        let memory = self.memory.as_ref().filter(|memory| !memory.is_empty());
        if !self.additions.is_multiple_of(8)
            && let Some(memory) = memory
        {
            self.stored = Some(memory.clone());
            return self.stored.as_ref();
        }
        let rows = serde_json::to_string(&self.rows).unwrap();
        self.stored = object::load(&rows, &self.schedule).expect("an unbroken journal");
        if let Some((memory, stored)) = memory.zip(self.stored.as_ref()) {
            let mut memory = memory.intent.clone();
            if memory.is_erased() {
                // Whoever has asked has named it; it is not on disk.
                memory.reference_id.clear();
            }
            assert_eq!(
                memory, stored.intent,
                "the journal replays to another state"
            );
        }
        self.stored.as_ref()
    }

    /// Finishes what is under way.
    pub(crate) fn rest(&mut self) {
        while self.running.is_some() || self.apart.is_some() || !self.queue.is_empty() {
            self.progress();
            self.progress_apart();
        }
    }

    /// Lets time pass, alarms included.
    pub(crate) fn sleep_until(&mut self, until_ms: i64) {
        self.rest();
        while let Some(at_ms) = self.alarm_ms.filter(|at_ms| *at_ms <= until_ms) {
            self.now_ms = self.now_ms.max(at_ms);
            self.wake();
            self.rest();
            self.check();
        }
        self.now_ms = self.now_ms.max(until_ms);
    }

    /// The same, until the e-service has been told of something; when that was.
    pub(crate) fn sleep_until_told(&mut self, until_ms: i64) -> Option<i64> {
        self.rest();
        while self.eservice.effects.is_empty() {
            let at_ms = self.alarm_ms.filter(|at_ms| *at_ms <= until_ms)?;
            self.now_ms = self.now_ms.max(at_ms);
            self.wake();
            self.rest();
            self.check();
        }
        Some(self.now_ms)
    }
}
