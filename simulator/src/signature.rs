//! The signature header of a webhook [guide/webhooks]: HMAC-SHA256 over `timestamp.payload`, in whichever spelling the settings ask for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::clock::Timestamp;
use crate::settings::{Settings, SignatureEncoding, SignatureGrammar, SignatureTime};

/// `t=…, v1=…` for a payload signed at a moment.
pub(crate) fn header(secret: &str, at: Timestamp, payload: &[u8], settings: &Settings) -> String {
    let timestamp = match settings.signature_time {
        SignatureTime::Seconds => at.0.div_euclid(1000),
        SignatureTime::Milliseconds => at.0,
    };
    let signature = sign(secret, timestamp, payload);
    let signature = match settings.signature_encoding {
        SignatureEncoding::Hex => hex(&signature),
        SignatureEncoding::Base64 => STANDARD.encode(signature),
    };
    let separator = match settings.signature_grammar {
        SignatureGrammar::Spaced => ", ",
        SignatureGrammar::Tight => ",",
    };
    format!("t={timestamp}{separator}v1={signature}")
}

fn sign(secret: &str, timestamp: i64, payload: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        // HMAC takes keys of every length.
        return Vec::new();
    };
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(payload);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signed_text_is_timestamp_dot_payload() {
        // Computed with Python's hmac module.
        let expected = "7d44587dddbaf4c7f70fef20f48cd594834ffea1641e3ac227b84408298738af";
        assert_eq!(hex(&sign("whsec", 1_700_000_000, b"{}")), expected);
    }
}
