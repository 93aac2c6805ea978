//! What was asked of the simulator, for `GET /_sim/requests`: bounded, and kept as it came so that keeping it costs next to nothing.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::fault::Drop;

/// One call.
pub(crate) struct Request {
    pub(crate) at: Timestamp,
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) outcome: Outcome,
}

/// How a call ended.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Answered(u16),
    Dropped(Drop),
}

impl Request {
    pub(crate) fn new(at: Timestamp, parts: &Parts, body: Bytes) -> Self {
        Self {
            at,
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            headers: parts.headers.clone(),
            body,
            outcome: Outcome::Answered(0),
        }
    }

    fn shown(&self) -> Value {
        let (status, dropped) = match self.outcome {
            Outcome::Answered(status) => (Some(status), None),
            Outcome::Dropped(when) => (None, Some(when)),
        };
        json!({
            "at": self.at,
            "method": self.method.as_str(),
            "path": self.uri.path(),
            "query": self.uri.query(),
            "headers": shown_headers(&self.headers),
            "body": shown_body(&self.body),
            "status": status,
            "dropped": dropped,
        })
    }
}

fn shown_headers(headers: &HeaderMap) -> Map<String, Value> {
    let mut shown = Map::new();
    for name in headers.keys() {
        let values: Vec<String> = headers
            .get_all(name)
            .iter()
            .map(|value| shown_header(name, value))
            .collect();
        shown.insert(name.to_string(), values.join(", ").into());
    }
    shown
}

/// A header's text, the API key masked but for the prefix that names its environment.
fn shown_header(name: &HeaderName, value: &HeaderValue) -> String {
    let text = String::from_utf8_lossy(value.as_bytes());
    if name != "x-api-key" {
        return text.into_owned();
    }
    let prefix = ["paysg_stag_", "paysg_live_"]
        .into_iter()
        .find(|prefix| text.starts_with(prefix));
    format!("{}***", prefix.unwrap_or_default())
}

/// JSON as JSON, anything else as text, nothing as null.
fn shown_body(body: &Bytes) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

/// The calls remembered, the oldest forgotten first.
pub(crate) struct Requests {
    limit: usize,
    kept: Mutex<VecDeque<Request>>,
}

impl Requests {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            kept: Mutex::default(),
        }
    }

    pub(crate) fn remember(&self, request: Request) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(request);
        if kept.len() > self.limit {
            kept.pop_front();
        }
    }

    pub(crate) fn clear(&self) {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Every remembered call, oldest first.
    pub(crate) fn shown(&self) -> Vec<Value> {
        self.kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(Request::shown)
            .collect()
    }
}
