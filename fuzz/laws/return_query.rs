//! Input: a query, with or without its `?`.

use paysg_wasm::paysg::return_params::{MAX_QUERY_BYTES, PAYMENT_ID, PAYMENT_SERVICE_ID};
use paysg_wasm::paysg::{ReturnError, ReturnParams};

use super::text;

pub fn check(data: &[u8]) {
    let query = text(data);
    let bare = query.strip_prefix('?').unwrap_or(&query);
    // A peer's reading of the same query.
    let pairs: Vec<(String, String)> = form_urlencoded::parse(bare.as_bytes())
        .into_owned()
        .collect();
    let values = |name: &str| -> Vec<&str> {
        let named = pairs.iter().filter(|(key, _)| key == name);
        named.map(|(_, value)| &**value).collect()
    };
    let (payments, services) = (values(PAYMENT_ID), values(PAYMENT_SERVICE_ID));
    match ReturnParams::from_query(&query) {
        Ok(Some(params)) => {
            assert_eq!(payments, [params.payment_id.as_str()]);
            assert_eq!(services, [params.payment_service_id.as_str()]);
            let url = params.append_to("https://www.example.gov.sg/done?lang=en#top");
            let parsed = url::Url::parse(&url).expect("a URL");
            assert_eq!(parsed.as_str(), url);
            assert_eq!(
                ReturnParams::from_query(parsed.query().unwrap_or_default()),
                Ok(Some(params))
            );
        }
        Ok(None) => assert!(payments.is_empty() && services.is_empty()),
        Err(ReturnError::Missing(name)) => assert!(values(name).is_empty()),
        Err(ReturnError::Repeated(name)) => assert!(values(name).len() > 1),
        Err(ReturnError::Malformed(name)) => {
            assert!(if name == "query" {
                bare.len() > MAX_QUERY_BYTES
            } else {
                values(name).len() == 1
            });
        }
    }
    // The address bar loses the two and keeps the others, in order.
    let stripped = ReturnParams::strip_from(&query);
    if bare.len() <= MAX_QUERY_BYTES {
        assert_eq!(ReturnParams::from_query(&stripped), Ok(None));
    }
    let others = pairs
        .iter()
        .filter(|(name, _)| name != PAYMENT_ID && name != PAYMENT_SERVICE_ID);
    let left = form_urlencoded::parse(stripped.strip_prefix('?').unwrap_or(&stripped).as_bytes());
    assert!(
        left.into_owned().eq(others.cloned()),
        "{query:?} left {stripped:?}"
    );
}
