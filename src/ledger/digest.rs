//! Names and keys that are functions of what they name.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::paysg::{PaymentId, PaymentServiceId};

/// The version under which keys are derived. Changing it makes new payments of old intents: never do.
const VERSION: &str = "paysg-wasm/1";

/// A SHA-256, written as 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest(String);

impl Digest {
    /// The digest of the parts, each prefixed with its length (8 bytes, big-endian) so that no two lists of parts collide.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(base16ct::lower::encode_string(&hash.finalize()))
    }

    /// Reads the 64 digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 64 && text.bytes().all(digit)).then(|| Self(text.to_owned()))
    }

    /// The 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The `Idempotency-Key` under which PaySG is asked for an attempt's payment.
///
/// It depends on no secret, so that rotating one never makes a second payment.
#[must_use]
pub fn idempotency_key(service: &PaymentServiceId, reference_id: &str, attempt: u32) -> Digest {
    Digest::of(&[
        VERSION.as_bytes(),
        service.as_str().as_bytes(),
        reference_id.as_bytes(),
        &attempt.to_be_bytes(),
    ])
}

/// The `Idempotency-Key` of a refund: one for each command that asks for one.
#[must_use]
pub fn refund_key(payment: &PaymentId, command: &str) -> Digest {
    Digest::of(&[
        VERSION.as_bytes(),
        b"refund",
        payment.as_str().as_bytes(),
        command.as_bytes(),
    ])
}

/// The name of the object that holds an intent's ledger.
#[must_use]
pub fn intent_name(service: &PaymentServiceId, reference_id: &str) -> Digest {
    Digest::of(&[
        VERSION.as_bytes(),
        b"intent",
        service.as_str().as_bytes(),
        reference_id.as_bytes(),
    ])
}
