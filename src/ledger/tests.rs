//! What may follow what, and that nothing else is ever written.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that fails may panic"
)]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::paysg::{Cents, PaymentId, PaymentServiceId};

const SERVICE: &str = "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8";
const REFERENCE: &str = "INV-001";
const AT_MS: i64 = 1_795_000_000_000;

fn service() -> PaymentServiceId {
    PaymentServiceId::parse(SERVICE).unwrap()
}

fn id(text: &str) -> PaymentId {
    PaymentId::parse(text).unwrap()
}

fn digest(text: &str) -> Digest {
    Digest::of(&[text.as_bytes()])
}

fn started(attempt: u32) -> Transition {
    Transition::Started {
        attempt,
        digest: digest("order"),
        amount_in_cents: 4200,
        cancel_after_secs: None,
    }
}

fn opened(attempt: u32, payment: &str) -> Transition {
    Transition::Opened {
        attempt,
        payment_id: id(payment),
        adopted: false,
        same_order: true,
        amount_in_cents: None,
    }
}

fn adopted(attempt: u32, payment: &str) -> Transition {
    Transition::Adopted {
        attempt,
        payment_id: id(payment),
        amount_in_cents: 4200,
    }
}

fn refused(attempt: u32) -> Transition {
    Transition::Refused {
        attempt,
        status: 400,
        code: None,
    }
}

fn given_up(attempt: u32) -> Transition {
    Transition::GivenUp { attempt }
}

fn cancelled(attempt: u32) -> Transition {
    Transition::Cancelled {
        attempt,
        tell: false,
    }
}

fn paid(attempt: u32) -> Transition {
    Transition::Paid {
        attempt,
        paid_at: None,
    }
}

fn refunded(attempt: u32, whole: bool) -> Transition {
    Transition::Refunded {
        attempt,
        whole,
        tell: false,
    }
}

fn asked(payment: &str, command: &str) -> Transition {
    Transition::RefundAsked {
        payment_id: id(payment),
        key: digest(command),
        amount_in_cents: Cents::new(100).unwrap(),
    }
}

fn made(command: &str, whole: bool) -> Transition {
    Transition::RefundMade {
        key: digest(command),
        whole,
    }
}

fn accepted(command: &str) -> Transition {
    Transition::RefundAccepted {
        key: digest(command),
    }
}

fn pending(command: &str) -> Transition {
    Transition::RefundPending {
        key: digest(command),
    }
}

fn failed(command: &str) -> Transition {
    Transition::RefundFailed {
        key: digest(command),
    }
}

fn stated(payment: &str, amount_in_cents: u64) -> Transition {
    Transition::RefundTotalStated {
        payment_id: id(payment),
        amount_in_cents,
    }
}

fn told_refunded(attempt: u32, whole: bool) -> Transition {
    Transition::Refunded {
        attempt,
        whole,
        tell: true,
    }
}

fn not_made(command: &str) -> Transition {
    Transition::RefundRefused {
        key: digest(command),
    }
}

fn hinted(payment: &str) -> Transition {
    Transition::Hinted {
        payment_id: id(payment),
    }
}

fn examined(payment: &str) -> Transition {
    Transition::Examined {
        payment_id: id(payment),
    }
}

fn told(key: &str) -> Transition {
    Transition::Told {
        key: key.to_owned(),
    }
}

fn tell_again(key: &str) -> Transition {
    Transition::TellAgain {
        key: key.to_owned(),
    }
}

fn flagged(flag: Flag, payment: Option<&str>) -> Transition {
    Transition::Flagged {
        flag,
        payment_id: payment.map(id),
    }
}

fn cleared(flag: Flag, payment: Option<&str>) -> Transition {
    Transition::FlagCleared {
        flag,
        payment_id: payment.map(id),
    }
}

fn acknowledged(flag: Flag, payment: Option<&str>) -> Transition {
    Transition::FlagAcknowledged {
        flag,
        payment_id: payment.map(id),
    }
}

fn received(by: Option<&str>) -> Transition {
    Transition::CommandReceived {
        command: "reconcile".to_owned(),
        by: by.map(str::to_owned),
    }
}

fn erased(was_paid: bool) -> Transition {
    Transition::Erased(Tombstone {
        payment_service_id: service(),
        intent: intent_name(&service(), REFERENCE),
        attempt: 2,
        paid: was_paid.then(|| PaidRemains {
            payment_id: id("p1"),
            amount_in_cents: 4200,
            state: AttemptState::PartiallyRefunded,
            notifications: 3,
            paid_at: None,
        }),
        rows: 7,
        head: digest("head"),
        by: None,
    })
}

fn began() -> Transition {
    Transition::Began {
        payment_service_id: service(),
        reference_id: REFERENCE.to_owned(),
    }
}

fn ledger() -> Ledger {
    Ledger::new(service(), REFERENCE.to_owned())
}

/// A ledger to which these have happened.
fn after(transitions: impl IntoIterator<Item = Transition>) -> Ledger {
    let mut ledger = ledger();
    for (at_ms, transition) in (AT_MS..).zip(transitions) {
        ledger
            .record(at_ms, transition.clone())
            .unwrap_or_else(|_| panic!("{transition:?}"));
    }
    ledger
}

/// How an intent of one attempt, with payment `p1`, came to each state.
fn ways() -> Vec<(&'static str, Vec<Transition>)> {
    let to = |rest: Vec<Transition>| {
        let mut all = vec![started(1), opened(1, "p1")];
        all.extend(rest);
        all
    };
    vec![
        ("nothing", vec![]),
        ("started", vec![started(1)]),
        ("refused", vec![started(1), refused(1)]),
        ("given up", vec![started(1), given_up(1)]),
        ("open", to(vec![])),
        ("cancelled", to(vec![cancelled(1)])),
        ("paid", to(vec![paid(1)])),
        ("partial", to(vec![paid(1), refunded(1, false)])),
        ("refunded", to(vec![paid(1), refunded(1, true)])),
    ]
}

#[test]
fn every_transition_is_legal_in_exactly_these_states() {
    let nowhere: &[&str] = &[];
    let was_paid: &[&str] = &["paid", "partial", "refunded"];
    let all: &[&str] = &[
        "nothing",
        "started",
        "refused",
        "given up",
        "open",
        "cancelled",
        "paid",
        "partial",
        "refunded",
    ];
    let some: &[&str] = &all[1..];
    let table: Vec<(Transition, &[&str])> = vec![
        (began(), nowhere),
        (erased(true), nowhere),
        (started(1), &["nothing"]),
        (started(2), &["refused", "given up", "cancelled"]),
        (started(3), nowhere),
        (opened(1, "p9"), &["started", "refused", "given up"]),
        (opened(1, "p1"), &["started", "refused", "given up"]),
        (opened(2, "p9"), nowhere),
        (adopted(1, "p9"), &["nothing"]),
        (adopted(2, "p9"), some),
        (adopted(2, "p1"), &["started", "refused", "given up"]),
        (adopted(3, "p9"), nowhere),
        (Transition::AskedAgain { attempt: 1 }, &["started"]),
        (refused(1), &["started"]),
        (given_up(1), &["started"]),
        (cancelled(1), &["open"]),
        (paid(1), &["open", "cancelled"]),
        (paid(2), nowhere),
        (refunded(1, false), &["paid"]),
        (refunded(1, true), &["paid", "partial"]),
        (asked("p1", "c"), &["open", "paid", "partial", "refunded"]),
        (asked("p9", "c"), nowhere),
        (made("c", true), nowhere),
        (not_made("c"), nowhere),
        (hinted("p1"), all),
        (examined("p1"), nowhere),
        (told("p1"), was_paid),
        (told("p9"), nowhere),
        (tell_again("p1"), nowhere),
        (flagged(Flag::Mismatch, Some("p1")), all),
        (flagged(Flag::Mismatch, None), all),
        (cleared(Flag::Mismatch, Some("p1")), nowhere),
        (acknowledged(Flag::Mismatch, Some("p1")), nowhere),
    ];
    for (state, way) in ways() {
        for (transition, legal_in) in &table {
            let mut ledger = after(way.clone());
            let (intent, rows) = (ledger.intent.clone(), ledger.unsaved.len());
            let recorded = ledger.record(AT_MS + 1000, transition.clone());
            assert_eq!(
                recorded.is_ok(),
                legal_in.contains(&state),
                "{transition:?} after {state}"
            );
            let new_rows = ledger.unsaved.len() - rows;
            if recorded.is_ok() {
                assert_eq!(new_rows, if rows == 0 { 2 } else { 1 }, "{transition:?}");
                assert_ne!(ledger.intent, intent, "{transition:?} after {state}");
            } else {
                assert_eq!(new_rows, 0, "{transition:?} left a row after {state}");
                assert_eq!(ledger.intent, intent);
            }
        }
    }
}

#[test]
fn each_state_is_what_it_is_called() {
    use AttemptState as S;
    let states: Vec<Option<S>> = ways()
        .into_iter()
        .map(|(_, way)| after(way).intent.attempts.first().map(|one| one.state))
        .collect();
    let expected = [
        None,
        Some(S::Started),
        Some(S::Refused),
        Some(S::GivenUp),
        Some(S::Open),
        Some(S::Cancelled),
        Some(S::Paid),
        Some(S::PartiallyRefunded),
        Some(S::Refunded),
    ];
    assert_eq!(states, expected);
}

#[test]
fn nothing_leads_from_paid_to_unpaid() {
    let everything = [
        started(1),
        started(2),
        opened(1, "p9"),
        opened(1, "p1"),
        refused(1),
        given_up(1),
        cancelled(1),
        paid(1),
    ];
    for (state, way) in ways().into_iter().skip(6) {
        for transition in everything.clone() {
            assert_eq!(
                after(way.clone()).record(AT_MS + 1000, transition.clone()),
                Err(Illegal),
                "{transition:?} after {state}"
            );
        }
    }
}

#[test]
fn refunds_are_asked_once_and_answered_once() {
    let paid_and = |rest: Vec<Transition>| {
        let mut all = vec![started(1), opened(1, "p1"), paid(1)];
        all.extend(rest);
        after(all)
    };
    let asked_once = vec![asked("p1", "c")];
    assert!(
        paid_and(asked_once.clone())
            .record(AT_MS, asked("p1", "c"))
            .is_err()
    );
    assert!(
        paid_and(asked_once.clone())
            .record(AT_MS, asked("p1", "d"))
            .is_ok()
    );
    for answer in [made("c", false), not_made("c")] {
        let mut ledger = paid_and(asked_once.clone());
        ledger.record(AT_MS, answer).unwrap();
        assert_eq!(ledger.record(AT_MS, not_made("c")), Err(Illegal));
        // What was refused may be made yet, but what was made is made once.
        let _ = ledger.record(AT_MS, made("c", true));
        assert_eq!(ledger.intent.refunds[0].state, RefundState::Succeeded);
        assert_eq!(ledger.record(AT_MS, made("c", true)), Err(Illegal));
        assert_eq!(ledger.record(AT_MS, not_made("c")), Err(Illegal));
        assert_eq!(ledger.intent.tellings.len(), 2);
    }
}

#[test]
fn only_a_refused_refund_is_asked_for_anew_and_then_as_it_was() {
    let paid = || after([started(1), opened(1, "p1"), paid(1), asked("p1", "c")]);
    let mut made_once = paid();
    made_once.record(AT_MS, made("c", false)).unwrap();
    assert_eq!(made_once.record(AT_MS, asked("p1", "c")), Err(Illegal));

    let mut ledger = paid();
    ledger.record(AT_MS, not_made("c")).unwrap();
    let of_another_amount = Transition::RefundAsked {
        payment_id: id("p1"),
        key: digest("c"),
        amount_in_cents: Cents::new(101).unwrap(),
    };
    assert_eq!(ledger.record(AT_MS, of_another_amount), Err(Illegal));
    ledger.record(AT_MS, refunded(1, false)).unwrap();
    ledger.record(AT_MS + 1000, asked("p1", "c")).unwrap();
    let [refund] = &*ledger.intent.refunds else {
        panic!("{:?}", ledger.intent.refunds);
    };
    assert_eq!(refund.state, RefundState::Requested);
    assert_eq!(refund.asked_at_ms, AT_MS + 1000);
    assert_eq!(refund.before, AttemptState::PartiallyRefunded);
}

#[test]
fn of_an_unanswered_refund_is_known_how_the_payment_stood_without_it() {
    let mut ledger = after([
        started(1),
        opened(1, "p1"),
        asked("p1", "unpaid"),
        paid(1),
        asked("p1", "paid"),
    ]);
    let before = |ledger: &Ledger| -> Vec<AttemptState> {
        let refunds = ledger.intent.refunds.iter();
        refunds.map(|refund| refund.before).collect()
    };
    assert_eq!(before(&ledger), [AttemptState::Open, AttemptState::Paid]);
    // Whose refund a GET shows is not known; what another refund has given back is.
    ledger.record(AT_MS, refunded(1, false)).unwrap();
    assert_eq!(before(&ledger), [AttemptState::Open, AttemptState::Paid]);
    ledger.record(AT_MS, made("unpaid", false)).unwrap();
    assert_eq!(
        before(&ledger),
        [AttemptState::Open, AttemptState::PartiallyRefunded]
    );
}

#[test]
fn a_made_refund_is_told_and_a_refused_one_is_not() {
    let mut ledger = after([
        started(1),
        opened(1, "p1"),
        paid(1),
        asked("p1", "c"),
        not_made("c"),
    ]);
    assert_eq!(ledger.intent.tellings.len(), 1);
    ledger.record(AT_MS, asked("p1", "d")).unwrap();
    ledger.record(AT_MS, made("d", true)).unwrap();
    let telling = &ledger.intent.tellings[1];
    assert_eq!(
        (&*telling.key, telling.status),
        ("p1-refund-1", TellStatus::Refunded)
    );
    assert_eq!(ledger.intent.attempts[0].state, AttemptState::Refunded);
}

#[test]
fn only_what_is_told_as_partly_refunded_and_is_refunded_in_full_is_told_again_as_that() {
    let completed = || Transition::RefundCompleted { attempt: 1 };
    let mut ledger = after([started(1), opened(1, "p1"), paid(1)]);
    assert_eq!(ledger.record(AT_MS, completed()), Err(Illegal));
    ledger.record(AT_MS, asked("p1", "c")).unwrap();
    ledger.record(AT_MS, made("c", false)).unwrap();
    assert_eq!(ledger.record(AT_MS, completed()), Err(Illegal));
    ledger.record(AT_MS, asked("p1", "d")).unwrap();
    ledger.record(AT_MS, refunded(1, true)).unwrap();
    // Made, it tells of itself.
    assert_eq!(ledger.record(AT_MS, completed()), Err(Illegal));
    let mut whole = ledger.clone();
    whole.record(AT_MS, made("d", true)).unwrap();
    assert_eq!(whole.record(AT_MS, completed()), Err(Illegal));
    ledger.record(AT_MS, not_made("d")).unwrap();
    ledger.record(AT_MS, completed()).unwrap();
    assert_eq!(ledger.record(AT_MS, completed()), Err(Illegal));
    let last = ledger.intent.tellings.last().unwrap();
    assert_eq!(
        (&*last.key, last.status),
        ("p1-refund-2", TellStatus::Refunded)
    );
    assert_eq!(ledger.intent.attempts[0].state, AttemptState::Refunded);

    // Of what was refunded elsewhere alone nobody is told.
    let elsewhere = [started(1), opened(1, "p1"), paid(1), refunded(1, true)];
    assert_eq!(after(elsewhere).record(AT_MS, completed()), Err(Illegal));
}

#[test]
fn a_refund_goes_through_its_states_and_each_is_told_once() {
    let asked = || after([started(1), opened(1, "p1"), paid(1), asked("p1", "c")]);
    let mut ledger = asked();
    assert_eq!(ledger.record(AT_MS, pending("c")), Err(Illegal));
    ledger.record(AT_MS, accepted("c")).unwrap();
    assert_eq!(
        ledger.intent.tellings.len(),
        1,
        "a GET says what came of it"
    );
    for transition in [accepted("c"), not_made("c")] {
        assert_eq!(ledger.record(AT_MS, transition), Err(Illegal));
    }
    ledger.record(AT_MS, pending("c")).unwrap();
    assert_eq!(ledger.record(AT_MS, pending("c")), Err(Illegal));
    for (end, state, told) in [
        (failed("c"), RefundState::Failed, TellStatus::RefundFailed),
        (
            made("c", false),
            RefundState::Succeeded,
            TellStatus::PartiallyRefunded,
        ),
    ] {
        let mut ledger = ledger.clone();
        ledger.record(AT_MS, end).unwrap();
        assert_eq!(ledger.intent.refunds[0].state, state);
        let statuses: Vec<_> = ledger
            .intent
            .tellings
            .iter()
            .map(|one| one.status)
            .collect();
        assert_eq!(
            statuses,
            [TellStatus::Paid, TellStatus::RefundPending, told]
        );
        for late in [failed("c"), made("c", false), pending("c"), accepted("c")] {
            assert_eq!(ledger.record(AT_MS, late), Err(Illegal));
        }
    }
}

#[test]
fn the_total_given_back_is_known_until_somebody_else_gives_some_back() {
    let total = |transitions: Vec<Transition>| {
        let mut all = vec![
            started(1),
            opened(1, "p1"),
            paid(1),
            asked("p1", "c"),
            asked("p1", "d"),
        ];
        all.extend(transitions);
        after(all).intent.attempts[0].refunded_amount_in_cents
    };
    assert_eq!(total(vec![]), Some(0));
    assert_eq!(total(vec![made("c", false), made("d", false)]), Some(200));
    assert_eq!(total(vec![made("c", false), refunded(1, true)]), Some(4200));
    assert_eq!(total(vec![refunded(1, false), made("c", false)]), None);
    assert_eq!(
        total(vec![refunded(1, false), stated("p1", 700)]),
        Some(700)
    );
    assert_eq!(
        total(vec![made("c", false), stated("p1", 800)]),
        Some(800),
        "of which 100 were ours"
    );
}

#[test]
fn journals_of_earlier_versions_are_read_and_told_as_they_were() {
    let key = digest("c").as_str().to_owned();
    let later = digest("d").as_str().to_owned();
    let mut ledger = after([started(1), opened(1, "p1"), paid(1)]);
    for entry in [
        format!(
            r#"{{"what":"refund_asked","payment_id":"p1","key":"{key}","amount_in_cents":100}}"#
        ),
        format!(r#"{{"what":"refund_refused","key":"{key}"}}"#),
        format!(
            r#"{{"what":"refund_asked","payment_id":"p1","key":"{key}","amount_in_cents":100}}"#
        ),
        format!(
            r#"{{"what":"refund_asked","payment_id":"p1","key":"{later}","amount_in_cents":100}}"#
        ),
        r#"{"what":"refunded","attempt":1,"whole":false}"#.to_owned(),
        format!(r#"{{"what":"refund_made","key":"{key}","whole":false}}"#),
        r#"{"what":"told","key":"p1-refund-1"}"#.to_owned(),
        format!(r#"{{"what":"refund_refused","key":"{later}"}}"#),
        r#"{"what":"refunded","attempt":1,"whole":true}"#.to_owned(),
        r#"{"what":"refund_completed","attempt":1}"#.to_owned(),
        r#"{"what":"told","key":"p1-refund-2"}"#.to_owned(),
    ] {
        let read: Transition = serde_json::from_str(&entry).unwrap();
        assert_eq!(
            serde_json::to_string(&read).unwrap(),
            entry,
            "the chain holds"
        );
        ledger.record(AT_MS, read).unwrap();
    }
    assert_eq!(ledger.intent.tellings.len(), 3);
    assert_eq!(ledger.intent.attempts[0].state, AttemptState::Refunded);
}

#[test]
fn every_telling_has_a_key_of_its_own() {
    let ledger = after([
        started(1),
        opened(1, "p1"),
        Transition::Cancelled {
            attempt: 1,
            tell: true,
        },
        started(2),
        opened(2, "p2"),
        paid(2),
        asked("p2", "c"),
        made("c", false),
        asked("p2", "d"),
        made("d", false),
    ]);
    let keys: Vec<&str> = ledger.intent.tellings.iter().map(|one| &*one.key).collect();
    assert_eq!(keys, ["p1-cancelled", "p2", "p2-refund-1", "p2-refund-2"]);
}

#[test]
fn an_acknowledged_telling_is_told_again_only_when_asked() {
    let mut ledger = after([started(1), opened(1, "p1"), paid(1), told("p1")]);
    assert!(ledger.intent.untold().next().is_none());
    assert_eq!(ledger.record(AT_MS, told("p1")), Err(Illegal));
    ledger.record(AT_MS, tell_again("p1")).unwrap();
    assert_eq!(ledger.intent.untold().next().unwrap().key, "p1");
}

#[test]
fn the_second_paid_payment_is_surplus_and_not_told() {
    let ledger = after([
        started(1),
        opened(1, "p1"),
        adopted(2, "p2"),
        paid(2),
        paid(1),
    ]);
    assert_eq!(ledger.intent.paid().unwrap().number, 2);
    assert!(ledger.intent.is_flagged(Flag::Surplus, Some(&id("p1"))));
    assert_eq!(ledger.intent.flags.len(), 1);
    assert_eq!(ledger.intent.tellings.len(), 1);
    assert_eq!(ledger.intent.current().unwrap().number, 2);
}

#[test]
fn a_payment_adopted_for_another_order_takes_its_own_amount_and_no_digest() {
    let ledger = after([
        started(1),
        Transition::Opened {
            attempt: 1,
            payment_id: id("p1"),
            adopted: true,
            same_order: false,
            amount_in_cents: Some(1000),
        },
    ]);
    let attempt = &ledger.intent.attempts[0];
    assert_eq!((attempt.amount_in_cents, &attempt.digest), (1000, &None));
}

#[test]
fn eight_hints_wait_and_no_more_and_no_hint_twice() {
    let mut ledger = after((0..8).map(|n| hinted(&format!("p{n}"))));
    assert_eq!(ledger.record(AT_MS, hinted("p8")), Err(Illegal));
    assert_eq!(ledger.record(AT_MS, hinted("p0")), Err(Illegal));
    ledger.record(AT_MS, examined("p0")).unwrap();
    ledger.record(AT_MS, hinted("p8")).unwrap();
}

#[test]
fn a_flag_is_raised_once_for_each_payment() {
    let mut ledger = after([flagged(Flag::Mismatch, Some("p1"))]);
    assert_eq!(
        ledger.record(AT_MS, flagged(Flag::Mismatch, Some("p1"))),
        Err(Illegal)
    );
    ledger
        .record(AT_MS, flagged(Flag::Mismatch, Some("p2")))
        .unwrap();
    ledger.record(AT_MS, flagged(Flag::Mismatch, None)).unwrap();
    ledger
        .record(AT_MS, flagged(Flag::WentBack, Some("p1")))
        .unwrap();
    assert_eq!(ledger.intent.flags.len(), 4);
}

#[test]
fn flag_that_ended_can_be_raised_again_unacknowledged() {
    let raise = || flagged(Flag::Vanished, Some("p1"));
    let mut ledger = after([raise(), acknowledged(Flag::Vanished, Some("p1"))]);
    assert_eq!(
        ledger.record(AT_MS, acknowledged(Flag::Vanished, Some("p1"))),
        Err(Illegal)
    );
    assert_eq!(ledger.record(AT_MS, raise()), Err(Illegal), "it is known");
    ledger
        .record(AT_MS, cleared(Flag::Vanished, Some("p1")))
        .unwrap();
    assert!(ledger.intent.flags.is_empty());
    assert_eq!(
        ledger.record(AT_MS, cleared(Flag::Vanished, Some("p1"))),
        Err(Illegal)
    );
    ledger.record(AT_MS + 1, raise()).unwrap();
    let [raised] = &*ledger.intent.flags else {
        panic!("{:?}", ledger.intent.flags)
    };
    assert_eq!(
        (raised.acknowledged, raised.raised_at_ms),
        (false, AT_MS + 1)
    );
}

#[test]
fn flags_end_with_the_state_that_caused_them() {
    let flags = |ledger: &Ledger| -> Vec<Flag> {
        ledger
            .intent
            .flags
            .iter()
            .map(|raised| raised.flag)
            .collect()
    };
    let mut ledger = after([started(1), flagged(Flag::SearchTooLong, None)]);
    assert_eq!(flags(&ledger), [Flag::SearchTooLong]);
    ledger.record(AT_MS, given_up(1)).unwrap();
    assert_eq!(flags(&ledger), []);

    let two_open = [started(1), opened(1, "p1"), adopted(2, "p2")];
    let mut ledger = after(two_open.clone());
    assert_eq!(flags(&ledger), [Flag::Duplicate]);
    // Either of the two.
    ledger.record(AT_MS, cancelled(1)).unwrap();
    assert_eq!(flags(&ledger), []);
    let mut ledger = after(two_open.clone());
    ledger.record(AT_MS, cancelled(2)).unwrap();
    assert_eq!(flags(&ledger), []);

    // One is paid: the other can still be paid.
    let mut ledger = after(two_open.clone());
    ledger.record(AT_MS, paid(2)).unwrap();
    assert_eq!(flags(&ledger), [Flag::Duplicate]);
    ledger.record(AT_MS, cancelled(1)).unwrap();
    assert_eq!(flags(&ledger), []);

    let mut ledger = after(two_open);
    for (transition, left) in [
        (paid(1), vec![Flag::Duplicate]),
        (paid(2), vec![Flag::Surplus]),
        (refunded(2, false), vec![Flag::Surplus]),
        (refunded(2, true), vec![]),
    ] {
        ledger.record(AT_MS, transition).unwrap();
        assert_eq!(flags(&ledger), left);
    }
}

#[test]
fn tombstone_follows_from_the_erased_rows_and_is_read_without_them() {
    let mut ledger = after([started(1), opened(1, "p1"), paid(1), told("p1")]);
    let rows = ledger.take_unsaved();
    ledger.erase(AT_MS + 9, Some("operator-17".to_owned()));
    let [tombstone] = &*ledger.take_unsaved() else {
        panic!("one row")
    };
    assert_eq!(tombstone.number, 6);
    assert!(!tombstone.entry.contains(REFERENCE), "{}", tombstone.entry);
    // It is a link of the old chain.
    let old: Vec<Row> = rows.iter().chain([tombstone]).cloned().collect();
    assert_eq!(replay(&old).unwrap_err().row, 6, "but not a row of it");
    let mut journal = Journal::default();
    for row in &old {
        journal.verify(row).unwrap();
    }
    let alone = [tombstone.clone()];
    let mut read = replay(&alone).unwrap().unwrap();
    assert_eq!(read, ledger);
    let counted = read.intent.paid().unwrap();
    assert_eq!(
        (counted.payment_id.clone(), counted.amount_in_cents),
        (Some(id("p1")), 4200)
    );
    // Nothing is recorded before somebody names the reference and has it begin anew.
    for transition in [
        started(2),
        paid(1),
        flagged(Flag::Vanished, Some("p1")),
        began(),
    ] {
        let legal = transition == began();
        assert_eq!(read.intent.permits(&transition).is_ok(), legal);
    }
    read.remember_reference(&service(), "INV-002");
    read.reopen(AT_MS + 10);
    assert_eq!(read.take_unsaved(), [], "that is another's");
    read.remember_reference(&service(), REFERENCE);
    read.reopen(AT_MS + 10);
    read.record(AT_MS + 11, refunded(1, true)).unwrap();
    let again: Vec<Row> = alone.into_iter().chain(read.take_unsaved()).collect();
    assert_eq!(replay(&again).unwrap().unwrap(), read);
    assert_eq!(read.intent.reference_id, REFERENCE);
    for damage in [
        |row: &mut Row| row.at_ms += 1,
        |row: &mut Row| row.number += 1,
    ] {
        let mut damaged = again.clone();
        damage(&mut damaged[0]);
        assert_eq!(replay(&damaged).unwrap_err().reason, Unreadable::Damaged);
    }
}

/// Rows with a bit of everything in them.
fn rows() -> Vec<Row> {
    after([
        started(1),
        opened(1, "p1"),
        hinted("p1"),
        paid(1),
        examined("p1"),
        told("p1"),
        asked("p1", "c"),
        made("c", true),
    ])
    .take_unsaved()
}

fn replay(rows: &[Row]) -> Result<Option<Ledger>, JournalError> {
    Ledger::replay(rows, Schedule::default())
}

#[test]
fn the_first_row_says_whose_ledger_it_is() {
    let rows = rows();
    assert_eq!(
        rows[0].entry,
        format!(
            "{{\"what\":\"began\",\"payment_service_id\":\"{SERVICE}\",\"reference_id\":\"{REFERENCE}\"}}"
        )
    );
    let numbers: Vec<u64> = rows.iter().map(|row| row.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(replay(&[]), Ok(None));
}

#[test]
fn a_changed_row_breaks_the_chain_where_it_is() {
    let rows = rows();
    assert!(replay(&rows).unwrap().is_some());
    for at in 0..rows.len() {
        let number = rows[at].number;
        let changed = |change: &dyn Fn(&mut Row)| {
            let mut rows = rows.clone();
            change(&mut rows[at]);
            replay(&rows).unwrap_err().row
        };
        assert_eq!(changed(&|row| row.at_ms += 1), number);
        assert_eq!(changed(&|row| row.entry.push(' ')), number);
        assert_eq!(changed(&|row| row.hash = digest("x")), number);
        assert_eq!(changed(&|row| row.number += 1), number + 1);
    }
}

#[test]
fn a_missing_repeated_or_swapped_row_breaks_the_chain() {
    let rows = rows();
    // A chain cannot tell that rows are missing at its end: each prefix is a ledger that was.
    for at in 0..rows.len() - 1 {
        let mut missing = rows.clone();
        missing.remove(at);
        assert_eq!(replay(&missing).unwrap_err().row, rows[at + 1].number);
        let mut swapped = rows.clone();
        swapped.swap(at, at + 1);
        assert_eq!(replay(&swapped).unwrap_err().row, rows[at + 1].number);
        let mut repeated = rows.clone();
        repeated.insert(at, rows[at].clone());
        assert_eq!(replay(&repeated).unwrap_err().row, rows[at].number);
    }
}

#[test]
fn a_well_chained_row_that_the_state_does_not_allow_is_refused() {
    let chain = |transitions: &[Transition]| {
        let mut journal = Journal::default();
        let rows: Vec<Row> = transitions
            .iter()
            .map(|transition| journal.append(AT_MS, transition))
            .collect();
        replay(&rows).map(|ledger| ledger.is_some())
    };
    assert_eq!(chain(&[began(), started(1)]), Ok(true));
    assert_eq!(chain(&[started(1)]), Err(JournalError::newer(1)));
    assert_eq!(chain(&[began(), began()]), Err(JournalError::newer(2)));
    assert_eq!(
        chain(&[began(), started(1), paid(1)]),
        Err(JournalError::newer(3))
    );
}

#[test]
fn a_row_in_words_unknown_here_is_refused_and_not_skipped() {
    let mut rows = rows();
    let entry = "{\"what\":\"forgiven\",\"attempt\":1}".to_owned();
    let head = rows[8].hash.clone();
    let hash = Digest::of(&[
        head.as_str().as_bytes(),
        &10_u64.to_be_bytes(),
        &AT_MS.to_be_bytes(),
        entry.as_bytes(),
    ]);
    rows.push(Row {
        number: 10,
        at_ms: AT_MS,
        entry,
        hash,
    });
    assert_eq!(replay(&rows), Err(JournalError::newer(10)));
}

#[test]
fn rows_written_by_the_first_version_are_read_for_ever() {
    // Hashes by Python's hashlib, over the parts with their lengths (8 bytes, big-endian): head, number, time, entry.
    let entries = [
        (
            format!("{{\"what\":\"began\",\"payment_service_id\":\"{SERVICE}\",\"reference_id\":\"INV-001\"}}"),
            "ec1fd6bd964d42bb9c4b896707d06dacf37e396553da2335bcbba83c6d46e159",
        ),
        (
            format!(
                "{{\"what\":\"started\",\"attempt\":1,\"digest\":\"{}\",\"amount_in_cents\":4200}}",
                "ab".repeat(32)
            ),
            "aca830f8ec937dabb39d03085bb7fcccc988f6a6d3bfe8790d83e1e7a88f2537",
        ),
        (
            "{\"what\":\"opened\",\"attempt\":1,\"payment_id\":\"p1\",\"adopted\":true,\"same_order\":false}".to_owned(),
            "1c30a7bf883b62d4b0513f91a3d0af0b8de6c77718ba4354d6c3e0d8cd12e064",
        ),
    ];
    let rows: Vec<Row> = (1..)
        .zip(&entries)
        .map(|(number, (entry, hash))| Row {
            number,
            at_ms: AT_MS,
            entry: entry.clone(),
            hash: serde_json::from_str(&format!("\"{hash}\"")).unwrap(),
        })
        .collect();
    let ledger = replay(&rows).unwrap().unwrap();
    assert_eq!(ledger.intent.attempts[0].state, AttemptState::Open);
    assert_eq!(ledger.intent.attempts[0].amount_in_cents, 4200);
    // And this version writes the first two as that one did.
    let mut again = Ledger::new(service(), REFERENCE.to_owned());
    again
        .record(
            AT_MS,
            Transition::Started {
                attempt: 1,
                digest: serde_json::from_str(&format!("\"{}\"", "ab".repeat(32))).unwrap(),
                amount_in_cents: 4200,
                cancel_after_secs: None,
            },
        )
        .unwrap();
    assert_eq!(again.take_unsaved(), rows[..2]);
}

#[test]
fn every_transition_is_read_as_it_was_written() {
    let all = [
        began(),
        started(1),
        Transition::Started {
            attempt: 1,
            digest: digest("order"),
            amount_in_cents: 4200,
            cancel_after_secs: Some(900),
        },
        Transition::AskedAgain { attempt: 2 },
        Transition::Failed {
            attempt: 3,
            answered: true,
        },
        Transition::Failed {
            attempt: 3,
            answered: false,
        },
        opened(1, "p1"),
        Transition::Opened {
            attempt: 1,
            payment_id: id("p1"),
            adopted: true,
            same_order: false,
            amount_in_cents: Some(100),
        },
        adopted(2, "p2"),
        refused(1),
        Transition::Refused {
            attempt: 1,
            status: 400,
            code: Some("invalid_amount".to_owned()),
        },
        given_up(1),
        cancelled(1),
        paid(1),
        Transition::Paid {
            attempt: 1,
            paid_at: Some("2026-11-17T10:05:00.000+08:00".to_owned()),
        },
        asked("p1", "command"),
        made("command", true),
        made("command", false),
        not_made("command"),
        refunded(1, true),
        Transition::RefundCompleted { attempt: 1 },
        hinted("p1"),
        examined("p1"),
        told("paid p1"),
        tell_again("paid p1"),
        accepted("c"),
        pending("c"),
        failed("c"),
        stated("p1", 700),
        told_refunded(1, true),
        flagged(Flag::Surplus, Some("p2")),
        flagged(Flag::SearchTooLong, None),
        cleared(Flag::Mismatch, Some("p1")),
        cleared(Flag::SearchTooLong, None),
        acknowledged(Flag::Mismatch, Some("p1")),
        acknowledged(Flag::SearchTooLong, None),
        Transition::RefundAcknowledged {
            key: digest("command"),
        },
        received(None),
        received(Some("officer-17")),
        erased(false),
        erased(true),
    ];
    for transition in all {
        let written = serde_json::to_string(&transition).unwrap();
        assert_eq!(
            serde_json::from_str::<Transition>(&written).unwrap(),
            transition
        );
        let mut fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(&written).unwrap();
        // Without any of what it must say it is nothing.
        for name in fields.keys().cloned().collect::<Vec<_>>() {
            let value = fields.remove(&name).unwrap();
            let optional = ["cancel_after_secs", "code", "paid_at", "by"].contains(&&*name)
                || (name == "tell" && matches!(transition, Transition::Refunded { .. }))
                || (name == "amount_in_cents" && matches!(transition, Transition::Opened { .. }))
                // Without its payment a tombstone is that of what was never paid.
                || (matches!(transition, Transition::Erased(_)) && name == "payment_id")
                || (name == "payment_id"
                    && matches!(
                        transition,
                        Transition::Flagged { .. }
                            | Transition::FlagCleared { .. }
                            | Transition::FlagAcknowledged { .. }
                    ));
            let read = serde_json::from_value::<Transition>(fields.clone().into());
            assert_eq!(read.is_ok(), optional, "{written} without {name}");
            fields.insert(name, value);
        }
    }
}

#[test]
fn unsaved_rows_are_taken_once() {
    let mut ledger = after([started(1)]);
    assert!(!ledger.is_empty());
    assert_eq!(ledger.take_unsaved().len(), 2);
    assert_eq!(ledger.take_unsaved(), []);
    assert!(Ledger::new(service(), REFERENCE.to_owned()).is_empty());
}

fn any_transition() -> impl Strategy<Value = Transition> {
    let attempt = 1..5_u32;
    let payment = prop::sample::select(vec!["p1", "p2", "p3"]);
    let command = prop::sample::select(vec!["c", "d"]);
    prop_oneof![
        attempt.clone().prop_map(started),
        (attempt.clone(), payment.clone()).prop_map(|(n, p)| opened(n, p)),
        (attempt.clone(), payment.clone()).prop_map(|(n, p)| adopted(n, p)),
        attempt.clone().prop_map(refused),
        attempt.clone().prop_map(given_up),
        attempt.clone().prop_map(cancelled),
        attempt.clone().prop_map(paid),
        (attempt.clone(), any::<bool>()).prop_map(|(n, whole)| refunded(n, whole)),
        attempt.prop_map(|attempt| Transition::RefundCompleted { attempt }),
        (payment.clone(), command.clone()).prop_map(|(p, c)| asked(p, c)),
        (command.clone(), any::<bool>()).prop_map(|(c, whole)| made(c, whole)),
        command.clone().prop_map(accepted),
        command.clone().prop_map(pending),
        command.clone().prop_map(failed),
        payment.clone().prop_map(|p| stated(p, 100)),
        (1..5_u32, any::<bool>()).prop_map(|(n, whole)| told_refunded(n, whole)),
        command.prop_map(not_made),
        payment.clone().prop_map(hinted),
        payment.clone().prop_map(examined),
        payment.clone().prop_map(told),
        payment.clone().prop_map(tell_again),
        payment
            .clone()
            .prop_map(|p| flagged(Flag::Mismatch, Some(p))),
        payment
            .clone()
            .prop_map(|p| cleared(Flag::Mismatch, Some(p))),
        payment.prop_map(|p| acknowledged(Flag::Surplus, Some(p))),
    ]
}

proptest! {
    #![proptest_config(crate::paysg::tests::cases(500))]

    #[test]
    fn replay_is_the_state_and_paid_stays_paid(transitions in prop::collection::vec(any_transition(), 0..60)) {
        let mut ledger = ledger();
        let mut was_paid = BTreeSet::new();
        for (at_ms, transition) in (AT_MS..).zip(transitions) {
            let _ = ledger.record(at_ms, transition);
            for attempt in &ledger.intent.attempts {
                if attempt.state.was_paid() {
                    was_paid.insert(attempt.number);
                } else {
                    prop_assert!(!was_paid.contains(&attempt.number));
                }
            }
            let paid = ledger.intent.tellings.iter().filter(|telling| telling.status == TellStatus::Paid).count();
            prop_assert_eq!(paid, usize::from(!was_paid.is_empty()));
            let given_back = |attempt: &&Attempt| attempt.state == AttemptState::Refunded && ledger.intent.paid().is_some_and(|paid| paid.number != attempt.number);
            let surplus = ledger.intent.flags.iter().filter(|raised| raised.flag == Flag::Surplus).count();
            prop_assert_eq!(was_paid.len().saturating_sub(1), surplus + ledger.intent.attempts.iter().filter(given_back).count());
        }
        let rows = ledger.take_unsaved();
        let replayed = replay(&rows).unwrap();
        prop_assert_eq!(replayed.is_none(), rows.is_empty());
        if let Some(replayed) = replayed {
            prop_assert_eq!(replayed, ledger);
        }
    }
}

// Computed with Python: for each part, hashlib.sha256.update(len(part).to_bytes(8, "big")) and update(part). A change here makes second payments of
// old intents: never "update" these.

#[test]
fn idempotency_keys_are_what_they_have_always_been() {
    for (reference, attempt, key) in [
        (
            "INV-001",
            1,
            "49ce940ab332763551d79ac6a62bed15427bafa058ecabdba3391ca1333455aa",
        ),
        (
            "INV-001",
            2,
            "fbd6054d3ffd6281661e9f17a2409852e9e528f7e0ecf6a7833781ebf6eb7e6f",
        ),
        (
            "Rechnung/é 7",
            1,
            "92e6c7e101cab180dc680dc82ea45a71f166a5a8c6c9a0a11ee1b68bad85c762",
        ),
    ] {
        assert_eq!(
            idempotency_key(&service(), reference, attempt).as_str(),
            key
        );
    }
}

#[test]
fn names_of_intents_and_keys_of_refunds_are_what_they_have_always_been() {
    assert_eq!(
        intent_name(&service(), "INV-001").as_str(),
        "69d1fcd760f0a8d698982630b443274591736a3726255120e7ceab1f5f76c388"
    );
    assert_eq!(
        refund_key(&id("WlM3qMUUHQ2gipngenEmE"), "command-1").as_str(),
        "996757a4e87a200f2f7c534162798e993593c7b8c503650b3f099d9f7d2fe734"
    );
}

#[test]
fn keys_differ_by_each_part_and_cannot_be_confused() {
    let other =
        PaymentServiceId::parse("payment_service_655d26a2-ddfc-4718-a008-bd181c1522e9").unwrap();
    let mut seen = BTreeSet::new();
    for service in [&service(), &other] {
        for reference in [
            "INV-001",
            "INV-0011",
            "INV-00",
            "inv-001",
            "INV-001 ",
            "",
            "intent",
            "\0\0\0\u{1}",
        ] {
            for attempt in [1, 2, 256, 0x0101_0101, u32::MAX] {
                assert!(
                    seen.insert(
                        idempotency_key(service, reference, attempt)
                            .as_str()
                            .to_owned()
                    )
                );
            }
            assert!(seen.insert(intent_name(service, reference).as_str().to_owned()));
        }
    }
    for command in ["a", "ab", ""] {
        for payment in ["b", "ba", "bab"] {
            assert!(seen.insert(refund_key(&id(payment), command).as_str().to_owned()));
        }
    }
    assert!(seen.iter().all(|key| key.len() == 64));
}

#[test]
fn lists_of_parts_never_collide_by_moving_a_border() {
    assert_eq!(
        Digest::of(&[]).as_str(),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    assert_eq!(
        Digest::of(&[b""]).as_str(),
        "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc"
    );
    let lists: [&[&[u8]]; 6] = [
        &[b"ab", b"c"],
        &[b"a", b"bc"],
        &[b"abc"],
        &[b"abc", b""],
        &[b"", b"abc"],
        &[b"a", b"b", b"c"],
    ];
    let digests: BTreeSet<String> = lists
        .iter()
        .map(|list| Digest::of(list).as_str().to_owned())
        .collect();
    assert_eq!(digests.len(), lists.len());
}
