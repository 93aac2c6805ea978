//! Input: PaySG's answer: the status as one byte (times 2, plus 100), then the body.

use paysg_wasm::paysg::list::Page;
use paysg_wasm::paysg::{ApiError, Json, Payment, PaymentStatus, Status, json};

use super::event::{add, written};

pub fn check(data: &[u8]) {
    let Some((status, body)) = data.split_first() else {
        return;
    };
    let status = u16::from(*status) * 2 + 100;
    if let Some(error) = ApiError::read(status, body) {
        assert!((400..=599).contains(&status), "no error has this status");
        assert!(error.message.len() <= 500);
        let _ = (error.kind(), error.is_key_reuse());
    }

    if let Ok(payment) = Payment::read(body) {
        check_payment(&payment, body);
    }
    if let Ok(page) = Page::read(body) {
        let frame = json::parse_keeping_duplicates(body).expect("it was read");
        assert_eq!(Page::read(written(&frame).as_bytes()).as_ref(), Ok(&page));
        let Ok(Some(Json::Array(entries))) = frame.field("data") else {
            panic!("a page without data");
        };
        // Nothing is lost silently: what is not among the payments is counted.
        assert_eq!(page.data.len() + page.unreadable, entries.len());
    }
}

fn check_payment(payment: &Payment, body: &[u8]) {
    let object = json::parse_keeping_duplicates(body).expect("it was read");
    assert_eq!(
        Payment::read(written(&object).as_bytes()).as_ref(),
        Ok(payment)
    );
    let status = payment.status();
    match payment.payment_status {
        PaymentStatus::Paid => assert!(!matches!(status, Status::Unpaid | Status::Cancelled)),
        PaymentStatus::Unpaid | PaymentStatus::Other(_) => assert!(status != Status::Paid),
    }
    // A rival of what is acted upon is refused, wherever it stands.
    let other = |than: &str| Json::String(if than == "one" { "other" } else { "one" }.to_owned());
    let stands = match &payment.payment_status {
        PaymentStatus::Paid => "paid",
        PaymentStatus::Unpaid => "unpaid",
        PaymentStatus::Other(word) => word,
    };
    let rivals = [
        ("id", other(payment.id.as_str())),
        ("reference_id", other(&payment.reference_id)),
        (
            "amount_in_cents",
            Json::Number((payment.amount_in_cents.get() ^ 1).to_string()),
        ),
        (
            "amountInCents",
            Json::Number((payment.amount_in_cents.get() ^ 1).to_string()),
        ),
        ("payment_status", other(stands)),
    ];
    for (name, value) in rivals {
        for first in [true, false] {
            let mut two = object.clone();
            add(&mut two, (name.to_owned(), value.clone()), first);
            assert!(
                Payment::read(written(&two).as_bytes()).is_err(),
                "{name} twice"
            );
        }
    }
}
