//! Input: `0` and a `Cookie` header; or `1`, the plain text to be sealed here, and where to alter it; or `2` and identifiers to be remembered.

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
/// Browsers take a cookie of 4096 bytes, attributes not counted (RFC 6265bis).
const MAX_COOKIE_BYTES: usize = 4096;

pub fn check(data: &[u8]) {
    let config = &edge::bench(false).config;
    match data.split_first() {
        Some((b'0', cookies)) => check_reopened(config, Session::open(config, &text(cookies))),
        Some((b'1', rest)) => check_sealed(config, rest),
        Some((b'2', rest)) => check_remembered(config, rest),
        _ => {}
    }
}

/// What was opened can be sealed and opened again: the same payments, one more at the end.
fn check_reopened(config: &Config, mut session: Session) {
    let known = known("p1", 4200);
    session.add(known.clone());
    let cookie = session.cookie(config, &[7; 24]).expect("it has changed");
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
    let again = Session::open(config, pair);
    assert!(again.newest_first().eq(session.newest_first()));
    assert!(again.newest_first().count() <= 8);
    assert_eq!(
        again.find(&known.payment_service_id, &known.payment_id),
        Some(&known)
    );
}

fn check_sealed(config: &Config, data: &[u8]) {
    let [plain, at] = parts(data);
    let sealed = seal(plain, NAME, SESSION_KEY);
    let opened = Session::open(config, &format!("{NAME}={sealed}"));
    let read = Session::read(plain).unwrap_or_default();
    assert_eq!(opened, read);
    check_reopened(config, opened);
    // Under another name, another key, or with any byte altered, it is no session.
    let other = seal(plain, "__Host-paysg-0000", SESSION_KEY);
    let foreign = seal(plain, NAME, "somebody else's key of 32 bytes!!");
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
            Session::open(config, &format!("{NAME}={refused}")),
            Session::default()
        );
    }
}

/// However long the identifiers are, browsers take the cookie.
fn check_remembered(config: &Config, data: &[u8]) {
    let mut session = Session::default();
    // The longest that a page may bring, each of its characters escaped.
    session.form_key(Some(&"\"".repeat(255)), &[9; 16]);
    for (id, amount) in data.split(|byte| *byte == 0xff).zip(1..=20) {
        if PaymentId::parse(&text(id)).is_some() {
            session.add(known(&text(id), u64::MAX - amount));
        }
    }
    let cookie = session.cookie(config, &[7; 24]).expect("it has changed");
    let pair = cookie.split(';').next().unwrap_or_default();
    assert!(pair.len() <= MAX_COOKIE_BYTES, "{} bytes", pair.len());
    assert!(session.newest_first().count() <= 8);
}

fn known(id: &str, amount_in_cents: u64) -> Known {
    let service = PaymentServiceId::parse(SERVICE).expect("an id");
    Known {
        payment_id: PaymentId::parse(id).expect("an id"),
        intent: intent_name(&service, id),
        payment_service_id: service,
        amount_in_cents,
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
