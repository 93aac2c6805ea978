//! Shared keys, with rotation.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// One or more keys: the first signs, all verify. Each is held as the state of an HMAC that has taken it in: half of what a short message costs.
#[derive(Clone)]
pub struct Keys(Vec<Hmac<Sha256>>);

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
        let good = |key: &[u8]| key.len() >= min_bytes.max(1) && key.trim_ascii() == key;
        let keys = || text.split(',').map(str::as_bytes);
        keys().all(good).then(|| Self::of(keys()))
    }

    pub(super) fn of<'k>(keys: impl Iterator<Item = &'k [u8]>) -> Self {
        // HMAC takes keys of any length; the type cannot say so.
        Self(
            keys.filter_map(|key| Hmac::new_from_slice(key).ok())
                .collect(),
        )
    }

    /// 256-bit keys for another purpose, newest first. Any text of 32 bytes makes one, since the text is the input of a hash.
    pub fn derive(&self, purpose: &[u8]) -> impl Iterator<Item = [u8; 32]> {
        self.0
            .iter()
            .map(move |key| tag(key, purpose).finalize().into_bytes().into())
    }

    /// The tag of a message, under the first key.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        self.0.first().map_or([0; 32], |key| {
            tag(key, message).finalize().into_bytes().into()
        })
    }

    /// Whether the tag is the message's under any key. Every key is tried, in constant time.
    #[must_use]
    pub fn verify(&self, message: &[u8], expected: &[u8]) -> bool {
        let mut good = false;
        for key in &self.0 {
            good |= tag(key, message).verify_slice(expected).is_ok();
        }
        good
    }
}

fn tag(key: &Hmac<Sha256>, message: &[u8]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    mac.update(message);
    mac
}
