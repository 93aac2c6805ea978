//! Refunds of one payment, by commands that come again, beside a PaySG whose answers are lost and which forgets keys, or keeps none.

use std::collections::BTreeMap;

use paysg_wasm::flow::agenda::Pace;
use paysg_wasm::flow::checkout::Order;
use paysg_wasm::flow::desk::{Message, Progress, Reply, begin, order_digest, resume};
use paysg_wasm::flow::step::{Answer, Fetch};
use paysg_wasm::flow::terms::{Desk, Terms};
use paysg_wasm::flow::upstream::Trouble;
use paysg_wasm::ledger::{Ledger, Row, TellStatus};
use paysg_wasm::paysg::{Cents, Environment, PaymentId, PaymentPages, PaymentServiceId};

use crate::dice::Dice;
use crate::paysg::{RETURN_URL, SERVICE, error};

const AMOUNT: u64 = 4200;
const HOUR_MS: i64 = 3_600_000;

/// What PaySG does with a refund's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    /// Dropped as soon as they may be.
    ForADay,
    /// Not listed for refunds.
    NotAtAll,
}

struct PaySg {
    keys: Keys,
    recorded: BTreeMap<String, (i64, u16)>,
    given_back: u64,
    /// How often each command's refund was made.
    made: BTreeMap<String, u32>,
}

impl PaySg {
    fn call(&mut self, fetch: &Fetch, now_ms: i64) -> (u16, String) {
        let request = &fetch.request;
        if !request.path.ends_with("/refund") {
            let created = request.path.ends_with("/payments");
            return (if created { 201 } else { 200 }, self.shown(!created));
        }
        let key = request.idempotency_key.clone().unwrap();
        self.recorded
            .retain(|_, (at_ms, _)| now_ms - *at_ms < 24 * HOUR_MS);
        if let Some((_, status)) = self.recorded.get(&key) {
            return (*status, self.shown(true));
        }
        let body: serde_json::Value = serde_json::from_str(request.body.as_ref().unwrap()).unwrap();
        let cents = body["refund_amount_in_cents"].as_u64().unwrap();
        // Nothing is recorded where the parameters are refused.
        if cents > AMOUNT - self.given_back {
            return (400, error("invalid_refund_amount"));
        }
        self.given_back += cents;
        *self.made.entry(key.clone()).or_default() += 1;
        if self.keys == Keys::ForADay {
            self.recorded.insert(key, (now_ms, 200));
        }
        (200, self.shown(true))
    }

    fn shown(&self, paid: bool) -> String {
        let refund = match self.given_back {
            0 => "not_refunded",
            AMOUNT => "fully_refunded",
            _ => "partially_refunded",
        };
        let status = if paid { "paid" } else { "unpaid" };
        format!(
            r#"{{"id":"p1","payment_service_id":"{SERVICE}","reference_id":"R","amount_in_cents":{AMOUNT},"payment_url":"https://pay.gov.sg/payments/p1","return_url":"{RETURN_URL}","payment_status":"{status}","latest_status":"{status}","refund_status":"{refund}","created_at":"2026-11-18T20:00:00.000+08:00"}}"#
        )
    }
}

struct Bench {
    dice: Dice,
    now_ms: i64,
    paysg: PaySg,
    terms: Terms,
    ledger: Ledger,
    rows: Vec<Row>,
    faults: bool,
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
                given_back: 0,
                made: BTreeMap::new(),
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
            let fate = if self.faults { self.dice.below(8) } else { 8 };
            let (status, body) = match fate {
                0 => (0, String::new()),
                1 => (503, error("unavailable")),
                2 => {
                    self.paysg.call(&fetch, self.now_ms);
                    (0, String::new())
                }
                3 => {
                    self.paysg.call(&fetch, self.now_ms);
                    (504, "{}".to_owned())
                }
                // Something between answers, whether the call got through or not.
                4 => {
                    if self.dice.once_in(2) {
                        self.paysg.call(&fetch, self.now_ms);
                    }
                    let status = *self
                        .dice
                        .pick(&[200, 302, 400, 403, 404, 429, 500])
                        .unwrap();
                    (status, "<html>".to_owned())
                }
                _ => self.paysg.call(&fetch, self.now_ms),
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

    fn desk(&mut self, random: u32) -> Desk<'_> {
        Desk {
            ledger: &mut self.ledger,
            now_ms: self.now_ms,
            random,
            terms: &self.terms,
        }
    }

    fn live(&mut self, seen: &mut BTreeMap<&'static str, u32>) {
        let amounts: Vec<u64> = (0..3).map(|_| 600 + 900 * self.dice.below(3)).collect();
        for _ in 0..self.dice.below(25) {
            match self.dice.below(6) {
                0 => drop(self.look()),
                1 => self.now_ms += self.dice.below(30) as i64 * HOUR_MS,
                _ => {
                    let nth = self.dice.below(3) as usize;
                    let reply = self.ask(Message::Refund {
                        payment_id: PaymentId::parse("p1").unwrap(),
                        amount_in_cents: Cents::new(amounts[nth]).unwrap(),
                        command_id: nth.to_string(),
                        given_back: false,
                    });
                    let what = match reply {
                        Reply::Payment { .. } => "made",
                        Reply::Failed(Trouble::RefundUncertain) => "uncertain",
                        Reply::Failed(Trouble::RefundRefused { .. }) => "refused",
                        Reply::Failed(Trouble::Unavailable { .. }) => "unavailable",
                        Reply::Chosen(_)
                        | Reply::Noted
                        | Reply::NotOurs
                        | Reply::Record { .. }
                        | Reply::Slept
                        | Reply::Failed(_) => "other",
                    };
                    *seen.entry(what).or_default() += 1;
                }
            }
            self.check();
        }
    }

    fn check(&self) {
        let intent = &self.ledger.intent;
        let made = |key: &str| self.paysg.made.get(key).copied().unwrap_or(0);
        for refund in &intent.refunds {
            let made = made(refund.key.as_str());
            if self.paysg.keys == Keys::ForADay {
                assert!(made <= 1, "a refund was made {made} times");
            }
            match refund.accepted {
                // Where all is given back, whichever refund it was.
                Some(true) => assert!(made > 0 || self.paysg.given_back == AMOUNT, "{refund:?}"),
                Some(false) => assert_eq!(made, 0, "refused, and the money is gone: {refund:?}"),
                None => {}
            }
        }
        let told = intent
            .tellings
            .iter()
            .filter(|telling| telling.status == TellStatus::PartiallyRefunded);
        let partly = told.count() as u32;
        let all: u32 = self.paysg.made.values().sum();
        assert!(
            partly <= all,
            "told of {partly} refunds, and {all} were made"
        );
        let replayed = Ledger::replay(&self.rows, self.ledger.schedule.clone());
        assert_eq!(replayed.unwrap().unwrap().intent, *intent);
    }
}

#[test]
fn no_refund_is_made_twice_nor_told_without_being_made() {
    for keys in [Keys::ForADay, Keys::NotAtAll] {
        let mut seen = BTreeMap::new();
        let lives = if crate::deep() { 20_000 } else { 500 };
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
        for what in ["made", "uncertain", "refused", "unavailable"] {
            assert!(seen.contains_key(what), "{what}: never happened");
        }
    }
}
