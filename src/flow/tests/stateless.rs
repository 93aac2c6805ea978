//! Without a ledger: every request begins with nothing but the order.

use serde_json::json;

use super::*;

fn press<const N: usize>(order: Order, script: [(&str, Says); N]) -> (Reply, Bench) {
    let mut bench = Bench::new();
    bench.terms.remembers = false;
    let reply = bench.pay(order, script);
    (reply, bench)
}

#[test]
fn a_create_may_be_a_replay_so_a_get_follows_and_nothing_is_said_to_have_existed() {
    for _ in 0..2 {
        let (reply, _) = press(
            order(),
            [
                ("POST payments #1", created("p1")),
                ("GET p1", shows("p1", "unpaid")),
            ],
        );
        assert_eq!(outcome(reply), is("p1", Status::Unpaid, false));
    }
}

#[test]
fn a_replay_that_is_paid_by_now_is_the_answer() {
    let (reply, _) = press(
        order(),
        [
            ("POST payments #1", created("p1")),
            ("GET p1", shows("p1", "paid")),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Paid, false));
}

#[test]
fn replays_of_cancelled_payments_lead_through_the_same_keys_to_the_next() {
    let (reply, _) = press(
        order(),
        [
            ("POST payments #1", created("p1")),
            ("GET p1", shows("p1", "cancelled")),
            ("POST payments #2", created("p2")),
            ("GET p2", shows("p2", "cancelled")),
            ("POST payments #3", created("p3")),
            ("GET p3", shows("p3", "unpaid")),
        ],
    );
    assert_eq!(outcome(reply), is("p3", Status::Unpaid, false));
}

#[test]
fn an_intent_cancelled_sixteen_times_waits_for_another_request() {
    let calls: Vec<(String, Says)> = (1..=16)
        .flat_map(|n| {
            let id = format!("p{n}");
            [
                (format!("POST payments #{n}"), created(&id)),
                (format!("GET {id}"), shows(&id, "cancelled")),
            ]
        })
        .collect();
    let script: [(&str, Says); 32] =
        std::array::from_fn(|n| (calls[n].0.as_str(), calls[n].1.clone()));
    let (reply, _) = press(order(), script);
    assert_eq!(trouble(reply), UNAVAILABLE);
}

#[test]
fn the_list_is_searched_for_as_long_as_a_key_can_live() {
    let aged = |ms| {
        with(
            payment("p1", "unpaid"),
            json!({"created_at": format_iso_ms(START_MS - ms)}),
        )
    };
    let other = |ms| {
        with(
            payment("x", "unpaid"),
            json!({"reference_id": "INV-900", "created_at": format_iso_ms(START_MS - ms)}),
        )
    };
    let almost = 24 * HOUR_MS + 5 * MINUTE_MS - 1000;
    let (reply, _) = press(
        order(),
        [
            ("POST payments #1", status(500)),
            ("POST payments #1", status(500)),
            ("LIST", page(vec![other(almost)], Some("c1"))),
            ("LIST after=c1", page(vec![aged(almost)], None)),
            ("GET p1", says(200, aged(almost))),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Unpaid, false));
    let (reply, _) = press(
        order(),
        [
            ("POST payments #1", status(500)),
            ("POST payments #1", status(500)),
            ("LIST", page(vec![other(almost + 2000)], Some("c1"))),
            ("POST payments #2", created("p2")),
            ("GET p2", shows("p2", "unpaid")),
        ],
    );
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
}

fn priced(id: &str, state: &str, amount: u64) -> Value {
    with(payment(id, state), json!({"amount_in_cents": amount}))
}

#[test]
fn after_a_refusal_the_next_press_asks_with_the_same_key() {
    let (reply, _) = press(
        order(),
        [
            ("POST payments #1", Says::Nothing),
            ("POST payments #1", error(403, "forbidden")),
        ],
    );
    assert_eq!(trouble(reply), Trouble::Credentials);
    let (reply, _) = press(
        order(),
        [
            ("POST payments #1", created("p1")),
            ("GET p1", shows("p1", "unpaid")),
        ],
    );
    assert_eq!(outcome(reply), is("p1", Status::Unpaid, false));
}

#[test]
fn a_changed_price_cancels_the_old_payment_and_makes_the_next() {
    let (reply, _) = press(
        order_of(5000, "one licence"),
        [
            ("POST payments #1", error(409, KEY_REUSED)),
            ("LIST", page(vec![priced("p1", "unpaid", 4200)], None)),
            ("GET p1", says(200, priced("p1", "unpaid", 4200))),
            ("POST p1/cancel", says(200, priced("p1", "cancelled", 4200))),
            ("GET p1", says(200, priced("p1", "cancelled", 4200))),
            ("POST payments #2", says(201, priced("p2", "unpaid", 5000))),
            ("GET p2", says(200, priced("p2", "unpaid", 5000))),
        ],
    );
    assert_eq!(outcome(reply), is("p2", Status::Unpaid, false));
}

#[test]
fn a_changed_order_pressed_again_is_its_own_payment_again() {
    for old_amount in [4200, 5000] {
        let (reply, _) = press(
            order_of(5000, "two licences"),
            [
                ("POST payments #1", error(409, KEY_REUSED)),
                (
                    "LIST",
                    page(
                        vec![
                            priced("p2", "unpaid", 5000),
                            priced("p1", "cancelled", old_amount),
                        ],
                        None,
                    ),
                ),
                ("GET p1", says(200, priced("p1", "cancelled", old_amount))),
                ("POST payments #2", says(201, priced("p2", "unpaid", 5000))),
                ("GET p2", says(200, priced("p2", "unpaid", 5000))),
            ],
        );
        assert_eq!(
            outcome(reply),
            is("p2", Status::Unpaid, false),
            "{old_amount}"
        );
    }
}

#[test]
fn a_price_that_goes_back_is_the_next_attempt() {
    let (reply, _) = press(
        order_of(4200, "one licence"),
        [
            ("POST payments #1", says(201, priced("p1", "unpaid", 4200))),
            ("GET p1", says(200, priced("p1", "cancelled", 4200))),
            ("POST payments #2", error(409, KEY_REUSED)),
            (
                "LIST",
                page(
                    vec![
                        priced("p2", "unpaid", 5000),
                        priced("p1", "cancelled", 4200),
                    ],
                    None,
                ),
            ),
            ("GET p2", says(200, priced("p2", "unpaid", 5000))),
            ("POST p2/cancel", says(200, priced("p2", "cancelled", 5000))),
            ("GET p2", says(200, priced("p2", "cancelled", 5000))),
            ("POST payments #3", says(201, priced("p3", "unpaid", 4200))),
            ("GET p3", says(200, priced("p3", "unpaid", 4200))),
        ],
    );
    assert_eq!(outcome(reply), is("p3", Status::Unpaid, false));
}

#[test]
fn a_paid_payment_is_the_answer_whatever_the_order_says_now() {
    let (reply, _) = press(
        order_of(5000, "two licences"),
        [
            ("POST payments #1", error(409, KEY_REUSED)),
            (
                "LIST",
                page(
                    vec![priced("p2", "paid", 4500), priced("p1", "cancelled", 4200)],
                    None,
                ),
            ),
            ("GET p2", says(200, priced("p2", "paid", 4500))),
        ],
    );
    assert_eq!(outcome(reply), is("p2", Status::Paid, false));
}

#[test]
fn a_payment_that_an_earlier_key_was_taken_to_stand_for_is_passed_over() {
    // PaySG still keeps the first key, and its list no longer reaches the first payment.
    let (reply, _) = press(
        order_of(5000, "two licences"),
        [
            ("POST payments #1", error(409, KEY_REUSED)),
            ("LIST", page(vec![priced("p2", "cancelled", 5000)], None)),
            ("GET p2", says(200, priced("p2", "cancelled", 5000))),
            ("POST payments #2", says(201, priced("p2", "unpaid", 5000))),
            ("POST payments #3", says(201, priced("p3", "unpaid", 5000))),
            ("GET p3", says(200, priced("p3", "unpaid", 5000))),
        ],
    );
    assert_eq!(outcome(reply), is("p3", Status::Unpaid, false));
}
