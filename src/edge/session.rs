//! What this browser's own payments are: a sealed cookie, so that the edge needs no storage to know its payers again.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};

use super::config::Config;
use crate::ledger::{Digest, intent_name};
use crate::paysg::{Payment, PaymentId, PaymentServiceId};
use crate::token::Keys;

const MAX_INTENTS: usize = 8;
const MAX_AGE_SECS: u32 = 86_400;
const NONCE_BYTES: usize = 24;
const PURPOSE: &[u8] = b"paysg-wasm session v1";

/// A payment that this browser asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// The payment.
    #[serde(rename = "p")]
    pub payment_id: PaymentId,
    /// Its payment service.
    #[serde(rename = "s")]
    pub payment_service_id: PaymentServiceId,
    /// The name of its intent: a digest, since references can be long and cookies cannot.
    #[serde(rename = "i")]
    pub intent: Digest,
    /// Its amount.
    #[serde(rename = "a")]
    pub amount_in_cents: u64,
}

impl Known {
    /// Whether a GET shows the very payment that this browser asked for: id, service, reference and amount.
    #[must_use]
    pub fn is(&self, payment: &Payment) -> bool {
        self.payment_id == payment.id
            && self.amount_in_cents == payment.amount_in_cents.get()
            && self.intent == intent_name(&payment.payment_service_id, &payment.reference_id)
    }
}

/// This browser's most recent intents, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    #[serde(rename = "k", default)]
    known: Vec<Known>,
    /// What the browser is counted by, where requests are limited.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The key of catalogue orders by plain forms, which cannot send one.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    form_key: Option<String>,
    #[serde(rename = "c", default, skip_serializing_if = "core::ops::Not::not")]
    changed: bool,
}

impl Session {
    /// Opens the cookie. What cannot be opened is no session.
    #[must_use]
    pub fn open(config: &Config, cookies: &str) -> Self {
        let name = cookie_name(config);
        cookies
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(key, _)| *key == name)
            .find_map(|(_, value)| unseal(&config.session_keys, &name, value))
            .unwrap_or_default()
    }

    /// What this browser knows of a payment.
    #[must_use]
    pub fn find(&self, service: &PaymentServiceId, id: &PaymentId) -> Option<&Known> {
        self.known
            .iter()
            .find(|known| known.payment_id == *id && known.payment_service_id == *service)
    }

    /// The payments, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Known> {
        self.known.iter().rev()
    }

    /// Whether there is anything in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Adds a payment, as the newest.
    pub fn add(&mut self, known: Known) {
        self.known
            .retain(|other| other.payment_id != known.payment_id);
        self.known.push(known);
        let surplus = self.known.len().saturating_sub(MAX_INTENTS);
        self.known.drain(..surplus);
        self.changed = true;
    }

    /// What the browser is counted by. One that had no name gets it with its first payment.
    pub fn name(&mut self, random: &[u8]) -> Option<String> {
        if self.name.is_none() {
            self.name = Some(Base64UrlUnpadded::encode_string(random));
            return None;
        }
        self.name.clone()
    }

    /// The key for a plain form's order: the same until its payment is seen paid, so that pressing twice pays once.
    ///
    /// Where there is none yet it is the one that the page put into its form, if it did: two presses before the first answer has brought
    /// the cookie would otherwise have two.
    pub fn form_key(&mut self, of_page: Option<&str>, random: &[u8]) -> String {
        if let Some(key) = &self.form_key {
            return key.clone();
        }
        let key = of_page.map_or_else(
            || Base64UrlUnpadded::encode_string(random.get(..16).unwrap_or(random)),
            str::to_owned,
        );
        self.form_key = Some(key.clone());
        self.changed = true;
        key
    }

    /// Forgets the form's key: its payment was shown as paid, so that the next form is meant as another.
    pub fn forget_form_key(&mut self) {
        self.changed |= self.form_key.take().is_some();
    }

    /// Has the cookie sent again as it is.
    pub const fn renew(&mut self) {
        self.changed = true;
    }

    /// The `Set-Cookie` to send, if anything changed. `random` seals it.
    #[must_use]
    pub fn cookie(&self, config: &Config, random: &[u8]) -> Option<String> {
        if !self.changed {
            return None;
        }
        let name = cookie_name(config);
        let value = seal(&config.session_keys, &name, self, random)?;
        let secure = if config.secure { "; Secure" } else { "" };
        Some(format!(
            "{name}={value}; Path=/; Max-Age={MAX_AGE_SECS}; HttpOnly; SameSite=Lax{secure}"
        ))
    }
}

/// `__Host-paysg-XXXX`, the first four digits of the default payment service, so that two e-services of one host do not overwrite
/// each other's. Browsers refuse the prefix without HTTPS, so a simulator's edge on this machine does without.
fn cookie_name(config: &Config) -> String {
    let digits = config
        .default_service()
        .and_then(|service| service.as_str().strip_prefix("payment_service_"))
        .and_then(|uuid| uuid.get(..4))
        .unwrap_or("0000");
    if config.secure {
        format!("__Host-paysg-{digits}")
    } else {
        format!("paysg-{digits}")
    }
}

fn seal(keys: &Keys, name: &str, session: &Session, random: &[u8]) -> Option<String> {
    let nonce = random.get(..NONCE_BYTES)?;
    let sealed = Session {
        changed: false,
        ..session.clone()
    };
    let plain = serde_json::to_vec(&sealed).ok()?;
    let key = keys.derive(PURPOSE).next()?;
    let sealed = encrypt(key, nonce, &plain, name.as_bytes())?;
    Some(Base64UrlUnpadded::encode_string(&[nonce, &sealed].concat()))
}

fn unseal(keys: &Keys, name: &str, value: &str) -> Option<Session> {
    let bytes = Base64UrlUnpadded::decode_vec(value).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES)?;
    let plain = keys
        .derive(PURPOSE)
        .find_map(|key| decrypt(key, nonce, sealed, name.as_bytes()))?;
    serde_json::from_slice(&plain).ok()
}

/// XChaCha20-Poly1305: the ciphertext, then its tag.
pub(super) fn encrypt(key: [u8; 32], nonce: &[u8], plain: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
    let nonce = XNonce::try_from(nonce).ok()?;
    let payload = Payload { msg: plain, aad };
    XChaCha20Poly1305::new(&key.into())
        .encrypt(&nonce, payload)
        .ok()
}

/// The reverse; `None` unless the tag is good.
pub(super) fn decrypt(key: [u8; 32], nonce: &[u8], sealed: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
    let nonce = XNonce::try_from(nonce).ok()?;
    let payload = Payload { msg: sealed, aad };
    XChaCha20Poly1305::new(&key.into())
        .decrypt(&nonce, payload)
        .ok()
}
