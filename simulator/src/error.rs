//! Errors in PaySG's shape, `{"error":{"type","code","message","data"?}}` [guide/errors].
//!
//! The guide names the statuses and the shape, not the words: `type` follows the status here, and `code` is the simulator's own.

use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;

use crate::answer::Answer;

/// A refusal that the caller gets to read.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) data: Option<Value>,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            data: None,
        }
    }

    pub(crate) fn bad_request(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    pub(crate) fn with_data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }
}

/// PaySG's body for a status, also used by faults that name no body of their own.
#[derive(Serialize)]
pub(crate) struct ErrorBody<'a> {
    error: Fields<'a>,
}

#[derive(Serialize)]
struct Fields<'a> {
    r#type: &'static str,
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

pub(crate) fn body<'a>(
    status: u16,
    code: &'a str,
    message: &'a str,
    data: Option<&'a Value>,
) -> ErrorBody<'a> {
    ErrorBody {
        error: Fields {
            r#type: type_of(status),
            code,
            message,
            data,
        },
    }
}

fn type_of(status: u16) -> &'static str {
    match status {
        400 => "bad_request",
        401 => "unauthorized",
        402 => "request_failed",
        403 => "forbidden",
        404 => "not_found",
        409 => "conflict",
        429 => "too_many_requests",
        503 => "service_unavailable",
        _ => "internal_server_error",
    }
}

impl From<ApiError> for Answer {
    fn from(error: ApiError) -> Self {
        Self::json(
            error.status,
            &body(
                error.status,
                error.code,
                &error.message,
                error.data.as_ref(),
            ),
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        Answer::from(self).into_response()
    }
}
