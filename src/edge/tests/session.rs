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
    }
}

fn random() -> Vec<u8> {
    (100..164).collect()
}

/// What a browser sends back after these payments.
fn cookie(config: &Config, payments: &[&str]) -> String {
    let mut session = Session::default();
    for payment in payments {
        session.add(known(payment));
    }
    let cookie = session.cookie(config, &random()).unwrap();
    cookie.split(';').next().unwrap().to_owned()
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
    let session = Session::open(&config, &format!("theme=dark; {cookie}; lang=en"));
    assert_eq!(ids(&session), ["p2", "p1"]);
    let service = known("p1").payment_service_id;
    let find = |id: &str| session.find(&service, &PaymentId::parse(id).unwrap());
    assert_eq!(find("p1"), Some(&known("p1")));
    assert_eq!(find("P1"), None);
    assert_eq!(
        session.cookie(&config, &random()),
        None,
        "nothing has changed"
    );
}

#[test]
fn the_cookie_is_for_this_host_this_site_and_no_script() {
    let mut session = Session::default();
    session.add(known("p1"));
    let config = config();
    let cookie = session.cookie(&config, &random()).unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert!(pair.starts_with("__Host-paysg-655d="));
    assert_eq!(
        attributes,
        "Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure"
    );
    assert!(!cookie.contains("Domain"));

    let local = read(&[
        ("PAYSG_API_URL", "http://127.0.0.1:8788"),
        ("PAYSG_PUBLIC_URL", "http://localhost:8787"),
    ])
    .map_err(|wrong| wrong.variable)
    .unwrap();
    let cookie = session.cookie(&local, &random()).unwrap();
    assert!(cookie.starts_with("paysg-655d="));
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax") && !cookie.contains("Secure"));
}

#[test]
fn its_value_shows_nothing() {
    let config = config();
    let cookie = cookie(&config, &["WlM3qMUUHQ2gipngenEmE"]);
    let value = cookie.split_once('=').unwrap().1;
    let bytes = Base64UrlUnpadded::decode_vec(value).unwrap();
    assert_eq!(bytes[..24], random()[..24], "the nonce");
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
        assert!(Session::open(&config, &changed).is_empty(), "{at}");
    }
    for length in [0, 1, 23, 24, 25, bytes.len() - 1] {
        let cut = format!(
            "{name}={}",
            Base64UrlUnpadded::encode_string(&bytes[..length])
        );
        assert!(Session::open(&config, &cut).is_empty(), "{length}");
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
        assert!(Session::open(&config, odd).is_empty(), "{odd}");
    }
}

#[test]
fn a_cookie_of_another_name_edge_or_key_is_no_session() {
    let config = config();
    let cookie = cookie(&config, &["p1"]);
    let value = cookie.split_once('=').unwrap().1;
    for name in ["paysg-655d", "__Host-paysg-0000", "__host-paysg-655d"] {
        assert!(
            Session::open(&config, &format!("{name}={value}")).is_empty(),
            "{name}"
        );
    }
    // Under the same key, but sealed for another name: an edge of another payment service.
    let other = read(&[("PAYSG_PAYMENT_SERVICE_ID", OTHER_SERVICE)])
        .map_err(|wrong| wrong.variable)
        .unwrap();
    assert!(Session::open(&other, &format!("__Host-paysg-0000={value}")).is_empty());
    let stranger = read(&[("PAYSG_SESSION_KEY", ORDER_KEY)])
        .map_err(|wrong| wrong.variable)
        .unwrap();
    assert!(Session::open(&stranger, &cookie).is_empty());
}

#[test]
fn a_cookie_put_before_ours_does_not_hide_it() {
    let config = config();
    let cookie = cookie(&config, &["p1"]);
    let name = cookie.split_once('=').unwrap().0;
    assert_eq!(
        ids(&Session::open(
            &config,
            &format!("{name}=planted; {cookie}")
        )),
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
    let mut session = Session::open(&rotated, &before);
    assert_eq!(ids(&session), ["p1"]);
    session.add(known("p2"));
    let after = session.cookie(&rotated, &random()).unwrap();
    assert!(Session::open(&old, &after).is_empty(), "the new key seals");
    assert_eq!(
        ids(&Session::open(&rotated, after.split(';').next().unwrap())),
        ["p2", "p1"]
    );
}

#[test]
fn eight_payments_are_remembered_the_newest_and_each_once() {
    let config = config();
    let all: Vec<String> = (1..=12).map(|n| format!("p{n}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let session = Session::open(&config, &cookie(&config, &all));
    assert_eq!(
        ids(&session),
        ["p12", "p11", "p10", "p9", "p8", "p7", "p6", "p5"]
    );
    let again = Session::open(&config, &cookie(&config, &["p1", "p2", "p1"]));
    assert_eq!(ids(&again), ["p1", "p2"]);
}

#[test]
fn the_longest_cookie_fits_into_4096_bytes() {
    let config = config();
    let mut session = Session::default();
    session.form_key(None, &random());
    for n in 10..40 {
        let mut known = known(&format!("{n}").repeat(32));
        known.amount_in_cents = 9_007_199_254_740_991;
        session.add(known);
    }
    let cookie = session.cookie(&config, &random()).unwrap();
    assert!(cookie.len() <= 4096, "{}", cookie.len());
    assert_eq!(
        ids(&Session::open(&config, cookie.split(';').next().unwrap())).len(),
        8
    );
}

#[test]
fn a_plain_forms_key_stays_until_its_own_payment_is_seen_paid() {
    let config = config();
    let sent_back = |session: &Session| {
        let cookie = session.cookie(&config, &random()).unwrap();
        Session::open(&config, cookie.split(';').next().unwrap())
    };
    let mut session = Session::default();
    session.add(known("p1"));
    let mut session = sent_back(&session);
    let key = session.form_key(None, &random());
    assert_eq!(session.form_key(None, &[7; 16]), key);
    session.add(known("p2"));
    let mut back = sent_back(&session);
    back.forget_form_key(&known("p1").payment_id);
    assert_eq!(back.cookie(&config, &random()), None);
    assert_eq!(back.form_key(None, &[7; 16]), key);
    back.forget_form_key(&known("p2").payment_id);
    assert_ne!(sent_back(&back).form_key(None, &[7; 16]), key);
}

#[test]
fn what_a_script_orders_is_not_the_plain_forms_payment() {
    let mut session = Session::default();
    let key = session.form_key(None, &random());
    session.add(known("p1"));
    let cookie = session.cookie(&config(), &random()).unwrap();
    let mut back = Session::open(&config(), cookie.split(';').next().unwrap());
    back.add(known("p2"));
    back.forget_form_key(&known("p2").payment_id);
    assert_eq!(back.form_key(None, &[7; 16]), key);
}

#[test]
fn without_randomness_nothing_is_sealed() {
    let mut session = Session::default();
    session.add(known("p1"));
    assert_eq!(session.cookie(&config(), &[1; 23]), None);
}
