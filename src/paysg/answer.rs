//! The form of PaySG's answers: what tells them from those of a gateway, a firewall or a cache between.
//!
//! **An answer is PaySG's only if it has PaySG's form.** A success has it if its body is what the call answers: [`Success`] says so for each
//! kind of call. An error has it if [`ApiError::read`] reads it. Everything else is nobody's word: a status code alone decides nothing, in
//! either direction.

use super::json;
use super::{ApiError, Page, Payment};

/// What a kind of call answers when it succeeds.
pub trait Success: Sized {
    /// Reads the body; `None` if it is not what such a call answers.
    fn read(body: &[u8]) -> Option<Self>;
}

/// Create, GET, cancel and refund answer the payment `[guide/endpoints]`.
impl Success for Payment {
    fn read(body: &[u8]) -> Option<Self> {
        Self::read(body).ok()
    }
}

/// A list answers a page of payments.
impl Success for Page {
    fn read(body: &[u8]) -> Option<Self> {
        Self::read(body).ok()
    }
}

/// The answer to `send-email`: no body `[plumber]`. A whole JSON object will do, too, since the guide does not state the answer; a page will not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmailSent;

impl Success for EmailSent {
    fn read(body: &[u8]) -> Option<Self> {
        let is_empty = body.iter().all(u8::is_ascii_whitespace);
        let is_object = || {
            json::parse_keeping_duplicates(body)
                .is_ok_and(|body| body.as_object().is_some() && body.get("error").is_none())
        };
        (is_empty || is_object()).then_some(Self)
    }
}

/// An answer with PaySG's form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnAnswer<T> {
    /// It did what it was asked for.
    Success(T),
    /// It did not.
    Error(ApiError),
}

impl<T: Success> OwnAnswer<T> {
    /// Reads an answer; `None` if it is not PaySG's own.
    #[must_use]
    pub fn read(status: u16, body: &[u8]) -> Option<Self> {
        match status {
            200..=299 => T::read(body).map(Self::Success),
            _ => ApiError::read(status, body).map(Self::Error),
        }
    }
}
