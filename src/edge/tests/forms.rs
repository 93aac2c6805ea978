//! Forms as frameworks and browsers send them, and what of a request counts before its body has come.

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data; boundary=x";

fn form<'a>(content_type: &'a str, body: &'a str) -> Request<'a> {
    Request {
        accept: "text/html",
        content_type,
        ..post("/paysg/payments", body)
    }
}

/// What Rails, Django, Laravel, ASP.NET, Spring and React add to a form, and the name of its button; some of it twice.
const OF_FRAMEWORKS: &str = "&authenticity_token=a%00&utf8=%E2%9C%93&csrfmiddlewaretoken=b&_token=c&_method=post&__RequestVerificationToken=d&__VIEWSTATE=e&_csrf=f&%24ACTION_ID_40=&commit=Pay&commit=Pay&item%5B%5D=g";

fn token() -> String {
    let body: Value = serde_json::from_str(&order(json!({}))).unwrap();
    body["order"].as_str().unwrap().to_owned()
}

#[test]
fn fields_of_frameworks_change_nothing() {
    for body in [
        format!("order={}{OF_FRAMEWORKS}", token()),
        format!(
            "order=%0A++{}%0A&idempotency_key=k1{OF_FRAMEWORKS}",
            token()
        ),
    ] {
        let mut bench = Bench::new(&[]);
        let made = payment("p1", "unpaid");
        let script = [
            ("POST /payments", 201, made.clone()),
            ("GET /payments/p1", 200, made),
        ];
        assert_eq!(bench.take(&form(FORM, &body), &script).status(), 303);
    }
    let plain = json!({"item": "dog", "payer_name": "Tan"});
    let catalogue = config().catalogue;
    let read = |body: &str| {
        form(FORM, body)
            .object(crate::edge::catalogue::is_of_order)
            .unwrap()
    };
    let with_fields = read(&format!("item=dog&payer_name=Tan{OF_FRAMEWORKS}"));
    let parameters = |form: &crate::paysg::Json| {
        let mut text = String::new();
        let order = catalogue.order(form).unwrap();
        order.into_parameters("key".to_owned()).write(&mut text);
        text
    };
    let plain = crate::paysg::json::parse(plain.to_string().as_bytes()).unwrap();
    assert_eq!(parameters(&with_fields), parameters(&plain));
}

#[test]
fn a_forms_field_that_is_ours_and_wrong_is_named() {
    let mut bench = Bench::new(&[]);
    let named = |bench: &mut Bench, body: &str| {
        let request = Request {
            accept: "application/json",
            ..form(FORM, body)
        };
        let fields = bench.answer(&request).json()["error"]["data"]["fields"].clone();
        let fields = fields.as_array().unwrap().clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        fields
            .iter()
            .map(|error| (text(&error["field"]), text(&error["rule"])))
            .collect::<Vec<_>>()
    };
    let error = |field: &str, rule: &str| vec![(field.to_owned(), rule.to_owned())];
    let item = "item=dog&payer_name=Tan";
    assert_eq!(
        named(&mut bench, &format!("{item}&amount_in_cents=1")),
        error("amount_in_cents", "reserved")
    );
    assert_eq!(
        named(&mut bench, &format!("{item}&payer_emial=a%40b.sg")),
        error("payer_emial", "unknown_field")
    );
    assert_eq!(
        named(&mut bench, &format!("{item}&payer_name=Lim")),
        error("payer_name", "duplicate")
    );
    assert_eq!(
        named(&mut bench, &format!("order={}&amount_in_cents=1", token())),
        error("amount_in_cents", "unknown_field")
    );
}

#[test]
fn a_payer_reads_of_fields_that_payers_fill_in_and_of_no_others() {
    let mut bench = Bench::new(&[]);
    let body = "item=dog&payer_email=tan&quantity=9&amount_in_cents=1&payer_emial%3Cb%3E=x";
    let page = bench.answer(&form(FORM, body)).response.body;
    for words in [
        "Please check what you entered",
        "<strong>Name</strong> is missing",
        "<strong>E-mail address</strong> must be an address like name@example.com",
        "<strong>Quantity</strong> must be 3 or less",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    for word in ["amount_in_cents", "emial", "payer_", "reserved"] {
        assert!(!page.contains(word), "{word}: {page}");
    }
    let page = bench
        .answer(&form(FORM, "item=unicorn&payer_name=Tan"))
        .response
        .body;
    assert!(
        page.contains("sent something that cannot be used"),
        "{page}"
    );
    assert!(
        !page.contains("<ul>") && !page.contains("you entered"),
        "{page}"
    );
}

#[test]
fn a_multipart_form_is_a_form() {
    let parts = |fields: Value| fields.to_string();
    let mut bench = Bench::new(&[]);
    let made = payment("p1", "unpaid");
    let script = [
        ("POST /payments", 201, made.clone()),
        ("GET /payments/p1", 200, made),
    ];
    let body = parts(json!([
        ["order", token()],
        ["_token", "x"],
        ["proof", null]
    ]));
    assert_eq!(bench.take(&form(MULTIPART, &body), &script).status(), 303);
    for (fields, field, rule) in [
        (
            json!([["item", "dog"], ["payer_name", null]]),
            "payer_name",
            "type",
        ),
        (
            json!([["item", "dog"], ["item", "dog"]]),
            "item",
            "duplicate",
        ),
    ] {
        let body = parts(fields);
        let request = Request {
            accept: "application/json",
            ..form(MULTIPART, &body)
        };
        let got = bench.answer(&request);
        assert_eq!(
            got.json()["error"]["data"]["fields"],
            json!([{"field": field, "rule": rule}])
        );
    }
    // What the host's parser does not take.
    let request = Request {
        accept: "application/json",
        ..form(MULTIPART, "")
    };
    assert_eq!(
        bench.answer(&request).json()["error"]["data"]["fields"],
        json!([{"field": "body", "rule": "format"}])
    );
}

#[test]
fn a_navigation_is_known_by_whatever_of_it_has_arrived() {
    for (accept, fetch_mode, content_type, page) in [
        ("text/html,*/*;q=0.8", "", "", true),
        ("text/html,*/*;q=0.8", "navigate", "", true),
        ("application/json", "", FORM, false),
        ("application/json", "cors", "", false),
        // A CDN has dropped `Accept`, or written its own.
        ("", "navigate", "", true),
        ("*/*", "navigate", FORM, true),
        ("", "cors", "application/json", false),
        ("*/*", "same-origin", FORM, false),
        ("", "no-cors", MULTIPART, false),
        // That and all of `Sec-Fetch-*`, or the browser is older than they are.
        ("", "", FORM, true),
        ("*/*", "", MULTIPART, true),
        ("", "", "application/json", false),
        ("*/*", "", "", false),
    ] {
        let request = Request {
            accept,
            fetch_mode,
            content_type,
            ..Request::default()
        };
        assert_eq!(
            request.wants_page(),
            page,
            "{accept:?} {fetch_mode:?} {content_type:?}"
        );
    }
}

#[test]
fn a_slash_at_the_end_of_a_path_changes_nothing() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made_p1(&mut bench);
    let seen = [("GET /payments/p1", 200, payment("p1", "unpaid"))];
    let path = format!("/paysg/payments/{SERVICE}/p1/");
    let request = Request {
        cookie: &cookie,
        ..get(&path, "")
    };
    let got = bench.take(&request, &seen);
    assert_eq!(
        (got.status(), &got.json()["status"]),
        (200, &json!("unpaid"))
    );
    let body = order(json!({"reference_id": "INV-002"}));
    let made = with(payment("p2", "unpaid"), json!({"reference_id": "INV-002"}));
    let script = [
        ("POST /payments", 201, made.clone()),
        ("GET /payments/p2", 200, made),
    ];
    let got = bench.take(&post("/paysg/payments/", &body), &script);
    assert_eq!(got.status(), 201);
    for (method, path, status) in [
        ("GET", "/paysg/health/".to_owned(), 200),
        ("GET", "/paysg/resume/".to_owned(), 404),
        ("GET", "/paysg/return/".to_owned(), 400),
        ("POST", "/paysg/webhooks/".to_owned(), 400),
        ("GET", "/paysg/doctor/".to_owned(), 401),
        ("GET", format!("/paysg/intents/{SERVICE}/INV-001/"), 401),
        ("POST", format!("/paysg/payments/{SERVICE}/p1/refund/"), 401),
    ] {
        let request = Request {
            method,
            ..get(&path, "")
        };
        assert_eq!(bench.answer(&request).status(), status, "{path}");
    }
}

#[test]
fn what_can_be_refused_without_its_body_is() {
    let bench = Bench::new(&[]);
    let commands = |action: &str| format!("/paysg/payments/{SERVICE}/p1/{action}");
    let (refund, cancel, unknown) = (commands("refund"), commands("cancel"), commands("x"));
    let evil = Request {
        origin: "https://evil.example",
        ..post("/paysg/payments", "")
    };
    let typed = Request {
        content_type: "text/plain",
        ..post("/paysg/payments", "")
    };
    let put = Request {
        method: "PUT",
        ..post("/paysg/payments", "")
    };
    for (request, status) in [
        (post("/paysg/x", ""), 404),
        (post("/", ""), 404),
        (put, 405),
        (evil, 403),
        (typed, 415),
        (post("/paysg/webhooks", ""), 400),
        (post(&refund, ""), 401),
        (post(&cancel, ""), 403),
        (post(&unknown, ""), 404),
    ] {
        let request = Request {
            body: None,
            ..request
        };
        let got = bench
            .admit(&request)
            .unwrap_or_else(|| panic!("{}", request.path));
        assert_eq!(got.status(), status, "{} {}", request.method, request.path);
        assert!(
            got.line.contains(&format!("\"status\":{status}")),
            "{}",
            got.line
        );
    }
}

#[test]
fn the_body_is_wanted_where_only_it_can_tell() {
    let mut bench = Bench::new(&[]);
    let cookie = has_made_p1(&mut bench);
    let cancel = format!("/paysg/payments/{SERVICE}/p1/cancel");
    let event = Request {
        signature: "t=1795000000, v1=0000000000000000000000000000000000000000000000000000000000000000",
        ..post("/paysg/webhooks/", "")
    };
    let by_cookie = Request {
        cookie: &cookie,
        ..post(&cancel, "")
    };
    for request in [
        post("/paysg/payments", ""),
        form(FORM, ""),
        form(MULTIPART, ""),
        event,
        by_cookie,
    ] {
        assert!(bench.admit(&request).is_none(), "{}", request.path);
    }
}

#[test]
fn a_reference_has_one_spelling() {
    let mut bench = Bench::new(&[]);
    for (reference, fields) in [
        (
            "Cafe\u{301}-1",
            json!([{"field": "reference_id", "rule": "format"}]),
        ),
        (
            "\u{212b}-1",
            json!([{"field": "reference_id", "rule": "format"}]),
        ),
        (
            "INV\u{200b}",
            json!([{"field": "reference_id", "rule": "invisible_character"}]),
        ),
    ] {
        let body = order(json!({"reference_id": reference}));
        let got = bench.answer(&post("/paysg/payments", &body));
        assert_eq!(
            got.json()["error"]["data"]["fields"],
            fields,
            "{reference:?}"
        );
    }
    let body = order(json!({"reference_id": "Caf\u{e9}-1"}));
    let made = with(
        payment("p1", "unpaid"),
        json!({"reference_id": "Caf\u{e9}-1"}),
    );
    let script = [
        ("POST /payments", 201, made.clone()),
        ("GET /payments/p1", 200, made),
    ];
    assert_eq!(
        bench
            .take(&post("/paysg/payments", &body), &script)
            .status(),
        201
    );
}
