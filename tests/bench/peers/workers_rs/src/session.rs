//! This browser's own payments, in a sealed cookie.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Payment, Settings};

const MAX_INTENTS: usize = 8;
const VERSION: &[u8] = b"paysg-wasm/1";

pub fn seal_key(text: &str) -> [u8; 32] {
    Sha256::digest(format!("session {text}")).into()
}

fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

pub fn idempotency_key(service: &str, reference: &str, attempt: u32) -> String {
    digest(&[VERSION, service.as_bytes(), reference.as_bytes(), &attempt.to_be_bytes()])
}

fn intent_name(service: &str, reference: &str) -> String {
    digest(&[VERSION, b"intent", service.as_bytes(), reference.as_bytes()])
}

#[derive(Serialize, Deserialize)]
struct Known {
    id: String,
    payment_service_id: String,
    intent: String,
    amount_in_cents: u64,
}

#[derive(Default, Serialize, Deserialize)]
pub struct Session {
    known: Vec<Known>,
    pub form_key: Option<String>,
}

impl Session {
    /// What cannot be opened is no session.
    pub fn open(settings: &Settings, cookies: Option<&str>) -> Self {
        cookies
            .unwrap_or_default()
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == settings.cookie)
            .find_map(|(_, value)| unseal(settings, value))
            .unwrap_or_default()
    }

    pub fn remember(&mut self, payment: &Payment) {
        self.known.retain(|known| known.id != payment.id);
        self.known.push(Known {
            id: payment.id.clone(),
            payment_service_id: payment.payment_service_id.clone(),
            intent: intent_name(&payment.payment_service_id, &payment.reference_id),
            amount_in_cents: payment.amount_in_cents,
        });
        let surplus = self.known.len().saturating_sub(MAX_INTENTS);
        self.known.drain(..surplus);
    }

    /// Whether this browser asked for the very payment that PaySG shows.
    pub fn proves(&self, payment: &Payment) -> bool {
        self.known.iter().any(|known| {
            known.id == payment.id
                && known.payment_service_id == payment.payment_service_id
                && known.amount_in_cents == payment.amount_in_cents
                && known.intent == intent_name(&payment.payment_service_id, &payment.reference_id)
        })
    }

    pub fn seal(&self, settings: &Settings) -> String {
        let mut nonce = [0; 24];
        let _ = getrandom::fill(&mut nonce);
        let msg = serde_json::to_vec(self).unwrap_or_default();
        let payload = Payload { msg: &msg, aad: settings.cookie.as_bytes() };
        let cipher = XChaCha20Poly1305::new(&settings.seal_key.into());
        let mut bytes = nonce.to_vec();
        bytes.extend(cipher.encrypt(XNonce::from_slice(&nonce), payload).unwrap_or_default());
        let value = URL_SAFE_NO_PAD.encode(bytes);
        format!("{}={value}; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax; Secure", settings.cookie)
    }
}

fn unseal(settings: &Settings, value: &str) -> Option<Session> {
    let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
    let (nonce, msg) = bytes.split_at_checked(24)?;
    let payload = Payload { msg, aad: settings.cookie.as_bytes() };
    let plain = XChaCha20Poly1305::new(&settings.seal_key.into()).decrypt(XNonce::from_slice(nonce), payload).ok()?;
    serde_json::from_slice(&plain).ok()
}
