//! Input: what somebody says is a URL.
//!
//! The law, in words: a URL is accepted exactly if the platform parses it, would not rewrite it, and the parts that the platform finds are allowed.
//! `tests/engines/url_policy.mjs` states it again in JavaScript, for the parsers of V8, workerd and Chromium.

use paysg_wasm::paysg::{HttpsUrl, PaymentPages, WebUrl, is_loopback_origin};
use url::{Host, Url};

use super::text;

const SIMULATOR: &str = "http://127.0.0.1:8788";

pub fn check(data: &[u8]) {
    let text = text(data);
    let parsed = Url::parse(&text).ok();
    let parsed = parsed.as_ref();
    let page = |origins: &[&str]| {
        parsed.is_some_and(|url| {
            text.len() <= 2048
                && url.as_str() == text
                && bare(url)
                && plain(url)
                && origins.contains(&&*origin(url))
        })
    };
    let (live, staging) = ("https://pay.gov.sg", "https://staging.pay.gov.sg");
    assert_eq!(
        PaymentPages::paysg().allows(&text),
        page(&[live, staging]),
        "{text:?}"
    );
    let simulated = PaymentPages::paysg()
        .with_origin(SIMULATOR)
        .expect("an origin");
    assert_eq!(
        simulated.allows(&text),
        page(&[live, staging, SIMULATOR]),
        "{text:?}"
    );

    let web = parsed.filter(|url| {
        let bare_origin = url.as_str().strip_suffix('/') == Some(&text);
        text.len() <= 2048
            && (url.as_str() == text || bare_origin)
            && bare(url)
            && plain(url)
            && plain_host(url)
            && (url.scheme() == "https" || (url.scheme() == "http" && loopback(url)))
    });
    let ours = WebUrl::parse(&text);
    assert_eq!(
        ours.as_ref().map(WebUrl::as_str),
        web.map(Url::as_str),
        "{text:?}"
    );
    assert_eq!(
        ours.as_ref().map(|url| url.origin().to_owned()),
        web.map(origin),
        "{text:?}"
    );
    assert_eq!(
        ours.is_some_and(|url| url.is_loopback()),
        web.is_some_and(loopback),
        "{text:?}"
    );
    let https = web.filter(|url| url.scheme() == "https");
    assert_eq!(
        HttpsUrl::parse(&text).as_ref().map(HttpsUrl::as_str),
        https.map(Url::as_str)
    );

    let is_origin = parsed.is_some_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && loopback(url)
            && bare(url)
            && origin(url) == text
    });
    assert_eq!(is_loopback_origin(&text), is_origin, "{text:?}");
}

fn origin(url: &Url) -> String {
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!(
        "{}://{}{port}",
        url.scheme(),
        url.host_str().unwrap_or_default()
    )
}

/// No user name, and a port that is one.
fn bare(url: &Url) -> bool {
    url.username().is_empty() && url.password().is_none() && url.port() != Some(0)
}

/// Path, query and fragment hold what all parsers of all ages leave alone, and no empty segment but the last.
fn plain(url: &Url) -> bool {
    let safe = |part: &str, more: &[u8]| {
        let mut rest = part.as_bytes();
        while let Some((byte, after)) = rest.split_first() {
            rest = match (byte, after) {
                (b'%', [high, low, after @ ..])
                    if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
                {
                    after
                }
                _ if byte.is_ascii_alphanumeric()
                    || b"-._~!$&()*+,;=:@/".contains(byte)
                    || more.contains(byte) =>
                {
                    after
                }
                _ => return false,
            };
        }
        true
    };
    safe(url.path(), b"")
        && !url.path().contains("//")
        && safe(url.query().unwrap_or_default(), b"?")
        && safe(url.fragment().unwrap_or_default(), b"?")
}

/// A host that needs no tables of Unicode: letters, digits and inner hyphens, an IPv4 address, or this machine's IPv6 one.
fn plain_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(_)) => true,
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => {
            let label = |label: &str| {
                (1..=63).contains(&label.len())
                    && label
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
                    && !label.starts_with("xn--")
            };
            name.len() <= 253 && name.split('.').all(label)
        }
        None => false,
    }
}

fn loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}
