//! Refunds: asked for once, told as PaySG shows them, and never twice.

use super::*;
use crate::ledger::{RefundState, TellStatus, refund_key};
use crate::paysg::Cents;

fn refund(cents: u64, command: &str) -> Message {
    Message::Refund {
        payment_id: id("p1"),
        amount_in_cents: Cents::new(cents).unwrap(),
        command_id: command.to_owned(),
        look_first: false,
        refunded_amount_in_cents: None,
    }
}

/// The same, where the edge's own GET has shown that a refund was asked for, by anybody.
fn refund_after_a_look(cents: u64, command: &str) -> Message {
    let mut message = refund(cents, command);
    if let Message::Refund { look_first, .. } = &mut message {
        *look_first = true;
    }
    message
}

/// The same, by an operator who has read the total from PaySG's dashboard.
fn refund_beside(stated: u64, cents: u64, command: &str) -> Message {
    let mut message = refund(cents, command);
    if let Message::Refund {
        refunded_amount_in_cents,
        ..
    } = &mut message
    {
        *refunded_amount_in_cents = Some(stated);
    }
    message
}

/// What the e-service is told of refunds: the status, the refund's amount, the total.
fn told_of_refunds(bench: &Bench) -> Vec<(TellStatus, Option<u64>, Option<u64>)> {
    let tellings = bench.ledger.intent.tellings.iter();
    tellings
        .filter(|telling| !matches!(telling.status, TellStatus::Paid | TellStatus::Cancelled))
        .map(|telling| {
            let refund = telling.refund.as_ref();
            let cents = refund.map(|refund| refund.amount_in_cents.get());
            (telling.status, cents, telling.refunded_amount_in_cents)
        })
        .collect()
}

fn made(reply: Reply) -> (RefundState, u64, Option<u64>) {
    match reply {
        Reply::Refund { refund, .. } => (
            refund.state,
            refund.amount_in_cents.get(),
            refund.refunded_amount_in_cents,
        ),
        other => panic!("no refund: {other:?}"),
    }
}

fn told(bench: &Bench) -> Vec<(String, TellStatus)> {
    let tellings = bench.ledger.intent.tellings.iter();
    tellings
        .map(|telling| (telling.key.clone(), telling.status))
        .collect()
}

#[test]
fn a_refund_is_on_disk_before_the_call_and_told_under_keys_of_its_own() {
    let mut bench = Bench::paid();
    let before = bench.rows.len();
    let reply = bench.ask(
        refund(1000, "first"),
        [
            ("POST p1/refund", status(200)),
            ("GET p1", shows("p1", "partially_refunded")),
        ],
    );
    assert_eq!(answered(reply), Status::PartiallyRefunded);
    assert_eq!(bench.rows_at_call[0], before + 1);
    let request = &bench.calls[0].request;
    assert_eq!(
        request.body.as_deref(),
        Some("{\"refund_amount_in_cents\":1000}")
    );
    assert_eq!(
        request.idempotency_key.as_deref(),
        Some(refund_key(&id("p1"), "first").as_str())
    );
    bench.ask(
        refund(3200, "second"),
        [
            ("POST p1/refund", status(200)),
            ("GET p1", shows("p1", "refunded")),
        ],
    );
    assert_eq!(
        told(&bench),
        [
            ("p1".to_owned(), TellStatus::Paid),
            ("p1-refund-1".to_owned(), TellStatus::PartiallyRefunded),
            ("p1-refund-2".to_owned(), TellStatus::Refunded),
        ]
    );
}

#[test]
fn the_same_refund_command_once_more_only_looks() {
    let mut bench = Bench::paid();
    for _ in 0..3 {
        let first = bench.ledger.intent.refunds.is_empty();
        let get = ("GET p1", shows("p1", "partially_refunded"));
        let reply = if first {
            bench.ask(refund(1000, "once"), [("POST p1/refund", status(200)), get])
        } else {
            bench.ask(refund(1000, "once"), [get])
        };
        assert_eq!(answered(reply), Status::PartiallyRefunded);
    }
    assert_eq!(bench.ledger.intent.refunds.len(), 1);
}

#[test]
fn a_refund_command_of_another_amount_is_no_repetition_whatever_became_of_the_first() {
    for (first, then) in [(200, "partially_refunded"), (400, "paid"), (500, "paid")] {
        let mut bench = Bench::paid();
        bench.ask(
            refund(1000, "once"),
            [
                ("POST p1/refund", status(first)),
                ("GET p1", shows("p1", then)),
            ],
        );
        let reply = bench.ask(refund(900, "once"), []);
        assert!(
            matches!(reply, Reply::Failed(Trouble::RefundChanged)),
            "{first}: {reply:?}"
        );
        assert_eq!(bench.ledger.intent.refunds.len(), 1);
    }
}

#[test]
fn a_refund_whose_answer_is_lost_is_not_repeated_by_itself() {
    for answer in [Says::Nothing, status(500), status(502), status(504)] {
        let mut bench = Bench::paid();
        let reply = bench.ask(
            refund(4200, "once"),
            [("POST p1/refund", answer), ("GET p1", shows("p1", "paid"))],
        );
        assert_eq!(trouble(reply), UNAVAILABLE);
        let key = refund_key(&id("p1"), "once");
        let refunds = &bench.ledger.intent.refunds;
        assert_eq!(
            (refunds.len(), refunds[0].state),
            (1, RefundState::Requested)
        );
        assert_eq!(told(&bench).len(), 1, "nothing to tell yet");
        // The same command looks, and asks again under the same key.
        let reply = bench.ask(
            refund(4200, "once"),
            [
                ("GET p1", shows("p1", "paid")),
                ("POST p1/refund", status(200)),
                ("GET p1", shows("p1", "refunded")),
            ],
        );
        assert_eq!(answered(reply), Status::Refunded);
        assert_eq!(
            bench.calls[1].request.idempotency_key.as_deref(),
            Some(key.as_str())
        );
        assert_eq!(told(&bench).len(), 2);
    }
}

/// A paid payment of which 1000 were given back, and a second refund of 500 whose answer was lost.
fn partly_refunded_and_unanswered() -> Bench {
    let mut bench = Bench::paid();
    let shown = || ("GET p1", shows("p1", "partially_refunded"));
    bench.ask(
        refund(1000, "a"),
        [("POST p1/refund", status(200)), shown()],
    );
    let reply = bench.ask(
        refund(500, "b"),
        [("POST p1/refund", Says::Nothing), shown()],
    );
    assert_eq!(trouble(reply), UNAVAILABLE);
    assert_eq!(
        refunds(&bench),
        [RefundState::Succeeded, RefundState::Requested]
    );
    bench
}

fn refunds(bench: &Bench) -> Vec<RefundState> {
    let refunds = bench.ledger.intent.refunds.iter();
    refunds.map(|refund| refund.state).collect()
}

#[test]
fn a_refund_that_is_lost_at_first_is_made_though_a_question_saw_it_before_the_commands_own_get() {
    let mut bench = Bench::paid();
    let down = || ("GET p1", status(502));
    let reply = bench.ask(
        refund(1000, "j"),
        [
            ("POST p1/refund", Says::Nothing),
            down(),
            down(),
            down(),
            down(),
        ],
    );
    assert_eq!(trouble(reply), UNAVAILABLE);
    bench.inquire("p1", [("GET p1", shows("p1", "partially_refunded"))]);
    // PaySG refuses what it has done already, where it takes no key: the look comes first.
    let reply = bench.ask(
        refund(1000, "j"),
        [("GET p1", shows("p1", "partially_refunded"))],
    );
    assert_eq!(answered(reply), Status::PartiallyRefunded);
}

#[test]
fn a_lost_refund_that_paysg_refuses_when_it_comes_again_is_not_on_record_as_refused() {
    let shown = || ("GET p1", shows("p1", "partially_refunded"));
    let mut bench = partly_refunded_and_unanswered();
    for _ in 0..2 {
        // Perhaps it has given back what is missing now.
        let reply = bench.ask(
            refund(500, "b"),
            [
                shown(),
                ("POST p1/refund", error(400, "refund_amount_too_large")),
                shown(),
            ],
        );
        assert_eq!(trouble(reply), Trouble::RefundUncertain);
        assert_eq!(
            refunds(&bench),
            [RefundState::Succeeded, RefundState::Requested]
        );
    }
    // Where nothing at all was given back it is as good as its word.
    let mut bench = Bench::paid();
    let paid = || ("GET p1", shows("p1", "paid"));
    bench.ask(
        refund(9999, "j"),
        [("POST p1/refund", Says::Nothing), paid()],
    );
    let refusal = ("POST p1/refund", error(400, "refund_amount_too_large"));
    let reply = bench.ask(refund(9999, "j"), [paid(), refusal, paid()]);
    assert_eq!(trouble(reply), left(4200));
    assert_eq!(refunds(&bench), [RefundState::Refused]);
}

#[test]
fn a_lost_refund_that_is_seen_between_the_two_looks_of_its_repetition_is_made() {
    let mut bench = Bench::paid();
    let lost = ("POST p1/refund", Says::Nothing);
    let paid = || ("GET p1", shows("p1", "paid"));
    bench.ask(refund(4200, "j"), [lost, paid()]);
    let reply = bench.ask(
        refund(4200, "j"),
        [
            paid(),
            ("POST p1/refund", error(400, "already_refunded")),
            ("GET p1", shows("p1", "refunded")),
        ],
    );
    assert_eq!(answered(reply), Status::Refunded);
    assert_eq!(refunds(&bench), [RefundState::Succeeded]);
}

#[test]
fn a_refund_that_paysg_refuses_for_its_key_or_its_name_was_not_made() {
    for (http, expected) in [(401, Trouble::Credentials), (402, Trouble::NotConnected)] {
        let mut bench = Bench::paid();
        let reply = bench.ask(refund(500, "j"), [("POST p1/refund", status(http))]);
        assert_eq!(trouble(reply), expected);
        assert_eq!(refunds(&bench), [RefundState::Refused], "{http}");
    }
    // Its own 404 may lag, and says as well that nothing was done.
    let mut bench = Bench::paid();
    let reply = bench.ask(refund(500, "j"), [("POST p1/refund", always(status(404)))]);
    assert_eq!(trouble(reply), Trouble::NotShownYet);
    assert_eq!(refunds(&bench), [RefundState::Refused]);
    // Not so where it may have been made before, or where only the look was refused.
    let mut bench = partly_refunded_and_unanswered();
    let shown = ("GET p1", shows("p1", "partially_refunded"));
    bench.ask(refund(500, "b"), [shown, ("POST p1/refund", status(401))]);
    assert_eq!(
        refunds(&bench),
        [RefundState::Succeeded, RefundState::Requested]
    );
    bench.ask(refund(500, "b"), [("GET p1", status(401))]);
    assert_eq!(
        refunds(&bench),
        [RefundState::Succeeded, RefundState::Requested]
    );
    let mut bench = Bench::paid();
    let script = [("POST p1/refund", status(200)), ("GET p1", status(401))];
    bench.ask(refund(500, "j"), script);
    assert_eq!(refunds(&bench), [RefundState::Pending]);
}

#[test]
fn an_answer_without_paysgs_form_says_nothing_of_a_refund() {
    let torn = Says::Answer(200, None, r#"{"id":"p1","payment_ser"#.to_owned());
    let answers = [200, 204, 302, 400, 403, 404, 409, 422, 429, 500, 502].map(gateway);
    for answer in answers.into_iter().chain([torn]) {
        let mut bench = Bench::paid();
        let script = [
            ("POST p1/refund", answer.clone()),
            ("GET p1", shows("p1", "paid")),
        ];
        let reply = bench.ask(refund(500, "j"), script);
        assert_eq!(trouble(reply), UNAVAILABLE, "{answer:?}");
        let made = "it may have been made";
        assert_eq!(
            refunds(&bench),
            [RefundState::Requested],
            "{made}: {answer:?}"
        );
    }
}

#[test]
fn a_refund_is_repeated_where_paysg_says_that_it_was_not_done() {
    let mut bench = Bench::paid();
    bench.ask(
        refund(4200, "once"),
        [
            ("POST p1/refund", status(429)),
            ("POST p1/refund", error(409, IN_FLIGHT)),
            ("POST p1/refund", status(200)),
            ("GET p1", shows("p1", "refunded")),
        ],
    );
    assert_eq!(bench.states(), [AttemptState::Refunded]);
}

#[test]
fn a_refund_that_paysg_refuses_changes_nothing() {
    let mut bench = Bench::paid();
    let reply = bench.ask(
        refund(9999, "too much"),
        [
            ("POST p1/refund", error(400, "refund_amount_too_large")),
            ("GET p1", shows("p1", "paid")),
        ],
    );
    assert_eq!(trouble(reply), left(4200));
    assert_eq!(bench.ledger.intent.refunds[0].state, RefundState::Refused);
    assert_eq!(told(&bench).len(), 1);
}

#[test]
fn a_refund_that_paysg_refuses_is_none_though_the_payment_was_refunded_on_its_dashboard_meanwhile()
{
    for (then, status, left_in_cents) in [
        ("partially_refunded", Status::PartiallyRefunded, Some(4200)),
        ("refunded", Status::Refunded, None),
    ] {
        let mut bench = Bench::paid();
        let reply = bench.ask(
            refund(4200, "j"),
            [
                ("POST p1/refund", error(400, "refund_amount_too_large")),
                ("GET p1", shows("p1", then)),
            ],
        );
        let expected = left_in_cents.map_or(Trouble::NotAllowed { status }, left);
        assert_eq!(trouble(reply), expected, "{then}");
        assert_eq!(refunds(&bench), [RefundState::Refused]);
        let last = bench.ledger.intent.tellings.last().unwrap();
        assert_eq!(last.refund, None, "{then}: no refund of ours to tell");
    }
}

fn left(cents: u64) -> Trouble {
    let left_in_cents = Cents::new(cents).unwrap();
    Trouble::RefundRefused { left_in_cents }
}

#[test]
fn a_refund_of_more_than_is_left_is_told_what_is() {
    let mut bench = Bench::paid();
    for (cents, name) in [(1000, "first"), (1200, "second")] {
        bench.ask(
            refund(cents, name),
            [
                ("POST p1/refund", status(200)),
                ("GET p1", shows("p1", "partially_refunded")),
            ],
        );
    }
    for (name, expected) in [("third", left(2000)), ("fourth", left(2000))] {
        let reply = bench.ask(
            refund(2001, name),
            [
                ("POST p1/refund", error(400, "refund_amount_too_large")),
                ("GET p1", shows("p1", "partially_refunded")),
            ],
        );
        // What was refused is not taken off.
        assert_eq!(trouble(reply), expected, "{name}");
    }
}

#[test]
fn a_refund_of_the_rest_is_told_once_by_whichever_get_it_is_seen() {
    let whole = || ("GET p1", shows("p1", "refunded"));
    let partly = || ("GET p1", shows("p1", "partially_refunded"));
    for answer in [status(200), Says::Nothing] {
        let mut bench = Bench::paid();
        bench.ask(
            refund(4000, "a"),
            [("POST p1/refund", status(200)), partly()],
        );
        bench.ask(refund(200, "b"), [("POST p1/refund", answer), whole()]);
        bench.inquire("p1", [whole()]);
        let statuses: Vec<TellStatus> = told(&bench).iter().map(|(_, status)| *status).collect();
        let expected = [
            TellStatus::Paid,
            TellStatus::PartiallyRefunded,
            TellStatus::Refunded,
        ];
        assert_eq!(statuses, expected);
    }
}

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
