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
        let body = body.to_string();
        let arrived = arrived(200, body.as_bytes());
        let expected = if good { Ok(()) } else { Err(Trouble::Mismatch) };
        let (tries, seen) = asked_until_done(glance(), &arrived);
        assert_eq!((tries, seen), (if good { 1 } else { 4 }, expected));
    }
}

/// How often it asks while it is always answered so, and what comes out.
fn asked_until_done(mut glance: Glance, answer: &Answer<'_>) -> (u32, Result<(), Trouble>) {
    for tries in 1..10 {
        if let Step::Done(seen) = glance.answer(answer, START_MS, 0) {
            return (tries, seen.map(|_| ()));
        }
    }
    panic!("it asks without end");
}

/// `{"error":{…}}`
const OWN: &[u8] = br#"{"error":{"type":"some_type","code":"some_code","message":"no"}}"#;

#[test]
fn an_answer_without_paysgs_form_says_nothing_whatever_its_status() {
    for body in [
        &b""[..],
        b"{}",
        b"[]",
        b"<html>",
        br#"{"message":"Forbidden"}"#,
        br#"{"id":"p1","payment_sta"#,
    ] {
        for http in [
            200, 204, 301, 302, 304, 400, 401, 403, 404, 409, 418, 422, 429, 500, 502, 503, 504,
            522,
        ] {
            let seen = asked_until_done(glance(), &arrived(http, body));
            assert_eq!(seen, (4, Err(UNAVAILABLE)), "{http}");
        }
    }
    for http in [302, 410, 418, 422, 502, 504] {
        let seen = asked_until_done(glance(), &arrived(http, OWN));
        assert_eq!(seen, (4, Err(UNAVAILABLE)), "PaySG documents no {http}");
    }
}

#[test]
fn paysgs_own_refusals_are_final() {
    for http in [401, 403] {
        let step = answer(&arrived(http, OWN));
        assert_eq!(step, Step::Done(Err(Trouble::Credentials)), "{http}");
    }
}

#[test]
fn paysgs_own_404_is_asked_about_again_and_not_believed_of_a_payment_that_it_has_spoken_of() {
    let gone = arrived(404, OWN);
    let stranger = asked_until_done(glance(), &gone);
    assert_eq!(stranger, (3, Err(Trouble::UnknownPayment)));
    let believed = asked_until_done(glance().believed(), &gone);
    assert_eq!(believed, (6, Err(Trouble::NotShownYet)));
    let mut lagging = glance().believed();
    assert!(matches!(lagging.answer(&gone, START_MS, 0), Step::Fetch(_)));
    let shown = payment("p1", "paid").to_string();
    let seen = lagging.answer(&arrived(200, shown.as_bytes()), START_MS, 0);
    assert!(matches!(seen, Step::Done(Ok(_))));
}

#[test]
fn what_is_asked_again_must_be_of_now() {
    for lost in [
        Answer::Lost,
        arrived(429, OWN),
        arrived(500, OWN),
        arrived(503, OWN),
        arrived(404, OWN),
        arrived(502, b""),
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
