//! Webhook events, which name a payment and prove nothing about it.

use super::field::{ReadError, Rule};
use super::id::{EventId, PaymentId, PaymentServiceId};
use super::json::{self, Json};
use super::payment::{optional_text, required_text, value};
use super::{text, time};

/// The only event type so far `[guide/webhooks]`; more may come.
pub const PAYMENT_SUCCEEDED: &str = "payment.succeeded";

/// What [`Event::read`] looks at, at every depth.
const FIELDS: &[&str] = &[
    "type",
    "id",
    "payment_service_id",
    "data",
    "object",
    "reference_id",
    "created_at",
    "created",
];

/// What an event says: of what type it is and which payment it is about.
///
/// A hint, however well signed: whether the payment is paid follows from a GET. So the amount, the status words and the payer's data
/// inside are not read, and an amount in dollars there costs nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// `id`; `None` when it is not of the known grammar.
    pub id: Option<EventId>,
    /// `type`, at most 100 bytes of it.
    pub event_type: String,
    /// `payment_service_id`, of the event or of the payment inside; always there for `payment.succeeded`.
    pub payment_service_id: Option<PaymentServiceId>,
    /// `data.object.id`; always there for `payment.succeeded`.
    pub payment_id: Option<PaymentId>,
    /// `data.object.reference_id`
    pub reference_id: Option<String>,
    /// `created_at` (ISO) or `created` (milliseconds), in milliseconds since 1970; `None` when neither can be read.
    pub created_ms: Option<i64>,
}

impl Event {
    /// Reads an event in snake_case, camelCase or a mixture of both.
    ///
    /// # Errors
    /// [`ReadError`] with rule `json`; `required` or `type` for `type`; and for `payment.succeeded`, whose payment must be
    /// named, `required`, `type` and `format` for `payment_service_id` and `id`, and `duplicate` where two names of either disagree. Events of
    /// other types may be about anything: what they do not name is `None`.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        let body = json::parse_fields(bytes, FIELDS)?;
        if body.as_object().is_none() {
            return Err(ReadError::new("body", Rule::Type));
        }
        let event_type = text::clip(required_text(&body, "type")?, 100).to_owned();
        let object = value(&body, "data")?.map_or(Ok(None), |data| value(data, "object"))?;
        let names = Names::read(&body, object);
        let names = if event_type == PAYMENT_SUCCEEDED {
            names?.complete()?
        } else {
            names.unwrap_or_default()
        };
        Ok(Self {
            id: optional_text(&body, "id")
                .ok()
                .flatten()
                .and_then(EventId::parse),
            event_type,
            payment_service_id: names.payment_service_id,
            payment_id: names.payment_id,
            reference_id: object
                .and_then(|object| optional_text(object, "reference_id").ok().flatten())
                .map(str::to_owned),
            created_ms: created_ms(&body),
        })
    }

    /// The payment that the event is about: service and payment, if it names both.
    #[must_use]
    pub fn payment(&self) -> Option<(&PaymentServiceId, &PaymentId)> {
        self.payment_service_id
            .as_ref()
            .zip(self.payment_id.as_ref())
    }

    /// Whether the event says that a payment succeeded.
    #[must_use]
    pub fn is_payment_succeeded(&self) -> bool {
        self.event_type == PAYMENT_SUCCEEDED
    }
}

/// The identifiers in an event.
#[derive(Default)]
struct Names {
    payment_service_id: Option<PaymentServiceId>,
    payment_id: Option<PaymentId>,
}

impl Names {
    fn read(body: &Json, object: Option<&Json>) -> Result<Self, ReadError> {
        const SERVICE: &str = "payment_service_id";
        let service = |object: &Json| -> Result<Option<PaymentServiceId>, ReadError> {
            let text = optional_text(object, SERVICE)?;
            text.map(|text| {
                PaymentServiceId::parse(text).ok_or_else(|| ReadError::new(SERVICE, Rule::Format))
            })
            .transpose()
        };
        let outer = service(body)?;
        let inner = object.map_or(Ok(None), service)?;
        if outer.is_some() && inner.is_some() && outer != inner {
            return Err(ReadError::new(SERVICE, Rule::Duplicate));
        }
        let payment = object.map_or(Ok(None), |object| optional_text(object, "id"))?;
        let payment_id = payment
            .map(|text| PaymentId::parse(text).ok_or_else(|| ReadError::new("id", Rule::Format)));
        Ok(Self {
            payment_service_id: outer.or(inner),
            payment_id: payment_id.transpose()?,
        })
    }

    fn complete(self) -> Result<Self, ReadError> {
        if self.payment_service_id.is_none() {
            return Err(ReadError::new("payment_service_id", Rule::Required));
        }
        if self.payment_id.is_none() {
            return Err(ReadError::new("id", Rule::Required));
        }
        Ok(self)
    }
}

/// When the event was made, from whichever field can be read.
fn created_ms(body: &Json) -> Option<i64> {
    ["created_at", "created"]
        .into_iter()
        .find_map(|field| match value(body, field) {
            Ok(Some(Json::String(text))) => time::parse_iso_ms(text),
            Ok(Some(Json::Number(token))) => token.parse().ok().map(time::ms_of_either_unit),
            _ => None,
        })
}
