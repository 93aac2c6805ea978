//! Refunds: asked for once, told as PaySG shows them, and never twice.

use super::*;
use crate::ledger::{RefundState, TellStatus, refund_key};
use crate::paysg::Cents;

pub(super) fn refund(cents: u64, command: &str) -> Message {
    Message::Refund {
        payment_id: id("p1"),
        amount_in_cents: Cents::new(cents).unwrap(),
        command_id: command.to_owned(),
        look_first: false,
        refunded_amount_in_cents: None,
    }
}

/// The same, where the edge's own GET has shown that a refund was asked for, by anybody.
pub(super) fn refund_after_a_look(cents: u64, command: &str) -> Message {
    let mut message = refund(cents, command);
    if let Message::Refund { look_first, .. } = &mut message {
        *look_first = true;
    }
    message
}

/// The same, by an operator who has read the total from PaySG's dashboard.
pub(super) fn refund_beside(stated: u64, cents: u64, command: &str) -> Message {
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
pub(super) fn told_of_refunds(bench: &Bench) -> Vec<(TellStatus, Option<u64>, Option<u64>)> {
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

pub(super) fn made(reply: Reply) -> (RefundState, u64, Option<u64>) {
    match reply {
        Reply::Refund { refund, .. } => (
            refund.state,
            refund.amount_in_cents.get(),
            refund.refunded_amount_in_cents,
        ),
        other => panic!("no refund: {other:?}"),
    }
}

pub(super) fn told(bench: &Bench) -> Vec<(String, TellStatus)> {
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
pub(super) fn partly_refunded_and_unanswered() -> Bench {
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

pub(super) fn refunds(bench: &Bench) -> Vec<RefundState> {
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
