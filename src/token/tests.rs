//! Tokens as other languages make them, and every way in which one is not taken.
//!
//! The tokens written out here were made with Python's `hmac`, `hashlib` and `base64` alone: `base64url(header).base64url(claims)`, and the
//! HMAC-SHA256 of that under the UTF-8 bytes of the key.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that fails may panic"
)]

use std::collections::BTreeSet;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::{Value, json};

use super::*;
use crate::paysg::{FieldError, Json, PaymentId, PaymentServiceId, Rule};

const KEY: &str = "an order key of 32 bytes or more!!";
const NEXT_KEY: &str = "the next order key for a rotation";
const NOW_MS: i64 = 1_795_000_000_000;
const NOW: i64 = NOW_MS / 1000;
const SERVICE: &str = "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8";

const ORDER_BY_PYTHON: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6InBheXNnLW9yZGVyK2p3dCJ9.eyJhdWQiOiJwYXlzZy13YXNtIiwiZXhwIjoxNzk1MDAzNjAwLCJvcmRlciI6eyJyZWZlcmVuY2VfaWQiOiJJTlYtMDAxIiwicGF5ZXJfbmFtZSI6IlRhbiBBaCBLb3ciLCJkZXNjcmlwdGlvbiI6IlJlbmV3YWwgb2YgYSBsaWNlbmNlIiwiYW1vdW50X2luX2NlbnRzIjo0MjAwfX0.6UM9g4qzvUiwd1SqOHoKIvDTRJkDSP5B4cI6ViCc27g";
/// White space, another order of names, an `iat`, and `aud` as an array.
const SPACIOUS_ORDER_BY_PYTHON: &str = "eyAidHlwIiA6ICJwYXlzZy1vcmRlcitqd3QiLCAiYWxnIiA6ICJIUzI1NiIgfQ.ewogImlhdCI6IDE3OTUwMDAwMDAsCiAiZXhwIjogMTc5NTAwMzYwMCwKICJhdWQiOiBbCiAgIngiLAogICJwYXlzZy13YXNtIgogXSwKICJvcmRlciI6IHsKICAicmVmZXJlbmNlX2lkIjogIklOVi0wMDEiLAogICJwYXllcl9uYW1lIjogIlRhbiBBaCBLb3ciLAogICJkZXNjcmlwdGlvbiI6ICJSZW5ld2FsIG9mIGEgbGljZW5jZSIsCiAgImFtb3VudF9pbl9jZW50cyI6IDQyMDAKIH0KfQ.mTDSaOEilI0T8vc8MOpvnKsrZIHhZVO9r_M-rMEK9RM";
/// Signed with SHA-512, as its header says.
const HS512_ORDER_BY_PYTHON: &str = "eyJhbGciOiJIUzUxMiIsInR5cCI6InBheXNnLW9yZGVyK2p3dCJ9.eyJhdWQiOiJwYXlzZy13YXNtIiwiZXhwIjoxNzk1MDAzNjAwLCJvcmRlciI6eyJyZWZlcmVuY2VfaWQiOiJJTlYtMDAxIiwicGF5ZXJfbmFtZSI6IlRhbiBBaCBLb3ciLCJkZXNjcmlwdGlvbiI6IlJlbmV3YWwgb2YgYSBsaWNlbmNlIiwiYW1vdW50X2luX2NlbnRzIjo0MjAwfX0.O1dRJhtHwVtelSLKA30HZIdb91YhkpWFbFRKsg5TSe9JrGq2BcugFvFd-URrOOpttgXC9lvJ3sZFgYz4J1r0FA";
const REFUND_BY_PYTHON: &str = "eyJ0eXAiOiJwYXlzZy1jb21tYW5kK2p3dCIsImFsZyI6IkhTMjU2In0.eyJhdWQiOiJwYXlzZy13YXNtIiwiZXhwIjoxNzk1MDAwMDYwLCJhY3Rpb24iOiJyZWZ1bmQiLCJwYXltZW50X2lkIjoiV2xNM3FNVVVIUTJnaXBuZ2VuRW1FIiwicmVmdW5kX2Ftb3VudF9pbl9jZW50cyI6MTAwLCJqdGkiOiJjb21tYW5kLTEifQ.cTl6qosuxQPx-q3SMJpuToimXtVkm8iYFLszC1VSwew";
const RECEIPT_BY_PYTHON: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6InBheXNnLXJlY2VpcHQrand0In0.eyJpc3MiOiJodHRwczovL2VkZ2UuZXhhbXBsZS5nb3Yuc2ciLCJhdWQiOiJodHRwczovL3d3dy5leGFtcGxlLmdvdi5zZyIsImlhdCI6MTc5NTAwMDAwMCwicGF5bWVudF9pZCI6IldsTTNxTVVVSFEyZ2lwbmdlbkVtRSIsInBheW1lbnRfc2VydmljZV9pZCI6InBheW1lbnRfc2VydmljZV82NTVkMjZhMi1kZGZjLTQ3MTgtYTAwOC1iZDE4MWMxNTIyZTgiLCJyZWZlcmVuY2VfaWQiOiJJTlYtMDAxIiwiYW1vdW50X2luX2NlbnRzIjo0MjAwLCJzdGF0dXMiOiJwYWlkIiwicGFpZF9hdCI6IjIwMjMtMDgtMTVUMTE6NDQ6MTkuMTk3KzA4OjAwIn0.MoaT4ZT-T5pLkFH86GwEOb_YF_tid28gR2XgBjmxSVE";

fn keys(text: &str) -> Keys {
    Keys::parse(text, Keys::MIN_BYTES).unwrap()
}

/// A token of any text, signed with the key.
fn signed(header: &str, claims: &str, key: &str) -> String {
    let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
    let text = format!("{}.{}", encode(header), encode(claims));
    let tag = keys(key).sign(text.as_bytes());
    format!("{text}.{}", Base64UrlUnpadded::encode_string(&tag))
}

const HEADER: &str = r#"{"alg":"HS256","typ":"paysg-order+jwt"}"#;

fn order_claims() -> Value {
    json!({"aud": "paysg-wasm", "exp": NOW + 3600, "order": {"reference_id": "INV-001"}})
}

/// An order's claims with some changed; null takes one away.
fn claims(changes: Value) -> String {
    let mut claims = order_claims();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims.to_string()
}

fn verify(token: &str) -> Result<(), TokenError> {
    verify_at(token, NOW_MS)
}

fn verify_at(token: &str, now_ms: i64) -> Result<(), TokenError> {
    OrderToken::verify(token, &keys(KEY), now_ms).map(|_| ())
}

fn with_claims(claims: &str) -> Result<(), TokenError> {
    verify(&signed(HEADER, claims, KEY))
}

fn with_header(header: &str) -> Result<(), TokenError> {
    verify(&signed(header, &order_claims().to_string(), KEY))
}

#[test]
fn orders_made_by_another_language_are_taken() {
    for token in [ORDER_BY_PYTHON, SPACIOUS_ORDER_BY_PYTHON] {
        let order = OrderToken::verify(token, &keys(KEY), NOW_MS).unwrap();
        let reference = order.order.get("reference_id").and_then(Json::as_str);
        assert_eq!(reference, Some("INV-001"));
        assert_eq!(order.payment_service_id, None);
        assert_eq!(order.cancel_after_secs, None);
    }
}

#[test]
fn a_command_made_by_another_language_is_taken() {
    let command = CommandToken::verify(REFUND_BY_PYTHON, &keys(KEY), NOW_MS).unwrap();
    assert_eq!(command.kind, CommandKind::Refund);
    assert_eq!(command.subject, "WlM3qMUUHQ2gipngenEmE");
    let refund = command.refund.unwrap();
    assert_eq!(refund.amount_in_cents.get(), 100);
    assert_eq!(refund.id, "command-1");
}

#[test]
fn the_algorithm_is_not_the_tokens_to_choose() {
    for alg in [
        "none", "None", "HS384", "HS512", "RS256", "ES256", "hs256", "",
    ] {
        let header = format!(r#"{{"alg":"{alg}","typ":"paysg-order+jwt"}}"#);
        assert_eq!(with_header(&header), Err(TokenError::Signature), "{alg}");
    }
    for header in [
        r#"{"typ":"paysg-order+jwt"}"#,
        r#"{"alg":256,"typ":"paysg-order+jwt"}"#,
    ] {
        assert_eq!(with_header(header), Err(TokenError::Signature));
    }
    assert_eq!(verify(HS512_ORDER_BY_PYTHON), Err(TokenError::Signature));
    let unsigned = signed(
        r#"{"alg":"none","typ":"paysg-order+jwt"}"#,
        &order_claims().to_string(),
        KEY,
    );
    let unsigned = unsigned.rsplit_once('.').unwrap().0;
    assert_eq!(verify(&format!("{unsigned}.")), Err(TokenError::Signature));
    assert!(verify(unsigned).is_err());
}

#[test]
fn extensions_that_must_be_understood_are_not() {
    let header = r#"{"alg":"HS256","typ":"paysg-order+jwt","crit":["b64"],"b64":false}"#;
    assert_eq!(with_header(header), Err(TokenError::Signature));
    assert_eq!(
        with_header(r#"{"alg":"HS256","typ":"paysg-order+jwt","kid":"1"}"#),
        Ok(())
    );
}

const ORDERS: TokenError = TokenError::Type("paysg-order+jwt");

#[test]
fn each_kind_of_token_is_taken_for_itself_only() {
    for typ in [
        "JWT",
        "paysg-command+jwt",
        "paysg-receipt+jwt",
        "PAYSG-ORDER+JWT",
        "application/paysg-order+jwt",
        "",
    ] {
        let header = format!(r#"{{"alg":"HS256","typ":"{typ}"}}"#);
        assert_eq!(with_header(&header), Err(ORDERS), "{typ}");
    }
    assert_eq!(with_header(r#"{"alg":"HS256"}"#), Err(ORDERS));
    assert_eq!(verify(REFUND_BY_PYTHON), Err(ORDERS));
    assert_eq!(verify(RECEIPT_BY_PYTHON), Err(ORDERS));
    let error = CommandToken::verify(ORDER_BY_PYTHON, &keys(KEY), NOW_MS).unwrap_err();
    assert_eq!(error, TokenError::Type("paysg-command+jwt"));
    assert_eq!(
        error.to_string(),
        "its header must say `typ`: `paysg-command+jwt`"
    );
}

#[test]
fn the_audience_is_us_alone_or_among_others() {
    for aud in [
        json!("paysg-wasm"),
        json!(["paysg-wasm"]),
        json!(["x", "paysg-wasm"]),
    ] {
        assert_eq!(with_claims(&claims(json!({"aud": aud}))), Ok(()), "{aud}");
    }
    for aud in [
        json!("paysg"),
        json!("paysg-wasm "),
        json!([]),
        json!(["x"]),
        json!([["paysg-wasm"]]),
        json!(1),
        json!({"paysg-wasm": 1}),
        json!(null),
    ] {
        assert_eq!(
            with_claims(&claims(json!({"aud": aud}))),
            Err(TokenError::Audience),
            "{aud}"
        );
    }
}

#[test]
fn a_token_expires_at_the_exact_second() {
    let token = signed(HEADER, &claims(json!({"exp": NOW + 60})), KEY);
    assert_eq!(verify_at(&token, NOW_MS + 59_999), Ok(()));
    assert_eq!(verify_at(&token, NOW_MS + 60_000), Err(TokenError::Expired));
    assert_eq!(verify_at(&token, NOW_MS + 60_001), Err(TokenError::Expired));
}

const A_DAY: TokenError = TokenError::Lifetime("24 hours");

#[test]
fn an_order_lives_a_day_at_most_and_a_command_five_minutes() {
    assert_eq!(with_claims(&claims(json!({"exp": NOW + 86_400}))), Ok(()));
    assert_eq!(
        with_claims(&claims(json!({"exp": NOW + 86_401}))),
        Err(A_DAY)
    );
    let command = |exp: i64| {
        let claims =
            json!({"aud": "paysg-wasm", "exp": exp, "action": "cancel", "payment_id": "p1"});
        let token = signed(
            r#"{"alg":"HS256","typ":"paysg-command+jwt"}"#,
            &claims.to_string(),
            KEY,
        );
        CommandToken::verify(&token, &keys(KEY), NOW_MS).map(|command| command.kind)
    };
    assert_eq!(command(NOW + 300), Ok(CommandKind::Cancel));
    assert_eq!(command(NOW + 301), Err(TokenError::Lifetime("5 minutes")));
    assert_eq!(command(NOW), Err(TokenError::Expired));
}

#[test]
fn an_expiry_that_is_missing_or_no_number_is_refused() {
    for exp in [
        json!(null),
        json!("1795003600"),
        json!(true),
        json!([NOW + 60]),
        json!(9.0e99),
    ] {
        assert_eq!(
            with_claims(&claims(json!({"exp": exp}))),
            Err(TokenError::NoExpiry),
            "{exp}"
        );
    }
    let spelt = |exp: &str| {
        with_claims(&format!(
            r#"{{"aud":"paysg-wasm","exp":{exp},"order":{{}}}}"#
        ))
    };
    assert_eq!(
        spelt("1795003600.75"),
        Ok(()),
        "some libraries write fractions"
    );
    assert_eq!(
        spelt("1795000000.9"),
        Err(TokenError::Expired),
        "cut off, not rounded up"
    );
    assert_eq!(spelt("1795003600e0"), Err(TokenError::NoExpiry));
    assert_eq!(spelt("99999999999999999999"), Err(TokenError::NoExpiry));
    assert_eq!(spelt("9223372036854775807"), Err(A_DAY));
    assert_eq!(spelt("-9223372036854775808"), Err(TokenError::Expired));
    assert_eq!(spelt("null"), Err(TokenError::NoExpiry));
    assert_eq!(
        spelt("1795003600000"),
        Err(A_DAY),
        "milliseconds are as far away"
    );
    assert_eq!(
        TokenError::NoExpiry.to_string(),
        "it has no `exp`, in seconds since 1970"
    );
    assert_eq!(
        A_DAY.to_string(),
        "its `exp`, in seconds since 1970, is more than 24 hours away"
    );
}

#[test]
fn a_token_for_later_is_not_taken_before_its_second() {
    let token = signed(HEADER, &claims(json!({"nbf": NOW + 60})), KEY);
    assert_eq!(verify_at(&token, NOW_MS + 59_999), Err(TokenError::NotYet));
    assert_eq!(verify_at(&token, NOW_MS + 60_000), Ok(()));
    assert_eq!(
        with_claims(&claims(json!({"nbf": "soon"}))),
        Err(TokenError::NotYet)
    );
    assert_eq!(
        with_claims(&claims(json!({"iat": NOW + 60}))),
        Ok(()),
        "iat is no condition"
    );
}

#[test]
fn a_claim_given_twice_is_refused() {
    for claims in [
        r#"{"aud":"paysg-wasm","aud":"paysg-wasm","exp":1795003600,"order":{}}"#,
        r#"{"aud":"paysg-wasm","exp":1795003600,"exp":1795003601,"order":{}}"#,
        r#"{"aud":"paysg-wasm","exp":1795003600,"order":{"amount_in_cents":1,"amount_in_cents":100}}"#,
        r#"{"aud":"paysg-wasm","exp":1795003600,"order":{},"or\u0064er":{}}"#,
    ] {
        assert_eq!(with_claims(claims), Err(TokenError::Malformed), "{claims}");
    }
    let header = r#"{"alg":"none","alg":"HS256","typ":"paysg-order+jwt"}"#;
    assert_eq!(with_header(header), Err(TokenError::Malformed));
}

#[test]
fn what_is_not_a_compact_jws_is_refused() {
    let good = signed(HEADER, &order_claims().to_string(), KEY);
    let parts: Vec<&str> = good.split('.').collect();
    for token in [
        "",
        ".",
        "..",
        "...",
        "a.b",
        "a.b.c",
        parts[0],
        &format!("{}.{}", parts[0], parts[1]),
        &format!("{good}.{}", parts[2]),
        &format!(".{good}"),
        &format!(" {good}"),
        &format!("{good}\n"),
    ] {
        assert!(verify(token).is_err(), "{token}");
    }
    for claims in ["", "[]", "1", "null", "\"x\"", "{", "{}x"] {
        assert_eq!(with_claims(claims), Err(TokenError::Malformed), "{claims}");
    }
    assert_eq!(with_claims("{}"), Err(TokenError::Audience));
}

#[test]
fn base64_is_url_safe_unpadded_and_canonical() {
    let good = signed(HEADER, &claims(json!({"pad": "1"})), KEY);
    assert_eq!(verify(&good), Ok(()));
    assert_eq!(verify(&format!("{good}=")), Err(TokenError::Malformed));
    // The last of 43 letters for 32 bytes has two bits to spare: set, they would be another spelling of the same tag.
    let (text, last) = good.split_at(good.len() - 1);
    let spare = match last {
        "A" => "B",
        "E" => "F",
        "I" => "J",
        "M" => "N",
        "Q" => "R",
        "U" => "V",
        "Y" => "Z",
        "c" => "d",
        "g" => "h",
        "k" => "l",
        "o" => "p",
        "s" => "t",
        "w" => "x",
        "0" => "1",
        "4" => "5",
        "8" => "9",
        other => panic!("{other}"),
    };
    assert!(verify(&format!("{text}{spare}")).is_err());
    let tagged = (0..64)
        .map(|n| signed(HEADER, &claims(json!({"n": n})), KEY))
        .find(|token| token.rsplit('.').next().unwrap().contains(['-', '_']))
        .unwrap();
    let (text, tag) = tagged.rsplit_once('.').unwrap();
    let standard = format!("{text}.{}", tag.replace('-', "+").replace('_', "/"));
    assert_eq!(verify(&standard), Err(TokenError::Malformed));
}

#[test]
fn a_tag_that_is_cut_or_changed_is_refused() {
    let good = signed(HEADER, &order_claims().to_string(), KEY);
    let (text, tag) = good.rsplit_once('.').unwrap();
    let bytes = Base64UrlUnpadded::decode_vec(tag).unwrap();
    for length in 0..bytes.len() {
        let cut = Base64UrlUnpadded::encode_string(&bytes[..length]);
        assert_eq!(
            verify(&format!("{text}.{cut}")),
            Err(TokenError::Signature),
            "{length}"
        );
    }
    let longer = Base64UrlUnpadded::encode_string(&[bytes.clone(), vec![0]].concat());
    assert_eq!(
        verify(&format!("{text}.{longer}")),
        Err(TokenError::Signature)
    );
    for bit in 0..256 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let changed = Base64UrlUnpadded::encode_string(&changed);
        assert_eq!(
            verify(&format!("{text}.{changed}")),
            Err(TokenError::Signature),
            "{bit}"
        );
    }
}

#[test]
fn a_token_longer_than_48_kib_is_not_read() {
    let long = |bytes: usize| claims(json!({"order": {"x": "a".repeat(bytes)}}));
    let fits = signed(HEADER, &long(36_000), KEY);
    assert!(fits.len() <= 48 * 1024);
    assert_eq!(verify(&fits), Ok(()));
    let over = signed(HEADER, &long(37_000), KEY);
    assert!(over.len() > 48 * 1024);
    assert_eq!(verify(&over), Err(TokenError::Malformed));
}

#[test]
fn during_a_rotation_both_keys_verify_and_the_first_signs() {
    let both = keys(&format!("{NEXT_KEY},{KEY}"));
    for key in [KEY, NEXT_KEY] {
        let token = signed(HEADER, &order_claims().to_string(), key);
        assert!(OrderToken::verify(&token, &both, NOW_MS).is_ok());
    }
    let stranger = signed(
        HEADER,
        &order_claims().to_string(),
        "a key of nobody at all of 32 bytes or more",
    );
    assert!(matches!(
        OrderToken::verify(&stranger, &both, NOW_MS),
        Err(TokenError::Signature)
    ));
    assert_eq!(both.sign(b"x"), keys(NEXT_KEY).sign(b"x"));
}

#[test]
fn keys_too_short_or_with_white_space_around_them_are_refused() {
    let key = "k".repeat(32);
    let taken = |text: &str| Keys::parse(text, Keys::MIN_BYTES).is_some();
    assert!(taken(&key) && taken(&format!("{key},{key}")));
    assert!(
        taken(&format!("{} {}", &key[..16], &key[16..])),
        "white space within is the key's"
    );
    for text in [
        String::new(),
        "k".repeat(31),
        format!("{key},"),
        format!(",{key}"),
        format!("{key}, {key}"),
        format!(" {key}"),
        format!("{key}\n"),
        format!("{key},short"),
    ] {
        assert!(!taken(&text), "{text:?}");
    }
    // Bytes, not characters.
    assert!(taken(&"é".repeat(16)) && !taken(&"é".repeat(15)));
}

#[test]
fn a_key_is_its_text_and_is_never_shown() {
    // Python: hmac.new(b"6b" * 16, b"x", "sha256"): not decoded, although it is hexadecimal.
    let hex = keys(&"6b".repeat(16));
    let tag = base16ct::lower::encode_string(&hex.sign(b"x"));
    assert_eq!(
        tag,
        "01be55b97892406564fa412e11f22fc4ae6c375297aa248352b14c8d43573902"
    );
    assert_eq!(format!("{hex:?}"), "Keys(..)");
}

#[test]
fn an_order_names_its_payment_service_beside_or_inside() {
    let service = |changes: Value| {
        let token = signed(HEADER, &claims(changes), KEY);
        OrderToken::verify(&token, &keys(KEY), NOW_MS).map(|order| order.payment_service_id)
    };
    let named = Ok(Some(SERVICE.to_owned()));
    assert_eq!(service(json!({"payment_service_id": SERVICE})), named);
    assert_eq!(
        service(json!({"order": {"payment_service_id": SERVICE}})),
        named
    );
    assert_eq!(service(json!({})), Ok(None));
    let wrong = Err(TokenError::claim("payment_service_id", Rule::Type));
    assert_eq!(service(json!({"payment_service_id": 7})), wrong);
    assert_eq!(service(json!({"order": {"payment_service_id": []}})), wrong);
}

#[test]
fn an_order_that_is_no_object_is_named() {
    let read = |claims: Value| with_claims(&claims.to_string());
    let missing = TokenError::claim("order", Rule::Required);
    let required = Err(missing);
    assert_eq!(with_claims(&claims(json!({"order": null}))), required);
    let null = json!({"aud": "paysg-wasm", "exp": NOW + 60, "order": null});
    assert_eq!(read(null), required);
    // Its parameters beside where they belong.
    let flat =
        json!({"aud": "paysg-wasm", "exp": NOW + 60, "reference_id": "x", "amount_in_cents": 1});
    assert_eq!(read(flat), required);
    for order in [json!("x"), json!([]), json!(1)] {
        assert_eq!(
            with_claims(&claims(json!({"order": order}))),
            Err(TokenError::claim("order", Rule::Type)),
            "{order}"
        );
    }
    assert_eq!(missing.to_string(), "in its claims, order: required");
}

#[test]
fn a_link_may_be_abandoned_after_a_minute_or_more() {
    let after = |secs: Value| {
        let token = signed(HEADER, &claims(json!({"cancel_after_secs": secs})), KEY);
        OrderToken::verify(&token, &keys(KEY), NOW_MS).map(|order| order.cancel_after_secs)
    };
    assert_eq!(after(json!(60)), Ok(Some(60)));
    assert_eq!(after(json!(u32::MAX)), Ok(Some(u32::MAX)));
    let name = "cancel_after_secs";
    let beyond = |rule, limit| TokenError::Claim {
        name,
        rule,
        limit: Some(limit),
    };
    for (secs, error) in [
        (json!(59), beyond(Rule::TooSmall, 60)),
        (json!(0), beyond(Rule::TooSmall, 60)),
        (json!(-60), beyond(Rule::TooSmall, 60)),
        (json!(60.5), TokenError::claim(name, Rule::NotAnInteger)),
        (json!("60"), TokenError::claim(name, Rule::Type)),
        (
            json!(4_294_967_296_u64),
            beyond(Rule::TooLarge, 4_294_967_295),
        ),
        (json!(1e30), TokenError::claim(name, Rule::NotAnInteger)),
        (json!(u64::MAX), beyond(Rule::TooLarge, 4_294_967_295)),
    ] {
        assert_eq!(after(secs.clone()), Err(error), "{secs}");
    }
    assert_eq!(
        beyond(Rule::TooSmall, 60).to_string(),
        "in its claims, cancel_after_secs: too_small (limit 60)"
    );
}

fn command(changes: Value) -> Result<CommandToken, TokenError> {
    let mut claims = json!({"aud": "paysg-wasm", "exp": NOW + 60});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let token = signed(
        r#"{"alg":"HS256","typ":"paysg-command+jwt"}"#,
        &claims.to_string(),
        KEY,
    );
    CommandToken::verify(&token, &keys(KEY), NOW_MS)
}

fn refused(changes: Value) -> TokenError {
    command(changes).unwrap_err()
}

#[test]
fn a_command_names_its_action_and_what_it_acts_on() {
    for (action, kind, subject) in [
        ("cancel", CommandKind::Cancel, "payment_id"),
        ("send-email", CommandKind::SendEmail, "payment_id"),
        ("tell-again", CommandKind::TellAgain, "payment_id"),
        ("read", CommandKind::Read, "reference_id"),
    ] {
        for subject in [subject, "id"] {
            let mut claims = json!({"action": action});
            claims[subject] = json!("it");
            let command = command(claims).unwrap();
            assert_eq!((command.kind, &*command.subject), (kind, "it"));
        }
        for (given, rule) in [(json!(null), Rule::Required), (json!(1), Rule::Type)] {
            let mut claims = json!({"action": action});
            claims[subject] = given;
            assert_eq!(refused(claims), TokenError::claim(subject, rule));
        }
    }
    for action in ["", "Cancel", "pay", "delete", "foo"] {
        let error = refused(json!({"action": action, "id": "it"}));
        assert_eq!(error, TokenError::claim("action", Rule::Format), "{action}");
    }
    let of = |claims| refused(claims).field().unwrap();
    let required = |name: &str| FieldError::new(name, Rule::Required);
    assert_eq!(of(json!({"id": "it"})), required("action"));
    assert_eq!(
        of(json!({"action": ["refund"], "id": "it"})),
        FieldError::new("action", Rule::Type)
    );
    assert_eq!(
        of(json!({"action": "read", "payment_id": "it"})),
        required("reference_id")
    );
}

#[test]
fn a_refund_says_how_much_in_whole_cents() {
    let read = |cents: Value| {
        command(json!({"action": "refund", "payment_id": "p1", "jti": "j", "refund_amount_in_cents": cents}))
            .map(|command| command.refund.unwrap().amount_in_cents.get())
    };
    assert_eq!(read(json!(1)), Ok(1));
    assert_eq!(read(json!(100)), Ok(100));
    let name = "refund_amount_in_cents";
    let too_small = TokenError::Claim {
        name,
        rule: Rule::TooSmall,
        limit: Some(1),
    };
    for (cents, error) in [
        (json!(null), TokenError::claim(name, Rule::Required)),
        (json!("4000"), TokenError::claim(name, Rule::Type)),
        (json!(1.5), TokenError::claim(name, Rule::NotAnInteger)),
        (json!(1e30), TokenError::claim(name, Rule::NotAnInteger)),
        (json!(0), too_small),
        (json!(-1), too_small),
    ] {
        assert_eq!(read(cents.clone()), Err(error), "{cents}");
    }
    assert_eq!(
        refused(json!({"action": "refund", "payment_id": "p1", "jti": "j"})),
        TokenError::claim(name, Rule::Required)
    );
}

#[test]
fn a_refund_without_a_name_of_its_own_is_refused() {
    let read = |jti: Value| {
        command(json!({"action": "refund", "payment_id": "p1", "refund_amount_in_cents": 100, "jti": jti}))
            .map(|command| command.refund.unwrap().id)
    };
    assert_eq!(read(json!("j")), Ok("j".to_owned()));
    let longest = "j".repeat(255);
    assert_eq!(read(json!(longest)), Ok(longest));
    let named = |rule| Err(TokenError::claim("jti", rule));
    assert_eq!(read(json!(null)), named(Rule::Required));
    assert_eq!(
        refused(json!({"action": "refund", "payment_id": "p1", "refund_amount_in_cents": 100})),
        TokenError::claim("jti", Rule::Required)
    );
    assert_eq!(read(json!(17)), named(Rule::Type));
    // The same for all of them would be one refund for all of them.
    assert_eq!(read(json!("")), named(Rule::Empty));
    assert_eq!(read(json!(" \n")), named(Rule::Empty));
    let too_long = TokenError::Claim {
        name: "jti",
        rule: Rule::TooLong,
        limit: Some(255),
    };
    for long in ["j".repeat(256), "é".repeat(128), "j".repeat(30_000)] {
        assert_eq!(read(json!(long)), Err(too_long));
    }
}

#[test]
fn commands_that_move_no_money_need_no_name() {
    for action in ["cancel", "send-email", "tell-again"] {
        let read = command(json!({"action": action, "payment_id": "p1", "jti": "j"})).unwrap();
        assert_eq!(read.refund, None, "{action}");
        assert!(command(json!({"action": action, "payment_id": "p1"})).is_ok());
    }
}

fn receipt() -> Receipt {
    Receipt {
        payment_id: PaymentId::parse("WlM3qMUUHQ2gipngenEmE").unwrap(),
        payment_service_id: PaymentServiceId::parse(SERVICE).unwrap(),
        reference_id: "INV-001".to_owned(),
        amount_in_cents: 4200,
        paid_at: Some("2023-08-15T11:44:19.197+08:00".to_owned()),
    }
}

const ISSUER: &str = "https://edge.example.gov.sg";
const WWW: &str = "https://www.example.gov.sg";

#[test]
fn a_receipt_is_what_another_language_would_sign() {
    assert_eq!(
        receipt().sign(ISSUER, WWW, &keys(KEY), NOW_MS),
        RECEIPT_BY_PYTHON
    );
}

#[test]
fn a_receipt_with_any_field_changed_is_another_and_its_signature_fails() {
    let token = receipt().sign(ISSUER, WWW, &keys(KEY), NOW_MS);
    let parts: Vec<&str> = token.split('.').collect();
    let tag = Base64UrlUnpadded::decode_vec(parts[2]).unwrap();
    let decoded = Base64UrlUnpadded::decode_vec(parts[1]).unwrap();
    assert!(keys(KEY).verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &tag));
    let claims: Value = serde_json::from_slice(&decoded).unwrap();
    let names: Vec<&str> = claims
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "amount_in_cents",
        "aud",
        "iat",
        "iss",
        "paid_at",
        "payment_id",
        "payment_service_id",
        "reference_id",
        "status",
    ];
    assert_eq!(BTreeSet::from_iter(names.clone()), BTreeSet::from(expected));
    let text = String::from_utf8(decoded).unwrap();
    for name in names {
        // Nothing else of the token changes, not even the order of its claims.
        let old = format!("\"{name}\":{}", claims[name]);
        assert_eq!(text.matches(&old).count(), 1, "{name}");
        let changed = text.replace(&old, &format!("\"{name}\":\"x\""));
        let changed = Base64UrlUnpadded::encode_string(changed.as_bytes());
        assert!(
            !keys(KEY).verify(format!("{}.{changed}", parts[0]).as_bytes(), &tag),
            "{name}"
        );
    }
    assert!(!keys(NEXT_KEY).verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &tag));
}

#[test]
fn a_receipts_text_cannot_break_out_of_its_claim() {
    let mut odd = receipt();
    odd.reference_id = "x\",\"amount_in_cents\":1,\"y\":\"\\\u{0}\u{2028}é".to_owned();
    odd.paid_at = None;
    let token = odd.sign(ISSUER, WWW, &keys(KEY), NOW_MS);
    let claims = Base64UrlUnpadded::decode_vec(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["reference_id"], odd.reference_id);
    assert_eq!(claims["amount_in_cents"], 4200);
    assert_eq!(claims["paid_at"], Value::Null);
}
