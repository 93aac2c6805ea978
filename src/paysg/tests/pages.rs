use crate::paysg::web_url::MAX_URL_BYTES;
use crate::paysg::{PaymentPages, is_loopback_origin};
use proptest::prelude::*;

const GOOD: &str = "https://pay.gov.sg/payments/WlM3qMUUHQ2gipngenEmE";

#[test]
fn paysg_pages_are_allowed() {
    let pages = PaymentPages::paysg();
    for url in [
        GOOD,
        "https://staging.pay.gov.sg/payments/WlM3qMUUHQ2gipngenEmE",
        "https://pay.gov.sg/",
        "https://pay.gov.sg/payments/",
        "https://pay.gov.sg/payments/a?lang=en&next=/x?y",
        "https://pay.gov.sg/payments/a#top",
        "https://pay.gov.sg/payments/a?",
        "https://pay.gov.sg/payments/a%20b",
        "https://pay.gov.sg/.well-known/...",
        "https://pay.gov.sg/@evil.example:80/",
    ] {
        assert!(pages.allows(url), "{url}");
    }
}

#[test]
fn everything_that_leads_elsewhere_is_refused() {
    let pages = PaymentPages::paysg()
        .with_origin("http://127.0.0.1:8788")
        .unwrap();
    let long = format!("https://pay.gov.sg/{}", "a".repeat(MAX_URL_BYTES));
    for url in [
        "",
        "https://",
        "https://pay.gov.sg",
        "http://pay.gov.sg/payments/a",
        "HTTPS://pay.gov.sg/payments/a",
        "https://PAY.gov.sg/payments/a",
        "//pay.gov.sg/payments/a",
        "/payments/a",
        "javascript:alert(1)//pay.gov.sg/",
        "data:text/html,https://pay.gov.sg/",
        "https:pay.gov.sg/payments/a",
        "https:/pay.gov.sg/payments/a",
        "https:///pay.gov.sg/payments/a",
        "https://pay.gov.sg.evil.example/payments/a",
        "https://evil.example/pay.gov.sg/",
        "https://evil.pay.gov.sg/",
        "https://www.pay.gov.sg/",
        "https://pay.gov.sg/a|b",
        "https://pay.gov.sg/a^b",
        "https://pay.gov.sg/[a]",
        "https://evilpay.gov.sg/",
        "https://pay.gov.sg@evil.example/",
        "https://pay.gov.sg:443@evil.example/",
        "https://user@pay.gov.sg/",
        "https://@pay.gov.sg/",
        "https://pay.gov.sg:443/",
        "https://pay.gov.sg:8443/",
        "https://pay.gov.sg:/",
        "https://pay.gov.sg./",
        "https://pay.gov.sg\\@evil.example/",
        "https://pay.gov.sg\\payments",
        "https:\\\\pay.gov.sg\\payments",
        "https://pay.gov.sg?x",
        "https://pay.gov.sg#x",
        "https://pay.gov.sg//evil.example/",
        "https://pay.gov.sg/a//b",
        "https://pay.gov.sg/../x",
        "https://pay.gov.sg/a/..",
        "https://pay.gov.sg/./x",
        "https://pay.gov.sg/%2e/x",
        "https://pay.gov.sg/%2E%2e/x",
        "https://pay.gov.sg/.%2e",
        "https://pay.gov.sg/a b",
        "https://pay.gov.sg/a\tb",
        "https://pay.gov.sg/a\nb",
        "https://pay.gov.sg/a\r\nSet-Cookie: x",
        "https://pay.gov.sg/a\0",
        " https://pay.gov.sg/a",
        "https://pay.gov.sg/a ",
        "\u{feff}https://pay.gov.sg/a",
        "https://pay.gov.sg/é",
        "https://pay.gov.sg/a%",
        "https://pay.gov.sg/a%2",
        "https://pay.gov.sg/a%zz",
        "https://pay.gov.sg/<script>",
        "https://pay.gov.sg/\"x",
        "https://pay.gov.sg/a?x='",
        "https://pay.gov.sg/a#b#c",
        "https://pay.gov.sg/a#`",
        "https://pаy.gov.sg/a", // a Cyrillic а
        "https://xn--py-7kc.gov.sg/a",
        "https://pay。gov。sg/a",
        "https://pay.gov.sg%2eevil.example/",
        "https://%70ay.gov.sg/",
        "http://127.0.0.1:8788",
        "http://127.0.0.1:87880/",
        "http://127.0.0.1:8788@evil.example/",
        "http://127.0.0.1/",
        "http://localhost:8788/",
        "https://127.0.0.1:8788/",
        &long,
    ] {
        assert!(!pages.allows(url), "{url:?}");
    }
}

#[test]
fn a_url_is_allowed_up_to_its_bound() {
    let fill = MAX_URL_BYTES - "https://pay.gov.sg/".len();
    let pages = PaymentPages::paysg();
    assert!(pages.allows(&format!("https://pay.gov.sg/{}", "a".repeat(fill))));
    assert!(!pages.allows(&format!("https://pay.gov.sg/{}", "a".repeat(fill + 1))));
}

#[test]
fn a_simulator_on_this_machine_may_be_added_and_nothing_else() {
    for origin in [
        "http://127.0.0.1:8788",
        "http://localhost:8788",
        "http://[::1]:8788",
        "https://localhost",
        "http://127.0.0.1",
    ] {
        let pages = PaymentPages::paysg().with_origin(origin).unwrap();
        assert!(pages.allows(&format!("{origin}/payments/a")), "{origin}");
        assert!(pages.allows(GOOD));
        assert!(is_loopback_origin(origin));
    }
    for origin in [
        "",
        "http://",
        "http://127.0.0.1:8788/",
        "http://127.0.0.1:",
        "http://127.0.0.1:0",
        "http://127.0.0.1:080",
        "http://127.0.0.1:80",
        "https://localhost:443",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:8788:8788",
        "http://127.0.0.1:+80",
        "http://127.0.0.2",
        "http://127.1",
        "http://0x7f.0.0.1",
        "http://LOCALHOST",
        "http://localhost.",
        "http://localhost.evil.example",
        "http://evil.localhost",
        "http://user@localhost",
        "http://[::1",
        "http://::1",
        "http://[::2]",
        "http://localhost:80@evil.example",
        "http://agency.gov.sg",
        "https://pay.gov.sg",
        "ftp://localhost",
        "localhost",
    ] {
        assert_eq!(PaymentPages::paysg().with_origin(origin), None, "{origin}");
    }
}

#[cfg(feature = "edge")]
#[test]
fn one_environments_pages_are_not_the_others() {
    use crate::paysg::Environment;
    let staging = "https://staging.pay.gov.sg/payments/a";
    assert!(PaymentPages::only(Environment::Live).allows(GOOD));
    assert!(!PaymentPages::only(Environment::Live).allows(staging));
    assert!(PaymentPages::only(Environment::Staging).allows(staging));
    assert!(!PaymentPages::only(Environment::Staging).allows(GOOD));
}

#[cfg(feature = "edge")]
#[test]
fn configured_urls_are_https_or_of_this_machine() {
    use crate::paysg::{HttpsUrl, WebUrl};
    for (text, canonical, origin, path) in [
        (
            "https://agency.gov.sg",
            "https://agency.gov.sg/",
            "https://agency.gov.sg",
            "/",
        ),
        (
            "https://agency.gov.sg/",
            "https://agency.gov.sg/",
            "https://agency.gov.sg",
            "/",
        ),
        (
            "https://a-b.gov.sg:8443/x/?y#z",
            "https://a-b.gov.sg:8443/x/?y#z",
            "https://a-b.gov.sg:8443",
            "/x/?y#z",
        ),
        (
            "https://203.0.113.9/x",
            "https://203.0.113.9/x",
            "https://203.0.113.9",
            "/x",
        ),
        (
            "https://[::1]:1/",
            "https://[::1]:1/",
            "https://[::1]:1",
            "/",
        ),
    ] {
        let url = WebUrl::parse(text).unwrap();
        assert_eq!(
            (url.as_str(), url.origin(), url.path_and_query()),
            (canonical, origin, path)
        );
        assert!(url.is_https());
        let https = HttpsUrl::parse(text).unwrap();
        assert_eq!((https.as_str(), https.origin()), (canonical, origin));
    }
    for text in [
        "http://127.0.0.1:8787",
        "http://localhost/paysg",
        "http://[::1]:8787/",
    ] {
        let url = WebUrl::parse(text).unwrap();
        assert!(url.is_loopback() && !url.is_https(), "{text}");
        assert_eq!(HttpsUrl::parse(text), None);
    }
    assert!(
        !WebUrl::parse("https://agency.gov.sg")
            .unwrap()
            .is_loopback()
    );
    for text in [
        "",
        "http://agency.gov.sg/",
        "http://127.0.0.2/",
        "https:///x",
        "https://AGENCY.gov.sg/",
        "https://agency.gov.sg:443/",
        "https://agency.gov.sg:0443/",
        "https://agency..sg/",
        "https://agency.gov.sg./",
        "https://-agency.gov.sg/",
        "https://user:pass@agency.gov.sg/",
        "https://agency.gov.sg?x",
        "https://agency.gov.sg#x",
        "https://xn--80ak6aa92e.com/",
        "https://1.2.3/",
        "https://1.2.3.256/",
        "https://01.2.3.4/",
        "https://a.0x1/",
        "https://a.1/",
        "https://[::2]/",
        "https://[::1/",
        "https://agency_x.gov.sg/",
        "https://agency.gov.sg/\u{200b}",
        "ftp://agency.gov.sg/",
    ] {
        assert_eq!(WebUrl::parse(text), None, "{text:?}");
    }
}

/// Strings near the border of what is allowed: pieces that have fooled checks before, in any order.
fn tricky_urls() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "https://",
            "http://",
            "HTTPS://",
            "pay.gov.sg",
            "staging.pay.gov.sg",
            "localhost",
            "127.0.0.1",
            "[::1]",
            ":8788",
            ":443",
            ":",
            "@",
            "/",
            "//",
            "\\",
            ".",
            "..",
            "%2e",
            "%2F",
            "%",
            "?",
            "#",
            " ",
            "\t",
            "\n",
            "\0",
            "evil.example",
            "a",
            "Z9-_~",
            "'",
            "|",
            "^",
            "[",
            "{",
            "`",
            "\"",
            "<",
            "é",
            "xn--a",
            "1",
            "0x7f",
            "&x=1",
        ])
        .prop_map(str::to_owned),
        "[ -~]{0,6}",
        "\\PC{0,3}",
    ];
    let start = prop::sample::select(vec![
        "",
        "https://pay.gov.sg",
        "https://pay.gov.sg/",
        "https://staging.pay.gov.sg/payments/",
        "http://127.0.0.1:8788/",
        "https://",
        "https://a-1.gov.sg",
        "http://localhost",
        "https://10.0.0.1",
    ]);
    (start, prop::collection::vec(piece, 0..6))
        .prop_map(|(start, pieces)| start.to_owned() + &pieces.concat())
}

proptest! {
    #![proptest_config(super::cases(4_000))]

    #[test]
    fn an_allowed_page_is_the_same_page_to_a_browser(text in tricky_urls()) {
        let pages = PaymentPages::paysg().with_origin("http://127.0.0.1:8788").unwrap();
        if pages.allows(&text) {
            let url = url::Url::parse(&text).unwrap();
            prop_assert_eq!(url.as_str(), &text);
            prop_assert_eq!((url.username(), url.password()), ("", None));
            let place = (url.scheme(), url.host_str().unwrap(), url.port());
            prop_assert!(
                [("https", "pay.gov.sg", None), ("https", "staging.pay.gov.sg", None), ("http", "127.0.0.1", Some(8788))].contains(&place),
                "{:?}", place
            );
        }
    }

    #[test]
    fn a_page_in_a_browsers_spelling_is_allowed(
        segments in prop::collection::vec("[A-Za-z0-9._~!$&()*+,;=:@-]{1,8}|%[0-9A-F]{2}", 1..5),
        query in prop::option::of("[A-Za-z0-9._~!$&()*+,;=:@/?-]{0,20}"),
    ) {
        let mut text = format!("https://pay.gov.sg/{}", segments.join("/"));
        if let Some(query) = query {
            text = text + "?" + &query;
        }
        let canonical = url::Url::parse(&text).unwrap().as_str() == text;
        prop_assert_eq!(PaymentPages::paysg().allows(&text), canonical);
    }
}

#[cfg(feature = "edge")]
proptest! {
    #![proptest_config(super::cases(4_000))]

    #[test]
    fn a_configured_url_is_the_same_url_to_a_browser(text in tricky_urls()) {
        if let Some(ours) = crate::paysg::WebUrl::parse(&text) {
            let url = url::Url::parse(&text).unwrap();
            prop_assert_eq!(url.as_str(), ours.as_str());
            prop_assert_eq!(url.origin().ascii_serialization(), ours.origin());
            prop_assert_eq!((url.username(), url.password()), ("", None));
            prop_assert!(ours.is_https() || ours.is_loopback());
        }
    }
}
