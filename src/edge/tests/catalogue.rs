//! Fixed prices: what the browser may say, and what it may not.

use super::*;
use crate::edge::catalogue::Catalogue;
use crate::paysg::{FieldError, Json, Rule, json as reader};

fn catalogue() -> Catalogue {
    Catalogue::read(
        r#"{"dog":{"description":"Dog licence","amount_in_cents":1500,"max_quantity":3},
            "cat":{"description":"Cat licence","amount_in_cents":900},
            "gold":{"description":"Gold","amount_in_cents":20000000,"max_quantity":4294967295}}"#,
    )
    .unwrap()
}

fn form(value: Value) -> Json {
    reader::parse(value.to_string().as_bytes()).unwrap()
}

fn ordered(value: Value, key: &str) -> Value {
    let order = catalogue().order(&form(value)).unwrap();
    let reference = order.reference(key);
    let order = order.into_parameters(reference);
    let mut text = String::new();
    order.write(&mut text);
    serde_json::from_str(&text).unwrap()
}

fn refused(value: Value) -> Vec<FieldError> {
    catalogue().order(&form(value)).unwrap_err()
}

fn good() -> Value {
    json!({"item": "dog", "quantity": 2, "payer_name": "Tan Ah Kow"})
}

#[test]
fn the_price_and_the_text_are_the_catalogues() {
    let order = ordered(good(), "key");
    assert_eq!(order["amount_in_cents"], 3000);
    assert_eq!(order["description"], "Dog licence x 2");
    assert_eq!(order["payer_name"], "Tan Ah Kow");
    assert_eq!(order.get("item"), None);
    let one = ordered(json!({"item": "cat", "payer_name": "Tan"}), "key");
    assert_eq!(
        (&one["amount_in_cents"], &one["description"]),
        (&json!(900), &json!("Cat licence"))
    );
}

#[test]
fn a_quantity_is_a_whole_number_from_one_to_the_items_most() {
    for (quantity, amount) in [
        (json!(1), 1500),
        (json!(3), 4500),
        (json!("3"), 4500),
        (json!(""), 1500),
        (json!(" \n３\u{200b}"), 4500),
        (json!("\u{a0}"), 1500),
    ] {
        assert_eq!(
            ordered(with(good(), json!({"quantity": quantity})), "key")["amount_in_cents"],
            amount
        );
    }
    for (quantity, rule, limit) in [
        (json!(0), Rule::TooSmall, Some(1)),
        (json!(4), Rule::TooLarge, Some(3)),
        (json!(4_294_967_297_u64), Rule::TooLarge, Some(3)),
        (json!(-1), Rule::TooSmall, None),
        (json!(1.5), Rule::NotAnInteger, None),
        (json!("1e1"), Rule::NotAnInteger, None),
        (json!("two"), Rule::NotAnInteger, None),
        (json!("01"), Rule::NotAnInteger, None),
        (json!(true), Rule::Type, None),
        (json!([1]), Rule::Type, None),
    ] {
        let errors = refused(with(good(), json!({"quantity": quantity})));
        assert_eq!(errors.len(), 1, "{quantity}");
        assert_eq!(
            (&*errors[0].field, errors[0].rule, errors[0].limit),
            ("quantity", rule, limit),
            "{quantity}"
        );
    }
    let errors = refused(json!({"item": "cat", "quantity": 2}));
    assert_eq!(
        (errors[0].rule, errors[0].limit),
        (Rule::TooLarge, Some(1)),
        "one at a time unless said otherwise"
    );
    assert_eq!(
        refused(json!({"item": "gold", "quantity": 4_294_967_295_u32}))[0].rule,
        Rule::TooLarge
    );
}

#[test]
fn what_is_not_the_browsers_to_say_is_refused_by_name() {
    for field in [
        "amount_in_cents",
        "reference_id",
        "description",
        "return_url",
        "metadata",
        "line_items",
        "due_date",
    ] {
        let mut form = good();
        form[field] = json!("x");
        assert_eq!(refused(form), [FieldError::new(field, Rule::Reserved)]);
    }
    for field in ["price", "payment_service_id", "__proto__", "Item", ""] {
        let mut form = good();
        form[field] = json!("x");
        assert_eq!(refused(form), [FieldError::new(field, Rule::UnknownField)]);
    }
}

#[test]
fn every_mistake_is_named_at_once() {
    let errors = refused(json!({"item": "fish", "quantity": 0, "amount_in_cents": 1, "x": 1}));
    let fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
    assert_eq!(fields, ["amount_in_cents", "x", "item", "quantity"]);
    assert_eq!(
        refused(json!({}))[0],
        FieldError::new("item", Rule::Required)
    );
    assert_eq!(
        refused(json!({"item": 1}))[0],
        FieldError::new("item", Rule::Type)
    );
}

#[test]
fn a_field_that_a_form_gives_twice_is_refused() {
    let twice = |name: &str| {
        let text = |value: &str| Json::String(value.to_owned());
        Json::Object(vec![
            ("item".to_owned(), text("dog")),
            ("quantity".to_owned(), text("1")),
            (
                name.to_owned(),
                text(if name == "item" { "cat" } else { "2" }),
            ),
        ])
    };
    for name in ["item", "quantity"] {
        let errors = catalogue().order(&twice(name)).unwrap_err();
        assert_eq!(errors, [FieldError::new(name, Rule::Duplicate)]);
    }
}

#[test]
fn the_same_press_is_the_same_reference_and_anything_else_another() {
    let reference = |form: Value, key: &str| {
        ordered(form, key)["reference_id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = reference(good(), "key");
    assert_eq!(first, reference(good(), "key"));
    assert_eq!(
        first,
        reference(with(good(), json!({"quantity": "2"})), "key"),
        "a form's text is the same number"
    );
    assert_eq!(
        first,
        reference(
            with(
                good(),
                json!({"payer_name": "Tan Ah\u{a0}Kow\u{200b} ", "payer_email": " "})
            ),
            "key"
        ),
        "what looks the same is the same order"
    );
    assert!(first.starts_with("cat-") && first.len() == 36);
    let others = [
        reference(good(), "another key"),
        reference(with(good(), json!({"quantity": 1})), "key"),
        reference(with(good(), json!({"item": "cat", "quantity": 1})), "key"),
        reference(with(good(), json!({"payer_name": "Lim"})), "key"),
        reference(with(good(), json!({"payer_email": "a@b.sg"})), "key"),
    ];
    let all: std::collections::BTreeSet<&String> = others.iter().chain([&first]).collect();
    assert_eq!(all.len(), 6);
    // Written down, so that an upgrade does not make second payments of open orders. By Python's hashlib.
    assert_eq!(first, "cat-a1f45ac7a30b515ad528e1ca19cf023f");
}

#[test]
fn equal_orders_have_one_digest_whatever_the_order_of_their_fields() {
    let digest = |text: &str| {
        let form = reader::parse(text.as_bytes()).unwrap();
        let order = catalogue().order(&form).unwrap();
        (order.digest(), order.reference("key"))
    };
    let first =
        digest(r#"{"item":"dog","payer_name":"Tan","payer_email":"a@b.sg","idempotency_key":"1"}"#);
    let same = digest(
        r#"{"idempotency_key":"2","payer_email":"a@b.sg","quantity":"1","payer_name":"Tan","item":"dog"}"#,
    );
    assert_eq!(first, same);
    assert_ne!(
        first.0,
        digest(r#"{"item":"dog","payer_name":"a@b.sg","payer_email":"Tan"}"#).0
    );
    assert!(
        !first.1.contains(&first.0),
        "the reference is not the digest's"
    );
}

#[test]
fn an_item_is_its_exact_name() {
    for item in ["Dog", "d og", "", "__proto__", "constructor"] {
        assert_eq!(
            refused(json!({"item": item}))[0],
            FieldError::new("item", Rule::NotInCatalogue),
            "{item}"
        );
    }
}

#[test]
fn an_item_that_no_payer_could_buy_is_refused_and_counted() {
    let fault = |items: Value| Catalogue::read(&items.to_string()).map(|_| ()).unwrap_err();
    let good = json!({"description": "Dog licence", "amount_in_cents": 1500});
    for (field, value) in [
        ("description", json!(null)),
        ("description", json!(7)),
        ("description", json!(" ")),
        ("description", json!("x".repeat(501))),
        ("amount_in_cents", json!(null)),
        ("amount_in_cents", json!("1500")),
        ("amount_in_cents", json!(12.5)),
        ("amount_in_cents", json!(0)),
        ("amount_in_cents", json!(20_000_001)),
        ("max_quantity", json!(null)),
        ("max_quantity", json!(0)),
        ("max_quantity", json!("3")),
    ] {
        let mut changes = json!({});
        changes[field] = value;
        let (rule, item) = fault(json!({"a": good, "b": with(good.clone(), changes)}));
        assert!(rule.contains(field), "{field}: {rule}");
        assert_eq!(item, Some(2), "{field}");
    }
    for text in ["", "[]", "{\"a\":1,\"a\":2}"] {
        let (rule, item) = Catalogue::read(text).map(|_| ()).unwrap_err();
        assert!(rule.starts_with("must be JSON") && item.is_none(), "{text}");
    }
    let dearest = json!({"a": {"description": "x".repeat(500), "amount_in_cents": 20_000_000}, "b": {"description": "x", "amount_in_cents": 1}});
    assert!(Catalogue::read(&dearest.to_string()).is_ok());
}
