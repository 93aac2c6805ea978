//! A payment, as PaySG answers it.

use super::amount::Cents;
use super::field::{ReadError, Rule};
use super::id::{PaymentId, PaymentServiceId};
use super::json::{self, Json, JsonError};
use super::status::Status;
use super::{text, time};

/// PaySG's `payment_status`: whether money came in. Refunds do not change it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PaymentStatus {
    /// `unpaid`
    Unpaid,
    /// `paid`
    Paid,
    /// Any other word, which never counts as paid.
    Other(String),
}

/// PaySG's `latest_status`: what happened last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LatestStatus {
    /// Not given, or null.
    Absent,
    /// `unpaid`
    Unpaid,
    /// `paid`
    Paid,
    /// `cancelled`
    Cancelled,
    /// Any other word.
    Other(String),
}

/// PaySG's `refund_status`: whether money went back.
///
/// PaySG's guides show `not_refunded` and `fully_refunded`. They describe partial, pending and failed refunds without naming the words; those
/// here are the likely ones.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RefundStatus {
    /// Not given, or null.
    Absent,
    /// `not_refunded`
    NotRefunded,
    /// `partially_refunded`
    PartiallyRefunded,
    /// `fully_refunded`; or no known word beside a `payment_fully_refunded_timestamp`.
    FullyRefunded,
    /// `refund_pending` or `pending`: a refund is under way. Earlier ones may have been made.
    Pending,
    /// `refund_failed` or `failed`: the latest refund gave nothing back. Earlier ones may have been made.
    Failed,
    /// Any other word, which changes nothing.
    Other(String),
}

impl RefundStatus {
    fn of(word: Option<&str>, refunded_at: Option<&str>) -> Self {
        match word {
            Some("not_refunded") => Self::NotRefunded,
            Some("partially_refunded") => Self::PartiallyRefunded,
            Some("fully_refunded") => Self::FullyRefunded,
            Some("refund_pending" | "pending") => Self::Pending,
            Some("refund_failed" | "failed") => Self::Failed,
            _ if refunded_at.is_some() => Self::FullyRefunded,
            None | Some("") => Self::Absent,
            Some(other) => Self::Other(kept(other)),
        }
    }

    /// Whether PaySG shows that no refund was asked for, by anybody.
    #[must_use]
    pub const fn is_untouched(&self) -> bool {
        matches!(self, Self::Absent | Self::NotRefunded)
    }
}

/// What the product needs of PaySG's payment object, and nothing about the payer.
///
/// Name, identifier, e-mail, address, description and metadata are read past and dropped: what is not there
/// cannot reach a log or a browser.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payment {
    /// `id`
    pub id: PaymentId,
    /// `payment_service_id`
    pub payment_service_id: PaymentServiceId,
    /// `reference_id`, the agency's own.
    pub reference_id: String,
    /// `amount_in_cents`
    pub amount_in_cents: Cents,
    /// `payment_url` as PaySG wrote it, to be followed only if [`PaymentPages`](super::PaymentPages) allows it; empty when PaySG gave none.
    pub payment_url: String,
    /// `return_url`
    pub return_url: Option<String>,
    /// `payment_status`
    pub payment_status: PaymentStatus,
    /// `latest_status`
    pub latest_status: LatestStatus,
    /// `refund_status`
    pub refund_status: RefundStatus,
    /// `created_at` as PaySG wrote it.
    pub created_at: Option<String>,
    /// `created_at` in milliseconds since 1970; `None` also when it is not a timestamp.
    pub created_at_ms: Option<i64>,
    /// `payment_succeeded_timestamp` as PaySG wrote it.
    pub paid_at: Option<String>,
    /// `payment_cancelled_timestamp` as PaySG wrote it.
    pub cancelled_at: Option<String>,
    /// `payment_fully_refunded_timestamp` as PaySG wrote it.
    pub refunded_at: Option<String>,
}

/// What [`Payment::from_json`] looks at.
pub(super) const FIELDS: &[&str] = &[
    "id",
    "payment_service_id",
    "reference_id",
    "amount_in_cents",
    "payment_url",
    "return_url",
    "payment_status",
    "latest_status",
    "refund_status",
    "created_at",
    "payment_succeeded_timestamp",
    "payment_cancelled_timestamp",
    "payment_fully_refunded_timestamp",
];

impl Payment {
    /// Reads the body of an answer.
    ///
    /// Field names in snake_case, camelCase or a mixture of both; unknown fields and unknown words are no error.
    ///
    /// # Errors
    /// [`ReadError`] with rule `json` (not JSON, or nested too deeply), `required` (identifiers, reference, amount or `payment_status`
    /// missing), `type`, `format` (an identifier), `not_an_integer`, `too_small` and `too_large` (an amount that is not whole cents: `12.34` is never rounded),
    /// `duplicate` (a field twice, or in two spellings, with different values).
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        // Keys that stand twice matter in the fields that are used, and `field` sees them there.
        Self::from_json(&json::parse_fields(bytes, FIELDS)?)
    }

    /// Reads a payment that is part of something else: a list, or an event.
    ///
    /// # Errors
    /// As [`Payment::read`].
    pub fn from_json(object: &Json) -> Result<Self, ReadError> {
        if object.as_object().is_none() {
            return Err(ReadError::new("body", Rule::Type));
        }
        let created_at = timestamp(object, "created_at")?;
        let refunded_at = timestamp(object, "payment_fully_refunded_timestamp")?;
        Ok(Self {
            id: PaymentId::parse(required_text(object, "id")?)
                .ok_or_else(|| ReadError::new("id", Rule::Format))?,
            payment_service_id: PaymentServiceId::parse(required_text(
                object,
                "payment_service_id",
            )?)
            .ok_or_else(|| ReadError::new("payment_service_id", Rule::Format))?,
            reference_id: required_text(object, "reference_id")?.to_owned(),
            amount_in_cents: amount(object)?,
            payment_url: optional_text(object, "payment_url")?
                .unwrap_or_default()
                .to_owned(),
            return_url: optional_text(object, "return_url")?.map(str::to_owned),
            payment_status: match required_text(object, "payment_status")? {
                "unpaid" => PaymentStatus::Unpaid,
                "paid" => PaymentStatus::Paid,
                other => PaymentStatus::Other(kept(other)),
            },
            latest_status: match optional_text(object, "latest_status")? {
                None => LatestStatus::Absent,
                Some("unpaid") => LatestStatus::Unpaid,
                Some("paid") => LatestStatus::Paid,
                Some("cancelled") => LatestStatus::Cancelled,
                Some(other) => LatestStatus::Other(kept(other)),
            },
            refund_status: RefundStatus::of(
                optional_text(object, "refund_status")?,
                refunded_at.as_deref(),
            ),
            created_at_ms: created_at.as_deref().and_then(time::parse_iso_ms),
            created_at,
            paid_at: timestamp(object, "payment_succeeded_timestamp")?,
            cancelled_at: timestamp(object, "payment_cancelled_timestamp")?,
            refunded_at,
        })
    }

    /// The one word for all of PaySG's status fields.
    ///
    /// | `payment_status` | and | status |
    /// |---|---|---|
    /// | unpaid | `latest_status` cancelled, or a timestamp of cancellation | [`Status::Cancelled`] |
    /// | unpaid | | [`Status::Unpaid`] |
    /// | paid | partially refunded | [`Status::PartiallyRefunded`] |
    /// | paid | fully refunded | [`Status::Refunded`] |
    /// | paid | any other refund status, or none | [`Status::Paid`] |
    /// | anything else | | [`Status::Unknown`] |
    ///
    /// A refund that is pending or failed, and a word that is not known, give nothing back. What earlier refunds gave back is in the ledger.
    ///
    /// `latest_status` cannot make a paid payment anything else: the guide shows one that is `paid` and lastly `cancelled`
    /// `[guide/refund-a-payment]`.
    #[must_use]
    pub fn status(&self) -> Status {
        match (&self.payment_status, &self.refund_status) {
            (PaymentStatus::Unpaid, _)
                if self.latest_status == LatestStatus::Cancelled || self.cancelled_at.is_some() =>
            {
                Status::Cancelled
            }
            (PaymentStatus::Unpaid, _) => Status::Unpaid,
            (PaymentStatus::Paid, RefundStatus::PartiallyRefunded) => Status::PartiallyRefunded,
            (PaymentStatus::Paid, RefundStatus::FullyRefunded) => Status::Refunded,
            (
                PaymentStatus::Paid,
                RefundStatus::Absent
                | RefundStatus::NotRefunded
                | RefundStatus::Pending
                | RefundStatus::Failed
                | RefundStatus::Other(_),
            ) => Status::Paid,
            (PaymentStatus::Other(_), _) => Status::Unknown,
        }
    }
}

/// An unknown word, kept at a bounded length.
fn kept(word: &str) -> String {
    text::clip(word, 64).to_owned()
}

/// A field's value; null counts as absent.
pub(super) fn value<'a>(
    object: &'a Json,
    field: &'static str,
) -> Result<Option<&'a Json>, ReadError> {
    let value = object
        .field(field)
        .map_err(|_| ReadError::new(field, Rule::Duplicate))?;
    Ok(value.filter(|value| !value.is_null()))
}

pub(super) fn optional_text<'a>(
    object: &'a Json,
    field: &'static str,
) -> Result<Option<&'a str>, ReadError> {
    let Some(value) = value(object, field)? else {
        return Ok(None);
    };
    value
        .as_str()
        .map(Some)
        .ok_or_else(|| ReadError::new(field, Rule::Type))
}

pub(super) fn required_text<'a>(
    object: &'a Json,
    field: &'static str,
) -> Result<&'a str, ReadError> {
    optional_text(object, field)?.ok_or_else(|| ReadError::new(field, Rule::Required))
}

/// A timestamp as written; a number is taken for milliseconds since 1970, as `created` of events is.
fn timestamp(object: &Json, field: &'static str) -> Result<Option<String>, ReadError> {
    match value(object, field)? {
        None => Ok(None),
        Some(Json::String(text)) => Ok((!text.is_empty()).then(|| kept(text))),
        Some(Json::Number(token)) => token
            .parse()
            .map(|ms| Some(time::format_iso_ms(ms)))
            .map_err(|_| ReadError::new(field, Rule::Format)),
        Some(Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_)) => {
            Err(ReadError::new(field, Rule::Type))
        }
    }
}

fn amount(object: &Json) -> Result<Cents, ReadError> {
    const FIELD: &str = "amount_in_cents";
    let token = value(object, FIELD)?
        .ok_or_else(|| ReadError::new(FIELD, Rule::Required))?
        .as_number()
        .ok_or_else(|| ReadError::new(FIELD, Rule::Type))?;
    Cents::from_token(token).map_err(|rule| ReadError::new(FIELD, rule))
}

impl From<JsonError> for ReadError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::NotUtf8 | JsonError::Syntax(_) | JsonError::TooDeep => {
                Self::new("body", Rule::Json)
            }
            JsonError::Duplicate(path) => {
                Self::new(text::clip(&path, 128).to_owned(), Rule::Duplicate)
            }
        }
    }
}
