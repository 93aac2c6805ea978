//! The signature of a webhook.
//!
//! `PaySG-Signature: t=TIMESTAMP, v1=SIGNATURE` `[guide/webhooks]`, HMAC-SHA256 with the endpoint's secret over
//! `TIMESTAMP.PAYLOAD`. The guide states neither the encoding of `v1` nor the unit of `t`, so hex and base64, seconds and
//! milliseconds are all read, and none of them loosely.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::time;

/// Name of the header, in lower case.
pub const HEADER_NAME: &str = "paysg-signature";
/// How far a timestamp may be from now, either way, in seconds.
pub const TOLERANCE_SECS: u32 = 300;
/// Longest header that is read, in bytes.
pub const MAX_HEADER_BYTES: usize = 1024;
/// Most `v1` that a header may hold.
pub const MAX_TAGS: usize = 8;

const TAG_BYTES: usize = 32;
type Tag = [u8; TAG_BYTES];

/// A signature header that is well formed, which says nothing about whether it is authentic.
#[derive(Clone, PartialEq, Eq)]
pub struct Header {
    /// As sent: the signature is over these characters.
    timestamp: String,
    timestamp_ms: i64,
    tags: Vec<Tag>,
}

/// Why a signature header is malformed; never holds a value of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SignatureError {
    /// Longer than [`MAX_HEADER_BYTES`].
    TooLong,
    /// There is none, or nothing in it.
    Missing,
    /// Not a list of `name=value`.
    Grammar,
    /// No `t`.
    NoTimestamp,
    /// More than one `t`, as when a runtime joins two headers.
    SecondTimestamp,
    /// `t` is not 1 to 16 digits.
    Timestamp,
    /// No `v1` at all.
    NoSignature,
    /// More `v1` than [`MAX_TAGS`].
    TooManySignatures,
    /// No `v1` is 32 bytes in hex or base64.
    Signature,
}

impl SignatureError {
    /// What to tell the one who configures the webhook.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "signature header is too long",
            Self::Missing => "signature header is missing",
            Self::Grammar => "signature header is not a list of name=value",
            Self::NoTimestamp => "signature header has no t",
            Self::SecondTimestamp => "signature header has more than one t",
            Self::Timestamp => "t of the signature header is not a Unix time",
            Self::NoSignature => "signature header has no v1",
            Self::TooManySignatures => "signature header has too many v1",
            Self::Signature => "v1 of the signature header is not 32 bytes in hex or base64",
        }
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for SignatureError {}

impl Header {
    /// Reads the header: `name=value` separated by commas, with spaces or tabs about each pair if need be.
    ///
    /// Exactly one `t`, of 1 to 16 digits; 1 to 8 `v1`, of which at least one is 32 bytes in hex (64 digits, any case) or base64 (44
    /// characters, or 43 without padding, either alphabet). A `v1` of another length or alphabet can never match, and costs the
    /// others nothing. Other names are ignored, as later versions of the scheme would come under them.
    ///
    /// # Errors
    /// [`SignatureError`], one for each way of being malformed.
    pub fn parse(text: &str) -> Result<Self, SignatureError> {
        if text.len() > MAX_HEADER_BYTES {
            return Err(SignatureError::TooLong);
        }
        if text.trim().is_empty() {
            return Err(SignatureError::Missing);
        }
        let mut timestamp = None;
        let mut signatures = 0_usize;
        let mut tags = Vec::new();
        for pair in text.split(',') {
            let (name, value) = pair
                .trim_matches([' ', '\t'])
                .split_once('=')
                .ok_or(SignatureError::Grammar)?;
            if !is_token(name) {
                return Err(SignatureError::Grammar);
            }
            match name {
                "t" if timestamp.is_some() => return Err(SignatureError::SecondTimestamp),
                "t" => timestamp = Some(value),
                "v1" => {
                    signatures = signatures.saturating_add(1);
                    tags.extend(decode_tag(value));
                }
                _ => {}
            }
        }
        let timestamp = timestamp.ok_or(SignatureError::NoTimestamp)?;
        let digits =
            (1..=16).contains(&timestamp.len()) && timestamp.bytes().all(|b| b.is_ascii_digit());
        let unix_time = timestamp
            .parse()
            .ok()
            .filter(|_| digits)
            .ok_or(SignatureError::Timestamp)?;
        match (signatures, tags.len()) {
            (0, _) => return Err(SignatureError::NoSignature),
            (count, _) if count > MAX_TAGS => return Err(SignatureError::TooManySignatures),
            (_, 0) => return Err(SignatureError::Signature),
            _ => {}
        }
        Ok(Self {
            timestamp: timestamp.to_owned(),
            timestamp_ms: time::ms_of_either_unit(unix_time),
            tags,
        })
    }

    /// `t` as sent: the signature is over these characters.
    #[must_use]
    pub fn timestamp(&self) -> &str {
        &self.timestamp
    }

    /// `t` in milliseconds since 1970, whichever unit it was sent in.
    #[must_use]
    pub const fn timestamp_ms(&self) -> i64 {
        self.timestamp_ms
    }
}

impl fmt::Debug for Header {
    /// The timestamp only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header")
            .field("timestamp_ms", &self.timestamp_ms)
            .finish_non_exhaustive()
    }
}

/// A webhook endpoint's secret: the UTF-8 bytes of the text that PaySG gave, never decoded.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub(super) Box<[u8]>);

impl Secret {
    /// Takes a secret; `None` when it is empty, since anyone knows that one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.as_bytes().into()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Whether any signature of the header is that of the payload under any of the secrets.
///
/// `payload` is the body as it was sent, byte by byte: parsed and written again it is another. The time taken depends on the payload's
/// length and the numbers of secrets and signatures, not on what matches. It does not look at the age: see [`freshness`].
#[must_use]
pub fn verify(header: &Header, payload: &[u8], secrets: &[Secret]) -> bool {
    let expected: Vec<Tag> = secrets
        .iter()
        .map(|secret| tag(secret, &header.timestamp, payload))
        .collect();
    matches(header, &expected)
}

/// Whether any signature of the header is one of those expected, each 32 bytes long, in time that depends on their numbers only.
#[must_use]
pub fn matches(header: &Header, expected: &[[u8; 32]]) -> bool {
    let mut matches = Choice::from(0);
    for expected in expected {
        for sent in &header.tags {
            matches |= expected.ct_eq(sent);
        }
    }
    matches.into()
}

/// The 32 bytes that sign a payload sent at `timestamp`, which is written as in the header.
#[must_use]
pub fn tag(secret: &Secret, timestamp: &str, payload: &[u8]) -> [u8; 32] {
    // HMAC takes keys of every length; the empty one stands in for an error that cannot happen.
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret.0)
        .unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()));
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(payload);
    mac.finalize().into_bytes().into()
}

/// How a timestamp stands to the time of arrival.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Freshness {
    /// Within the tolerance, its bounds included.
    Fresh,
    /// From further in the future than the tolerance.
    Early,
    /// From further in the past than the tolerance: a late retry, or a replay.
    Late,
}

/// Compares a header's time with the time of arrival, both in milliseconds since 1970.
///
/// The tolerance holds both ways, bounds included; 0 means the very same millisecond, never "any time".
#[must_use]
pub const fn freshness(timestamp_ms: i64, now_ms: i64, tolerance_secs: u32) -> Freshness {
    let tolerance_ms = (tolerance_secs as i64).saturating_mul(1000);
    if timestamp_ms > now_ms.saturating_add(tolerance_ms) {
        Freshness::Early
    } else if timestamp_ms < now_ms.saturating_sub(tolerance_ms) {
        Freshness::Late
    } else {
        Freshness::Fresh
    }
}

/// Whether the text can be the name of a pair: letters, digits, `_` and `-`.
fn is_token(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// The 32 bytes of a signature in hex or base64; `None` for any other length or alphabet.
fn decode_tag(text: &str) -> Option<Tag> {
    let bits = match text.len() {
        64 => return decode_groups(text.as_bytes(), 4, hex_value),
        44 => text.strip_suffix('=')?,
        43 => text,
        _ => return None,
    };
    decode_groups(bits.as_bytes(), 6, base64_value)
}

/// Concatenates digits of so many bits each into 32 bytes; bits left over must be zero.
fn decode_groups(digits: &[u8], bits_each: u32, value: fn(u8) -> Option<u8>) -> Option<Tag> {
    let mut tag = [0; TAG_BYTES];
    let mut free = tag.iter_mut();
    let mut held = 0_u32;
    let mut bits = 0_u32;
    for digit in digits {
        held = held << bits_each | u32::from(value(*digit)?);
        bits = bits.saturating_add(bits_each);
        if bits >= 8 {
            bits = bits.saturating_sub(8);
            let [.., byte] = (held >> bits).to_be_bytes();
            *free.next()? = byte;
            // Only the bits that are not yet in a byte are kept.
            held &= (1_u32 << bits).saturating_sub(1);
        }
    }
    (free.next().is_none() && held == 0).then_some(tag)
}

const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        b'A'..=b'F' => Some(digit.wrapping_sub(b'A').wrapping_add(10)),
        _ => None,
    }
}

/// Both alphabets: `+/` and, for URLs, `-_`.
const fn base64_value(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit.wrapping_sub(b'A')),
        b'a'..=b'z' => Some(digit.wrapping_sub(b'a').wrapping_add(26)),
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0').wrapping_add(52)),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}
