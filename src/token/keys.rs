//! Shared keys, with rotation.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// One or more keys: the first signs, all verify.
#[derive(Clone)]
pub struct Keys(pub(super) Vec<Box<[u8]>>);

impl core::fmt::Debug for Keys {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Keys(..)")
    }
}

impl Keys {
    /// How long a key must be, in bytes: the output of the hash (RFC 7518, 3.2).
    pub const MIN_BYTES: usize = 32;

    /// Reads comma-separated keys. A key is the bytes of its text, never decoded.
    ///
    /// `None` where one is shorter than `min_bytes` or has white space around it: that is a slip of copying, which would make two
    /// parties use two keys.
    #[must_use]
    pub fn parse(text: &str, min_bytes: usize) -> Option<Self> {
        let keys: Vec<Box<[u8]>> = text
            .split(',')
            .map(|key| Box::from(key.as_bytes()))
            .collect();
        let good = |key: &[u8]| key.len() >= min_bytes.max(1) && key.trim_ascii() == key;
        keys.iter().all(|key| good(key)).then_some(Self(keys))
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|key| &**key)
    }

    /// 256-bit keys for another purpose, newest first. Any text of 32 bytes makes one, since the text is the input of a hash.
    pub fn derive(&self, purpose: &[u8]) -> impl Iterator<Item = [u8; 32]> {
        self.iter()
            .filter_map(move |key| tag(key, purpose))
            .map(|mac| mac.finalize().into_bytes().into())
    }

    /// The tag of a message, under the first key.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        self.iter()
            .next()
            .and_then(|key| tag(key, message))
            .map_or([0; 32], |mac| mac.finalize().into_bytes().into())
    }

    /// Whether the tag is the message's under any key. Every key is tried, in constant time.
    #[must_use]
    pub fn verify(&self, message: &[u8], expected: &[u8]) -> bool {
        let mut good = false;
        for key in self.iter() {
            good |= tag(key, message).is_some_and(|mac| mac.verify_slice(expected).is_ok());
        }
        good
    }
}

/// HMAC takes keys of any length, so this is never `None`; the type cannot say so.
fn tag(key: &[u8], message: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(message);
    Some(mac)
}
