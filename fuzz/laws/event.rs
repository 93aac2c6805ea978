//! Input: the body of a webhook, authentic or not.

use paysg_wasm::paysg::{Event, Json, json};

use super::{NOW_MS, OTHER_SERVICE, SERVICE};

pub fn check(data: &[u8]) {
    let Ok(event) = Event::read(data) else {
        return;
    };
    let body = json::parse_keeping_duplicates(data).expect("it was read");
    assert_eq!(Event::read(written(&body).as_bytes()).as_ref(), Ok(&event));
    assert!(event.event_type.len() <= 100);
    // Whatever it says of its own time is a time, or nothing.
    let _ = event.created_ms.map(|ms| ms.saturating_sub(NOW_MS));
    if !event.is_payment_succeeded() {
        return;
    }
    let (service, payment) = event.payment().expect("a payment that succeeded is named");

    // A second name for either never takes the first one's place: it is refused.
    let other = if service.as_str() == SERVICE {
        OTHER_SERVICE
    } else {
        SERVICE
    };
    let named = |name: &str, id: &str| (name.to_owned(), Json::String(id.to_owned()));
    for name in ["payment_service_id", "paymentServiceId"] {
        for first in [true, false] {
            let mut swapped = body.clone();
            add(&mut swapped, named(name, other), first);
            assert!(
                Event::read(written(&swapped).as_bytes()).is_err(),
                "two services"
            );
        }
    }
    for first in [true, false] {
        let mut swapped = body.clone();
        let id = if payment.as_str() == "p1" { "p2" } else { "p1" };
        let data = entry(&mut swapped, "data").expect("it was read");
        add(
            entry(data, "object").expect("it was read"),
            named("id", id),
            first,
        );
        assert!(
            Event::read(written(&swapped).as_bytes()).is_err(),
            "two payments"
        );
    }
}

pub fn written(json: &Json) -> String {
    let mut text = String::new();
    json.write(&mut text);
    text
}

pub fn add(object: &mut Json, entry: (String, Json), first: bool) {
    if let Json::Object(entries) = object {
        entries.insert(if first { 0 } else { entries.len() }, entry);
    }
}

pub fn entry<'j>(object: &'j mut Json, name: &str) -> Option<&'j mut Json> {
    let Json::Object(entries) = object else {
        return None;
    };
    entries
        .iter_mut()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value)
}
