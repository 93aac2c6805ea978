//! What this browser's own payments are: sealed cookies, so that the edge needs no storage to know its payers again.
//!
//! Each payment has a cookie of its own, named after it, and one more is for the browser. Answers that overlap (two tabs, two presses) then
//! set different cookies, and no answer can undo another's: nothing is read, merged and written back.

use std::collections::BTreeSet;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::config::Config;
use crate::ledger::{Digest, intent_name};
use crate::paysg::{Payment, PaymentId, PaymentServiceId};

const MAX_INTENTS: usize = 8;
const MAX_AGE_SECS: u32 = 86_400;
/// A shared computer has another person in front of it an hour later: `/resume` opens nothing older.
const RESUMABLE_MS: i64 = 3_600_000;
const NONCE_BYTES: usize = 24;
/// How much of a payment's digest names its cookie.
const SUFFIX_DIGITS: usize = 12;
/// Longer keys are kept as their digest, so that the cookie stays small.
const MAX_SEED: usize = 64;
/// Of the digest of a page's key.
const KEY_DIGITS: usize = 8;
/// How many pages of one order are known again after its payment was shown as paid.
const MAX_KEYS_DIGITS: usize = 8 * KEY_DIGITS;

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
    /// When the payer last asked for it.
    #[serde(rename = "t")]
    pub pressed_at_ms: i64,
    /// The order of the catalogue that it is of, if it is of one.
    #[serde(rename = "o")]
    pub order: Option<KnownOrder>,
}

/// An order of the catalogue that this browser has pressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownOrder {
    /// The digest of item, quantity and payer.
    #[serde(rename = "d")]
    digest: String,
    #[serde(rename = "r")]
    reference_id: String,
    /// Whether any equal press is for it. Once its payment was shown as paid, only those are whose page knows nothing of that.
    #[serde(rename = "w")]
    open: bool,
    /// Digests of the keys of the pages that pressed it, newest last.
    #[serde(rename = "k")]
    keys: String,
}

impl KnownOrder {
    fn is_of_page(&self, key: &str) -> bool {
        let keys = self.keys.as_bytes();
        keys.chunks(KEY_DIGITS).any(|known| known == key.as_bytes())
    }

    fn add_page(&mut self, key: &str) {
        if self.is_of_page(key) {
            return;
        }
        self.keys.push_str(key);
        let surplus = self.keys.len().saturating_sub(MAX_KEYS_DIGITS);
        self.keys.drain(..surplus);
    }
}

impl Known {
    /// Whether a GET shows the very payment that this browser asked for: id, service, reference and amount.
    #[must_use]
    pub fn is(&self, payment: &Payment) -> bool {
        self.payment_id == payment.id
            && self.amount_in_cents == payment.amount_in_cents.get()
            && self.intent == intent_name(&payment.payment_service_id, &payment.reference_id)
    }

    /// Whether `/resume` may still lead to it.
    #[must_use]
    pub const fn is_resumable(&self, now_ms: i64) -> bool {
        now_ms.saturating_sub(self.pressed_at_ms) < RESUMABLE_MS
    }

    /// Browsers drop the cookie by its `Max-Age`; a copy of it is dropped here.
    const fn is_alive(&self, now_ms: i64) -> bool {
        now_ms.saturating_sub(self.pressed_at_ms) < (MAX_AGE_SECS as i64).saturating_mul(1000)
    }

    /// What the name of its cookie ends with. Nothing can be read from it: payment ids are random.
    fn suffix(&self) -> String {
        let digest = Digest::of(&[
            b"session cookie",
            self.payment_service_id.as_str().as_bytes(),
            self.payment_id.as_str().as_bytes(),
        ]);
        first(digest.as_str(), SUFFIX_DIGITS)
    }
}

/// This browser's most recent payments, and what a response changes in its cookies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Oldest first.
    known: Vec<Known>,
    browser: Browser,
    name_is_new: bool,
    seed_is_new: bool,
    /// Whether the browser's cookie is to be sent.
    renewed: bool,
    /// The order of the catalogue that this request asks for.
    asked: Option<KnownOrder>,
    /// The ends of the names of cookies to send.
    changed: BTreeSet<String>,
    /// The ends of the names of cookies to remove.
    removed: BTreeSet<String>,
    forgotten: bool,
}

/// The browser's own cookie.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Browser {
    /// What it is counted by, where requests are limited.
    #[serde(rename = "i")]
    name: Option<String>,
    /// What the references of its catalogue orders are made from.
    #[serde(rename = "k")]
    seed: Option<String>,
}

impl Session {
    /// Opens the cookies. One that cannot be opened, or is older than a day, is none.
    #[must_use]
    pub fn open(config: &Config, cookies: &str, now_ms: i64) -> Self {
        let mut session = Self::default();
        let mut browser = None;
        for (name, suffix, value) in cookies_of(&cookie_name(config), cookies) {
            if suffix.is_empty() {
                browser = browser.or_else(|| unseal(&config.sealing_keys, name, value));
                continue;
            }
            let known: Option<Known> = unseal(&config.sealing_keys, name, value);
            session.known.extend(known.filter(|known| {
                known.suffix() == suffix
                    && known.is_alive(now_ms)
                    && session.known.iter().all(|other| other.suffix() != suffix)
            }));
        }
        session.known.sort_by_key(|known| known.pressed_at_ms);
        session.browser = browser.unwrap_or_default();
        session
    }

    /// Has each of these cookies removed, those included that cannot be opened.
    #[must_use]
    pub fn forget(config: &Config, cookies: &str) -> Self {
        let base = cookie_name(config);
        let suffixes = cookies_of(&base, cookies).map(|(_, suffix, _)| suffix);
        Self {
            removed: suffixes
                .filter(|suffix| !suffix.is_empty())
                .map(str::to_owned)
                .collect(),
            forgotten: true,
            ..Self::default()
        }
    }

    /// As much of it as a question about a payment needs: nothing, unless the answer may end an order of the catalogue.
    #[must_use]
    pub fn for_question(self, known: Option<&Known>) -> Self {
        if known.is_some_and(|known| known.order.is_some()) {
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

    /// Adds a payment, as the newest.
    pub fn add(&mut self, mut known: Known) {
        known.order = self.asked.take();
        let suffix = known.suffix();
        self.known.retain(|other| other.suffix() != suffix);
        self.known.push(known);
        let surplus = self.known.len().saturating_sub(MAX_INTENTS);
        let evicted = self.known.drain(..surplus).map(|known| known.suffix());
        self.removed.extend(evicted);
        self.changed.insert(suffix);
        self.renewed |= self.name_is_new;
    }

    /// What the browser is counted by. One that had no name gets it with its first payment.
    pub fn name(&mut self, random: &[u8]) -> Option<String> {
        if self.browser.name.is_none() {
            self.browser.name = Some(Base64UrlUnpadded::encode_string(random));
            self.name_is_new = true;
            return None;
        }
        self.browser.name.clone()
    }

    /// The name that it has.
    #[must_use]
    pub fn named(&self) -> Option<&str> {
        self.browser.name.as_deref()
    }

    /// The reference of an order of the catalogue: that of this browser's equal order, until its payment was shown as paid. A page that pressed that order
    /// itself gets its reference after that too: the page may have promised that another press is the same payment.
    ///
    /// `digest` is that of item, quantity and payer, and `reference_of` makes a reference from a seed. The seed is the browser's; one that has none yet gets
    /// `key`, which its page has sent, so that a press whose answer never arrived is the same when it is repeated.
    pub fn reference_of(
        &mut self,
        digest: &str,
        key: Option<&str>,
        random: &[u8],
        reference_of: impl FnOnce(&str) -> String,
    ) -> String {
        let page = key.map(|key| first(Digest::of(&[key.as_bytes()]).as_str(), KEY_DIGITS));
        let equal = || {
            let orders = self.newest_first().filter_map(|known| known.order.as_ref());
            orders.filter(|order| order.digest == digest)
        };
        let of_page = |order: &&KnownOrder| page.as_ref().is_some_and(|key| order.is_of_page(key));
        let known = equal()
            .find(of_page)
            .or_else(|| equal().find(|order| order.open));
        let mut order = known.cloned().unwrap_or_else(|| KnownOrder {
            digest: digest.to_owned(),
            reference_id: reference_of(&self.seed(key, random)),
            open: true,
            keys: String::new(),
        });
        if let Some(key) = &page {
            order.add_page(key);
        }
        self.asked.insert(order).reference_id.clone()
    }

    fn seed(&mut self, key: Option<&str>, random: &[u8]) -> String {
        if let Some(seed) = &self.browser.seed {
            return seed.clone();
        }
        let seed = match key {
            Some(key) if key.len() <= MAX_SEED => key.to_owned(),
            Some(key) => Digest::of(&[key.as_bytes()]).as_str().to_owned(),
            None => Base64UrlUnpadded::encode_string(random.get(..16).unwrap_or(random)),
        };
        self.browser.seed = Some(seed.clone());
        self.seed_is_new = true;
        self.renewed = true;
        seed
    }

    /// Whether this request's answer brings the browser its seed.
    #[must_use]
    pub const fn seed_is_new(&self) -> bool {
        self.seed_is_new
    }

    /// Ends the order of a payment that the payer is shown as paid: an equal one is meant as another.
    ///
    /// The seed changes too, since this payment's cookie does not live as long as the payment. What it becomes depends on nothing but the payment, so that two tabs that
    /// show it at once agree.
    pub fn shown_as_paid(&mut self, paid: &PaymentId) {
        let mut known = self.known.iter();
        let Some(reference_id) = known
            .find(|known| known.payment_id == *paid)
            .and_then(|known| known.order.as_ref())
            .filter(|order| order.open)
            .map(|order| order.reference_id.clone())
        else {
            return;
        };
        for known in &mut self.known {
            let suffix = known.suffix();
            if let Some(order) = &mut known.order
                && order.reference_id == reference_id
            {
                order.open = false;
                self.changed.insert(suffix);
            }
        }
        if let Some(seed) = &mut self.browser.seed {
            let next = Digest::of(&[b"next seed", seed.as_bytes(), paid.as_str().as_bytes()]);
            *seed = first(next.as_str(), 32);
            self.renewed = true;
        }
    }

    /// Has the browser's cookie sent again as it is.
    pub const fn renew(&mut self) {
        self.renewed = true;
    }

    /// The values of `Set-Cookie` to send, those of payments first. `random` seals them.
    #[must_use]
    pub fn cookies(&self, config: &Config, random: &[u8]) -> Vec<String> {
        let base = cookie_name(config);
        let name_of = |suffix: &String| format!("{base}-{suffix}");
        let mut cookies: Vec<String> = self
            .known
            .iter()
            .map(|known| (known.suffix(), known))
            .filter(|(suffix, _)| self.changed.contains(suffix))
            .filter_map(|(suffix, known)| {
                set_cookie(config, &name_of(&suffix), known, random, MAX_AGE_SECS)
            })
            .collect();
        if self.renewed {
            cookies.extend(set_cookie(
                config,
                &base,
                &self.browser,
                random,
                MAX_AGE_SECS,
            ));
        }
        let mut removed: Vec<String> = self.removed.iter().map(name_of).collect();
        if self.forgotten {
            removed.push(base);
        }
        cookies.extend(
            removed
                .iter()
                .map(|name| with_attributes(config, name, "", 0)),
        );
        cookies
    }
}

/// The first characters of a text of hexadecimal digits.
fn first(digits: &str, count: usize) -> String {
    digits.get(..count).unwrap_or(digits).to_owned()
}

/// `__Host-paysg-XXXX`, the first four digits of the default payment service, so that two e-services of one host do not overwrite
/// each other's. Browsers refuse the prefix without HTTPS, so a simulator's edge on this machine does without.
///
/// This is the browser's cookie; those of payments have a hyphen and twelve digits after it.
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

/// Our cookies in a `Cookie` header: the name, what it ends with, and the value. Only names that we give are ours, as some of them are sent back.
fn cookies_of<'c>(
    base: &'c str,
    cookies: &'c str,
) -> impl Iterator<Item = (&'c str, &'c str, &'c str)> {
    let is_suffix = |suffix: &str| {
        suffix.len() == SUFFIX_DIGITS
            && suffix
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    cookies.split(';').filter_map(move |pair| {
        let (name, value) = pair.trim().split_once('=')?;
        let suffix = match name.strip_prefix(base)? {
            "" => "",
            rest => rest.strip_prefix('-').filter(|suffix| is_suffix(suffix))?,
        };
        Some((name, suffix, value))
    })
}

fn set_cookie(
    config: &Config,
    name: &str,
    content: &impl Serialize,
    random: &[u8],
    max_age_secs: u32,
) -> Option<String> {
    let value = seal(&config.sealing_keys, name, content, random)?;
    Some(with_attributes(config, name, &value, max_age_secs))
}

fn with_attributes(config: &Config, name: &str, value: &str, max_age_secs: u32) -> String {
    let secure = if config.secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={max_age_secs}; HttpOnly; SameSite=Lax{secure}")
}

/// Seals for a cookie of this name. The nonce is a function of the name too: one step seals several cookies by the same random bytes, and no two
/// may have one nonce.
fn seal(keys: &[[u8; 32]], name: &str, content: &impl Serialize, random: &[u8]) -> Option<String> {
    let random = random.get(..NONCE_BYTES)?;
    let digest = Sha256::new()
        .chain_update(random)
        .chain_update(name)
        .finalize();
    let nonce = digest.get(..NONCE_BYTES)?;
    let plain = serde_json::to_vec(content).ok()?;
    let sealed = encrypt(*keys.first()?, nonce, &plain, name.as_bytes())?;
    Some(Base64UrlUnpadded::encode_string(&[nonce, &sealed].concat()))
}

fn unseal<T: DeserializeOwned>(keys: &[[u8; 32]], name: &str, value: &str) -> Option<T> {
    let bytes = Base64UrlUnpadded::decode_vec(value).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES)?;
    let plain = keys
        .iter()
        .find_map(|key| decrypt(*key, nonce, sealed, name.as_bytes()))?;
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
