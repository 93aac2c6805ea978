//! The sealed cookie.

use super::*;
use crate::edge::session::{Known, Session};
use crate::ledger::intent_name;
use crate::paysg::{PaymentId, PaymentServiceId};

fn known(payment: &str) -> Known {
    let service = PaymentServiceId::parse(SERVICE).unwrap();
    Known {
        payment_id: PaymentId::parse(payment).unwrap(),
        intent: intent_name(&service, "INV-001"),
        payment_service_id: service,
        amount_in_cents: 4200,
        pressed_at_ms: NOW_MS,
        order: None,
    }
}

fn open(config: &Config, cookies: &str) -> Session {
    Session::open(config, cookies, NOW_MS)
}

fn random() -> Vec<u8> {
    (100..164).collect()
}

/// What a browser sends back after these payments, each by a request of its own.
fn cookie(config: &Config, payments: &[&str]) -> String {
    let mut jar = String::new();
    for (payment, at_ms) in payments.iter().zip(NOW_MS..) {
        let mut session = open(config, &jar);
        session.add(Known {
            pressed_at_ms: at_ms,
            ..known(payment)
        });
        jar = sent(config, &session, &jar);
    }
    jar
}

/// What a browser that had these cookies has after this answer.
fn sent(config: &Config, session: &Session, before: &str) -> String {
    let cookies = session.cookies(config, &random());
    kept(before, cookies.iter().map(String::as_str))
}

fn ids(session: &Session) -> Vec<String> {
    session
        .newest_first()
        .map(|known| known.payment_id.as_str().to_owned())
        .collect()
}

#[test]
fn what_was_sealed_is_opened_again_newest_first() {
    let config = config();
    let cookie = cookie(&config, &["p1", "p2"]);
    let session = open(&config, &format!("theme=dark; {cookie}; lang=en"));
    assert_eq!(ids(&session), ["p2", "p1"]);
    let service = known("p1").payment_service_id;
    let find = |id: &str| session.find(&service, &PaymentId::parse(id).unwrap());
    assert_eq!(find("p1"), Some(&known("p1")));
    assert_eq!(find("P1"), None);
    let nothing: [&str; 0] = [];
    assert_eq!(session.cookies(&config, &random()), nothing);
}

#[test]
fn the_cookies_are_for_this_host_this_site_and_no_script() {
    let mut session = Session::default();
    session.name(&random());
    session.add(known("p1"));
    let [payment, browser] = session.cookies(&config(), &random()).try_into().unwrap();
    for (cookie, name) in [
        (payment, "__Host-paysg-655d-452b4a634a26"),
        (browser, "__Host-paysg-655d"),
    ] {
        let (pair, attributes) = cookie.split_once("; ").unwrap();
        assert_eq!(pair.split_once('=').unwrap().0, name);
        assert_eq!(
            attributes,
            "Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure"
        );
        assert!(!cookie.contains("Domain"));
    }
    let local = read(&[
        ("PAYSG_API_URL", "http://127.0.0.1:8788"),
        ("PAYSG_PUBLIC_URL", "http://localhost:8787"),
    ])
    .map_err(|wrong| wrong.variable)
    .unwrap();
    for cookie in session.cookies(&local, &random()) {
        assert!(cookie.starts_with("paysg-655d"));
        assert!(cookie.ends_with("; HttpOnly; SameSite=Lax") && !cookie.contains("Secure"));
    }
}

#[test]
fn answers_that_overlap_undo_nothing_of_each_other() {
    let config = config();
    let before = cookie(&config, &["p1", "p2"]);
    let answers = ["p3", "p4", "p5"].map(|payment| {
        let mut session = open(&config, &before);
        session.name(&random());
        session.add(known(payment));
        session
    });
    let jar = answers
        .iter()
        .fold(before, |jar, session| sent(&config, session, &jar));
    let mut all = ids(&open(&config, &jar));
    all.sort();
    assert_eq!(all, ["p1", "p2", "p3", "p4", "p5"]);
}

#[test]
fn no_two_cookies_of_one_answer_have_one_nonce() {
    let mut session = Session::default();
    session.name(&random());
    session.add(known("p1"));
    session.add(known("p2"));
    let cookies = session.cookies(&config(), &random());
    let nonces: std::collections::BTreeSet<Vec<u8>> = cookies
        .iter()
        .map(|cookie| {
            let (_, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            Base64UrlUnpadded::decode_vec(value).unwrap()[..24].to_vec()
        })
        .collect();
    assert_eq!(nonces.len(), 3);
}

#[test]
fn a_copy_of_a_cookie_is_dead_after_a_day() {
    let config = config();
    let cookie = cookie(&config, &["p1"]);
    let day_ms = 86_400_000;
    let after = |ms: i64| Session::open(&config, &cookie, NOW_MS + ms);
    assert_eq!(ids(&after(day_ms - 1)), ["p1"]);
    assert!(ids(&after(day_ms)).is_empty());
    assert_eq!(ids(&after(-day_ms)), ["p1"], "another machine's clock");
}

#[test]
fn its_value_shows_nothing() {
    let config = config();
    let cookie = cookie(&config, &["WlM3qMUUHQ2gipngenEmE"]);
    let value = cookie.split_once('=').unwrap().1;
    let bytes = Base64UrlUnpadded::decode_vec(value).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains("WlM3q") && !text.contains("payment_service"));
}

#[test]
fn one_changed_bit_is_no_session() {
    let config = config();
    let cookie = cookie(&config, &["p1"]);
    let (name, value) = cookie.split_once('=').unwrap();
    let bytes = Base64UrlUnpadded::decode_vec(value).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let changed = format!("{name}={}", Base64UrlUnpadded::encode_string(&changed));
        assert!(
            open(&config, &changed).newest_first().next().is_none(),
            "{at}"
        );
    }
    for length in [0, 1, 23, 24, 25, bytes.len() - 1] {
        let cut = format!(
            "{name}={}",
            Base64UrlUnpadded::encode_string(&bytes[..length])
        );
        assert!(
            open(&config, &cut).newest_first().next().is_none(),
            "{length}"
        );
    }
    for odd in [
        "",
        "x",
        "=",
        name,
        &format!("{name}="),
        &format!("{name}=%%%"),
        &format!("{cookie}="),
    ] {
        assert!(open(&config, odd).newest_first().next().is_none(), "{odd}");
    }
}

#[test]
fn a_cookie_of_another_name_edge_or_key_is_no_session() {
    let config = config();
    let cookie = cookie(&config, &["p1"]);
    let (own, value) = cookie.split_once('=').unwrap();
    let suffix = own.strip_prefix("__Host-paysg-655d").unwrap();
    for name in ["paysg-655d", "__Host-paysg-0000", "__host-paysg-655d"] {
        let name = format!("{name}{suffix}");
        assert!(
            open(&config, &format!("{name}={value}"))
                .newest_first()
                .next()
                .is_none(),
            "{name}"
        );
    }
    // Under the same key, but sealed for another name: an edge of another payment service.
    let other = read(&[("PAYSG_PAYMENT_SERVICE_ID", OTHER_SERVICE)])
        .map_err(|wrong| wrong.variable)
        .unwrap();
    assert!(
        open(&other, &format!("__Host-paysg-0000{suffix}={value}"))
            .newest_first()
            .next()
            .is_none()
    );
    let stranger = read(&[("PAYSG_SESSION_KEY", ORDER_KEY)])
        .map_err(|wrong| wrong.variable)
        .unwrap();
    assert!(open(&stranger, &cookie).newest_first().next().is_none());
}

#[test]
fn a_cookie_put_before_ours_does_not_hide_it() {
    let config = config();
    let cookie = cookie(&config, &["p1"]);
    let name = cookie.split_once('=').unwrap().0;
    assert_eq!(
        ids(&open(&config, &format!("{name}=planted; {cookie}"))),
        ["p1"]
    );
}

#[test]
fn keys_rotate_without_losing_anyone() {
    let old = config();
    let both = format!("a new session key of 32 bytes or more!,{SESSION_KEY}");
    let rotated = read(&[("PAYSG_SESSION_KEY", &both)])
        .map_err(|wrong| wrong.variable)
        .unwrap();
    let before = cookie(&old, &["p1"]);
    let mut session = open(&rotated, &before);
    assert_eq!(ids(&session), ["p1"]);
    session.add(Known {
        pressed_at_ms: NOW_MS + 1,
        ..known("p2")
    });
    let after = sent(&rotated, &session, &before);
    assert_eq!(ids(&open(&old, &after)), ["p1"], "the new key seals");
    assert_eq!(ids(&open(&rotated, &after)), ["p2", "p1"]);
}

#[test]
fn eight_payments_are_remembered_the_newest_and_each_once() {
    let config = config();
    let all: Vec<String> = (1..=12).map(|n| format!("p{n}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let jar = cookie(&config, &all);
    assert_eq!(jar.split("; ").count(), 8, "the others are removed");
    assert_eq!(
        ids(&open(&config, &jar)),
        ["p12", "p11", "p10", "p9", "p8", "p7", "p6", "p5"]
    );
    let again = open(&config, &cookie(&config, &["p1", "p2", "p1"]));
    assert_eq!(ids(&again), ["p1", "p2"]);
}

#[test]
fn the_longest_cookies_are_below_6_kib_together() {
    let config = config();
    let mut jar = String::new();
    for n in 10..40 {
        let mut session = open(&config, &jar);
        session.name(&random());
        let reference = |_: &str| format!("cat-{}", "f".repeat(32));
        session.reference_of(
            &"d".repeat(24),
            Some(&"k".repeat(255)),
            &random(),
            reference,
        );
        session.add(Known {
            amount_in_cents: 9_007_199_254_740_991,
            pressed_at_ms: NOW_MS + n,
            ..known(&format!("{n}").repeat(32))
        });
        jar = sent(&config, &session, &jar);
    }
    assert_eq!(ids(&open(&config, &jar)).len(), 8);
    assert!(jar.len() <= 6 * 1024, "{}", jar.len());
}

#[test]
fn without_randomness_nothing_is_sealed() {
    let mut session = Session::default();
    session.add(known("p1"));
    let nothing: [&str; 0] = [];
    assert_eq!(session.cookies(&config(), &[1; 23]), nothing);
}
