use super::{PAYMENT, SERVICE};
use crate::paysg::{
    Cents, LatestStatus, Page, Payment, PaymentStatus, ReadError, RefundStatus, Rule, Status,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A paid payment with all fields of the guide's page.
pub(super) fn paid() -> Value {
    json!({
        "id": PAYMENT,
        "payment_service_id": SERVICE,
        "creator_id": "user_655d26a2-ddfc-4718-a008-bd181c1522e8",
        "reference_id": "INV-001",
        "payer_name": "Tan Ah Beng",
        "payer_identifier": "S1234567D",
        "payer_email": "tan@example.sg",
        "payer_address": "Blk 123, Yishun Avenue 2",
        "description": "Licence renewal",
        "amount_in_cents": 1100,
        "due_date": "31-DEC-2023",
        "return_url": "https://agency.gov.sg/paysg/return",
        "metadata": {"branch": "7"},
        "payment_url": format!("https://pay.gov.sg/payments/{PAYMENT}"),
        "payment_qr_code_url": null,
        "latest_status": "paid",
        "payment_status": "paid",
        "refund_status": "not_refunded",
        "email_delivery_status": "sent",
        "stripe_payment_intent_id": "pi_1",
        "payout_id": null,
        "created_at": "2023-08-03T17:36:52.634+08:00",
        "updated_at": "2023-08-15T11:44:19.197+08:00",
        "payment_sent_timestamp": "2023-08-13T11:44:19.197+08:00",
        "payment_succeeded_timestamp": "2023-08-15T11:44:19.197+08:00",
        "payment_cancelled_timestamp": null,
        "payment_fully_refunded_timestamp": null,
        "paid_out_timestamp": null,
    })
}

pub(super) fn read(value: &Value) -> Result<Payment, ReadError> {
    Payment::read(value.to_string().as_bytes())
}

/// A payment with some fields changed; null stays null, and `{}` takes the field away.
pub(super) fn with(changes: Value) -> Value {
    let mut payment = paid();
    for (key, value) in changes.as_object().unwrap() {
        if value == &json!({}) {
            payment.as_object_mut().unwrap().remove(key);
        } else {
            payment[key] = value.clone();
        }
    }
    payment
}

#[test]
fn a_payment_is_read_without_the_payers_data() {
    let payment = read(&paid()).unwrap();
    assert_eq!(payment.id.as_str(), PAYMENT);
    assert_eq!(payment.payment_service_id.as_str(), SERVICE);
    assert_eq!(payment.reference_id, "INV-001");
    assert_eq!(payment.amount_in_cents, Cents::new(1100).unwrap());
    assert_eq!(
        payment.payment_url,
        format!("https://pay.gov.sg/payments/{PAYMENT}")
    );
    assert_eq!(
        payment.return_url.as_deref(),
        Some("https://agency.gov.sg/paysg/return")
    );
    assert_eq!(payment.payment_status, PaymentStatus::Paid);
    assert_eq!(payment.latest_status, LatestStatus::Paid);
    assert_eq!(payment.refund_status, RefundStatus::NotRefunded);
    assert_eq!(
        payment.created_at.as_deref(),
        Some("2023-08-03T17:36:52.634+08:00")
    );
    assert_eq!(payment.created_at_ms, Some(1_691_055_412_634));
    assert_eq!(
        payment.paid_at.as_deref(),
        Some("2023-08-15T11:44:19.197+08:00")
    );
    assert_eq!(
        (payment.cancelled_at.clone(), payment.refunded_at.clone()),
        (None, None)
    );
    let shown = format!("{payment:?}");
    for personal in [
        "Tan",
        "S1234567D",
        "example.sg",
        "Yishun",
        "Licence",
        "branch",
    ] {
        assert!(!shown.contains(personal), "{personal}");
    }
}

#[test]
fn the_status_follows_from_all_of_paysgs_words() {
    let cancelled_at = "2023-08-14T11:44:19.197+08:00";
    for (payment_status, latest, refund, cancelled, status) in [
        (
            "unpaid",
            json!("unpaid"),
            json!("not_refunded"),
            json!(null),
            Status::Unpaid,
        ),
        ("unpaid", json!({}), json!({}), json!({}), Status::Unpaid),
        (
            "unpaid",
            json!("overdue"),
            json!(null),
            json!(null),
            Status::Unpaid,
        ),
        (
            "unpaid",
            json!("paid"),
            json!("fully_refunded"),
            json!(null),
            Status::Unpaid,
        ),
        (
            "unpaid",
            json!("cancelled"),
            json!("not_refunded"),
            json!(null),
            Status::Cancelled,
        ),
        (
            "unpaid",
            json!("unpaid"),
            json!(null),
            json!(cancelled_at),
            Status::Cancelled,
        ),
        (
            "unpaid",
            json!("unpaid"),
            json!(null),
            json!(""),
            Status::Unpaid,
        ),
        (
            "paid",
            json!("paid"),
            json!("not_refunded"),
            json!(null),
            Status::Paid,
        ),
        ("paid", json!({}), json!({}), json!({}), Status::Paid),
        (
            "paid",
            json!("paid"),
            json!(null),
            json!(null),
            Status::Paid,
        ),
        // The guide's own example of a refund was cancelled a day before it was paid.
        (
            "paid",
            json!("cancelled"),
            json!("not_refunded"),
            json!(cancelled_at),
            Status::Paid,
        ),
        (
            "paid",
            json!("cancelled"),
            json!("fully_refunded"),
            json!(cancelled_at),
            Status::Refunded,
        ),
        (
            "paid",
            json!("refunded"),
            json!("partially_refunded"),
            json!(null),
            Status::PartiallyRefunded,
        ),
        (
            "paid",
            json!("paid"),
            json!("refund_pending"),
            json!(null),
            Status::Paid,
        ),
        ("paid", json!("paid"), json!(""), json!(null), Status::Paid),
        (
            "processing",
            json!("paid"),
            json!("not_refunded"),
            json!(null),
            Status::Unknown,
        ),
        (
            "PAID",
            json!("paid"),
            json!("not_refunded"),
            json!(null),
            Status::Unknown,
        ),
        (
            "",
            json!("paid"),
            json!("fully_refunded"),
            json!(cancelled_at),
            Status::Unknown,
        ),
    ] {
        let changes = json!({
            "payment_status": payment_status, "latest_status": latest, "refund_status": refund, "payment_cancelled_timestamp": cancelled,
        });
        assert_eq!(
            read(&with(changes.clone())).unwrap().status(),
            status,
            "{changes}"
        );
    }
}

#[test]
fn a_refund_that_is_not_made_leaves_the_payment_paid() {
    for (word, status) in [
        ("partially_refunded", RefundStatus::PartiallyRefunded),
        ("refund_pending", RefundStatus::Pending),
        ("pending", RefundStatus::Pending),
        ("refund_failed", RefundStatus::Failed),
        ("failed", RefundStatus::Failed),
        ("contemplated", RefundStatus::Other("contemplated".into())),
    ] {
        let payment = read(&with(
            json!({"payment_status": "paid", "refund_status": word}),
        ))
        .unwrap();
        let partly = status == RefundStatus::PartiallyRefunded;
        assert_eq!(payment.refund_status, status);
        assert_eq!(payment.status() == Status::Paid, !partly, "{word}");
    }
    // PaySG's own timestamp says so whatever the word is, unless the word is known and says otherwise.
    for (word, whole) in [
        (json!("given_back"), true),
        (json!(null), true),
        (json!("not_refunded"), false),
    ] {
        let at = "2026-11-19T20:00:00.000+08:00";
        let payment = read(&with(json!({"payment_status": "paid", "refund_status": word, "payment_fully_refunded_timestamp": at}))).unwrap();
        assert_eq!(payment.status() == Status::Refunded, whole, "{word}");
    }
}

#[test]
fn unknown_words_and_fields_are_kept_or_passed_over() {
    let payment = read(&with(json!({"latest_status": "disputed", "refund_status": "x".repeat(5000), "new_field": {"deep": [1.5]}}))).unwrap();
    assert_eq!(
        payment.latest_status,
        LatestStatus::Other("disputed".into())
    );
    assert_eq!(payment.refund_status, RefundStatus::Other("x".repeat(64)));
}

#[test]
fn what_a_payment_can_do_without_may_be_missing_or_null() {
    for nothing in [json!({}), json!(null)] {
        let payment = read(&with(json!({
            "payment_url": nothing, "return_url": nothing, "latest_status": nothing, "refund_status": nothing, "created_at": nothing,
            "payment_succeeded_timestamp": nothing,
        })))
        .unwrap();
        assert_eq!(
            (payment.payment_url.as_str(), payment.return_url.as_deref()),
            ("", None)
        );
        assert_eq!(
            (payment.latest_status.clone(), payment.refund_status.clone()),
            (LatestStatus::Absent, RefundStatus::Absent)
        );
        assert_eq!(
            (
                payment.created_at.clone(),
                payment.created_at_ms,
                payment.paid_at.clone()
            ),
            (None, None, None)
        );
        assert_eq!(payment.status(), Status::Paid);
    }
}

#[test]
fn a_timestamp_is_kept_as_written_and_a_number_is_milliseconds() {
    let payment = read(&with(
        json!({"created_at": "yesterday", "payment_succeeded_timestamp": 1_691_055_412_634_i64}),
    ))
    .unwrap();
    assert_eq!(
        (payment.created_at.as_deref(), payment.created_at_ms),
        (Some("yesterday"), None)
    );
    assert_eq!(payment.paid_at.as_deref(), Some("2023-08-03T09:36:52.634Z"));
}

#[test]
fn what_makes_a_payment_unreadable_is_named_without_its_value() {
    for (changes, field, rule) in [
        (json!({"id": {}}), "id", Rule::Required),
        (json!({"id": null}), "id", Rule::Required),
        (json!({"id": 7}), "id", Rule::Type),
        (json!({"id": "../secret"}), "id", Rule::Format),
        (
            json!({"payment_service_id": {}}),
            "payment_service_id",
            Rule::Required,
        ),
        (
            json!({"payment_service_id": "secret"}),
            "payment_service_id",
            Rule::Format,
        ),
        (json!({"reference_id": {}}), "reference_id", Rule::Required),
        (
            json!({"reference_id": ["secret"]}),
            "reference_id",
            Rule::Type,
        ),
        (
            json!({"amount_in_cents": {}}),
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
            json!({"amount_in_cents": 12.0}),
            "amount_in_cents",
            Rule::NotAnInteger,
        ),
        (
            json!({"amount_in_cents": -1}),
            "amount_in_cents",
            Rule::TooSmall,
        ),
        (
            json!({"amount_in_cents": 9_007_199_254_740_993_u64}),
            "amount_in_cents",
            Rule::TooLarge,
        ),
        (
            json!({"payment_status": {}}),
            "payment_status",
            Rule::Required,
        ),
        (
            json!({"payment_status": true}),
            "payment_status",
            Rule::Type,
        ),
        (json!({"payment_url": 7}), "payment_url", Rule::Type),
        (json!({"latest_status": 7}), "latest_status", Rule::Type),
        (json!({"refund_status": false}), "refund_status", Rule::Type),
        (
            json!({"payment_cancelled_timestamp": true}),
            "payment_cancelled_timestamp",
            Rule::Type,
        ),
        (
            json!({"payment_cancelled_timestamp": 1.5}),
            "payment_cancelled_timestamp",
            Rule::Format,
        ),
        (
            json!({"paymentStatus": "secret"}),
            "payment_status",
            Rule::Duplicate,
        ),
        (
            json!({"amountInCents": 11.0}),
            "amount_in_cents",
            Rule::Duplicate,
        ),
    ] {
        let error = read(&with(changes.clone())).unwrap_err();
        assert_eq!(
            (error.field.as_ref(), error.rule),
            (field, rule),
            "{changes}"
        );
        let shown = error.to_string();
        assert!(
            shown.contains(field) && shown.contains(rule.as_str()) && !shown.contains("secret"),
            "{shown}"
        );
    }
}

#[test]
fn what_is_no_object_is_no_payment() {
    for (body, rule) in [
        ("", Rule::Json),
        ("<html>", Rule::Json),
        ("\"paid\"", Rule::Type),
        ("[]", Rule::Type),
        ("null", Rule::Type),
        (&"[".repeat(100), Rule::Json),
    ] {
        let error = Payment::read(body.as_bytes()).unwrap_err();
        assert_eq!((error.field.as_ref(), error.rule), ("body", rule), "{body}");
    }
    assert_eq!(
        Payment::read(b"{\"id\":\"\xff\"}").unwrap_err().rule,
        Rule::Json
    );
}

#[test]
fn a_field_given_twice_counts_only_if_it_agrees() {
    let twice = |first: &str, second: &str| {
        let body = paid().to_string().replacen(
            "\"payment_status\":\"paid\"",
            &format!("\"payment_status\":{first},\"payment_status\":{second}"),
            1,
        );
        Payment::read(body.as_bytes())
    };
    assert_eq!(
        twice("\"paid\"", "\"paid\"").unwrap().status(),
        Status::Paid
    );
    assert_eq!(
        twice("\"paid\"", "\"unpaid\"").unwrap_err().rule,
        Rule::Duplicate
    );
    assert_eq!(
        twice("\"unpaid\"", "\"paid\"").unwrap_err().rule,
        Rule::Duplicate
    );
    assert_eq!(twice("\"paid\"", "null").unwrap_err().rule, Rule::Duplicate);
}

/// The same payment with each field's spelling chosen anew.
fn respelt(payment: &Value, choice: &mut impl FnMut() -> bool) -> Value {
    let respell = |key: &str, choice: &mut dyn FnMut() -> bool| {
        let mut words = key.split('_');
        let mut out = words.next().unwrap().to_owned();
        for word in words {
            if choice() {
                out += &word[..1].to_uppercase();
                out += &word[1..];
            } else {
                out = out + "_" + word;
            }
        }
        out
    };
    payment
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| (respell(key, choice), value.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

proptest! {
    #![proptest_config(super::cases(300))]

    #[test]
    fn spelling_does_not_matter(choices in prop::collection::vec(any::<bool>(), 64)) {
        let mut choices = choices.into_iter().cycle();
        let payment = respelt(&paid(), &mut || choices.next().unwrap());
        prop_assert_eq!(read(&payment), read(&paid()));
    }

    /// Only the word `paid` in `payment_status` earns a receipt, whatever the rest says.
    #[test]
    fn nothing_but_paid_is_paid(
        payment_status in "paid|unpaid|[a-z_]{0,12}|PAID|paid ",
        latest in prop::option::of("paid|cancelled|[a-z_]{0,8}"),
        refund in prop::option::of("not_refunded|fully_refunded|[a-z_]{0,8}"),
    ) {
        let payment = read(&with(json!({"payment_status": payment_status, "latest_status": latest, "refund_status": refund}))).unwrap();
        prop_assert_eq!(payment.status().was_paid(), payment_status == "paid");
        let whole = refund.as_deref() == Some("fully_refunded");
        prop_assert_eq!(payment.status() == Status::Refunded, payment_status == "paid" && whole);
    }
}

fn page(data: &[Value], page_info: &Value) -> Result<Page, ReadError> {
    Page::read(
        json!({"data": data, "page_info": page_info})
            .to_string()
            .as_bytes(),
    )
}

#[test]
fn a_page_holds_the_payments_that_can_be_read_and_counts_the_others() {
    let info = json!({"start_cursor": "a", "end_cursor": "b+/=", "has_previous_page": false, "has_next_page": true});
    let odd = [
        json!(null),
        json!({}),
        with(json!({"amount_in_cents": 12.34})),
        with(json!({"paymentStatus": "unpaid"})),
    ];
    let second = with(json!({"id": "second"}));
    let data: Vec<Value> = [paid()].into_iter().chain(odd).chain([second]).collect();
    let page = page(&data, &info).unwrap();
    assert_eq!(
        page.data
            .iter()
            .map(|payment| payment.id.as_str())
            .collect::<Vec<_>>(),
        [PAYMENT, "second"]
    );
    assert_eq!(
        (
            page.unreadable,
            page.has_next_page,
            page.end_cursor.as_deref()
        ),
        (4, true, Some("b+/="))
    );
}

#[test]
fn a_key_given_twice_in_one_payment_hides_no_other() {
    let odd = paid()
        .to_string()
        .replacen('{', "{\"amount_in_cents\":1,", 1);
    let body = format!(
        "{{\"data\":[{odd},{}],\"page_info\":{{\"end_cursor\":null,\"has_next_page\":false}}}}",
        paid()
    );
    let page = Page::read(body.as_bytes()).unwrap();
    assert_eq!((page.data.len(), page.unreadable), (1, 1));
}

#[test]
fn an_end_that_is_not_stated_is_not_the_end() {
    assert_eq!(
        page(&[], &json!({"has_next_page": false})),
        Ok(Page {
            data: vec![],
            end_cursor: None,
            has_next_page: false,
            unreadable: 0
        })
    );
    assert_eq!(
        page(&[], &json!({"endCursor": "", "hasNextPage": true})).map(|page| page.has_next_page),
        Ok(true)
    );
    for (body, field, rule) in [
        (json!([]), "body", Rule::Type),
        (
            json!({"page_info": {"has_next_page": false}}),
            "data",
            Rule::Required,
        ),
        (
            json!({"data": {}, "page_info": {"has_next_page": false}}),
            "data",
            Rule::Type,
        ),
        (json!({"data": []}), "page_info", Rule::Required),
        (
            json!({"data": [], "page_info": []}),
            "has_next_page",
            Rule::Required,
        ),
        (
            json!({"data": [], "page_info": {}}),
            "has_next_page",
            Rule::Required,
        ),
        (
            json!({"data": [], "page_info": {"has_next_page": "false"}}),
            "has_next_page",
            Rule::Type,
        ),
        (
            json!({"data": [], "page_info": {"has_next_page": false, "end_cursor": 7}}),
            "end_cursor",
            Rule::Type,
        ),
        (
            json!({"data": [], "page_info": {"has_next_page": true, "end_cursor": "x".repeat(1025)}}),
            "end_cursor",
            Rule::TooLong,
        ),
    ] {
        let error = Page::read(body.to_string().as_bytes()).unwrap_err();
        assert_eq!((error.field.as_ref(), error.rule), (field, rule), "{body}");
    }
}

#[test]
fn each_rule_has_one_word() {
    let words: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
    assert_eq!(words.len(), Rule::ALL.len());
    assert_eq!(
        words.into_iter().collect::<Vec<_>>(),
        [
            "control_character",
            "duplicate",
            "empty",
            "format",
            "https",
            "invisible_character",
            "json",
            "malformed_text",
            "not_an_integer",
            "not_in_catalogue",
            "required",
            "reserved",
            "too_large",
            "too_long",
            "too_many",
            "too_small",
            "type",
            "unknown_field",
        ]
    );
    for rule in Rule::ALL {
        assert_eq!(serde_json::to_value(rule).unwrap(), rule.as_str());
    }
}
