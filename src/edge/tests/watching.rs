//! After the payment page: returning, the status, resuming, commands.

use super::*;
use crate::edge::problem::Problem;
use crate::edge::request::Oversized;

fn returned(id: &str) -> String {
    format!("paysg_payment_id={id}&paysg_payment_service_id={SERVICE}")
}

fn result(id: &str) -> String {
    format!("{WWW}/done?lang=en&paysg_payment_id={id}&paysg_payment_service_id={SERVICE}#top")
}

fn status_path(id: &str) -> String {
    format!("/paysg/payments/{SERVICE}/{id}")
}

#[test]
fn a_returning_payer_always_goes_on_to_the_result() {
    let mut bench = Bench::new(&[]);
    let query = returned("p1");
    for (calls, http, body) in [
        (1, 200, payment("p1", "paid")),
        (1, 200, payment("p1", "unpaid")),
        (4, 200, payment("p2", "paid")),
        (3, 404, own()),
        (4, 404, json!({})),
        (1, 401, own()),
        (4, 401, json!({})),
    ] {
        let got = bench.take(
            &get("/paysg/return", &query),
            &times(calls, "GET /payments/p1", http, &body),
        );
        assert_eq!(
            (got.status(), got.header("location")),
            (303, Some(&*result("p1"))),
            "{http}"
        );
    }
    let down = || ("GET /payments/p1", 0, Value::Null);
    let got = bench.take(
        &get("/paysg/return", &query),
        &[down(), down(), down(), down()],
    );
    assert_eq!(got.header("location"), Some(&*result("p1")));
}

#[test]
fn without_a_result_url_the_result_is_our_own_page() {
    let mut bench = Bench::new(&[("PAYSG_RESULT_URL", "")]);
    let got = bench.take(
        &get("/paysg/return", &returned("p1")),
        &[("GET /payments/p1", 200, payment("p1", "paid"))],
    );
    assert_eq!(
        got.header("location"),
        Some(&*format!("{PUBLIC}{}", status_path("p1")))
    );
}

#[test]
fn malformed_return_parameters_are_400_without_a_call() {
    let mut bench = Bench::new(&[]);
    let twice = format!("{}&paysg_payment_id=p1", returned("p1"));
    let swapped = format!("paysg_payment_id={SERVICE}&paysg_payment_service_id=p1");
    let long = returned(&"x".repeat(65));
    let traversal = returned("..%2Fcancel");
    for query in [
        "",
        "page=2",
        "paysg_payment_id=p1",
        &twice,
        &swapped,
        &long,
        &traversal,
        &returned(""),
    ] {
        let got = bench.answer(&get("/paysg/return", query));
        assert_eq!(got.error(), (400, "invalid_return".to_owned()), "{query}");
    }
    let other = format!("paysg_payment_id=p1&paysg_payment_service_id={UNKNOWN_SERVICE}");
    assert_eq!(
        bench.answer(&get("/paysg/return", &other)).error(),
        (404, "unknown_payment_service".to_owned())
    );
}

#[test]
fn without_proof_only_the_status_is_told() {
    let mut bench = Bench::new(&[]);
    let got = bench.take(
        &get(&status_path("p1"), ""),
        &[("GET /payments/p1", 200, payment("p1", "paid"))],
    );
    assert_eq!(
        got.json(),
        json!({"id": "p1", "payment_service_id": SERVICE, "status": "paid"})
    );
    let path = status_path("p9");
    let unknown = times(3, "GET /payments/p9", 404, &own());
    let got = bench.take(&get(&path, ""), &unknown);
    assert_eq!(got.error(), (404, "unknown_payment".to_owned()));
    let unanswered = times(4, "GET /payments/p9", 404, &json!({}));
    let got = bench.take(&get(&path, ""), &unanswered);
    assert_eq!(got.error(), (503, "paysg_unavailable".to_owned()));
}

#[test]
fn with_proof_reference_and_amount_are_told_and_if_paid_a_receipt() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made_p1(&mut bench);
    let path = status_path("p1");
    let request = Request {
        cookie: &cookie,
        ..get(&path, "")
    };
    for state in ["unpaid", "cancelled", "refunded", "paid"] {
        let got = bench.take(&request, &[("GET /payments/p1", 200, payment("p1", state))]);
        let mut shown = got.json();
        let receipt = shown.as_object_mut().unwrap().remove("receipt");
        assert_eq!(
            shown,
            json!({"id": "p1", "payment_service_id": SERVICE, "status": state, "reference_id": "INV-001", "amount_in_cents": 4200})
        );
        assert_eq!(receipt.is_some(), state == "paid", "{state}");
        if let Some(receipt) = receipt {
            let claims =
                Base64UrlUnpadded::decode_vec(receipt.as_str().unwrap().split('.').nth(1).unwrap())
                    .unwrap();
            let claims: Value = serde_json::from_slice(&claims).unwrap();
            assert_eq!(
                (&claims["iss"], &claims["aud"]),
                (&json!(PUBLIC), &json!(WWW))
            );
        }
    }
}

#[test]
fn a_swapped_payment_is_no_proof_of_this_one() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made_p1(&mut bench);
    let path = status_path("p1");
    let request = Request {
        cookie: &cookie,
        ..get(&path, "")
    };
    for change in [
        json!({"reference_id": "INV-002"}),
        json!({"amount_in_cents": 1}),
    ] {
        let got = bench.take(
            &request,
            &[(
                "GET /payments/p1",
                200,
                with(payment("p1", "paid"), change.clone()),
            )],
        );
        assert_eq!(
            got.json(),
            json!({"id": "p1", "payment_service_id": SERVICE, "status": "paid"}),
            "{change}"
        );
    }
    let another = status_path("p2");
    let got = bench.take(
        &Request {
            cookie: &cookie,
            ..get(&another, "")
        },
        &[("GET /payments/p2", 200, payment("p2", "paid"))],
    );
    assert_eq!(
        got.json().get("receipt"),
        None,
        "another order's paid payment"
    );
    let swapped = times(4, "GET /payments/p1", 200, &payment("p2", "paid"));
    let got = bench.take(&request, &swapped);
    assert_eq!(got.error(), (502, "payment_mismatch".to_owned()));
}

#[test]
fn a_payer_who_has_made_the_payment_is_never_told_that_there_is_none() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made_p1(&mut bench);
    let path = status_path("p1");
    for (calls, body) in [(6, own()), (4, json!({}))] {
        let missing = times(calls, "GET /payments/p1", 404, &body);
        for (path, query) in [(&*path, "refreshed=7"), ("/paysg/resume", "")] {
            let request = Request {
                cookie: &cookie,
                ..get(path, query)
            };
            let got = bench.take(&request, &missing);
            assert_eq!(got.error(), (503, "paysg_unavailable".to_owned()), "{path}");
        }
        let page = Request {
            cookie: &cookie,
            ..opens_the_page(&path)
        };
        let got = bench.take(&page, &missing);
        is_confirming(&got, 503, "paysg_unavailable");
    }
}

#[test]
fn the_status_page_confirms_while_paysg_is_out_of_reach() {
    let mut bench = Bench::new(&[]);
    let path = status_path("p1");
    let down = || ("GET /payments/p1", 503, json!({}));
    let page = Request {
        accept: "text/html",
        ..get(&path, "refreshed=7")
    };
    let got = bench.take(&page, &[down(), down(), down(), down()]);
    assert_eq!(got.status(), 503);
    assert!(got.response.body.contains("data-state=\"confirming\""));
    assert_eq!(got.header("refresh"), Some("16; url=?refreshed=8"));
    assert!(!got.response.body.contains("Nothing was charged"));
    let got = bench.take(&get(&path, ""), &[down(), down(), down(), down()]);
    assert_eq!(got.error(), (503, "paysg_unavailable".to_owned()));
}

/// A payer who opens a payment's page is on the way back from PaySG.
fn opens_the_page(path: &str) -> Request<'_> {
    Request {
        accept: "text/html",
        ..get(path, "refreshed=7")
    }
}

fn is_confirming(got: &Got, status: u16, code: &str) {
    assert_eq!(got.status(), status, "{code}");
    let body = &got.response.body;
    assert!(body.contains("data-state=\"confirming\""), "{code}: {body}");
    assert!(
        body.contains("If you have paid, your payment is safe"),
        "{code}"
    );
    assert!(!body.contains("Nothing was charged"), "{code}");
    assert_eq!(got.header("refresh"), Some("16; url=?refreshed=8"));
    assert!(got.line.contains(code), "{code}: {}", got.line);
}

#[test]
fn the_status_page_confirms_whatever_trouble_there_is_with_paysg() {
    let mut bench = Bench::new(&[]);
    let path = status_path("p1");
    for (calls, http, body, status, code) in [
        (1, 401, own(), 502, "paysg_credentials"),
        (1, 403, own(), 502, "paysg_credentials"),
        (1, 402, own(), 502, "paysg_not_connected"),
        (4, 403, json!({}), 503, "paysg_unavailable"),
        (4, 404, json!({}), 503, "paysg_unavailable"),
        (4, 302, json!({}), 503, "paysg_unavailable"),
        (4, 200, json!({"id": "p1"}), 503, "paysg_unavailable"),
        (4, 200, payment("p2", "paid"), 502, "payment_mismatch"),
    ] {
        let calls = times(calls, "GET /payments/p1", http, &body);
        let got = bench.take(&opens_the_page(&path), &calls);
        is_confirming(&got, status, code);
        let json = bench.take(&get(&path, ""), &calls);
        assert_eq!(json.error(), (status, code.to_owned()));
    }
}

#[test]
fn the_status_page_says_that_there_is_no_payment_only_after_some_refreshes() {
    let mut bench = Bench::new(&[]);
    let path = status_path("p1");
    let unknown = times(3, "GET /payments/p1", 404, &own());
    for (query, is_over) in [("", false), ("refreshed=3", false), ("refreshed=4", true)] {
        let page = Request {
            accept: "text/html",
            ..get(&path, query)
        };
        let got = bench.take(&page, &unknown);
        assert_eq!(got.status(), 404, "{query}");
        assert_eq!(got.header("refresh").is_none(), is_over, "{query}");
        let body = &got.response.body;
        assert_eq!(body.contains("Payment not found"), is_over, "{query}");
        assert_ne!(
            body.contains("data-state=\"confirming\""),
            is_over,
            "{query}"
        );
    }
}

#[test]
fn the_status_page_confirms_where_the_question_is_given_up() {
    let bench = Bench::new(&[]);
    let path = status_path("p1");
    for problem in [
        Problem::rate_limited(60),
        Problem::overloaded(),
        Problem::internal(),
    ] {
        let got = bench.gives_up(&opens_the_page(&path), &problem);
        is_confirming(&got, problem.status, problem.code);
        let retry_after = problem.retry_after_secs.map(|secs| secs.to_string());
        assert_eq!(got.header("retry-after"), retry_after.as_deref());
        let json = bench.gives_up(&get(&path, ""), &problem);
        assert_eq!(json.error(), (problem.status, problem.code.to_owned()));
    }
}

#[test]
fn nobody_who_may_have_paid_is_told_that_nothing_was_charged() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made_p1(&mut bench);
    let body = order(json!({}));
    let cancel = action("p1", "cancel");
    let proved = |request| Request {
        cookie: &cookie,
        ..request
    };
    // The last one without a cookie: its order may have been paid in another browser.
    for request in [
        proved(get("/paysg/resume", "")),
        proved(post(&cancel, "")),
        proved(post("/paysg/payments", &body)),
        post("/paysg/payments", &body),
    ] {
        let request = Request {
            accept: "text/html",
            ..request
        };
        for problem in [
            Problem::rate_limited(60),
            Problem::overloaded(),
            Problem::internal(),
        ] {
            let got = bench.gives_up(&request, &problem);
            let (path, body) = (request.path, &got.response.body);
            assert!(!body.contains("Nothing was charged"), "{path}: {body}");
            assert!(body.contains("your payment is safe"), "{path}: {body}");
        }
    }
    // Before its body is read, too, and where it cannot be.
    let press = Request {
        accept: "text/html",
        ..post("/paysg/payments", &body)
    };
    for problem in [Problem::overloaded(), Problem::too_slow()] {
        let Move::Respond(response, _) = bench.edge().turn_away(&press, &problem) else {
            panic!("it goes on");
        };
        assert!(!response.body.contains("Nothing was charged"));
    }
    for spoilt in [
        Request {
            oversized: Some(Oversized::Headers),
            ..press
        },
        Request {
            content_type: "text/plain",
            ..press
        },
    ] {
        let got = bench.answer(&spoilt);
        assert!([431, 415].contains(&got.status()), "{}", got.status());
        assert!(!got.response.body.contains("Nothing was charged"));
    }
    // A cancelled link may have been paid just before.
    let path = status_path("p1");
    let cancelled = ("GET /payments/p1", 200, payment("p1", "cancelled"));
    let got = bench.take(&opens_the_page(&path), &[cancelled]);
    assert!(!got.response.body.contains("Nothing was charged"));
    assert!(got.response.body.contains("your payment is safe"));
}

#[test]
fn resuming_leads_to_the_newest_open_payment_or_to_the_result() {
    let mut bench = Bench::new(&[]);
    let none = bench.answer(&get("/paysg/resume", ""));
    assert_eq!(none.error(), (404, "nothing_to_resume".to_owned()));
    let cookie = has_made_p1(&mut bench);
    let request = Request {
        cookie: &cookie,
        ..get("/paysg/resume", "")
    };
    for (state, to) in [
        (
            "unpaid",
            "https://staging.pay.gov.sg/payments/p1".to_owned(),
        ),
        ("paid", result("p1")),
        ("refunded", result("p1")),
    ] {
        let got = bench.take(&request, &[("GET /payments/p1", 200, payment("p1", state))]);
        assert_eq!(
            (got.status(), got.header("location")),
            (303, Some(&*to)),
            "{state}"
        );
    }
    let got = bench.take(
        &request,
        &[("GET /payments/p1", 200, payment("p1", "cancelled"))],
    );
    assert_eq!(got.error(), (404, "nothing_to_resume".to_owned()));
}

#[test]
fn an_hour_after_its_last_press_a_payment_is_not_resumed() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made(&mut bench, 2);
    let named = format!("paysg_payment_id=p1&paysg_payment_service_id={SERVICE}");
    let made_ms = bench.now_ms;
    for query in ["", &*named] {
        let request = Request {
            cookie: &cookie,
            ..get("/paysg/resume", query)
        };
        bench.now_ms = made_ms + 3_599_000;
        let newest = if query.is_empty() { "p2" } else { "p1" };
        let open = (
            &*format!("GET /payments/{newest}"),
            200,
            payment(newest, "unpaid"),
        );
        assert_eq!(bench.take(&request, &[open]).status(), 303);
        bench.now_ms = made_ms + 3_600_000;
        let got = bench.answer(&request);
        assert_eq!(got.error(), (404, "nothing_to_resume".to_owned()));
    }
    // It is still this browser's, for a day.
    let path = status_path("p1");
    let request = Request {
        cookie: &cookie,
        ..get(&path, "")
    };
    let shows = || ("GET /payments/p1", 200, payment("p1", "unpaid"));
    assert_eq!(
        bench.take(&request, &[shows()]).json()["reference_id"],
        "INV-001"
    );
    bench.now_ms = made_ms + 86_400_000;
    assert_eq!(
        bench.take(&request, &[shows()]).json().get("reference_id"),
        None
    );
}

#[test]
fn a_press_of_pay_opens_the_hour_anew() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made_p1(&mut bench);
    bench.now_ms += 3_500_000;
    let body = order(json!({}));
    let press = Request {
        cookie: &cookie,
        ..post("/paysg/payments", &body)
    };
    let open = || payment("p1", "unpaid");
    let again = [
        ("POST /payments", 201, open()),
        ("GET /payments/p1", 200, open()),
    ];
    let cookie = bench.take(&press, &again).kept(&cookie);
    bench.now_ms += 3_500_000;
    let resume = Request {
        cookie: &cookie,
        ..get("/paysg/resume", "")
    };
    let got = bench.take(&resume, &[("GET /payments/p1", 200, open())]);
    assert_eq!(
        got.header("location"),
        Some("https://staging.pay.gov.sg/payments/p1")
    );
}

#[test]
fn forgetting_takes_every_cookie_away_those_too_that_cannot_be_opened() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made(&mut bench, 3);
    assert_eq!(cookie.split("; ").count(), 4);
    let planted = "__Host-paysg-655d-0123456789ab=old";
    let others = "theme=dark; __Host-paysg-6-0123456789ab=x; __Host-paysg-655d-short=x; __Host-paysg-655d-0123456789ab%0a=x";
    let all = format!("{cookie}; {planted}; {others}");
    let forget = Request {
        cookie: &all,
        ..post("/paysg/forget", "")
    };
    let got = bench.answer(&forget);
    assert_eq!(got.status(), 204);
    assert_eq!(got.kept(&all), others, "what is not ours stays");
    let page = bench.answer(&Request {
        accept: "text/html",
        ..forget
    });
    assert_eq!(page.status(), 200);
    assert!(page.response.body.contains("data-state=\"forgotten\""));
    assert_eq!(page.kept(&all), others);
}

#[test]
fn another_site_cannot_have_a_browser_forget() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made_p1(&mut bench);
    let got = bench.answer(&Request {
        cookie: &cookie,
        origin: "https://evil.example",
        ..post("/paysg/forget", "")
    });
    assert_eq!(got.error(), (403, "origin_not_allowed".to_owned()));
    assert_eq!(got.header("set-cookie"), None);
    let by_link = bench.answer(&Request {
        cookie: &cookie,
        ..get("/paysg/forget", "")
    });
    assert_eq!(by_link.error(), (405, "method_not_allowed".to_owned()));
}

#[test]
fn a_page_that_shows_an_own_payment_offers_to_forget_it() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made_p1(&mut bench);
    let path = status_path("p1");
    for (cookie, offers) in [(&*cookie, true), ("", false)] {
        let request = Request {
            cookie,
            ..opens_the_page(&path)
        };
        let got = bench.take(
            &request,
            &[("GET /payments/p1", 200, payment("p1", "paid"))],
        );
        let form = "<form method=\"post\" action=\"/paysg/forget\">";
        assert_eq!(got.response.body.contains(form), offers);
        let policy = got.header("content-security-policy").unwrap();
        assert!(policy.contains("form-action 'self'"), "{policy}");
    }
}

#[test]
fn a_payment_that_is_named_is_resumed_itself_if_it_is_this_browsers() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made(&mut bench, 2);
    let named = |id: &str| format!("paysg_payment_id={id}&paysg_payment_service_id={SERVICE}");
    let (older, strange) = (named("p1"), named("p9"));
    let resume = |query| Request {
        cookie: &cookie,
        ..get("/paysg/resume", query)
    };
    let p1 = |state| ("GET /payments/p1", 200, payment("p1", state));
    let p2 = || ("GET /payments/p2", 200, payment("p2", "unpaid"));
    let at = |id: &str| format!("https://staging.pay.gov.sg/payments/{id}");
    let got = bench.take(&resume(&older), &[p1("unpaid")]);
    assert_eq!(got.header("location"), Some(&*at("p1")));
    // Paid meanwhile, it leads to its own result and not to another payment.
    let got = bench.take(&resume(&older), &[p1("paid")]);
    assert_eq!(got.header("location"), Some(&*result("p1")));
    for query in [&*strange, "paysg_payment_id=p1", ""] {
        let got = bench.take(&resume(query), &[p2()]);
        assert_eq!(got.header("location"), Some(&*at("p2")), "{query}");
    }
}

#[test]
fn resuming_goes_on_past_what_is_paid_to_what_is_open() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made(&mut bench, 3);
    let request = Request {
        cookie: &cookie,
        ..get("/paysg/resume", "")
    };
    let shows = |id: &str, state| with(payment(id, state), json!({}));
    let p3 = ("GET /payments/p3", 200, shows("p3", "paid"));
    let p2 = ("GET /payments/p2", 200, shows("p2", "refunded"));
    let p1 = |state| ("GET /payments/p1", 200, shows("p1", state));
    let got = bench.take(&request, &[p3.clone(), p2.clone(), p1("unpaid")]);
    assert_eq!(
        got.header("location"),
        Some("https://staging.pay.gov.sg/payments/p1")
    );
    // Nothing is open: the newest of those that were paid.
    let got = bench.take(&request, &[p3.clone(), p2.clone(), p1("cancelled")]);
    assert_eq!(got.header("location"), Some(&*result("p3")));
    // The same where PaySG is gone in the middle of it.
    let down = || ("GET /payments/p2", 503, json!({}));
    let got = bench.take(&request, &[p3, down(), down(), down(), down()]);
    assert_eq!(got.header("location"), Some(&*result("p3")));
}

#[test]
fn resuming_asks_no_longer_than_a_payer_waits_however_many_payments_there_are() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made(&mut bench, 3);
    let request = Request {
        cookie: &cookie,
        ..get("/paysg/resume", "")
    };
    bench.latency_ms = 5_000;
    let cancelled = |id: &str, path| (path, 200, payment(id, "cancelled"));
    let script = [
        cancelled("p3", "GET /payments/p3"),
        cancelled("p2", "GET /payments/p2"),
    ];
    let got = bench.take(&request, &script);
    assert_eq!(got.error(), (503, "paysg_unavailable".to_owned()));
    let paid = ("GET /payments/p3", 200, payment("p3", "paid"));
    let got = bench.take(&request, &[paid, script[1].clone()]);
    assert_eq!(got.header("location"), Some(&*result("p3")));
}

#[test]
fn an_unpaid_payments_page_leads_to_that_very_payment() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made(&mut bench, 2);
    let path = status_path("p1");
    let request = Request {
        accept: "text/html",
        cookie: &cookie,
        ..get(&path, "")
    };
    let own = "<a href=\"https://staging.pay.gov.sg/payments/p1\">I have not paid yet";
    let newest = "<a href=\"/paysg/resume\">I have not paid yet";
    for (changes, link) in [
        (json!({}), own),
        (json!({"payment_url": "https://evil.example/p1"}), newest),
    ] {
        let shown = with(payment("p1", "unpaid"), changes);
        let got = bench.take(&request, &[("GET /payments/p1", 200, shown)]);
        assert!(got.response.body.contains(link), "{}", got.response.body);
        assert!(!got.response.body.contains("evil"));
    }
}

fn action(id: &str, word: &str) -> String {
    format!("{}/{word}", status_path(id))
}

#[test]
fn a_payer_cancels_by_cookie_and_only_an_own_payment() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made_p1(&mut bench);
    let cancel = action("p1", "cancel");
    let by = |cookie| Request {
        cookie,
        ..post(&cancel, "")
    };
    let done = [
        ("POST /payments/p1/cancel", 200, payment("p1", "cancelled")),
        ("GET /payments/p1", 200, payment("p1", "cancelled")),
    ];
    let got = bench.take(&by(&cookie), &done);
    assert_eq!(
        (got.status(), &got.json()["payment"]["status"]),
        (200, &json!("cancelled"))
    );
    assert_eq!(bench.answer(&by("")).error(), (403, "no_proof".to_owned()));
    let others = action("p2", "cancel");
    assert_eq!(
        bench
            .answer(&Request {
                cookie: &cookie,
                ..post(&others, "")
            })
            .error(),
        (403, "no_proof".to_owned())
    );
    let evil = Request {
        origin: "https://evil.example",
        ..by(&cookie)
    };
    assert_eq!(
        bench.answer(&evil).error(),
        (403, "origin_not_allowed".to_owned())
    );
}

#[test]
fn a_payer_does_nothing_else_by_cookie() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made_p1(&mut bench);
    for word in ["refund", "send-email", "tell-again"] {
        let path = action("p1", word);
        let got = bench.answer(&Request {
            cookie: &cookie,
            ..post(&path, "")
        });
        assert_eq!(got.error(), (401, "invalid_token".to_owned()), "{word}");
        assert_eq!(got.header("www-authenticate"), Some("Bearer"));
    }
    for word in ["read", "pay", "/"] {
        let path = action("p1", word);
        assert_eq!(
            bench.answer(&post(&path, "")).error(),
            (404, "not_found".to_owned()),
            "{word}"
        );
    }
}

#[test]
fn an_officers_token_is_for_one_action_on_one_payment() {
    let mut bench = Bench::new(&[]);
    let refund = action("p1", "refund");
    let good = command(
        "refund",
        json!({"payment_id": "p1", "refund_amount_in_cents": 100, "jti": "j"}),
    );
    fn by<'a>(authorization: &'a str, path: &'a str) -> Request<'a> {
        Request {
            authorization,
            origin: "",
            ..post(path, "")
        }
    }
    let got = bench.take(
        &by(&good, &refund),
        &[
            ("POST /payments/p1/refund", 200, payment("p1", "refunded")),
            ("GET /payments/p1", 200, payment("p1", "refunded")),
        ],
    );
    assert_eq!(
        (got.status(), &got.json()["payment"]["status"]),
        (200, &json!("refunded"))
    );
    for (other, claims) in [
        (
            "refund",
            json!({"payment_id": "p2", "refund_amount_in_cents": 100, "jti": "j"}),
        ),
        ("cancel", json!({"payment_id": "p1"})),
        (
            "refund",
            json!({"payment_id": "p1", "refund_amount_in_cents": 100, "jti": "j", "payment_service_id": OTHER_SERVICE}),
        ),
    ] {
        let token = command(other, claims);
        assert_eq!(
            bench.answer(&by(&token, &refund)).error(),
            (403, "token_mismatch".to_owned())
        );
    }
    let order: Value = serde_json::from_str(&order(json!({}))).unwrap();
    let order = format!("Bearer {}", order["order"].as_str().unwrap());
    assert_eq!(
        bench.answer(&by(&order, &refund)).error(),
        (401, "invalid_token".to_owned())
    );
}

#[test]
fn a_refund_that_could_be_made_twice_is_not_made_and_the_claim_is_named() {
    let mut bench = Bench::new(&[]);
    let refund = action("p1", "refund");
    for (claims, message, field) in [
        (
            json!({"payment_id": "p1", "refund_amount_in_cents": 100}),
            "The command token was not taken: in its claims, jti: required.",
            json!({"field": "jti", "rule": "required"}),
        ),
        (
            json!({"payment_id": "p1", "refund_amount_in_cents": 0, "jti": "j"}),
            "The command token was not taken: in its claims, refund_amount_in_cents: too_small (limit 1).",
            json!({"field": "refund_amount_in_cents", "rule": "too_small", "limit": 1}),
        ),
    ] {
        let authorization = command("refund", claims);
        let got = bench.answer(&Request {
            authorization: &authorization,
            origin: "",
            ..post(&refund, "")
        });
        assert_eq!(got.error(), (401, "invalid_token".to_owned()));
        assert_eq!(got.json()["error"]["message"], message);
        assert_eq!(got.json()["error"]["data"], json!({"fields": [field]}));
    }
}

#[test]
fn what_needs_a_ledger_says_so() {
    let mut bench = Bench::new(&[]);
    let token = command("tell-again", json!({"payment_id": "p1"}));
    let path = action("p1", "tell-again");
    assert_eq!(
        bench
            .answer(&Request {
                authorization: &token,
                ..post(&path, "")
            })
            .error(),
        (501, "no_ledger".to_owned())
    );
    let token = command("read", json!({"reference_id": "INV/é 1"}));
    let path = format!("/paysg/intents/{SERVICE}/INV%2F%C3%A9%201");
    assert_eq!(
        bench
            .answer(&Request {
                authorization: &token,
                ..get(&path, "")
            })
            .error(),
        (501, "no_ledger".to_owned())
    );
    let path = format!("/paysg/intents/{SERVICE}/INV-002");
    assert_eq!(
        bench
            .answer(&Request {
                authorization: &token,
                ..get(&path, "")
            })
            .error(),
        (403, "token_mismatch".to_owned())
    );
    for malformed in ["%", "%2", "%zz", "%ff", "%+1"] {
        let path = format!("/paysg/intents/{SERVICE}/{malformed}");
        let got = bench.answer(&Request {
            authorization: &token,
            ..get(&path, "")
        });
        assert_eq!(
            got.error(),
            (400, "invalid_fields".to_owned()),
            "{malformed}"
        );
    }
}
