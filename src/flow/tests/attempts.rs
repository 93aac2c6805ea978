//! Every attempt is watched, not only the current one.

use serde_json::json;

use super::*;
use crate::flow::agenda::{Due, due};
use crate::ledger::{PaymentOrigin, TellStatus};
use crate::paysg::Cents;

const DAY_MS: i64 = 24 * HOUR_MS;

/// `p1` was cancelled for a changed order, and `p2` can be paid.
fn replaced() -> Bench {
    let mut bench = Bench::open();
    bench.pay(
        order_of(4200, "two licences"),
        [
            ("GET p1", shows("p1", "unpaid")),
            ("POST p1/cancel", shows("p1", "cancelled")),
            ("GET p1", shows("p1", "cancelled")),
            ("POST payments #2", created("p2")),
        ],
    );
    bench
}

fn made_at(id: &str, state: &str, created_ms: i64) -> Value {
    with(
        payment(id, state),
        json!({"created_at": format_iso_ms(created_ms)}),
    )
}

impl Bench {
    fn due(&self) -> Option<Due> {
        due(&self.ledger, self.terms.pace, self.now_ms)
    }

    /// Looks at what is due until then, as PaySG last showed it; when `p1` was looked at.
    fn looks_at_p1(&mut self, until_ms: i64) -> Vec<i64> {
        let mut looks = Vec::new();
        while let Some(at_ms) = self.alarm_ms().filter(|at_ms| *at_ms <= until_ms) {
            self.now_ms = at_ms;
            if self.look() == "p1" {
                looks.push(at_ms);
            }
        }
        looks
    }

    /// The link that is due to be cancelled next, and when.
    fn sleep_until_a_cancellation(&mut self) -> (&'static str, i64) {
        loop {
            match self.sleep().due() {
                Some(Due::Abandon(id)) => {
                    let known = ["p1", "p2", "p3"].into_iter();
                    let found = known.into_iter().find(|known| *known == id.as_str());
                    return (found.unwrap(), self.now_ms);
                }
                _ => self.look(),
            };
        }
    }

    /// Looks at the payment that is due for it, which is as it was.
    fn look(&mut self) -> String {
        let Some(Due::Look(id)) = self.due() else {
            panic!("{:?}", self.due());
        };
        let attempt = self.ledger.intent.attempt_of(&id).unwrap();
        let state = match attempt.state {
            AttemptState::Cancelled => "cancelled",
            _ => "unpaid",
        };
        let get = format!("GET {}", id.as_str());
        self.wake([(&*get, shows(id.as_str(), state))]);
        id.as_str().to_owned()
    }
}

#[test]
fn cancelled_payment_is_looked_at_after_20_minutes_and_a_day() {
    let mut bench = replaced();
    let cancelled_ms = bench.ledger.intent.attempts[0].cancelled_at_ms.unwrap();
    let looks = bench.looks_at_p1(cancelled_ms + 40 * DAY_MS);
    assert_eq!(
        looks,
        [cancelled_ms + 20 * MINUTE_MS, cancelled_ms + DAY_MS]
    );
    assert_eq!(bench.alarm_ms(), None);
}

#[test]
fn look_at_a_cancelled_payment_that_fails_is_made_again() {
    let mut bench = Bench::open();
    bench.inquire("p1", [("GET p1", shows("p1", "cancelled"))]);
    bench.random = u32::MAX;
    for failure in [Says::Nothing, status(503), status(401)] {
        bench.sleep().wake([("GET p1", failure)]);
        assert!(bench.alarm_ms().unwrap() <= bench.now_ms + HOUR_MS);
    }
    bench.sleep().wake([("GET p1", shows("p1", "cancelled"))]);
    let cancelled_ms = bench.ledger.intent.attempts[0].cancelled_at_ms.unwrap();
    assert_eq!(bench.alarm_ms(), Some(cancelled_ms + DAY_MS));
}

#[test]
fn bank_transfer_to_a_cancelled_payment_is_found_and_the_other_link_cancelled() {
    let mut bench = replaced();
    bench.now_ms = bench.recheck_ms(0) - 1;
    bench.wake([("GET p2", shows("p2", "unpaid"))]);
    bench.now_ms = bench.recheck_ms(0);
    bench.wake([("GET p1", shows("p1", "paid")), ("TELL p1", status(200))]);
    assert_eq!(bench.states(), [AttemptState::Paid, AttemptState::Open]);
    bench.wake([
        ("POST p2/cancel", shows("p2", "cancelled")),
        ("GET p2", shows("p2", "cancelled")),
    ]);
    assert_eq!(
        bench.states(),
        [AttemptState::Paid, AttemptState::Cancelled]
    );
    // The e-service is not told that anything of this order was cancelled.
    assert_eq!(bench.ledger.intent.tellings.len(), 1);
    assert_eq!(bench.alerts(), [""; 0]);
    // The other one may have a transfer under way, too.
    assert_eq!(bench.alarm_ms(), Some(bench.recheck_ms(1)));
    bench.sleep().wake([("GET p2", shows("p2", "paid"))]);
    assert!(bench.is_flagged(Flag::Surplus, Some("p2")));
    assert_eq!(bench.alerts(), ["surplus"]);
}

#[test]
fn link_beside_a_paid_payment_that_cannot_be_cancelled_is_an_alert_until_it_can() {
    let mut bench = replaced();
    bench.hint("p1", []);
    bench.wake([("GET p1", shows("p1", "paid")), ("TELL p1", status(200))]);
    assert_eq!(bench.alerts(), [""; 0]);
    bench.wake([
        ("POST p2/cancel", error(400, "no")),
        ("GET p2", shows("p2", "unpaid")),
    ]);
    assert_eq!(bench.alerts(), ["duplicate"]);
    let again_ms = bench.alarm_ms().unwrap();
    assert!(again_ms <= bench.now_ms + MINUTE_MS);
    bench.now_ms = again_ms;
    bench.wake([
        ("POST p2/cancel", shows("p2", "cancelled")),
        ("GET p2", shows("p2", "cancelled")),
    ]);
    assert_eq!(bench.alerts(), [""; 0]);
}

#[test]
fn link_that_is_paid_while_it_is_cancelled_for_another_is_a_surplus() {
    let mut bench = replaced();
    bench.hint("p1", []);
    bench.wake([("GET p1", shows("p1", "paid")), ("TELL p1", status(200))]);
    bench.wake([
        ("POST p2/cancel", error(400, "paid")),
        ("GET p2", shows("p2", "paid")),
    ]);
    assert_eq!(bench.alerts(), ["surplus"]);
    assert_eq!(bench.alarm_ms(), None);
}

#[test]
fn open_link_that_is_not_the_current_one_is_looked_after() {
    // `p1` turns up unpaid after its attempt was given up.
    let mut bench = Bench::unanswered();
    bench.pass(HOUR_MS).pay(
        order_of(4200, "two licences"),
        [
            ("LIST", page(vec![], None)),
            ("POST payments #2", created("p2")),
        ],
    );
    bench.hint("p1", []);
    let late = || made_at("p1", "unpaid", START_MS + 10);
    bench.wake([("GET p1", says(200, late()))]);
    assert_eq!(bench.states(), [AttemptState::Open, AttemptState::Open]);
    assert_eq!(bench.alerts(), ["duplicate"]);
    let current = bench.ledger.intent.current().unwrap();
    assert_eq!(current.payment_id, Some(id("p2")));
    bench
        .ledger
        .schedule
        .hints
        .put_off("p1", bench.now_ms + DAY_MS);
    bench.now_ms = bench.ledger.intent.attempts[0].opened_at_ms.unwrap() + 5 * MINUTE_MS;
    bench.wake([("GET p2", shows("p2", "unpaid"))]);
    let paid = with(
        late(),
        json!({"payment_status": "paid", "latest_status": "paid"}),
    );
    bench.wake([("GET p1", says(200, paid)), ("TELL p1", status(200))]);
}

#[test]
fn pressing_again_does_not_put_the_cancellation_off() {
    let limited = |text: &str, secs| {
        let mut order = order_of(4200, text);
        order.cancel_after_secs = Some(secs);
        order
    };
    let mut bench = Bench::new();
    bench.pay(limited("one", 3600), [("POST payments #1", created("p1"))]);
    let deadline_ms = bench.ledger.intent.attempts[0].opened_at_ms.unwrap() + HOUR_MS;
    bench.pass(40 * MINUTE_MS);
    bench.pay(limited("one", 7200), [("GET p1", shows("p1", "unpaid"))]);
    // Another order does not, either.
    bench.pay(
        limited("two", 3600),
        [
            ("GET p1", shows("p1", "unpaid")),
            ("POST p1/cancel", shows("p1", "cancelled")),
            ("GET p1", shows("p1", "cancelled")),
            ("POST payments #2", created("p2")),
        ],
    );
    assert_eq!(bench.sleep_until_a_cancellation(), ("p2", deadline_ms));
    bench.wake([
        ("POST p2/cancel", shows("p2", "cancelled")),
        ("GET p2", shows("p2", "cancelled")),
    ]);
    bench.wake([("TELL p2-cancelled", status(200))]);
    // What is pressed after that is given a time of its own.
    bench.pay(limited("two", 3600), [("POST payments #3", created("p3"))]);
    let opened_ms = bench.ledger.intent.attempts[2].opened_at_ms.unwrap();
    let at_ms = opened_ms + HOUR_MS;
    assert_eq!(bench.sleep_until_a_cancellation(), ("p3", at_ms));
}

#[test]
fn command_for_a_further_payment_of_the_list_is_carried_out() {
    let mut bench = Bench::unanswered();
    bench.pass(HOUR_MS);
    let twice = page(vec![payment("p2", "unpaid"), payment("p1", "unpaid")], None);
    bench.pay(
        order_of(4200, "two licences"),
        [
            ("LIST", twice),
            ("GET p2", shows("p2", "unpaid")),
            ("POST p2/cancel", shows("p2", "cancelled")),
            ("GET p2", shows("p2", "cancelled")),
            ("GET p1", shows("p1", "unpaid")),
            ("POST p1/cancel", Says::Nothing),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    let reply = bench.ask(
        Message::Cancel {
            payment_id: id("p1"),
        },
        [
            ("POST p1/cancel", shows("p1", "cancelled")),
            ("GET p1", shows("p1", "cancelled")),
        ],
    );
    assert_eq!(answered(reply), Status::Cancelled);
    assert_eq!(bench.alerts(), [""; 0]);
}

#[test]
fn cancelling_what_is_left_of_a_paid_order_is_not_told() {
    let mut bench = replaced();
    bench.inquire("p1", [("GET p1", shows("p1", "paid"))]);
    bench.ask(
        Message::Cancel {
            payment_id: id("p2"),
        },
        [
            ("POST p2/cancel", shows("p2", "cancelled")),
            ("GET p2", shows("p2", "cancelled")),
        ],
    );
    let told: Vec<TellStatus> = bench
        .ledger
        .intent
        .tellings
        .iter()
        .map(|telling| telling.status)
        .collect();
    assert_eq!(told, [TellStatus::Paid]);
}

#[test]
fn found_payment_belongs_to_the_newest_lost_attempt_that_explains_it() {
    let mut bench = Bench::unanswered();
    bench.pass(HOUR_MS);
    let lost = || ("POST payments #2", Says::Nothing);
    let none = || ("LIST", page(vec![], None));
    let script = [none(), lost(), lost(), lost(), lost(), none()];
    bench.pay(order_of(4200, "two licences"), script);
    assert_eq!(
        bench.states(),
        [AttemptState::GivenUp, AttemptState::Started]
    );
    let started_ms = bench.ledger.intent.attempts[1].started_at_ms;
    for (created_ms, expected) in [
        (started_ms + 5, [None, Some(id("p"))]),
        (started_ms - 5, [Some(id("p")), None]),
        // PaySG's clock is behind.
        (START_MS - MINUTE_MS, [Some(id("p")), None]),
    ] {
        let mut bench = Bench {
            ledger: bench.ledger.clone(),
            rows: bench.rows.clone(),
            now_ms: bench.now_ms,
            ..Bench::new()
        };
        let made = made_at("p", "unpaid", created_ms);
        bench.inquire("p", [("GET p", says(200, made))]);
        let attempts = bench.ledger.intent.attempts.iter();
        let found: Vec<Option<PaymentId>> = attempts.map(|a| a.payment_id.clone()).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn key_whose_payment_was_taken_for_another_attempts_is_no_mismatch() {
    let mut bench = Bench::unanswered();
    bench.pass(HOUR_MS);
    let changed = || order_of(4200, "two licences");
    let lost = || ("POST payments #2", Says::Nothing);
    let none = || ("LIST", page(vec![], None));
    bench.pay(changed(), [none(), lost(), lost(), lost(), lost(), none()]);
    // By its time, the first attempt's; by its key, the second's.
    let early = made_at("p2", "unpaid", START_MS);
    bench.inquire("p2", [("GET p2", says(200, early))]);
    assert_eq!(bench.ledger.intent.attempts[0].origin, PaymentOrigin::Found);
    let reply = bench.pay(
        changed(),
        [
            ("POST payments #2", created("p2")),
            ("GET p2", shows("p2", "unpaid")),
            ("POST p2/cancel", shows("p2", "cancelled")),
            ("GET p2", shows("p2", "cancelled")),
            ("POST payments #3", created("p3")),
        ],
    );
    assert_eq!(outcome(reply), is("p3", Status::Unpaid, false));
    assert!(!bench.is_flagged(Flag::Mismatch, Some("p2")));
}

#[test]
fn unanswered_attempt_of_a_paid_order_is_searched_for_and_cancelled() {
    let mut bench = Bench::open();
    let lost = || ("POST payments #2", Says::Nothing);
    let none = || ("LIST", page(vec![], None));
    bench.pay(
        order(),
        [
            ("GET p1", shows("p1", "cancelled")),
            lost(),
            lost(),
            lost(),
            lost(),
            none(),
        ],
    );
    bench.inquire("p1", [("GET p1", shows("p1", "paid"))]);
    bench.sleep().wake([("TELL p1", status(200))]);
    assert_eq!(bench.states(), [AttemptState::Paid, AttemptState::Started]);
    let mut empty = Bench {
        ledger: bench.ledger.clone(),
        rows: bench.rows.clone(),
        now_ms: bench.now_ms,
        ..Bench::new()
    };
    let asked_ms = bench.ledger.intent.attempts[1].asked_at_ms.unwrap();
    assert_eq!(bench.alarm_ms(), Some(asked_ms + MINUTE_MS));
    bench.sleep().wake([
        ("LIST", Says::Nothing),
        ("LIST", Says::Nothing),
        ("LIST", Says::Nothing),
        ("LIST", Says::Nothing),
    ]);
    let made = made_at("p2", "unpaid", asked_ms);
    bench.sleep().wake([("LIST", page(vec![made], None))]);
    bench.wake([
        ("POST p2/cancel", shows("p2", "cancelled")),
        ("GET p2", shows("p2", "cancelled")),
    ]);
    assert_eq!(bench.alerts(), [""; 0]);
    // Where there is none, the attempt is over, and so is the alert.
    empty.sleep().wake([none()]);
    assert_eq!(empty.states(), [AttemptState::Paid, AttemptState::GivenUp]);
    assert_eq!(empty.pass(HOUR_MS).alerts(), [""; 0]);
}

#[test]
fn attempt_whose_list_holds_only_an_older_payment_is_over() {
    for by_operator in [true, false] {
        let mut bench = Bench::unanswered();
        bench.pass(HOUR_MS);
        let older = || made_at("p0", "paid", START_MS - HOUR_MS);
        let list = || ("LIST", page(vec![older()], None));
        let get = || ("GET p0", says(200, older()));
        if by_operator {
            bench.ask(Message::Reconcile, [list(), get()]);
        } else {
            bench.hint("p9", []);
            let ours = with(payment("p9", "paid"), json!({"amount_in_cents": 1}));
            bench.wake([("GET p9", says(200, ours)), ("TELL p9", status(200))]);
            bench.sleep().wake([list()]);
            bench.wake([get()]);
            assert!(bench.is_flagged(Flag::Surplus, Some("p0")));
        }
        assert_eq!(bench.states()[0], AttemptState::GivenUp);
        let attempt = bench.ledger.intent.attempt_of(&id("p0")).unwrap();
        assert_eq!(attempt.origin, PaymentOrigin::Adopted);
    }
}

#[test]
fn key_that_was_used_with_other_metadata_leads_to_its_payment() {
    let mut bench = Bench::unanswered();
    let reply = bench.pass(HOUR_MS).pay(
        order(),
        [
            ("POST payments #1", error(400, KEY_REUSED)),
            ("LIST", page(vec![payment("p1", "unpaid")], None)),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Unpaid, true));
    // Of another amount, it is of another order.
    let mut bench = Bench::unanswered();
    let other = |state| with(payment("p1", state), json!({"amount_in_cents": 1}));
    let reply = bench.pass(HOUR_MS).pay(
        order(),
        [
            ("POST payments #1", error(400, KEY_REUSED)),
            ("LIST", page(vec![other("unpaid")], None)),
            ("GET p1", says(200, other("unpaid"))),
            ("POST p1/cancel", says(200, other("cancelled"))),
            ("GET p1", says(200, other("cancelled"))),
            ("POST payments #2", created("p2")),
        ],
    );
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
}

#[test]
fn surplus_that_the_list_showed_can_be_refunded_by_command() {
    let mut bench = Bench::unanswered();
    bench.pass(HOUR_MS);
    let twice = page(vec![payment("p2", "paid"), payment("p1", "paid")], None);
    bench.pay(
        order_of(4200, "two licences"),
        [("LIST", twice), ("GET p2", shows("p2", "paid"))],
    );
    bench.wake([("GET p1", shows("p1", "paid")), ("TELL p2", status(200))]);
    assert_eq!(bench.alerts(), ["surplus"]);
    let refund = Message::Refund {
        payment_id: id("p1"),
        amount_in_cents: Cents::new(4200).unwrap(),
        command_id: "j".to_owned(),
        look_first: false,
        refunded_amount_in_cents: None,
    };
    bench.ask(
        refund,
        [
            ("POST p1/refund", status(200)),
            ("GET p1", shows("p1", "refunded")),
        ],
    );
    assert_eq!(bench.alerts(), [""; 0]);
}
