//! What of a payment leaves the edge: never the payer's data.

use serde::{Deserialize, Serialize};

use crate::ledger::{Digest, RefundState};
use crate::paysg::json::ObjectWriter;
use crate::paysg::{Cents, Payment, PaymentId, PaymentServiceId, Status};
use crate::token::Receipt;

/// A payment as the payer's browser and the e-service may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentView {
    /// PaySG's id.
    pub id: PaymentId,
    /// The payment service.
    pub payment_service_id: PaymentServiceId,
    /// PaySG's page for it; empty where only the ledger was asked.
    pub payment_url: String,
    /// The agency's reference.
    pub reference_id: String,
    /// The amount.
    pub amount_in_cents: u64,
    /// The status.
    #[serde(with = "status_word")]
    pub status: Status,
    /// PaySG's own time of payment.
    pub paid_at: Option<String>,
}

impl PaymentView {
    /// The view of what a GET shows, under the status that goes with it.
    #[must_use]
    pub fn of(payment: &Payment, status: Status) -> Self {
        Self {
            id: payment.id.clone(),
            payment_service_id: payment.payment_service_id.clone(),
            payment_url: payment.payment_url.clone(),
            reference_id: payment.reference_id.clone(),
            amount_in_cents: payment.amount_in_cents.get(),
            status,
            paid_at: payment.paid_at.clone(),
        }
    }

    /// What an operator is answered to a refund: `{payment, refund}`.
    #[must_use]
    pub fn with_refund(&self, refund: &RefundView) -> String {
        #[derive(Serialize)]
        struct Answer<'a> {
            payment: AnsweredPayment<'a>,
            refund: ShownRefund<'a>,
        }
        #[derive(Serialize)]
        struct AnsweredPayment<'a> {
            id: &'a PaymentId,
            payment_service_id: &'a PaymentServiceId,
            payment_url: &'a str,
            reference_id: &'a str,
            amount_in_cents: u64,
            #[serde(with = "status_word")]
            status: Status,
            refunded_amount_in_cents: Option<u64>,
        }
        let answer = Answer {
            payment: AnsweredPayment {
                id: &self.id,
                payment_service_id: &self.payment_service_id,
                payment_url: &self.payment_url,
                reference_id: &self.reference_id,
                amount_in_cents: self.amount_in_cents,
                status: self.status,
                refunded_amount_in_cents: refund.refunded_amount_in_cents,
            },
            refund: ShownRefund {
                id: refund.key.as_str(),
                amount_in_cents: refund.amount_in_cents.get(),
                status: refund.state.as_str(),
            },
        };
        // Plain data with string keys: writing it cannot fail.
        serde_json::to_string(&answer).unwrap_or_default()
    }

    /// The facts that a receipt vouches for.
    #[must_use]
    pub fn receipt(&self) -> Receipt {
        Receipt {
            payment_id: self.id.clone(),
            payment_service_id: self.payment_service_id.clone(),
            reference_id: self.reference_id.clone(),
            amount_in_cents: self.amount_in_cents,
            paid_at: self.paid_at.clone(),
        }
    }

    /// `{id, payment_service_id, payment_url, reference_id, amount_in_cents, status}`
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = ObjectWriter::new();
        json.str("id", self.id.as_str())
            .str("payment_service_id", self.payment_service_id.as_str())
            .str("payment_url", &self.payment_url)
            .str("reference_id", &self.reference_id)
            .number("amount_in_cents", self.amount_in_cents)
            .str("status", self.status.as_str());
        json.finish()
    }
}

/// A refund as an operator may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundView {
    /// The key of the command.
    pub key: Digest,
    /// How much.
    pub amount_in_cents: Cents,
    /// What became of it.
    pub state: RefundState,
    /// The total given back of the payment, as far as it is known.
    pub refunded_amount_in_cents: Option<u64>,
}

/// A refund in JSON, to operators and the e-service alike.
#[derive(Serialize)]
pub(super) struct ShownRefund<'a> {
    pub(super) id: &'a str,
    pub(super) amount_in_cents: u64,
    pub(super) status: &'a str,
}

/// A [`Status`] as its word. The browser's build shares the type and has no use for serde's code.
pub(crate) mod status_word {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::paysg::Status;

    pub(crate) fn serialize<S: Serializer>(status: &Status, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(status.as_str())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Status, D::Error> {
        let word = std::borrow::Cow::<'de, str>::deserialize(from)?;
        Ok(Status::parse(&word))
    }
}
