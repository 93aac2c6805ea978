//! What an operator should know of.

use super::*;
use crate::flow::watch::{concerns, next};
use crate::ledger::Transition;
use crate::paysg::Cents;

impl Bench {
    fn flag(&mut self, flag: Flag, payment: Option<&str>) {
        let payment_id = payment.map(id);
        let flagged = Transition::Flagged { flag, payment_id };
        self.ledger.record(self.now_ms, flagged).unwrap();
    }
}

#[test]
fn nothing_is_said_of_an_intent_that_goes_its_way() {
    assert_eq!(Bench::new().alerts(), [""; 0]);
    let mut open = Bench::open();
    assert_eq!(open.pass(30 * 24 * HOUR_MS).alerts(), [""; 0]);
    assert_eq!(Bench::paid().alerts(), [""; 0]);
    let mut told = Bench::paid();
    told.wake([("TELL p1", status(200))]);
    assert_eq!(told.pass(HOUR_MS).alerts(), [""; 0]);
}

#[test]
fn an_e_service_that_has_not_heard_for_an_hour_is_a_concern_until_it_has() {
    let mut bench = Bench::paid();
    let since_ms = bench.ledger.intent.tellings[0].since_ms;
    bench.now_ms = since_ms + HOUR_MS - 1;
    assert_eq!(bench.alerts(), [""; 0]);
    bench.pass(1);
    assert_eq!(bench.alerts(), ["untold"]);
    bench.wake([("TELL p1", status(200))]);
    assert_eq!(bench.alerts(), [""; 0]);
}

/// Its answers: when it wakes, up to the tenth time, in hours after the payment.
fn url_checks_hours(bench: &mut Bench) -> Vec<i64> {
    let since_ms = bench.ledger.intent.tellings[0].since_ms;
    let mut hours = Vec::new();
    while hours.len() < 10 {
        bench.sleep().wake([]);
        hours.push((bench.now_ms - since_ms) / HOUR_MS);
    }
    hours
}

#[test]
fn payment_paid_without_a_notification_url_is_due_when_there_is_one() {
    let mut bench = Bench::open();
    bench.terms.pace.tells = false;
    bench.pay(order(), [("GET p1", shows("p1", "paid"))]);
    assert_eq!(bench.alerts(), [""; 0]);
    assert_eq!(
        url_checks_hours(&mut bench),
        [1, 2, 4, 8, 16, 32, 56, 80, 104, 128]
    );
    assert_eq!(bench.alerts(), ["untold"], "somebody is to set one");
    bench.terms.pace.tells = true;
    // The next message notifies at once, and so does the alarm that is set.
    assert!(bench.alarm_ms().is_some_and(|at_ms| at_ms < bench.now_ms));
    bench.wake([("TELL p1", status(200))]);
    assert_eq!((bench.alerts(), bench.alarm_ms()), (vec![], None));
}

#[test]
fn nothing_is_due_where_nobody_is_to_be_notified() {
    let mut bench = Bench::open();
    bench.terms.pace.tells = false;
    bench.terms.pace.notifies_nobody = true;
    bench.pay(order(), [("GET p1", shows("p1", "paid"))]);
    assert_eq!(bench.alarm_ms(), None);
    assert_eq!(bench.pass(48 * HOUR_MS).alerts(), [""; 0]);
}

#[test]
fn an_event_that_no_get_bears_out_is_a_concern_once_the_tries_are_an_hour_apart() {
    let mut bench = Bench::open();
    bench.hint("p2", []);
    let at_ms = bench.now_ms;
    for _ in 0..11 {
        bench.ledger.schedule.hints.put_off("p2", at_ms);
    }
    assert_eq!(bench.alerts(), [""; 0]);
    bench.ledger.schedule.hints.put_off("p2", at_ms);
    assert_eq!(bench.alerts(), ["unexamined"]);
    let waited_ms: u32 = (0..12)
        .map(|tries| crate::flow::agenda::HINT_BACKOFF.half_jitter_ms(tries, u32::MAX))
        .sum();
    assert!(i64::from(waited_ms) > HOUR_MS, "{waited_ms}");
    bench.wake([("GET p2", shows("p2", "paid")), ("TELL p2", status(200))]);
    // `p1` can be paid, too.
    assert_eq!(bench.alerts(), ["duplicate"]);
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
    assert_eq!(bench.alerts(), [""; 0]);
    bench.now_ms = due_ms;
    assert_eq!(bench.alerts(), ["unanswered"]);
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
        let stuck = |bench: &Bench| bench.alerts().contains(&concern);
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
    assert_eq!(bench.alerts(), ["refund_failed"]);
    bench.inquire("p1", [("GET p1", shows("p1", "refunded"))]);
    assert_eq!(bench.alerts(), [""; 0]);
}

#[test]
fn a_flag_is_a_concern_until_what_it_is_about_is_put_right() {
    let mut bench = Bench::paid();
    bench.flag(Flag::Surplus, Some("p1"));
    assert_eq!(bench.alerts(), ["surplus"]);
    bench.inquire("p1", [("GET p1", shows("p1", "partially_refunded"))]);
    assert_eq!(bench.alerts(), ["surplus"]);
    bench.inquire("p1", [("GET p1", shows("p1", "refunded"))]);
    assert_eq!(bench.alerts(), [""; 0]);
}

#[test]
fn flags_that_only_paysg_can_end_end_when_its_answer_does_so() {
    let mut bench = Bench::paid();
    let flags = [Flag::Mismatch, Flag::WentBack, Flag::Vanished];
    for flag in flags {
        bench.flag(flag, Some("p1"));
    }
    assert_eq!(bench.alerts(), ["mismatch", "went_back", "vanished"]);
    // A remembered answer can be older than what the ledger knows: it raises and ends nothing.
    bench.inquire("p1", [("GET p1", shows("p1", "unpaid"))]);
    assert_eq!(bench.alerts(), ["mismatch", "went_back", "vanished"]);
    bench.inquire("p1", [("GET p1", shows("p1", "paid"))]);
    assert_eq!(bench.alerts(), [""; 0]);
    let mut stranger = Bench::paid();
    stranger.flag(Flag::Surplus, Some("p9"));
    assert_eq!(stranger.alerts(), ["surplus"]);
}
