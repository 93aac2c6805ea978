//! Telling the e-service what became of a payment.

use serde::Serialize;

use super::view::ShownRefund;
use super::witness::paid_status;
use crate::ledger::{RefundState, TellStatus, Telling};
use crate::paysg::{ApiRequest, PaymentId, PaymentServiceId};

use super::step::{Fetch, Target};
use crate::token::Receipt;

/// How long the e-service may take to answer. Longer than that it is asked again, under the same key.
const TELL_TIMEOUT_MS: u32 = 10_000;

/// `{receipt?, payment, refund?, overpayment_of?}`. Only a body that says that a payment was paid has a receipt.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<&'a str>,
    payment: NotifiedPayment<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refund: Option<ShownRefund<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    overpayment_of: Option<&'a PaymentId>,
}

#[derive(Serialize)]
struct NotifiedPayment<'a> {
    id: &'a PaymentId,
    payment_service_id: &'a PaymentServiceId,
    reference_id: &'a str,
    amount_in_cents: u64,
    status: &'a str,
    paid_at: Option<&'a str>,
    /// In what is told of refunds: null where PaySG does not say how much was given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunded_amount_in_cents: Option<Option<u64>>,
}

/// The call that tells it.
#[must_use]
pub fn tell(telling: &Telling, facts: &Receipt, receipt: Option<&str>) -> Fetch {
    let state = match telling.status {
        TellStatus::Paid | TellStatus::Cancelled => None,
        TellStatus::RefundPending => Some(RefundState::Pending),
        TellStatus::RefundFailed => Some(RefundState::Failed),
        TellStatus::PartiallyRefunded | TellStatus::Refunded => Some(RefundState::Succeeded),
    };
    let body = Body {
        receipt,
        payment: NotifiedPayment {
            id: &facts.payment_id,
            payment_service_id: &facts.payment_service_id,
            reference_id: &facts.reference_id,
            amount_in_cents: facts.amount_in_cents,
            status: paid_status(telling.state).as_str(),
            paid_at: facts.paid_at.as_deref(),
            refunded_amount_in_cents: state.map(|_| telling.refunded_amount_in_cents),
        },
        refund: telling
            .refund
            .as_ref()
            .zip(state)
            .map(|(refund, state)| ShownRefund {
                id: refund.key.as_str(),
                amount_in_cents: refund.amount_in_cents.get(),
                status: state.as_str(),
            }),
        overpayment_of: telling.overpayment_of.as_ref(),
    };
    // Plain data with string keys: writing it cannot fail.
    let body = serde_json::to_string(&body).unwrap_or_default();
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
