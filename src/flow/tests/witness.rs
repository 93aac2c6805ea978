//! What a GET shows, entered into the ledger.

use serde_json::json;

use super::*;
use crate::ledger::TellStatus;

#[test]
fn paid_never_goes_back_and_a_get_that_says_so_is_flagged() {
    for state in ["unpaid", "cancelled"] {
        let mut bench = Bench::paid();
        let reply = bench.pay(order(), [("GET p1", shows("p1", state))]);
        assert_eq!(outcome(reply), is("p1", Status::Paid, true), "{state}");
        assert_eq!(bench.states(), [AttemptState::Paid]);
        assert!(bench.is_flagged(Flag::WentBack, Some("p1")));
    }
}

#[test]
fn a_paid_payment_in_unknown_words_stays_paid_without_a_flag() {
    let mut bench = Bench::paid();
    let reply = bench.pay(order(), [("GET p1", shows("p1", "unknown"))]);
    assert_eq!(outcome(reply), is("p1", Status::Paid, true));
    assert!(bench.ledger.intent.flags.is_empty());
}

#[test]
fn refunds_made_elsewhere_are_told_once_seen_and_never_go_back() {
    let mut bench = Bench::paid();
    for (state, expected) in [
        ("partially_refunded", AttemptState::PartiallyRefunded),
        ("refunded", AttemptState::Refunded),
        ("partially_refunded", AttemptState::Refunded),
        ("paid", AttemptState::Refunded),
    ] {
        bench.inquire("p1", [("GET p1", shows("p1", state))]);
        assert_eq!(bench.states(), [expected], "{state}");
    }
    let told = bench.ledger.intent.tellings.iter().map(|telling| {
        assert_eq!(telling.refund, None, "nobody knows whose refund it is");
        (telling.status, telling.refunded_amount_in_cents)
    });
    let told: Vec<_> = told.collect();
    assert_eq!(
        told,
        [
            (TellStatus::Paid, Some(0)),
            (TellStatus::PartiallyRefunded, None),
            (TellStatus::Refunded, Some(4200)),
        ]
    );
}

#[test]
fn a_refund_status_in_unknown_words_changes_nothing_but_a_flag() {
    for mut bench in [Bench::open(), Bench::paid()] {
        let reply = bench.inquire("p1", [("GET p1", shows("p1", "refund_unknown"))]);
        assert_eq!(answered(reply), Status::Paid);
        assert_eq!(bench.states(), [AttemptState::Paid]);
        assert_eq!(bench.ledger.intent.tellings.len(), 1);
        assert!(bench.is_flagged(Flag::RefundStatusUnknown, Some("p1")));
    }
}

#[test]
fn a_payment_first_seen_refunded_was_paid_and_is_told_so() {
    let mut bench = Bench::open();
    bench.inquire("p1", [("GET p1", shows("p1", "refunded"))]);
    assert_eq!(bench.states(), [AttemptState::Refunded]);
    assert_eq!(bench.ledger.intent.tellings[0].status, TellStatus::Paid);
}

#[test]
fn a_cancellation_made_elsewhere_is_not_told() {
    let mut bench = Bench::open();
    bench.inquire("p1", [("GET p1", shows("p1", "cancelled"))]);
    assert_eq!(bench.states(), [AttemptState::Cancelled]);
    assert!(bench.ledger.intent.tellings.is_empty());
}

#[test]
fn a_payment_paid_in_the_moment_of_its_cancellation_is_paid() {
    let mut bench = Bench::open();
    bench.inquire("p1", [("GET p1", shows("p1", "cancelled"))]);
    bench.inquire("p1", [("GET p1", shows("p1", "paid"))]);
    assert_eq!(bench.states(), [AttemptState::Paid]);
}

#[test]
fn a_second_paid_payment_is_flagged_for_refund_and_told_of_once() {
    let mut bench = Bench::open();
    bench.pay(
        order(),
        [
            ("GET p1", shows("p1", "cancelled")),
            ("POST payments #2", created("p2")),
        ],
    );
    bench.inquire("p2", [("GET p2", shows("p2", "paid"))]);
    bench.hint("p1", []);
    bench.wake([("GET p1", shows("p1", "paid")), ("TELL p2", status(200))]);
    assert_eq!(bench.states(), [AttemptState::Paid, AttemptState::Paid]);
    assert!(bench.is_flagged(Flag::Surplus, Some("p1")));
    let told: Vec<&str> = bench
        .ledger
        .intent
        .tellings
        .iter()
        .map(|telling| &*telling.key)
        .collect();
    assert_eq!(told, ["p2"]);
    // Whoever asks is shown the payment that counted.
    let reply = bench.pay(order(), [("GET p2", shows("p2", "paid"))]);
    assert_eq!(outcome(reply), is("p2", Status::Paid, true));
}

#[test]
fn a_payment_that_no_attempt_asked_for_is_adopted_by_its_return_url_alone() {
    let mut bench = Bench::open();
    let theirs = with(
        payment("x1", "paid"),
        json!({"return_url": "https://elsewhere.example/"}),
    );
    let reply = bench.inquire("x1", [("GET x1", says(200, theirs))]);
    assert_eq!(trouble(reply), Trouble::UnknownPayment);
    assert_eq!(bench.states(), [AttemptState::Open]);

    let ours = with(payment("x1", "paid"), json!({"amount_in_cents": 777}));
    let reply = bench.inquire("x1", [("GET x1", says(200, ours))]);
    assert_eq!(answered(reply), Status::Paid);
    assert_eq!(bench.states(), [AttemptState::Open, AttemptState::Paid]);
    assert_eq!(bench.ledger.intent.attempts[1].amount_in_cents, 777);
    assert!(bench.is_flagged(Flag::Duplicate, Some("x1")));
}

#[test]
fn an_attempt_whose_answer_was_lost_takes_the_payment_that_turns_up() {
    let mut bench = Bench::unanswered();
    bench.hint("p1", []);
    bench.wake([("GET p1", shows("p1", "paid")), ("TELL p1", status(200))]);
    assert_eq!(bench.states(), [AttemptState::Paid]);
    assert_eq!(bench.ledger.intent.attempts[0].payment_id, Some(id("p1")));

    // One of another amount stands for itself.
    let mut bench = Bench::unanswered();
    bench.hint("p1", []);
    let other = with(payment("p1", "paid"), json!({"amount_in_cents": 1}));
    bench.wake([("GET p1", says(200, other)), ("TELL p1", status(200))]);
    assert_eq!(bench.states(), [AttemptState::Started, AttemptState::Paid]);
}
