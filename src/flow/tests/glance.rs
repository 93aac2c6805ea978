//! One payment, as a GET shows it.

use serde_json::json;

use super::*;
use crate::flow::glance::Glance;
use crate::flow::step::Step;
use crate::flow::upstream::Tries;

fn arrived(status: u16, body: &[u8]) -> Answer<'_> {
    Answer::Arrived {
        status,
        retry_after_ms: None,
        body,
    }
}

fn glance() -> Glance {
    Glance::shared(service(), id("p1"), Tries::until(START_MS + 8_000))
}

fn answer(answer: &Answer<'_>) -> Step<Result<crate::paysg::Payment, Trouble>> {
    glance().answer(answer, START_MS, 0)
}

#[test]
fn what_comes_out_bears_the_id_and_service_that_were_asked_for() {
    for (body, good) in [
        (payment("p1", "paid"), true),
        (payment("P1", "paid"), false),
        (
            with(
                payment("p1", "paid"),
                json!({"payment_service_id": OTHER_SERVICE}),
            ),
            false,
        ),
    ] {
        let Step::Done(seen) = answer(&arrived(200, body.to_string().as_bytes())) else {
            panic!("asked again");
        };
        assert_eq!(seen.is_ok(), good);
        assert!(good || seen == Err(Trouble::Mismatch));
    }
}

#[test]
fn an_answer_that_cannot_be_read_is_no_payment() {
    for body in [&b""[..], b"{}", b"[]", b"<html>"] {
        let step = answer(&arrived(200, body));
        assert_eq!(step, Step::Done(Err(Trouble::Unexpected { status: 200 })));
    }
}

#[test]
fn refusals_are_final() {
    for (http, expected) in [
        (401, Trouble::Credentials),
        (403, Trouble::Credentials),
        (404, Trouble::UnknownPayment),
        (302, Trouble::Unexpected { status: 302 }),
        (418, Trouble::Unexpected { status: 418 }),
    ] {
        assert_eq!(
            answer(&arrived(http, b"{}")),
            Step::Done(Err(expected)),
            "{http}"
        );
    }
}

#[test]
fn what_is_asked_again_must_be_of_now() {
    for lost in [
        Answer::Lost,
        arrived(429, b""),
        arrived(500, b""),
        arrived(502, b""),
        arrived(503, b""),
        arrived(504, b""),
        arrived(522, b""),
    ] {
        let mut glance = glance();
        assert!(glance.fetch(0).shared);
        let Step::Fetch(again) = glance.answer(&lost, START_MS, 0) else {
            panic!("{lost:?} was final");
        };
        assert!(!again.shared, "a remembered answer is the one that failed");
    }
}

#[test]
fn no_call_lasts_longer_than_whoever_asks_still_waits() {
    let mut glance = glance().within(8_000);
    assert_eq!(glance.fetch(0).timeout_ms, 8_000);
    // Somebody else's call, which this one waited for, has ended without an answer.
    let Step::Fetch(again) = glance.answer(&Answer::Lost, START_MS + 6_500, 0) else {
        panic!("nobody waits any more");
    };
    assert_eq!(again.after_ms + again.timeout_ms, 1_500);
}

#[test]
fn four_tries_and_no_more() {
    let mut glance = glance();
    for _ in 0..3 {
        assert!(matches!(
            glance.answer(&Answer::Lost, START_MS, 0),
            Step::Fetch(_)
        ));
    }
    assert_eq!(
        glance.answer(&Answer::Lost, START_MS, 0),
        Step::Done(Err(UNAVAILABLE))
    );
}

#[test]
fn a_retry_that_would_come_at_the_deadline_is_not_made() {
    let asked = |retry_after_ms| Answer::Arrived {
        status: 429,
        retry_after_ms: Some(retry_after_ms),
        body: b"",
    };
    assert!(matches!(answer(&asked(7_999)), Step::Fetch(fetch) if fetch.after_ms == 7_999));
    assert_eq!(
        answer(&asked(8_000)),
        Step::Done(Err(Trouble::Unavailable {
            retry_after_ms: Some(8_000)
        }))
    );
}
