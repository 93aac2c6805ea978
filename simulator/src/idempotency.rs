//! Idempotency keys as PaySG describes them [guide/idempotency]: the first answer is saved, whatever it was, and given again.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use axum::http::HeaderMap;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::answer::Answer;
use crate::clock::Timestamp;
use crate::error::ApiError;
use crate::fault::Fault;
use crate::simulator::Simulator;
use crate::state::{Change, State};

/// Keys may be dropped once they are 24 hours old; this simulator drops them at that moment.
pub(crate) const KEPT_FOR_MS: i64 = 86_400_000;

/// The keys seen and what was answered.
#[derive(Default)]
pub(crate) struct Keys {
    records: HashMap<String, KeyRecord>,
    oldest_first: VecDeque<(Timestamp, String)>,
}

/// One key: the parameters that it stands for, and the answer once there is one.
pub(crate) struct KeyRecord {
    pub(crate) fingerprint: [u8; 32],
    pub(crate) at: Timestamp,
    pub(crate) answer: Option<Answer>,
}

enum Met {
    Nothing,
    Answer(Answer),
    InFlight,
    OtherParameters,
}

impl Keys {
    fn begin(&mut self, key: &str, fingerprint: [u8; 32], now: Timestamp) -> Met {
        let expired = |at: Timestamp| now.ms_since(at) >= KEPT_FOR_MS;
        while self
            .oldest_first
            .front()
            .is_some_and(|(at, _)| expired(*at))
        {
            if let Some((at, key)) = self.oldest_first.pop_front()
                && self
                    .records
                    .get(&key)
                    .is_some_and(|record| record.at == at && record.answer.is_some())
            {
                self.records.remove(&key);
            }
        }
        match self.records.get(key) {
            Some(KeyRecord { answer: None, .. }) => Met::InFlight,
            Some(record) if !expired(record.at) && record.fingerprint != fingerprint => {
                Met::OtherParameters
            }
            Some(KeyRecord {
                answer: Some(answer),
                at,
                ..
            }) if !expired(*at) => Met::Answer(answer.clone()),
            Some(_) | None => {
                self.put(
                    key.to_owned(),
                    KeyRecord {
                        fingerprint,
                        at: now,
                        answer: None,
                    },
                );
                Met::Nothing
            }
        }
    }

    pub(crate) fn put(&mut self, key: String, record: KeyRecord) {
        self.oldest_first.push_back((record.at, key.clone()));
        self.records.insert(key, record);
    }

    pub(crate) fn get(&self, key: &str) -> Option<&KeyRecord> {
        self.records.get(key)
    }

    fn is_in_flight(&self, key: &str) -> bool {
        self.records
            .get(key)
            .is_some_and(|record| record.answer.is_none())
    }

    fn finish(&mut self, key: &str, answer: Answer) {
        if let Some(record) = self.records.get_mut(key) {
            record.answer = Some(answer);
        }
    }
}

/// The key that a call brought, and what it stands for.
pub(crate) struct Once {
    key: Option<String>,
    fingerprint: [u8; 32],
}

impl Once {
    /// Reads the `Idempotency-Key` header. Keys of two payment services are different keys.
    ///
    /// # Errors
    /// 400 `invalid_idempotency_key` where it is empty, no text or longer than 255 characters.
    pub(crate) fn new(
        headers: &HeaderMap,
        service: &str,
        call: &str,
        parameters: &impl Serialize,
    ) -> Result<Self, ApiError> {
        let wrong = || {
            ApiError::bad_request(
                "invalid_idempotency_key",
                "Idempotency-Key must be text of 1 to 255 characters",
            )
        };
        let Some(value) = headers.get("idempotency-key") else {
            return Ok(Self {
                key: None,
                fingerprint: [0; 32],
            });
        };
        let key = value.to_str().map_err(|_| wrong())?;
        if key.is_empty()
            || key.len() > 255
            || headers.get_all("idempotency-key").iter().count() > 1
        {
            return Err(wrong());
        }
        // Parameters are compared as PaySG would read them: key order and white space do not count.
        let mut hash = Sha256::new();
        hash.update(call.as_bytes());
        hash.update([0]);
        hash.update(serde_json::to_vec(parameters).unwrap_or_default());
        Ok(Self {
            key: Some(format!("{service} {key}")),
            fingerprint: hash.finalize().into(),
        })
    }

    /// Runs `work`, unless the key says that it has been run or is running.
    ///
    /// A fault's delay happens while the key is in flight; a fault's recorded status is saved in place of the work's answer.
    pub(crate) async fn run(
        self,
        simulator: &Simulator,
        fault: Option<&Fault>,
        work: impl FnOnce(&mut State, Timestamp) -> Answer,
    ) -> Answer {
        let recorded = fault.filter(|fault| fault.record).and_then(Fault::answer);
        let delay = fault.map_or(Duration::ZERO, Fault::delay);
        let do_work = |state: &mut State, now| recorded.unwrap_or_else(|| work(state, now));
        if delay.is_zero() {
            return simulator.change(|state, now| match self.begin(simulator, state, now) {
                Err(answer) => answer,
                Ok(()) => self.finish(state, now, do_work),
            });
        }
        if let Err(answer) = simulator.change(|state, now| self.begin(simulator, state, now)) {
            return answer;
        }
        tokio::time::sleep(delay).await;
        simulator.change(|state, now| self.finish(state, now, do_work))
    }

    fn begin(
        &self,
        simulator: &Simulator,
        state: &mut State,
        now: Timestamp,
    ) -> Result<(), Answer> {
        let Some(key) = &self.key else { return Ok(()) };
        let refusal = match state.keys.begin(key, self.fingerprint, now) {
            Met::Nothing => return Ok(()),
            Met::Answer(answer) => return Err(answer),
            Met::InFlight => ApiError::new(
                409,
                "idempotency_key_in_use",
                "A request with this Idempotency-Key is in flight",
            ),
            Met::OtherParameters => ApiError::new(
                simulator.settings().reused_key_status,
                "idempotency_key_reused",
                "This Idempotency-Key was used with other parameters",
            ),
        };
        Err(refusal.into())
    }

    fn finish(
        &self,
        state: &mut State,
        now: Timestamp,
        work: impl FnOnce(&mut State, Timestamp) -> Answer,
    ) -> Answer {
        let Some(key) = &self.key else {
            return work(state, now);
        };
        if !state.keys.is_in_flight(key) {
            // A reset came in between: what follows must not leak into the next test.
            return ApiError::new(
                503,
                "simulator_was_reset",
                "The simulator was reset during this call",
            )
            .into();
        }
        let answer = work(state, now);
        state.keys.finish(key, answer.clone());
        state.note(|| Change::Key(key.clone()));
        answer
    }
}
