//! The e-service's server says what is to be paid.

use super::{Keys, TokenError, jwt};
use crate::paysg::{Cents, Json, Rule};

const KIND: jwt::Kind = jwt::Kind {
    typ: "paysg-order+jwt",
    max_lifetime_secs: 24 * 3600,
    max_lifetime: "24 hours",
};
/// A payer needs the time to pay.
const MIN_CANCEL_AFTER_SECS: u32 = 60;

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
        let claims = jwt::verify(token, &KIND, keys, now_ms)?;
        let named = |object: &Json| object.get("payment_service_id").cloned();
        let inside = claims.get("order").and_then(named);
        let payment_service_id = match named(&claims).or(inside) {
            None | Some(Json::Null) => None,
            Some(Json::String(id)) => Some(id),
            Some(_) => return Err(TokenError::claim("payment_service_id", Rule::Type)),
        };
        let cancel_after_secs = match claims.get("cancel_after_secs") {
            None | Some(Json::Null) => None,
            Some(Json::Number(secs)) => Some(cancel_after_secs(secs)?),
            Some(_) => return Err(TokenError::claim("cancel_after_secs", Rule::Type)),
        };
        let rule = match claims.get("order") {
            Some(order @ Json::Object(_)) => {
                return Ok(Self {
                    order: order.clone(),
                    payment_service_id,
                    cancel_after_secs,
                });
            }
            None | Some(Json::Null) => Rule::Required,
            Some(_) => Rule::Type,
        };
        Err(TokenError::claim("order", rule))
    }
}

fn cancel_after_secs(token: &str) -> Result<u32, TokenError> {
    let name = "cancel_after_secs";
    // `Cents` is what knows how a whole number is written.
    let secs = Cents::from_token(token).and_then(|secs| match u32::try_from(secs.get()) {
        Ok(secs) if secs < MIN_CANCEL_AFTER_SECS => Err(Rule::TooSmall),
        Ok(secs) => Ok(secs),
        Err(_) => Err(Rule::TooLarge),
    });
    secs.map_err(|rule| {
        let limit = if rule == Rule::TooSmall {
            Some(u64::from(MIN_CANCEL_AFTER_SECS))
        } else {
            (rule == Rule::TooLarge).then_some(u64::from(u32::MAX))
        };
        TokenError::Claim { name, rule, limit }
    })
}
