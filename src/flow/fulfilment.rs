//! Telling the e-service what became of a payment.

use crate::ledger::Telling;
use crate::paysg::{ApiRequest, json};

use super::step::{Fetch, Target};
use crate::token::Receipt;

/// How long the e-service may take to answer. Longer than that it is asked again, under the same key.
const TELL_TIMEOUT_MS: u32 = 10_000;

/// The call that tells it: `{receipt?, payment:{id, payment_service_id, reference_id, amount_in_cents, status, paid_at}}`.
///
/// Only a payment that is paid has a receipt.
#[must_use]
pub fn tell(telling: &Telling, facts: &Receipt, receipt: Option<&str>) -> Fetch {
    let mut body = String::from("{");
    if let Some(receipt) = receipt {
        body.push_str("\"receipt\":");
        json::write_str(&mut body, receipt);
        body.push(',');
    }
    body.push_str("\"payment\":{\"id\":");
    json::write_str(&mut body, facts.payment_id.as_str());
    body.push_str(",\"payment_service_id\":");
    json::write_str(&mut body, facts.payment_service_id.as_str());
    body.push_str(",\"reference_id\":");
    json::write_str(&mut body, &facts.reference_id);
    body.push_str(",\"amount_in_cents\":");
    body.push_str(&facts.amount_in_cents.to_string());
    body.push_str(",\"status\":");
    json::write_str(&mut body, telling.status.as_str());
    body.push_str(",\"paid_at\":");
    match &facts.paid_at {
        Some(paid_at) => json::write_str(&mut body, paid_at),
        None => body.push_str("null"),
    }
    body.push_str("}}");
    Fetch {
        after_ms: 0,
        timeout_ms: TELL_TIMEOUT_MS,
        target: Target::Fulfilment,
        shared: false,
        request: ApiRequest {
            method: "POST",
            path: String::new(),
            idempotency_key: Some(telling.key.clone()),
            body: Some(body),
        },
    }
}
