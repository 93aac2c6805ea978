//! Input: the configuration, the form as JSON, then the caller's key.

use paysg_wasm::edge::catalogue::{Catalogue, REFERENCE_PREFIX};
use paysg_wasm::paysg::{Json, json};
use serde_json::Value;

use super::{parts, text};

pub fn check(data: &[u8]) {
    let [configuration, form, key] = parts(data);
    let (configuration, key) = (text(configuration), text(key));
    let Ok(catalogue) = Catalogue::read(&configuration) else {
        return;
    };
    let Ok(form) = json::parse(form) else {
        return;
    };
    let Ok(order) = catalogue.order(&form) else {
        return;
    };
    let reference = order.reference(&key);
    // One press of one button is one order; another is another.
    let again = catalogue.order(&form).expect("the same form");
    assert_eq!(
        (again.digest(), again.reference(&key)),
        (order.digest(), reference.clone())
    );
    assert_ne!(order.reference(&format!("{key}.")), reference);
    let order = order.into_parameters(reference);
    // The price is the configuration's, by a peer's reading of it.
    let configured: Value = serde_json::from_str(&configuration).expect("it was read");
    let item = &configured[form.get("item").and_then(Json::as_str).expect("an item")];
    let quantity = match form.get("quantity") {
        None => 1,
        Some(Json::String(text)) if text.is_empty() => 1,
        Some(Json::String(token) | Json::Number(token)) => token.parse().expect("a whole number"),
        Some(other) => panic!("{other:?}"),
    };
    let unit = item["amount_in_cents"].as_u64().expect("a price");
    assert!((1..=item["max_quantity"].as_u64().unwrap_or(1)).contains(&quantity));
    let amount = order.get("amount_in_cents").and_then(Json::as_number);
    assert_eq!(amount, Some(&*(unit * quantity).to_string()));
    assert!(
        text_of(&order, "description").starts_with(item["description"].as_str().expect("text"))
    );
    assert!(text_of(&order, "reference_id").starts_with(REFERENCE_PREFIX));
    let allowed = [
        "reference_id",
        "description",
        "amount_in_cents",
        "payer_name",
        "payer_email",
        "payer_identifier",
        "payer_address",
    ];
    let entries = order.as_object().expect("an object");
    assert!(entries.iter().all(|(name, _)| allowed.contains(&&**name)));
}

fn text_of<'j>(order: &'j Json, name: &str) -> &'j str {
    order.get(name).and_then(Json::as_str).expect(name)
}
