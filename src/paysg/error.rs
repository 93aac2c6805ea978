//! PaySG's errors.

use super::json::{self, Json};
use super::text;

/// Largest error body that is read, in bytes. PaySG's errors are a few hundred; a longer body is somebody else's.
const MAX_BODY_BYTES: usize = 65_536;
/// Longest `type` and `code` that are kept, in bytes.
const MAX_WORD_BYTES: usize = 100;
/// Longest `message` that is kept, in bytes.
const MAX_MESSAGE_BYTES: usize = 500;

/// An error of PaySG's own `[guide/errors]`: the status, and what its body said.
///
/// An answer is PaySG's error only if PaySG documents its status and its body is `{"error":{"type","code","message"}}`. A status alone decides
/// nothing: gateways, firewalls and caches use the same numbers. Types and codes are open lists. `message` and `data` may repeat what was sent, the payer's data included: they are
/// for decisions, not for logs; `Debug` leaves them out.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    kind: Failure,
    /// `error.type`, snake_case.
    pub error_type: String,
    /// `error.code`, snake_case.
    pub code: String,
    /// `error.message`, cut to 500 bytes.
    pub message: String,
    /// `error.data`, an object.
    pub data: Option<Json>,
}

/// What an error status means for what happens next: the statuses that PaySG documents `[guide/errors]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Failure {
    /// 400: the request is unacceptable, and will stay so.
    BadRequest,
    /// 401: no valid credentials.
    Unauthenticated,
    /// 402: valid, but the payment service is not connected to Stripe, or its state forbids it.
    NotConnected,
    /// 403: the credentials may not do this.
    Forbidden,
    /// 404: no such payment or payment service.
    NotFound,
    /// 409: conflicts with another request, such as one in flight under the same idempotency key. Nothing is recorded `[guide/idempotency]`.
    Conflict,
    /// 429: too many requests. Back off exponentially.
    RateLimited,
    /// 500: recorded under the idempotency key, so a retry with that key never gets past it `[guide/idempotency]`.
    ServerError,
    /// 503: a service behind PaySG did not answer. Whether it is recorded is not known.
    Unavailable,
}

impl Failure {
    /// What a status means; `None` if PaySG does not document it.
    #[must_use]
    pub const fn of_status(status: u16) -> Option<Self> {
        Some(match status {
            400 => Self::BadRequest,
            401 => Self::Unauthenticated,
            402 => Self::NotConnected,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            409 => Self::Conflict,
            429 => Self::RateLimited,
            500 => Self::ServerError,
            503 => Self::Unavailable,
            _ => return None,
        })
    }
}

impl ApiError {
    /// Reads an error of PaySG's; `None` for an answer that does not have its form.
    #[must_use]
    pub fn read(status: u16, bytes: &[u8]) -> Option<Self> {
        let kind = Failure::of_status(status)?;
        if bytes.len() > MAX_BODY_BYTES {
            return None;
        }
        let body = json::parse_keeping_duplicates(bytes).ok()?;
        let error = body.get("error")?;
        let word = |name: &str, max: usize| {
            let word = error.get(name)?.as_str()?;
            // These end up in headers, logs and pages of ours: one line, whatever PaySG puts there.
            Some(
                text::clip(word, max)
                    .chars()
                    .map(|c| if c.is_control() { ' ' } else { c })
                    .collect::<String>(),
            )
        };
        Some(Self {
            status,
            kind,
            error_type: word("type", MAX_WORD_BYTES).filter(|word| !word.is_empty())?,
            code: word("code", MAX_WORD_BYTES).filter(|word| !word.is_empty())?,
            message: word("message", MAX_MESSAGE_BYTES)?,
            data: error
                .get("data")
                .filter(|data| data.as_object().is_some())
                .cloned(),
        })
    }

    /// What the status means for what happens next.
    #[must_use]
    pub const fn kind(&self) -> Failure {
        self.kind
    }

    /// `error.type`, where it may be repeated to others and kept: a word of PaySG's, not something that it was told.
    ///
    /// snake_case, at most 64 letters with three digits among them, and no API key: neither a key nor an identity number is written so. PaySG's
    /// types and codes are an open list, and a gateway before it may put anything there.
    #[must_use]
    pub fn public_type(&self) -> Option<&str> {
        Some(&*self.error_type).filter(|word| is_public(word))
    }

    /// `error.code`, likewise.
    #[must_use]
    pub fn public_code(&self) -> Option<&str> {
        Some(&*self.code).filter(|word| is_public(word))
    }

    /// Whether PaySG says that this idempotency key was used before with other parameters.
    ///
    /// The guide says that this is an error and not which `[guide/idempotency]`, so the words decide: a 4xx whose type, code or message
    /// speaks of idempotency, and of parameters, difference or reuse, and not of a request in progress. Wrongly `false` costs a retry, wrongly `true` a look through
    /// the list: neither makes a payment.
    #[must_use]
    pub fn is_key_reuse(&self) -> bool {
        if !(400..=499).contains(&self.status) {
            return false;
        }
        let said: String = [&self.error_type, &self.code, &self.message]
            .into_iter()
            .flat_map(|word| [word.to_ascii_lowercase(), String::from(" ")])
            .collect();
        let says = |any: &[&str]| any.iter().any(|word| said.contains(word));
        says(&["idempot"])
            && says(&[
                "parameter",
                "differ",
                "reuse",
                "re-use",
                "mismatch",
                "already used",
                "used before",
                "not match",
            ])
            && !says(&[
                "in progress",
                "in_progress",
                "in flight",
                "in-flight",
                "in_flight",
                "concurrent",
                "being processed",
            ])
    }
}

fn is_public(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = |byte: u8| matches!(byte, b'a'..=b'z' | b'_' | b'0'..=b'9');
    (1..=64).contains(&word.len())
        && digits <= 3
        && word.bytes().all(letters)
        && !word.starts_with("paysg_stag_")
        && !word.starts_with("paysg_live_")
}

impl std::fmt::Debug for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiError")
            .field("status", &self.status)
            .field("error_type", &self.public_type())
            .field("code", &self.public_code())
            .finish_non_exhaustive()
    }
}
