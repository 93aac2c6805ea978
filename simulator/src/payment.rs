//! The payment object, field by field as PaySG shows it, and what may happen to it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::clock::Timestamp;
use crate::create::CreateParameters;
use crate::error::ApiError;
use crate::id;
use crate::settings::{RefundOutcome, Settings};

/// A payment as PaySG's API shows it; the order of the fields is that of the guide.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) payment_service_id: String,
    pub(crate) creator_id: String,
    pub(crate) reference_id: String,
    pub(crate) payer_name: String,
    pub(crate) payer_identifier: Option<String>,
    pub(crate) payer_email: Option<String>,
    pub(crate) payer_address: Option<String>,
    pub(crate) description: String,
    pub(crate) amount_in_cents: u64,
    pub(crate) due_date: Option<String>,
    pub(crate) return_url: Option<String>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) payment_url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) payment_qr_code_url: Option<String>,
    pub(crate) latest_status: LatestStatus,
    pub(crate) payment_status: PaymentStatus,
    pub(crate) refund_status: RefundStatus,
    pub(crate) email_delivery_status: EmailStatus,
    pub(crate) stripe_payment_intent_id: Option<String>,
    pub(crate) payout_id: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) payment_sent_timestamp: Option<Timestamp>,
    pub(crate) payment_succeeded_timestamp: Option<Timestamp>,
    pub(crate) payment_cancelled_timestamp: Option<Timestamp>,
    pub(crate) payment_fully_refunded_timestamp: Option<Timestamp>,
    pub(crate) paid_out_timestamp: Option<Timestamp>,
}

macro_rules! statuses {
    ($($name:ident { $($variant:ident),+ })+) => {$(
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name { $($variant),+ }
    )+};
}

statuses! {
    LatestStatus { Unpaid, Paid, Cancelled }
    PaymentStatus { Unpaid, Paid }
    // Seen: not_refunded and fully_refunded. The others are this simulator's words for states that the guide describes without naming.
    RefundStatus { NotRefunded, PartiallyRefunded, FullyRefunded, RefundPending, RefundFailed }
    EmailStatus { Unsent, Sent }
}

/// A payment and what the simulator alone knows about it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) payment: Payment,
    /// Position in order of creation, for `/_sim/payments`.
    pub(crate) number: u64,
    pub(crate) refunded_in_cents: u64,
    pub(crate) pending_refund_in_cents: u64,
    /// Fields shown in place of the true ones, for readers that must survive values not yet known.
    #[serde(default)]
    pub(crate) shown_instead: Map<String, Value>,
}

impl Record {
    pub(crate) fn create(
        parameters: CreateParameters,
        service: &str,
        origin: &str,
        settings: &Settings,
        now: Timestamp,
    ) -> Self {
        let id = id::payment();
        let payment_url = format!("{origin}/payments/{id}");
        let qr = (settings.qr_code_url == crate::settings::Presence::Present)
            .then(|| format!("{payment_url}/qr.svg"));
        let payment = Payment {
            payment_service_id: service.to_owned(),
            // One officer owns the API key, so one officer creates everything.
            creator_id: "user_9b1f7c3e-2a4d-4c6b-8e5f-0d1c2b3a4e5f".to_owned(),
            reference_id: parameters.reference_id,
            payer_name: parameters.payer_name,
            payer_identifier: parameters.payer_identifier,
            payer_email: parameters.payer_email,
            payer_address: parameters.payer_address,
            description: parameters.description,
            amount_in_cents: parameters.amount_in_cents,
            due_date: parameters.due_date,
            return_url: parameters.return_url,
            metadata: parameters.metadata,
            payment_url,
            payment_qr_code_url: qr,
            latest_status: LatestStatus::Unpaid,
            payment_status: PaymentStatus::Unpaid,
            refund_status: RefundStatus::NotRefunded,
            email_delivery_status: EmailStatus::Unsent,
            stripe_payment_intent_id: None,
            payout_id: None,
            created_at: now,
            updated_at: now,
            payment_sent_timestamp: None,
            payment_succeeded_timestamp: None,
            payment_cancelled_timestamp: None,
            payment_fully_refunded_timestamp: None,
            paid_out_timestamp: None,
            id,
        };
        Self {
            payment,
            number: 0,
            refunded_in_cents: 0,
            pending_refund_in_cents: 0,
            shown_instead: Map::new(),
        }
    }

    /// The payment as callers see it.
    pub(crate) fn shown(&self) -> Shown<'_> {
        Shown(self)
    }

    /// `by_transfer`: a bank transfer was under way, so that a cancellation since then does not stop it.
    pub(crate) fn pay(&mut self, by_transfer: bool, now: Timestamp) -> Result<(), ApiError> {
        if !(by_transfer && self.payment.latest_status == LatestStatus::Cancelled) {
            self.must_be_open("paid")?;
        }
        let payment = &mut self.payment;
        payment.payment_status = PaymentStatus::Paid;
        payment.latest_status = LatestStatus::Paid;
        payment.stripe_payment_intent_id = Some(id::stripe_intent());
        payment.payment_succeeded_timestamp = Some(now);
        payment.updated_at = now;
        Ok(())
    }

    pub(crate) fn cancel(&mut self, now: Timestamp) -> Result<(), ApiError> {
        self.must_be_open("cancelled")?;
        self.payment.latest_status = LatestStatus::Cancelled;
        self.payment.payment_cancelled_timestamp = Some(now);
        self.payment.updated_at = now;
        Ok(())
    }

    fn must_be_open(&self, wish: &str) -> Result<(), ApiError> {
        let (code, state) = match self.payment.latest_status {
            LatestStatus::Unpaid => return Ok(()),
            LatestStatus::Paid => ("payment_already_paid", "paid"),
            LatestStatus::Cancelled => ("payment_already_cancelled", "cancelled"),
        };
        Err(ApiError::bad_request(
            code,
            format!("The payment is {state}, so it cannot be {wish}"),
        ))
    }

    pub(crate) fn email_sent(&mut self, now: Timestamp) -> Result<(), ApiError> {
        if self.payment.payer_email.is_none() {
            return Err(ApiError::bad_request(
                "payer_email_missing",
                "The payment has no payer_email to send to",
            ));
        }
        self.payment.email_delivery_status = EmailStatus::Sent;
        self.payment.payment_sent_timestamp = Some(now);
        self.payment.updated_at = now;
        Ok(())
    }

    /// Refunds part or all of what is left [guide/endpoints].
    pub(crate) fn refund(
        &mut self,
        cents: u64,
        outcome: RefundOutcome,
        now: Timestamp,
    ) -> Result<(), ApiError> {
        let refuse = |code, message: &str| Err(ApiError::bad_request(code, message));
        if self.payment.payment_status != PaymentStatus::Paid {
            return refuse("payment_not_paid", "Only a paid payment can be refunded");
        }
        match self.payment.refund_status {
            RefundStatus::NotRefunded | RefundStatus::PartiallyRefunded => {}
            RefundStatus::FullyRefunded => {
                return refuse("already_fully_refunded", "The payment is fully refunded");
            }
            RefundStatus::RefundPending => {
                return refuse("refund_pending", "A refund of this payment is pending");
            }
            RefundStatus::RefundFailed => {
                return refuse("refund_failed", "A refund of this payment has failed");
            }
        }
        if cents == 0 || cents > self.left_in_cents() {
            let message = format!(
                "refund_amount_in_cents must be from 1 to {}",
                self.left_in_cents()
            );
            return refuse("invalid_refund_amount", &message);
        }
        self.pending_refund_in_cents = cents;
        self.payment.refund_status = RefundStatus::RefundPending;
        self.settle_refund(outcome, now);
        Ok(())
    }

    /// Ends a pending refund; a payment without one stays as it is.
    pub(crate) fn settle_refund(&mut self, outcome: RefundOutcome, now: Timestamp) {
        if self.payment.refund_status != RefundStatus::RefundPending {
            return;
        }
        self.payment.updated_at = now;
        match outcome {
            RefundOutcome::Pending => return,
            RefundOutcome::Failed => self.payment.refund_status = RefundStatus::RefundFailed,
            RefundOutcome::Succeeded => {
                self.refunded_in_cents = self
                    .refunded_in_cents
                    .saturating_add(self.pending_refund_in_cents);
                self.payment.refund_status = if self.left_in_cents() == 0 {
                    self.payment.payment_fully_refunded_timestamp = Some(now);
                    RefundStatus::FullyRefunded
                } else {
                    RefundStatus::PartiallyRefunded
                };
            }
        }
        self.pending_refund_in_cents = 0;
    }

    pub(crate) fn left_in_cents(&self) -> u64 {
        self.payment
            .amount_in_cents
            .saturating_sub(self.refunded_in_cents)
    }

    /// Where PaySG sends the payer after a successful payment: `return_url` and its two parameters behind whatever query is there [seed].
    pub(crate) fn redirect_url(&self) -> Option<String> {
        let mut url = url::Url::parse(self.payment.return_url.as_deref()?).ok()?;
        url.query_pairs_mut()
            .append_pair("paysg_payment_id", &self.payment.id)
            .append_pair("paysg_payment_service_id", &self.payment.payment_service_id);
        Some(url.into())
    }
}

/// A payment as callers see it, with the fields that a test wanted changed.
pub(crate) struct Shown<'a>(&'a Record);

impl Serialize for Shown<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.shown_instead.is_empty() {
            return self.0.payment.serialize(serializer);
        }
        self.to_value().serialize(serializer)
    }
}

impl Shown<'_> {
    pub(crate) fn to_value(&self) -> Value {
        let mut value = serde_json::to_value(&self.0.payment).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.extend(self.0.shown_instead.clone());
        }
        value
    }
}
