//! Answers: headers that nothing can break out of, pages that escape, one log line.

use sha2::{Digest as _, Sha256};

use super::*;
use crate::edge::log::{Kind, Line, Place, RequestId, Trace, Word};
use crate::edge::page::{self, StatusPage};
use crate::edge::problem::Problem;
use crate::edge::route::Route;
use crate::flow::desk::Reply;
use crate::flow::step::Target;
use crate::flow::upstream::Trouble;
use crate::flow::view::PaymentView;
use crate::paysg::{PaymentId, PaymentServiceId, Status};

#[test]
fn a_headers_value_cannot_begin_another() {
    for value in [
        "a\r\nset-cookie: x=1",
        "a\nset-cookie: x=1",
        "a\rb",
        "a\0b",
        "a\u{85}b",
        "a\u{2028}b",
        "é\u{7f}",
    ] {
        let mut response = Response::empty(204);
        let before = response.headers.lines().count();
        response.header("x-test", value);
        assert_eq!(response.headers.lines().count(), before + 1, "{value:?}");
        assert!(
            response
                .headers
                .bytes()
                .all(|byte| byte == b'\n' || (32..127).contains(&byte)),
            "{value:?}"
        );
        assert_eq!(header(&response, "set-cookie"), None);
    }
    let mut response = Response::see_other("https://a.example/\r\n\r\n<script>");
    assert_eq!(
        header(&response, "location"),
        Some("https://a.example/<script>")
    );
    response.header("x-test", " printable ~");
    assert_eq!(header(&response, "x-test"), Some(" printable ~"));
}

#[test]
fn every_answer_forbids_storing_and_guessing() {
    let problem = Problem::internal();
    for response in [
        Response::json(200, String::new()),
        Response::empty(204),
        Response::see_other("https://a.example/"),
        Response::page(200, String::new()),
        Response::problem_page(&problem, None),
        Response::problem(&problem),
    ] {
        assert_eq!(header(&response, "cache-control"), Some("no-store"));
        assert_eq!(header(&response, "x-content-type-options"), Some("nosniff"));
        assert!(header(&response, "referrer-policy").is_some());
    }
}

#[test]
fn a_page_runs_nothing_and_has_no_style_but_its_own() {
    let html = page::problem(&Problem::internal(), None);
    let response = Response::page(200, html.clone());
    let policy = header(&response, "content-security-policy").unwrap();
    // The very text between the tags, as a browser hashes it.
    let style = html
        .split("<style>")
        .nth(1)
        .unwrap()
        .split("</style>")
        .next()
        .unwrap();
    let hash = base64ct::Base64::encode_string(&Sha256::digest(style.as_bytes()));
    assert!(
        policy.contains(&format!("style-src 'sha256-{hash}'")),
        "{policy}"
    );
    for rule in [
        "default-src 'none'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(rule), "{rule}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"));
    assert!(
        !html.contains("<script") && !html.contains("style=") && !html.contains(" on"),
        "{html}"
    );
    assert_eq!(header(&response, "x-frame-options"), Some("DENY"));
    assert_eq!(html.matches("<style>").count(), 1);
}

fn view(reference: &str, amount: u64) -> PaymentView {
    PaymentView {
        id: PaymentId::parse("p1").unwrap(),
        payment_service_id: PaymentServiceId::parse(SERVICE).unwrap(),
        payment_url: "https://staging.pay.gov.sg/payments/p1".to_owned(),
        reference_id: reference.to_owned(),
        amount_in_cents: amount,
        status: Status::Paid,
        paid_at: None,
    }
}

const fn page_of(
    status: Status,
    payment: Option<&PaymentView>,
    refreshed: u32,
    unreachable: bool,
) -> StatusPage<'_> {
    StatusPage {
        home: None,
        status,
        payment,
        payment_page: None,
        base_path: "/paysg",
        refreshed,
        unreachable,
    }
}

fn shown(
    status: Status,
    payment: Option<&PaymentView>,
    refreshed: u32,
    unreachable: bool,
) -> String {
    page_of(status, payment, refreshed, unreachable).html()
}

#[test]
fn a_reference_is_text_on_the_page_whatever_is_in_it() {
    let payment = view("<img src=x onerror=\"a('b')\">&amp;", 123_456);
    let html = shown(Status::Paid, Some(&payment), 0, false);
    assert!(
        html.contains("<dd>&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;amp;</dd>")
    );
    assert!(html.contains("<dd>S$1234.56</dd>"));
    for (cents, text) in [
        (5, "S$0.05"),
        (50, "S$0.50"),
        (100, "S$1.00"),
        (0, "S$0.00"),
    ] {
        assert!(shown(Status::Paid, Some(&view("r", cents)), 0, false).contains(text));
    }
}

#[test]
fn a_payer_who_may_have_paid_is_never_told_of_a_failure() {
    for (status, unreachable, state) in [
        (Status::Unpaid, false, "confirming"),
        (Status::Unknown, false, "confirming"),
        (Status::Unknown, true, "confirming"),
        (Status::Paid, false, "paid"),
        (Status::PartiallyRefunded, false, "partially_refunded"),
        (Status::Refunded, false, "refunded"),
        (Status::Cancelled, false, "cancelled"),
    ] {
        let html = shown(status, None, 0, unreachable);
        assert!(
            html.contains(&format!("data-state=\"{state}\"")),
            "{status:?}"
        );
        let lower = html.to_lowercase();
        assert!(
            !lower.contains("fail") && !lower.contains("error"),
            "{status:?}"
        );
        assert_eq!(
            page_of(status, None, 0, unreachable).refresh().is_some(),
            state == "confirming",
            "{status:?}"
        );
    }
}

#[test]
fn a_waiting_page_refreshes_itself_ever_slower_and_not_for_ever_nor_against_the_payers_will() {
    let refresh = |refreshed| page_of(Status::Unpaid, None, refreshed, false).refresh();
    let html = shown(Status::Unpaid, None, 0, false);
    assert!(html.contains("<a href=\"?refreshed=60\">Stop updating it</a>"));
    assert!(!html.contains("http-equiv"));
    let response = Response::status_page(&page_of(Status::Unpaid, None, 0, false), None);
    assert!(
        response
            .headers
            .contains("\nrefresh: 2; url=?refreshed=1\n")
    );
    let response = Response::status_page(&page_of(Status::Paid, None, 0, false), None);
    assert!(!response.headers.contains("refresh"));
    assert_eq!(refresh(0).as_deref(), Some("2; url=?refreshed=1"));
    assert_eq!(refresh(4).as_deref(), Some("10; url=?refreshed=5"));
    assert_eq!(refresh(59).as_deref(), Some("30; url=?refreshed=60"));
    for refreshed in [60, 61, u32::MAX] {
        assert_eq!(refresh(refreshed), None);
        assert!(shown(Status::Unpaid, None, refreshed, false).contains("Look again"));
    }
}

#[test]
fn only_an_unpaid_payment_of_this_browser_offers_the_way_back_to_paysg() {
    let payment = view("INV-001", 4200);
    let offers = |status, payment, unreachable| {
        shown(status, payment, 0, unreachable).contains("href=\"/paysg/resume\"")
    };
    assert!(offers(Status::Unpaid, Some(&payment), false));
    assert!(!offers(Status::Unpaid, None, false));
    assert!(!offers(Status::Unpaid, Some(&payment), true));
    assert!(!offers(Status::Paid, Some(&payment), false));
}

#[test]
fn a_log_line_has_every_field_and_only_those() {
    let mut trace = Trace::new(
        Some(RequestId::draw(&(0..64).collect::<Vec<u8>>())),
        NOW_MS - 51,
    );
    trace.asks(NOW_MS - 41);
    let body = br#"{"error":{"type":"conflict","code":"key_in_use","message":"S1234567D"}}"#;
    let refused = Answer::Arrived {
        status: 409,
        retry_after_ms: None,
        body,
    };
    trace.hears(NOW_MS - 11, Some(Target::Paysg), &refused);
    let line = Line {
        at_ms: NOW_MS,
        place: Place::Route(Route::Status),
        trace: &trace,
        status: Some(503),
        code: Some("paysg_unavailable"),
        ignored: None,
        variable: None,
    };
    let json: Value = serde_json::from_str(&line.to_json()).unwrap();
    assert_eq!(
        json,
        json!({
            "at": "2026-11-18T11:06:40.000Z", "request_id": "2c2d2e2f30313233", "route": "GET /payments/{payment_service_id}/{payment_id}",
            "outcome": "failed", "status": 503, "code": "paysg_unavailable", "ms": 51, "upstream_ms": 30,
            "upstream": "paysg", "upstream_status": 409, "upstream_code": "key_in_use",
        })
    );
    let untroubled = Trace::new(None, NOW_MS + 5);
    let backwards = Line {
        trace: &untroubled,
        place: Place::Unknown,
        status: None,
        code: None,
        ..line
    };
    let json: Value = serde_json::from_str(&backwards.to_json()).unwrap();
    assert_eq!(
        json,
        json!({
            "at": "2026-11-18T11:06:40.000Z", "request_id": null, "route": null, "outcome": "ok", "status": null, "code": null,
            "ms": 0, "upstream_ms": 0, "upstream": null, "upstream_status": null, "upstream_code": null,
        })
    );
}

#[test]
fn what_paysg_calls_an_error_is_logged_only_where_it_is_a_word() {
    for word in ["conflict", "key_in_use"] {
        assert!(Word::parse(word).is_some(), "{word}");
    }
    let long = "a".repeat(65);
    for text in [
        "",
        "Tan Ah Kow",
        "tan@example",
        "S1234567D",
        "s1234567d",
        "a-b",
        "a b",
        &long,
    ] {
        assert!(Word::parse(text).is_none(), "{text}");
    }
}

#[test]
fn an_object_has_a_line_for_each_alarm_and_for_trouble_and_none_for_what_the_request_says_itself() {
    let mut trace = Trace::new(None, NOW_MS);
    let line = |kind, trace: &Trace, reply: &Reply| {
        Line::of_object(NOW_MS, kind, trace, reply)
            .map(|line| serde_json::from_str::<Value>(&line.to_json()).unwrap())
    };
    let failed = Reply::Failed(Trouble::Unavailable {
        retry_after_ms: None,
    });
    assert_eq!(line(Kind::Pay, &trace, &failed), None);
    let alarm = line(Kind::Wake, &trace, &Reply::Slept).unwrap();
    assert_eq!(
        (&alarm["route"], &alarm["outcome"]),
        (&json!("alarm"), &json!("ok"))
    );
    trace.hears(NOW_MS, Some(Target::Fulfilment), &Answer::Lost);
    let told = line(Kind::Pay, &trace, &failed).unwrap();
    assert_eq!(
        (
            &told["outcome"],
            &told["code"],
            &told["upstream"],
            &told["upstream_status"]
        ),
        (
            &json!("failed"),
            &json!("paysg_unavailable"),
            &json!("eservice"),
            &json!(0)
        )
    );
}
