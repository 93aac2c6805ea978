//! Input: `0` and a token; or a digit for the kind, a header and the claims, to be signed here; or `r` and the texts of a receipt.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use paysg_wasm::paysg::{PaymentId, PaymentServiceId};
use paysg_wasm::token::{CommandToken, Keys, OrderToken, Receipt};
use serde_json::Value;
use sha2::Sha256;

use super::{NOW_MS, ORDER_KEY, SERVICE, parts, text};

const ORDER: (&str, i64) = ("paysg-order+jwt", 24 * 3600);
const COMMAND: (&str, i64) = ("paysg-command+jwt", 300);

pub fn check(data: &[u8]) {
    match data.split_first() {
        Some((b'r', rest)) => check_receipt(rest),
        Some((b'0', token)) => {
            check_token(&text(token));
        }
        Some((b'1', rest)) => {
            let [header, claims, at] = parts(rest);
            let token = signed(header, claims, ORDER_KEY);
            check_altered(&token, at, check_token(&token));
            // Signed by anyone else, it is nothing.
            assert_eq!(
                check_token(&signed(header, claims, "somebody else's key of 32 bytes!!")),
                [false, false]
            );
        }
        _ => {}
    }
}

/// Whether it is taken as an order, and as a command; never as both, and never unless a peer finds all of it good.
fn check_token(token: &str) -> [bool; 2] {
    let keys = Keys::parse(ORDER_KEY, Keys::MIN_BYTES).expect("a key");
    let taken = [
        OrderToken::verify(token, &keys, NOW_MS).is_ok(),
        CommandToken::verify(token, &keys, NOW_MS).is_ok(),
    ];
    for (taken, kind) in taken.into_iter().zip([ORDER, COMMAND]) {
        assert!(!taken || is_good(token, kind), "{token}");
    }
    assert_ne!(taken, [true, true]);
    taken
}

fn is_good(token: &str, (typ, max_lifetime): (&str, i64)) -> bool {
    let [header, claims, tag] = token.split('.').collect::<Vec<_>>()[..] else {
        return false;
    };
    let object = |part: &str| -> Value {
        let bytes = Base64UrlUnpadded::decode_vec(part).expect("it was read");
        serde_json::from_slice(&bytes).unwrap_or_default()
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(ORDER_KEY.as_bytes()).expect("a key");
    mac.update(format!("{header}.{claims}").as_bytes());
    let good_tag: [u8; 32] = mac.finalize().into_bytes().into();
    let (header, claims) = (object(header), object(claims));
    // serde_json refuses half a surrogate pair, and numbers that no double can hold, wherever they stand: of such a token it can only say nothing.
    if header.is_null() || claims.is_null() {
        return tag == Base64UrlUnpadded::encode_string(&good_tag);
    }
    let now = (NOW_MS / 1000) as f64;
    let aud = &claims["aud"];
    let for_us = aud.as_array().map_or(aud == "paysg-wasm", |auds| {
        auds.contains(&"paysg-wasm".into())
    });
    let exp = claims["exp"].as_f64().unwrap_or_default();
    let nbf = claims["nbf"].as_f64().unwrap_or_default();
    tag == Base64UrlUnpadded::encode_string(&good_tag)
        && header["alg"] == "HS256"
        && header["typ"] == typ
        && header.get("crit").is_none()
        && for_us
        && exp > now
        && exp < now + max_lifetime as f64 + 1.0
        && nbf < now + 1.0
}

/// No other token that differs in one character is taken: a signature has one spelling.
fn check_altered(token: &str, at: &[u8], taken: [bool; 2]) {
    if taken == [false, false] {
        return;
    }
    let digit = at.iter().fold(0, |sum: usize, byte| {
        sum.wrapping_mul(251).wrapping_add(usize::from(*byte))
    });
    let mut altered = token.as_bytes().to_vec();
    let place = digit % altered.len();
    for other in *b"Aa0_-." {
        if altered[place] != other {
            let was = std::mem::replace(&mut altered[place], other);
            assert_eq!(check_token(&text(&altered)), [false, false], "at {place}");
            altered[place] = was;
        }
    }
    assert_eq!(check_token(&token[..token.len() - 1]), [false, false]);
    assert_eq!(check_token(&format!("{token}A")), [false, false]);
    assert_eq!(check_token(&format!("{token}=")), [false, false]);
}

fn check_receipt(data: &[u8]) {
    let [reference_id, issuer, audience, paid_at, id] = parts::<5>(data).map(text);
    let Some(payment_id) = PaymentId::parse(&id) else {
        return;
    };
    let receipt = Receipt {
        payment_id,
        payment_service_id: PaymentServiceId::parse(SERVICE).expect("an id"),
        reference_id: reference_id.to_string(),
        amount_in_cents: data.len() as u64,
        paid_at: (!paid_at.is_empty()).then(|| paid_at.to_string()),
    };
    let keys = Keys::parse(ORDER_KEY, Keys::MIN_BYTES).expect("a key");
    let token = receipt.sign(&issuer, &audience, &keys, NOW_MS);
    let [header, claims, tag] = token.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts");
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(ORDER_KEY.as_bytes()).expect("a key");
    mac.update(format!("{header}.{claims}").as_bytes());
    mac.verify_slice(&Base64UrlUnpadded::decode_vec(tag).expect("base64url"))
        .expect("signed");
    let claims = Base64UrlUnpadded::decode_vec(claims).expect("base64url");
    let claims: Value = serde_json::from_slice(&claims).expect("JSON");
    let expected = serde_json::json!({
        "iss": issuer, "aud": audience, "iat": NOW_MS / 1000, "payment_id": id, "payment_service_id": SERVICE,
        "reference_id": reference_id, "amount_in_cents": data.len(), "status": "paid", "paid_at": receipt.paid_at,
    });
    assert_eq!(claims, expected);
    // The order key signs receipts, too: none of them is an order or a command.
    assert_eq!(check_token(&token), [false, false]);
}

fn signed(header: &[u8], claims: &[u8], key: &str) -> String {
    let text = format!(
        "{}.{}",
        Base64UrlUnpadded::encode_string(header),
        Base64UrlUnpadded::encode_string(claims)
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key");
    mac.update(text.as_bytes());
    let tag: [u8; 32] = mac.finalize().into_bytes().into();
    format!("{text}.{}", Base64UrlUnpadded::encode_string(&tag))
}
