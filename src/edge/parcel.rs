//! What the host carries from one step to the next, and reads nothing of: compact, and text, since it travels with text.
//!
//! Nothing of it is stored or leaves the instance, so that it need not explain itself as JSON does: that was a third of what a request cost
//! here. What is stored, and what an intent's object is asked and answers, is JSON.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Packs plain data.
#[must_use]
pub fn pack(value: &impl Serialize) -> String {
    // Plain data of known lengths: writing it to memory cannot fail, and an empty parcel would be refused.
    let bytes = postcard::to_extend(value, Vec::new()).unwrap_or_default();
    Base64UrlUnpadded::encode_string(&bytes)
}

/// Unpacks it; `None` for what was not packed here.
#[must_use]
pub fn unpack<T: DeserializeOwned>(text: &str) -> Option<T> {
    let bytes = Base64UrlUnpadded::decode_vec(text).ok()?;
    match postcard::take_from_bytes(&bytes) {
        Ok((value, [])) => Some(value),
        Ok(_) | Err(_) => None,
    }
}
