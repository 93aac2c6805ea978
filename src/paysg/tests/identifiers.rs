use super::{PAYMENT, SERVICE};
use crate::paysg::{PaymentId, PaymentServiceId, Status};
use proptest::prelude::*;

#[test]
fn payment_ids_are_1_to_64_characters_of_their_alphabet() {
    for good in [PAYMENT, "a", "-", "_", &"Z9".repeat(32)] {
        assert_eq!(
            PaymentId::parse(good)
                .map(|id| id.as_str().to_owned())
                .as_deref(),
            Some(good)
        );
    }
    let too_long = "a".repeat(65);
    for bad in [
        "", &too_long, "a b", "a/b", "..", "a%2fb", "a?b", "a#b", "a\n", "é", "ａ", "a\0", "a.b",
    ] {
        assert_eq!(PaymentId::parse(bad), None, "{bad:?}");
    }
}

#[test]
fn payment_service_ids_are_a_prefix_and_a_uuid() {
    assert!(PaymentServiceId::parse(SERVICE).is_some());
    let upper = "payment_service_655D26A2-DDFC-4718-A008-BD181C1522E8";
    assert_eq!(
        PaymentServiceId::parse(upper)
            .map(|id| id.as_str().to_owned())
            .as_deref(),
        Some(upper)
    );
    for bad in [
        "",
        "payment_service_",
        "655d26a2-ddfc-4718-a008-bd181c1522e8",
        "PAYMENT_SERVICE_655d26a2-ddfc-4718-a008-bd181c1522e8",
        "payment_service_655d26a2ddfc4718a008bd181c1522e8",
        "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e",
        "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8a",
        "payment_service_655d26a2-ddfc-4718-a008-bd181c1522g8",
        "payment_service_655d26a-2ddfc-4718-a008-bd181c1522e8",
        "payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8,",
        " payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8",
        "payment_service_655d26a2-ddfc-4718-a008-bd181c1522é",
    ] {
        assert_eq!(PaymentServiceId::parse(bad), None, "{bad:?}");
    }
}

#[test]
fn a_status_is_its_word_and_an_unknown_word_is_never_paid() {
    let table = [
        (Status::Unpaid, "unpaid", false, false),
        (Status::Paid, "paid", true, true),
        (Status::PartiallyRefunded, "partially_refunded", true, true),
        (Status::Refunded, "refunded", true, true),
        (Status::Cancelled, "cancelled", true, false),
        (Status::Unknown, "unknown", false, false),
    ];
    for (status, word, settled, was_paid) in table {
        assert_eq!(status.as_str(), word);
        assert_eq!(Status::parse(word), status);
        assert_eq!(status.is_settled(), settled, "{word}");
        assert_eq!(status.was_paid(), was_paid, "{word}");
        #[cfg(feature = "edge")]
        {
            assert_eq!(
                serde_json::to_string(&status).unwrap(),
                format!("\"{word}\"")
            );
            assert_eq!(
                serde_json::from_str::<Status>(&format!("\"{word}\"")).unwrap(),
                status
            );
        }
    }
    for word in ["PAID", "Paid", " paid", "settled", ""] {
        assert_eq!(Status::parse(word), Status::Unknown, "{word:?}");
        #[cfg(feature = "edge")]
        assert_eq!(
            serde_json::from_str::<Status>(&format!("\"{word}\"")).unwrap(),
            Status::Unknown
        );
    }
}

#[cfg(feature = "edge")]
#[test]
fn stored_identifiers_are_checked_again_when_read() {
    use crate::paysg::EventId;
    let id: PaymentId = serde_json::from_str("\"abc\"").unwrap();
    assert_eq!(serde_json::to_string(&id).unwrap(), "\"abc\"");
    // An escape makes the text owned rather than borrowed.
    assert_eq!(
        serde_json::from_str::<PaymentId>("\"\\u0061bc\"").unwrap(),
        id
    );
    let refusal = serde_json::from_str::<PaymentId>("\"a/secret\"")
        .unwrap_err()
        .to_string();
    assert!(!refusal.contains("secret"), "{refusal}");
    assert!(EventId::parse("evt_752ced1f-00ce-4905-8c46-367371dd78e6").is_some());
    assert!(EventId::parse("752ced1f-00ce-4905-8c46-367371dd78e6").is_none());
}

#[cfg(feature = "edge")]
#[test]
fn an_api_key_names_its_environment_and_shows_only_its_prefix() {
    use crate::paysg::{ApiKey, Environment};
    let key = ApiKey::parse("paysg_live_s3cret").unwrap();
    assert_eq!(key.environment(), Environment::Live);
    assert_eq!(key.expose(), "paysg_live_s3cret");
    assert_eq!(format!("{key:?}"), "ApiKey(paysg_live_…)");
    assert_eq!(
        ApiKey::parse("paysg_stag_s3cret").unwrap().environment(),
        Environment::Staging
    );
    assert_eq!(
        format!("{:?}", ApiKey::parse("paysg_stag_s3cret")),
        "Some(ApiKey(paysg_stag_…))"
    );
    let longest = format!("paysg_live_{}", "k".repeat(501));
    assert!(ApiKey::parse(&longest).is_some());
    for bad in [
        "",
        "paysg_live_",
        "paysg_stag_",
        "live_x",
        "PAYSG_LIVE_x",
        "paysg_live_a b",
        "paysg_live_a\r\nx: y",
        "paysg_live_é",
        &format!("{longest}k"),
    ] {
        assert_eq!(ApiKey::parse(bad), None, "{bad:?}");
    }
}

#[cfg(feature = "edge")]
#[test]
fn environments_have_their_own_hosts() {
    use crate::paysg::Environment;
    assert_eq!(
        [Environment::Staging, Environment::Live].map(|e| (
            e.as_str(),
            e.api_origin(),
            e.page_host()
        )),
        [
            (
                "staging",
                "https://api-staging.pay.gov.sg",
                "staging.pay.gov.sg"
            ),
            ("live", "https://api.pay.gov.sg", "pay.gov.sg"),
        ]
    );
}

proptest! {
    #![proptest_config(super::cases(500))]

    #[test]
    fn an_accepted_identifier_needs_no_escaping_anywhere(text in ".{0,70}") {
        if let Some(id) = PaymentId::parse(&text) {
            let url = url::Url::parse(&format!("https://pay.gov.sg/payments/{}", id.as_str())).unwrap();
            prop_assert_eq!(url.path(), format!("/payments/{}", text));
        }
        if let Some(id) = PaymentServiceId::parse(&text) {
            prop_assert_eq!(id.as_str(), text);
        }
    }
}
