//! Reading requests, and who may send them.

use super::*;
use crate::edge::problem::Problem;
use crate::paysg::Json;

#[test]
fn a_url_is_taken_apart_without_being_decoded() {
    for (url, path, query) in [
        (
            "https://pay.example.gov.sg/paysg/return?a=1&b=%2f#x?y",
            "/paysg/return",
            "a=1&b=%2f",
        ),
        ("https://pay.example.gov.sg", "/", ""),
        ("https://pay.example.gov.sg?a=1", "", "a=1"),
        ("https://pay.example.gov.sg/a%2Fb/../c", "/a%2Fb/../c", ""),
        ("https://pay.example.gov.sg/?", "/", ""),
        ("https://pay.example.gov.sg/a?b?c=://", "/a", "b?c=://"),
        ("https://pay.example.gov.sg/a#?b", "/a", ""),
    ] {
        let request = Request::read("GET", url, "", None);
        assert_eq!((request.path, request.query), (path, query), "{url}");
    }
}

#[test]
fn headers_come_in_their_fixed_order() {
    let headers = crate::edge::request::HEADERS.join("\0");
    let request = Request::read("GET", "https://a.example/", &headers, None);
    assert_eq!(
        [
            request.accept,
            request.content_type,
            request.cookie,
            request.origin,
            request.fetch_site,
            request.authorization,
            request.idempotency_key,
            request.signature,
            request.preflight_for,
            request.fetch_mode,
        ],
        crate::edge::request::HEADERS
    );
    assert_eq!(
        Request::read("GET", "https://a.example/", "x", None).preflight_for,
        ""
    );
}

#[test]
fn only_our_own_pages_and_those_allowed_may_call() {
    let config = config();
    for (origin, fetch_site, allowed) in [
        // No browser, or one that has not left our page.
        ("", "", true),
        ("", "none", true),
        ("", "same-origin", true),
        ("", "same-site", false),
        ("", "cross-site", false),
        ("", "x", false),
        (PUBLIC, "same-origin", true),
        (WWW, "same-site", true),
        (WWW, "", true),
        ("null", "same-origin", true),
        ("null", "", false),
        ("null", "none", false),
        ("null", "cross-site", false),
        ("https://evil.example", "cross-site", false),
        ("https://evil.example", "same-origin", false),
        ("https://evil.example", "", false),
        ("http://pay.example.gov.sg", "", false),
        ("https://pay.example.gov.sg.evil.example", "", false),
        ("https://pay.example.gov.sg:8443", "", false),
        ("https://PAY.example.gov.sg", "", false),
        ("https://pay.example.gov.sg/", "", false),
        ("https://sub.www.example.gov.sg", "same-site", false),
    ] {
        let request = Request {
            origin,
            fetch_site,
            ..Request::default()
        };
        let verdict = request.check_origin(&config);
        assert_eq!(
            verdict,
            if allowed {
                Ok(())
            } else {
                Err(Problem::origin())
            },
            "{origin:?} {fetch_site:?}"
        );
    }
}

#[test]
fn a_bearer_token_is_taken_from_its_scheme() {
    let bearer = |authorization| {
        Request {
            authorization,
            ..Request::default()
        }
        .bearer()
        .map(str::to_owned)
    };
    for given in ["Bearer t", "bearer t", "BEARER  t "] {
        assert_eq!(bearer(given).as_deref(), Some("t"), "{given}");
    }
    for given in ["", "t", "Basic t", "Bearert", "Bearer"] {
        assert_eq!(bearer(given), None, "{given}");
    }
}

fn object(content_type: &str, body: Option<&[u8]>) -> Result<Json, (u16, &'static str)> {
    Request {
        content_type,
        body,
        ..Request::default()
    }
    .object(crate::edge::catalogue::is_of_order)
    .map_err(|problem| (problem.status, problem.code))
}

#[test]
fn a_body_is_json_or_a_form_and_an_object() {
    for media_type in [
        "application/json",
        "Application/JSON; charset=utf-8",
        " application/json ;x",
    ] {
        assert!(
            object(media_type, Some(b"{\"a\":1}")).is_ok(),
            "{media_type}"
        );
    }
    for media_type in [
        "",
        "text/plain",
        "application/jsonp",
        "multipart/mixed; boundary=x",
        "application/json, text/plain",
    ] {
        assert_eq!(
            object(media_type, Some(b"{}")),
            Err((415, "unsupported_media_type")),
            "{media_type}"
        );
    }
    for body in [&b""[..], b"{", b"{\"a\":1}}", b"\xff{}", b"{\"a\":NaN}"] {
        assert_eq!(
            object("application/json", Some(body)),
            Err((400, "invalid_json")),
            "{body:?}"
        );
    }
    for body in [&b"[]"[..], b"1", b"null", b"\"x\""] {
        assert_eq!(
            object("application/json", Some(body)),
            Err((400, "invalid_fields")),
            "{body:?}"
        );
    }
    assert_eq!(
        object("application/json", Some(b"{\"a\":1,\"a\":1}")),
        Err((400, "invalid_fields"))
    );
    let deep = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
    let nested = |depth| [b"{\"a\":".to_vec(), deep(depth), b"}".to_vec()].concat();
    assert!(object("application/json", Some(&nested(31))).is_ok());
    assert_eq!(
        object("application/json", Some(&nested(32))),
        Err((400, "invalid_json"))
    );
    assert_eq!(object("application/json", None), Err((413, "too_large")));
}

#[test]
fn a_forms_empty_fields_count_as_absent_and_the_rest_is_text() {
    let form = object(
        "application/x-www-form-urlencoded",
        Some(b"item=dog&quantity=&payer_name=Tan+Ah%20Kow&payer_nam=x"),
    )
    .unwrap();
    let names: Vec<&str> = form
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, _)| &**name)
        .collect();
    assert_eq!(names, ["item", "payer_name", "payer_nam"]);
    assert_eq!(
        form.get("payer_name").and_then(Json::as_str),
        Some("Tan Ah Kow")
    );
}

#[test]
fn a_path_that_is_no_route_is_404_and_a_wrong_method_405() {
    let mut bench = Bench::new(&[]);
    let service_path = format!("/paysg/payments/{SERVICE}");
    for path in [
        "",
        "/",
        "/paysg",
        "/paysg/",
        "/paysg/x",
        "/paysg/payments//",
        "//paysg/payments",
        "/paysg/Payments",
        "/paysg//payments",
        "/paysgx/health",
        "/health",
        "/paysg/../paysg/health",
        &service_path,
        &format!("{service_path}/"),
    ] {
        assert_eq!(
            bench.answer(&get(path, "")).error(),
            (404, "not_found".to_owned()),
            "{path}"
        );
    }
    for (method, path) in [
        ("GET", "/paysg/payments"),
        ("PUT", "/paysg/payments"),
        ("POST", "/paysg/return"),
        ("DELETE", "/paysg/resume"),
        ("GET", "/paysg/webhooks"),
        ("get", "/paysg/health"),
    ] {
        let request = Request {
            method,
            ..get(path, "")
        };
        assert_eq!(
            bench.answer(&request).error(),
            (405, "method_not_allowed".to_owned()),
            "{method} {path}"
        );
    }
    assert_eq!(
        bench
            .answer(&Request {
                method: "HEAD",
                ..get("/paysg/health", "")
            })
            .status(),
        200
    );
}

#[test]
fn ids_must_be_of_their_form_before_anything_is_asked() {
    let mut bench = Bench::new(&[]);
    let long = "x".repeat(65);
    for id in ["..", "%2e%2e", "a.b", "a%2fb", "a b", &long] {
        let path = format!("/paysg/payments/{SERVICE}/{id}");
        let got = bench.answer(&get(&path, ""));
        assert_eq!(got.error(), (400, "invalid_fields".to_owned()), "{id}");
        assert_eq!(
            got.json()["error"]["data"]["fields"][0]["field"],
            "payment_id"
        );
    }
    for (service, error) in [
        ("payment_service_x", (400, "invalid_fields")),
        ("..", (400, "invalid_fields")),
        (UNKNOWN_SERVICE, (404, "unknown_payment_service")),
    ] {
        let path = format!("/paysg/payments/{service}/p1");
        assert_eq!(
            bench.answer(&get(&path, "")).error(),
            (error.0, error.1.to_owned()),
            "{service}"
        );
    }
}

#[test]
fn health_says_what_runs_and_no_more() {
    let mut bench = Bench::new(&[]);
    let got = bench.answer(&get("/paysg/health", ""));
    assert_eq!(
        got.json(),
        json!({"status": "ok", "version": env!("CARGO_PKG_VERSION"), "environment": "staging", "ledger": false})
    );
    assert_eq!(got.header("x-request-id"), Some("2c2d2e2f30313233"));
}

#[test]
fn pages_of_allowed_origins_may_read_the_answers_and_no_others() {
    let mut bench = Bench::new(&[]);
    let from = |origin| Request {
        origin,
        ..get("/paysg/health", "")
    };
    let got = bench.answer(&from(WWW));
    assert_eq!(got.header("access-control-allow-origin"), Some(WWW));
    assert_eq!(got.header("access-control-allow-credentials"), Some("true"));
    for origin in [
        "",
        "null",
        "https://evil.example",
        "https://www.example.gov.sg.evil.example",
    ] {
        let got = bench.answer(&from(origin));
        assert_eq!(got.header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(got.header("vary"), Some("origin"), "{origin}");
    }
    let preflight = |origin| Request {
        method: "OPTIONS",
        origin,
        preflight_for: "POST",
        ..get("/paysg/payments", "")
    };
    let got = bench.answer(&preflight(WWW));
    assert_eq!(
        (got.status(), got.header("access-control-allow-methods")),
        (204, Some("GET, POST"))
    );
    assert!(
        got.header("access-control-allow-headers")
            .unwrap()
            .contains("idempotency-key")
    );
    assert_eq!(
        bench.answer(&preflight("https://evil.example")).error(),
        (403, "origin_not_allowed".to_owned())
    );
}
