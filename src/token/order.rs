//! The e-service's server says what is to be paid.

use super::{Keys, TokenError, jwt};
use crate::paysg::Json;

const TYPE: &str = "paysg-order+jwt";
const MAX_LIFETIME_SECS: i64 = 24 * 3600;

/// A verified order, its parameters not checked yet.
///
/// It carries the payer's own data to the payer's own browser: never put it in a URL, in storage or in a log.
#[derive(Clone)]
pub struct OrderToken {
    /// PaySG's create parameters, without `return_url`.
    pub order: Json,
    /// The payment service that the order names, where it names one.
    pub payment_service_id: Option<String>,
    /// After how many seconds an unpaid link is to be cancelled, where the order says so.
    pub cancel_after_secs: Option<u32>,
}

impl OrderToken {
    /// Reads an order.
    ///
    /// Claims: `order` (an object), optionally `payment_service_id` (beside the order or in it), optionally `cancel_after_secs` (60 or more).
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(token: &str, keys: &Keys, now_ms: i64) -> Result<Self, TokenError> {
        let claims = jwt::verify(token, TYPE, MAX_LIFETIME_SECS, keys, now_ms)?;
        let named = |object: &Json| object.get("payment_service_id").cloned();
        let inside = claims.get("order").and_then(named);
        let payment_service_id = match named(&claims).or(inside) {
            None | Some(Json::Null) => None,
            Some(Json::String(id)) => Some(id),
            Some(_) => return Err(TokenError::Malformed),
        };
        let cancel_after_secs = match claims.get("cancel_after_secs") {
            None | Some(Json::Null) => None,
            Some(Json::Number(secs)) => Some(
                secs.parse()
                    .ok()
                    .filter(|secs| *secs >= 60)
                    .ok_or(TokenError::Malformed)?,
            ),
            Some(_) => return Err(TokenError::Malformed),
        };
        match claims.get("order") {
            Some(order @ Json::Object(_)) => Ok(Self {
                order: order.clone(),
                payment_service_id,
                cancel_after_secs,
            }),
            _ => Err(TokenError::Malformed),
        }
    }
}
