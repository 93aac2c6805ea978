use super::{PAYMENT, SERVICE};
use crate::paysg::return_params::MAX_QUERY_BYTES;
use crate::paysg::{PaymentId, PaymentServiceId, ReturnError, ReturnParams};
use proptest::prelude::*;

fn params() -> ReturnParams {
    ReturnParams {
        payment_id: PaymentId::parse(PAYMENT).unwrap(),
        payment_service_id: PaymentServiceId::parse(SERVICE).unwrap(),
    }
}

#[test]
fn a_return_is_recognised_however_the_query_is_spelt() {
    for query in [
        format!("?paysg_payment_id={PAYMENT}&paysg_payment_service_id={SERVICE}"),
        format!("paysg_payment_service_id={SERVICE}&paysg_payment_id={PAYMENT}"),
        format!("?a=1&&paysg_payment_id={PAYMENT}&b&paysg_payment_service_id={SERVICE}&=c&"),
        format!("?paysg%5Fpayment%5fid={PAYMENT}&%70aysg_payment_service_id={SERVICE}"),
        format!("?paysg_payment_id=%57lM3qMUUHQ2gipngenEmE&paysg_payment_service_id={SERVICE}"),
        format!("?x=%ff%&paysg_payment_id={PAYMENT}&paysg_payment_service_id={SERVICE}"),
    ] {
        assert_eq!(
            ReturnParams::from_query(&query),
            Ok(Some(params())),
            "{query}"
        );
    }
}

#[test]
fn a_query_that_mentions_no_payment_is_no_return() {
    for query in [
        "",
        "?",
        "?page=2",
        "?paysg_payment=1",
        "?PAYSG_PAYMENT_ID=1",
        "?x=paysg_payment_id",
        "?+paysg_payment_id=1",
    ] {
        assert_eq!(ReturnParams::from_query(query), Ok(None), "{query}");
    }
}

#[test]
fn tampered_parameters_are_named() {
    let (id, service) = ("paysg_payment_id", "paysg_payment_service_id");
    for (query, error) in [
        (format!("{id}={PAYMENT}"), ReturnError::Missing(service)),
        (format!("{service}={SERVICE}"), ReturnError::Missing(id)),
        (
            format!("{id}={PAYMENT}&{id}={PAYMENT}&{service}={SERVICE}"),
            ReturnError::Repeated(id),
        ),
        (
            format!("{id}={PAYMENT}&paysg%5fpayment_id=x&{service}={SERVICE}"),
            ReturnError::Repeated(id),
        ),
        (
            format!("{id}={PAYMENT}&{service}={SERVICE}&{service}="),
            ReturnError::Repeated(service),
        ),
        (
            format!("{id}&{service}={SERVICE}"),
            ReturnError::Malformed(id),
        ),
        (
            format!("{id}=&{service}={SERVICE}"),
            ReturnError::Malformed(id),
        ),
        (
            format!("{id}=..%2Fx&{service}={SERVICE}"),
            ReturnError::Malformed(id),
        ),
        (
            format!("{id}=%ff&{service}={SERVICE}"),
            ReturnError::Malformed(id),
        ),
        (
            format!("{id}=a+b&{service}={SERVICE}"),
            ReturnError::Malformed(id),
        ),
        (
            format!("{id}=a%&{service}={SERVICE}"),
            ReturnError::Malformed(id),
        ),
        (
            format!("{id}={}&{service}={SERVICE}", "a".repeat(65)),
            ReturnError::Malformed(id),
        ),
        (
            format!("{id}={PAYMENT}&{service}=655d26a2-ddfc-4718-a008-bd181c1522e8"),
            ReturnError::Malformed(service),
        ),
        (
            format!(
                "{id}={PAYMENT}&{service}={SERVICE}&x={}",
                "a".repeat(MAX_QUERY_BYTES)
            ),
            ReturnError::Malformed("query"),
        ),
    ] {
        assert_eq!(ReturnParams::from_query(&query), Err(error), "{query}");
        assert!(!error.parameter().is_empty());
    }
}

#[test]
fn the_longest_query_is_as_long_with_its_mark_as_without() {
    let longest = "a".repeat(MAX_QUERY_BYTES);
    for query in [longest.clone(), format!("?{longest}")] {
        assert_eq!(ReturnParams::from_query(&query), Ok(None));
        // What is written back into the address bar is read again.
        let stripped = ReturnParams::strip_from(&query);
        assert_eq!(ReturnParams::from_query(&stripped), Ok(None));
        assert_eq!(
            ReturnParams::from_query(&format!("{query}a")),
            Err(ReturnError::Malformed("query"))
        );
    }
}

#[test]
fn both_parameters_go_into_the_query_and_not_into_the_fragment() {
    let added = format!("paysg_payment_id={PAYMENT}&paysg_payment_service_id={SERVICE}");
    for (url, with) in [
        ("https://a.sg/", format!("https://a.sg/?{added}")),
        ("https://a.sg/?", format!("https://a.sg/?{added}")),
        ("https://a.sg/?b=1", format!("https://a.sg/?b=1&{added}")),
        ("https://a.sg/?b=1&", format!("https://a.sg/?b=1&{added}")),
        ("https://a.sg/#/x?y", format!("https://a.sg/?{added}#/x?y")),
        ("https://a.sg/?b#c", format!("https://a.sg/?b&{added}#c")),
    ] {
        assert_eq!(params().append_to(url), with);
    }
}

#[test]
fn an_address_bar_loses_the_two_parameters_and_keeps_the_rest() {
    for (query, rest) in [
        (
            format!("?paysg_payment_id={PAYMENT}&paysg_payment_service_id={SERVICE}"),
            "",
        ),
        (
            format!("?a=%41&paysg%5Fpayment_id={PAYMENT}&b&paysg_payment_service_id={SERVICE}&c="),
            "?a=%41&b&c=",
        ),
        ("?a=1".to_owned(), "?a=1"),
        (String::new(), ""),
    ] {
        assert_eq!(ReturnParams::strip_from(&query), rest, "{query}");
    }
}

/// What a browser's `URLSearchParams` would say, by the crate that implements the standard.
fn by_the_standard(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.strip_prefix('?').unwrap_or(query).as_bytes())
        .into_owned()
        .collect()
}

proptest! {
    #![proptest_config(super::cases(500))]

    #[test]
    fn what_was_appended_is_read_again(query in "[a-z=&%+0-9]{0,20}", fragment in "[a-z#?/]{0,8}") {
        let url = params().append_to(&format!("https://a.sg/x?{query}#{fragment}"));
        let url = url::Url::parse(&url).unwrap();
        prop_assert_eq!(ReturnParams::from_query(url.query().unwrap()), Ok(Some(params())));
        prop_assert_eq!(url.fragment().unwrap(), fragment);
        let left = ReturnParams::strip_from(url.query().unwrap());
        prop_assert_eq!(by_the_standard(&left), by_the_standard(&query));
    }

    #[test]
    fn names_and_values_are_decoded_as_browsers_do(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "paysg_payment_id", "paysg_payment_service_id", "paysg%5Fpayment_id", "%", "%4", "%5", "+", "=", "&", "&", "=", "x", PAYMENT, SERVICE, "%41", "%e4%b8%ad", "é",
        ]), 0..12)
    ) {
        let query = pieces.concat();
        let of = |name: &str| -> Vec<String> {
            by_the_standard(&query).into_iter().filter(|(given, _)| given == name).map(|(_, value)| value).collect()
        };
        let (payments, services) = (of("paysg_payment_id"), of("paysg_payment_service_id"));
        match ReturnParams::from_query(&query) {
            Ok(None) => prop_assert!(payments.is_empty() && services.is_empty()),
            Ok(Some(read)) => {
                prop_assert_eq!(payments, [read.payment_id.as_str()]);
                prop_assert_eq!(services, [read.payment_service_id.as_str()]);
            }
            Err(ReturnError::Missing(_)) => prop_assert!(payments.is_empty() != services.is_empty()),
            Err(ReturnError::Repeated(_)) => prop_assert!(payments.len() > 1 || services.len() > 1),
            Err(ReturnError::Malformed(_)) => prop_assert!(
                PaymentId::parse(&payments[0]).is_none() || PaymentServiceId::parse(&services[0]).is_none()
            ),
        }
    }
}
