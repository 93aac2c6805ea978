use super::payment::{paid, with};
use super::{PAYMENT, SERVICE};
use crate::paysg::signature::{
    Freshness, Header, MAX_HEADER_BYTES, Secret, SignatureError, freshness, tag, verify,
};
use crate::paysg::{Event, Rule};
use proptest::prelude::*;
use serde_json::{Value, json};

const EVENT: &str = "evt_752ced1f-00ce-4905-8c46-367371dd78e6";

fn secret(text: &str) -> Secret {
    Secret::parse(text).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8], alphabet: &[u8; 2]) -> String {
    let letters: Vec<u8> = (b'A'..=b'Z')
        .chain(b'a'..=b'z')
        .chain(b'0'..=b'9')
        .chain(*alphabet)
        .collect();
    let mut bits: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
        .collect();
    bits.resize(bits.len().div_ceil(6) * 6, 0);
    bits.chunks(6)
        .map(|six| char::from(letters[six.iter().fold(0, |sum, bit| sum << 1 | usize::from(*bit))]))
        .collect()
}

/// The 32 bytes in each of the spellings that are read.
fn spellings(bytes: &[u8; 32]) -> [String; 6] {
    let (standard, url) = (base64(bytes, b"+/"), base64(bytes, b"-_"));
    [
        hex(bytes),
        hex(bytes).to_uppercase(),
        standard.clone(),
        standard + "=",
        url.clone(),
        url + "=",
    ]
}

fn is_good(header: &str, payload: &[u8], secrets: &[Secret]) -> bool {
    Header::parse(header).is_ok_and(|header| verify(&header, payload, secrets))
}

/// RFC 4231, test case 7: its data happen to hold one full stop inside, where a timestamp may end.
#[test]
fn the_tag_is_hmac_sha256() {
    let data = "This is a test using a larger than block-size key and a larger than block-size data. \
                The key needs to be hashed before being used by the HMAC algorithm.";
    let (timestamp, payload) = data.split_once('.').unwrap();
    assert_eq!(
        hex(&tag(
            &Secret([0xaa; 131].as_slice().into()),
            timestamp,
            payload.as_bytes()
        )),
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
    );
}

#[test]
fn the_peer_in_this_test_writes_base64_as_others_do() {
    // RFC 4648, section 10.
    assert_eq!(base64(b"foobar", b"+/"), "Zm9vYmFy");
    assert_eq!(base64(b"foob", b"+/"), "Zm9vYg");
    assert_eq!(
        (
            base64(&[0xfb, 0xff, 0xbf], b"+/"),
            base64(&[0xfb, 0xff, 0xbf], b"-_")
        ),
        ("+/+/".into(), "-_-_".into())
    );
}

#[test]
fn a_signature_is_good_in_every_documented_spelling() {
    let key = secret("whsec_1");
    for timestamp in ["1691055412", "1691055412634", "0001691055412"] {
        for v1 in spellings(&tag(&key, timestamp, b"{}")) {
            for header in [
                format!("t={timestamp},v1={v1}"),
                format!("t={timestamp}, v1={v1}"),
                format!(" v1={v1} ,\tt={timestamp} "),
                format!("t={timestamp},v0=x,v1={v1},next-1=a=b,empty="),
                format!("v1={v1},t={timestamp},v1={}", "0".repeat(64)),
                format!("v1={},t={timestamp},v1={v1}", "0".repeat(64)),
                format!("v1=short,t={timestamp},v1={v1}"),
            ] {
                assert!(
                    is_good(&header, b"{}", std::slice::from_ref(&key)),
                    "{header}"
                );
            }
        }
    }
}

#[test]
fn any_of_several_secrets_may_have_signed() {
    let [old, new, other] = ["old", "new", "other"].map(secret);
    let header = format!("t=1691055412,v1={}", hex(&tag(&old, "1691055412", b"x")));
    assert!(is_good(&header, b"x", &[new.clone(), old.clone()]));
    assert!(is_good(&header, b"x", &[old, new.clone()]));
    assert!(!is_good(&header, b"x", &[new, other]));
    assert!(!is_good(&header, b"x", &[]));
}

#[test]
fn malformed_headers_are_told_apart() {
    let v1 = hex(&tag(&secret("k"), "1", b""));
    let many = |count: usize| format!("t=1{}", format!(",v1={v1}").repeat(count));
    assert!(Header::parse(&many(8)).is_ok());
    for (header, error) in [
        (String::new(), SignatureError::Missing),
        (" \t".to_owned(), SignatureError::Missing),
        (",".to_owned(), SignatureError::Grammar),
        (format!("t=1,v1={v1},"), SignatureError::Grammar),
        (format!("t=1;v1={v1}"), SignatureError::Timestamp),
        (format!("t = 1,v1={v1}"), SignatureError::Grammar),
        (format!("=1,v1={v1}"), SignatureError::Grammar),
        (format!("t=1,é=1,v1={v1}"), SignatureError::Grammar),
        (format!("v1={v1}"), SignatureError::NoTimestamp),
        (format!("T=1,v1={v1}"), SignatureError::NoTimestamp),
        (format!("t=1,t=1,v1={v1}"), SignatureError::SecondTimestamp),
        (
            format!("t=1,v1={v1}, t=2,v1={v1}"),
            SignatureError::SecondTimestamp,
        ),
        (format!("t=,v1={v1}"), SignatureError::Timestamp),
        (format!("t=-1,v1={v1}"), SignatureError::Timestamp),
        (format!("t=+1,v1={v1}"), SignatureError::Timestamp),
        (format!("t=1.5,v1={v1}"), SignatureError::Timestamp),
        (format!("t=2023-08-03,v1={v1}"), SignatureError::Timestamp),
        (
            format!("t=12345678901234567,v1={v1}"),
            SignatureError::Timestamp,
        ),
        ("t=1".to_owned(), SignatureError::NoSignature),
        ("t=1,V1=x".to_owned(), SignatureError::NoSignature),
        (format!("t=1,v0={v1}"), SignatureError::NoSignature),
        (many(9), SignatureError::TooManySignatures),
        (
            format!("t=1{}", ",v1=x".repeat(9)),
            SignatureError::TooManySignatures,
        ),
        ("t=1,v1=".to_owned(), SignatureError::Signature),
        (format!("t=1,v1={}", &v1[..62]), SignatureError::Signature),
        (format!("t=1,v1={v1}00"), SignatureError::Signature),
        (format!("t=1,v1={}g", &v1[..63]), SignatureError::Signature),
        (
            format!("t=1,v1={}==", "A".repeat(42)),
            SignatureError::Signature,
        ),
        (
            format!("t=1,v1={}=", "A".repeat(42)),
            SignatureError::Signature,
        ),
        // The last letter of 43 holds two bits too many, which must be zero.
        (
            format!("t=1,v1={}B", "A".repeat(42)),
            SignatureError::Signature,
        ),
        (
            format!("t=1,v1={}", " ".repeat(43)),
            SignatureError::Signature,
        ),
        (
            format!("t=1,v1={v1},x={}", "y".repeat(MAX_HEADER_BYTES)),
            SignatureError::TooLong,
        ),
    ] {
        assert_eq!(Header::parse(&header).err(), Some(error), "{header:?}");
        assert!(!error.to_string().is_empty());
    }
    assert!(Header::parse(&format!("t=1,v1={}A", "A".repeat(42))).is_ok());
    assert!(Header::parse(&format!("t=1234567890123456,v1={v1}")).is_ok());
}

#[test]
fn no_spelling_of_the_timestamp_but_the_one_signed_is_good() {
    let key = secret("k");
    let v1 = hex(&tag(&key, "1691055412", b"x"));
    assert!(is_good(
        &format!("t=1691055412,v1={v1}"),
        b"x",
        std::slice::from_ref(&key)
    ));
    for timestamp in ["01691055412", "1691055413", "1691055412000", "169105541"] {
        assert!(
            !is_good(
                &format!("t={timestamp},v1={v1}"),
                b"x",
                std::slice::from_ref(&key)
            ),
            "{timestamp}"
        );
    }
}

#[test]
fn secrets_and_signatures_are_not_shown() {
    assert_eq!(Secret::parse(""), None);
    assert_eq!(format!("{:?}", secret("whsec")), "Secret(…)");
    let v1 = "ab".repeat(32);
    assert!(!format!("{:?}", Header::parse(&format!("t=1,v1={v1}")).unwrap()).contains("171"));
}

#[test]
fn no_beginning_of_a_signature_is_enough() {
    let key = [secret("k")];
    for v1 in spellings(&tag(&key[0], "1", b"x")) {
        for len in 0..v1.trim_end_matches('=').len() {
            let header = format!("t=1,v1={}", &v1[..len]);
            assert!(!is_good(&header, b"x", &key), "{header}");
        }
    }
}

proptest! {
    #![proptest_config(super::cases(500))]

    #[test]
    fn one_changed_bit_spoils_a_signature(
        key in "[ -~é中]{1,80}", payload in prop::collection::vec(any::<u8>(), 1..200), timestamp in "[0-9]{1,16}",
        spelling in 0_usize..6, at in any::<prop::sample::Index>(), bit in 0_u8..8,
    ) {
        let key = [secret(&key)];
        let good = tag(&key[0], &timestamp, &payload);
        let header = |tag: &[u8; 32]| format!("t={timestamp},v1={}", spellings(tag)[spelling]);
        prop_assert!(is_good(&header(&good), &payload, &key));
        let mut bad = good;
        bad[at.index(32)] ^= 1 << bit;
        prop_assert!(!is_good(&header(&bad), &payload, &key));
        let mut other = payload.clone();
        let place = at.index(other.len());
        other[place] ^= 1 << bit;
        prop_assert!(!is_good(&header(&good), &other, &key));
        other.clone_from(&payload);
        other.truncate(place);
        prop_assert!(!is_good(&header(&good), &other, &key));
    }

    #[test]
    fn every_tag_is_read_from_every_spelling(bytes in any::<[u8; 32]>(), other in any::<[u8; 32]>()) {
        for v1 in spellings(&bytes) {
            let header = Header::parse(&format!("t=1,v1={v1}"));
            prop_assert_eq!(header.clone(), Header::parse(&format!("t=1,v1={}", hex(&bytes))));
            prop_assert_eq!(header == Header::parse(&format!("t=1,v1={}", hex(&other))), bytes == other);
        }
    }
}

#[test]
fn freshness_holds_both_ways_with_its_bounds() {
    let now = 1_691_055_412_634;
    for (ahead_ms, expected) in [
        (0, Freshness::Fresh),
        (299_000, Freshness::Fresh),
        (300_000, Freshness::Fresh),
        (300_001, Freshness::Early),
        (301_000, Freshness::Early),
        (-299_000, Freshness::Fresh),
        (-300_000, Freshness::Fresh),
        (-300_001, Freshness::Late),
        (-301_000, Freshness::Late),
    ] {
        assert_eq!(freshness(now + ahead_ms, now, 300), expected, "{ahead_ms}");
    }
    // No tolerance is no tolerance, not any.
    assert_eq!(
        [0, 1, -1].map(|ahead| freshness(now + ahead, now, 0)),
        [Freshness::Fresh, Freshness::Early, Freshness::Late]
    );
    assert_eq!(freshness(i64::MAX, i64::MIN, u32::MAX), Freshness::Early);
    assert_eq!(freshness(i64::MIN, i64::MAX, u32::MAX), Freshness::Late);
}

#[test]
fn a_headers_time_is_in_milliseconds_whichever_unit_was_sent() {
    let v1 = "00".repeat(32);
    for (timestamp, ms) in [
        ("1691055412", 1_691_055_412_000),
        ("1691055412634", 1_691_055_412_634),
        ("0", 0),
        ("9999999999999999", 9_999_999_999_999_999),
    ] {
        assert_eq!(
            Header::parse(&format!("t={timestamp},v1={v1}"))
                .unwrap()
                .timestamp_ms(),
            ms
        );
    }
}

fn event(payment: &Value) -> Value {
    json!({"id": EVENT, "object": "event", "type": "payment.succeeded", "payment_service_id": SERVICE, "created_at": "2023-08-03T17:36:52.634+08:00", "data": {"object": payment}})
}

fn read(value: &Value) -> Result<Event, (String, Rule)> {
    Event::read(value.to_string().as_bytes())
        .map_err(|error| (error.field.into_owned(), error.rule))
}

#[test]
fn an_event_names_its_payment() {
    let event = read(&event(&paid())).unwrap();
    assert_eq!(event.id.as_ref().map(|id| id.as_str()), Some(EVENT));
    assert!(event.is_payment_succeeded());
    assert_eq!(
        event
            .payment()
            .map(|(service, payment)| (service.as_str(), payment.as_str())),
        Some((SERVICE, PAYMENT))
    );
    assert_eq!(event.reference_id.as_deref(), Some("INV-001"));
    assert_eq!(event.created_ms, Some(1_691_055_412_634));
}

#[test]
fn the_older_spelling_and_the_mixture_name_the_same() {
    let old = json!({
        "id": EVENT, "object": "event", "type": "payment.succeeded", "created": 1_691_055_412_634_i64,
        "data": {"object": {"id": PAYMENT, "paymentServiceId": SERVICE, "referenceId": "INV-001", "amountInCents": 12.34, "stripe_payment_intentId": "pi_1"}},
    });
    assert_eq!(read(&old), read(&event(&paid())));
    let seconds = json!({"createdAt": null, "created": 1_691_055_412, "type": "x"});
    assert_eq!(read(&seconds).unwrap().created_ms, Some(1_691_055_412_000));
}

#[test]
fn what_is_odd_inside_costs_nothing() {
    let mut odd = event(&with(
        json!({"amount_in_cents": 12.34, "payment_status": 7, "metadata": null, "extra": [[]], "reference_id": 5, "created_at": {"x": 1}}),
    ));
    odd["id"] = json!("evt_unknown");
    odd["created_at"] = json!("yesterday");
    odd["version"] = json!(2);
    let event = read(&odd).unwrap();
    assert_eq!(
        (
            event.id.clone(),
            event.reference_id.clone(),
            event.created_ms
        ),
        (None, None, None)
    );
    assert!(event.payment().is_some());
    let twice = odd.to_string().replacen(
        "\"amount_in_cents\"",
        "\"amount_in_cents\":1,\"amount_in_cents\"",
        1,
    );
    assert!(Event::read(twice.as_bytes()).is_ok());
}

#[test]
fn an_unknown_type_may_be_about_anything() {
    for data in [
        json!(null),
        json!({"object": {"id": "a/b"}}),
        json!({"object": []}),
        json!([]),
        json!({"object": {"id": 7, "payment_service_id": false}}),
    ] {
        let event = read(&json!({"type": "payout.created", "data": data})).unwrap();
        assert_eq!(
            (event.event_type.as_str(), event.payment()),
            ("payout.created", None)
        );
        assert!(!event.is_payment_succeeded());
    }
    assert_eq!(
        read(&json!({"type": "x".repeat(5000)}))
            .unwrap()
            .event_type
            .len(),
        100
    );
}

#[test]
fn an_event_without_its_payment_is_no_event() {
    let changed = |changes: Value| {
        let mut event = event(&with(changes));
        event["payment_service_id"] = json!(null);
        read(&event)
    };
    assert!(changed(json!({})).is_ok());
    for (changes, field, rule) in [
        (json!({"id": {}}), "id", Rule::Required),
        (json!({"id": 7}), "id", Rule::Type),
        (json!({"id": "a/b"}), "id", Rule::Format),
        (
            json!({"payment_service_id": {}}),
            "payment_service_id",
            Rule::Required,
        ),
        (
            json!({"payment_service_id": "x"}),
            "payment_service_id",
            Rule::Format,
        ),
        (
            json!({"paymentServiceId": "x"}),
            "payment_service_id",
            Rule::Duplicate,
        ),
    ] {
        assert_eq!(
            changed(changes.clone()),
            Err((field.to_owned(), rule)),
            "{changes}"
        );
    }
    let other = "payment_service_00000000-0000-0000-0000-000000000000";
    assert_eq!(
        read(&event(&with(json!({"payment_service_id": other})))),
        Err(("payment_service_id".to_owned(), Rule::Duplicate))
    );
    for (body, field, rule) in [
        (json!([]), "body", Rule::Type),
        (json!({}), "type", Rule::Required),
        (json!({"type": 1}), "type", Rule::Type),
        (
            json!({"type": "payment.succeeded"}),
            "payment_service_id",
            Rule::Required,
        ),
        (
            json!({"type": "payment.succeeded", "payment_service_id": SERVICE}),
            "id",
            Rule::Required,
        ),
    ] {
        assert_eq!(read(&body), Err((field.to_owned(), rule)), "{body}");
    }
    assert_eq!(Event::read(b"{").unwrap_err().rule, Rule::Json);
}
