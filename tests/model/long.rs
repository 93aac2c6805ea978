//! Days without anything random: what a payer who vanished costs, and an e-service that is down for three days.

use paysg_wasm::flow::desk::Message;

use crate::paysg::State;
use crate::world::{World, order};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A shown payment, and nothing wrong.
fn shown(seed: u64) -> (World, String) {
    let mut world = World::new(seed, false);
    world.faults = false;
    world.ask(Message::Pay { order: order(0) });
    world.rest();
    let payment = world.shown.first().cloned().expect("a payment was shown");
    (world, payment)
}

#[test]
fn a_link_that_nobody_reports_on_costs_at_most_twelve_gets_in_its_first_day_and_one_a_day_then() {
    let (mut world, _) = shown(1);
    let start_ms = world.now_ms;
    let before = world.paysg.gets;
    world.sleep_until(start_ms + DAY_MS);
    let first_day = world.paysg.gets - before;
    assert!(
        (1..=12).contains(&first_day),
        "{first_day} GETs in the first day"
    );
    world.sleep_until(start_ms + 29 * DAY_MS);
    let after = world.paysg.gets - before - first_day;
    assert!(
        (20..=28).contains(&after),
        "{after} GETs in the next four weeks"
    );
    world.sleep_until(start_ms + 60 * DAY_MS);
    assert!(
        world.paysg.gets - before - first_day - after <= 2,
        "it is watched for ever"
    );
}

#[test]
fn a_payer_who_vanished_is_found_within_ten_minutes_or_the_age_of_the_link() {
    for minutes in [
        0, 1, 4, 6, 9, 11, 30, 59, 60, 200, 719, 1_000, 3_000, 20_000,
    ] {
        let (mut world, payment) = shown(minutes as u64);
        let created_ms = world.now_ms;
        world.sleep_until(created_ms + minutes * MINUTE_MS);
        world.pay(&payment);
        let paid_ms = world.now_ms;
        let found_ms = world
            .sleep_until_told(paid_ms + 3 * DAY_MS)
            .expect("found and told");
        let bound = (10 * MINUTE_MS).max(paid_ms - created_ms) + MINUTE_MS;
        assert!(
            found_ms - paid_ms <= bound,
            "paid after {minutes} min: found {} s later",
            (found_ms - paid_ms) / 1000
        );
    }
}

#[test]
fn an_e_service_that_is_down_for_three_days_is_told_within_five_minutes_of_its_return() {
    let mut gaps = Vec::new();
    let intents = if crate::deep() { 50 } else { 12 };
    for seed in 0..intents {
        let (mut world, payment) = shown(seed);
        world.eservice.down_until_ms = world.now_ms + 72 * HOUR_MS;
        let back_ms = world.eservice.down_until_ms;
        world.pay(&payment);
        world.ask(Message::Hint {
            payment_id: paysg_wasm::paysg::PaymentId::parse(&payment).unwrap(),
        });
        let told_ms = world
            .sleep_until_told(back_ms + HOUR_MS)
            .expect("told at last");
        assert!(
            told_ms >= back_ms && told_ms - back_ms <= 5 * MINUTE_MS + 1_000,
            "told {} s after its return",
            (told_ms - back_ms) / 1000
        );
        assert_eq!(world.eservice.effects.len(), 1, "one key throughout");
        assert_eq!(world.eservice.effects.keys().next(), Some(&payment));
        // At 2.5 to 5 minutes each, 72 hours hold 864 to 1728 calls.
        assert!(
            (800..=1_800).contains(&world.eservice.calls),
            "{} calls",
            world.eservice.calls
        );
        gaps.push(told_ms - back_ms);
    }
    // Spread by jitter: intents that became due together do not come together.
    gaps.sort_unstable();
    gaps.dedup_by_key(|gap| *gap / 1_000);
    assert!(
        gaps.len() as u64 * 2 >= intents,
        "the calls come together: {gaps:?}"
    );
}

#[test]
fn a_payment_made_after_the_key_was_pruned_is_the_only_one() {
    let (mut world, payment) = shown(3);
    for _ in 0..40 {
        let later = world.now_ms + 25 * HOUR_MS;
        world.sleep_until(later);
        world.ask(Message::Pay { order: order(0) });
        world.rest();
    }
    assert_eq!(world.paysg.payments.len(), 1);
    assert_eq!(
        world.paysg.find(&payment).map(|payment| payment.state),
        Some(State::Unpaid)
    );
}
