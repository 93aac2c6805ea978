//! An answer of the API as data, so that it can be saved under an idempotency key and given again.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

/// Status and body: exactly what PaySG says it saves [guide/idempotency].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(status: u16, value: &impl Serialize) -> Self {
        // Serialising our own plain structures into memory cannot fail; an empty body would be noticed at once.
        Self {
            status,
            body: serde_json::to_vec(value).unwrap_or_default().into(),
        }
    }

    /// No body at all, which is what `send-email` answers [plumber].
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            body: Bytes::new(),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let has_body = !self.body.is_empty();
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if has_body {
            let json = HeaderValue::from_static("application/json; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
        }
        response
    }
}

/// The form in which an answer is kept in the state file.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedAnswer {
    status: u16,
    body: String,
}

impl From<&Answer> for SavedAnswer {
    fn from(answer: &Answer) -> Self {
        Self {
            status: answer.status,
            body: String::from_utf8_lossy(&answer.body).into_owned(),
        }
    }
}

impl From<SavedAnswer> for Answer {
    fn from(saved: SavedAnswer) -> Self {
        Self {
            status: saved.status,
            body: saved.body.into(),
        }
    }
}
