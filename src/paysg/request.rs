//! The six requests, as data.

use super::amount::Cents;
use super::id::{PaymentId, PaymentServiceId};
use super::json::ObjectWriter;

/// One request to PaySG's API, without origin and API key `[guide/endpoints]`.
///
/// The path is safe by construction: identifiers' grammars admit no slash, dot, `%`, `?` or `#`, and cursors are encoded.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiRequest {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Path and query, beginning with `/v1/`.
    pub path: String,
    /// Value of the header `Idempotency-Key`, at most 255 characters `[guide/idempotency]`.
    pub idempotency_key: Option<String>,
    /// JSON, for the header `Content-Type: application/json`; without it, no body and no such header.
    pub body: Option<String>,
}

impl ApiRequest {
    /// Creates a payment. `body` is [`CreatePayment::to_body`](super::CreatePayment::to_body)'s.
    #[must_use]
    pub fn create(
        service: &PaymentServiceId,
        body: impl Into<String>,
        key: impl Into<String>,
    ) -> Self {
        Self::post(payments(service), Some(body.into()), Some(key.into()))
    }

    /// Asks for one payment.
    #[must_use]
    pub fn get(service: &PaymentServiceId, payment: &PaymentId) -> Self {
        Self::fetch(one(service, payment))
    }

    /// Asks for a page of payments, newest first; `after` is the last page's `end_cursor`.
    #[must_use]
    pub fn list(service: &PaymentServiceId, limit: u32, after: Option<&str>) -> Self {
        let mut path = format!("{}?limit={limit}", payments(service));
        if let Some(cursor) = after {
            path.push_str("&after=");
            push_encoded(&mut path, cursor);
        }
        Self::fetch(path)
    }

    /// Cancels a payment, which must be unpaid. Without a body: the guide names no parameter.
    #[must_use]
    pub fn cancel(service: &PaymentServiceId, payment: &PaymentId) -> Self {
        Self::post(format!("{}/cancel", one(service, payment)), None, None)
    }

    /// Has PaySG send the payment link to the payer by e-mail. Body `{}`, empty answer `[plumber]`.
    #[must_use]
    pub fn send_email(service: &PaymentServiceId, payment: &PaymentId) -> Self {
        Self::post(
            format!("{}/send-email", one(service, payment)),
            Some(String::from("{}")),
            None,
        )
    }

    /// Gives back part of a paid payment or all of it.
    ///
    /// The amount is not optional: PaySG requires it `[guide/refund-a-payment]`, within what is left to refund. The key is sent because
    /// `[guide/uat-checklist]` asks for one, although `[guide/idempotency]` does not list this endpoint.
    #[must_use]
    pub fn refund(
        service: &PaymentServiceId,
        payment: &PaymentId,
        amount: Cents,
        key: impl Into<String>,
    ) -> Self {
        let mut body = ObjectWriter::new();
        body.number("refund_amount_in_cents", amount.get());
        Self::post(
            format!("{}/refund", one(service, payment)),
            Some(body.finish()),
            Some(key.into()),
        )
    }

    const fn fetch(path: String) -> Self {
        Self {
            method: "GET",
            path,
            idempotency_key: None,
            body: None,
        }
    }

    const fn post(path: String, body: Option<String>, idempotency_key: Option<String>) -> Self {
        Self {
            method: "POST",
            path,
            idempotency_key,
            body,
        }
    }
}

impl std::fmt::Debug for ApiRequest {
    /// Method and path; the body holds the payer's data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

fn payments(service: &PaymentServiceId) -> String {
    format!("/v1/payment-services/{service}/payments")
}

fn one(service: &PaymentServiceId, payment: &PaymentId) -> String {
    format!("/v1/payment-services/{service}/payments/{payment}")
}

/// Appends text percent-encoded but for letters, digits and `-._~`.
fn push_encoded(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.extend(
                    char::from_digit(u32::from(digit), 16).map(|digit| digit.to_ascii_uppercase()),
                );
            }
        }
    }
}
