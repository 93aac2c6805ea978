use crate::paysg::json::{
    self, MAX_DEPTH, ObjectWriter, is_spelling_of, parse, parse_fields, parse_keeping_duplicates,
    write_str,
};
use crate::paysg::{Cents, Json, JsonError, Rule};
use proptest::prelude::*;
use serde_json::Value;

fn number(token: &str) -> Json {
    Json::Number(token.into())
}

fn string(text: &str) -> Json {
    Json::String(text.into())
}

#[test]
fn numbers_keep_their_spelling() {
    for token in [
        "0",
        "-0",
        "12.34",
        "1e2",
        "1E+2",
        "1e-2",
        "9007199254740993",
        "-1",
        "0.10",
        "1e400",
        "123456789012345678901234567890",
    ] {
        assert_eq!(parse(token.as_bytes()), Ok(number(token)));
    }
    for bad in [
        "01", "+1", ".5", "5.", "1e", "1e+", "-", "--1", "0x1", "1_000", "NaN", "Infinity",
        "1.2.3", "00",
    ] {
        assert!(
            matches!(parse(bad.as_bytes()), Err(JsonError::Syntax(_))),
            "{bad}"
        );
    }
}

#[test]
fn strings_are_unescaped_and_half_a_surrogate_pair_shows() {
    for (text, value) in [
        (r#""""#, ""),
        (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r#""\u0041\u00e9\u4e2d""#, "Aé中"),
        (r#""\ud83d\ude00\uD83D\uDE00""#, "😀😀"),
        (r#""\u0000""#, "\0"),
        (r#""é中😀""#, "é中😀"),
        (r#""\ud800""#, "\u{fffd}"),
        (r#""\ud800x""#, "\u{fffd}x"),
        (r#""\udc00\ud800""#, "\u{fffd}\u{fffd}"),
        (r#""\ud800\n""#, "\u{fffd}\n"),
        (r#""\ud800\u0041""#, "\u{fffd}A"),
        (r#""\ud800\ud83d\ude00""#, "\u{fffd}😀"),
    ] {
        assert_eq!(parse(text.as_bytes()), Ok(string(value)), "{text}");
    }
    for bad in [
        "\"",
        "\"a",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\ud800\\u12\"",
        "\"a\nb\"",
        "\"a\0\"",
        "'a'",
        "\"\\u+123\"",
        "\"\\u00é\"",
    ] {
        assert!(
            matches!(parse(bad.as_bytes()), Err(JsonError::Syntax(_))),
            "{bad:?}"
        );
    }
}

#[test]
fn what_nobody_can_see_about_json_is_passed_over() {
    for about in [
        "\u{feff}",
        "\u{a0}",
        "\u{200b}\u{feff} ",
        "\u{2028}\n",
        "\u{b}",
    ] {
        assert_eq!(
            parse(format!("{about}[1]{about}").as_bytes()),
            parse(b"[1]"),
            "{about:?}"
        );
    }
    assert_eq!(parse("\u{feff}[1,]".as_bytes()), Err(JsonError::Syntax(6)));
}

#[test]
fn only_one_whole_value_is_json() {
    for bad in [
        "",
        " ",
        "1 2",
        "{}{}",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\":1,}",
        "{\"a\"}",
        "{a:1}",
        "{\"a\":}",
        "{1:2}",
        "[",
        "{",
        "]",
        "nul",
        "truefalse",
        "// x",
        "1\u{feff}2",
        "[\u{feff}1]",
        "\u{feff}",
        "1,",
    ] {
        assert!(
            matches!(parse(bad.as_bytes()), Err(JsonError::Syntax(_))),
            "{bad:?}"
        );
    }
    assert_eq!(parse(b" \t\r\n[ ] \n"), Ok(Json::Array(vec![])));
    assert_eq!(parse(b"[1,\xff]"), Err(JsonError::NotUtf8));
    assert_eq!(parse(b"[1}"), Err(JsonError::Syntax(2)));
}

#[test]
fn depth_is_bounded_and_counted_anew_for_siblings() {
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let limit = usize::from(MAX_DEPTH);
    assert!(parse(deep(limit).as_bytes()).is_ok());
    assert_eq!(parse(deep(limit + 1).as_bytes()), Err(JsonError::TooDeep));
    assert_eq!(
        parse("{\"a\":".repeat(60_000).as_bytes()),
        Err(JsonError::TooDeep)
    );
    let siblings = format!("[{}]", vec![deep(limit - 1); 40].join(","));
    assert!(parse(siblings.as_bytes()).is_ok());
}

#[test]
fn a_key_given_twice_is_refused_by_its_path() {
    for (text, path) in [
        (r#"{"a":1,"a":1}"#, "a"),
        (r#"{"a":1,"\u0061":2}"#, "a"),
        (
            r#"{"order":{"metadata":{"k":"1","k":"2"}}}"#,
            "order.metadata.k",
        ),
        (r#"{"data":[{},{"id":1,"id":2}]}"#, "data[1].id"),
        (r#"[[{"x":0,"x":0}]]"#, "[0][0].x"),
        (r#"{"__proto__":1,"__proto__":2}"#, "__proto__"),
        (r#"{"":1,"":2}"#, ""),
    ] {
        assert_eq!(
            parse(text.as_bytes()),
            Err(JsonError::Duplicate(path.into())),
            "{text}"
        );
        assert!(parse_keeping_duplicates(text.as_bytes()).is_ok());
    }
    let many: Vec<String> = (0..8000).map(|n| format!("\"{n}\":0")).collect();
    assert!(parse(format!("{{{}}}", many.join(",")).as_bytes()).is_ok());
    assert_eq!(
        parse(format!("{{{},\"7\":0}}", many.join(",")).as_bytes()),
        Err(JsonError::Duplicate("7".into()))
    );
}

#[test]
fn proto_is_a_key_like_any_other() {
    let json = parse(br#"{"__proto__":{"paid":true}}"#).unwrap();
    assert_eq!(json.get("paid"), None);
    assert_eq!(
        json.get("__proto__")
            .and_then(|p| p.get("paid"))
            .and_then(Json::as_bool),
        Some(true)
    );
}

#[test]
fn a_field_is_found_in_every_spelling_and_disagreement_is_seen() {
    for key in [
        "stripe_payment_intent_id",
        "stripePaymentIntentId",
        "stripe_payment_intentId",
        "stripePayment_intent_id",
    ] {
        let json = Json::Object(vec![(key.into(), Json::Null)]);
        assert_eq!(
            json.field("stripe_payment_intent_id"),
            Ok(Some(&Json::Null)),
            "{key}"
        );
    }
    for key in [
        "stripepaymentintentid",
        "sRipe_payment_intent_id",
        "stripe_payment_intent_I",
        "StripePaymentIntentId",
        "stripe__payment_intent_id",
        "stripe_Payment_intent_id",
        "stripe_payment_intent_id_",
        "stripe",
    ] {
        let json = Json::Object(vec![(key.into(), Json::Null)]);
        assert_eq!(json.field("stripe_payment_intent_id"), Ok(None), "{key}");
    }
    let twice = |a: &str, b: &str| {
        parse_keeping_duplicates(format!(r#"{{"payment_url":{a},"paymentUrl":{b}}}"#).as_bytes())
            .unwrap()
    };
    assert!(twice("1", "1").field("payment_url").is_ok());
    assert!(twice("1", "1.0").field("payment_url").is_err());
    assert_eq!(Json::Null.field("id"), Ok(None));
}

#[test]
fn an_object_is_written_field_by_field() {
    let mut object = ObjectWriter::new();
    object
        .str("a\n", "\u{1}\"")
        .number("n", 0)
        .bool("t", true)
        .bool("f", false)
        .raw("r", "[1]");
    assert_eq!(
        object.finish(),
        "{\"a\\n\":\"\\u0001\\\"\",\"n\":0,\"t\":true,\"f\":false,\"r\":[1]}"
    );
    assert_eq!(ObjectWriter::default().finish(), "{}");
}

#[test]
fn errors_say_where_and_never_what() {
    for (text, message) in [
        ("{\"nric\":\"S1234567D\"", "not JSON at byte 19"),
        (
            "{\"a\":\"S1234567D\",\"a\":\"S1234567D\"}",
            "key given twice: a",
        ),
    ] {
        assert_eq!(parse(text.as_bytes()).unwrap_err().to_string(), message);
    }
}

#[test]
fn cents_are_whole_and_within_what_every_reader_agrees_on() {
    for (token, cents) in [
        ("0", Ok(0)),
        ("1", Ok(1)),
        ("20000000", Ok(20_000_000)),
        ("9007199254740991", Ok(9_007_199_254_740_991)),
    ] {
        assert_eq!(Cents::from_token(token).map(Cents::get), cents);
    }
    for (token, rule) in [
        ("12.34", Rule::NotAnInteger),
        ("12.0", Rule::NotAnInteger),
        ("1e2", Rule::NotAnInteger),
        ("1E2", Rule::NotAnInteger),
        ("-0", Rule::NotAnInteger),
        ("-01", Rule::NotAnInteger),
        ("007", Rule::NotAnInteger),
        ("00", Rule::NotAnInteger),
        ("", Rule::NotAnInteger),
        ("-", Rule::NotAnInteger),
        ("+1", Rule::NotAnInteger),
        (" 1", Rule::NotAnInteger),
        ("١", Rule::NotAnInteger),
        ("-1", Rule::TooSmall),
        ("9007199254740992", Rule::TooLarge),
        ("9007199254740993", Rule::TooLarge),
        ("99999999999999999999999", Rule::TooLarge),
    ] {
        assert_eq!(Cents::from_token(token), Err(rule), "{token:?}");
    }
    assert_eq!(Cents::MAX.checked_add(Cents::new(1).unwrap()), None);
    assert_eq!(
        serde_json::from_str::<Cents>("1100").map(Cents::get).ok(),
        Some(1100)
    );
    assert!(serde_json::from_str::<Cents>("9007199254740992").is_err());
    assert!(serde_json::from_str::<Cents>("1.5").is_err());
}

/// JSON of every kind, no key twice, nested a little.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |f| serde_json::Number::from_f64(f)
            .map(Value::Number)),
        any::<String>().prop_map(Value::from),
        "[\\x00-\\x7f]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn to_value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::from(*truth),
        Json::Number(token) => serde_json::from_str(token).unwrap(),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(elements) => elements.iter().map(to_value).collect(),
        Json::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), to_value(value)))
                .collect(),
        ),
    }
}

#[test]
fn text_ends_at_the_same_byte_wherever_in_a_word_that_is() {
    // One of each kind about the bounds, at every place in three words, and after each byte that could be taken for it.
    let ends = [0x00, 0x1f, b'"', b'\\'];
    let plain = [0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f, b'a'];
    for at in 0..24 {
        for filler in plain {
            for end in ends {
                let mut inside = vec![filler; at];
                inside.push(end);
                inside.extend([filler; 9]);
                let text = [&b"\""[..], &inside, b"\""].concat();
                let error = serde_json::from_slice::<Value>(&text).is_err();
                assert_eq!(parse(&text).is_err(), error, "{filler:#x} {at} {end:#x}");
                if end == b'"' {
                    let whole = [&b"\""[..], &inside[..=at]].concat();
                    let expected = String::from_utf8(inside[..at].to_vec()).unwrap();
                    assert_eq!(parse(&whole), Ok(string(&expected)));
                } else {
                    // Where it is seen is where it stands: after the quote, or past the backslash.
                    let seen = at + 1 + usize::from(end == b'\\');
                    assert_eq!(parse(&text), Err(JsonError::Syntax(seen)));
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(super::cases(1000))]

    #[test]
    fn what_serde_json_writes_is_read_the_same(value in any_value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let read = parse(text.as_bytes()).unwrap();
        // Compared as serde_json itself reads the text again: it does not always return the float it wrote.
        prop_assert_eq!(to_value(&read), serde_json::from_str::<Value>(&text).unwrap());
    }

    #[test]
    fn what_is_written_is_read_the_same_by_both(value in any_value()) {
        let read = parse(value.to_string().as_bytes()).unwrap();
        let mut written = String::new();
        read.write(&mut written);
        prop_assert_eq!(parse(written.as_bytes()).unwrap(), read.clone());
        prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), to_value(&read));
    }

    #[test]
    fn a_written_string_is_read_the_same_by_both(text in any::<String>(), ascii in "[\\x00-\\x7f]{0,12}") {
        for text in [text, ascii] {
            let mut written = String::new();
            write_str(&mut written, &text);
            prop_assert_eq!(parse(written.as_bytes()).unwrap(), string(&text));
            prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }

    /// Damaged JSON is the test of a reader: both must refuse the same.
    #[test]
    fn damaged_json_is_refused_by_both_or_by_neither(
        value in any_value(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..3, prop::sample::select(b"{}[]\",:\\u0e+-. \n1atn\x00\x1f\x7f\xc3".as_slice())), 1..4),
    ) {
        let mut bytes = value.to_string().into_bytes();
        for (at, kind, byte) in damage {
            let at = at.index(bytes.len() + 1);
            match kind {
                0 => bytes.insert(at, byte),
                1 => drop(bytes.get_mut(at).map(|old| *old = byte)),
                _ => bytes.truncate(at),
            }
        }
        let theirs = serde_json::from_slice::<Value>(&bytes);
        match parse_keeping_duplicates(&bytes) {
            Ok(_) => {
                // serde_json has two rules more, which are no rules of JSON's: numbers fit a float, surrogates come in pairs.
                let reason = theirs.err().map(|error| error.to_string()).unwrap_or_default();
                prop_assert!(
                    reason.is_empty() || reason.contains("out of range") || reason.contains("surrogate") || reason.contains("hex escape"),
                    "{}", reason
                );
            }
            Err(error) => prop_assert!(theirs.is_err(), "{error}: {:?}", String::from_utf8_lossy(&bytes)),
        }
        prop_assert_eq!(parse(&bytes).ok().is_some(), parse_keeping_duplicates(&bytes).is_ok_and(|json| !has_duplicate(&json)));
        // What is left out is read as strictly: the same verdict, to the byte, and the same tree less what nobody asked for.
        let keys: Vec<String> = value.as_object().into_iter().flat_map(|object| object.keys().cloned()).collect();
        let first: Vec<&str> = keys.iter().map(String::as_str).take(1).collect();
        for names in [&[][..], &first] {
            prop_assert_eq!(parse_fields(&bytes, names), parse_keeping_duplicates(&bytes).map(|json| only(json, names)));
        }
    }

    #[test]
    fn a_number_is_cents_exactly_when_it_is_digits(cents in any::<u64>(), token in "-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,2})?([eE][+-]?[0-9])?") {
        prop_assert_eq!(Cents::from_token(&cents.to_string()).ok(), Cents::new(cents));
        let plain = token.bytes().all(|b| b.is_ascii_digit()) && token.parse::<u64>().unwrap() < 1 << 53;
        prop_assert_eq!(Cents::from_token(&token).is_ok(), plain);
    }
}

fn only(json: Json, names: &[&str]) -> Json {
    match json {
        Json::Object(entries) => Json::Object(
            entries
                .into_iter()
                .filter(|(key, _)| names.iter().any(|name| is_spelling_of(key, name)))
                .map(|(key, value)| (key, only(value, names)))
                .collect(),
        ),
        Json::Array(elements) => Json::Array(
            elements
                .into_iter()
                .map(|element| only(element, names))
                .collect(),
        ),
        plain @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => plain,
    }
}

fn has_duplicate(json: &Json) -> bool {
    match json {
        Json::Object(entries) => {
            let twice = |key: &str| entries.iter().filter(|(other, _)| other == key).count() > 1;
            entries
                .iter()
                .any(|(key, value)| twice(key) || has_duplicate(value))
        }
        Json::Array(elements) => elements.iter().any(has_duplicate),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

proptest! {
    #![proptest_config(super::cases(2000))]

    /// Nothing from outside may trap the instance.
    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in any::<String>()) {
        use crate::paysg::{ApiError, Event, Page, Payment, ReturnParams, WebUrl, signature, text as texts, time};
        let _ = json::parse(&bytes);
        let _ = (Payment::read(&bytes), Page::read(&bytes), Event::read(&bytes), ApiError::read(500, &bytes));
        let _ = (ReturnParams::from_query(&text), ReturnParams::strip_from(&text), WebUrl::parse(&text));
        let _ = (signature::Header::parse(&text), time::parse_iso_ms(&text), texts::normalise(&text), texts::clip(&text, 3));
    }
}
