//! Commands of an operator on an intent: reconcile, adopt, abandon an attempt, acknowledge.

use super::*;
use crate::flow::watch::Acknowledgeable;
use crate::ledger::{Ledger, Transition};
use crate::paysg::Cents;

impl Bench {
    /// Has the intent take an operator's command.
    fn command<const N: usize>(&mut self, message: Message, script: [(&str, Says); N]) -> Reply {
        let message = Message::OperatorCommand {
            action: "anything".to_owned(),
            by: Some("operator-17".to_owned()),
            message: Box::new(message),
        };
        self.ask(message, script)
    }

    fn acknowledge(&mut self, alert: &str, payment: Option<&str>) -> Reply {
        let message = Message::Acknowledge {
            alert: Acknowledgeable::parse(alert).unwrap(),
            payment_id: payment.map(id),
        };
        self.command(message, [])
    }

    fn journal(&self) -> Vec<Value> {
        let entries = self.rows.iter();
        entries
            .map(|row| serde_json::from_str(&row.entry).unwrap())
            .collect()
    }
}

fn record(reply: Reply) -> Value {
    match reply {
        Reply::Record { record } => serde_json::from_str(&record).unwrap(),
        other => panic!("no record: {other:?}"),
    }
}

#[test]
fn command_is_journalled_with_who_signed_it() {
    let mut bench = Bench::open();
    record(bench.command(Message::Reconcile, [("GET p1", shows("p1", "unpaid"))]));
    let row = json!({"what": "command_received", "command": "anything", "by": "operator-17"});
    assert_eq!(bench.journal().last(), Some(&row));
    // An intent that nobody made stays one that nobody made.
    let mut unknown = Bench::new();
    assert_eq!(
        trouble(unknown.command(Message::Reconcile, [])),
        Trouble::NoRecord
    );
    assert_eq!(unknown.rows, []);
}

#[test]
fn reconcile_asks_for_every_payment_newest_first() {
    let mut bench = Bench::open();
    bench.pay(
        order_of(4300, "more"),
        [
            ("GET p1", shows("p1", "unpaid")),
            ("POST p1/cancel", status(200)),
            ("GET p1", shows("p1", "cancelled")),
            (
                "POST payments #2",
                says(
                    201,
                    with(payment("p2", "unpaid"), json!({"amount_in_cents": 4300})),
                ),
            ),
        ],
    );
    let more = |state| with(payment("p2", state), json!({"amount_in_cents": 4300}));
    let reply = bench.command(
        Message::Reconcile,
        [
            ("GET p2", says(200, more("unpaid"))),
            ("GET p1", shows("p1", "paid")),
        ],
    );
    let states = &record(reply)["attempts"];
    assert_eq!([&states[0]["state"], &states[1]["state"]], ["paid", "open"]);
}

#[test]
fn reconcile_says_that_paysg_is_away_and_keeps_what_it_found() {
    let mut bench = Bench::open();
    bench.hint("p2", []);
    let away = || ("GET p1", Says::Nothing);
    let reply = bench.command(
        Message::Reconcile,
        [
            away(),
            away(),
            away(),
            away(),
            ("GET p2", shows("p2", "paid")),
        ],
    );
    assert_eq!(trouble(reply), UNAVAILABLE);
    assert_eq!(bench.states(), [AttemptState::Open, AttemptState::Paid]);
    // That PaySG does not know a payment is found out.
    for passed in [0, 5 * MINUTE_MS, 5 * MINUTE_MS] {
        assert!(!bench.is_flagged(Flag::Vanished, Some("p1")), "it may lag");
        bench.pass(passed).command(
            Message::Reconcile,
            [
                ("GET p2", shows("p2", "paid")),
                ("GET p1", always(status(404))),
            ],
        );
    }
    assert!(bench.is_flagged(Flag::Vanished, Some("p1")));
}

#[test]
fn reconcile_searches_the_list_for_an_attempt_that_was_never_answered() {
    let list = |found| ("LIST", page(found, None));
    let mut bench = Bench::unanswered();
    bench.pass(2 * HOUR_MS);
    let mut empty = bench.ledger.clone();
    assert_eq!(bench.alerts(), ["unanswered"]);
    let reply = bench.command(
        Message::Reconcile,
        [
            list(vec![payment("p1", "paid")]),
            ("GET p1", shows("p1", "paid")),
        ],
    );
    record(reply);
    assert_eq!(bench.states(), [AttemptState::Paid]);
    assert_eq!(bench.alerts(), [""; 0]);
    // Nothing is there: the attempt is over, as it would be at the payer's next press.
    std::mem::swap(&mut bench.ledger, &mut empty);
    bench.rows.truncate(bench.rows.len() - 3);
    record(bench.command(Message::Reconcile, [list(vec![])]));
    assert_eq!(bench.states(), [AttemptState::GivenUp]);
    assert_eq!(bench.alerts(), [""; 0]);
}

#[test]
fn reconcile_lets_no_attempt_go_whose_call_may_be_under_way() {
    let mut bench = Bench::unanswered();
    let reply = bench.command(Message::Reconcile, [("LIST", page(vec![], None))]);
    assert!(matches!(trouble(reply), Trouble::Unavailable { .. }));
    assert_eq!(bench.states(), [AttemptState::Started]);
}

#[test]
fn reconcile_asks_no_longer_than_an_operator_waits() {
    let mut bench = Bench::open();
    bench.hint("p2", []);
    bench.latency_ms = 30_000;
    let reply = bench.command(Message::Reconcile, [("GET p1", shows("p1", "unpaid"))]);
    assert_eq!(trouble(reply), UNAVAILABLE);
}

#[test]
fn adopted_payment_needs_no_return_url_of_this_proxy() {
    let mut bench = Bench::open();
    let moved = |id, state| {
        let changes = json!({"return_url": "https://old.example.gov.sg/paysg/return"});
        says(200, with(payment(id, state), changes))
    };
    let adopt = || Message::Adopt {
        payment_id: id("p2"),
    };
    for _ in 0..2 {
        let reply = bench.command(adopt(), [("GET p2", moved("p2", "paid"))]);
        assert_eq!(answered(reply), Status::Paid);
    }
    assert_eq!(bench.states(), [AttemptState::Open, AttemptState::Paid]);
    // The ledger may know nothing of the intent.
    let mut lost = Bench::new();
    let reply = lost.command(adopt(), [("GET p2", moved("p2", "paid"))]);
    assert_eq!(answered(reply), Status::Paid);
    assert_eq!(lost.journal()[1]["by"], "operator-17");
    lost.wake([("TELL p2", status(200))]);
}

#[test]
fn payment_of_another_reference_service_or_amount_is_not_adopted() {
    for changes in [
        json!({"reference_id": "INV-002"}),
        json!({"payment_service_id": OTHER_SERVICE}),
        json!({"id": "p9"}),
    ] {
        let mut bench = Bench::open();
        let adopt = Message::Adopt {
            payment_id: id("p2"),
        };
        let shown = says(200, with(payment("p2", "paid"), changes));
        let reply = bench.command(adopt, [("GET p2", always(shown))]);
        assert!(matches!(
            trouble(reply),
            Trouble::UnknownPayment | Trouble::Mismatch
        ));
        assert_eq!(bench.states(), [AttemptState::Open]);
    }
}

#[test]
fn adopted_payment_answers_for_the_attempt_that_was_lost() {
    let mut bench = Bench::unanswered();
    bench.pass(HOUR_MS);
    let adopt = Message::Adopt {
        payment_id: id("p1"),
    };
    bench.command(adopt, [("GET p1", shows("p1", "unpaid"))]);
    assert_eq!(bench.states(), [AttemptState::Open]);
}

#[test]
fn operator_abandons_an_attempt_that_the_list_is_too_long_to_find() {
    let abandon = |attempt| Message::AbandonAttempt { attempt };
    let mut bench = Bench::unanswered();
    let reply = bench.command(abandon(1), []);
    assert!(
        matches!(trouble(reply), Trouble::Unavailable { retry_after_ms: Some(ms) } if ms <= 60_000),
        "its call may be under way"
    );
    bench.pass(2 * HOUR_MS);
    bench
        .ledger
        .record(
            bench.now_ms,
            Transition::Flagged {
                flag: Flag::SearchTooLong,
                payment_id: None,
            },
        )
        .unwrap();
    assert_eq!(bench.alerts(), ["unanswered", "search_too_long"]);
    assert_eq!(
        trouble(bench.command(abandon(2), [])),
        Trouble::UnknownEntry
    );
    for _ in 0..2 {
        record(bench.command(abandon(1), []));
    }
    assert_eq!(bench.alerts(), [""; 0]);
    // The way is free.
    let reply = bench.pay(order(), [("POST payments #2", created("p2"))]);
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
    let status = Status::Unpaid;
    assert_eq!(
        trouble(bench.command(abandon(2), [])),
        Trouble::NotAllowed { status },
        "what can be paid is cancelled instead"
    );
}

#[test]
fn acknowledged_flag_raises_no_alert_until_it_is_raised_anew() {
    let mut bench = Bench::open();
    bench.lose("p1");
    assert_eq!(bench.alerts(), ["vanished"]);
    assert_eq!(
        trouble(bench.acknowledge("mismatch", None)),
        Trouble::UnknownEntry
    );
    assert_eq!(
        trouble(bench.acknowledge("vanished", Some("p2"))),
        Trouble::UnknownEntry
    );
    let shown = record(bench.acknowledge("vanished", Some("p1")));
    assert_eq!(shown["flags"][0]["acknowledged"], true);
    record(bench.acknowledge("vanished", None));
    bench.lose("p1");
    assert_eq!(bench.alerts(), [""; 0], "it is still the same");
    bench.inquire("p1", [("GET p1", shows("p1", "unpaid"))]);
    bench.lose("p1");
    assert_eq!(bench.alerts(), ["vanished"], "it came back in between");
}

#[test]
fn acknowledged_refund_without_an_answer_raises_no_alert() {
    let mut bench = Bench::paid();
    bench.wake([("TELL p1", status(200))]);
    let refund = Message::Refund {
        payment_id: id("p1"),
        amount_in_cents: Cents::new(500).unwrap(),
        command_id: "j".to_owned(),
        look_first: false,
        refunded_amount_in_cents: None,
    };
    let lost = ("POST p1/refund", Says::Nothing);
    bench.ask(refund, [lost, ("GET p1", shows("p1", "paid"))]);
    bench.pass(2 * HOUR_MS);
    assert_eq!(bench.alerts(), ["refund_unanswered"]);
    record(bench.acknowledge("refund_unanswered", Some("p1")));
    assert_eq!(bench.alerts(), [""; 0]);
}

#[test]
fn only_alerts_that_do_not_end_by_themselves_can_be_acknowledged() {
    for word in ["untold", "unexamined", "unanswered", "", "Vanished"] {
        assert_eq!(Acknowledgeable::parse(word), None, "{word}");
    }
    let replayed = |bench: &Bench| Ledger::replay(&bench.rows, bench.ledger.schedule.clone());
    let mut bench = Bench::open();
    bench.lose("p1");
    bench.acknowledge("vanished", None);
    assert_eq!(
        replayed(&bench).unwrap().unwrap().intent,
        bench.ledger.intent
    );
}

/// Paid, notified, and erased.
fn erased() -> Bench {
    let mut bench = Bench::paid();
    bench.wake([("TELL p1", status(200))]);
    bench.erase();
    bench
}

impl Bench {
    fn erase(&mut self) {
        let by = None;
        let shown = record(self.command(Message::Erase { by }, []));
        assert_eq!(shown["reference_id"], "");
        assert!(shown["erased"]["at_ms"].is_i64());
        self.ledger = Ledger::replay(&self.rows, Default::default())
            .unwrap()
            .unwrap();
    }

    /// As the object does with the reference that an envelope names.
    fn name_reference(&mut self) -> &mut Self {
        self.ledger.remember_reference(&service(), REFERENCE);
        self
    }
}

#[test]
fn what_was_paid_is_not_payable_again_once_it_is_erased() {
    let mut bench = erased();
    for another in [order(), order_of(9900, "another order")] {
        let reply = bench
            .name_reference()
            .pay(another.clone(), [("GET p1", shows("p1", "refunded"))]);
        assert_eq!(outcome(reply), is("p1", Status::Refunded, true));
        // PaySG is away, or does not know it any more.
        let reply = bench.pay(another, [("GET p1", always(status(404)))]);
        let chosen = chosen(reply);
        assert_eq!(chosen.payment.status, Status::Paid);
        assert_eq!(chosen.payment.reference_id, REFERENCE);
    }
    assert_eq!(bench.rows.len(), 1, "nothing is recorded");
    assert_eq!((bench.alarm_ms(), bench.alerts()), (None, vec![]));
}

#[test]
fn erased_intent_is_asked_for_by_a_name_that_does_not_say_its_reference() {
    let mut bench = erased();
    for (shown, expected) in [
        ("paid", Status::Paid),
        ("refunded", Status::Refunded),
        ("unpaid", Status::Paid),
    ] {
        let reply = bench.inquire("p1", [("GET p1", shows("p1", shown))]);
        assert_eq!(answered(reply), expected);
    }
    // No receipt goes without a reference; and nobody who has paid hears that there is no such payment.
    let reply = bench.inquire("p1", [("GET p1", always(status(404)))]);
    assert_eq!(trouble(reply), Trouble::NotShownYet);
    let other = with(payment("p1", "paid"), json!({"reference_id": "INV-002"}));
    let reply = bench.inquire("p1", [("GET p1", says(200, other))]);
    assert_eq!(trouble(reply), Trouble::Mismatch);
    assert_eq!(bench.rows.len(), 1);
}

#[test]
fn erased_intent_has_a_journal_again_where_one_is_needed() {
    // An event about the payment that counted says nothing new, one about another does.
    let mut bench = erased();
    assert!(matches!(
        bench.name_reference().hint("p1", []),
        Reply::Noted
    ));
    assert_eq!(bench.rows.len(), 1);
    bench.hint("p2", []);
    bench.wake([("GET p2", shows("p2", "paid"))]);
    assert_eq!(bench.alerts(), ["surplus"]);

    // A command, too.
    let mut bench = erased();
    let refund = Message::Refund {
        payment_id: id("p1"),
        amount_in_cents: Cents::new(4200).unwrap(),
        command_id: "j".to_owned(),
        look_first: false,
        refunded_amount_in_cents: None,
    };
    let script = [
        ("POST p1/refund", status(200)),
        ("GET p1", shows("p1", "refunded")),
    ];
    assert_eq!(
        answered(bench.name_reference().command(refund, script)),
        Status::Refunded
    );
    assert_eq!(bench.journal()[1]["what"], "began");
    bench.wake([("TELL p1-refund-1", status(200))]);
    bench.erase();

    // What was never paid may be paid now, under a number that was not used before.
    let mut bench = Bench::open();
    bench.inquire("p1", [("GET p1", shows("p1", "cancelled"))]);
    bench.pass(40 * 24 * HOUR_MS);
    while bench.alarm_ms().is_some() {
        bench.wake([("GET p1", shows("p1", "cancelled"))]);
    }
    bench.erase();
    let reply = bench
        .name_reference()
        .pay(order(), [("POST payments #2", created("p2"))]);
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
}

#[test]
fn nothing_is_erased_of_which_something_may_come() {
    let refused = |mut bench: Bench| {
        let reply = bench.command(Message::Erase { by: None }, []);
        assert_eq!(trouble(reply), Trouble::NotSettled);
    };
    refused(Bench::open());
    refused(Bench::unanswered());
    // Nobody is notified yet.
    refused(Bench::paid());
    let notified = || {
        let mut bench = Bench::paid();
        bench.wake([("TELL p1", status(200))]);
        bench
    };
    let mut named = notified();
    named.hint("p2", []);
    refused(named);
    let mut flagged = notified();
    flagged.lose("p1");
    refused(flagged);
    let mut unknown = Bench::new();
    let reply = unknown.command(Message::Erase { by: None }, []);
    assert_eq!(trouble(reply), Trouble::NoRecord);
}

#[test]
fn refund_after_an_erasure_needs_the_total_and_is_notified_under_a_new_key() {
    let refund = |command: &str, refunded_amount_in_cents| Message::Refund {
        payment_id: id("p1"),
        amount_in_cents: Cents::new(100).unwrap(),
        command_id: command.to_owned(),
        look_first: true,
        refunded_amount_in_cents,
    };
    let mut bench = Bench::paid();
    bench.wake([("TELL p1", status(200))]);
    let partly = || ("GET p1", shows("p1", "partially_refunded"));
    let before = ("GET p1", shows("p1", "paid"));
    bench.command(
        refund("j", None),
        [before, ("POST p1/refund", status(200)), partly()],
    );
    bench.wake([("TELL p1-refund-1", status(200))]);
    bench.erase();
    // The same command again, which the ledger does not know any more.
    for command in ["j", "k"] {
        let reply = bench
            .name_reference()
            .command(refund(command, None), [partly()]);
        assert_eq!(trouble(reply), Trouble::RefundUncertain);
    }
    let script = [partly(), ("POST p1/refund", status(200)), partly()];
    bench.command(refund("k", Some(100)), script);
    bench.wake([("TELL p1-refund-2", status(200))]);
}
