//! One intent's object as its host runs it, with everything around it.

use std::collections::{BTreeSet, VecDeque};

use paysg_wasm::edge::config::Config;
use paysg_wasm::edge::front::{Edge, Envelope};
use paysg_wasm::edge::object::{self, Errand, Next, Work};
use paysg_wasm::flow::checkout::Order;
use paysg_wasm::flow::desk::{Message, Reply, order_digest};
use paysg_wasm::flow::step::{Answer, Fetch, Target};
use paysg_wasm::flow::terms::Terms;
use paysg_wasm::flow::upstream::Trouble;
use paysg_wasm::ledger::{Flag, Ledger, RaisedFlag, Row, TellStatus};
use paysg_wasm::paysg::{Json, PaymentId, PaymentServiceId, Status};

use crate::dice::Dice;
use crate::eservice::EService;
use crate::paysg::{PaySg, RETURN_URL, SERVICE, State};

pub(crate) const REFERENCE: &str = "INV-2026-001";
const OTHERS: &str = "INV-2026-999";
const START_MS: i64 = 1_795_000_000_000;
const MINUTE_MS: i64 = 60_000;
pub(crate) const HOUR_MS: i64 = 60 * MINUTE_MS;

/// How often things happened over all lives.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) chosen: u64,
    pub(crate) crashes: u64,
    pub(crate) lost_writes: u64,
    pub(crate) cancelled_for_change: u64,
    pub(crate) adopted: u64,
    pub(crate) given_up: u64,
    pub(crate) surplus: u64,
    pub(crate) told: u64,
    pub(crate) pruned: u64,
    pub(crate) abandoned: u64,
    pub(crate) refused_tellings: u64,
    pub(crate) refused: u64,
    pub(crate) gateway_answers: u64,
    pub(crate) lags: u64,
    pub(crate) events_due: u64,
    pub(crate) notified_late: u64,
    pub(crate) commands: u64,
    pub(crate) flags_ended: u64,
    pub(crate) flags_acknowledged: u64,
}

impl Seen {
    pub(crate) fn add(&mut self, other: &Self) {
        self.chosen += other.chosen;
        self.crashes += other.crashes;
        self.lost_writes += other.lost_writes;
        self.cancelled_for_change += other.cancelled_for_change;
        self.adopted += other.adopted;
        self.given_up += other.given_up;
        self.surplus += other.surplus;
        self.told += other.told;
        self.pruned += other.pruned;
        self.abandoned += other.abandoned;
        self.refused_tellings += other.refused_tellings;
        self.refused += other.refused;
        self.gateway_answers += other.gateway_answers;
        self.lags += other.lags;
        self.events_due += other.events_due;
        self.notified_late += other.notified_late;
        self.commands += other.commands;
        self.flags_ended += other.flags_ended;
        self.flags_acknowledged += other.flags_acknowledged;
    }

    pub(crate) fn assert_all_happened(&self) {
        for (what, count) in [
            ("chosen", self.chosen),
            ("crashes", self.crashes),
            ("lost writes", self.lost_writes),
            ("cancelled for a changed order", self.cancelled_for_change),
            ("adopted", self.adopted),
            ("given up", self.given_up),
            ("surplus", self.surplus),
            ("told", self.told),
            ("keys pruned", self.pruned),
            ("abandoned", self.abandoned),
            ("tellings refused", self.refused_tellings),
            ("creates refused", self.refused),
            ("answers of a gateway", self.gateway_answers),
            ("GETs that lag", self.lags),
            ("events that are due", self.events_due),
            ("notified after the URL was set", self.notified_late),
            ("commands of an operator", self.commands),
            ("flags that ended by themselves", self.flags_ended),
            ("flags that were acknowledged", self.flags_acknowledged),
        ] {
            assert!(count > 0, "{what}: never happened, so it was not tested");
        }
    }
}

struct Running {
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
    cancel_after_secs: Option<u32>,
    /// Whether the proxy is configured with a URL to notify, and from when on it is.
    pub(crate) url_from_ms: Option<i64>,
    config: Config,
    pub(crate) terms: Terms,
    without_url: Terms,
    /// Whether the intent has ever been flagged.
    ever_flagged: bool,
    memory: Option<Ledger>,
    rows: Vec<Row>,
    stored: Option<Ledger>,
    stored_rows: usize,
    schedule: String,
    alarm_ms: Option<i64>,
    queue: VecDeque<Message>,
    running: Option<Running>,
    apart: Option<Running>,
    paid_once: BTreeSet<String>,
    /// Paid payments of ours whose event was acknowledged.
    due: BTreeSet<String>,
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
    let amount = 2_500 + version * 100;
    let body = format!(
        r#"{{"reference_id":"{REFERENCE}","payer_name":"Tan","description":"Invoice","amount_in_cents":{amount},"metadata":{{}},"return_url":"{RETURN_URL}"}}"#
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
            url_from_ms: Some(START_MS),
            without_url: self::config(None).terms(),
            config,
            terms,
            ever_flagged: false,
            memory: None,
            rows: Vec::new(),
            stored: None,
            stored_rows: 0,
            schedule: String::new(),
            alarm_ms: None,
            queue: VecDeque::new(),
            running: None,
            apart: None,
            paid_once: BTreeSet::new(),
            due: BTreeSet::new(),
            trace,
        }
    }

    /// A whole life, then peace, and what must hold at its end.
    pub(crate) fn live(&mut self) {
        // Another order of the same payment service, whose payment events may name by mistake or malice.
        let theirs = self.paysg.add(OTHERS, 9_900, RETURN_URL, self.now_ms);
        if self.dice.once_in(2) {
            self.paysg.find(&theirs).unwrap().state = State::Paid;
        }
        if self.dice.once_in(3) {
            self.cancel_after_secs = Some(600 + self.dice.below(20_000) as u32);
            self.eservice.refuses_cancellations = self.dice.once_in(2);
        }
        let events = 20 + self.dice.below(40);
        for _ in 0..events {
            self.happen(&theirs);
            self.check();
        }
        self.find_peace();
    }

    fn happen(&mut self, theirs: &str) {
        match self.dice.below(22) {
            0..=2 => {
                let version = if self.dice.once_in(4) {
                    self.dice.below(3)
                } else {
                    0
                };
                let mut order = order(version);
                order.cancel_after_secs = self.cancel_after_secs;
                self.ask(Message::Pay { order });
            }
            3..=9 => self.progress(),
            10 => self.progress_apart(),
            11 => {
                let shown: Vec<String> = self.shown.iter().cloned().collect();
                if let Some(payment) = self.dice.pick(&shown).cloned() {
                    self.pay(&payment);
                }
            }
            12 => self.event(theirs),
            13 => {
                let ms = self.dice.below(90_000) as i64;
                self.pass(ms);
            }
            14 => {
                let ms = self.dice.below(30) as i64 * HOUR_MS;
                self.pass(ms);
            }
            15 => self.wake(),
            16 => {
                if let Some(known) = self.a_payment_of_ours() {
                    let payment_id = id(&known);
                    let fresh = self.dice.once_in(2);
                    self.ask(Message::Inquire {
                        payment_id,
                        patience_ms: 3_000,
                        fresh,
                    });
                }
            }
            17 if self.dice.once_in(3) => self.crash(),
            18 if self.dice.once_in(4) => self.officer(),
            19 if self.dice.once_in(4) => {
                self.paysg.hidden_until_ms = self.now_ms + self.dice.below(90) as i64 * MINUTE_MS;
            }
            19 if self.dice.once_in(3) => {
                self.eservice.down_until_ms = self.now_ms + self.dice.below(72) as i64 * HOUR_MS;
            }
            20 => self.operator_commands(),
            21 => self.url_from_ms = self.dice.once_in(3).then_some(self.now_ms),
            _ => self.progress(),
        }
    }

    /// PaySG's own side: an officer cancels or refunds on the dashboard, or makes a payment with our reference there.
    fn officer(&mut self) {
        let Some(ours) = self.a_payment_of_ours() else {
            return;
        };
        let at = self.dice.below(8);
        let now_ms = self.now_ms;
        let payment = self.paysg.find(&ours).unwrap();
        match (payment.state, at) {
            (State::Unpaid, 0..=3) => payment.state = State::Cancelled,
            (State::Paid, 0..=2) => payment.state = State::Refunded,
            // Its GET does not know a payment for longer than any lag.
            (_, 6 | 7) => {
                payment.hidden_until_ms = now_ms + self.dice.below(180) as i64 * MINUTE_MS;
            }
            (_, 4) => {
                self.paysg
                    .add(REFERENCE, 2_500, "https://elsewhere.example/", now_ms);
            }
            (_, 5) => {
                // Made by another edge of the same public URL: ours by every sign, but no attempt asked for it.
                let stray = self.paysg.add(REFERENCE, 2_500, RETURN_URL, now_ms);
                self.pay(&stray);
                // The event alone leads to it, and PaySG's GET may lag, or not be reached.
                if self.dice.once_in(2) {
                    self.paysg.find(&stray).unwrap().hidden_until_ms =
                        now_ms + self.dice.below(60_000) as i64;
                } else {
                    self.paysg.hidden_until_ms = now_ms + self.dice.below(90) as i64 * MINUTE_MS;
                }
                self.ask(Message::Hint {
                    payment_id: id(&stray),
                });
            }
            _ => {}
        }
    }

    pub(crate) fn a_payment_of_ours(&mut self) -> Option<String> {
        let ours: Vec<String> = self
            .paysg
            .payments
            .iter()
            .filter(|payment| payment.reference == REFERENCE)
            .map(|payment| payment.id.clone())
            .collect();
        self.dice.pick(&ours).cloned()
    }

    /// An authentic event: of a payment of ours, paid or not; of another order; of no payment at all. Once or several times.
    fn event(&mut self, theirs: &str) {
        let named = match self.dice.below(6) {
            0 => theirs.to_owned(),
            1 => "pay_unknown".to_owned(),
            _ => match self.a_payment_of_ours() {
                Some(ours) => ours,
                None => return,
            },
        };
        for _ in 0..=self.dice.below(3) {
            self.ask(Message::Hint {
                payment_id: id(&named),
            });
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
            self.seen.pruned += 1;
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
            self.seen.lost_writes += 1;
            self.crash();
            return;
        }
        if self.trace {
            for row in &work.rows {
                eprintln!("{:>12} {}", self.now_ms - START_MS, row.entry);
            }
        }
        self.note(&work.rows);
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
            let count = |what: &str| u64::from(row.entry.contains(what));
            self.seen.adopted += count(r#""adopted":true"#) + count(r#""what":"adopted""#);
            self.seen.given_up += count(r#""what":"given_up""#);
            self.seen.refused += count(r#""what":"refused""#);
            self.seen.told += count(r#""what":"told""#);
            self.seen.commands += count(r#""what":"command_received""#);
            self.seen.flags_ended += count(r#""what":"flag_cleared""#);
            self.seen.flags_acknowledged += count(r#""what":"flag_acknowledged""#);
        }
    }

    /// A payment of ours that PaySG has is never said to be unknown, and no event about one that is paid is acknowledged as another system's.
    fn check_reply(&mut self, asked: &Message, reply: &Reply) {
        let ours = |payment: &crate::paysg::Payment| {
            payment.reference == REFERENCE && payment.return_url == RETURN_URL
        };
        match (asked, reply) {
            (Message::Pay { .. }, Reply::Failed(Trouble::UnknownPayment)) => {
                let ids = self.paysg.denials.keys();
                assert!(
                    ids.clone().any(|id| self.paysg.denied_again_and_again(id)),
                    "a payer who presses reads that there is no payment"
                );
            }
            (Message::Inquire { payment_id, .. }, Reply::Failed(Trouble::UnknownPayment)) => {
                let held = self.paysg.find(payment_id.as_str());
                let held = held.cloned().filter(ours);
                assert!(
                    held.is_none_or(|held| self.paysg.denied_again_and_again(&held.id)),
                    "{payment_id} is said to be unknown"
                );
            }
            (Message::Hint { payment_id }, Reply::Noted | Reply::NotOurs) => {
                let held = self.paysg.find(payment_id.as_str());
                if held.is_some_and(|held| ours(held) && held.state == State::Paid) {
                    assert!(
                        matches!(reply, Reply::Noted),
                        "the event of {payment_id} is taken for another system's"
                    );
                    self.due.insert(payment_id.as_str().to_owned());
                    self.seen.events_due += 1;
                }
            }
            _ => {}
        }
    }

    fn reply(&mut self, reply: &Reply) {
        if let Reply::Chosen(chosen) = reply {
            self.seen.chosen += 1;
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
                if matches!(running.asked, Message::Wake) && request.path.ends_with("/cancel") {
                    self.check_abandonment(&request.path);
                    self.seen.abandoned += 1;
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
        let cancelling = request.path.ends_with("/cancel") && status == 200;
        self.seen.cancelled_for_change += u64::from(cancelling);
        self.load();
        let Some(ledger) = self.memory.clone() else {
            return;
        };
        let work = self.edge(|edge| edge.object_resume(ledger, *running.errand, &answer));
        self.carry_out(work, running.asked);
    }

    /// No link is cancelled before its time, unless another payment is paid.
    fn check_abandonment(&mut self, path: &str) {
        if self.is_paid() {
            return;
        }
        let payment = path.rsplit('/').nth(1).expect("a payment");
        let deadline_ms = self.deadline_ms(payment);
        assert!(
            deadline_ms.is_some_and(|at_ms| self.now_ms >= at_ms),
            "{payment} is cancelled before {deadline_ms:?}"
        );
    }

    fn is_paid(&mut self) -> bool {
        self.intent()
            .is_some_and(|ledger| ledger.intent.paid().is_some())
    }

    /// When a link may be cancelled: that long after it was made, or after an earlier link of which that was still to come.
    fn deadline_ms(&mut self, payment: &str) -> Option<i64> {
        let limit_ms = i64::from(self.cancel_after_secs?) * 1000;
        let made_ms = self.paysg.find(payment).expect("a payment").created_ms;
        let ours = self.paysg.payments.iter();
        let deadlines = ours
            .filter(|payment| payment.asked_for && payment.reference == REFERENCE)
            .map(|payment| payment.created_ms + limit_ms);
        let deadlines: Vec<i64> = deadlines.collect();
        // Of a link that became known late, the time runs from then.
        let known = self.intent().map(|ledger| {
            let opened = ledger.intent.attempts.iter();
            let opened = opened.filter_map(|attempt| attempt.opened_at_ms);
            opened.map(|at_ms| at_ms + limit_ms).collect::<Vec<i64>>()
        });
        let deadlines = deadlines.into_iter().chain(known.unwrap_or_default());
        deadlines.filter(|at_ms| *at_ms > made_ms).min()
    }

    /// Nobody is told of a payment that PaySG does not hold paid.
    fn check_telling(&mut self, body: &str) {
        let json = paysg_wasm::paysg::json::parse(body.as_bytes()).unwrap();
        let payment = json.get("payment").unwrap();
        let text = |name: &str| payment.get(name).and_then(Json::as_str).unwrap().to_owned();
        let held = self.paysg.find(&text("id")).expect("a payment of PaySG's");
        assert_eq!(held.reference, REFERENCE, "another order's payment is told");
        match &*text("status") {
            "paid" => assert!(
                matches!(held.state, State::Paid | State::Refunded),
                "an unpaid payment is told as paid"
            ),
            "cancelled" if self.cancel_after_secs.is_some() => assert_eq!(
                held.state,
                State::Cancelled,
                "told as cancelled, and PaySG says otherwise"
            ),
            other => panic!("nothing of this was asked through the edge: {other}"),
        }
    }

    /// The alarm, if it is time; at least once, as the platform promises.
    pub(crate) fn wake(&mut self) {
        if self.alarm_ms.is_some_and(|at_ms| at_ms <= self.now_ms) && self.apart.is_none() {
            self.alarm_ms = Some(self.now_ms);
            self.ask(Message::Wake);
        }
    }

    /// The machine dies. What was under way may still reach PaySG.
    fn crash(&mut self) {
        self.seen.crashes += 1;
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

    /// What is on disk. It is read again only once something is added: hashes take most of a life's time.
    pub(crate) fn intent(&mut self) -> Option<&Ledger> {
        if self.rows.len() != self.stored_rows {
            let rows = serde_json::to_string(&self.rows).unwrap();
            self.stored = object::load(&rows, &self.schedule).expect("an unbroken journal");
            self.stored_rows = self.rows.len();
        }
        self.stored.as_ref()
    }

    /// What holds at every moment.
    pub(crate) fn check(&mut self) {
        self.paysg.arrive(self.now_ms);
        let Some(ledger) = self.intent().cloned() else {
            return;
        };
        if let Some(memory) = self.memory.as_ref().filter(|memory| !memory.is_empty()) {
            assert_eq!(
                memory.intent, ledger.intent,
                "the journal replays to another state"
            );
        }
        let intent = &ledger.intent;
        for RaisedFlag {
            flag, payment_id, ..
        } in &intent.flags
        {
            let Some(payment_id) = payment_id.as_ref().filter(|_| *flag == Flag::Vanished) else {
                continue;
            };
            let held = self.paysg.find(payment_id.as_str()).is_some();
            assert!(
                !held || self.paysg.denied_again_and_again(payment_id.as_str()),
                "{payment_id} is flagged as missing, and PaySG has not said so again and again"
            );
        }
        // Payments of our own making that can be paid, or are: one, unless flagged.
        let live: Vec<&str> = self
            .paysg
            .payments
            .iter()
            .filter(|payment| payment.asked_for && payment.reference == REFERENCE)
            .filter(|payment| matches!(payment.state, State::Unpaid | State::Paid))
            .map(|payment| payment.id.as_str())
            .collect();
        let flagged = intent
            .flags
            .iter()
            .any(|raised| matches!(raised.flag, Flag::Duplicate | Flag::Surplus));
        self.ever_flagged |= !intent.flags.is_empty();
        assert!(
            live.len() <= 1 || flagged,
            "several live payments and no flag: {live:?} {intent:#?}"
        );
        self.seen.surplus += u64::from(flagged);
        let paid_tellings = intent
            .tellings
            .iter()
            .filter(|telling| telling.status == TellStatus::Paid)
            .count();
        assert!(
            paid_tellings <= 1,
            "one intent told as paid under several keys"
        );
        for attempt in &intent.attempts {
            let Some(payment_id) = &attempt.payment_id else {
                continue;
            };
            let held = self
                .paysg
                .find(payment_id.as_str())
                .expect("a payment of PaySG's");
            if attempt.state.was_paid() {
                self.paid_once.insert(payment_id.as_str().to_owned());
                assert!(
                    matches!(held.state, State::Paid | State::Refunded),
                    "paid, and PaySG says otherwise"
                );
            } else {
                assert!(
                    !self.paid_once.contains(payment_id.as_str()),
                    "paid went back"
                );
            }
        }
        let effects = self
            .eservice
            .effects
            .values()
            .filter(|(_, status)| status == "paid")
            .count();
        assert!(effects <= 1, "two effects for one intent");
    }

    /// Faults end, machines stay up, nobody presses anything: the alarms alone must bring every shown and paid payment home.
    pub(crate) fn find_peace(&mut self) {
        self.faults = false;
        self.eservice.down_until_ms = self.now_ms;
        self.rest();
        // PaySG repeats events for three days: those of payments that no browser was shown get through now.
        let shown = self.shown.clone();
        let unseen: Vec<String> = self
            .paysg
            .payments
            .iter()
            .filter(|payment| payment.reference == REFERENCE && payment.paid_ms.is_some())
            .map(|payment| payment.id.clone())
            // Nor are those repeated that were acknowledged.
            .filter(|id| !shown.contains(id) && !self.due.contains(id))
            .collect();
        for id in unseen {
            self.ask(Message::Hint {
                payment_id: self::id(&id),
            });
        }
        // A payer who vanishes after paying, whom no event reports.
        let lost = shown
            .iter()
            .find(|id| self.paysg.find(id).unwrap().state == State::Unpaid)
            .cloned();
        if let Some(lost) = &lost {
            self.pay(lost);
        }
        // The operator sets the URL at last.
        if !self.has_url() {
            self.url_from_ms = Some(self.now_ms + self.dice.below(10) as i64 * 24 * HOUR_MS);
            self.seen.notified_late += 1;
        }
        let paid_ms = self.now_ms;
        let refuses_until_ms = paid_ms + 2 * HOUR_MS;
        let end_ms = self.now_ms + 40 * 24 * HOUR_MS;
        let mut found_ms = None;
        loop {
            self.progress();
            self.progress_apart();
            self.check();
            self.check_paid_is_told_soon(paid_ms);
            if self.now_ms > refuses_until_ms {
                self.eservice.refuses_cancellations = false;
            }
            if let (Some(lost), None) = (&lost, found_ms)
                && self.intent().is_some_and(|ledger| {
                    ledger
                        .intent
                        .attempt_of(&id(lost))
                        .is_some_and(|attempt| attempt.state.was_paid())
                })
            {
                found_ms = Some(self.now_ms);
            }
            if self.running.is_some() || self.apart.is_some() {
                continue;
            }
            match self.alarm_ms {
                Some(at_ms) if at_ms < end_ms => {
                    self.now_ms = self.now_ms.max(at_ms);
                    self.wake();
                }
                _ => break,
            }
        }
        self.seen.refused_tellings += self.eservice.refusals;
        self.seen.gateway_answers += self.paysg.gateway_answers;
        self.seen.lags += self.paysg.lags;
        assert!(
            self.seen.refused <= self.paysg.refusals,
            "a create is recorded as refused that PaySG has not refused"
        );
        self.check_end(lost.as_deref(), paid_ms, found_ms);
        self.settle_every_alert();
    }

    /// Nothing that the e-service refuses to hear stands before a payment; and what was paid without a URL is told within a day once there is one.
    fn check_paid_is_told_soon(&mut self, peace_ms: i64) {
        let (now_ms, url_ms) = (self.now_ms, self.url_from_ms.unwrap_or(i64::MAX));
        let Some(ledger) = self.intent() else { return };
        for telling in &ledger.intent.tellings {
            let due_ms = telling.since_ms.max(peace_ms);
            let (due_ms, patience_ms) = if url_ms > due_ms {
                (url_ms, 24 * HOUR_MS)
            } else {
                (due_ms, 0)
            };
            let waited_ms = now_ms - due_ms - patience_ms;
            assert!(
                telling.status != TellStatus::Paid
                    || telling.acknowledged
                    || waited_ms <= 5 * MINUTE_MS + 10_000,
                "paid, and not told for {waited_ms} ms"
            );
        }
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

    fn check_end(&mut self, lost: Option<&str>, paid_ms: i64, found_ms: Option<i64>) {
        let ledger = self.intent().cloned();
        if let Some(lost) = lost {
            let created_ms = self.paysg.find(lost).unwrap().created_ms;
            let age_ms = paid_ms - created_ms;
            assert!(ledger.is_some(), "a shown payment is on record");
            // Only the payment that stands for the intent is looked after; another one is flagged.
            if age_ms < 29 * 24 * HOUR_MS && !self.ever_flagged {
                let found_ms = found_ms.expect("a lost payment is found");
                let bound = age_ms.max(10 * MINUTE_MS) + MINUTE_MS;
                let took = found_ms - paid_ms;
                assert!(took <= bound, "found after {took} ms, aged {age_ms} ms");
            }
        }
        for due in &self.due {
            let paid = ledger.as_ref().is_some_and(|ledger| {
                let attempt = ledger.intent.attempt_of(&id(due));
                attempt.is_some_and(|attempt| attempt.state.was_paid())
            });
            assert!(paid, "the event of {due} was acknowledged, and lost");
        }
        let Some(ledger) = ledger else { return };
        assert!(ledger.intent.hints.is_empty(), "a hint waits for ever");
        let is_paid = ledger.intent.paid().is_some();
        for telling in &ledger.intent.tellings {
            if is_paid && telling.status == TellStatus::Cancelled && !telling.acknowledged {
                continue;
            }
            assert!(
                telling.acknowledged,
                "something was never told: {telling:?}"
            );
            assert!(
                self.eservice.effects.contains_key(&telling.key),
                "acknowledged, and no effect"
            );
        }
        let any_paid = ledger
            .intent
            .attempts
            .iter()
            .any(|attempt| attempt.state.was_paid());
        assert_eq!(
            any_paid,
            ledger.intent.paid().is_some(),
            "paid, and nobody is told"
        );
    }
}
