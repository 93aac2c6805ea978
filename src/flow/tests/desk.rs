//! Hints, questions, and telling the e-service.

use serde_json::json;

use super::*;
use crate::ledger::TellStatus;

#[test]
fn a_hint_is_on_disk_without_a_call_and_the_same_hint_is_one() {
    let mut bench = Bench::open();
    let rows = bench.rows.len();
    for _ in 0..3 {
        assert!(matches!(bench.hint("p1", []), Reply::Noted));
    }
    assert_eq!(bench.rows.len(), rows + 1);
    assert_eq!(bench.ledger.intent.hints, [id("p1")]);
    assert!(bench.alarm_ms().unwrap() <= bench.now_ms, "due at once");
}

#[test]
fn a_hint_about_what_is_paid_already_says_nothing_new() {
    let mut bench = Bench::paid();
    let rows = bench.rows.len();
    assert!(matches!(bench.hint("p1", []), Reply::Noted));
    assert_eq!(bench.rows.len(), rows);
}

#[test]
fn more_hints_than_can_wait_are_refused_so_that_paysg_comes_again() {
    let mut bench = Bench::open();
    for n in 0..8 {
        assert!(matches!(bench.hint(&format!("x{n}"), []), Reply::Noted));
    }
    assert_eq!(trouble(bench.hint("x8", [])), UNAVAILABLE);
    assert_eq!(bench.ledger.intent.hints.len(), 8);
}

#[test]
fn a_hint_to_no_ledger_is_adopted_only_with_our_return_url_and_reference() {
    let mut bench = Bench::new();
    assert!(matches!(
        bench.hint("p1", [("GET p1", shows("p1", "paid"))]),
        Reply::Noted
    ));
    assert_eq!(bench.states(), [AttemptState::Paid]);
    assert_eq!(bench.ledger.intent.attempts[0].digest, None);

    for change in [
        json!({"return_url": "https://elsewhere.example.gov.sg/paysg/return"}),
        json!({"return_url": null}),
        json!({"reference_id": "INV-002"}),
    ] {
        let mut bench = Bench::new();
        let theirs = with(payment("p1", "paid"), change.clone());
        let reply = bench.hint("p1", [("GET p1", says(200, theirs))]);
        assert!(matches!(reply, Reply::NotOurs), "{change}: {reply:?}");
        assert!(bench.ledger.is_empty() && bench.rows.is_empty(), "{change}");
    }
}

#[test]
fn a_hint_to_no_ledger_that_cannot_be_examined_is_not_taken() {
    let mut bench = Bench::new();
    let down = ("GET p1", status(503));
    let reply = bench.hint("p1", [down.clone(), down.clone(), down.clone(), down]);
    assert_eq!(trouble(reply), UNAVAILABLE);
    let reply = bench.hint("p1", [("GET p1", always(status(404)))]);
    assert_eq!(trouble(reply), Trouble::NotShownYet);
    let reply = bench.hint("p1", [("GET p1", always(gateway(404)))]);
    assert_eq!(trouble(reply), UNAVAILABLE);
    let reply = bench.hint("p1", [("GET p1", always(shows("p2", "paid")))]);
    assert_eq!(trouble(reply), Trouble::Mismatch);
    assert!(bench.rows.is_empty());
}

#[test]
fn a_hinted_payment_is_paid_only_when_a_get_says_so() {
    let mut bench = Bench::open();
    bench.hint("p1", []);
    bench.wake([("GET p1", shows("p1", "unpaid"))]);
    assert_eq!(bench.states(), [AttemptState::Open]);
    assert_eq!(bench.ledger.intent.hints, [id("p1")], "looked at again");
    bench
        .sleep()
        .wake([("GET p1", shows("p1", "paid")), ("TELL p1", status(200))]);
    assert_eq!(bench.states(), [AttemptState::Paid]);
    assert!(bench.ledger.intent.hints.is_empty());
}

#[test]
fn a_hint_for_another_orders_payment_changes_neither() {
    let mut bench = Bench::open();
    bench.hint("x1", []);
    let theirs = with(payment("x1", "paid"), json!({"reference_id": "INV-002"}));
    bench.wake([("GET x1", says(200, theirs))]);
    assert_eq!(bench.states(), [AttemptState::Open]);
    assert!(bench.ledger.intent.hints.is_empty());
    assert!(bench.ledger.intent.flags.is_empty());
}

/// Examines the event about a payment until it is let go: how often, and for how long.
fn examined_until_let_go(
    bench: &mut Bench,
    payment: &str,
    answer: &dyn Fn() -> Says,
) -> (u32, i64) {
    let began_ms = bench.now_ms;
    let mut tries = 0;
    let called = format!("GET {payment}");
    while bench.ledger.intent.hints.contains(&id(payment)) && tries < 1000 {
        let timer = bench.ledger.schedule.hints.get(payment);
        bench.now_ms = timer.map_or(bench.now_ms, |timer| timer.at_ms);
        super::super::agenda::looked(&mut bench.ledger, &id("p1"), bench.terms.pace, bench.now_ms);
        let answer = answer();
        bench.wake([(&*called, always(answer))]);
        tries += 1;
    }
    (tries, bench.now_ms - began_ms)
}

#[test]
fn an_event_is_let_go_only_after_paysgs_own_repeated_word() {
    for (answer, is_missing) in [(status(404), true), (shows("p1", "unpaid"), false)] {
        let mut bench = Bench::open();
        bench.hint("p1", []);
        let (tries, took_ms) = examined_until_let_go(&mut bench, "p1", &|| answer.clone());
        assert_eq!(tries, 24);
        assert!((6 * HOUR_MS..24 * HOUR_MS).contains(&took_ms), "{took_ms}");
        assert_eq!(bench.is_flagged(Flag::Vanished, Some("p1")), is_missing);
    }
    // Of one that the ledger does not know, likewise.
    let mut bench = Bench::open();
    bench.hint("x1", []);
    let (tries, _) = examined_until_let_go(&mut bench, "x1", &|| status(404));
    assert_eq!(tries, 24);
    assert!(
        !bench.is_flagged(Flag::Vanished, Some("x1")),
        "no command would be for it"
    );
    // After an outage, a GET that lags behind is not taken for it.
    let mut bench = Bench::open();
    bench.hint("p1", []);
    let (tries, _) = examined_until_let_go(&mut bench, "p1", &|| gateway(404));
    assert_eq!(tries, 1000, "kept for as long as PaySG cannot be asked");
    for answer in [shows("p1", "unpaid"), shows("p1", "cancelled")] {
        bench.sleep().wake([("GET p1", answer)]);
        assert!(bench.ledger.intent.hints.contains(&id("p1")));
    }
    bench
        .sleep()
        .wake([("GET p1", shows("p1", "paid")), ("TELL p1", status(200))]);
    assert_eq!(bench.states(), [AttemptState::Paid]);
    assert!(bench.ledger.intent.hints.is_empty());
}

#[test]
fn an_event_that_a_lagging_get_does_not_bear_out_yet_is_kept_with_the_payment_that_it_shows() {
    let mut bench = Bench::new();
    let reply = bench.hint("p1", [("GET p1", shows("p1", "unpaid"))]);
    assert!(matches!(reply, Reply::Noted));
    assert_eq!(bench.ledger.intent.hints, [id("p1")]);
    bench.wake([("GET p1", shows("p1", "paid")), ("TELL p1", status(200))]);
    assert_eq!(bench.states(), [AttemptState::Paid]);
}

#[test]
fn a_payment_of_an_earlier_address_is_ours_and_one_of_another_system_is_not() {
    for (return_url, ours) in [
        ("https://edge.example.gov.sg/return", true),
        ("https://edge.example.gov.sg/pay/v1/return", true),
        ("https://earlier.example.gov.sg/paysg/return", true),
        ("https://edge.example.gov.sg/returned", false),
        ("https://edge.example.gov.sg/licence", false),
        (
            "https://edge.example.gov.sg.evil.example/paysg/return",
            false,
        ),
        ("https://other.example.gov.sg/paysg/return", false),
    ] {
        let mut bench = Bench::new();
        let earlier = "https://earlier.example.gov.sg".to_owned();
        bench.terms.own_origins.push(earlier);
        let shown = with(payment("p1", "paid"), json!({"return_url": return_url}));
        let reply = bench.hint("p1", [("GET p1", says(200, shown))]);
        assert_eq!(
            matches!(reply, Reply::Noted),
            ours,
            "{return_url}: {reply:?}"
        );
        assert_eq!(matches!(reply, Reply::NotOurs), !ours, "{return_url}");
    }
}

#[test]
fn a_hinted_payment_that_shows_another_amount_is_flagged_and_not_told() {
    let mut bench = Bench::open();
    bench.hint("p1", []);
    let less = with(payment("p1", "paid"), json!({"amount_in_cents": 1}));
    bench.wake([("GET p1", says(200, less))]);
    assert!(bench.is_flagged(Flag::Mismatch, Some("p1")));
    assert_eq!(bench.states(), [AttemptState::Open]);
    assert!(bench.ledger.intent.tellings.is_empty());
}

#[test]
fn a_known_payment_that_shows_another_service_or_reference_is_flagged() {
    for change in [
        json!({"payment_service_id": OTHER_SERVICE}),
        json!({"reference_id": "INV-002"}),
        json!({"id": "p2"}),
    ] {
        let swapped = || {
            (
                "GET p1",
                always(says(200, with(payment("p1", "paid"), change.clone()))),
            )
        };
        let mut bench = Bench::open();
        bench.hint("p1", []);
        bench.wake([swapped()]);
        assert!(
            bench.is_flagged(Flag::Mismatch, Some("p1")),
            "hint: {change}"
        );
        let mut bench = Bench::open();
        assert_eq!(trouble(bench.inquire("p1", [swapped()])), Trouble::Mismatch);
        assert!(
            bench.is_flagged(Flag::Mismatch, Some("p1")),
            "question: {change}"
        );
        let mut bench = Bench::open();
        bench.sleep().wake([swapped()]);
        assert!(
            bench.is_flagged(Flag::Mismatch, Some("p1")),
            "look: {change}"
        );
        assert_eq!(bench.states(), [AttemptState::Open]);
        let mut bench = Bench::open();
        let cancel = Message::Cancel {
            payment_id: id("p1"),
        };
        bench.ask(cancel, [("POST p1/cancel", status(200)), swapped()]);
        assert!(
            bench.is_flagged(Flag::Mismatch, Some("p1")),
            "command: {change}"
        );
    }
}

#[test]
fn a_hint_that_no_get_bears_out_is_let_go_after_24_tries() {
    let mut bench = Bench::open();
    bench.hint("p1", []);
    let mut gaps = Vec::new();
    for n in 1..=24 {
        assert_eq!(bench.ledger.intent.hints.len(), 1, "{n}");
        // Only the examinations: looks after the link come on their own.
        let timer = bench.ledger.schedule.hints.get("p1");
        let at_ms = timer.map_or(bench.now_ms, |timer| timer.at_ms);
        bench.now_ms = at_ms;
        super::super::agenda::looked(&mut bench.ledger, &id("p1"), bench.terms.pace, at_ms);
        bench.wake([("GET p1", shows("p1", "unpaid"))]);
        let timer = bench.ledger.schedule.hints.get("p1");
        gaps.push(timer.map_or(0, |timer| timer.at_ms - at_ms));
    }
    assert!(bench.ledger.intent.hints.is_empty());
    assert_eq!(gaps[..4], [1_000, 2_000, 4_000, 8_000]);
    assert!(gaps.iter().all(|gap| *gap <= HOUR_MS));
}

#[test]
fn an_event_that_no_get_bears_out_delays_no_other() {
    let mut bench = Bench::open();
    bench.hint("p1", []);
    let examined = |bench: &mut Bench| {
        bench.now_ms = bench.ledger.schedule.hints.get("p1").unwrap().at_ms;
        super::super::agenda::looked(&mut bench.ledger, &id("p1"), bench.terms.pace, bench.now_ms);
        bench.wake([("GET p1", shows("p1", "unpaid"))]);
    };
    bench.wake([("GET p1", shows("p1", "unpaid"))]);
    for _ in 0..10 {
        examined(&mut bench);
    }
    bench.hint("p2", []);
    let p2 = with(payment("p2", "paid"), json!({}));
    bench.wake([("GET p2", says(200, p2)), ("TELL p2", status(200))]);
    assert!(bench.ledger.intent.hints.contains(&id("p1")));
    assert_eq!(bench.ledger.schedule.hints.tries("p1"), 11);

    // Of two that came together, too.
    let mut bench = Bench::open();
    bench.hint("p1", []);
    bench.hint("p2", []);
    bench.wake([("GET p1", shows("p1", "unpaid"))]);
    bench.wake([("GET p2", shows("p2", "paid")), ("TELL p2", status(200))]);
}

#[test]
fn an_event_that_comes_again_is_examined_at_once_and_counted_from_the_first() {
    let mut bench = Bench::open();
    bench.hint("p1", []);
    bench.wake([("GET p1", shows("p1", "unpaid"))]);
    bench.inquire("p1", [("GET p1", shows("p1", "paid"))]);
    bench.wake([("TELL p1", status(200))]);
    bench.hint("x1", []);
    assert_eq!(bench.ledger.schedule.hints.get("p1"), None, "forgotten");
    let theirs = with(payment("x1", "paid"), json!({"reference_id": "INV-002"}));
    bench.wake([("GET x1", says(200, theirs))]);
    assert_eq!(bench.alarm_ms(), None);
}

#[test]
fn a_paid_payment_is_told_with_its_receipt_under_its_own_id() {
    let mut bench = Bench::paid();
    bench.sleep().wake([("TELL p1", status(204))]);
    let body: Value =
        serde_json::from_str(bench.calls[0].request.body.as_deref().unwrap()).unwrap();
    let at_ms = bench.now_ms - bench.latency_ms;
    assert_eq!(
        body,
        json!({
            "receipt": format!("receipt of p1 at {at_ms}"),
            "payment": {
                "id": "p1", "payment_service_id": SERVICE, "reference_id": REFERENCE, "amount_in_cents": 4200,
                "status": "paid", "paid_at": "2026-11-18T20:00:00.000+08:00",
            },
        })
    );
    assert!(bench.ledger.intent.untold().next().is_none());
    assert_eq!(bench.alarm_ms(), None, "nothing is left to do");
}

#[test]
fn what_is_not_paid_is_told_without_a_receipt() {
    let mut bench = Bench::open();
    let cancel = Message::Cancel {
        payment_id: id("p1"),
    };
    bench.ask(
        cancel,
        [
            ("POST p1/cancel", status(200)),
            ("GET p1", shows("p1", "cancelled")),
        ],
    );
    bench.sleep().wake([("TELL p1-cancelled", status(200))]);
    let body: Value =
        serde_json::from_str(bench.calls[0].request.body.as_deref().unwrap()).unwrap();
    assert!(body.get("receipt").is_none());
    assert_eq!(body["payment"]["status"], "cancelled");
    assert_eq!(body["payment"]["paid_at"], Value::Null);
}

#[test]
fn an_unpaid_payment_is_never_told() {
    for state in ["unpaid", "cancelled", "unknown"] {
        let mut bench = Bench::open();
        bench.hint("p1", []);
        bench.wake([("GET p1", shows("p1", state))]);
        assert!(bench.ledger.intent.tellings.is_empty(), "{state}");
    }
}

#[test]
fn the_e_service_is_told_until_it_says_2xx_under_one_key_however_long_it_takes() {
    let mut bench = Bench::paid();
    let began_ms = bench.now_ms;
    let answers = [
        Says::Nothing,
        status(503),
        status(404),
        status(302),
        status(401),
    ];
    let mut gaps = Vec::new();
    let mut n = 0_usize;
    while bench.now_ms - began_ms < 72 * HOUR_MS {
        bench.random = (n as u32).wrapping_mul(0x9E37_79B9);
        bench.sleep();
        let woke_ms = bench.now_ms;
        bench.wake([("TELL p1", answers[n % answers.len()].clone())]);
        let next_ms = bench.alarm_ms().expect("it never gives up");
        gaps.push(next_ms - woke_ms);
        n += 1;
    }
    let ceilings = [
        2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000,
    ];
    for (n, gap) in gaps.iter().enumerate() {
        let ceiling = ceilings.get(n).copied().unwrap_or(300_000);
        assert!((ceiling / 2..=ceiling).contains(gap), "{n}: {gap}");
    }
    bench.sleep().wake([("TELL p1", status(200))]);
    assert!(bench.ledger.intent.untold().next().is_none());
}

/// An intent whose first payment was cancelled through the edge, which the e-service refuses to hear.
fn refused_cancellation() -> Bench {
    let mut bench = Bench::open();
    bench.ask(
        Message::Cancel {
            payment_id: id("p1"),
        },
        [
            ("POST p1/cancel", shows("p1", "cancelled")),
            ("GET p1", shows("p1", "cancelled")),
        ],
    );
    for _ in 0..12 {
        bench.sleep().wake([("TELL p1-cancelled", status(400))]);
    }
    bench
}

#[test]
fn a_payment_is_told_at_once_whatever_else_the_e_service_refuses_to_hear() {
    let mut bench = refused_cancellation();
    bench.pay(order(), [("POST payments #2", created("p2"))]);
    bench.pay(order(), [("GET p2", shows("p2", "paid"))]);
    bench.sleep();
    assert_eq!(
        bench.now_ms, bench.ledger.intent.tellings[1].since_ms,
        "it waits for nothing"
    );
    bench.wake([("TELL p2", status(200))]);
    // Nor is it told of a cancellation any more, which it would take for the end of a paid order.
    bench.sleep().wake([("GET p1", shows("p1", "cancelled"))]);
    bench.sleep().wake([("GET p1", shows("p1", "cancelled"))]);
    assert_eq!(bench.alarm_ms(), None);
}

#[test]
fn a_cancellation_that_turns_out_paid_is_told_as_paid_alone() {
    let mut bench = refused_cancellation();
    bench.inquire("p1", [("GET p1", shows("p1", "paid"))]);
    bench.wake([("TELL p1", status(200))]);
    assert_eq!(bench.alarm_ms(), None);
    bench.pass(2 * HOUR_MS);
    let concerns = super::super::watch::concerns(&bench.ledger, bench.terms.pace, bench.now_ms);
    assert_eq!(concerns, [""; 0]);
}

#[test]
fn of_one_payment_nothing_is_told_before_what_came_first() {
    let mut bench = Bench::paid();
    for _ in 0..12 {
        bench.sleep().wake([("TELL p1", status(400))]);
    }
    let refund = |cents, command: &str| Message::Refund {
        payment_id: id("p1"),
        amount_in_cents: crate::paysg::Cents::new(cents).unwrap(),
        command_id: command.to_owned(),
        look_first: false,
        refunded_amount_in_cents: None,
    };
    for (cents, command, state) in [(1000, "c", "partially_refunded"), (3200, "d", "refunded")] {
        bench.ask(
            refund(cents, command),
            [
                ("POST p1/refund", status(200)),
                ("GET p1", shows("p1", state)),
            ],
        );
        bench.wake([]);
    }
    // Or an e-service would take what was refunded for paid.
    bench.sleep().wake([("TELL p1", status(200))]);
    bench.wake([("TELL p1-refund-1", status(503))]);
    bench.sleep().wake([("TELL p1-refund-1", status(200))]);
    bench.wake([("TELL p1-refund-2", status(200))]);
    assert_eq!(bench.alarm_ms(), None);
}

#[test]
fn the_e_services_retry_after_is_a_lower_bound() {
    let mut bench = Bench::paid();
    bench.sleep();
    let woke_ms = bench.now_ms;
    bench.wake([("TELL p1", Says::Answer(503, Some(3_600_000), String::new()))]);
    assert_eq!(
        bench.alarm_ms(),
        Some(woke_ms + bench.latency_ms + 3_600_000)
    );
    bench.sleep();
    let woke_ms = bench.now_ms;
    bench.wake([("TELL p1", Says::Answer(503, Some(0), String::new()))]);
    assert_eq!(
        bench.alarm_ms(),
        Some(woke_ms + 2_000),
        "its own delay is later"
    );
}

#[test]
fn the_next_try_is_put_off_before_this_one_is_made() {
    let mut bench = Bench::paid();
    bench.sleep();
    // The machine dies before the answer comes: the ledger as it was when the call went out.
    let mut desk = desk_of(&mut bench.ledger, bench.now_ms, 0, &bench.terms);
    assert!(matches!(
        begin(&mut desk, Message::Wake),
        Progress::Working(Task::Telling { .. }, _)
    ));
    assert_eq!(bench.alarm_ms(), Some(bench.now_ms + 1_000));
    assert!(bench.ledger.intent.untold().next().is_some());
}

#[test]
fn told_again_is_told_once_more_under_the_same_key() {
    let mut bench = Bench::paid();
    bench.sleep().wake([("TELL p1", status(200))]);
    let again = || Message::TellAgain {
        payment_id: id("p1"),
    };
    assert_eq!(answered(bench.ask(again(), [])), Status::Paid);
    bench.sleep().wake([("TELL p1", status(200))]);
    assert_eq!(bench.alarm_ms(), None);
}

#[test]
fn what_is_still_to_be_told_is_told_at_once_when_asked_again() {
    let mut bench = Bench::paid();
    bench.sleep();
    bench.wake([(
        "TELL p1",
        Says::Answer(503, Some(86_400_000), String::new()),
    )]);
    let again = Message::TellAgain {
        payment_id: id("p1"),
    };
    assert_eq!(answered(bench.ask(again, [])), Status::Paid);
    assert!(bench.alarm_ms().unwrap() <= bench.now_ms);
}

#[test]
fn a_question_to_no_ledger_is_answered_with_no_record() {
    assert_eq!(trouble(Bench::new().inquire("p1", [])), Trouble::NoRecord);
    assert_eq!(
        trouble(Bench::new().ask(Message::Read, [])),
        Trouble::NoRecord
    );
}

#[test]
fn a_payer_who_has_paid_is_told_so_while_paysg_is_out_of_reach_or_behind() {
    let mut bench = Bench::paid();
    let down = ("GET p1", status(503));
    let reply = bench.inquire("p1", [down.clone(), down.clone(), down.clone(), down]);
    assert_eq!(answered(reply), Status::Paid);
    let reply = bench.inquire("p1", [("GET p1", shows("p1", "unpaid"))]);
    assert_eq!(answered(reply), Status::Paid);
    let reply = bench.inquire("p1", [("GET p1", shows("p1", "refunded"))]);
    assert_eq!(answered(reply), Status::Refunded);
}

#[test]
fn a_question_that_shows_the_payment_paid_has_it_told() {
    let mut bench = Bench::open();
    let reply = bench.inquire("p1", [("GET p1", shows("p1", "paid"))]);
    assert_eq!(answered(reply), Status::Paid);
    let untold = bench.ledger.intent.untold().next().unwrap();
    assert_eq!((&*untold.key, untold.status), ("p1", TellStatus::Paid));
    assert!(bench.alarm_ms().unwrap() <= bench.now_ms);
}

#[test]
fn an_operator_reads_state_attempts_flags_and_no_personal_data() {
    let mut bench = Bench::paid();
    let Reply::Record { record } = bench.ask(Message::Read, []) else {
        panic!("no record");
    };
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["state"], "paid");
    assert_eq!(record["reference_id"], REFERENCE);
    assert_eq!(record["attempts"][0]["payment_id"], "p1");
    assert_eq!(record["tellings"][0]["status"], "paid");
    let text = record.to_string();
    assert!(!text.contains("Tan Ah Kow") && !text.contains("S1234567D"));
}
