//! What this browser's own payments are: a sealed cookie, so that the edge needs no storage to know its payers again.

use std::borrow::Cow;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};

use super::config::Config;
use crate::ledger::{Digest, intent_name};
use crate::paysg::{Payment, PaymentId, PaymentServiceId};

const MAX_INTENTS: usize = 8;
const MAX_AGE_SECS: u32 = 86_400;
const NONCE_BYTES: usize = 24;

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
    known: Vec<Known>,
    /// What the browser is counted by, where requests are limited.
    name: Option<String>,
    /// The key of catalogue orders by plain forms, which cannot send one.
    form_key: Option<String>,
    /// The payment that the last of them led to.
    form_payment: Option<PaymentId>,
    /// Whether this request is one of them.
    by_form: bool,
    changed: bool,
}

/// A session as it stands in the cookie.
#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    #[serde(rename = "k", default)]
    known: Cow<'a, [Known]>,
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    form_key: Option<Cow<'a, str>>,
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    form_payment: Option<Cow<'a, PaymentId>>,
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
            .find_map(|(_, value)| unseal(&config.sealing_keys, &name, value))
            .unwrap_or_default()
    }

    /// Reads what is sealed.
    #[must_use]
    pub fn read(plain: &[u8]) -> Option<Self> {
        let sealed: Sealed<'_> = serde_json::from_slice(plain).ok()?;
        Some(Self {
            known: sealed.known.into_owned(),
            name: sealed.name.map(Cow::into_owned),
            form_key: sealed.form_key.map(Cow::into_owned),
            form_payment: sealed.form_payment.map(Cow::into_owned),
            by_form: false,
            changed: false,
        })
    }

    /// As much of it as a request must keep that adds no payment: nothing, where there is no form's key to forget.
    #[must_use]
    pub fn for_question(self) -> Self {
        if self.form_key.is_some() {
            self
        } else {
            Self::default()
        }
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
        if self.by_form {
            self.form_payment = Some(known.payment_id.clone());
        }
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

    /// The name that it has.
    #[must_use]
    pub fn named(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The key for a plain form's order: the same until its payment is seen paid, so that pressing twice pays once.
    ///
    /// Where there is none yet it is the one that the page put into its form, if it did: two presses before the first answer has brought
    /// the cookie would otherwise have two.
    pub fn form_key(&mut self, of_page: Option<&str>, random: &[u8]) -> String {
        self.by_form = true;
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

    /// Forgets the form's key if this is its payment: it is shown as paid, so that the next form is meant as another.
    pub fn forget_form_key(&mut self, paid: &PaymentId) {
        if self.form_payment.as_ref() == Some(paid) {
            self.form_payment = None;
            self.changed |= self.form_key.take().is_some();
        }
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
        let value = seal(&config.sealing_keys, &name, self, random)?;
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

fn seal(keys: &[[u8; 32]], name: &str, session: &Session, random: &[u8]) -> Option<String> {
    let nonce = random.get(..NONCE_BYTES)?;
    let sealed = Sealed {
        known: Cow::Borrowed(&session.known),
        name: session.name.as_deref().map(Cow::Borrowed),
        form_key: session.form_key.as_deref().map(Cow::Borrowed),
        form_payment: session.form_payment.as_ref().map(Cow::Borrowed),
    };
    let plain = serde_json::to_vec(&sealed).ok()?;
    let sealed = encrypt(*keys.first()?, nonce, &plain, name.as_bytes())?;
    Some(Base64UrlUnpadded::encode_string(&[nonce, &sealed].concat()))
}

fn unseal(keys: &[[u8; 32]], name: &str, value: &str) -> Option<Session> {
    let bytes = Base64UrlUnpadded::decode_vec(value).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES)?;
    let plain = keys
        .iter()
        .find_map(|key| decrypt(*key, nonce, sealed, name.as_bytes()))?;
    Session::read(&plain)
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
