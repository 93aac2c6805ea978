//! Refunds of one payment, by commands that come again, beside a PaySG whose answers are lost, which forgets keys or keeps none, whose refunds
//! are pending, fail, show late and in unknown words, and on whose dashboard others give money back.

use std::collections::{BTreeMap, BTreeSet};

use paysg_wasm::flow::agenda::{self, Pace};
use paysg_wasm::flow::checkout::Order;
use paysg_wasm::flow::desk::{Message, Progress, Reply, begin, order_digest, resume};
use paysg_wasm::flow::step::{Answer, Fetch, Target};
use paysg_wasm::flow::terms::{Desk, Terms};
use paysg_wasm::flow::upstream::Trouble;
use paysg_wasm::ledger::{Ledger, Refund, RefundState, Row};
use paysg_wasm::paysg::{Cents, Environment, PaymentId, PaymentPages, PaymentServiceId, Status};

use crate::dice::Dice;
use crate::paysg::{RETURN_URL, SERVICE, error};

const AMOUNT: u64 = 4200;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What PaySG does with a refund's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    /// Dropped as soon as they may be.
    ForADay,
    /// Not listed for refunds.
    NotAtAll,
}

/// A refund at PaySG: by which key, or on the dashboard.
#[derive(Clone, Debug)]
struct Given {
    key: Option<String>,
    cents: u64,
    /// When it ends, and whether well.
    ends_ms: i64,
    succeeds: bool,
}

struct PaySg {
    keys: Keys,
    recorded: BTreeMap<String, (i64, u16)>,
    /// In the order in which they were taken. One at a time.
    given: Vec<Given>,
    /// Whether it has words of its own for what it shows.
    speaks_in_tongues: bool,
}

impl PaySg {
    fn call(&mut self, fetch: &Fetch, now_ms: i64, dice: &mut Dice) -> (u16, String) {
        let request = &fetch.request;
        if !request.path.ends_with("/refund") {
            let created = request.path.ends_with("/payments");
            let status = if created { 201 } else { 200 };
            return (status, self.shown(!created, now_ms));
        }
        let key = request.idempotency_key.clone().unwrap();
        self.recorded
            .retain(|_, (at_ms, _)| now_ms - *at_ms < DAY_MS);
        if let Some((_, status)) = self.recorded.get(&key) {
            return (*status, self.shown(true, now_ms));
        }
        let body: serde_json::Value = serde_json::from_str(request.body.as_ref().unwrap()).unwrap();
        let cents = body["refund_amount_in_cents"].as_u64().unwrap();
        // Nothing is recorded where the parameters are refused.
        if !self.give(Some(key.clone()), cents, now_ms, dice) {
            return (400, error("invalid_refund_amount"));
        }
        if self.keys == Keys::ForADay {
            self.recorded.insert(key, (now_ms, 200));
        }
        (200, self.shown(true, now_ms))
    }

    /// Takes a refund, unless one is under way or has failed, or too little is left.
    fn give(&mut self, key: Option<String>, cents: u64, now_ms: i64, dice: &mut Dice) -> bool {
        let blocked = self
            .given
            .last()
            .is_some_and(|last| last.ends_ms > now_ms || !last.succeeds);
        if blocked || cents > AMOUNT - self.given_back(now_ms) {
            return false;
        }
        let takes_ms = match dice.below(3) {
            0 => dice.below(40) as i64 * 6 * HOUR_MS,
            _ => 0,
        };
        self.given.push(Given {
            key,
            cents,
            ends_ms: now_ms + takes_ms,
            succeeds: !dice.once_in(8),
        });
        true
    }

    fn is_under_way(&self, now_ms: i64) -> bool {
        self.given.last().is_some_and(|last| last.ends_ms > now_ms)
    }

    fn given_back(&self, now_ms: i64) -> u64 {
        let made = self
            .given
            .iter()
            .filter(|one| one.succeeds && one.ends_ms <= now_ms);
        made.map(|one| one.cents).sum()
    }

    fn made(&self, key: &str, now_ms: i64) -> usize {
        let made = self
            .given
            .iter()
            .filter(|one| one.key.as_deref() == Some(key) && one.succeeds && one.ends_ms <= now_ms);
        made.count()
    }

    fn refund_status(&self, now_ms: i64) -> &'static str {
        match (self.given.last(), self.given_back(now_ms)) {
            (Some(_), _) if self.speaks_in_tongues => "contemplated",
            (Some(last), _) if last.ends_ms > now_ms => "refund_pending",
            (Some(last), _) if !last.succeeds => "refund_failed",
            (_, 0) => "not_refunded",
            (_, AMOUNT) => "fully_refunded",
            _ => "partially_refunded",
        }
    }

    fn shown(&self, paid: bool, now_ms: i64) -> String {
        let refund = self.refund_status(now_ms);
        let status = if paid { "paid" } else { "unpaid" };
        format!(
            r#"{{"id":"p1","payment_service_id":"{SERVICE}","reference_id":"R","amount_in_cents":{AMOUNT},"payment_url":"https://pay.gov.sg/payments/p1","return_url":"{RETURN_URL}","payment_status":"{status}","latest_status":"{status}","refund_status":"{refund}","created_at":"2026-11-18T20:00:00.000+08:00"}}"#
        )
    }
}

/// What the e-service has acknowledged: the key, and the body as JSON.
type Notified = Vec<(String, serde_json::Value)>;

struct Bench {
    dice: Dice,
    now_ms: i64,
    paysg: PaySg,
    terms: Terms,
    ledger: Ledger,
    rows: Vec<Row>,
    faults: bool,
    notified: Notified,
    /// Refunds during whose uncertainty somebody gave money back on the dashboard: PaySG shows one like the other.
    mixed_up: bool,
    /// The dashboard gave money back beside other refunds: PaySG shows the same word before and after.
    unseen: bool,
    asked_for: BTreeSet<String>,
}

impl Bench {
    fn new(seed: u64, keys: Keys) -> Self {
        let service = PaymentServiceId::parse(SERVICE).unwrap();
        let mut bench = Self {
            dice: Dice::new(seed),
            now_ms: 1_795_000_000_000,
            paysg: PaySg {
                keys,
                recorded: BTreeMap::new(),
                given: Vec::new(),
                speaks_in_tongues: false,
            },
            terms: Terms {
                return_url: RETURN_URL.to_owned(),
                own_origins: Vec::new(),
                remembers: true,
                pages: PaymentPages::only(Environment::Live),
                pace: Pace {
                    tells: true,
                    notifies_nobody: false,
                    scale: 1,
                },
                sign: Box::new(|_, _| String::new()),
            },
            ledger: Ledger::new(service, "R".to_owned()),
            rows: Vec::new(),
            faults: false,
            notified: Vec::new(),
            mixed_up: false,
            unseen: false,
            asked_for: BTreeSet::new(),
        };
        bench.ask(Message::Pay {
            order: Order {
                body: "{}".to_owned(),
                digest: order_digest("one"),
                amount_in_cents: AMOUNT,
                cancel_after_secs: None,
            },
        });
        bench.look();
        bench.faults = true;
        bench
    }

    fn look(&mut self) -> Reply {
        self.ask(Message::Inquire {
            payment_id: PaymentId::parse("p1").unwrap(),
            patience_ms: 3_000,
            fresh: true,
        })
    }

    fn ask(&mut self, message: Message) -> Reply {
        let random = self.dice.next() as u32;
        let mut progress = begin(&mut self.desk(random), message);
        loop {
            let rows = self.ledger.take_unsaved();
            self.rows.extend(rows);
            let (task, fetch) = match progress {
                Progress::Done(reply) => return reply,
                Progress::Working(task, fetch) => (task, fetch),
            };
            self.now_ms += i64::from(fetch.after_ms) + 20;
            let (status, body) = match fetch.target {
                Target::Paysg => self.call_paysg(&fetch),
                Target::Fulfilment => (self.notify(&fetch), String::new()),
            };
            // The machine dies with the call, and what it was to become.
            if self.faults && self.dice.once_in(30) {
                let schedule = self.ledger.schedule.clone();
                self.ledger = Ledger::replay(&self.rows, schedule).unwrap().unwrap();
                return Reply::Slept;
            }
            let answer = match status {
                0 => Answer::Lost,
                status => Answer::Arrived {
                    status,
                    retry_after_ms: None,
                    body: body.as_bytes(),
                },
            };
            progress = resume(&mut self.desk(random), task, &answer);
        }
    }

    /// Another refund is asked for only if all that was given back is counted, and nothing is under way.
    fn check_asked(&mut self, fetch: &Fetch) {
        let Some(key) = fetch.request.idempotency_key.clone() else {
            return;
        };
        let refund = fetch.request.path.ends_with("/refund");
        if !refund || !self.asked_for.insert(key) || self.unseen || self.is_mixed_up() {
            return;
        }
        let attempt = self.ledger.intent.attempts.first().unwrap();
        assert_eq!(
            attempt.refunded_amount_in_cents,
            Some(self.paysg.given_back(self.now_ms)),
            "asked for beside money that is not counted"
        );
        assert!(
            !self.paysg.is_under_way(self.now_ms),
            "asked for beside another refund"
        );
    }

    fn call_paysg(&mut self, fetch: &Fetch) -> (u16, String) {
        self.check_asked(fetch);
        let fate = if self.faults { self.dice.below(8) } else { 8 };
        match fate {
            0 => (0, String::new()),
            1 => (503, error("unavailable")),
            2 => {
                self.paysg.call(fetch, self.now_ms, &mut self.dice);
                (0, String::new())
            }
            3 => {
                self.paysg.call(fetch, self.now_ms, &mut self.dice);
                (504, "{}".to_owned())
            }
            // Something between answers, whether the call got through or not.
            4 => {
                if self.dice.once_in(2) {
                    self.paysg.call(fetch, self.now_ms, &mut self.dice);
                }
                let statuses = [200, 302, 400, 403, 404, 429, 500];
                let status = *self.dice.pick(&statuses).unwrap();
                (status, "<html>".to_owned())
            }
            _ => self.paysg.call(fetch, self.now_ms, &mut self.dice),
        }
    }

    fn notify(&mut self, fetch: &Fetch) -> u16 {
        if self.faults && self.dice.once_in(4) {
            return 503;
        }
        let key = fetch.request.idempotency_key.clone().unwrap();
        let body: serde_json::Value =
            serde_json::from_str(fetch.request.body.as_ref().unwrap()).unwrap();
        let had = self.notified.iter().find(|(had, _)| *had == key);
        assert!(
            had.is_none_or(|(_, had)| *had == body),
            "one key, two bodies: {had:?} {body}"
        );
        // A machine that dies before it has noted the acknowledgement notifies again.
        if had.is_none() {
            self.check_notified(&body);
            self.notified.push((key, body));
        }
        200
    }

    /// Where PaySG keeps no keys, a refund that cannot be seen beside earlier ones is made twice, as `docs/promises.md` says.
    fn is_mixed_up(&self) -> bool {
        let given = &self.paysg.given;
        let twice = |one: &Given| {
            let same = given
                .iter()
                .filter(|other| one.key.is_some() && other.key == one.key);
            same.count() > 1
        };
        self.mixed_up || (self.paysg.keys == Keys::NotAtAll && given.iter().any(twice))
    }

    /// Nobody is told of a refund that did not happen.
    fn check_notified(&self, body: &serde_json::Value) {
        if self.is_mixed_up() {
            return;
        }
        let given_back = self.paysg.given_back(self.now_ms);
        if let Some(total) = body["payment"]["refunded_amount_in_cents"].as_u64() {
            assert!(total <= given_back, "told of {total}, given {given_back}");
        }
        let Some(refund) = body.get("refund") else {
            return;
        };
        let key = refund["id"].as_str().unwrap();
        let made = self.paysg.made(key, self.now_ms);
        match refund["status"].as_str().unwrap() {
            "succeeded" => assert!(made > 0, "told as made: {body}"),
            "failed" => assert_eq!(made, 0, "told as failed: {body}"),
            "pending" => {
                let mut given = self.paysg.given.iter();
                assert!(
                    given.any(|one| one.key.as_deref() == Some(key)),
                    "told as taken: {body}"
                );
            }
            other => panic!("{other}"),
        }
    }

    fn desk(&mut self, random: u32) -> Desk<'_> {
        Desk {
            ledger: &mut self.ledger,
            now_ms: self.now_ms,
            random,
            terms: &self.terms,
        }
    }

    fn refund(&mut self, nth: usize, cents: u64, stated: Option<u64>) -> Reply {
        let shown = self.paysg.refund_status(self.now_ms);
        self.ask(Message::Refund {
            payment_id: PaymentId::parse("p1").unwrap(),
            amount_in_cents: Cents::new(cents).unwrap(),
            command_id: nth.to_string(),
            look_first: shown != "not_refunded",
            refunded_amount_in_cents: stated,
        })
    }

    fn live(&mut self, seen: &mut BTreeMap<&'static str, u32>) {
        let amounts: Vec<u64> = (0..3)
            .map(|_| {
                if self.dice.once_in(6) {
                    AMOUNT
                } else {
                    600 + 900 * self.dice.below(3)
                }
            })
            .collect();
        for _ in 0..self.dice.below(25) {
            match self.dice.below(12) {
                0 => drop(self.look()),
                1 => self.now_ms += self.dice.below(30) as i64 * HOUR_MS,
                2 | 3 => self.wake(),
                4 if self.dice.once_in(3) => self.dashboard(seen),
                5 if self.dice.once_in(3) => {
                    self.paysg.speaks_in_tongues = !self.paysg.speaks_in_tongues;
                }
                fate => {
                    let nth = self.dice.below(3) as usize;
                    // An operator reads the dashboard before stating the total, and waits while a refund is under way.
                    let waits = self.paysg.is_under_way(self.now_ms);
                    let stated = (fate == 6 && !waits).then(|| self.paysg.given_back(self.now_ms));
                    let reply = self.refund(nth, amounts[nth], stated);
                    *seen.entry(word(&reply)).or_default() += 1;
                }
            }
            self.check();
        }
        self.find_peace(seen);
    }

    /// Somebody gives money back without the proxy.
    fn dashboard(&mut self, seen: &mut BTreeMap<&'static str, u32>) {
        let cents = if self.dice.once_in(4) {
            AMOUNT - self.paysg.given_back(self.now_ms)
        } else {
            500
        };
        let beside = self.paysg.given.iter().any(|one| one.succeeds);
        let given = cents > 0 && self.paysg.give(None, cents, self.now_ms, &mut self.dice);
        if given {
            self.unseen |= beside;
            *seen.entry("dashboard").or_default() += 1;
            let refunds = &self.ledger.intent.refunds;
            self.mixed_up |= refunds.iter().any(|refund| refund.state.is_unsettled());
        }
    }

    fn alarm_ms(&self) -> Option<i64> {
        agenda::next(&self.ledger, self.terms.pace).map(|(at_ms, _)| at_ms)
    }

    fn wake(&mut self) {
        if let Some(at_ms) = self.alarm_ms() {
            self.now_ms = self.now_ms.max(at_ms);
            self.ask(Message::Wake);
        }
    }

    fn check(&self) {
        let intent = &self.ledger.intent;
        if self.paysg.keys == Keys::ForADay {
            for refund in &intent.refunds {
                let key = refund.key.as_str();
                let given = self.paysg.given.iter();
                let taken = given.filter(|one| one.key.as_deref() == Some(key));
                assert!(taken.count() <= 1, "a refund was taken twice: {refund:?}");
            }
        }
        if !self.is_mixed_up() {
            for refund in &intent.refunds {
                self.check_state(refund);
            }
        }
        let replayed = Ledger::replay(&self.rows, self.ledger.schedule.clone());
        assert_eq!(replayed.unwrap().unwrap().intent, *intent);
    }

    /// What the ledger says of a refund is so.
    fn check_state(&self, refund: &Refund) {
        let made = self.paysg.made(refund.key.as_str(), self.now_ms);
        match refund.state {
            RefundState::Succeeded => assert!(made > 0, "never made: {refund:?}"),
            RefundState::Failed | RefundState::Refused => {
                assert_eq!(made, 0, "the money is gone: {refund:?}");
            }
            RefundState::Requested | RefundState::Pending | RefundState::Unknown => {}
        }
    }

    /// Faults end, and nobody asks for anything: the alarms alone bring every refund home that PaySG has taken.
    fn find_peace(&mut self, seen: &mut BTreeMap<&'static str, u32>) {
        self.faults = false;
        self.paysg.speaks_in_tongues = false;
        let end_ms = self.now_ms + 60 * DAY_MS;
        let mut gets_of_day: BTreeMap<i64, u32> = BTreeMap::new();
        while let Some(at_ms) = self.alarm_ms().filter(|at_ms| *at_ms < end_ms) {
            self.now_ms = self.now_ms.max(at_ms);
            *gets_of_day.entry(self.now_ms / DAY_MS).or_default() += 1;
            self.ask(Message::Wake);
            self.check();
        }
        for refund in &self.ledger.intent.refunds {
            assert_ne!(refund.state, RefundState::Pending, "never settled");
            *seen.entry(refund.state.as_str()).or_default() += 1;
        }
        let mut tellings = self.ledger.intent.tellings.iter();
        assert!(tellings.all(|telling| telling.acknowledged), "never told");
        if self.is_mixed_up() {
            return;
        }
        // Everything that PaySG has taken from us and answered is told with its end.
        for one in &self.paysg.given {
            let Some(key) = &one.key else { continue };
            let refunds = &self.ledger.intent.refunds;
            let refund = refunds.iter().find(|refund| refund.key.as_str() == key);
            let state = refund.unwrap().state;
            if matches!(state, RefundState::Succeeded | RefundState::Failed) {
                let end = if one.succeeds { "succeeded" } else { "failed" };
                let told = self.notified.iter().filter(|(_, body)| {
                    body["refund"]["id"] == **key && body["refund"]["status"] == end
                });
                assert_eq!(told.count(), 1, "{end}: told once: {one:?}");
            }
        }
        // The payer sees what PaySG shows.
        if let Reply::Payment { payment } = self.look() {
            let given_back = self.paysg.given_back(self.now_ms);
            if payment.status == Status::Paid {
                let last = self.paysg.given.last();
                // The word for the latest refund hides that an earlier one was made.
                let hidden = last.is_some_and(|last| !last.succeeds || last.ends_ms > self.now_ms);
                assert!(given_back == 0 || hidden, "given back, and a receipt");
            } else {
                assert!(
                    given_back > 0,
                    "a receipt is gone, and nothing was given back"
                );
            }
        }
    }
}

fn word(reply: &Reply) -> &'static str {
    match reply {
        Reply::Refund { refund, .. } if refund.state == RefundState::Pending => "taken",
        Reply::Refund { .. } => "made",
        Reply::Failed(Trouble::RefundUncertain) => "uncertain",
        Reply::Failed(Trouble::RefundRefused { .. }) => "refused by PaySG",
        Reply::Failed(Trouble::RefundFailed) => "failed at PaySG",
        Reply::Failed(Trouble::Unavailable { .. }) => "unavailable",
        Reply::Chosen(_)
        | Reply::Payment { .. }
        | Reply::Noted
        | Reply::NotOurs
        | Reply::Record { .. }
        | Reply::Slept
        | Reply::Failed(_) => "other",
    }
}

#[test]
fn no_refund_is_made_twice_nor_told_without_being_made() {
    for keys in [Keys::ForADay, Keys::NotAtAll] {
        let mut seen = BTreeMap::new();
        let lives = if crate::deep() { 20_000 } else { 1_000 };
        let lives = crate::number("MODEL_SEQUENCES").unwrap_or(lives);
        for seed in 0..lives {
            let life = std::panic::catch_unwind(|| {
                let mut seen = BTreeMap::new();
                Bench::new(seed, keys).live(&mut seen);
                seen
            });
            match life {
                Ok(life) => {
                    for (what, count) in life {
                        *seen.entry(what).or_insert(0) += count;
                    }
                }
                Err(cause) => {
                    eprintln!("{keys:?}, seed {seed}");
                    std::panic::resume_unwind(cause);
                }
            }
        }
        eprintln!("{keys:?}: {seen:?}");
        for what in [
            "made",
            "taken",
            "uncertain",
            "refused by PaySG",
            "failed at PaySG",
            "unavailable",
            "dashboard",
            "requested",
            "succeeded",
            "failed",
            "refused",
            "unknown",
        ] {
            assert!(seen.contains_key(what), "{what}: never happened");
        }
    }
}
