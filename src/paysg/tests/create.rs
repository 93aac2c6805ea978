use crate::paysg::json::parse;
use crate::paysg::text;
use crate::paysg::{CreatePayment, FieldError, Json, Limits, Rule};
use proptest::prelude::*;
use serde_json::{Value, json};

fn minimal() -> Value {
    json!({"reference_id": "INV-001", "payer_name": "Tan Ah Beng", "description": "Licence renewal", "amount_in_cents": 1100})
}

/// The minimal order with some fields changed; `{"-": 0}` takes a field away.
fn with(changes: Value) -> Value {
    let mut order = minimal();
    for (key, value) in changes.as_object().unwrap() {
        if value == &json!({"-": 0}) {
            order.as_object_mut().unwrap().remove(key);
        } else {
            order[key] = value.clone();
        }
    }
    order
}

fn tree(value: &Value) -> Json {
    parse(value.to_string().as_bytes()).unwrap()
}

fn read(value: &Value) -> Result<CreatePayment, Vec<FieldError>> {
    CreatePayment::read(&tree(value), &Limits::default())
}

#[test]
fn an_order_is_read_and_written_for_paysg() {
    let order = read(&with(json!({
        "payer_address": "Blk 123\nYishun Ave 2", "payer_identifier": " S1234567D ", "payer_email": "tan@example.sg", "due_date": "31-DEC-2023",
        "metadata": {"z": "1", "a": "2"},
        "line_items": [{"description": "Fee", "amount_in_cents": 1000}, {"description": "Stamp\nduty", "amount_in_cents": 100}],
    })))
    .unwrap();
    assert_eq!(
        order.to_body("https://agency.gov.sg/paysg/return"),
        concat!(
            r#"{"reference_id":"INV-001","payer_name":"Tan Ah Beng","description":"Licence renewal","amount_in_cents":1100,"#,
            r#""payer_address":"Blk 123 Yishun Ave 2","payer_identifier":"S1234567D","payer_email":"tan@example.sg","due_date":"31-DEC-2023","#,
            r#""metadata":{"a":"2","z":"1"},"#,
            r#""line_items":[{"description":"Fee","amount_in_cents":1000},{"description":"Stamp duty","amount_in_cents":100}],"#,
            r#""return_url":"https://agency.gov.sg/paysg/return"}"#,
        )
    );
}

#[test]
fn metadata_is_sent_even_when_there_is_none() {
    let body = read(&minimal()).unwrap().to_body("https://a.sg/");
    assert_eq!(
        serde_json::from_str::<Value>(&body).unwrap(),
        with(json!({"metadata": {}, "return_url": "https://a.sg/"}))
    );
}

#[test]
fn debug_shows_nothing_of_the_payer() {
    let shown = format!("{:?}", read(&minimal()).unwrap());
    assert!(
        shown.contains("1100")
            && !shown.contains("Tan")
            && !shown.contains("INV")
            && !shown.contains("Licence"),
        "{shown}"
    );
}

#[test]
fn names_and_addresses_are_normalised_and_the_rest_is_not() {
    let order = read(&with(json!({
        "payer_name": "  Ｔａｎ “Ah” Beng ", "payer_address": "１２３ — 456", "description": " Fee — “2024” ", "reference_id": "INV—1", "metadata": {"k": " “v” "},
    })))
    .unwrap();
    assert_eq!(order.payer_name, "Tan \"Ah\" Beng");
    assert_eq!(order.payer_address.as_deref(), Some("123 - 456"));
    assert_eq!(order.description, "Fee — “2024”");
    assert_eq!(order.reference_id, "INV—1");
    assert_eq!(order.metadata, [("k".to_owned(), "“v”".to_owned())]);
}

/// A line break of Word's, a no-break space, a soft hyphen, a zero-width space and a byte order mark, each where office programs leave them.
#[test]
fn what_nobody_can_see_is_taken_out_of_every_text() {
    let odd = |text: &str| {
        let (first, rest) = text.split_at(1);
        format!("\u{feff} \u{b}{first}\u{ad}{rest}\u{200b}\u{c}\u{a0}")
    };
    let with_odd = |odd: &dyn Fn(&str) -> String| {
        with(json!({
            "payer_name": odd("Tan"), "payer_address": odd("1 Lane"), "description": odd("Fee"), "payer_identifier": odd("S123"),
            "payer_email": odd("a@b.sg"), "due_date": odd("31-DEC-2026"), "metadata": {"k": odd("v")},
            "line_items": [{"description": odd("Fee"), "amount_in_cents": 1}],
        }))
    };
    assert_eq!(read(&with_odd(&odd)), read(&with_odd(&str::to_owned)));
    let address = read(&with(
        json!({"payer_address": "Blk 1\u{b}#02-03\u{2028}\u{c}Singapore"}),
    ))
    .unwrap();
    assert_eq!(
        address.payer_address.as_deref(),
        Some("Blk 1 #02-03 Singapore")
    );
}

/// Two of them would be two payments.
#[test]
fn references_that_look_the_same_are_not_both_taken() {
    for odd in [
        "\u{200b}",
        "\u{feff}",
        "\u{ad}",
        "\u{a0}",
        "\u{3000}",
        "\u{200d}",
        "\u{fe0f}",
        "\u{2028}",
        "\u{b}",
        "\t",
        "\u{3164}",
        "\u{e0041}",
    ] {
        for reference in [format!("{odd}INV"), format!("I{odd}V"), format!("INV{odd}")] {
            let refused = vec![FieldError::new("reference_id", Rule::InvisibleCharacter)];
            assert_eq!(
                read(&with(json!({"reference_id": reference}))),
                Err(refused),
                "{reference:?}"
            );
        }
        let name = format!("metadata.k{odd}");
        let refused = vec![FieldError::new(name, Rule::InvisibleCharacter)];
        assert_eq!(
            read(&with(json!({"metadata": {format!("k{odd}"): "v"}}))),
            Err(refused),
            "{odd:?}"
        );
    }
    for fine in ["INV 1", "陈-1", "சிங்-1", "É1", "😀"] {
        assert!(read(&with(json!({"reference_id": fine}))).is_ok(), "{fine}");
    }
}

#[test]
fn an_optional_field_that_is_null_or_blank_is_absent() {
    for nothing in [
        json!(null),
        json!(""),
        json!(" \n"),
        json!("\u{200b}\u{a0}"),
    ] {
        let order = with(
            json!({"payer_address": nothing, "payer_identifier": nothing, "payer_email": nothing, "due_date": nothing, "metadata": null, "line_items": null}),
        );
        assert_eq!(read(&order), read(&minimal()));
    }
}

/// Each rule of each field, at its border.
#[test]
fn each_limit_is_kept_on_both_sides() {
    let text = |len: usize| json!("x".repeat(len));
    let email = |len: usize| {
        json!(format!(
            "a@{}.sg",
            "b.".repeat(len)
                .get(..len - 5)
                .unwrap()
                .trim_end_matches('.')
                .to_owned()
                + "c"
        ))
    };
    assert_eq!(email(255).as_str().unwrap().len(), 255);
    let entries = |count: usize| {
        (0..count)
            .map(|n| (format!("k{n}"), json!("v")))
            .collect::<serde_json::Map<_, _>>()
    };
    let lines = |amounts: &[u64]| {
        amounts
            .iter()
            .map(|cents| json!({"description": "d", "amount_in_cents": cents}))
            .collect::<Vec<_>>()
    };
    for (field, fits, beyond, rule, limit) in [
        ("reference_id", text(255), text(256), Rule::TooLong, 255),
        ("payer_name", text(255), text(256), Rule::TooLong, 255),
        ("description", text(500), text(501), Rule::TooLong, 500),
        ("payer_address", text(255), text(256), Rule::TooLong, 255),
        ("payer_identifier", text(10), text(11), Rule::TooLong, 10),
        ("payer_email", email(255), email(257), Rule::TooLong, 255),
        (
            "reference_id",
            json!("😀".repeat(127)),
            json!("😀".repeat(128)),
            Rule::TooLong,
            255,
        ),
        ("amount_in_cents", json!(1), json!(0), Rule::TooSmall, 1),
        ("amount_in_cents", json!(1), json!(-5), Rule::TooSmall, 1),
        (
            "amount_in_cents",
            json!(20_000_000),
            json!(20_000_001),
            Rule::TooLarge,
            20_000_000,
        ),
        (
            "amount_in_cents",
            json!(2),
            json!(9_007_199_254_740_993_u64),
            Rule::TooLarge,
            20_000_000,
        ),
        (
            "metadata",
            json!(entries(10)),
            json!(entries(11)),
            Rule::TooMany,
            10,
        ),
        (
            "line_items",
            json!(lines(&[19_999_999, 1])),
            json!(lines(&[19_999_999, 2])),
            Rule::TooLarge,
            20_000_000,
        ),
    ] {
        assert!(
            read(&with(json!({field: fits}))).is_ok(),
            "{field}: {:?}",
            read(&with(json!({field: fits})))
        );
        assert_eq!(
            read(&with(json!({field: beyond}))),
            Err(vec![FieldError::with_limit(field, rule, limit)]),
            "{field}"
        );
    }
}

#[test]
fn the_older_limits_are_an_option() {
    let older = |order: &Value| CreatePayment::read(&tree(order), &Limits::older());
    assert!(
        older(&with(
            json!({"amount_in_cents": 99_999_999, "payer_identifier": "x".repeat(20)})
        ))
        .is_ok()
    );
    assert_eq!(
        older(&with(json!({"amount_in_cents": 100_000_000}))),
        Err(vec![FieldError::with_limit(
            "amount_in_cents",
            Rule::TooLarge,
            99_999_999
        )])
    );
    assert_eq!(
        older(&with(json!({"amount_in_cents": 49}))),
        Err(vec![FieldError::with_limit(
            "amount_in_cents",
            Rule::TooSmall,
            50
        )])
    );
    assert_eq!(
        older(&with(json!({"payer_identifier": "x".repeat(21)}))),
        Err(vec![FieldError::with_limit(
            "payer_identifier",
            Rule::TooLong,
            20
        )])
    );
}

#[test]
fn each_bad_field_is_named_with_its_rule() {
    for (changes, field, rule) in [
        (
            json!({"reference_id": {"-": 0}}),
            "reference_id",
            Rule::Required,
        ),
        (
            json!({"reference_id": null}),
            "reference_id",
            Rule::Required,
        ),
        (json!({"reference_id": ""}), "reference_id", Rule::Empty),
        (json!({"reference_id": " "}), "reference_id", Rule::Empty),
        (
            json!({"reference_id": " INV"}),
            "reference_id",
            Rule::Format,
        ),
        (
            json!({"reference_id": "INV\n"}),
            "reference_id",
            Rule::InvisibleCharacter,
        ),
        (
            json!({"reference_id": "I\u{1}V"}),
            "reference_id",
            Rule::ControlCharacter,
        ),
        (json!({"reference_id": 7}), "reference_id", Rule::Type),
        (
            json!({"payer_name": {"-": 0}}),
            "payer_name",
            Rule::Required,
        ),
        (json!({"payer_name": "\u{3000}"}), "payer_name", Rule::Empty),
        (json!({"payer_name": ["Tan"]}), "payer_name", Rule::Type),
        (
            json!({"payer_name": "Tan\u{0}"}),
            "payer_name",
            Rule::ControlCharacter,
        ),
        (
            json!({"payer_name": "Tan\u{fffd}"}),
            "payer_name",
            Rule::MalformedText,
        ),
        (json!({"description": false}), "description", Rule::Type),
        (
            json!({"description": "a\u{1b}[31m"}),
            "description",
            Rule::ControlCharacter,
        ),
        (
            json!({"amount_in_cents": {"-": 0}}),
            "amount_in_cents",
            Rule::Required,
        ),
        (
            json!({"amount_in_cents": "1100"}),
            "amount_in_cents",
            Rule::Type,
        ),
        (
            json!({"amount_in_cents": 12.34}),
            "amount_in_cents",
            Rule::NotAnInteger,
        ),
        (
            json!({"amount_in_cents": 11.0}),
            "amount_in_cents",
            Rule::NotAnInteger,
        ),
        (
            json!({"payer_identifier": "S123\u{1}567D"}),
            "payer_identifier",
            Rule::ControlCharacter,
        ),
        (json!({"due_date": 20_231_231}), "due_date", Rule::Type),
        (json!({"metadata": []}), "metadata", Rule::Type),
        (json!({"metadata": "{}"}), "metadata", Rule::Type),
        (json!({"metadata": {"k": null}}), "metadata.k", Rule::Type),
        (json!({"metadata": {"k": 7}}), "metadata.k", Rule::Type),
        (json!({"metadata": {"k": ""}}), "metadata.k", Rule::Empty),
        (
            json!({"metadata": {"k": "\u{0}"}}),
            "metadata.k",
            Rule::ControlCharacter,
        ),
        (json!({"metadata": {"": "v"}}), "metadata.", Rule::Empty),
        (
            json!({"metadata": {"k\u{7f}": "v"}}),
            "metadata.k\u{7f}",
            Rule::ControlCharacter,
        ),
        (json!({"line_items": {}}), "line_items", Rule::Type),
        (json!({"line_items": ["Fee"]}), "line_items[0]", Rule::Type),
        (
            json!({"line_items": [{"amount_in_cents": 1}]}),
            "line_items[0].description",
            Rule::Required,
        ),
        (
            json!({"line_items": [{"description": "d"}]}),
            "line_items[0].amount_in_cents",
            Rule::Required,
        ),
        (
            json!({"line_items": [{"description": "d", "amount_in_cents": 0.5}]}),
            "line_items[0].amount_in_cents",
            Rule::NotAnInteger,
        ),
        (
            json!({"line_items": [{"description": "d", "amount_in_cents": 1, "quantity": 2}]}),
            "line_items[0].quantity",
            Rule::UnknownField,
        ),
        (
            json!({"line_items": [{"description": "d", "amount_in_cents": 1, "return_url": 2}]}),
            "line_items[0].return_url",
            Rule::UnknownField,
        ),
        (
            json!({"return_url": "https://evil.example/"}),
            "return_url",
            Rule::Reserved,
        ),
        (json!({"return_url": null}), "return_url", Rule::Reserved),
        (json!({"payerName": "Tan"}), "payerName", Rule::UnknownField),
        (
            json!({"__proto__": {"amount_in_cents": 1}}),
            "__proto__",
            Rule::UnknownField,
        ),
    ] {
        assert_eq!(
            read(&with(changes.clone())),
            Err(vec![FieldError::new(field, rule)]),
            "{changes}"
        );
    }
    let long_key = "k".repeat(41);
    assert_eq!(
        read(&with(json!({"metadata": {long_key.as_str(): "v"}}))),
        Err(vec![FieldError::with_limit(
            format!("metadata.{long_key}"),
            Rule::TooLong,
            40
        )])
    );
    assert!(
        read(&with(
            json!({"metadata": {"k".repeat(40): "v".repeat(255)}})
        ))
        .is_ok()
    );
    assert_eq!(
        read(&with(json!({"metadata": {"k": "v".repeat(256)}}))),
        Err(vec![FieldError::with_limit(
            "metadata.k",
            Rule::TooLong,
            255
        )])
    );
    assert_eq!(
        read(&json!([])),
        Err(vec![FieldError::new("order", Rule::Type)])
    );
}

#[test]
fn half_a_surrogate_pair_is_the_fields_error_and_not_the_bodys() {
    let body = minimal().to_string().replace("Tan", "\\ud800");
    let read = CreatePayment::read(&parse(body.as_bytes()).unwrap(), &Limits::default());
    assert_eq!(
        read,
        Err(vec![FieldError::new("payer_name", Rule::MalformedText)])
    );
}

#[test]
fn every_bad_field_is_reported_at_once_in_order() {
    let errors = read(&json!({
        "colour": "red", "return_url": "x", "amount_in_cents": 12.34, "payer_email": "nobody", "due_date": "31-Dec-2023",
        "metadata": {"a": null, "b": 1}, "line_items": [{"description": 1}, 2], "payer_name": " ",
    }))
    .unwrap_err();
    let told: Vec<(&str, &str)> = errors
        .iter()
        .map(|error| (error.field.as_str(), error.rule.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("reference_id", "required"),
            ("payer_name", "empty"),
            ("description", "required"),
            ("amount_in_cents", "not_an_integer"),
            ("payer_email", "format"),
            ("due_date", "format"),
            ("metadata.a", "type"),
            ("metadata.b", "type"),
            ("line_items[0].description", "type"),
            ("line_items[0].amount_in_cents", "required"),
            ("line_items[1]", "type"),
            // Unknown fields as they stand; this builder sorts them.
            ("colour", "unknown_field"),
            ("return_url", "reserved"),
        ]
    );
    assert_eq!(
        serde_json::to_value(
            read(&with(json!({"payer_name": "x".repeat(256), "colour": 1}))).unwrap_err()
        )
        .unwrap(),
        json!([{"field": "payer_name", "rule": "too_long", "limit": 255}, {"field": "colour", "rule": "unknown_field"}])
    );
}

#[test]
fn a_hostile_order_does_not_make_a_long_answer() {
    let fields = (0..5000)
        .map(|n| (format!("{n}{}", "y".repeat(100)), json!(0)))
        .collect::<serde_json::Map<_, _>>();
    let errors = read(&json!(fields)).unwrap_err();
    assert_eq!(errors.len(), 100);
    assert!(errors.iter().all(|error| error.field.len() <= 64));
    let errors = read(&with(json!({"metadata": {"k".repeat(60_000): 1}}))).unwrap_err();
    assert!(
        errors.iter().all(|error| error.field.len() <= 64),
        "{errors:?}"
    );
}

#[test]
fn a_field_that_stands_twice_is_refused_where_the_reader_let_it_pass() {
    let body = minimal()
        .to_string()
        .replacen('{', "{\"amount_in_cents\":1,", 1);
    let tree = crate::paysg::json::parse_keeping_duplicates(body.as_bytes()).unwrap();
    assert_eq!(
        CreatePayment::read(&tree, &Limits::default()),
        Err(vec![FieldError::new("amount_in_cents", Rule::Duplicate)])
    );
}

#[test]
fn a_caller_may_have_fields_of_its_own_beside() {
    let order = tree(&with(json!({"payment_service_id": "x", "colour": "red"})));
    assert_eq!(
        CreatePayment::read_beside(&order, &Limits::default(), &["payment_service_id"]),
        Err(vec![FieldError::new("colour", Rule::UnknownField)])
    );
    assert!(
        CreatePayment::read_beside(
            &order,
            &Limits::default(),
            &["payment_service_id", "colour"]
        )
        .is_ok()
    );
}

#[test]
fn due_dates_are_days_of_the_calendar_in_capitals() {
    for good in [
        "31-DEC-2023",
        "01-JAN-2024",
        "29-FEB-2024",
        "29-FEB-2000",
        "30-APR-2025",
    ] {
        assert!(read(&with(json!({"due_date": good}))).is_ok(), "{good}");
    }
    for bad in [
        "31-Dec-2023",
        "31-dec-2023",
        "31-12-2023",
        "2023-12-31",
        "31/DEC/2023",
        "1-JAN-2024",
        "001-JAN-2024",
        "00-JAN-2024",
        "32-JAN-2024",
        "31-APR-2024",
        "29-FEB-2023",
        "29-FEB-1900",
        "31-DEC-23",
        "31-DEC-0000",
        "31-DEC-2023-1",
        "31-DEC",
        "+1-JAN-2024",
        "31-DEZ-2023",
        "soon",
    ] {
        assert_eq!(
            read(&with(json!({"due_date": bad}))),
            Err(vec![FieldError::new("due_date", Rule::Format)]),
            "{bad}"
        );
    }
}

#[test]
fn email_addresses_are_those_that_people_have() {
    for good in [
        "a@b.sg",
        "tan.ah+beng@mail-1.example.gov.sg",
        "o'brien@example.com",
        "A_B@EXAMPLE.COM",
        "1@2.ab",
        &format!("{}@b.sg", "a".repeat(64)),
    ] {
        assert!(read(&with(json!({"payer_email": good}))).is_ok(), "{good}");
    }
    for bad in [
        "nobody",
        "@b.sg",
        "a@",
        "a@b",
        "a@@b.sg",
        "a@b@c.sg",
        ".a@b.sg",
        "a.@b.sg",
        "a..b@c.sg",
        "a b@c.sg",
        "a@b..sg",
        "a@.sg",
        "a@b.sg.",
        "a@-b.sg",
        "a@b-.sg",
        "a@b_c.sg",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@127.0.0.10",
        "\"a b\"@c.sg",
        "tán@b.sg",
        "a@bé.sg",
        "a@b.s",
        "<a@b.sg>",
        "a@b.sg,c@d.sg",
        "mailto:a@b.sg",
        &format!("{}@b.sg", "a".repeat(65)),
        &format!("a@{}.sg", "b".repeat(64)),
    ] {
        assert_eq!(
            read(&with(json!({"payer_email": bad}))),
            Err(vec![FieldError::new("payer_email", Rule::Format)]),
            "{bad}"
        );
    }
}

#[test]
fn the_digest_changes_with_the_order_and_with_nothing_else() {
    let digest = |text: &str| {
        CreatePayment::read(&parse(text.as_bytes()).unwrap(), &Limits::default())
            .unwrap()
            .digest_input()
    };
    let one = digest(
        r#"{"reference_id":"r","payer_name":"p","description":"d","amount_in_cents":1,"metadata":{"a":"1","b":"2"}}"#,
    );
    let same = digest(
        r#"{"metadata":{"b":"2","a":"1"},"amount_in_cents":1,"payer_email":null,"description":" d ","payer_name":"ｐ","reference_id":"r"}"#,
    );
    assert_eq!(one, same);
    // Only the agency sees metadata: a time in it changes at every press.
    let traced = digest(
        r#"{"reference_id":"r","payer_name":"p","description":"d","amount_in_cents":1,"metadata":{"pressed_at":"12:00"}}"#,
    );
    assert_eq!(one, traced);
    assert!(!one.contains("return_url"));
    for other in [
        r#"{"reference_id":"s","payer_name":"p","description":"d","amount_in_cents":1,"metadata":{"a":"1","b":"2"}}"#,
        r#"{"reference_id":"r","payer_name":"q","description":"d","amount_in_cents":1,"metadata":{"a":"1","b":"2"}}"#,
        r#"{"reference_id":"r","payer_name":"p","description":"e","amount_in_cents":1,"metadata":{"a":"1","b":"2"}}"#,
        r#"{"reference_id":"r","payer_name":"p","description":"d","amount_in_cents":2,"metadata":{"a":"1","b":"2"}}"#,
        r#"{"reference_id":"r","payer_name":"p","description":"d","amount_in_cents":1,"due_date":"31-DEC-2026"}"#,
        r#"{"reference_id":"r","payer_name":"p","description":"d","amount_in_cents":1,"payer_email":"p@example.sg"}"#,
        r#"{"reference_id":"r","payer_name":"p","description":"d","amount_in_cents":1,"metadata":{"a":"1","b":"2"},"payer_identifier":"x"}"#,
        r#"{"reference_id":"r","payer_name":"p","description":"d","amount_in_cents":1,"metadata":{"a":"1","b":"2"},"line_items":[{"description":"x","amount_in_cents":1}]}"#,
    ] {
        assert_ne!(digest(other), one, "{other}");
    }
}

/// Orders that are good, or nearly.
fn orders() -> impl Strategy<Value = Value> {
    let text = || {
        prop_oneof![
            any::<String>().prop_map(Value::from),
            "[ -~“”—Ａ中\n]{1,20}".prop_map(Value::from)
        ]
    };
    let option = move || prop_oneof![3 => Just(Value::Null), 2 => text()];
    let lines = prop::collection::vec((text(), 1_u64..100_000), 0..3).prop_map(|lines| {
        lines
            .into_iter()
            .map(|(d, a)| json!({"description": d, "amount_in_cents": a}))
            .collect::<Value>()
    });
    let metadata = prop::collection::btree_map("[ -~]{0,41}", text(), 0..4)
        .prop_map(|map| Value::Object(map.into_iter().collect()));
    (text(), text(), text(), 0_u64..30_000_000, option(), option(), metadata, lines).prop_map(
        |(reference, name, description, amount, address, identifier, metadata, lines)| {
            json!({
                "reference_id": reference, "payer_name": name, "description": description, "amount_in_cents": amount, "payer_address": address,
                "payer_identifier": identifier, "metadata": metadata, "line_items": lines,
            })
        },
    )
}

proptest! {
    #![proptest_config(super::cases(2000))]

    #[test]
    fn what_is_sent_is_what_was_read(order in orders()) {
        match read(&order) {
            Ok(read_once) => {
                let again = CreatePayment::read(&parse(read_once.digest_input().as_bytes()).unwrap(), &Limits::default());
                let without = CreatePayment { metadata: Vec::new(), ..read_once.clone() };
                prop_assert_eq!(again.as_ref(), Ok(&without));
                let body: Value = serde_json::from_str(&read_once.to_body("https://a.sg/\"x")).unwrap();
                prop_assert_eq!(&body["return_url"], "https://a.sg/\"x");
                prop_assert_eq!(&body["reference_id"], &order["reference_id"]);
                prop_assert_eq!(&body["amount_in_cents"], &order["amount_in_cents"]);
                let metadata: serde_json::Map<_, _> = order["metadata"].as_object().unwrap().iter()
                    .map(|(key, value)| (key.clone(), text::one_line(value.as_str().unwrap()).into())).collect();
                prop_assert_eq!(&body["metadata"], &Value::Object(metadata));
                for (field, max) in [("reference_id", 255), ("payer_name", 255), ("description", 500), ("payer_address", 255), ("payer_identifier", 10)] {
                    let text = body[field].as_str().unwrap_or_default();
                    prop_assert!(text.encode_utf16().count() <= max && !text.chars().any(char::is_control));
                }
            }
            Err(errors) => prop_assert!(!errors.is_empty()),
        }
    }
}
