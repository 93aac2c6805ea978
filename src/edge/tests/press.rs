//! One order of the catalogue in one browser, from however many tabs: one reference, until its payment was shown as paid.

use super::creating::reference_of;
use super::*;

const BODY: &str = r#"{"item":"dog","quantity":2,"payer_name":"Tan Ah Kow"}"#;
const FORM: &str = "item=dog&quantity=2&payer_name=Tan+Ah+Kow&payer_email=";

/// A press in a tab, whose module has drawn this key.
fn tab<'r>(key: &'r str, cookie: &'r str) -> Request<'r> {
    Request {
        idempotency_key: key,
        cookie,
        ..post("/paysg/payments", BODY)
    }
}

/// A press of a plain form.
fn form<'r>(body: &'r str, cookie: &'r str) -> Request<'r> {
    Request {
        content_type: "application/x-www-form-urlencoded",
        accept: "text/html",
        cookie,
        ..post("/paysg/payments", body)
    }
}

fn made(id: &str, reference: &str, state: &str) -> Value {
    let changes = json!({"reference_id": reference, "amount_in_cents": 3000});
    with(payment(id, state), changes)
}

impl Bench {
    fn reference(&mut self, request: &Request<'_>) -> String {
        // Another step, other random bytes.
        self.random.rotate_left(5);
        reference_of(self, request).0
    }

    /// Has a press end in a payment, and says what the browser has then, and under which reference it is.
    fn pays(&mut self, request: &Request<'_>, id: &str) -> (String, String) {
        let reference = self.reference(request);
        let payment = made(id, &reference, "unpaid");
        let looks = format!("GET /payments/{id}");
        let script = [
            ("POST /payments", 201, payment.clone()),
            (&*looks, 200, payment),
        ];
        let got = self.take(request, &script);
        assert!(got.status() < 400, "{}", got.response.body);
        (got.kept(request.cookie), reference)
    }

    /// Shows this browser how a payment stands.
    fn shows(&mut self, cookie: &str, id: &str, reference: &str, state: &str) -> String {
        let path = format!("/paysg/payments/{SERVICE}/{id}");
        let request = Request {
            cookie,
            ..get(&path, "")
        };
        let call = format!("GET /payments/{id}");
        let got = self.take(&request, &[(&call, 200, made(id, reference, state))]);
        assert_eq!(got.json()["status"], state);
        got.kept(cookie)
    }
}

#[test]
fn two_tabs_of_one_browser_press_one_order() {
    let mut bench = Bench::new(&[]);
    let (cookie, reference) = bench.pays(&tab("tab-1", ""), "p1");
    assert_eq!(bench.reference(&tab("tab-2", &cookie)), reference);
    assert_eq!(
        bench.reference(&form(FORM, &cookie)),
        reference,
        "a plain form too"
    );
    assert_ne!(
        bench.reference(&tab("tab-2", "")),
        reference,
        "another browser"
    );
    let other = Request {
        body: Some(br#"{"item":"dog","quantity":2,"payer_name":"Lim"}"#),
        ..tab("tab-1", &cookie)
    };
    assert_ne!(bench.reference(&other), reference, "another payer");
}

#[test]
fn the_second_tab_joins_though_the_first_one_got_an_error() {
    let mut bench = Bench::new(&[]);
    let refused = [("POST /payments", 402, own())];
    let first = tab("tab-1", "");
    let reference = bench.reference(&first);
    let cookie = bench.take(&first, &refused).cookie();
    assert_eq!(bench.reference(&tab("tab-2", &cookie)), reference);
}

#[test]
fn a_tab_whose_answer_was_lost_asks_for_the_same_order_again() {
    let mut bench = Bench::new(&[]);
    for key in ["tab-1", &*format!("tab-{}", "k".repeat(251))] {
        let reference = bench.reference(&tab(key, ""));
        assert_eq!(bench.reference(&tab(key, "")), reference);
        // It is the seed from then on.
        let (cookie, _) = bench.pays(&tab(key, ""), "p1");
        let seed_only = cookie.split("; ").last().unwrap();
        assert_eq!(bench.reference(&tab("tab-2", seed_only)), reference);
    }
}

#[test]
fn a_key_that_the_caller_has_chosen_is_an_order_of_its_own() {
    let mut bench = Bench::new(&[]);
    let (cookie, reference) = bench.pays(&tab("tab-1", ""), "p1");
    let chosen = bench.reference(&tab("chosen", &cookie));
    assert_ne!(chosen, reference);
    assert_eq!(
        chosen,
        bench.reference(&tab("chosen", "")),
        "in any browser"
    );
    let (cookie, _) = bench.pays(&tab("chosen", &cookie), "p2");
    assert_eq!(bench.reference(&tab("tab-2", &cookie)), reference);
}

#[test]
fn after_its_payment_was_shown_as_paid_an_equal_order_is_another_in_every_tab() {
    let mut bench = Bench::new(&[]);
    let (cookie, reference) = bench.pays(&tab("tab-1", ""), "p1");
    for state in ["unpaid", "cancelled"] {
        let cookie = bench.shows(&cookie, "p1", &reference, state);
        assert_eq!(
            bench.reference(&tab("tab-2", &cookie)),
            reference,
            "{state}"
        );
    }
    // In two tabs at once: whichever answer comes last, the next press is the same one.
    let first = bench.shows(&cookie, "p1", &reference, "paid");
    bench.random.rotate_left(9);
    let second = bench.shows(&cookie, "p1", &reference, "paid");
    let next = bench.reference(&tab("tab-3", &first));
    assert_ne!(next, reference);
    assert_eq!(bench.reference(&tab("tab-2", &second)), next);
    let (cookie, _) = bench.pays(&tab("tab-3", &first), "p2");
    assert_eq!(bench.reference(&form(FORM, &cookie)), next);
    // The first one's cookie does not live as long as its payment.
    let without_p1: Vec<&str> = cookie.split("; ").skip(1).collect();
    assert_eq!(bench.reference(&tab("tab-4", &without_p1.join("; "))), next);
}

#[test]
fn a_page_that_has_not_heard_that_its_payment_is_paid_comes_to_that_payment() {
    let mut bench = Bench::new(&[]);
    let (cookie, reference) = bench.pays(&tab("tab-1", ""), "p1");
    let page = format!("{FORM}&idempotency_key=of-the-page");
    let (cookie, _) = bench.pays(&form(&page, &cookie), "p1");
    // Pressed many times, it is one page.
    let (cookie, _) = (0..20).fold((cookie, String::new()), |(cookie, _), _| {
        bench.pays(&tab("tab-1", &cookie), "p1")
    });
    let cookie = bench.shows(&cookie, "p1", &reference, "paid");
    assert_eq!(bench.reference(&tab("tab-1", &cookie)), reference);
    assert_eq!(bench.reference(&form(&page, &cookie)), reference);
    assert_ne!(bench.reference(&tab("tab-3", &cookie)), reference);
    // Another order of the page is not that one.
    let other = Request {
        body: Some(br#"{"item":"dog","quantity":2,"payer_name":"Lim"}"#),
        ..tab("tab-1", &cookie)
    };
    assert_ne!(bench.reference(&other), reference);
}

#[test]
fn another_order_that_is_open_stays_so_when_one_is_shown_as_paid() {
    let mut bench = Bench::new(&[]);
    let (cookie, paid) = bench.pays(&tab("tab-1", ""), "p1");
    let other = "item=dog&quantity=2&payer_name=Lim";
    let (cookie, open) = bench.pays(&form(other, &cookie), "p2");
    let cookie = bench.shows(&cookie, "p1", &paid, "paid");
    assert_eq!(bench.reference(&form(other, &cookie)), open);
}

#[test]
fn a_cancelled_attempt_of_the_order_does_not_bring_it_back_when_the_next_one_is_paid() {
    let mut bench = Bench::new(&[]);
    let (cookie, reference) = bench.pays(&tab("tab-1", ""), "p1");
    let (cookie, again) = bench.pays(&tab("tab-1", &cookie), "p2");
    assert_eq!(again, reference);
    let cookie = bench.shows(&cookie, "p2", &reference, "paid");
    assert_ne!(bench.reference(&tab("tab-2", &cookie)), reference);
}

#[test]
fn a_browsers_first_plain_form_is_sent_once_more_with_the_seed_before_paysg_is_asked() {
    let mut bench = Bench::new(&[]);
    let got = bench.answer(&form(FORM, ""));
    assert_eq!(got.status(), 307);
    let again = "https://pay.example.gov.sg/paysg/payments?sent_again";
    assert_eq!(got.header("location"), Some(again));
    let cookie = got.cookie();
    let seeded = Request {
        query: "sent_again",
        ..form(FORM, &cookie)
    };
    let reference = bench.reference(&seeded);
    // While PaySG takes its time, the form in another tab comes with the seed.
    assert_eq!(bench.reference(&form(FORM, &cookie)), reference);
    // What is wrong with it is said at once.
    assert_eq!(
        bench.answer(&form("item=fish&payer_name=Tan", "")).status(),
        400
    );
}

#[test]
fn a_browser_without_cookies_is_not_sent_round_in_circles() {
    let mut bench = Bench::new(&[]);
    let keyed = format!("{FORM}&idempotency_key=of-the-page");
    let again = Request {
        query: "sent_again",
        ..form(&keyed, "")
    };
    let reference = bench.reference(&again);
    assert_eq!(
        bench.reference(&again),
        reference,
        "the page's key is then all there is"
    );
    let unkeyed = Request {
        query: "sent_again",
        ..form(FORM, "")
    };
    assert_ne!(bench.reference(&unkeyed), bench.reference(&unkeyed));
}

#[test]
fn a_program_is_not_redirected() {
    let mut bench = Bench::new(&[]);
    bench.reference(&post("/paysg/payments", BODY));
    let json = Request {
        accept: "application/json",
        ..form(FORM, "")
    };
    bench.reference(&json);
}

#[test]
fn a_pages_key_counts_until_the_browser_has_a_seed() {
    let mut bench = Bench::new(&[]);
    let [first, other] = ["one", "another"].map(|key| format!("{FORM}&idempotency_key={key}"));
    let with_query = |body, cookie| Request {
        query: "sent_again",
        ..form(body, cookie)
    };
    let reference = bench.reference(&with_query(&first, ""));
    assert_ne!(bench.reference(&with_query(&other, "")), reference);
    let (cookie, _) = bench.pays(&with_query(&first, ""), "p1");
    assert_eq!(bench.reference(&form(&other, &cookie)), reference);
}
