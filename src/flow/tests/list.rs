//! PaySG's list, searched for a payment whose create call was not answered.

use serde_json::json;

use super::*;

fn other(id: &str, created_ms: i64) -> Value {
    with(
        payment(id, "unpaid"),
        json!({"reference_id": "INV-900", "created_at": format_iso_ms(created_ms)}),
    )
}

/// An attempt of 24 hours ago, unanswered.
fn old() -> Bench {
    let mut bench = Bench::unanswered();
    bench.now_ms = START_MS + 24 * HOUR_MS;
    bench
}

#[test]
fn pages_are_turned_until_the_payment_is_found() {
    let mut bench = old();
    let newer = START_MS + HOUR_MS;
    let reply = bench.pay(
        order(),
        [
            ("LIST", page(vec![other("x1", newer)], Some("c1"))),
            ("LIST after=c1", page(vec![other("x2", newer)], Some("c 2"))),
            (
                "LIST after=c%202",
                page(vec![payment("p1", "unpaid")], None),
            ),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Unpaid, true));
}

#[test]
fn the_search_ends_at_payments_older_than_the_attempt_less_five_minutes() {
    let edge_ms = START_MS - 5 * MINUTE_MS;
    let mut bench = old();
    bench.pay(
        order(),
        [
            ("LIST", page(vec![other("x1", edge_ms)], Some("c1"))),
            (
                "LIST after=c1",
                page(vec![other("x2", edge_ms - 1)], Some("c2")),
            ),
            ("POST payments #2", created("p2")),
        ],
    );
    assert_eq!(bench.states(), [AttemptState::GivenUp, AttemptState::Open]);
}

#[test]
fn a_payment_made_while_paysgs_clock_was_five_minutes_behind_is_found() {
    let mut bench = old();
    let early = with(
        payment("p1", "unpaid"),
        json!({"created_at": format_iso_ms(START_MS - 5 * MINUTE_MS)}),
    );
    let reply = bench.pay(
        order(),
        [
            ("LIST", page(vec![early.clone()], Some("c1"))),
            (
                "LIST after=c1",
                page(vec![other("x", START_MS - HOUR_MS)], Some("c2")),
            ),
            ("GET p1", says(200, early)),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Unpaid, true));
}

#[test]
fn a_list_too_long_to_finish_takes_no_new_key_and_is_flagged() {
    let mut bench = old();
    let newer = START_MS + HOUR_MS;
    let script: [(&str, Says); 40] = std::array::from_fn(|n| {
        let called = if n == 0 { "LIST" } else { "LIST after=c" };
        (called, page(vec![other("x1", newer)], Some("c")))
    });
    let reply = bench.pay(order(), script);
    assert_eq!(trouble(reply), UNAVAILABLE);
    assert!(bench.is_flagged(Flag::SearchTooLong, None));
    assert_eq!(bench.states(), [AttemptState::Started]);
}

#[test]
fn an_entry_that_cannot_be_read_may_be_the_payment_so_no_new_key() {
    let mut bench = old();
    let unreadable = json!({"id": "p1", "amount_in_cents": 12.34});
    let reply = bench.pay(order(), [("LIST", page(vec![unreadable.clone()], None))]);
    assert_eq!(trouble(reply), Trouble::UnreadableList);
    assert_eq!(bench.states(), [AttemptState::Started]);
    // Found beside it, the payment counts.
    let reply = bench.pay(
        order(),
        [
            (
                "LIST",
                page(vec![unreadable, payment("p1", "unpaid")], None),
            ),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Unpaid, true));
}

#[test]
fn a_next_page_without_a_cursor_is_not_the_end() {
    for cursor in [json!(null), json!("")] {
        let mut bench = old();
        let body = json!({"data": [], "page_info": {"end_cursor": cursor, "has_next_page": true}});
        let reply = bench.pay(order(), [("LIST", says(200, body))]);
        assert_eq!(trouble(reply), Trouble::UnreadableList);
        assert_eq!(bench.states(), [AttemptState::Started]);
    }
}

#[test]
fn an_end_that_is_not_stated_is_not_the_end() {
    for body in [
        json!({}),
        json!({"data": []}),
        json!({"data": [], "page_info": {}}),
        json!([]),
    ] {
        let mut bench = old();
        let reply = bench.pay(order(), [("LIST", always(says(200, body.clone())))]);
        assert_eq!(trouble(reply), UNAVAILABLE, "{body}");
        assert_eq!(bench.states(), [AttemptState::Started]);
    }
}

#[test]
fn a_list_that_does_not_come_takes_no_new_key() {
    for answer in [status(500), status(502), status(429), Says::Nothing] {
        let mut bench = old();
        let call = ("LIST", answer);
        let reply = bench.pay(order(), [call.clone(), call.clone(), call.clone(), call]);
        assert_eq!(trouble(reply), UNAVAILABLE);
        assert_eq!(bench.states(), [AttemptState::Started]);
    }
}

#[test]
fn each_page_has_tries_of_its_own() {
    let mut bench = old();
    let newer = START_MS + HOUR_MS;
    bench.pay(
        order(),
        [
            ("LIST", status(502)),
            ("LIST", Says::Nothing),
            ("LIST", status(429)),
            ("LIST", page(vec![other("x1", newer)], Some("c1"))),
            ("LIST after=c1", Says::Nothing),
            ("LIST after=c1", Says::Nothing),
            ("LIST after=c1", Says::Nothing),
            ("LIST after=c1", page(vec![], None)),
            ("POST payments #2", created("p2")),
        ],
    );
}

#[test]
fn another_service_reference_or_amount_is_not_what_is_looked_for() {
    let mut bench = old();
    let others = [
        json!({"payment_service_id": OTHER_SERVICE}),
        json!({"reference_id": "INV-0011"}),
        json!({"reference_id": "inv-001"}),
        json!({"amount_in_cents": 4201}),
    ];
    let others = others
        .into_iter()
        .map(|change| with(payment("x", "unpaid"), change))
        .collect();
    let reply = bench.pay(
        order(),
        [
            ("LIST", page(others, None)),
            ("POST payments #2", created("p2")),
        ],
    );
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
}

#[test]
fn of_several_the_paid_one_is_adopted_and_the_others_are_recorded_and_looked_at() {
    let mut bench = old();
    let reply = bench.pay(
        order(),
        [
            (
                "LIST",
                page(
                    vec![
                        payment("p4", "unpaid"),
                        payment("p3", "paid"),
                        payment("p2", "refunded"),
                        payment("p1", "cancelled"),
                    ],
                    None,
                ),
            ),
            ("GET p3", shows("p3", "paid")),
        ],
    );
    assert_eq!(outcome(reply), is("p3", Status::Paid, true));
    let intent = &bench.ledger.intent;
    assert!(intent.attempt_of(&id("p1")).is_none());
    assert!(bench.is_flagged(Flag::Duplicate, Some("p4")));
    bench.wake([("GET p4", shows("p4", "unpaid"))]);
    bench.wake([
        ("GET p2", shows("p2", "refunded")),
        ("TELL p3", status(200)),
    ]);
    // Its money was given back before anybody looked.
    assert!(!bench.is_flagged(Flag::Surplus, Some("p2")));
    // What can be paid a second time is cancelled, and the alert ends.
    bench.wake([
        ("POST p4/cancel", shows("p4", "cancelled")),
        ("GET p4", shows("p4", "cancelled")),
    ]);
    let concerns = crate::flow::watch::concerns(&bench.ledger, bench.terms.pace, bench.now_ms);
    assert_eq!(concerns, [""; 0]);
}

#[test]
fn of_two_links_the_one_that_bears_our_return_url_is_taken() {
    let mut bench = old();
    let elsewhere = with(
        payment("p2", "unpaid"),
        json!({"return_url": "https://elsewhere.example/"}),
    );
    let reply = bench.pay(
        order(),
        [
            ("LIST", page(vec![elsewhere, payment("p1", "unpaid")], None)),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Unpaid, true));
    assert!(bench.is_flagged(Flag::Duplicate, Some("p2")));
}

#[test]
fn a_payment_older_than_the_attempt_is_not_taken_for_its_order() {
    let mut bench = old();
    let older = |state| {
        let created_at = format_iso_ms(START_MS - 6 * MINUTE_MS);
        with(payment("p1", state), json!({"created_at": created_at}))
    };
    let reply = bench.pay(
        order(),
        [
            ("LIST", page(vec![older("unpaid")], None)),
            ("LIST", page(vec![older("unpaid")], None)),
            ("GET p1", says(200, older("unpaid"))),
            ("POST p1/cancel", says(200, older("cancelled"))),
            ("GET p1", says(200, older("cancelled"))),
            ("POST payments #3", created("p3")),
        ],
    );
    assert_eq!(outcome(reply), is("p3", Status::Unpaid, false));
}

#[test]
fn no_page_is_turned_beyond_the_payers_patience_and_no_new_key_taken() {
    let mut bench = Bench::unanswered();
    bench.pass(24 * HOUR_MS);
    bench.latency_ms = 3_000;
    let other = with(
        payment("x", "unpaid"),
        json!({"reference_id": "INV-900", "created_at": format_iso_ms(bench.now_ms)}),
    );
    let began_ms = bench.now_ms;
    // The ninth page comes after 27 seconds.
    let script: [(&str, Says); 9] = std::array::from_fn(|n| {
        let call = if n == 0 { "LIST" } else { "LIST after=c" };
        (call, page(vec![other.clone()], Some("c")))
    });
    let reply = bench.pay(order(), script);
    assert_eq!(trouble(reply), UNAVAILABLE);
    assert!(bench.now_ms - began_ms < PATIENCE_MS + 3_000);
    assert_eq!(bench.states(), [AttemptState::Started]);
    assert!(bench.is_flagged(Flag::SearchTooLong, None));
}

#[test]
fn what_the_last_page_within_the_payers_patience_shows_is_taken() {
    let mut bench = Bench::unanswered();
    bench.pass(24 * HOUR_MS);
    bench.latency_ms = PATIENCE_MS;
    let reply = bench.pay(
        order(),
        [
            ("LIST", page(vec![payment("p1", "paid")], None)),
            ("GET p1", shows("p1", "paid")),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Paid, true));
}
