//! Errors in PaySG's shape, `{"error":{"type","code","message","data"?}}` [guide/errors].
//!
//! The guide names the statuses and the shape, not the words: `type` follows the status here, and `code` is the simulator's own.

use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

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
pub(crate) fn body(status: u16, code: &str, message: &str, data: Option<&Value>) -> Value {
    let mut error = json!({ "type": type_of(status), "code": code, "message": message });
    if let (Some(fields), Some(data)) = (error.as_object_mut(), data) {
        fields.insert("data".to_owned(), data.clone());
    }
    json!({ "error": error })
}

pub(crate) fn type_of(status: u16) -> &'static str {
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
