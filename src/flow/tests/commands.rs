//! Cancel, refund, send the e-mail: a GET alone says what came of it.

use super::*;
use crate::ledger::TellStatus;
use crate::paysg::Cents;

fn cancel(payment: &str) -> Message {
    Message::Cancel {
        payment_id: id(payment),
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
fn an_answer_without_paysgs_form_says_nothing_of_an_email() {
    let mail = || Message::SendEmail {
        payment_id: id("p1"),
    };
    let paid = || ("GET p1", shows("p1", "paid"));
    for http in [200, 204, 302, 400, 404, 500] {
        let mut bench = Bench::paid();
        let script = [("POST p1/send-email", gateway(http)), paid()];
        assert_eq!(trouble(bench.ask(mail(), script)), UNAVAILABLE, "{http}");
    }
    let mut bench = Bench::paid();
    let nothing = Says::Answer(200, None, String::new());
    let script = [("POST p1/send-email", nothing), paid()];
    assert_eq!(answered(bench.ask(mail(), script)), Status::Paid);
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
            look_first: false,
            refunded_amount_in_cents: None,
        },
    ] {
        assert_eq!(trouble(bench.ask(message, [])), Trouble::UnknownPayment);
    }
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
