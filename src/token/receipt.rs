//! The edge vouches for a payment.

use super::{Keys, jwt};
use crate::paysg::{PaymentId, PaymentServiceId, json};

const TYPE: &str = "paysg-receipt+jwt";

/// What a receipt says: no personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The payment.
    pub payment_id: PaymentId,
    /// The payment service.
    pub payment_service_id: PaymentServiceId,
    /// The agency's reference.
    pub reference_id: String,
    /// What was paid.
    pub amount_in_cents: u64,
    /// PaySG's own time of payment.
    pub paid_at: Option<String>,
}

impl Receipt {
    /// Signs the receipt of a paid payment. Claims: `iss`, `aud`, `iat`, `payment_id`, `payment_service_id`, `reference_id`,
    /// `amount_in_cents`, `status` (`paid`), `paid_at`.
    #[must_use]
    pub fn sign(&self, issuer: &str, audience: &str, keys: &Keys, now_ms: i64) -> String {
        let mut claims = String::from("{\"iss\":");
        json::write_str(&mut claims, issuer);
        claims.push_str(",\"aud\":");
        json::write_str(&mut claims, audience);
        claims.push_str(",\"iat\":");
        claims.push_str(&now_ms.div_euclid(1000).to_string());
        claims.push_str(",\"payment_id\":");
        json::write_str(&mut claims, self.payment_id.as_str());
        claims.push_str(",\"payment_service_id\":");
        json::write_str(&mut claims, self.payment_service_id.as_str());
        claims.push_str(",\"reference_id\":");
        json::write_str(&mut claims, &self.reference_id);
        claims.push_str(",\"amount_in_cents\":");
        claims.push_str(&self.amount_in_cents.to_string());
        claims.push_str(",\"status\":\"paid\",\"paid_at\":");
        match &self.paid_at {
            Some(paid_at) => json::write_str(&mut claims, paid_at),
            None => claims.push_str("null"),
        }
        claims.push('}');
        jwt::sign(TYPE, &claims, keys)
    }
}
