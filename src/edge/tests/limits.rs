//! What a request may be, what is charged for it, and how one is refused whose call is not made.

use super::*;
use crate::edge::limit::Charges;
use crate::edge::problem::Problem;
use crate::edge::request::{HEADERS, Oversized};

impl Bench {
    /// What is charged before the request's first call.
    fn charges(&mut self, request: &Request<'_>) -> String {
        match self.edge().begin(request) {
            Move::Fetch(_, pending) | Move::Ask { pending, .. } => pending.charges().to_owned(),
            Move::Respond(response, _) => panic!("answered {}", response.status),
        }
    }

    pub(super) fn gives_up(&self, request: &Request<'_>, problem: &Problem) -> Got {
        let Move::Fetch(_, pending) = self.edge().begin(request) else {
            panic!("no call");
        };
        match self.edge().give_up(*pending, problem) {
            Move::Respond(response, line) => Got { response, line },
            Move::Fetch(..) | Move::Ask { .. } => panic!("it goes on"),
        }
    }
}

fn rules(charges: &str) -> Vec<&str> {
    charges
        .split_whitespace()
        .map(|charge| charge.split(':').next().unwrap())
        .collect()
}

#[test]
fn a_create_is_charged_to_address_and_session_where_they_are_known() {
    let mut bench = Bench::new(&[]);
    let body = order(json!({}));
    let nobody = post("/paysg/payments", &body);
    assert_eq!(bench.charges(&nobody), "");
    let cookie = has_made_p1(&mut bench);
    let by_address = Request {
        address: "203.0.113.7",
        ..nobody
    };
    assert_eq!(rules(&bench.charges(&by_address)), ["CREATE_LIMIT"]);
    let by_both = Request {
        cookie: &cookie,
        ..by_address
    };
    let charges = bench.charges(&by_both);
    assert_eq!(rules(&charges), ["CREATE_LIMIT", "SESSION_LIMIT"]);
    assert!(!charges.contains("203"), "{charges}");
    assert_eq!(bench.charges(&by_both), charges, "the same for the same");
}

#[test]
fn a_sessions_name_stays_through_all_its_payments() {
    let mut bench = Bench::new(&[]);
    let mut cookie = has_made_p1(&mut bench);
    let mut seen = std::collections::BTreeSet::new();
    for id in ["p2", "p3"] {
        bench.random.rotate_left(7);
        let body = order(json!({"reference_id": id}));
        let request = Request {
            cookie: &cookie,
            ..post("/paysg/payments", &body)
        };
        seen.insert(bench.charges(&request));
        let made = with(payment(id, "unpaid"), json!({"reference_id": id}));
        let got = bench.take(
            &request,
            &[
                ("POST /payments", 201, made.clone()),
                (&format!("GET /payments/{id}"), 200, made),
            ],
        );
        cookie = got.kept(&cookie);
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
}

#[test]
fn questions_without_proof_are_charged_to_the_address_and_fresh_ones_with_proof_to_the_session() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made_p1(&mut bench);
    let path = format!("/paysg/payments/{SERVICE}/p1");
    let asks = |path, query| Request {
        address: "203.0.113.7",
        ..get(path, query)
    };
    let returned = format!("paysg_payment_id=p1&paysg_payment_service_id={SERVICE}");
    fn proved<'r>(cookie: &'r str, request: &Request<'r>) -> Request<'r> {
        Request { cookie, ..*request }
    }
    let (status, back) = (asks(&*path, ""), asks("/paysg/return", &returned));
    let by_address = bench.charges(&status);
    assert_eq!(rules(&by_address), ["STATUS_LIMIT"]);
    assert_eq!(bench.charges(&back), by_address);
    // Remembered for two seconds, whoever asks.
    assert_eq!(bench.charges(&proved(&cookie, &status)), "");
    let by_session = bench.charges(&proved(&cookie, &back));
    assert_eq!(rules(&by_session), ["STATUS_LIMIT"]);
    assert_ne!(by_session, by_address);
    let cancel = format!("{path}/cancel");
    for fresh in [asks("/paysg/resume", ""), post(&cancel, "")] {
        let charges = bench.charges(&proved(&cookie, &fresh));
        assert_eq!(charges, by_session, "{}", fresh.path);
        // A client that leaves out the browser's own cookie is counted by the payment.
        let payments_only = cookie.split("; ").next().unwrap();
        let charges = bench.charges(&proved(payments_only, &fresh));
        assert_eq!(rules(&charges), ["STATUS_LIMIT"], "{}", fresh.path);
    }
}

#[test]
fn each_payment_that_is_asked_for_to_resume_is_charged() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made(&mut bench, 2);
    let resume = Request {
        cookie: &cookie,
        ..get("/paysg/resume", "")
    };
    let first = bench.charges(&resume);
    assert_eq!(rules(&first), ["STATUS_LIMIT"]);
    let second = |bench: &mut Bench, shown: Value| {
        let Move::Fetch(_, pending) = bench.edge().begin(&resume) else {
            panic!("no call");
        };
        let body = shown.to_string();
        let answer = Answer::Arrived {
            status: 200,
            retry_after_ms: None,
            body: body.as_bytes(),
        };
        let pending = Pending::read(&pending.write()).unwrap();
        match bench.edge().resume(pending, &answer) {
            Move::Fetch(_, pending) => pending,
            Move::Respond(..) | Move::Ask { .. } => panic!("no second call"),
        }
    };
    let pending = second(&mut bench, payment("p2", "cancelled"));
    assert_eq!(pending.charges(), first);
    let limited = Problem::rate_limited(1);
    let Move::Respond(refused, _) = bench.edge().give_up(*pending, &limited) else {
        panic!("it goes on");
    };
    assert_eq!(refused.status, 429);
    // A payer who has paid sees that, whatever else is not found out.
    let pending = second(&mut bench, payment("p2", "paid"));
    let Move::Respond(led_on, _) = bench.edge().give_up(*pending, &limited) else {
        panic!("it goes on");
    };
    assert_eq!(led_on.status, 303);
}

#[test]
fn an_ipv6_network_is_one_address_and_a_mapped_ipv4_address_is_itself() {
    let bench = Bench::new(&[]);
    let name = |address| {
        Charges::of_question(&bench.edge(), address)
            .as_str()
            .to_owned()
    };
    assert_eq!(
        name("2001:db8:1:2::1"),
        name("2001:db8:1:2:ffff:ffff:ffff:ffff")
    );
    assert_eq!(name("2001:DB8:1:2::1"), name("2001:db8:1:2::1"));
    assert_ne!(name("2001:db8:1:2::1"), name("2001:db8:1:3::1"));
    assert_eq!(name("::ffff:203.0.113.7"), name("203.0.113.7"));
    assert_ne!(name("203.0.113.7"), name("203.0.113.8"));
    assert_ne!(name("some proxy's word"), name("another"));
    assert_eq!(name(""), "");
    let elsewhere = Bench::new(&[(
        "PAYSG_SESSION_KEY",
        "another session key of 32 bytes or more!",
    )]);
    let charges = Charges::of_question(&elsewhere.edge(), "203.0.113.7");
    assert_ne!(
        charges.as_str(),
        name("203.0.113.7"),
        "the name depends on the key"
    );
}

#[test]
fn a_request_that_is_given_up_is_refused_with_when_to_come_again() {
    let bench = Bench::new(&[]);
    let body = order(json!({}));
    let create = post("/paysg/payments", &body);
    let limited = bench.gives_up(&create, &Problem::rate_limited(17));
    assert_eq!(limited.error(), (429, "rate_limited".to_owned()));
    assert_eq!(limited.header("retry-after"), Some("17"));
    assert!(
        limited.line.contains("\"outcome\":\"limited\""),
        "{}",
        limited.line
    );
    let overloaded = bench.gives_up(&create, &Problem::overloaded());
    assert_eq!(overloaded.error(), (503, "overloaded".to_owned()));
    assert_eq!(overloaded.header("retry-after"), Some("2"));
    let person = Request {
        accept: "text/html",
        ..create
    };
    let page = bench.gives_up(&person, &Problem::overloaded());
    assert_eq!(page.status(), 503);
    assert!(page.response.body.contains("your payment is safe"));
}

#[test]
fn a_payer_on_the_way_back_is_sent_on_whatever_is_given_up() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made_p1(&mut bench);
    let query = format!("paysg_payment_id=p1&paysg_payment_service_id={SERVICE}");
    for problem in [
        Problem::rate_limited(1),
        Problem::overloaded(),
        Problem::internal(),
    ] {
        for cookie in ["", &*cookie] {
            let request = Request {
                cookie,
                ..get("/paysg/return", &query)
            };
            let got = bench.gives_up(&request, &problem);
            assert_eq!(got.status(), 303);
            let expected = format!("{WWW}/done?lang=en&{query}#top");
            assert_eq!(got.header("location"), Some(&*expected));
        }
    }
}

#[test]
fn a_request_that_is_turned_away_has_its_routes_line_and_its_pages_origin_may_read_it() {
    let bench = Bench::new(&[]);
    let request = Request {
        origin: WWW,
        body: None,
        ..post("/paysg/payments", "")
    };
    let Move::Respond(response, line) = bench.edge().turn_away(&request, &Problem::too_slow())
    else {
        panic!("it goes on");
    };
    assert_eq!(response.status, 408);
    assert_eq!(header(&response, "access-control-allow-origin"), Some(WWW));
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["route"], "POST /payments");
    assert_eq!(line["code"], "too_slow");
}

#[test]
fn urls_over_8_kib_and_headers_over_32_are_too_large() {
    let headers = |bytes: usize| {
        let mut values = vec![String::new(); HEADERS.len() + 1];
        values[2] = "c".repeat(bytes - HEADERS.len());
        values.join("\0")
    };
    let url = |bytes: usize| format!("{:u<bytes$}", "https://x/");
    let part = |url: &str, headers: &str| Request::read("GET", url, headers, None).oversized;
    assert_eq!(part(&url(8_192), &headers(32_768)), None);
    assert_eq!(
        part(&url(8_193), &headers(HEADERS.len())),
        Some(Oversized::Url)
    );
    assert_eq!(part(&url(0), &headers(32_769)), Some(Oversized::Headers));
    let mut bench = Bench::new(&[]);
    for (oversized, status) in [(Oversized::Url, 414), (Oversized::Headers, 431)] {
        let request = Request {
            oversized: Some(oversized),
            ..get("/paysg/health", "")
        };
        assert_eq!(
            bench.answer(&request).error(),
            (status, "too_large".to_owned())
        );
    }
}

#[test]
fn a_route_is_kept_between_steps() {
    use crate::edge::{parcel, route::Route};
    for route in [
        Route::Create,
        Route::Return,
        Route::Status,
        Route::Resume,
        Route::Forget,
        Route::Command,
        Route::Intent,
        Route::Event,
        Route::Health,
        Route::Doctor,
        Route::Preflight,
        Route::Nowhere,
    ] {
        let kept: Option<Route> = parcel::unpack(&parcel::pack(&route));
        assert_eq!(kept, Some(route));
    }
}
