//! Cancel, refund, send the e-mail: a GET alone says what came of it.

use super::*;
use crate::ledger::{TellStatus, refund_key};
use crate::paysg::Cents;

fn cancel(payment: &str) -> Message {
    Message::Cancel {
        payment_id: id(payment),
    }
}

fn refund(cents: u64, command: &str) -> Message {
    Message::Refund {
        payment_id: id("p1"),
        amount_in_cents: Cents::new(cents).unwrap(),
        command_id: command.to_owned(),
        given_back: false,
    }
}

/// The same, where the edge's own GET has shown that some was given back.
fn refund_of_a_rest(cents: u64, command: &str) -> Message {
    let mut message = refund(cents, command);
    if let Message::Refund { given_back, .. } = &mut message {
        *given_back = true;
    }
    message
}

#[test]
fn what_was_given_back_on_the_dashboard_before_is_not_taken_for_a_refund_whose_answer_is_lost() {
    let partly = || ("GET p1", shows("p1", "partially_refunded"));
    let lost = || ("POST p1/refund", Says::Nothing);
    for mut bench in [Bench::paid(), Bench::open()] {
        let reply = bench.ask(refund_of_a_rest(3200, "j"), [partly(), lost(), partly()]);
        assert_eq!(trouble(reply), UNAVAILABLE);
        assert_eq!(accepted(&bench), [None]);
        assert_eq!(told(&bench).len(), 1);
        // What the ledger knows by then needs no look.
        let reply = bench.ask(
            refund_of_a_rest(100, "k"),
            [("POST p1/refund", status(200)), partly()],
        );
        assert_eq!(answered(reply), Status::PartiallyRefunded);
        assert_eq!(accepted(&bench), [None, Some(true)]);
    }
}

fn send_email() -> Message {
    Message::SendEmail {
        payment_id: id("p1"),
    }
}

fn told(bench: &Bench) -> Vec<(String, TellStatus)> {
    let tellings = bench.ledger.intent.tellings.iter();
    tellings
        .map(|telling| (telling.key.clone(), telling.status))
        .collect()
}

#[test]
fn a_cancellation_is_confirmed_by_a_get_and_told_under_a_key_of_its_own() {
    let mut bench = Bench::open();
    let reply = bench.ask(
        cancel("p1"),
        [
            ("POST p1/cancel", shows("p1", "cancelled")),
            ("GET p1", shows("p1", "cancelled")),
        ],
    );
    assert_eq!(answered(reply), Status::Cancelled);
    assert_eq!(
        told(&bench),
        [("p1-cancelled".to_owned(), TellStatus::Cancelled)]
    );
}

#[test]
fn a_cancellation_whose_answers_are_lost_is_repeated_and_then_looked_at() {
    let mut bench = Bench::open();
    let reply = bench.ask(
        cancel("p1"),
        [
            ("POST p1/cancel", Says::Nothing),
            ("POST p1/cancel", status(502)),
            ("POST p1/cancel", error(400, "already_cancelled")),
            ("GET p1", shows("p1", "cancelled")),
        ],
    );
    assert_eq!(answered(reply), Status::Cancelled);
}

#[test]
fn a_paid_payment_is_not_cancelled_and_the_payment_counts() {
    let mut bench = Bench::open();
    let reply = bench.ask(
        cancel("p1"),
        [
            ("POST p1/cancel", error(400, "not_cancellable")),
            ("GET p1", shows("p1", "paid")),
        ],
    );
    let paid = Trouble::NotAllowed {
        status: Status::Paid,
    };
    assert_eq!(trouble(reply), paid);
    assert_eq!(told(&bench), [("p1".to_owned(), TellStatus::Paid)]);
}

#[test]
fn a_success_that_the_get_does_not_bear_out_is_none() {
    let mut bench = Bench::open();
    let reply = bench.ask(
        cancel("p1"),
        [
            ("POST p1/cancel", shows("p1", "cancelled")),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    let unpaid = Trouble::NotAllowed {
        status: Status::Unpaid,
    };
    assert_eq!(trouble(reply), unpaid);
    assert_eq!(bench.states(), [AttemptState::Open]);
}

#[test]
fn a_cancellation_is_told_again_and_answered_with_the_payment_as_it_stands() {
    let mut bench = Bench::open();
    let again = || Message::TellAgain {
        payment_id: id("p1"),
    };
    let nothing = Trouble::NotAllowed {
        status: Status::Unpaid,
    };
    assert_eq!(trouble(bench.ask(again(), [])), nothing);
    bench.ask(
        cancel("p1"),
        [
            ("POST p1/cancel", shows("p1", "cancelled")),
            ("GET p1", shows("p1", "cancelled")),
        ],
    );
    bench.sleep().wake([("TELL p1-cancelled", status(200))]);
    assert_eq!(answered(bench.ask(again(), [])), Status::Cancelled);
    bench.sleep().wake([("TELL p1-cancelled", status(200))]);
}

#[test]
fn a_cancellation_is_told_though_a_question_saw_it_before_the_commands_own_get() {
    let mut bench = Bench::open();
    // A question that left its turn, answered between the command's two calls.
    bench.inquire("p1", [("GET p1", shows("p1", "cancelled"))]);
    assert!(
        told(&bench).is_empty(),
        "nobody cancelled it through us yet"
    );
    let command = || {
        [
            ("POST p1/cancel", error(400, "already_cancelled")),
            ("GET p1", shows("p1", "cancelled")),
        ]
    };
    for _ in 0..2 {
        let reply = bench.ask(cancel("p1"), command());
        assert_eq!(answered(reply), Status::Cancelled);
        assert_eq!(
            told(&bench),
            [("p1-cancelled".to_owned(), TellStatus::Cancelled)]
        );
    }
    assert_eq!(bench.states(), [AttemptState::Cancelled]);
}

#[test]
fn commands_for_a_payment_that_the_ledger_does_not_know_make_no_call() {
    let mut bench = Bench::open();
    for message in [
        cancel("p9"),
        Message::SendEmail {
            payment_id: id("p9"),
        },
        Message::TellAgain {
            payment_id: id("p9"),
        },
        Message::Refund {
            payment_id: id("p9"),
            amount_in_cents: Cents::new(1).unwrap(),
            command_id: "c".to_owned(),
            given_back: false,
        },
    ] {
        assert_eq!(trouble(bench.ask(message, [])), Trouble::UnknownPayment);
    }
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
        assert_eq!((refunds.len(), refunds[0].accepted), (1, None));
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
    assert_eq!(accepted(&bench), [Some(true), None]);
    bench
}

fn accepted(bench: &Bench) -> Vec<Option<bool>> {
    let refunds = bench.ledger.intent.refunds.iter();
    refunds.map(|refund| refund.accepted).collect()
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
    assert_eq!(answered(reply), Status::PartiallyRefunded);
    assert_eq!(accepted(&bench), [Some(true), Some(true)]);

    let mut bench = partly_refunded_and_unanswered();
    bench.now_ms = bench.ledger.intent.refunds[1].asked_at_ms + 23 * HOUR_MS - 50;
    let tellings = told(&bench).len();
    for _ in 0..2 {
        let reply = bench.ask(refund(500, "b"), [shown()]);
        assert_eq!(trouble(reply), Trouble::RefundUncertain);
        bench.pass(HOUR_MS);
    }
    assert_eq!(accepted(&bench), [Some(true), None]);
    assert_eq!(told(&bench).len(), tellings);
    // Given back in full it is made, however late it is seen.
    let reply = bench.ask(refund(500, "b"), [("GET p1", shows("p1", "refunded"))]);
    assert_eq!(answered(reply), Status::Refunded);
    assert_eq!(accepted(&bench), [Some(true), Some(true)]);
    assert_eq!(told(&bench).len(), tellings + 1);
}

#[test]
fn a_lost_refund_that_another_get_has_seen_is_made_and_told_when_its_command_comes_again() {
    for (state, status) in [
        ("partially_refunded", Status::PartiallyRefunded),
        ("refunded", Status::Refunded),
    ] {
        for hours in [0, 48] {
            let mut bench = Bench::paid();
            bench.ask(
                refund(1000, "j"),
                [
                    ("POST p1/refund", Says::Nothing),
                    ("GET p1", shows("p1", "paid")),
                ],
            );
            bench.inquire("p1", [("GET p1", shows("p1", state))]);
            assert_eq!(told(&bench).len(), 1, "whose refund it is is not known");
            bench.pass(hours * HOUR_MS);
            let reply = bench.ask(refund(1000, "j"), [("GET p1", shows("p1", state))]);
            assert_eq!(answered(reply), status);
            assert_eq!(accepted(&bench), [Some(true)]);
            assert_eq!(told(&bench).len(), 2);
        }
    }
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
        assert_eq!(accepted(&bench), [Some(true), None]);
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
    assert_eq!(accepted(&bench), [Some(false)]);
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
    assert_eq!(accepted(&bench), [Some(true)]);
}

#[test]
fn what_another_refund_has_given_back_does_not_stand_for_a_lost_one() {
    let partly = || ("GET p1", shows("p1", "partially_refunded"));
    let lost = || ("POST p1/refund", Says::Nothing);
    let mut bench = Bench::paid();
    bench.ask(refund(500, "j"), [lost(), ("GET p1", shows("p1", "paid"))]);
    bench.ask(
        refund(700, "k"),
        [("POST p1/refund", status(200)), partly()],
    );
    assert_eq!(accepted(&bench), [None, Some(true)]);
    // So it is asked for again.
    let reply = bench.ask(
        refund(500, "j"),
        [partly(), ("POST p1/refund", status(200)), partly()],
    );
    assert_eq!(answered(reply), Status::PartiallyRefunded);
    assert_eq!(accepted(&bench), [Some(true), Some(true)]);

    // Of two that were lost either may be the one that is seen.
    let mut bench = Bench::paid();
    bench.ask(refund(500, "j"), [lost(), ("GET p1", shows("p1", "paid"))]);
    let reply = bench.ask(refund(700, "k"), [lost(), partly()]);
    assert_eq!(trouble(reply), UNAVAILABLE);
    for (cents, name) in [(500, "j"), (700, "k")] {
        let reply = bench.ask(refund(cents, name), [partly()]);
        assert_eq!(trouble(reply), Trouble::RefundUncertain, "{name}");
    }
    assert_eq!(accepted(&bench), [None, None]);
    assert_eq!(told(&bench).len(), 1);
}

#[test]
fn a_refund_that_was_refused_and_then_lost_is_one_that_was_lost() {
    let shown = || ("GET p1", shows("p1", "partially_refunded"));
    let mut bench = Bench::paid();
    let refusal = ("POST p1/refund", error(400, "another_refund_is_pending"));
    bench.ask(refund(500, "j"), [refusal, shown()]);
    assert_eq!(accepted(&bench), [Some(false)]);
    bench.pass(20 * HOUR_MS);
    bench.ask(
        refund(500, "j"),
        [("POST p1/refund", Says::Nothing), shown()],
    );
    assert_eq!(accepted(&bench), [None]);
    bench.pass(20 * HOUR_MS);
    let again = ("POST p1/refund", Says::Nothing);
    bench.ask(refund(500, "j"), [shown(), again, shown()]);
    bench.pass(4 * HOUR_MS);
    let reply = bench.ask(refund(500, "j"), [shown()]);
    assert_eq!(trouble(reply), Trouble::RefundUncertain);
}

#[test]
fn a_refund_that_paysg_refuses_for_its_key_or_its_name_was_not_made() {
    for (http, expected) in [(401, Trouble::Credentials), (402, Trouble::NotConnected)] {
        let mut bench = Bench::paid();
        let reply = bench.ask(refund(500, "j"), [("POST p1/refund", status(http))]);
        assert_eq!(trouble(reply), expected);
        assert_eq!(accepted(&bench), [Some(false)], "{http}");
    }
    // Its own 404 may lag, and says as well that nothing was done.
    let mut bench = Bench::paid();
    let gone = [("POST p1/refund", always(status(404)))];
    let reply = bench.ask(refund(500, "j"), gone);
    assert_eq!(trouble(reply), Trouble::NotShownYet);
    assert_eq!(accepted(&bench), [Some(false)]);
    // Not so where it may have been made before, or where only the look was refused.
    let mut bench = partly_refunded_and_unanswered();
    let shown = ("GET p1", shows("p1", "partially_refunded"));
    bench.ask(refund(500, "b"), [shown, ("POST p1/refund", status(401))]);
    assert_eq!(accepted(&bench), [Some(true), None]);
    bench.ask(refund(500, "b"), [("GET p1", status(401))]);
    assert_eq!(accepted(&bench), [Some(true), None]);
    let mut bench = Bench::paid();
    let script = [("POST p1/refund", status(200)), ("GET p1", status(401))];
    bench.ask(refund(500, "j"), script);
    assert_eq!(accepted(&bench), [None]);
}

#[test]
fn an_answer_without_paysgs_form_says_nothing_of_a_refund_or_an_email() {
    let torn = Says::Answer(200, None, r#"{"id":"p1","payment_ser"#.to_owned());
    let answers = [200, 204, 302, 400, 403, 404, 409, 422, 429, 500, 502]
        .map(gateway)
        .into_iter()
        .chain([torn]);
    for answer in answers {
        let mut bench = Bench::paid();
        let script = [
            ("POST p1/refund", answer.clone()),
            ("GET p1", shows("p1", "paid")),
        ];
        let reply = bench.ask(refund(500, "j"), script);
        assert_eq!(trouble(reply), UNAVAILABLE, "{answer:?}");
        assert_eq!(
            accepted(&bench),
            [None],
            "it may have been made: {answer:?}"
        );
        let mail = Message::SendEmail {
            payment_id: id("p1"),
        };
        let script = [
            ("POST p1/send-email", answer.clone()),
            ("GET p1", shows("p1", "paid")),
        ];
        assert_eq!(trouble(bench.ask(mail, script)), UNAVAILABLE, "{answer:?}");
    }
    let mut bench = Bench::paid();
    let mail = Message::SendEmail {
        payment_id: id("p1"),
    };
    let nothing = Says::Answer(200, None, String::new());
    let script = [
        ("POST p1/send-email", nothing),
        ("GET p1", shows("p1", "paid")),
    ];
    assert_eq!(answered(bench.ask(mail, script)), Status::Paid);
}

#[test]
fn a_cancellation_that_somebody_else_answers_is_asked_for_again() {
    for answer in [gateway(200), gateway(400), gateway(404)] {
        let mut bench = Bench::open();
        let cancel = Message::Cancel {
            payment_id: id("p1"),
        };
        let script = [
            ("POST p1/cancel", answer),
            ("POST p1/cancel", shows("p1", "cancelled")),
            ("GET p1", shows("p1", "cancelled")),
        ];
        assert_eq!(answered(bench.ask(cancel, script)), Status::Cancelled);
    }
}

#[test]
fn a_refund_whose_answer_is_lost_but_which_the_get_shows_is_made_and_told() {
    let mut bench = Bench::paid();
    let reply = bench.ask(
        refund(4200, "once"),
        [
            ("POST p1/refund", Says::Nothing),
            ("GET p1", shows("p1", "refunded")),
        ],
    );
    assert_eq!(answered(reply), Status::Refunded);
    assert_eq!(told(&bench)[1].1, TellStatus::Refunded);
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
    assert_eq!(bench.ledger.intent.refunds[0].accepted, Some(false));
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
        assert_eq!(bench.ledger.intent.refunds[0].accepted, Some(false));
        assert_eq!(told(&bench).len(), 1, "{then}: no refund of ours to tell");
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
fn a_refund_that_was_refused_is_made_told_and_on_record_once_paysg_takes_the_same_command() {
    let mut bench = Bench::open();
    bench.ask(
        refund(4200, "j"),
        [
            ("POST p1/refund", error(400, "not_paid")),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    assert_eq!(bench.ledger.intent.refunds[0].accepted, Some(false));
    for _ in 0..2 {
        bench.ask(
            refund(4200, "j"),
            [
                ("POST p1/refund", error(400, "not_paid")),
                ("GET p1", shows("p1", "paid")),
            ],
        );
        assert_eq!(bench.ledger.intent.refunds[0].accepted, Some(false));
    }
    let reply = bench.ask(
        refund(4200, "j"),
        [
            ("POST p1/refund", status(200)),
            ("GET p1", shows("p1", "refunded")),
        ],
    );
    assert_eq!(answered(reply), Status::Refunded);
    let refunds = &bench.ledger.intent.refunds;
    assert_eq!((refunds.len(), refunds[0].accepted), (1, Some(true)));
    assert_eq!(
        told(&bench)[1..],
        [("p1-refund-1".to_owned(), TellStatus::Refunded)]
    );
    // What it did stands.
    bench.ask(refund(4200, "j"), [("GET p1", shows("p1", "refunded"))]);
    assert_eq!(told(&bench).len(), 2);
}

#[test]
fn a_refund_that_paysg_carries_out_later_is_told_as_whole_when_it_is_seen_and_once() {
    let whole = || ("GET p1", shows("p1", "refunded"));
    let partly = || ("GET p1", shows("p1", "partially_refunded"));
    let mut bench = Bench::paid();
    // Pending: all that PaySG says of it is that it is not refunded in full.
    bench.ask(
        refund(4200, "j"),
        [("POST p1/refund", status(200)), partly()],
    );
    bench.inquire("p1", [partly()]);
    assert_eq!(told(&bench).len(), 2);
    for _ in 0..2 {
        bench.inquire("p1", [whole()]);
        assert_eq!(
            told(&bench)[1..],
            [
                ("p1-refund-1".to_owned(), TellStatus::PartiallyRefunded),
                ("p1-refund-2".to_owned(), TellStatus::Refunded),
            ]
        );
    }
    for key in ["p1", "p1-refund-1", "p1-refund-2"] {
        let call = format!("TELL {key}");
        bench.sleep().wake([(&*call, status(200))]);
    }
    // The same command says how it stands.
    assert_eq!(
        answered(bench.ask(refund(4200, "j"), [whole()])),
        Status::Refunded
    );
    assert_eq!(told(&bench).len(), 3);
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
fn only_what_was_paid_is_refunded() {
    let mut bench = Bench::open();
    let unpaid = Trouble::NotAllowed {
        status: Status::Unpaid,
    };
    let reply = bench.ask(
        refund(1, "c"),
        [
            ("POST p1/refund", status(400)),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    assert_eq!(trouble(reply), unpaid);
    let refunds = &bench.ledger.intent.refunds;
    assert!(refunds.iter().all(|refund| refund.accepted == Some(false)));
}

#[test]
fn what_was_paid_since_anyone_looked_is_refunded_and_told_as_both() {
    let mut bench = Bench::open();
    let reply = bench.ask(
        refund(1, "c"),
        [
            ("POST p1/refund", status(200)),
            ("GET p1", shows("p1", "refunded")),
        ],
    );
    assert_eq!(answered(reply), Status::Refunded);
    let told: Vec<_> = bench
        .ledger
        .intent
        .tellings
        .iter()
        .map(|telling| telling.status)
        .collect();
    assert_eq!(told, [TellStatus::Paid, TellStatus::Refunded]);
}

#[test]
fn an_email_whose_answer_is_lost_is_not_sent_twice() {
    let mut bench = Bench::open();
    let reply = bench.ask(
        send_email(),
        [
            ("POST p1/send-email", Says::Nothing),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    assert_eq!(trouble(reply), UNAVAILABLE);
    let reply = bench.ask(
        send_email(),
        [
            ("POST p1/send-email", status(429)),
            ("POST p1/send-email", Says::Answer(204, None, String::new())),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    assert_eq!(answered(reply), Status::Unpaid);
}

#[test]
fn credentials_that_paysg_does_not_take_end_a_command_at_once() {
    let mut bench = Bench::open();
    for http in [401, 403] {
        let reply = bench.ask(cancel("p1"), [("POST p1/cancel", status(http))]);
        assert_eq!(trouble(reply), Trouble::Credentials);
    }
}

#[test]
fn without_a_ledger_a_command_goes_by_the_get_alone() {
    let mut bench = Bench::new();
    bench.terms.remembers = false;
    let reply = bench.ask(
        refund(100, "once"),
        [
            ("POST p1/refund", status(200)),
            ("GET p1", shows("p1", "partially_refunded")),
        ],
    );
    assert_eq!(answered(reply), Status::PartiallyRefunded);
    assert!(bench.rows.is_empty());
}
