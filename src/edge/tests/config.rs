//! The environment: what is missing or contradictory is named, and never shown.

use super::*;
use crate::edge::problem::Problem;

const KEY_32: &str = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
const SIMULATOR: (&str, &str) = ("PAYSG_API_URL", "http://127.0.0.1:8788");

/// The variable that is named, with what the caller is told.
fn named(changes: &[(&str, &str)]) -> &'static str {
    let wrong = read(changes)
        .err()
        .unwrap_or_else(|| panic!("taken: {changes:?}"));
    let told = Problem::misconfigured(wrong).to_json();
    assert!(told.contains(wrong.variable));
    for value in variables(changes).into_values() {
        assert!(value.len() < 12 || !told.contains(&value), "{told}");
    }
    wrong.variable
}

#[test]
fn every_variable_that_is_missing_or_wrong_is_named_and_its_value_is_not() {
    let table: &[(&str, &[&str])] = &[
        (
            "PAYSG_API_KEY",
            &[
                "",
                "secretsecret",
                "paysg_stag_",
                "paysg_test_secret",
                " paysg_stag_x",
                "paysg_stag_x y",
                "paysg_stag_x\n",
            ],
        ),
        (
            "PAYSG_PAYMENT_SERVICE_ID",
            &[
                "",
                "655d26a2-ddfc-4718-a008-bd181c1522e8",
                "payment_service_1",
                "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8,",
            ],
        ),
        (
            "PAYSG_WEBHOOK_SECRET",
            &["", ",", "one,", " one", "one, two"],
        ),
        (
            "PAYSG_ORDER_KEY",
            &[
                "",
                "a key that is too short",
                "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk,tooshort",
                " kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk",
            ],
        ),
        (
            "PAYSG_SESSION_KEY",
            &[
                "",
                "a key that is too short",
                "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\n",
            ],
        ),
        (
            "PAYSG_CATALOGUE",
            &[
                "{",
                "[]",
                "{\"a\":{}}",
                "{\"a\":{\"description\":\"x\",\"amount_in_cents\":1.5}}",
                "{\"a\":{\"description\":\"x\",\"amount_in_cents\":1,\"max_quantity\":0}}",
            ],
        ),
        (
            "PAYSG_PUBLIC_URL",
            &[
                "",
                "pay.example.gov.sg",
                "http://pay.example.gov.sg",
                "https://pay.example.gov.sg/path",
                "https://u@pay.example.gov.sg",
                "http://localhost:8787",
            ],
        ),
        (
            "PAYSG_RESULT_URL",
            &[
                "/done",
                "http://www.example.gov.sg/done",
                "javascript:alert(1)",
            ],
        ),
        (
            "PAYSG_FULFILMENT_URL",
            &[
                "api",
                "http://api.example.gov.sg/",
                "ftp://api.example.gov.sg/",
            ],
        ),
        (
            "PAYSG_ALLOWED_ORIGINS",
            &[
                "*",
                "null",
                "http://www.example.gov.sg",
                "https://www.example.gov.sg/x",
                "https://a.example,",
            ],
        ),
        (
            "PAYSG_BASE_PATH",
            &["paysg", "/pay sg", "/../x", "//x", "/a%2fb", "/a?b"],
        ),
        ("PAYSG_TIME_SCALE", &["1", "100", "0", "x"]),
        (
            "PAYSG_API_URL",
            &[
                "api",
                "http://api.example.com",
                "https://api.example.com/v1",
                "https://api.pay.gov.sg",
            ],
        ),
    ];
    for (variable, values) in table {
        for value in *values {
            assert_eq!(named(&[(variable, value)]), *variable, "{value}");
        }
    }
}

#[test]
fn only_these_variables_must_be_set() {
    let required = [
        "PAYSG_API_KEY",
        "PAYSG_PAYMENT_SERVICE_ID",
        "PAYSG_WEBHOOK_SECRET",
        "PAYSG_ORDER_KEY",
        "PAYSG_SESSION_KEY",
        "PAYSG_PUBLIC_URL",
    ];
    let variables = variables(&[]);
    let only = |name: &str| {
        variables
            .get(name)
            .filter(|_| required.contains(&name))
            .cloned()
    };
    let config = Config::read(only, true)
        .map_err(|wrong| wrong.variable)
        .unwrap();
    assert_eq!(config.base_path, "/paysg");
    assert_eq!(config.api_origin, "https://api-staging.pay.gov.sg");
    assert_eq!(
        config.return_url(),
        "https://pay.example.gov.sg/paysg/return"
    );
    assert_eq!(config.audience(), PUBLIC);
    assert_eq!(config.time_scale, 1);
    assert!(config.catalogue.is_empty() && config.secure && config.has_ledger);
    assert!(!config.terms().pace.tells && config.terms().remembers);
}

#[test]
fn the_keys_prefix_decides_the_environment_and_whose_pages_payers_see() {
    let live = read(&[("PAYSG_API_KEY", "paysg_live_secret")])
        .map_err(|wrong| wrong.variable)
        .unwrap();
    assert_eq!(live.api_origin, "https://api.pay.gov.sg");
    assert!(live.pages.allows("https://pay.gov.sg/payments/p1"));
    assert!(!live.pages.allows("https://staging.pay.gov.sg/payments/p1"));
    let staging = config();
    assert!(
        staging
            .pages
            .allows("https://staging.pay.gov.sg/payments/p1")
    );
    assert!(!staging.pages.allows("https://pay.gov.sg/payments/p1"));
}

#[test]
fn a_live_key_goes_to_paysg_alone() {
    let live = ("PAYSG_API_KEY", "paysg_live_secret");
    for url in [
        "https://api.example.com",
        "http://127.0.0.1:8788",
        "https://api-staging.pay.gov.sg",
    ] {
        assert_eq!(
            named(&[live, ("PAYSG_API_URL", url)]),
            "PAYSG_API_URL",
            "{url}"
        );
    }
    assert!(read(&[live, ("PAYSG_API_URL", "https://api.pay.gov.sg")]).is_ok());
    assert_eq!(
        named(&[live, ("PAYSG_TIME_SCALE", "10")]),
        "PAYSG_TIME_SCALE"
    );
}

#[test]
fn a_simulator_on_this_machine_may_be_served_over_http_and_hurried() {
    let config = read(&[
        SIMULATOR,
        ("PAYSG_PUBLIC_URL", "http://localhost:8787"),
        ("PAYSG_TIME_SCALE", "60"),
    ])
    .map_err(|wrong| wrong.variable)
    .unwrap();
    assert_eq!(config.api_origin, "http://127.0.0.1:8788");
    assert!(config.pages.allows("http://127.0.0.1:8788/payments/p1"));
    assert!(!config.secure);
    assert_eq!(config.terms().pace.scale, 60);
    assert_eq!(
        named(&[SIMULATOR, ("PAYSG_PUBLIC_URL", "http://pay.example.gov.sg")]),
        "PAYSG_PUBLIC_URL"
    );
    for scale in ["0", "-1", "1.5", "fast"] {
        assert_eq!(
            named(&[SIMULATOR, ("PAYSG_TIME_SCALE", scale)]),
            "PAYSG_TIME_SCALE"
        );
    }
}

#[test]
fn several_services_secrets_and_keys_are_taken_in_order() {
    let rotated = format!("{KEY_32},{ORDER_KEY}");
    let config = read(&[
        ("PAYSG_WEBHOOK_SECRET", "one,two"),
        ("PAYSG_ORDER_KEY", &rotated),
    ])
    .map_err(|wrong| wrong.variable)
    .unwrap();
    assert_eq!(config.webhook_secrets.len(), 2);
    assert_eq!(config.default_service().unwrap().as_str(), SERVICE);
    assert_eq!(
        config.service(OTHER_SERVICE).unwrap().as_str(),
        OTHER_SERVICE
    );
    assert_eq!(config.service(UNKNOWN_SERVICE), None);
    assert_eq!(
        config.order_keys.sign(b"x"),
        Keys::parse(KEY_32, 32).unwrap().sign(b"x")
    );
}

#[test]
fn a_base_path_is_written_without_its_last_slash() {
    for (given, path) in [("/", ""), ("/pay/", "/pay"), ("/a/b-c_d", "/a/b-c_d")] {
        let config = read(&[("PAYSG_BASE_PATH", given)])
            .map_err(|wrong| wrong.variable)
            .unwrap();
        assert_eq!(config.base_path, path);
    }
}

#[test]
fn what_is_told_is_not_what_the_value_is_already() {
    let told = |changes: &[(&str, &str)]| {
        let wrong = read(changes).err().unwrap();
        Problem::misconfigured(wrong).message
    };
    for (variable, value) in [
        ("PAYSG_PUBLIC_URL", "https://eservice.gov.sg/paysg"),
        ("PAYSG_ALLOWED_ORIGINS", "https://a.gov.sg/x"),
        ("PAYSG_API_URL", "http://127.0.0.1:8788/v1"),
    ] {
        let message = told(&[(variable, value)]);
        assert!(message.contains("without a path"), "{message}");
    }
    let free = r#"{"dog":{"description":"Dog","amount_in_cents":1},"cat":{"description":"Cat","amount_in_cents":0}}"#;
    assert_eq!(
        told(&[("PAYSG_CATALOGUE", free)]),
        "PAYSG_CATALOGUE must give each item an amount_in_cents, a whole number from 1 to 20000000: item 2 does not."
    );
}

/// Which part of a URL is refused, and no more of it: a password may stand in any.
#[test]
fn the_part_of_a_url_that_is_refused_is_named() {
    const SECRET: &str = "hunter2";
    for (variable, value, end) in [
        (
            "PAYSG_PUBLIC_URL",
            "pay.example.gov.sg",
            ": its scheme is not accepted.",
        ),
        (
            "PAYSG_PUBLIC_URL",
            "http://pay.example.gov.sg",
            ": its scheme is not accepted.",
        ),
        (
            "PAYSG_PUBLIC_URL",
            "http://localhost:8787",
            ": its scheme is not accepted.",
        ),
        (
            "PAYSG_PUBLIC_URL",
            "https://a:hunter2@pay.example.gov.sg",
            ": it holds a user name.",
        ),
        (
            "PAYSG_PUBLIC_URL",
            "https://pay.example.gov.sg:443",
            ": its port is not accepted (leave out the scheme's own).",
        ),
        (
            "PAYSG_PUBLIC_URL",
            "https://Pay.example.gov.sg",
            ": its host is not accepted (lower-case letters, digits, hyphens and dots).",
        ),
        (
            "PAYSG_PUBLIC_URL",
            "https://pay.example.gov.sg/hunter2",
            ": its path is not accepted.",
        ),
        (
            "PAYSG_PUBLIC_URL",
            "https://pay.example.gov.sg?hunter2",
            ": its query is not accepted.",
        ),
        (
            "PAYSG_PUBLIC_URL",
            "https://pay.example.gov.sg/#hunter2",
            ": its fragment is not accepted.",
        ),
        (
            "PAYSG_PUBLIC_URL",
            "https://pay.example.gov.sg\n",
            ": it begins or ends with white space.",
        ),
        (
            "PAYSG_RESULT_URL",
            "https://www.example.gov.sg/a/../hunter2",
            ": its path is not accepted.",
        ),
        (
            "PAYSG_RESULT_URL",
            "https://www.example.gov.sg/a?hunter2[]=",
            ": its query is not accepted.",
        ),
        (
            "PAYSG_FULFILMENT_URL",
            "https://api.example.gov.sg/a?b#hunter2|",
            ": its fragment is not accepted.",
        ),
        (
            "PAYSG_API_URL",
            "https://api.example.com/hunter2",
            ": its path is not accepted.",
        ),
        (
            "PAYSG_ALLOWED_ORIGINS",
            "https://a.example,https://b.example/hunter2",
            ": of number 2, its path is not accepted.",
        ),
    ] {
        let wrong = read(&[(variable, value)]).map(|_| ()).unwrap_err();
        let message = Problem::misconfigured(wrong).message;
        assert!(
            message.starts_with(variable) && message.ends_with(end) && !message.contains(SECRET),
            "{value}: {message}"
        );
    }
}
