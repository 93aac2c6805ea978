//! What the edge answers where it cannot do what it was asked for.

use super::config::Misconfigured;
use super::request::Oversized;
use crate::flow::upstream::Trouble;
use crate::paysg::json::ObjectWriter;
use crate::paysg::{FieldError, JsonError, Rule};
use crate::token::TokenError;

/// An error, in PaySG's own shape: `{"error":{"type","code","message","data"?}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// `error.type`: one of a few kinds.
    pub kind: &'static str,
    /// `error.code`: a word for what a caller can do about it. Words are added, never changed.
    pub code: &'static str,
    /// `error.message`: for developers; no value that anyone sent is in it.
    pub message: String,
    /// `error.data.fields`
    pub fields: Vec<FieldError>,
    /// `Retry-After`, in seconds.
    pub retry_after_secs: Option<u32>,
    /// PaySG's own `error.type` and `error.code`, as `error.data.paysg`.
    pub paysg: Option<Box<(Option<String>, Option<String>)>>,
}

const INVALID: &str = "invalid_request_error";
const AUTHENTICATION: &str = "authentication_error";
const API: &str = "api_error";
const LIMIT: &str = "rate_limit_error";

impl Problem {
    const fn new(status: u16, kind: &'static str, code: &'static str, message: String) -> Self {
        Self {
            status,
            kind,
            code,
            message,
            fields: Vec::new(),
            retry_after_secs: None,
            paysg: None,
        }
    }

    fn invalid(status: u16, code: &'static str, message: &str) -> Self {
        Self::new(status, INVALID, code, message.to_owned())
    }

    /// 400: every field that is wrong.
    #[must_use]
    pub fn fields(fields: Vec<FieldError>) -> Self {
        let names: Vec<String> = fields.iter().map(ToString::to_string).collect();
        let mut problem = Self::new(400, INVALID, "invalid_fields", names.join(", "));
        problem.fields = fields;
        problem
    }

    /// 400: one field that is wrong.
    #[must_use]
    pub fn field(field: &str, rule: Rule) -> Self {
        Self::fields(vec![FieldError::new(field, rule)])
    }

    /// 400: the body is not JSON that is taken.
    #[must_use]
    pub fn json(error: &JsonError) -> Self {
        match error {
            JsonError::Duplicate(path) => Self::field(path, Rule::Duplicate),
            JsonError::NotUtf8 | JsonError::Syntax(_) | JsonError::TooDeep => {
                Self::invalid(400, "invalid_json", &error.to_string())
            }
        }
    }

    /// 400: the return parameters.
    #[must_use]
    pub fn invalid_return(parameter: &str) -> Self {
        Self::field(parameter, Rule::Format).with_code("invalid_return")
    }

    /// 401: an order or a command that is not taken.
    #[must_use]
    pub fn token(what: &str, error: TokenError) -> Self {
        let code = if error == TokenError::Expired {
            "expired_token"
        } else {
            "invalid_token"
        };
        let message = format!("The {what} token was not taken: {error}.");
        let mut problem = Self::new(401, AUTHENTICATION, code, message);
        problem.fields.extend(error.field());
        problem
    }

    /// 401: no token where one is needed.
    #[must_use]
    pub fn no_token() -> Self {
        Self::new(
            401,
            AUTHENTICATION,
            "invalid_token",
            "A command token is needed, as Authorization: Bearer.".to_owned(),
        )
    }

    /// 403: a token, but for something else.
    #[must_use]
    pub fn token_for_another() -> Self {
        Self::new(
            403,
            AUTHENTICATION,
            "token_mismatch",
            "The command token is for another action or subject.".to_owned(),
        )
    }

    /// 401 or 400: a webhook that is not PaySG's.
    #[must_use]
    pub fn signature(status: u16, reason: &str) -> Self {
        Self::new(
            status,
            AUTHENTICATION,
            "invalid_signature",
            format!("PaySG-Signature was not taken: {reason}."),
        )
    }

    /// 403: a page that may not call.
    #[must_use]
    pub fn origin() -> Self {
        Self::invalid(
            403,
            "origin_not_allowed",
            "Pages of this origin may not call: see PAYSG_ALLOWED_ORIGINS.",
        )
    }

    /// 403: a payment that this browser did not ask for.
    #[must_use]
    pub fn no_proof() -> Self {
        Self::invalid(
            403,
            "no_proof",
            "This browser did not make the payment; use a command token.",
        )
    }

    /// 404: no such route.
    #[must_use]
    pub fn no_route() -> Self {
        Self::invalid(404, "not_found", "There is nothing here.")
    }

    /// 404: no such payment.
    #[must_use]
    pub fn unknown_payment() -> Self {
        Self::invalid(404, "unknown_payment", "PaySG knows no such payment.")
    }

    /// 404: no such payment service here.
    #[must_use]
    pub fn unknown_service() -> Self {
        Self::invalid(
            404,
            "unknown_payment_service",
            "The payment service is not among PAYSG_PAYMENT_SERVICE_ID.",
        )
    }

    /// 404: no such intent.
    #[must_use]
    pub fn unknown_intent() -> Self {
        Self::invalid(404, "unknown_intent", "The ledger knows no such intent.")
    }

    /// 404: no payment of this browser is open.
    #[must_use]
    pub fn nothing_to_resume() -> Self {
        Self::invalid(
            404,
            "nothing_to_resume",
            "This browser has no payment that is waiting to be paid.",
        )
    }

    /// 405
    #[must_use]
    pub fn method(allowed: &str) -> Self {
        Self::invalid(
            405,
            "method_not_allowed",
            &format!("This route takes {allowed}."),
        )
    }

    /// 413
    #[must_use]
    pub fn too_large() -> Self {
        Self::invalid(413, "too_large", "The body is larger than 64 KiB.")
    }

    /// 414 or 431
    #[must_use]
    pub fn oversized(part: Oversized) -> Self {
        match part {
            Oversized::Url => Self::invalid(414, "too_large", "The URL is larger than 8 KiB."),
            Oversized::Headers => {
                Self::invalid(431, "too_large", "The headers are larger than 32 KiB.")
            }
        }
    }

    /// 408
    #[must_use]
    pub fn too_slow() -> Self {
        Self::invalid(408, "too_slow", "The body did not come within 10 seconds.")
    }

    /// 429
    #[must_use]
    pub fn rate_limited(retry_after_secs: u32) -> Self {
        let message = "Too many requests from this address or session. Nothing is lost: try again after Retry-After.";
        let mut problem = Self::new(429, LIMIT, "rate_limited", message.to_owned());
        problem.retry_after_secs = Some(retry_after_secs.max(1));
        problem
    }

    /// 503: more requests are under way than there is room for.
    #[must_use]
    pub fn overloaded() -> Self {
        let message =
            "Too much is under way just now. Nothing was begun: try again after Retry-After.";
        let mut problem = Self::new(503, API, "overloaded", message.to_owned());
        problem.retry_after_secs = Some(2);
        problem
    }

    /// 415
    #[must_use]
    pub fn media_type() -> Self {
        Self::invalid(
            415,
            "unsupported_media_type",
            "Send application/json or application/x-www-form-urlencoded.",
        )
    }

    /// 415: JSON that calls itself a form.
    #[must_use]
    pub fn json_as_form() -> Self {
        Self::invalid(
            415,
            "unsupported_media_type",
            "Content-Type says that this is a form, and it begins with `{`: send JSON as application/json.",
        )
    }

    /// 500: the environment.
    #[must_use]
    pub fn misconfigured(what: Misconfigured) -> Self {
        Self::new(
            500,
            API,
            "misconfigured",
            match (what.item, what.part) {
                (Some(item), Some(part)) => {
                    format!(
                        "{} {}: of number {item}, {}.",
                        what.variable,
                        what.rule,
                        part.fault()
                    )
                }
                (Some(item), None) => {
                    format!("{} {}: item {item} does not.", what.variable, what.rule)
                }
                (None, Some(part)) => {
                    format!("{} {}: {}.", what.variable, what.rule, part.fault())
                }
                (None, None) => format!("{} {}.", what.variable, what.rule),
            },
        )
    }

    /// 500: something of ours that should not be.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            500,
            API,
            "internal",
            "The edge failed. Nothing is lost: send the request again.".to_owned(),
        )
    }

    /// 501: what needs a ledger.
    #[must_use]
    pub fn no_ledger() -> Self {
        Self::new(
            501,
            API,
            "no_ledger",
            "This edge keeps no ledger: see LEDGER.".to_owned(),
        )
    }

    /// 503: come again.
    #[must_use]
    pub fn unavailable(retry_after_ms: Option<u32>) -> Self {
        let mut problem = Self::new(
            503,
            API,
            "paysg_unavailable",
            "PaySG gave no usable answer in time. Nothing is lost: the same request finds the same payment.".to_owned(),
        );
        problem.retry_after_secs = Some(retry_after_ms.map_or(2, |ms| ms.div_ceil(1000).max(1)));
        problem
    }

    /// 503: an authentic event that PaySG's GET does not bear out yet.
    #[must_use]
    pub fn event_unconfirmed() -> Self {
        let mut problem = Self::new(
            503,
            API,
            "event_unconfirmed",
            "PaySG's GET does not show the payment as paid yet; deliver the event again."
                .to_owned(),
        );
        problem.retry_after_secs = Some(30);
        problem
    }

    /// 500: nothing is known of the payment here, since the intent's journal cannot be read.
    #[must_use]
    pub fn journal_unreadable() -> Self {
        Self::new(
            500,
            API,
            "journal_unreadable",
            "The proxy cannot read its record of this payment, so it does not know whether the payment is paid. If you have paid, you need not pay again. An operator is alerted.".to_owned(),
        )
    }

    /// 501: what needs a URL to notify.
    #[must_use]
    pub fn no_fulfilment_url() -> Self {
        Self::new(
            501,
            API,
            "no_fulfilment_url",
            "There is nobody to notify: PAYSG_FULFILMENT_URL is not set.".to_owned(),
        )
    }

    /// 503: the e-service has not taken what it was told.
    #[must_use]
    pub fn untold() -> Self {
        let mut problem = Self::new(
            503,
            API,
            "fulfilment_unavailable",
            "The e-service did not acknowledge the payment; deliver the event again.".to_owned(),
        );
        problem.retry_after_secs = Some(30);
        problem
    }

    /// The answer for a flow's trouble.
    #[must_use]
    pub fn of(trouble: &Trouble) -> Self {
        let bad_gateway =
            |code: &'static str, message: &str| Self::new(502, API, code, message.to_owned());
        match trouble {
            Trouble::Unavailable { retry_after_ms } => Self::unavailable(*retry_after_ms),
            Trouble::Refused { error_type, code } => {
                let mut problem = Self::invalid(
                    400,
                    "paysg_refused",
                    "PaySG refused the payment's parameters.",
                );
                problem.paysg = Some(Box::new((error_type.clone(), code.clone())));
                problem
            }
            Trouble::Credentials => bad_gateway(
                "paysg_credentials",
                "PaySG does not accept PAYSG_API_KEY for this payment service.",
            ),
            Trouble::NotConnected => bad_gateway(
                "paysg_not_connected",
                "The payment service cannot take payments yet: it is not connected to Stripe.",
            ),
            Trouble::UnknownPayment => Self::unknown_payment(),
            Trouble::NotShownYet => {
                let mut problem = Self::unavailable(None);
                "PaySG does not show the payment yet. Nothing is lost: ask again after Retry-After."
                    .clone_into(&mut problem.message);
                problem
            }
            Trouble::UnreadableList => bad_gateway(
                "paysg_unexpected",
                "PaySG's list holds payments that cannot be read, so that no new payment is made.",
            ),
            Trouble::Mismatch => bad_gateway(
                "payment_mismatch",
                "PaySG's answer is about another payment than this order's.",
            ),
            Trouble::PageRefused => bad_gateway(
                "payment_url_refused",
                "PaySG's answer would lead the payer away from PaySG's pages.",
            ),
            Trouble::NotAllowed { status } => Self::invalid(
                409,
                "not_allowed",
                &format!(
                    "The payment is {}, which does not allow this.",
                    status.as_str()
                ),
            ),
            Trouble::RefundRefused { left_in_cents } => Self::invalid(
                409,
                "not_allowed",
                &format!(
                    "PaySG refused the refund: at most {} cents are left of the payment, and no other refund may be under way.",
                    left_in_cents.get()
                ),
            ),
            Trouble::RefundChanged => Self::invalid(
                409,
                "not_allowed",
                "This `jti` has asked for a refund of another amount. Another refund needs another `jti`.",
            ),
            Trouble::RefundUncertain => Self::invalid(
                409,
                "refund_uncertain",
                "Money may have been given back that the ledger does not count. Look at PaySG's dashboard, and state the total that it shows in `refunded_amount_in_cents`.",
            ),
            Trouble::RefundFailed => Self::invalid(
                409,
                "refund_failed",
                "PaySG shows that a refund of this payment failed, and takes no other. Nothing was given back by this command. Look at PaySG's dashboard.",
            ),
            Trouble::NoRecord => Self::unknown_intent(),
            Trouble::NotSettled => Self::invalid(
                409,
                "not_settled",
                "The intent's journal cannot be erased yet: a payment can still be paid, something is due, or an alert has not ended.",
            ),
            Trouble::UnknownEntry => Self::invalid(
                404,
                "unknown_entry",
                "The intent has no such attempt or alert: read the intent.",
            ),
            Trouble::JournalUnreadable => Self::journal_unreadable(),
        }
    }

    fn with_code(mut self, code: &'static str) -> Self {
        self.code = code;
        self
    }

    /// The body.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut error = ObjectWriter::new();
        error
            .str("type", self.kind)
            .str("code", self.code)
            .str("message", &self.message);
        let mut data = ObjectWriter::new();
        if !self.fields.is_empty() {
            let fields: Vec<String> = self
                .fields
                .iter()
                .map(|field| serde_json::to_string(field).unwrap_or_default())
                .collect();
            data.raw("fields", &format!("[{}]", fields.join(",")));
        }
        if let Some((error_type, code)) = self.paysg.as_deref() {
            let mut paysg = ObjectWriter::new();
            if let Some(error_type) = error_type {
                paysg.str("type", error_type);
            }
            if let Some(code) = code {
                paysg.str("code", code);
            }
            data.raw("paysg", &paysg.finish());
        }
        if !self.fields.is_empty() || self.paysg.is_some() {
            error.raw("data", &data.finish());
        }
        let mut body = ObjectWriter::new();
        body.raw("error", &error.finish());
        body.finish()
    }
}
