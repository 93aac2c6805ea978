//! From an order to the one payment that its intent may have, with a ledger.

use serde_json::json;

use super::*;

#[test]
fn a_first_order_makes_one_payment_under_the_first_key() {
    let mut bench = Bench::new();
    let reply = bench.pay(order(), [("POST payments #1", created("p1"))]);
    let chosen = chosen(reply);
    assert!(!chosen.existed);
    assert_eq!(chosen.payment.id, id("p1"));
    assert_eq!(
        chosen.payment.payment_url,
        "https://staging.pay.gov.sg/payments/p1"
    );
    assert_eq!(bench.states(), [AttemptState::Open]);
    assert_eq!(
        bench.calls[0].request.body.as_deref(),
        Some("{\"description\":\"one licence\"}")
    );
}

#[test]
fn the_attempt_is_on_disk_before_paysg_is_called() {
    let bench = Bench::open();
    assert_eq!(bench.rows_at_call, [2], "began and started");
    assert!(bench.rows[1].entry.contains("\"started\""));
}

#[test]
fn the_ledger_holds_nothing_of_the_order_but_amount_reference_and_digest() {
    let mut bench = Bench::new();
    bench.pay(
        order_of(4200, "Tan Ah Kow S1234567D"),
        [("POST payments #1", created("p1"))],
    );
    let stored = serde_json::to_string(&bench.rows).unwrap();
    assert!(!stored.contains("Tan") && !stored.contains("S1234567D"));
    assert!(stored.contains(REFERENCE) && stored.contains("4200"));
}

#[test]
fn the_same_order_while_unpaid_is_the_same_payment_after_one_get() {
    let mut bench = Bench::open();
    for _ in 0..3 {
        let reply = bench.pay(order(), [("GET p1", shows("p1", "unpaid"))]);
        assert_eq!(outcome(reply), is("p1", Status::Unpaid, true));
    }
    assert_eq!(bench.states(), [AttemptState::Open]);
}

#[test]
fn a_changed_order_cancels_confirms_by_get_and_makes_the_next_attempt() {
    for changed in [
        order_of(5000, "one licence"),
        order_of(4200, "two licences"),
    ] {
        let mut bench = Bench::open();
        let amount = changed.amount_in_cents;
        let next = says(
            201,
            with(payment("p2", "unpaid"), json!({"amount_in_cents": amount})),
        );
        let reply = bench.pay(
            changed,
            [
                ("GET p1", shows("p1", "unpaid")),
                ("POST p1/cancel", shows("p1", "cancelled")),
                ("GET p1", shows("p1", "cancelled")),
                ("POST payments #2", next),
            ],
        );
        assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
        assert_eq!(
            bench.states(),
            [AttemptState::Cancelled, AttemptState::Open]
        );
        assert!(
            bench.ledger.intent.tellings.is_empty(),
            "replacing is no cancellation to tell of"
        );
    }
}

#[test]
fn a_changed_order_whose_payment_turns_out_paid_is_answered_with_that_payment() {
    let mut bench = Bench::open();
    let reply = bench.pay(
        order_of(5000, "one licence"),
        [
            ("GET p1", shows("p1", "unpaid")),
            ("POST p1/cancel", error(400, "payment_not_cancellable")),
            ("GET p1", shows("p1", "paid")),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Paid, true));
    assert_eq!(bench.states(), [AttemptState::Paid]);
}

#[test]
fn a_cancellation_whose_answer_is_lost_is_judged_by_the_get() {
    let mut bench = Bench::open();
    let reply = bench.pay(
        order_of(4200, "two licences"),
        [
            ("GET p1", shows("p1", "unpaid")),
            ("POST p1/cancel", Says::Nothing),
            ("GET p1", shows("p1", "cancelled")),
            ("POST payments #2", created("p2")),
        ],
    );
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
}

#[test]
fn while_the_old_payment_can_still_be_paid_there_is_no_next_attempt() {
    let mut bench = Bench::open();
    let reply = bench.pay(
        order_of(4200, "two licences"),
        [
            ("GET p1", shows("p1", "unpaid")),
            ("POST p1/cancel", status(503)),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    assert_eq!(trouble(reply), UNAVAILABLE);
    assert_eq!(bench.states(), [AttemptState::Open]);
}

#[test]
fn a_cancelled_payment_is_followed_by_the_next_attempt() {
    let mut bench = Bench::open();
    let reply = bench.pay(
        order(),
        [
            ("GET p1", shows("p1", "cancelled")),
            ("POST payments #2", created("p2")),
        ],
    );
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
    // The cancelled one is not asked about again.
    let reply = bench.pay(order(), [("GET p2", shows("p2", "unpaid"))]);
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, true));
}

#[test]
fn a_paid_or_refunded_payment_is_never_followed_by_another_attempt() {
    for (state, expected) in [
        ("paid", Status::Paid),
        ("partially_refunded", Status::PartiallyRefunded),
        ("refunded", Status::Refunded),
    ] {
        let mut bench = Bench::open();
        for order in [order(), order_of(9900, "another")] {
            let reply = bench.pay(order, [("GET p1", shows("p1", state))]);
            assert_eq!(outcome(reply), is("p1", expected, true), "{state}");
        }
        assert_eq!(bench.states().len(), 1);
    }
}

#[test]
fn a_status_in_words_unknown_here_is_neither_paid_nor_given_up() {
    let mut bench = Bench::open();
    let reply = bench.pay(
        order_of(9900, "another"),
        [("GET p1", shows("p1", "unknown"))],
    );
    assert_eq!(outcome(reply), is("p1", Status::Unknown, true));
    assert_eq!(bench.states(), [AttemptState::Open]);
}

#[test]
fn a_lost_answer_is_asked_for_again_under_the_same_key() {
    let mut bench = Bench::new();
    let reply = bench.pay(
        order(),
        [
            ("POST payments #1", Says::Nothing),
            ("POST payments #1", created("p1")),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Unpaid, false));
    assert_eq!(bench.calls[0].request, bench.calls[1].request);
}

#[test]
fn delays_between_tries_grow_and_are_drawn_between_zero_and_their_ceiling() {
    for (random, delays) in [
        (0, [0, 0, 0, 0, 0]),
        (u32::MAX / 2, [0, 199, 399, 799, 0]),
        (u32::MAX, [0, 399, 799, 1599, 0]),
    ] {
        let mut bench = Bench::new();
        bench.random = random;
        bench.pay(
            order(),
            [
                ("POST payments #1", Says::Nothing),
                ("POST payments #1", status(502)),
                ("POST payments #1", status(504)),
                ("POST payments #1", Says::Nothing),
                ("LIST", page(vec![], None)),
            ],
        );
        assert_eq!(bench.delays, delays);
    }
}

#[test]
fn retry_after_is_honoured() {
    let mut bench = Bench::new();
    let reply = bench.pay(
        order(),
        [
            (
                "POST payments #1",
                Says::Answer(429, Some(7_000), String::new()),
            ),
            ("POST payments #1", created("p1")),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Unpaid, false));
    assert_eq!(bench.delays, [0, 7_000]);
}

#[test]
fn a_retry_after_beyond_the_payers_patience_is_passed_on_and_not_waited_for() {
    let mut bench = Bench::new();
    let reply = bench.pay(
        order(),
        [("POST payments #1", with_retry_after(429, 60_000))],
    );
    assert_eq!(
        trouble(reply),
        Trouble::Unavailable {
            retry_after_ms: Some(60_000)
        }
    );
    assert_eq!(bench.states(), [AttemptState::Started]);
}

#[test]
fn no_further_try_begins_after_the_deadline() {
    let mut bench = Bench::new();
    bench.random = u32::MAX;
    bench.latency_ms = 10_000;
    let reply = bench.pay(
        order(),
        [
            ("POST payments #1", Says::Nothing),
            ("POST payments #1", Says::Nothing),
            ("POST payments #1", Says::Nothing),
            ("LIST", Says::Nothing),
        ],
    );
    assert_eq!(trouble(reply), UNAVAILABLE);
}

#[test]
fn a_busy_paysg_is_left_alone_after_four_tries_and_the_key_stays() {
    let mut bench = Bench::new();
    let busy = ("POST payments #1", status(429));
    let reply = bench.pay(order(), [busy.clone(), busy.clone(), busy.clone(), busy]);
    assert_eq!(trouble(reply), UNAVAILABLE);
    bench.pay(
        order(),
        [
            ("POST payments #1", created("p1")),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    assert_eq!(bench.states(), [AttemptState::Open]);
}

#[test]
fn a_conflict_with_a_request_in_flight_is_waited_out() {
    let mut bench = Bench::new();
    let reply = bench.pay(
        order(),
        [
            ("POST payments #1", error(409, IN_FLIGHT)),
            ("POST payments #1", error(409, IN_FLIGHT)),
            ("POST payments #1", created("p1")),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Unpaid, false));
}

#[test]
fn a_conflict_that_does_not_end_takes_no_new_key() {
    let mut bench = Bench::new();
    let conflict = ("POST payments #1", error(409, "conflict"));
    let reply = bench.pay(
        order(),
        [
            conflict.clone(),
            conflict.clone(),
            conflict.clone(),
            conflict,
            ("LIST", page(vec![], None)),
        ],
    );
    assert_eq!(trouble(reply), UNAVAILABLE);
    assert_eq!(bench.states(), [AttemptState::Started]);
}

#[test]
fn a_key_used_for_another_order_leads_over_the_list_and_a_cancellation_to_the_next_attempt() {
    for (http, amount) in [(400, 4200), (409, 4200), (400, 1000), (409, 1000)] {
        // The ledger is new although the intent is not: its storage was replaced.
        let mut bench = Bench::new();
        let old = |state| with(payment("p1", state), json!({"amount_in_cents": amount}));
        let reply = bench.pay(
            order(),
            [
                ("POST payments #1", error(http, KEY_REUSED)),
                ("LIST", page(vec![old("unpaid")], None)),
                ("GET p1", says(200, old("unpaid"))),
                ("POST p1/cancel", says(200, old("cancelled"))),
                ("GET p1", says(200, old("cancelled"))),
                ("POST payments #2", created("p2")),
            ],
        );
        assert_eq!(
            outcome(reply),
            is("p2", Status::Unpaid, false),
            "{http} {amount}"
        );
    }
}

#[test]
fn a_key_used_for_another_order_is_looked_for_as_far_back_as_paysg_keeps_keys() {
    // The storage was replaced, and others have paid since.
    let mut bench = Bench::new();
    let made = |payment: Value, age_ms: i64| {
        with(
            payment,
            json!({"created_at": format_iso_ms(START_MS - age_ms)}),
        )
    };
    let other = |minutes: i64| {
        let other = with(payment("x", "paid"), json!({"reference_id": "INV-900"}));
        made(other, minutes * MINUTE_MS)
    };
    let old = |state| made(payment("p1", state), 2 * HOUR_MS);
    let reply = bench.pay(
        order(),
        [
            ("POST payments #1", error(409, KEY_REUSED)),
            (
                "LIST",
                page(vec![other(1), other(7), other(90)], Some("c1")),
            ),
            (
                "LIST after=c1",
                page(vec![other(100), old("unpaid")], Some("c2")),
            ),
            ("LIST after=c2", page(vec![other(24 * 60 + 6)], Some("c3"))),
            ("GET p1", says(200, old("unpaid"))),
            ("POST p1/cancel", says(200, old("cancelled"))),
            ("GET p1", says(200, old("cancelled"))),
            ("POST payments #2", created("p2")),
        ],
    );
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
    assert_eq!(
        bench.states(),
        [AttemptState::Cancelled, AttemptState::Open]
    );
}

#[test]
fn a_key_used_for_another_order_that_was_paid_is_answered_with_that_payment() {
    for amount in [4200, 1000] {
        let mut bench = Bench::new();
        let old = with(payment("p1", "paid"), json!({"amount_in_cents": amount}));
        let reply = bench.pay(
            order(),
            [
                ("POST payments #1", error(409, KEY_REUSED)),
                ("LIST", page(vec![old.clone()], None)),
                ("GET p1", says(200, old)),
            ],
        );
        let chosen = chosen(reply);
        assert_eq!(chosen.payment.status, Status::Paid);
        assert_eq!(chosen.payment.amount_in_cents, amount);
    }
}

#[test]
fn a_recorded_500_is_asked_once_more_and_then_given_up_for_another_key() {
    for http in [500, 503] {
        let mut bench = Bench::new();
        let reply = bench.pay(
            order(),
            [
                ("POST payments #1", status(http)),
                ("POST payments #1", status(http)),
                ("LIST", page(vec![], None)),
                ("POST payments #2", created("p2")),
            ],
        );
        assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
        assert_eq!(bench.states(), [AttemptState::GivenUp, AttemptState::Open]);
    }
}

#[test]
fn a_500_that_was_not_recorded_costs_one_repeat() {
    let mut bench = Bench::new();
    let reply = bench.pay(
        order(),
        [
            ("POST payments #1", status(500)),
            ("POST payments #1", created("p1")),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Unpaid, false));
}

#[test]
fn a_recorded_500_behind_which_a_payment_was_made_adopts_that_payment() {
    let mut bench = Bench::new();
    let reply = bench.pay(
        order(),
        [
            ("POST payments #1", status(500)),
            ("POST payments #1", status(500)),
            ("LIST", page(vec![payment("p1", "unpaid")], None)),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Unpaid, true));
    assert_eq!(bench.states(), [AttemptState::Open]);
}

#[test]
fn what_no_one_of_paysgs_answered_never_takes_a_new_key() {
    let gateway = [
        408, 501, 502, 504, 505, 507, 511, 520, 521, 522, 523, 524, 525, 530, 599,
    ];
    let kinds = gateway
        .iter()
        .map(|http| status(*http))
        .chain([Says::Nothing]);
    for answer in kinds {
        let mut bench = Bench::new();
        let call = ("POST payments #1", answer.clone());
        let reply = bench.pay(
            order(),
            [
                call.clone(),
                call.clone(),
                call.clone(),
                call,
                ("LIST", page(vec![], None)),
            ],
        );
        assert_eq!(trouble(reply), UNAVAILABLE, "{answer:?}");
        assert_eq!(bench.states(), [AttemptState::Started], "{answer:?}");
        // The next press asks under the same key; what comes may be old, so a GET follows.
        let reply = bench.pass(MINUTE_MS).pay(
            order(),
            [
                ("POST payments #1", created("p1")),
                ("GET p1", shows("p1", "unpaid")),
            ],
        );
        assert_eq!(outcome(reply), is("p1", Status::Unpaid, true));
    }
}

#[test]
fn an_answer_without_paysgs_form_never_takes_a_new_key() {
    let torn = Says::Answer(201, None, r#"{"id":"p1","payment_serv"#.to_owned());
    let answers = [
        200, 201, 302, 400, 401, 402, 403, 404, 409, 422, 429, 502, 503, 999,
    ]
    .into_iter()
    .map(gateway)
    .chain([error(422, "some_code"), torn]);
    for answer in answers {
        let mut bench = Bench::new();
        let asked = || ("POST payments #1", always(answer.clone()));
        let reply = bench.pay(order(), [asked(), ("LIST", page(vec![], None))]);
        assert_eq!(trouble(reply), UNAVAILABLE, "{answer:?}");
        assert_eq!(bench.states(), [AttemptState::Started], "{answer:?}");
        let reply = bench.pass(MINUTE_MS).pay(
            order(),
            [
                ("POST payments #1", created("p1")),
                ("GET p1", shows("p1", "unpaid")),
            ],
        );
        assert_eq!(outcome(reply), is("p1", Status::Unpaid, true));
    }
}

#[test]
fn a_500_without_paysgs_form_may_be_recorded_so_its_key_is_not_used_for_ever() {
    let mut bench = Bench::new();
    let asked = || ("POST payments #1", always(gateway(500)));
    let reply = bench.pay(order(), [asked(), ("LIST", page(vec![], None))]);
    assert_eq!(trouble(reply), UNAVAILABLE);
    // The call may be under way yet.
    let reply = bench.pay(order(), [("LIST", page(vec![], None))]);
    assert_eq!(trouble(reply), UNAVAILABLE);
    assert_eq!(bench.states(), [AttemptState::Started]);
    let reply = bench.pass(MINUTE_MS).pay(
        order(),
        [
            ("LIST", page(vec![], None)),
            ("POST payments #2", created("p2")),
        ],
    );
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
}

#[test]
fn a_success_that_cannot_be_read_is_looked_for_in_the_list() {
    let mut bench = Bench::new();
    let asked = || ("POST payments #1", always(says(201, json!({"id": "p1"}))));
    let reply = bench.pay(
        order(),
        [
            asked(),
            ("LIST", page(vec![payment("p1", "unpaid")], None)),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Unpaid, true));
}

#[test]
fn a_list_that_somebody_else_answers_proves_nothing() {
    for answer in [gateway(200), gateway(404), says(200, json!({}))] {
        let mut bench = Bench::new();
        let failed = || ("POST payments #1", status(500));
        let reply = bench.pay(
            order(),
            [failed(), failed(), ("LIST", always(answer.clone()))],
        );
        assert_eq!(trouble(reply), UNAVAILABLE, "{answer:?}");
        assert_eq!(bench.states(), [AttemptState::Started]);
    }
    let mut bench = Bench::new();
    let failed = || ("POST payments #1", status(500));
    let reply = bench.pay(order(), [failed(), failed(), ("LIST", status(404))]);
    assert_eq!(
        trouble(reply),
        Trouble::Credentials,
        "PaySG's own word about the service"
    );
}

#[test]
fn a_key_is_good_for_23_hours_and_then_the_list_comes_first() {
    let mut bench = Bench::unanswered();
    let started_ms = bench.ledger.intent.attempts[0].started_at_ms;
    bench.now_ms = started_ms + 23 * HOUR_MS - 1;
    let mut younger = Bench::unanswered();
    younger.now_ms = bench.now_ms;
    younger.pay(
        order(),
        [
            ("POST payments #1", created("p1")),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );

    bench.now_ms += 1;
    let reply = bench.pay(
        order(),
        [
            ("LIST", page(vec![], None)),
            ("POST payments #2", created("p2")),
        ],
    );
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
    assert_eq!(bench.states(), [AttemptState::GivenUp, AttemptState::Open]);
}

#[test]
fn after_23_hours_a_payment_that_was_made_is_found_and_adopted() {
    let mut bench = Bench::unanswered();
    let reply = bench.pass(24 * HOUR_MS).pay(
        order(),
        [
            ("LIST", page(vec![payment("p1", "paid")], None)),
            ("GET p1", shows("p1", "paid")),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Paid, true));
}

#[test]
fn a_changed_order_waits_while_the_unanswered_call_may_still_be_under_way() {
    let mut bench = Bench::unanswered();
    let changed = || order_of(4200, "two licences");
    let reply = bench.pay(changed(), [("LIST", page(vec![], None))]);
    assert_eq!(trouble(reply), UNAVAILABLE);
    let reply = bench.pass(MINUTE_MS).pay(
        changed(),
        [
            ("LIST", page(vec![], None)),
            ("POST payments #2", created("p2")),
        ],
    );
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
}

#[test]
fn while_an_unanswered_call_may_be_under_way_a_500_gives_nothing_up() {
    let mut bench = Bench::new();
    let reply = bench.pay(
        order(),
        [
            ("POST payments #1", Says::Nothing),
            ("POST payments #1", status(500)),
            ("LIST", page(vec![], None)),
        ],
    );
    assert_eq!(trouble(reply), UNAVAILABLE);
    let recorded = || ("POST payments #1", status(500));
    let reply = bench.pass(MINUTE_MS - 1_000).pay(
        order(),
        [recorded(), recorded(), ("LIST", page(vec![], None))],
    );
    assert_eq!(trouble(reply), UNAVAILABLE);
    assert_eq!(bench.states(), [AttemptState::Started]);
    let reply = bench.pass(MINUTE_MS).pay(
        order(),
        [
            ("LIST", page(vec![], None)),
            ("POST payments #2", created("p2")),
        ],
    );
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
}

#[test]
fn a_payer_who_presses_every_two_seconds_is_not_locked_out_by_a_recorded_500() {
    let mut bench = Bench::new();
    let recorded = || ("POST payments #1", status(500));
    let none = || ("LIST", page(vec![], None));
    let reply = bench.pay(
        order(),
        [("POST payments #1", Says::Nothing), recorded(), none()],
    );
    assert_eq!(trouble(reply), UNAVAILABLE);
    let unanswered_until_ms = bench.now_ms + MINUTE_MS;
    let reply = bench
        .pass(2_000)
        .pay(order(), [recorded(), recorded(), none()]);
    assert_eq!(trouble(reply), UNAVAILABLE);
    // From then on the key is not asked again: an answer that is lost would begin the wait anew.
    while bench.now_ms + 7_000 < unanswered_until_ms {
        let reply = bench.pass(2_000).pay(order(), [none()]);
        assert_eq!(trouble(reply), UNAVAILABLE);
    }
    bench.now_ms = unanswered_until_ms;
    let reply = bench.pay(order(), [none(), ("POST payments #2", created("p2"))]);
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
}

#[test]
fn a_call_asked_again_may_be_under_way_from_then_on() {
    let mut bench = Bench::unanswered();
    let lost = || ("POST payments #1", Says::Nothing);
    bench.pass(HOUR_MS).pay(
        order(),
        [lost(), lost(), lost(), lost(), ("LIST", page(vec![], None))],
    );
    let reply = bench.pay(
        order_of(4200, "two licences"),
        [("LIST", page(vec![], None))],
    );
    assert_eq!(trouble(reply), UNAVAILABLE);
    assert_eq!(bench.states(), [AttemptState::Started]);
}

#[test]
fn while_a_call_may_be_under_way_nobody_elses_payment_is_taken_in_its_place() {
    let elsewhere = || {
        with(
            payment("px", "unpaid"),
            json!({"return_url": "https://elsewhere.example/"}),
        )
    };
    let mut bench = Bench::unanswered();
    let changed = || order_of(4200, "two licences");
    let reply = bench.pay(changed(), [("LIST", page(vec![elsewhere()], None))]);
    assert_eq!(trouble(reply), UNAVAILABLE);
    assert_eq!(bench.states(), [AttemptState::Started]);
    let reply = bench.pay(
        changed(),
        [
            (
                "LIST",
                page(vec![elsewhere(), payment("p1", "unpaid")], None),
            ),
            ("GET p1", shows("p1", "unpaid")),
            ("POST p1/cancel", shows("p1", "cancelled")),
            ("GET p1", shows("p1", "cancelled")),
            ("POST payments #2", created("p2")),
        ],
    );
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
}

#[test]
fn an_answer_for_another_payment_is_a_mismatch_and_flagged() {
    for change in [
        json!({"payment_service_id": OTHER_SERVICE}),
        json!({"reference_id": "INV-002"}),
        json!({"amount_in_cents": 4199}),
    ] {
        let swapped = |state| with(payment("p1", state), change.clone());
        let mut bench = Bench::new();
        let reply = bench.pay(
            order(),
            [("POST payments #1", says(201, swapped("unpaid")))],
        );
        assert_eq!(trouble(reply), Trouble::Mismatch, "create: {change}");
        assert!(bench.is_flagged(Flag::Mismatch, Some("p1")));
        assert_eq!(bench.states(), [AttemptState::Started]);

        let mut bench = Bench::open();
        let seen = always(says(200, swapped("paid")));
        let reply = bench.pay(order(), [("GET p1", seen)]);
        assert_eq!(trouble(reply), Trouble::Mismatch, "GET: {change}");
        assert!(
            bench.is_flagged(Flag::Mismatch, Some("p1")),
            "GET: {change}"
        );
        assert_eq!(bench.states(), [AttemptState::Open]);
    }
}

#[test]
fn a_get_that_shows_another_id_is_a_mismatch_and_flagged() {
    let mut bench = Bench::open();
    let reply = bench.pay(order(), [("GET p1", always(shows("p2", "paid")))]);
    assert_eq!(trouble(reply), Trouble::Mismatch);
    assert!(bench.is_flagged(Flag::Mismatch, Some("p1")));
    assert_eq!(bench.states(), [AttemptState::Open]);
}

#[test]
fn a_payment_of_another_attempt_is_no_answer_to_this_one() {
    let mut bench = Bench::open();
    let reply = bench.pay(
        order(),
        [
            ("GET p1", shows("p1", "cancelled")),
            ("POST payments #2", created("p1")),
        ],
    );
    assert_eq!(trouble(reply), Trouble::Mismatch);
    assert!(bench.is_flagged(Flag::Mismatch, Some("p1")));
}

#[test]
fn a_payer_is_sent_to_paysgs_pages_of_this_environment_only() {
    for url in [
        "http://staging.pay.gov.sg/payments/p1",
        "https://pay.gov.sg/payments/p1",
        "https://staging.pay.gov.sg.evil.example/payments/p1",
        "https://staging.pay.gov.sg@evil.example/payments/p1",
        "https://staging.pay.gov.sg:444/payments/p1",
        "//staging.pay.gov.sg/payments/p1",
        "javascript:alert(1)",
        "",
    ] {
        let mut bench = Bench::new();
        let made = with(payment("p1", "unpaid"), json!({"payment_url": url}));
        let reply = bench.pay(order(), [("POST payments #1", says(201, made.clone()))]);
        assert_eq!(trouble(reply), Trouble::PageRefused, "{url}");
        // The payment is known all the same: asking again makes no second one.
        let reply = bench.pay(order(), [("GET p1", says(200, made))]);
        assert_eq!(trouble(reply), Trouble::PageRefused, "{url}");
    }
}

#[test]
fn a_paid_payment_is_the_answer_wherever_its_page_is() {
    for state in ["paid", "partially_refunded", "refunded"] {
        let mut bench = Bench::open();
        let elsewhere = json!({"payment_url": "http://pay.gov.sg/payments/p1"});
        let shown = says(200, with(payment("p1", state), elsewhere));
        let reply = bench.pay(order(), [("GET p1", shown)]);
        assert_eq!(outcome(reply), is("p1", Status::parse(state), true));
    }
}

#[test]
fn what_may_yet_be_paid_is_refused_for_its_page() {
    let mut bench = Bench::open();
    let elsewhere = json!({"payment_url": "http://pay.gov.sg/payments/p1"});
    let shown = says(200, with(payment("p1", "unknown"), elsewhere));
    let reply = bench.pay(order(), [("GET p1", shown)]);
    assert_eq!(trouble(reply), Trouble::PageRefused);
}

#[test]
fn a_payment_that_the_ledger_knows_as_paid_is_the_answer_while_paysg_is_out_of_reach() {
    for answer in [Says::Nothing, status(503), status(429)] {
        let mut bench = Bench::paid();
        let down = ("GET p1", answer);
        for order in [order(), order_of(9900, "another")] {
            let script = [down.clone(), down.clone(), down.clone(), down.clone()];
            let reply = bench.pay(order, script);
            let chosen = chosen(reply);
            assert!(chosen.existed);
            assert_eq!(chosen.payment.status, Status::Paid);
            assert_eq!(chosen.payment.amount_in_cents, 4200);
            assert!(chosen.payment.paid_at.is_some());
        }
    }
}

#[test]
fn a_payment_that_the_ledger_knows_as_paid_is_the_answer_whatever_trouble_there_is_with_paysg() {
    let mut bench = Bench::paid();
    for http in [401, 402, 403] {
        for order in [order(), order_of(9900, "another")] {
            let reply = bench.pay(order, [("GET p1", status(http))]);
            assert_eq!(outcome(reply), is("p1", Status::Paid, true), "{http}");
        }
        let reply = bench.inquire("p1", [("GET p1", status(http))]);
        assert_eq!(answered(reply), Status::Paid, "{http}");
    }
    let reply = bench.pay(order(), [("GET p1", always(status(404)))]);
    assert_eq!(outcome(reply), is("p1", Status::Paid, true));
    for answer in [gateway(404), gateway(200), says(200, json!({"id": "p1"}))] {
        let reply = bench.pay(order(), [("GET p1", always(answer.clone()))]);
        assert_eq!(outcome(reply), is("p1", Status::Paid, true), "{answer:?}");
        let reply = bench.inquire("p1", [("GET p1", always(answer))]);
        assert_eq!(answered(reply), Status::Paid);
    }
    assert!(bench.ledger.intent.flags.is_empty());
    // That it stands for another payment is no trouble of PaySG's.
    let swapped = || [("GET p1", always(shows("p2", "paid")))];
    assert_eq!(trouble(bench.pay(order(), swapped())), Trouble::Mismatch);
    let reply = bench.inquire("p1", swapped());
    assert_eq!(trouble(reply), Trouble::Mismatch);
}

#[test]
fn a_payment_that_is_not_known_as_paid_is_not_answered_for() {
    for http in [401, 402, 403] {
        let mut bench = Bench::open();
        let reply = bench.inquire("p1", [("GET p1", status(http))]);
        let expected = trouble(reply);
        let reply = bench.pay(order(), [("GET p1", status(http))]);
        assert_eq!(trouble(reply), expected);
    }
}

#[test]
fn a_known_payment_counts_as_missing_after_three_answers_of_paysgs_over_ten_minutes() {
    let gone = || [("GET p1", always(status(404)))];
    let mut bench = Bench::open();
    for passed in [0, MINUTE_MS, MINUTE_MS] {
        let reply = bench.pass(passed).inquire("p1", gone());
        assert_eq!(trouble(reply), Trouble::NotShownYet);
    }
    // Anybody else's answers count for nothing.
    bench
        .pass(HOUR_MS)
        .inquire("p1", [("GET p1", always(gateway(404)))]);
    bench.inquire("p1", [("GET p1", shows("p1", "unpaid"))]);
    for passed in [0, 9 * MINUTE_MS] {
        let reply = bench.pass(passed).pay(order(), gone());
        assert_eq!(
            trouble(reply),
            Trouble::NotShownYet,
            "it was shown in between"
        );
    }
    assert!(bench.ledger.intent.flags.is_empty());
    let reply = bench.pass(MINUTE_MS).pay(order(), gone());
    assert_eq!(trouble(reply), Trouble::UnknownPayment);
    assert!(bench.is_flagged(Flag::Vanished, Some("p1")));
    assert_eq!(
        bench.states(),
        [AttemptState::Open],
        "and it is not replaced"
    );

    let mut bench = Bench::open();
    let never = || [("GET p9", always(status(404)))];
    for _ in 0..3 {
        let reply = bench.pass(HOUR_MS).inquire("p9", never());
        assert_eq!(trouble(reply), Trouble::NotShownYet);
    }
    assert!(bench.ledger.intent.flags.is_empty(), "of none of ours");
}

#[test]
fn looks_and_commands_count_what_is_missing_too() {
    let mut bench = Bench::open();
    bench.sleep().wake([("GET p1", status(404))]);
    bench.sleep().wake([("GET p1", status(404))]);
    assert!(bench.ledger.intent.flags.is_empty());
    let cancel = Message::Cancel {
        payment_id: id("p1"),
    };
    let reply = bench
        .pass(10 * MINUTE_MS)
        .ask(cancel, [("POST p1/cancel", always(status(404)))]);
    assert_eq!(trouble(reply), Trouble::UnknownPayment);
    assert!(bench.is_flagged(Flag::Vanished, Some("p1")));
}

#[test]
fn a_refusal_says_why_and_the_next_press_is_the_next_attempt() {
    let refused = Trouble::Refused {
        error_type: Some("some_error".to_owned()),
        code: Some("payer_email_invalid".to_owned()),
    };
    for (http, expected) in [
        (400, refused),
        (401, Trouble::Credentials),
        (402, Trouble::NotConnected),
        (403, Trouble::Credentials),
        (404, Trouble::Credentials),
    ] {
        let mut bench = Bench::new();
        let reply = bench.pay(
            order(),
            [("POST payments #1", error(http, "payer_email_invalid"))],
        );
        assert_eq!(trouble(reply), expected, "{http}");
        assert_eq!(bench.states(), [AttemptState::Refused]);
        let reply = bench.pay(order(), [("POST payments #2", created("p2"))]);
        assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
    }
}

#[test]
fn a_refusal_after_a_call_that_may_have_made_a_payment_takes_no_new_key() {
    for doubt in [
        Says::Nothing,
        status(502),
        status(500),
        error(409, IN_FLIGHT),
    ] {
        for http in [400, 401, 402, 403, 404] {
            let mut bench = Bench::new();
            bench.pay(
                order(),
                [
                    ("POST payments #1", doubt.clone()),
                    ("POST payments #1", error(http, "no")),
                ],
            );
            assert_eq!(bench.states(), [AttemptState::Started], "{doubt:?} {http}");
            let reply = bench.pass(MINUTE_MS).pay(
                order(),
                [
                    ("POST payments #1", created("p1")),
                    ("GET p1", shows("p1", "paid")),
                ],
            );
            assert_eq!(outcome(reply), is("p1", Status::Paid, true));
        }
    }
}

#[test]
fn a_refusal_of_a_key_that_was_asked_before_is_not_believed_before_the_list() {
    for http in [400, 401, 402, 403, 404] {
        for found in [true, false] {
            let mut bench = Bench::unanswered();
            let refused = [("POST payments #1", error(http, "no"))];
            bench.pay(order(), refused);
            assert_eq!(bench.states(), [AttemptState::Started], "{http}");
            // The key has its answer; the call before it may be under way yet.
            let reply = bench.pay(order(), [("LIST", page(vec![], None))]);
            assert_eq!(trouble(reply), UNAVAILABLE);
            bench.pass(MINUTE_MS);
            if found {
                let reply = bench.pay(
                    order(),
                    [
                        ("LIST", page(vec![payment("p1", "unpaid")], None)),
                        ("GET p1", shows("p1", "unpaid")),
                    ],
                );
                assert_eq!(outcome(reply), is("p1", Status::Unpaid, true), "{http}");
            } else {
                let reply = bench.pay(
                    order(),
                    [
                        ("LIST", page(vec![], None)),
                        ("POST payments #2", created("p2")),
                    ],
                );
                assert_eq!(outcome(reply), is("p2", Status::Unpaid, false), "{http}");
            }
        }
    }
}

#[test]
fn an_order_that_changes_after_a_doubtful_refusal_is_looked_for_in_the_list_first() {
    let mut bench = Bench::new();
    bench.pay(
        order(),
        [
            ("POST payments #1", Says::Nothing),
            ("POST payments #1", error(400, "payer_email_invalid")),
        ],
    );
    let changed = || order_of(4200, "two licences");
    let reply = bench.pay(changed(), [("LIST", page(vec![], None))]);
    assert_eq!(trouble(reply), UNAVAILABLE);
    let reply = bench.pass(MINUTE_MS).pay(
        changed(),
        [
            ("LIST", page(vec![payment("p1", "unpaid")], None)),
            ("GET p1", shows("p1", "unpaid")),
            ("POST p1/cancel", shows("p1", "cancelled")),
            ("GET p1", shows("p1", "cancelled")),
            ("POST payments #2", created("p2")),
        ],
    );
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
}

#[test]
fn a_refusal_after_a_call_that_was_only_put_off_is_one() {
    let mut bench = Bench::new();
    bench.pay(
        order(),
        [
            ("POST payments #1", status(429)),
            ("POST payments #1", error(400, "payer_email_invalid")),
        ],
    );
    assert_eq!(bench.states(), [AttemptState::Refused]);
}

#[test]
fn paysg_out_of_reach_while_a_payment_is_known_makes_no_other() {
    let mut bench = Bench::open();
    let down = ("GET p1", status(503));
    let reply = bench.pay(order(), [down.clone(), down.clone(), down.clone(), down]);
    assert_eq!(trouble(reply), UNAVAILABLE);
    assert_eq!(bench.states(), [AttemptState::Open]);
}
