//! When an intent wakes by itself, and what for.

use super::*;
use crate::flow::agenda::{Due, due, next};

const DAY_MS: i64 = 24 * HOUR_MS;

/// When the intent looks after its unpaid link, as ages of its attempt: PaySG was quick.
fn looks(bench: &mut Bench) -> Vec<i64> {
    let opened_ms = bench.ledger.intent.attempts[0].started_at_ms;
    let mut ages = Vec::new();
    while let Some(at_ms) = bench.alarm_ms() {
        bench.now_ms = at_ms;
        bench.wake([("GET p1", shows("p1", "unpaid"))]);
        ages.push(at_ms - opened_ms);
        assert!(ages.len() < 100, "it looks after a link for ever");
    }
    ages
}

#[test]
fn a_link_that_nobody_reports_on_is_looked_after_for_30_days() {
    let ages = looks(&mut Bench::open());
    assert_eq!(ages[..3], [5 * MINUTE_MS, 510_000, 867_000]);
    let first_day = ages.iter().filter(|age| **age <= DAY_MS).count();
    assert_eq!(first_day, 11);
    let last = *ages.last().unwrap();
    assert!((29 * DAY_MS..=30 * DAY_MS).contains(&last), "{last}");
}

#[test]
fn a_lost_payment_is_found_within_the_larger_of_ten_minutes_and_the_links_age() {
    let mut ages = looks(&mut Bench::open());
    ages.insert(0, 0);
    for pair in ages.windows(2) {
        // Paid just after the first look, it is found at the second.
        assert!(pair[1] - pair[0] <= pair[0].max(10 * MINUTE_MS), "{pair:?}");
    }
}

#[test]
fn looks_missed_in_a_long_sleep_are_one_look() {
    let mut bench = Bench::open();
    bench.pass(3 * DAY_MS);
    bench.wake([("GET p1", shows("p1", "unpaid"))]);
    assert!(bench.alarm_ms().unwrap() > bench.now_ms);
}

#[test]
fn a_look_is_one_get_even_if_it_fails() {
    let mut bench = Bench::open();
    bench.sleep().wake([("GET p1", Says::Nothing)]);
    bench
        .sleep()
        .wake([("GET p1", shows("p1", "paid")), ("TELL p1", status(200))]);
    assert_eq!(bench.states(), [AttemptState::Paid]);
}

#[test]
fn each_attempt_is_looked_after_from_its_own_beginning() {
    let mut bench = Bench::open();
    for _ in 0..5 {
        bench.sleep().wake([("GET p1", shows("p1", "unpaid"))]);
    }
    bench.pay(
        order(),
        [
            ("GET p1", shows("p1", "cancelled")),
            ("POST payments #2", created("p2")),
        ],
    );
    let started_ms = bench.ledger.intent.attempts[1].started_at_ms;
    assert_eq!(bench.alarm_ms(), Some(started_ms + 5 * MINUTE_MS));
}

#[test]
fn a_link_that_paysg_was_slow_to_make_is_looked_after_from_when_it_was_there() {
    let mut bench = Bench::unanswered();
    bench.pass(2 * MINUTE_MS).pay(
        order(),
        [
            ("POST payments #1", created("p1")),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    let opened_ms = bench.ledger.intent.attempts[0].opened_at_ms.unwrap();
    assert_eq!(bench.alarm_ms(), Some(opened_ms + 5 * MINUTE_MS));
}

#[test]
fn nothing_is_due_for_an_attempt_that_was_never_answered() {
    // Alarms never create payments: only a payer's request does.
    let bench = Bench::unanswered();
    assert_eq!(bench.alarm_ms(), None);
}

#[test]
fn a_link_is_cancelled_after_the_time_that_its_order_names() {
    let mut bench = Bench::new();
    let mut abandoned = order();
    abandoned.cancel_after_secs = Some(120);
    bench.pay(abandoned, [("POST payments #1", created("p1"))]);
    let opened_ms = bench.ledger.intent.attempts[0].opened_at_ms.unwrap();
    assert_eq!(
        next(&bench.ledger, bench.terms.pace),
        Some((opened_ms + 120_000, Due::Abandon(id("p1"))))
    );
    bench.sleep().wake([
        ("POST p1/cancel", shows("p1", "cancelled")),
        ("GET p1", shows("p1", "cancelled")),
    ]);
    assert_eq!(bench.states(), [AttemptState::Cancelled]);
    bench.sleep().wake([("TELL p1-cancelled", status(200))]);
    assert_eq!(bench.alarm_ms(), Some(bench.recheck_ms(0)));
}

#[test]
fn an_abandoned_link_that_was_paid_meanwhile_is_told_as_paid() {
    let mut bench = Bench::new();
    let mut abandoned = order();
    abandoned.cancel_after_secs = Some(120);
    bench.pay(abandoned, [("POST payments #1", created("p1"))]);
    bench.sleep().wake([
        ("POST p1/cancel", error(400, "not_cancellable")),
        ("GET p1", shows("p1", "paid")),
    ]);
    bench.sleep().wake([("TELL p1", status(200))]);
}

#[test]
fn a_cancellation_that_fails_is_tried_again_later() {
    let mut bench = Bench::new();
    let mut abandoned = order();
    abandoned.cancel_after_secs = Some(120);
    bench.pay(abandoned, [("POST payments #1", created("p1"))]);
    bench.sleep();
    let woke_ms = bench.now_ms;
    bench.wake([
        ("POST p1/cancel", status(503)),
        ("POST p1/cancel", status(503)),
        ("POST p1/cancel", status(503)),
        ("POST p1/cancel", status(503)),
        ("GET p1", shows("p1", "unpaid")),
    ]);
    assert_eq!(bench.alarm_ms(), Some(woke_ms + 30_000));
}

#[test]
fn a_new_link_is_given_its_own_time_however_the_one_before_it_was_abandoned() {
    let mut bench = Bench::new();
    bench.terms.pace.tells = false;
    let mut abandoned = order();
    abandoned.cancel_after_secs = Some(120);
    bench.pay(abandoned.clone(), [("POST payments #1", created("p1"))]);
    let down = ("POST p1/cancel", status(503));
    bench.sleep().wake([
        down.clone(),
        down.clone(),
        down.clone(),
        down,
        ("GET p1", shows("p1", "unpaid")),
    ]);
    bench.sleep().wake([
        ("POST p1/cancel", shows("p1", "cancelled")),
        ("GET p1", shows("p1", "cancelled")),
    ]);
    assert_eq!(bench.states(), [AttemptState::Cancelled]);

    bench.sleep().wake([("GET p1", shows("p1", "cancelled"))]);
    bench.pass(HOUR_MS);
    bench.pay(abandoned, [("POST payments #2", created("p2"))]);
    bench.wake([]);
    let opened_ms = bench.ledger.intent.attempts[1].opened_at_ms.unwrap();
    assert_eq!(
        next(&bench.ledger, bench.terms.pace),
        Some((opened_ms + 120_000, Due::Abandon(id("p2"))))
    );
    // Its failures are counted from the first, too.
    bench.sleep();
    let woke_ms = bench.now_ms;
    let down = ("POST p2/cancel", status(503));
    bench.wake([
        down.clone(),
        down.clone(),
        down.clone(),
        down,
        ("GET p2", shows("p2", "unpaid")),
    ]);
    assert_eq!(bench.alarm_ms(), Some(woke_ms + 30_000));
}

#[test]
fn what_is_due_first_comes_first() {
    let mut bench = Bench::open();
    let now_ms = bench.now_ms;
    assert_eq!(due(&bench.ledger, bench.terms.pace, now_ms), None);
    bench.hint("p1", []);
    assert_eq!(
        due(&bench.ledger, bench.terms.pace, now_ms),
        Some(Due::Examine(id("p1")))
    );
    bench.inquire("p1", [("GET p1", shows("p1", "paid"))]);
    let now_ms = bench.now_ms;
    assert_eq!(
        due(&bench.ledger, bench.terms.pace, now_ms),
        Some(Due::Tell)
    );
}

#[test]
fn what_a_get_shows_paid_is_told_in_the_same_wake_and_the_alarm_stays_where_it_was() {
    let mut bench = Bench::open();
    bench.hint("p1", []);
    bench.random = u32::MAX / 2;
    let woke_ms = bench.now_ms;
    bench.wake([("GET p1", shows("p1", "paid")), ("TELL p1", status(503))]);
    // Put off before the GET, and for the call's next try the same.
    assert_eq!(bench.alarm_ms(), Some(woke_ms + 1_499));
    bench.sleep().wake([("TELL p1", status(200))]);
    assert_eq!(bench.alarm_ms(), None);
}

#[test]
fn an_event_that_was_examined_in_vain_for_long_delays_no_telling() {
    let mut bench = Bench::open();
    bench.hint("p1", []);
    let woke_ms = bench.now_ms;
    for _ in 0..11 {
        bench.ledger.schedule.hints.put_off("p1", woke_ms);
    }
    bench.wake([("GET p1", shows("p1", "paid")), ("TELL p1", status(503))]);
    assert!(bench.alarm_ms().unwrap() <= woke_ms + 2_000 + 2 * bench.latency_ms);
}

#[test]
fn a_time_scale_makes_everything_come_so_many_times_sooner() {
    let mut bench = Bench::open();
    let started_ms = bench.ledger.intent.attempts[0].started_at_ms;
    bench.terms.pace.scale = 1000;
    assert_eq!(bench.alarm_ms(), Some(started_ms + 300));
    assert_eq!(bench.terms.pace.of(2_000), 2);
    let mut bench = Bench::paid();
    bench.terms.pace.scale = 10;
    bench.sleep();
    let woke_ms = bench.now_ms;
    bench.wake([("TELL p1", status(503))]);
    assert_eq!(bench.alarm_ms(), Some(woke_ms + 100));
}

#[test]
fn an_alarm_with_nothing_due_sleeps_on() {
    Bench::open().wake([]);
    Bench::new().wake([]);
}
