//! Compact JWS with HS256, and nothing else.

use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::{AUDIENCE, Keys};
use crate::paysg::{Json, json};

/// A token longer than this is not read.
const MAX_BYTES: usize = 48 * 1024;

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// It is not a JWT, or says nothing of what it must.
    Malformed,
    /// It is not signed with HS256 and one of the keys.
    Signature,
    /// Its `typ` is of another kind of token.
    Type,
    /// Its `aud` is not us.
    Audience,
    /// Its `exp` is past.
    Expired,
    /// It has no `exp`, or one further away than tokens of its kind may have.
    Lifetime,
    /// Its `nbf` is still to come.
    NotYet,
}

impl TokenError {
    /// What to look at.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Malformed => {
                "not a JWT in compact form with a JSON object as its claims, each once"
            }
            Self::Signature => {
                "not signed with HS256 and PAYSG_ORDER_KEY: the key is the bytes of its text, never decoded"
            }
            Self::Type => "its `typ` header names another kind of token",
            Self::Audience => "its `aud` is not `paysg-wasm`",
            Self::Expired => "its `exp` is past",
            Self::Lifetime => {
                "its `exp` is missing, or further away than a token of this kind may have it"
            }
            Self::NotYet => "its `nbf` is still to come",
        }
    }
}

/// Makes a token of a kind from claims that are JSON already.
pub(super) fn sign(typ: &str, claims: &str, keys: &Keys) -> String {
    let header = format!("{{\"alg\":\"HS256\",\"typ\":\"{typ}\"}}");
    let mut token = Base64UrlUnpadded::encode_string(header.as_bytes());
    token.push('.');
    token.push_str(&Base64UrlUnpadded::encode_string(claims.as_bytes()));
    let tag = keys.sign(token.as_bytes());
    token.push('.');
    token.push_str(&Base64UrlUnpadded::encode_string(&tag));
    token
}

/// Reads a token's claims: signature first, then `typ`, `aud`, `exp` and `nbf`, all without leeway.
pub(super) fn verify(
    token: &str,
    typ: &str,
    max_lifetime_secs: i64,
    keys: &Keys,
    now_ms: i64,
) -> Result<Json, TokenError> {
    if token.len() > MAX_BYTES {
        return Err(TokenError::Malformed);
    }
    let (signed, tag) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
    let tag = decode(tag)?;
    if !keys.verify(signed.as_bytes(), &tag) {
        return Err(TokenError::Signature);
    }
    let header = object(header)?;
    // `crit` names extensions that must be understood (RFC 7515, 4.1.11); we understand none.
    if text(&header, "alg") != Some("HS256") || header.get("crit").is_some() {
        return Err(TokenError::Signature);
    }
    if text(&header, "typ") != Some(typ) {
        return Err(TokenError::Type);
    }
    let claims = object(claims)?;
    let for_us = match claims.get("aud") {
        Some(Json::String(aud)) => aud == AUDIENCE,
        Some(Json::Array(auds)) => auds.iter().any(|aud| aud.as_str() == Some(AUDIENCE)),
        _ => false,
    };
    if !for_us {
        return Err(TokenError::Audience);
    }
    let now_secs = now_ms.div_euclid(1000);
    let exp = claims
        .get("exp")
        .and_then(numeric_date)
        .ok_or(TokenError::Lifetime)?;
    if exp <= now_secs {
        return Err(TokenError::Expired);
    }
    if exp.saturating_sub(now_secs) > max_lifetime_secs {
        return Err(TokenError::Lifetime);
    }
    match claims.get("nbf") {
        None => {}
        Some(nbf) if numeric_date(nbf).is_some_and(|nbf| nbf <= now_secs) => {}
        Some(_) => return Err(TokenError::NotYet),
    }
    Ok(claims)
}

/// A string claim.
pub(super) fn text<'a>(claims: &'a Json, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Json::as_str)
}

/// A NumericDate in whole seconds; a fraction, which some libraries write, is cut off.
fn numeric_date(value: &Json) -> Option<i64> {
    let Json::Number(token) = value else {
        return None;
    };
    let whole = token
        .split_once('.')
        .map_or(token.as_str(), |(whole, fraction)| {
            if fraction.bytes().all(|byte| byte.is_ascii_digit()) {
                whole
            } else {
                ""
            }
        });
    whole.parse().ok()
}

fn decode(part: &str) -> Result<Vec<u8>, TokenError> {
    Base64UrlUnpadded::decode_vec(part).map_err(|_| TokenError::Malformed)
}

fn object(part: &str) -> Result<Json, TokenError> {
    match json::parse(&decode(part)?) {
        Ok(object @ Json::Object(_)) => Ok(object),
        _ => Err(TokenError::Malformed),
    }
}
