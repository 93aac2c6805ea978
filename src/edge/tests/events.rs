//! `POST /webhooks` without a ledger: the event only names a payment, a GET says whether it is paid.

use super::*;
use crate::paysg::signature::{self, Secret};

fn event(id: &str) -> Value {
    json!({
        "id": "evt_655d26a2-ddfc-4718-a008-bd181c1522e8", "object": "event", "type": "payment.succeeded", "payment_service_id": SERVICE,
        "created": NOW_MS, "data": {"object": payment(id, "paid")},
    })
}

fn signed(body: &str, t: i64) -> String {
    let tag = signature::tag(
        &Secret::parse(WEBHOOK_SECRET).unwrap(),
        &t.to_string(),
        body.as_bytes(),
    );
    format!("t={t}, v1={}", base16ct::lower::encode_string(&tag))
}

fn delivered<'a>(body: &'a str, signature: &'a str) -> Request<'a> {
    Request {
        signature,
        origin: "",
        ..post("/paysg/webhooks", body)
    }
}

const T: i64 = NOW_MS / 1000;

#[test]
fn a_paid_payment_is_told_before_paysg_is_answered() {
    let mut bench = Bench::new(&[]);
    let body = event("p1").to_string();
    let signature = signed(&body, T);
    let seen = ("GET /payments/p1", 200, payment("p1", "paid"));
    let got = bench.take(
        &delivered(&body, &signature),
        &[seen.clone(), ("TELL p1", 200, json!({}))],
    );
    assert_eq!((got.status(), got.json()), (200, json!({"received": true})));
    for refused in [0, 302, 404, 500, 503] {
        let got = bench.take(
            &delivered(&body, &signature),
            &[seen.clone(), ("TELL p1", refused, json!({}))],
        );
        assert_eq!(
            got.error(),
            (503, "fulfilment_unavailable".to_owned()),
            "so that PaySG comes again"
        );
    }
}

#[test]
fn an_event_that_the_get_does_not_bear_out_is_not_acknowledged() {
    let mut bench = Bench::new(&[]);
    let body = event("p1").to_string();
    let signature = signed(&body, T);
    let get = "GET /payments/p1";
    for (calls, http, shown, code) in [
        (1, 200, payment("p1", "unpaid"), "event_unconfirmed"),
        (1, 200, payment("p1", "cancelled"), "event_unconfirmed"),
        (
            1,
            200,
            with(payment("p1", "unpaid"), json!({"payment_status": "odd"})),
            "event_unconfirmed",
        ),
        (6, 404, own(), "event_unconfirmed"),
        (4, 404, json!({}), "paysg_unavailable"),
        (4, 200, json!({"id": "p1"}), "paysg_unavailable"),
        (4, 503, own(), "paysg_unavailable"),
    ] {
        let script = times(calls, get, http, &shown);
        let got = bench.take(&delivered(&body, &signature), &script);
        assert_eq!(got.error(), (503, code.to_owned()), "{http} {shown}");
        assert!(got.line.contains("\"outcome\":\"failed\""), "{}", got.line);
    }
    let swapped = times(4, get, 200, &payment("p2", "paid"));
    let got = bench.take(&delivered(&body, &signature), &swapped);
    assert_eq!(got.error(), (502, "payment_mismatch".to_owned()));
}

#[test]
fn whatever_was_paid_is_told_as_paid_though_it_was_refunded_since() {
    let mut bench = Bench::new(&[]);
    let body = event("p1").to_string();
    let signature = signed(&body, T);
    for state in ["partially_refunded", "refunded"] {
        let got = bench.take(
            &delivered(&body, &signature),
            &[
                ("GET /payments/p1", 200, payment("p1", state)),
                ("TELL p1", 200, json!({})),
            ],
        );
        assert_eq!(got.status(), 200, "{state}");
    }
}

#[test]
fn a_payment_made_at_an_earlier_address_is_told_and_another_systems_is_ignored() {
    let earlier = "https://earlier.example.gov.sg, https://before.example.gov.sg";
    let mut bench = Bench::new(&[("PAYSG_EARLIER_PUBLIC_URLS", earlier)]);
    let body = event("p1").to_string();
    let signature = signed(&body, T);
    for (return_url, ours) in [
        (format!("{PUBLIC}/pay/return"), true),
        (
            "https://before.example.gov.sg/paysg/return".to_owned(),
            true,
        ),
        ("https://elsewhere.example/paysg/return".to_owned(), false),
        (format!("{PUBLIC}/licence"), false),
    ] {
        let shown = with(payment("p1", "paid"), json!({"return_url": return_url}));
        let mut script = vec![("GET /payments/p1", 200, shown)];
        if ours {
            script.push(("TELL p1", 200, json!({})));
        }
        let got = bench.take(&delivered(&body, &signature), &script);
        assert_eq!(got.status(), 200, "{return_url}");
        let line = &got.line;
        assert_eq!(line.contains("\"outcome\":\"ignored\""), !ours, "{line}");
        assert_eq!(line.contains("payment_not_ours"), !ours, "{line}");
    }
    let wrong = [("PAYSG_EARLIER_PUBLIC_URLS", "https://a.example/paysg")];
    assert_eq!(read(&wrong).err().unwrap().variable, wrong[0].0);
}

#[test]
fn an_old_event_or_one_in_camel_case_and_dollars_is_still_a_hint() {
    let old = event("p1").to_string();
    let camel = json!({
        "type": "payment.succeeded", "paymentServiceId": SERVICE,
        "data": {"object": {"id": "p1", "amountInCents": 12.34, "latestStatus": "odd"}},
    })
    .to_string();
    for (body, t) in [
        (&old, T - 86_400),
        (&old, T + 86_400),
        (&old, NOW_MS),
        (&camel, T),
    ] {
        let mut bench = Bench::new(&[]);
        let signature = signed(body, t);
        let got = bench.take(
            &delivered(body, &signature),
            &[
                ("GET /payments/p1", 200, payment("p1", "paid")),
                ("TELL p1", 204, json!({})),
            ],
        );
        assert_eq!(got.status(), 200);
    }
}

#[test]
fn what_is_not_signed_is_refused_without_a_call() {
    let mut bench = Bench::new(&[]);
    let body = event("p1").to_string();
    let good = signed(&body, T);
    let other = signed(&event("p2").to_string(), T);
    let twice = format!("{good}, {good}");
    for (signature, status) in [
        ("", 400),
        ("x", 400),
        (&*twice, 400),
        (&good[..good.len() - 2], 400),
        (&*other, 401),
    ] {
        let got = bench.answer(&delivered(&body, signature));
        assert_eq!(
            got.error(),
            (status, "invalid_signature".to_owned()),
            "{signature}"
        );
        assert!(!got.response.body.contains(WEBHOOK_SECRET));
    }
    let request = Request {
        body: None,
        ..delivered("", &good)
    };
    assert_eq!(
        bench.answer(&request).error(),
        (413, "too_large".to_owned())
    );
}

#[test]
fn unknown_types_and_others_services_are_taken_and_ignored() {
    let mut bench = Bench::new(&[]);
    let others = json!({"type": "payment.succeeded", "payment_service_id": UNKNOWN_SERVICE, "data": {"object": {"id": "p1"}}});
    for (body, why) in [
        (
            json!({"type": "payment.disputed", "data": {}}),
            "event_type_unknown",
        ),
        (json!({"type": "x"}), "event_type_unknown"),
        (others, "payment_service_not_ours"),
    ] {
        let body = body.to_string();
        let signature = signed(&body, T);
        let got = bench.answer(&delivered(&body, &signature));
        assert_eq!(got.status(), 200, "{body}");
        let line = format!("\"outcome\":\"ignored\",\"status\":200,\"code\":\"{why}\"");
        assert!(got.line.contains(&line), "{}", got.line);
    }
    for body in ["", "{}", "[]", "{\"type\":\"payment.succeeded\"}"] {
        let signature = signed(body, T);
        assert_eq!(
            bench.answer(&delivered(body, &signature)).error(),
            (400, "invalid_fields".to_owned()),
            "{body}"
        );
    }
}

#[test]
fn during_a_rotation_either_secret_signs() {
    let mut bench = Bench::new(&[(
        "PAYSG_WEBHOOK_SECRET",
        &format!("the_next,{WEBHOOK_SECRET}"),
    )]);
    let body = json!({"type": "x"}).to_string();
    assert_eq!(
        bench.answer(&delivered(&body, &signed(&body, T))).status(),
        200
    );
}
