//! States of refunds: what PaySG shows is what everybody is told, and nothing else.

use super::refunds::{
    made, partly_refunded_and_unanswered, refund, refund_after_a_look, refund_beside, refunds,
    told, told_of_refunds,
};
use super::*;
use crate::ledger::{RefundState, TellStatus, refund_key};
use crate::paysg::Cents;

#[test]
fn a_pending_refund_is_told_as_pending_and_its_end_as_its_end() {
    for (end, last) in [
        (
            "partially_refunded",
            (TellStatus::PartiallyRefunded, Some(1000), Some(1000)),
        ),
        (
            "refund_failed",
            (TellStatus::RefundFailed, Some(1000), Some(0)),
        ),
    ] {
        for first in ["refund_pending", "paid", "refund_unknown"] {
            let mut bench = Bench::paid();
            let script = [
                ("POST p1/refund", status(200)),
                ("GET p1", shows("p1", first)),
            ];
            let reply = bench.ask(refund(1000, "j"), script);
            assert_eq!(made(reply), (RefundState::Pending, 1000, Some(0)));
            let pending = (TellStatus::RefundPending, Some(1000), Some(0));
            assert_eq!(told_of_refunds(&bench), [pending], "{first}");
            assert_eq!(bench.states(), [AttemptState::Paid], "the receipt stays");
            for _ in 0..2 {
                bench.inquire("p1", [("GET p1", shows("p1", first))]);
                assert_eq!(told_of_refunds(&bench), [pending], "{first}: told once");
            }
            for _ in 0..2 {
                bench.inquire("p1", [("GET p1", shows("p1", end))]);
                assert_eq!(told_of_refunds(&bench), [pending, last], "{first}");
            }
        }
    }
}

#[test]
fn a_refund_that_fails_at_once_is_made_for_nobody() {
    let mut bench = Bench::paid();
    let script = [
        ("POST p1/refund", status(200)),
        ("GET p1", shows("p1", "refund_failed")),
    ];
    let reply = bench.ask(refund(4200, "j"), script);
    assert_eq!(trouble(reply), Trouble::RefundFailed);
    assert_eq!(refunds(&bench), [RefundState::Failed]);
    assert_eq!(bench.states(), [AttemptState::Paid]);
    let failed = (TellStatus::RefundFailed, Some(4200), Some(0));
    assert_eq!(told_of_refunds(&bench), [failed]);
    assert!(bench.is_flagged(Flag::RefundFailed, Some("p1")));
    // The same command only looks, and PaySG takes no other.
    let shown = || ("GET p1", shows("p1", "refund_failed"));
    let again = bench.ask(refund(4200, "j"), [shown()]);
    assert_eq!(trouble(again), Trouble::RefundFailed);
    let another = bench.ask(refund_after_a_look(100, "k"), [shown()]);
    assert_eq!(trouble(another), Trouble::RefundFailed);
}

#[test]
fn a_refund_that_leaves_nothing_is_made_only_when_all_is_given_back() {
    let mut bench = Bench::paid();
    let partly = || ("GET p1", shows("p1", "partially_refunded"));
    bench.ask(
        refund(1000, "a"),
        [("POST p1/refund", status(200)), partly()],
    );
    let reply = bench.ask(
        refund(3200, "b"),
        [("POST p1/refund", status(200)), partly()],
    );
    assert_eq!(made(reply), (RefundState::Pending, 3200, Some(1000)));
    bench.inquire("p1", [("GET p1", shows("p1", "refunded"))]);
    assert_eq!(
        told_of_refunds(&bench)[1..],
        [
            (TellStatus::RefundPending, Some(3200), Some(1000)),
            (TellStatus::Refunded, Some(3200), Some(4200)),
        ]
    );
}

#[test]
fn a_success_is_on_record_before_the_get_so_that_a_failed_get_leads_to_no_second_post() {
    let down = || ("GET p1", status(502));
    let mut bench = Bench::paid();
    let before = bench.rows.len();
    let script = [
        ("POST p1/refund", status(200)),
        down(),
        down(),
        down(),
        down(),
    ];
    let reply = bench.ask(refund(1000, "j"), script);
    assert_eq!(made(reply), (RefundState::Pending, 1000, Some(0)));
    assert_eq!(bench.rows_at_call[1], before + 2, "asked and accepted");
    let pending = (TellStatus::RefundPending, Some(1000), Some(0));
    assert_eq!(told_of_refunds(&bench), [pending]);
    for _ in 0..2 {
        let reply = bench.ask(refund(1000, "j"), [("GET p1", shows("p1", "paid"))]);
        assert_eq!(made(reply), (RefundState::Pending, 1000, Some(0)));
    }
    // What is known is answered though PaySG is away.
    let reply = bench.ask(refund(1000, "j"), [("GET p1", status(401))]);
    assert_eq!(made(reply).0, RefundState::Pending);
}

#[test]
fn alarms_follow_a_refund_at_most_twelve_times_a_day_until_it_is_settled() {
    for answer in [status(200), Says::Nothing] {
        let mut bench = Bench::paid();
        bench.wake([("TELL p1", status(200))]);
        let script = [("POST p1/refund", answer), ("GET p1", shows("p1", "paid"))];
        bench.ask(refund(1000, "j"), script);
        if bench.ledger.intent.tellings.len() > 1 {
            bench.wake([("TELL p1-refund-1", status(200))]);
        }
        let asked_at_ms = bench.ledger.intent.refunds[0].asked_at_ms;
        let mut polls = Vec::new();
        while polls.len() < 60 {
            bench.sleep().wake([("GET p1", shows("p1", "paid"))]);
            polls.push(bench.now_ms - asked_at_ms);
        }
        let day_ms = 24 * HOUR_MS;
        let within = |days: std::ops::Range<i64>| {
            let ms = days.start * day_ms..days.end * day_ms;
            polls.iter().filter(|age_ms| ms.contains(age_ms)).count()
        };
        assert!((8..=12).contains(&within(0..1)), "{polls:?}");
        assert!((28..=30).contains(&within(1..30)), "{polls:?}");
        assert!((4..=5).contains(&within(31..61)), "{polls:?}");
        let made_key = format!("TELL p1-refund-{}", bench.ledger.intent.tellings.len());
        bench.sleep().wake([
            ("GET p1", shows("p1", "partially_refunded")),
            (&*made_key, status(200)),
        ]);
        assert_eq!(refunds(&bench), [RefundState::Succeeded]);
        assert_eq!(bench.alarm_ms(), None);
    }
}

#[test]
fn another_refund_is_not_asked_for_while_one_is_not_settled() {
    let lost = || ("POST p1/refund", Says::Nothing);
    let shown = |state| ("GET p1", shows("p1", state));
    for (answer, state) in [
        (Says::Nothing, "paid"),
        (status(200), "paid"),
        (status(200), "refund_pending"),
        (status(200), "refund_unknown"),
    ] {
        let mut bench = Bench::paid();
        bench.ask(refund(500, "j"), [("POST p1/refund", answer), shown(state)]);
        for _ in 0..2 {
            let reply = bench.ask(refund(700, "k"), [shown(state)]);
            assert_eq!(trouble(reply), Trouble::RefundUncertain, "{state}");
            bench.pass(48 * HOUR_MS);
        }
        assert_eq!(refunds(&bench).len(), 1, "{state}");
    }
    // The look that comes first may settle it.
    let mut bench = Bench::paid();
    bench.ask(refund(500, "j"), [lost(), shown("paid")]);
    let reply = bench.ask(
        refund(700, "k"),
        [
            shown("partially_refunded"),
            ("POST p1/refund", status(200)),
            shown("partially_refunded"),
        ],
    );
    assert_eq!(made(reply), (RefundState::Succeeded, 700, Some(1200)));
    assert_eq!(
        told_of_refunds(&bench),
        [
            (TellStatus::PartiallyRefunded, Some(500), Some(500)),
            (TellStatus::PartiallyRefunded, Some(700), Some(1200)),
        ]
    );
}

#[test]
fn money_that_the_ledger_cannot_explain_stops_a_refund_until_an_operator_states_the_total() {
    for state in ["partially_refunded", "refund_unknown"] {
        let shown = || ("GET p1", shows("p1", state));
        for mut bench in [Bench::paid(), Bench::open()] {
            let reply = bench.ask(refund_after_a_look(3200, "j"), [shown()]);
            assert_eq!(trouble(reply), Trouble::RefundUncertain, "{state}");
            // Neither less nor more than PaySG can mean.
            for stated in [4200, 9000] {
                let reply = bench.ask(refund_beside(stated, 3200, "j"), [shown()]);
                assert_eq!(
                    trouble(reply),
                    Trouble::RefundUncertain,
                    "{state}: {stated}"
                );
            }
            let script = [
                shown(),
                ("POST p1/refund", status(200)),
                ("GET p1", shows("p1", "partially_refunded")),
            ];
            // An unknown word may hide a refund that is under way.
            if state == "refund_unknown" {
                let reply = bench.ask(refund_beside(1000, 3000, "j"), [shown()]);
                assert_eq!(trouble(reply), Trouble::RefundUncertain);
            } else {
                let reply = bench.ask(refund_beside(1000, 3000, "j"), script);
                assert_eq!(made(reply), (RefundState::Succeeded, 3000, Some(4000)));
            }
        }
    }
    let mut bench = Bench::paid();
    bench.ask(
        refund(1000, "a"),
        [
            ("POST p1/refund", status(200)),
            ("GET p1", shows("p1", "partially_refunded")),
        ],
    );
    let script = [("GET p1", shows("p1", "partially_refunded"))];
    let reply = bench.ask(refund_beside(900, 100, "b"), script);
    assert_eq!(
        trouble(reply),
        Trouble::RefundUncertain,
        "less than was made"
    );
}

#[test]
fn a_stated_total_settles_the_refund_that_it_is_explained_by() {
    let partly = || ("GET p1", shows("p1", "partially_refunded"));
    for (stated, state, told) in [
        (
            1500,
            RefundState::Succeeded,
            Some((TellStatus::PartiallyRefunded, Some(500), Some(1500))),
        ),
        (1000, RefundState::Refused, None),
        (2500, RefundState::Unknown, None),
    ] {
        let mut bench = partly_refunded_and_unanswered();
        let reply = bench.ask(refund_beside(stated, 100, "c"), [partly()]);
        assert_eq!(trouble(reply), Trouble::RefundUncertain, "still under way");
        bench.pass(24 * HOUR_MS);
        let tellings = told_of_refunds(&bench).len();
        let reply = bench.ask(
            refund_beside(stated, 100, "c"),
            [partly(), ("POST p1/refund", status(200)), partly()],
        );
        let total = Some(stated + 100);
        assert_eq!(made(reply), (RefundState::Succeeded, 100, total));
        assert_eq!(refunds(&bench)[1], state, "{stated}");
        let made = (TellStatus::PartiallyRefunded, Some(100), total);
        let expected: Vec<_> = told.into_iter().chain([made]).collect();
        assert_eq!(told_of_refunds(&bench)[tellings..], expected, "{stated}");
    }
    // What PaySG took and did not make is told as failed.
    let mut bench = Bench::paid();
    let paid = || ("GET p1", shows("p1", "paid"));
    bench.ask(refund(500, "j"), [("POST p1/refund", status(200)), paid()]);
    let post = ("POST p1/refund", status(200));
    bench.ask(refund_beside(0, 700, "k"), [paid(), post, partly()]);
    assert_eq!(
        told_of_refunds(&bench)[1..],
        [
            (TellStatus::RefundFailed, Some(500), Some(0)),
            (TellStatus::PartiallyRefunded, Some(700), Some(700)),
        ]
    );
}

#[test]
fn a_refund_that_cannot_be_seen_is_asked_for_again_while_paysg_knows_its_key_and_never_after() {
    let shown = || ("GET p1", shows("p1", "partially_refunded"));
    let mut bench = partly_refunded_and_unanswered();
    bench.now_ms = bench.ledger.intent.refunds[1].asked_at_ms + 23 * HOUR_MS - 51;
    let reply = bench.ask(
        refund(500, "b"),
        [shown(), ("POST p1/refund", status(200)), shown()],
    );
    assert_eq!(made(reply), (RefundState::Succeeded, 500, Some(1500)));

    let mut bench = partly_refunded_and_unanswered();
    bench.now_ms = bench.ledger.intent.refunds[1].asked_at_ms + 23 * HOUR_MS - 50;
    let tellings = told(&bench).len();
    for _ in 0..2 {
        let reply = bench.ask(refund(500, "b"), [shown()]);
        assert_eq!(trouble(reply), Trouble::RefundUncertain);
        bench.pass(HOUR_MS);
    }
    assert_eq!(told(&bench).len(), tellings);
    // 1000 and 500 are not all of it: somebody else has given the rest back, or the 500 as well.
    let reply = bench.ask(refund(500, "b"), [("GET p1", shows("p1", "refunded"))]);
    assert_eq!(trouble(reply), Trouble::RefundUncertain);
    let all = (TellStatus::Refunded, None, Some(4200));
    assert_eq!(told_of_refunds(&bench).last(), Some(&all));
}

#[test]
fn a_lost_refund_is_told_by_whichever_get_shows_it() {
    for (cents, state, status) in [
        (1000, "partially_refunded", TellStatus::PartiallyRefunded),
        (4200, "refunded", TellStatus::Refunded),
    ] {
        let mut bench = Bench::paid();
        bench.ask(
            refund(cents, "j"),
            [
                ("POST p1/refund", Says::Nothing),
                ("GET p1", shows("p1", "paid")),
            ],
        );
        bench.pass(48 * HOUR_MS);
        bench.inquire("p1", [("GET p1", shows("p1", state))]);
        assert_eq!(
            told_of_refunds(&bench),
            [(status, Some(cents), Some(cents))]
        );
        let reply = bench.ask(refund(cents, "j"), [("GET p1", shows("p1", state))]);
        assert_eq!(made(reply), (RefundState::Succeeded, cents, Some(cents)));
        assert_eq!(told_of_refunds(&bench).len(), 1);
    }
    // Amounts that do not fit are somebody else's.
    for (cents, state) in [(4200, "partially_refunded"), (1000, "refunded")] {
        let mut bench = Bench::paid();
        let shown = || ("GET p1", shows("p1", state));
        bench.ask(
            refund(cents, "j"),
            [("POST p1/refund", Says::Nothing), shown()],
        );
        assert_eq!(refunds(&bench), [RefundState::Requested], "{state}");
        assert_eq!(told_of_refunds(&bench)[0].1, None, "{state}");
    }
}

#[test]
fn a_question_that_left_its_turn_does_not_settle_a_refund_by_what_was_there_before() {
    let partly = || ("GET p1", shows("p1", "partially_refunded"));
    let mut bench = Bench::paid();
    bench.ask(
        refund(1000, "a"),
        [("POST p1/refund", status(200)), partly()],
    );
    let pending = ("GET p1", shows("p1", "refund_pending"));
    bench.ask(refund(500, "b"), [("POST p1/refund", status(200)), pending]);
    // Asked before the second refund, and answered after it.
    bench.inquire("p1", [partly()]);
    assert_eq!(refunds(&bench)[1], RefundState::Pending);
    bench.sleep();
    bench.ask(refund(500, "b"), [partly()]);
    assert_eq!(refunds(&bench)[1], RefundState::Succeeded);
}

#[test]
fn a_refund_of_a_cancelled_or_unpaid_payment_looks_before_it_refuses() {
    for (state, payment_state) in [("unpaid", Status::Unpaid), ("cancelled", Status::Cancelled)] {
        for seen_before in [false, true] {
            let mut bench = Bench::open();
            if seen_before {
                bench.inquire("p1", [("GET p1", shows("p1", state))]);
            }
            let reply = bench.ask(refund(1, "c"), [("GET p1", shows("p1", state))]);
            let status = payment_state;
            assert_eq!(trouble(reply), Trouble::NotAllowed { status });
            assert_eq!(refunds(&bench), []);
            // Paid all the same: a bank transfer was under way.
            let reply = bench.ask(
                refund(4200, "c"),
                [
                    ("GET p1", shows("p1", "paid")),
                    ("POST p1/refund", Says::Answer(200, None, "{}".to_owned())),
                    ("GET p1", shows("p1", "refunded")),
                ],
            );
            assert_eq!(made(reply), (RefundState::Succeeded, 4200, Some(4200)));
            let told: Vec<_> = told(&bench).into_iter().map(|(_, status)| status).collect();
            assert_eq!(told, [TellStatus::Paid, TellStatus::Refunded]);
        }
    }
}

#[test]
fn a_refused_refund_is_made_once_paysg_takes_the_same_command() {
    let paid = || ("GET p1", shows("p1", "paid"));
    let mut bench = Bench::paid();
    let refusal = || ("POST p1/refund", error(400, "try_tomorrow"));
    for _ in 0..2 {
        bench.ask(refund(4200, "j"), [refusal(), paid()]);
        assert_eq!(refunds(&bench), [RefundState::Refused]);
    }
    // Lost then, it is lost since then.
    bench.pass(40 * HOUR_MS);
    let lost = || ("POST p1/refund", Says::Nothing);
    bench.ask(refund(4200, "j"), [lost(), paid()]);
    assert_eq!(refunds(&bench), [RefundState::Requested]);
    bench.pass(20 * HOUR_MS);
    bench.ask(refund(4200, "j"), [paid(), lost(), paid()]);
    bench.pass(4 * HOUR_MS);
    let reply = bench.ask(refund(4200, "j"), [paid()]);
    assert_eq!(trouble(reply), Trouble::RefundUncertain);
    let reply = bench.ask(refund(4200, "j"), [("GET p1", shows("p1", "refunded"))]);
    assert_eq!(made(reply), (RefundState::Succeeded, 4200, Some(4200)));
    assert_eq!(told(&bench).len(), 2);
}

#[test]
fn the_e_service_is_told_of_each_refund_with_its_amount_and_the_total() {
    let mut bench = Bench::paid();
    bench.wake([("TELL p1", status(200))]);
    let script = [
        ("POST p1/refund", status(200)),
        ("GET p1", shows("p1", "refund_pending")),
    ];
    bench.ask(refund(1000, "j"), script);
    let key = refund_key(&id("p1"), "j");
    let body = |bench: &Bench| -> Value {
        serde_json::from_str(bench.calls.last().unwrap().request.body.as_ref().unwrap()).unwrap()
    };
    let expected = |payment_status: &str, total: Value, refund: Value| {
        let mut body = json!({"payment": {
            "id": "p1", "payment_service_id": SERVICE, "reference_id": REFERENCE, "amount_in_cents": 4200,
            "status": payment_status, "paid_at": "2026-11-18T20:00:00.000+08:00", "refunded_amount_in_cents": total,
        }});
        if !refund.is_null() {
            body["refund"] = json!({"id": key.as_str(), "amount_in_cents": 1000, "status": refund});
        }
        body
    };
    bench.wake([("TELL p1-refund-1", status(503))]);
    assert_eq!(body(&bench), expected("paid", json!(0), json!("pending")));
    // What is told under one key stays as it was, and what came later waits for it.
    bench.inquire("p1", [("GET p1", shows("p1", "partially_refunded"))]);
    bench.sleep().wake([("TELL p1-refund-1", status(200))]);
    assert_eq!(body(&bench), expected("paid", json!(0), json!("pending")));
    bench.sleep().wake([("TELL p1-refund-2", status(200))]);
    let partly = expected("partially_refunded", json!(1000), json!("succeeded"));
    assert_eq!(body(&bench), partly);
    bench.inquire("p1", [("GET p1", shows("p1", "refunded"))]);
    bench.sleep().wake([("TELL p1-refund-3", status(200))]);
    let by_somebody_else = expected("refunded", json!(4200), json!(null));
    assert_eq!(body(&bench), by_somebody_else);
}

#[test]
fn a_refund_of_an_overpayment_names_the_payment_that_counts() {
    let mut bench = Bench::paid();
    bench.wake([("TELL p1", status(200))]);
    bench.hint("p2", []);
    bench.sleep().wake([("GET p2", shows("p2", "paid"))]);
    assert!(bench.is_flagged(Flag::Surplus, Some("p2")));
    let message = Message::Refund {
        payment_id: id("p2"),
        amount_in_cents: Cents::new(4200).unwrap(),
        command_id: "j".to_owned(),
        look_first: false,
        refunded_amount_in_cents: None,
    };
    bench.ask(
        message,
        [
            ("POST p2/refund", status(200)),
            ("GET p2", shows("p2", "refunded")),
        ],
    );
    bench.sleep().wake([("TELL p2-refund-0", status(200))]);
    let call = bench.calls.last().unwrap();
    let body: Value = serde_json::from_str(call.request.body.as_ref().unwrap()).unwrap();
    assert_eq!(body["overpayment_of"], "p1");
    assert_eq!(body["payment"]["id"], "p2");
    assert_eq!(body["payment"]["status"], "refunded");
    assert_eq!(body.get("receipt"), None);
}

#[test]
fn without_a_ledger_a_refund_goes_by_the_get_alone() {
    for (shown, state) in [
        ("partially_refunded", Some(RefundState::Succeeded)),
        ("refunded", Some(RefundState::Succeeded)),
        ("paid", Some(RefundState::Pending)),
        ("refund_pending", Some(RefundState::Pending)),
        ("refund_unknown", Some(RefundState::Pending)),
        ("refund_failed", None),
    ] {
        let mut bench = Bench::new();
        bench.terms.remembers = false;
        let script = [
            ("POST p1/refund", status(200)),
            ("GET p1", shows("p1", shown)),
        ];
        let reply = bench.ask(refund(100, "once"), script);
        match state {
            Some(state) => assert_eq!(made(reply).0, state, "{shown}"),
            None => assert_eq!(trouble(reply), Trouble::RefundFailed),
        }
        assert!(bench.rows.is_empty());
    }
}
