//! What an operator should know of.

use super::*;
use crate::flow::watch::{concerns, next};
use crate::ledger::Transition;
use crate::paysg::Cents;

impl Bench {
    fn concerns(&self) -> Vec<&'static str> {
        concerns(&self.ledger, self.terms.pace, self.now_ms)
    }

    fn flag(&mut self, flag: Flag, payment: Option<&str>) {
        let payment_id = payment.map(id);
        let flagged = Transition::Flagged { flag, payment_id };
        self.ledger.record(self.now_ms, flagged).unwrap();
    }
}

#[test]
fn nothing_is_said_of_an_intent_that_goes_its_way() {
    assert_eq!(Bench::new().concerns(), [""; 0]);
    let mut open = Bench::open();
    assert_eq!(open.pass(30 * 24 * HOUR_MS).concerns(), [""; 0]);
    assert_eq!(Bench::paid().concerns(), [""; 0]);
    let mut told = Bench::paid();
    told.wake([("TELL p1", status(200))]);
    assert_eq!(told.pass(HOUR_MS).concerns(), [""; 0]);
}

#[test]
fn an_e_service_that_has_not_heard_for_an_hour_is_a_concern_until_it_has() {
    let mut bench = Bench::paid();
    let since_ms = bench.ledger.intent.tellings[0].since_ms;
    bench.now_ms = since_ms + HOUR_MS - 1;
    assert_eq!(bench.concerns(), [""; 0]);
    bench.pass(1);
    assert_eq!(bench.concerns(), ["untold"]);
    bench.wake([("TELL p1", status(200))]);
    assert_eq!(bench.concerns(), [""; 0]);
}

#[test]
fn where_nobody_is_told_nobody_is_late() {
    let mut bench = Bench::paid();
    bench.terms.pace.tells = false;
    assert_eq!(bench.pass(2 * HOUR_MS).concerns(), [""; 0]);
}

#[test]
fn an_event_that_no_get_bears_out_is_a_concern_once_the_tries_are_an_hour_apart() {
    let mut bench = Bench::open();
    bench.hint("p2", []);
    let at_ms = bench.now_ms;
    for _ in 0..11 {
        bench.ledger.schedule.hints.put_off("p2", at_ms);
    }
    assert_eq!(bench.concerns(), [""; 0]);
    bench.ledger.schedule.hints.put_off("p2", at_ms);
    assert_eq!(bench.concerns(), ["unexamined"]);
    let waited_ms: u32 = (0..12)
        .map(|tries| crate::flow::agenda::HINT_BACKOFF.half_jitter_ms(tries, u32::MAX))
        .sum();
    assert!(i64::from(waited_ms) > HOUR_MS, "{waited_ms}");
    bench.wake([("GET p2", shows("p2", "paid")), ("TELL p2", status(200))]);
    assert_eq!(bench.concerns(), [""; 0]);
}

#[test]
fn a_create_that_was_never_answered_is_a_concern_after_an_hour_and_wakes_its_intent_for_that() {
    let mut bench = Bench::unanswered();
    let started_ms = bench.ledger.intent.attempts[0].started_at_ms;
    // For a link, if there had been one; the alarm was set before PaySG was called.
    let look_ms = next(&bench.ledger, bench.terms.pace, bench.now_ms).unwrap();
    assert_eq!(look_ms, started_ms + 5 * MINUTE_MS);
    bench.now_ms = look_ms;
    bench.wake([]);
    let due_ms = next(&bench.ledger, bench.terms.pace, bench.now_ms).unwrap();
    assert_eq!(due_ms, started_ms + HOUR_MS);
    assert_eq!(bench.concerns(), [""; 0]);
    bench.now_ms = due_ms;
    assert_eq!(bench.concerns(), ["unanswered"]);
    // Once is enough.
    assert_eq!(next(&bench.ledger, bench.terms.pace, bench.now_ms), None);
    bench.wake([]);
    assert_eq!(
        next(&Bench::open().ledger, bench.terms.pace, START_MS),
        None
    );
}

/// A paid payment of which the e-service knows, and a refund of 500 of it, answered so.
fn refunding(answer: Says, shown: &str) -> Bench {
    let mut bench = Bench::paid();
    bench.wake([("TELL p1", status(200))]);
    let refund = Message::Refund {
        payment_id: id("p1"),
        amount_in_cents: Cents::new(500).unwrap(),
        command_id: "j".to_owned(),
        look_first: false,
        refunded_amount_in_cents: None,
    };
    bench.ask(
        refund,
        [("POST p1/refund", answer), ("GET p1", shows("p1", shown))],
    );
    bench
}

#[test]
fn a_refund_without_an_outcome_is_a_concern_after_an_hour_or_three_days() {
    for (answer, shown, hours, concern) in [
        (Says::Nothing, "paid", 1, "refund_unanswered"),
        (status(200), "refund_pending", 72, "refund_pending"),
        (status(200), "paid", 72, "refund_pending"),
    ] {
        let mut bench = refunding(answer, shown);
        let due_ms = next(&bench.ledger, bench.terms.pace, bench.now_ms).unwrap();
        let asked_at_ms = bench.ledger.intent.refunds[0].asked_at_ms;
        assert_eq!(due_ms, asked_at_ms + hours * HOUR_MS, "{shown}");
        bench.now_ms = due_ms - 1;
        let stuck = |bench: &Bench| bench.concerns().contains(&concern);
        assert!(!stuck(&bench), "{shown}");
        bench.now_ms = due_ms;
        assert!(stuck(&bench), "{shown}");
        assert_eq!(next(&bench.ledger, bench.terms.pace, bench.now_ms), None);
        // It is settled by an answer, or where nothing is left to give back.
        let mut all = bench.ledger.clone();
        let whole = Transition::Refunded {
            attempt: 1,
            whole: true,
            tell: false,
        };
        all.record(due_ms, whole).unwrap();
        assert!(!concerns(&all, bench.terms.pace, due_ms).contains(&concern));
        bench.inquire("p1", [("GET p1", shows("p1", "partially_refunded"))]);
        assert!(!stuck(&bench), "{shown}");
    }
}

#[test]
fn a_refund_that_failed_is_a_concern_until_all_is_given_back() {
    let mut bench = refunding(status(200), "refund_failed");
    assert_eq!(bench.concerns(), ["refund_failed"]);
    bench.inquire("p1", [("GET p1", shows("p1", "refunded"))]);
    assert_eq!(bench.concerns(), [""; 0]);
}

#[test]
fn a_flag_is_a_concern_until_what_it_is_about_is_put_right() {
    let mut bench = Bench::open();
    bench.flag(Flag::Duplicate, Some("p1"));
    bench.flag(Flag::SearchTooLong, None);
    assert_eq!(bench.concerns(), ["duplicate"]);
    bench.pay(order(), [("GET p1", shows("p1", "paid"))]);
    bench.flag(Flag::Surplus, Some("p1"));
    assert_eq!(bench.concerns(), ["surplus"]);
    bench.inquire("p1", [("GET p1", shows("p1", "partially_refunded"))]);
    assert_eq!(bench.concerns(), ["surplus"]);
    bench.inquire("p1", [("GET p1", shows("p1", "refunded"))]);
    assert_eq!(bench.concerns(), [""; 0]);
}

#[test]
fn what_only_people_can_settle_stays_a_concern() {
    let mut bench = Bench::paid();
    for flag in [Flag::Mismatch, Flag::WentBack, Flag::Vanished] {
        bench.flag(flag, Some("p1"));
    }
    assert_eq!(bench.concerns(), ["mismatch", "went_back", "vanished"]);
    let mut stranger = Bench::paid();
    stranger.flag(Flag::Surplus, Some("p9"));
    assert_eq!(stranger.concerns(), ["surplus"]);
}
