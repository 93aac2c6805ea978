//! Misbehaviour on demand: the next calls that match are delayed, refused, answered wrongly or cut off.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::Answer;
use crate::error;

/// One misbehaviour, as `POST /_sim/faults` takes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// `POST`, `GET`, …; any where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    /// Prefix of the path; any path where it is left out.
    #[serde(default)]
    path: String,
    /// How many calls it still strikes.
    #[serde(default = "one")]
    times: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
    #[serde(default)]
    pub(crate) record: bool,
    #[serde(default)]
    delay_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) drop: Option<Drop>,
}

/// When the connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Drop {
    /// Nothing has been done.
    Before,
    /// It has been done, and nobody hears of it.
    After,
}

fn one() -> u64 {
    1
}

impl Fault {
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    /// The answer given in the API's place, if there is one.
    pub(crate) fn answer(&self) -> Option<Answer> {
        let status = self.status?;
        Some(Answer {
            status,
            body: self.body_bytes().unwrap_or_else(|| default_body(status)),
        })
    }

    /// A body that is text goes out as it is; anything else as JSON.
    fn body_bytes(&self) -> Option<Bytes> {
        let body = self.body.as_ref()?;
        Some(
            body.as_str()
                .map_or_else(|| body.to_string(), str::to_owned)
                .into(),
        )
    }

    /// Whether the fault works inside the API's own handling, under the idempotency key.
    pub(crate) fn works_inside(&self) -> bool {
        self.record || self.status.is_none()
    }

    /// What is left to change in an answer: headers, and the body where the API itself was let do its work.
    pub(crate) fn colour(&self, response: &mut Response) {
        if self.status.is_none()
            && let Some(body) = self.body_bytes()
        {
            *response.body_mut() = body.into();
            // The router has measured the body that this one replaces.
            response.headers_mut().remove(header::CONTENT_LENGTH);
        }
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_str(value),
            ) {
                response.headers_mut().insert(name, value);
            }
        }
    }

    fn strikes(&self, method: &Method, path: &str) -> bool {
        self.times > 0
            && self
                .method
                .as_ref()
                .is_none_or(|wanted| wanted == "*" || wanted.eq_ignore_ascii_case(method.as_str()))
            && path.starts_with(&self.path)
    }

    fn check(&self) -> Result<(), &'static str> {
        if self
            .status
            .is_some_and(|status| !(200..=599).contains(&status))
        {
            return Err("status is from 200 to 599");
        }
        if self.record && self.status.is_none() {
            return Err("record needs a status to save");
        }
        let sendable = |(name, value): (&String, &String)| {
            HeaderName::from_bytes(name.as_bytes()).is_ok() && HeaderValue::from_str(value).is_ok()
        };
        if !self.headers.iter().all(sendable) {
            return Err("headers must be names and values that HTTP allows");
        }
        Ok(())
    }
}

fn default_body(status: u16) -> Bytes {
    if status < 400 {
        return Bytes::new();
    }
    Answer::json(
        status,
        &error::body(
            status,
            "simulated_fault",
            "The simulator was asked to answer so",
            None,
        ),
    )
    .body
}

/// The faults that are still to strike, first come first served.
#[derive(Default)]
pub(crate) struct Faults {
    waiting: Mutex<Vec<Fault>>,
    /// Spares ordinary calls the lock.
    any: AtomicBool,
}

impl Faults {
    /// Adds faults; all of them or none.
    pub(crate) fn add(&self, faults: Vec<Fault>) -> Result<(), String> {
        for (position, fault) in faults.iter().enumerate() {
            fault
                .check()
                .map_err(|reason| format!("fault {position}: {reason}"))?;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.extend(faults);
        self.any.store(true, Ordering::Release);
        Ok(())
    }

    pub(crate) fn clear(&self) {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.any.store(false, Ordering::Release);
    }

    /// Takes one fault away that is like this one but for how often it still strikes, which changes while somebody looks at it.
    pub(crate) fn remove(&self, unwanted: &Fault) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let like = |fault: &Fault| {
            *fault
                == Fault {
                    times: fault.times,
                    ..unwanted.clone()
                }
        };
        if let Some(position) = waiting.iter().position(like) {
            waiting.remove(position);
        }
        self.any.store(!waiting.is_empty(), Ordering::Release);
    }

    pub(crate) fn waiting(&self) -> Vec<Fault> {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The fault that strikes this call, one strike used up.
    pub(crate) fn strike(&self, method: &Method, path: &str) -> Option<Arc<Fault>> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = waiting
            .iter_mut()
            .find(|fault| fault.strikes(method, path))?;
        fault.times = fault.times.saturating_sub(1);
        let struck = Arc::new(fault.clone());
        waiting.retain(|fault| fault.times > 0);
        self.any.store(!waiting.is_empty(), Ordering::Release);
        Some(struck)
    }
}
