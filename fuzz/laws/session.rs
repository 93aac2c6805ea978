//! Input: `0` and a `Cookie` header; or `1`, an id for the plain text to be sealed here, and where to alter it; or `2` and identifiers to be
//! remembered.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use paysg_wasm::edge::config::Config;
use paysg_wasm::edge::session::{Known, Session};
use paysg_wasm::ledger::intent_name;
use paysg_wasm::paysg::{PaymentId, PaymentServiceId};
use paysg_wasm::token::Keys;

use super::{SERVICE, SESSION_KEY, edge, parts, text};

/// As in `src/edge/session.rs`: a cookie that is open for a day does not survive a change of either.
const PURPOSE: &[u8] = b"paysg-wasm session v1";
const NAME: &str = "__Host-paysg-655d";
/// Browsers take a cookie of 4096 bytes, attributes not counted (RFC 6265bis); eight of this size fit into any server's limit for headers.
const MAX_COOKIE_BYTES: usize = 700;
const NOW_MS: i64 = 1_795_000_000_000;

fn open(config: &Config, cookies: &str) -> Session {
    Session::open(config, cookies, NOW_MS)
}

pub fn check(data: &[u8]) {
    let config = &edge::bench(false).config;
    match data.split_first() {
        Some((b'0', cookies)) => check_reopened(config, open(config, &text(cookies))),
        Some((b'1', rest)) => check_sealed(config, rest),
        Some((b'2', rest)) => check_remembered(config, rest),
        _ => {}
    }
}

/// What a browser that had `before` sends after this answer.
fn kept(config: &Config, session: &Session, before: &str) -> String {
    let mut jar: Vec<String> = before.split("; ").map(str::to_owned).collect();
    for cookie in session.cookies(config, &[7; 24]) {
        let (pair, attributes) = cookie.split_once(';').expect("attributes");
        assert!(
            attributes.contains("HttpOnly")
                && attributes.contains("Secure")
                && attributes.contains("SameSite=Lax")
        );
        assert!(
            pair.bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte))
        );
        assert!(pair.len() <= MAX_COOKIE_BYTES, "{} bytes", pair.len());
        let (name, _) = pair.split_once('=').expect("a pair");
        jar.retain(|other| other.split('=').next() != Some(name));
        if !attributes.contains("Max-Age=0;") {
            jar.push(pair.to_owned());
        }
    }
    jar.join("; ")
}

/// What was opened can be sealed and opened again: the same payments, one more at the end.
fn check_reopened(config: &Config, mut session: Session) {
    let known = known("p1", 4200);
    session.add(known.clone());
    let again = open(config, &kept(config, &session, ""));
    assert!(again.newest_first().count() <= 8);
    assert_eq!(
        again.find(&known.payment_service_id, &known.payment_id),
        Some(&known)
    );
}

fn check_sealed(config: &Config, data: &[u8]) {
    let [id, at] = parts(data);
    let Some(id) = PaymentId::parse(&text(id)) else {
        return;
    };
    let mut session = Session::default();
    session.add(known(id.as_str(), 4200));
    let jar = kept(config, &session, "");
    let (name, _) = jar
        .trim_start_matches("; ")
        .split_once('=')
        .expect("a pair");
    let plain = serde_json::to_vec(&known(id.as_str(), 4200)).expect("plain data");
    let sealed = seal(&plain, name, SESSION_KEY);
    let opened = open(config, &format!("{name}={sealed}"));
    assert!(opened.newest_first().eq(session.newest_first()));
    check_reopened(config, opened);
    // Under another name, another key, or with any byte altered, it is no session.
    let other = seal(&plain, &format!("{NAME}-000000000000"), SESSION_KEY);
    let foreign = seal(&plain, name, "somebody else's key of 32 bytes!!");
    let mut altered = sealed.clone().into_bytes();
    let place = at.iter().fold(0, |sum: usize, byte| {
        sum.wrapping_mul(251).wrapping_add(usize::from(*byte))
    }) % altered.len();
    altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
    for refused in [
        other,
        foreign,
        text(&altered).into_owned(),
        format!("{sealed}A"),
        format!("{sealed}="),
    ] {
        assert_eq!(
            open(config, &format!("{name}={refused}")),
            Session::default()
        );
    }
    let moved = format!("{NAME}-000000000000={sealed}");
    assert_eq!(open(config, &moved), Session::default());
}

/// However long the identifiers are, browsers take the cookies, and no more than nine are kept.
fn check_remembered(config: &Config, data: &[u8]) {
    let mut jar = String::new();
    for (at, (id, amount)) in data.split(|byte| *byte == 0xff).zip(1..=20).enumerate() {
        if PaymentId::parse(&text(id)).is_none() {
            continue;
        }
        let mut session = open(config, &jar);
        session.name(&[9; 12]);
        // The longest that a page may bring.
        let key = "\"".repeat(255);
        session.reference_of(&text(id), Some(&key), &[9; 16], |_| "cat-".repeat(9));
        session.add(Known {
            pressed_at_ms: NOW_MS - 1000 + at as i64,
            ..known(&text(id), u64::MAX - amount)
        });
        jar = kept(config, &session, &jar);
    }
    assert!(open(config, &jar).newest_first().count() <= 8);
    assert!(jar.split("; ").filter(|pair| !pair.is_empty()).count() <= 9);
}

fn known(id: &str, amount_in_cents: u64) -> Known {
    let service = PaymentServiceId::parse(SERVICE).expect("an id");
    Known {
        payment_id: PaymentId::parse(id).expect("an id"),
        intent: intent_name(&service, id),
        payment_service_id: service,
        amount_in_cents,
        pressed_at_ms: NOW_MS,
        order: None,
    }
}

fn seal(plain: &[u8], name: &str, key: &str) -> String {
    let keys = Keys::parse(key, Keys::MIN_BYTES).expect("a key");
    let key = keys.derive(PURPOSE).next().expect("a key");
    let nonce = [5; 24];
    let payload = Payload {
        msg: plain,
        aad: name.as_bytes(),
    };
    let cipher = XChaCha20Poly1305::new(&key.into());
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), payload)
        .expect("memory");
    Base64UrlUnpadded::encode_string(&[&nonce[..], &sealed].concat())
}
