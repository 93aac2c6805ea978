//! PaySG's errors.

use super::json::{self, Json};
use super::text;

/// Largest error body that is read, in bytes; of a longer one only the status counts.
const MAX_BODY_BYTES: usize = 65_536;
/// Longest `type` and `code` that are kept, in bytes.
const MAX_WORD_BYTES: usize = 100;
/// Longest `message` that is kept, in bytes.
const MAX_MESSAGE_BYTES: usize = 500;

/// An answer of PaySG's that is not a success `[guide/errors]`: the status, and what its body said.
///
/// Types and codes are open lists. `message` and `data` may repeat what was sent, the payer's data included: they are
/// for decisions, not for logs; `Debug` leaves them out.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// `error.type`, snake_case.
    pub error_type: Option<String>,
    /// `error.code`, snake_case.
    pub code: Option<String>,
    /// `error.message`, cut to 500 bytes.
    pub message: Option<String>,
    /// `error.data`, an object.
    pub data: Option<Json>,
}

/// What an error status means for what happens next.
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
    /// 500, and any 5xx not named below: recorded under the idempotency key, so a retry with that key never gets past it `[guide/idempotency]`.
    ServerError,
    /// 502, 503, 504: a service behind PaySG, or a gateway before it, did not answer. Whether it is recorded is not known.
    Unavailable,
    /// A status that the guide does not list.
    Unexpected(u16),
}

impl ApiError {
    /// Reads an error answer; never fails, since the status alone says most.
    #[must_use]
    pub fn read(status: u16, bytes: &[u8]) -> Self {
        let body = if bytes.len() <= MAX_BODY_BYTES {
            json::parse_keeping_duplicates(bytes).ok()
        } else {
            None
        };
        let error = body.as_ref().and_then(|body| body.get("error"));
        let word = |name: &str, max: usize| {
            let word = error?.get(name)?.as_str()?;
            // These end up in headers, logs and pages of ours: one line, whatever PaySG puts there.
            Some(
                text::clip(word, max)
                    .chars()
                    .map(|c| if c.is_control() { ' ' } else { c })
                    .collect::<String>(),
            )
        };
        Self {
            status,
            error_type: word("type", MAX_WORD_BYTES),
            code: word("code", MAX_WORD_BYTES),
            message: word("message", MAX_MESSAGE_BYTES),
            data: error
                .and_then(|error| error.get("data"))
                .filter(|data| data.as_object().is_some())
                .cloned(),
        }
    }

    /// What the status means for what happens next.
    #[must_use]
    pub const fn kind(&self) -> Failure {
        match self.status {
            400 => Failure::BadRequest,
            401 => Failure::Unauthenticated,
            402 => Failure::NotConnected,
            403 => Failure::Forbidden,
            404 => Failure::NotFound,
            409 => Failure::Conflict,
            429 => Failure::RateLimited,
            502..=504 => Failure::Unavailable,
            500..=599 => Failure::ServerError,
            other => Failure::Unexpected(other),
        }
    }

    /// `error.type`, where it may be repeated to others and kept: a word of PaySG's, not something that it was told.
    ///
    /// snake_case, at most 64 letters with three digits among them, and no API key: neither a key nor an identity number is written so. PaySG's
    /// types and codes are an open list, and a gateway before it may put anything there.
    #[must_use]
    pub fn public_type(&self) -> Option<&str> {
        self.error_type.as_deref().filter(|word| is_public(word))
    }

    /// `error.code`, likewise.
    #[must_use]
    pub fn public_code(&self) -> Option<&str> {
        self.code.as_deref().filter(|word| is_public(word))
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
        let words = [&self.error_type, &self.code, &self.message]
            .into_iter()
            .flatten();
        let said: String = words
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
