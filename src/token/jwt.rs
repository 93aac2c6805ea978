//! Compact JWS with HS256, and nothing else.

use std::fmt;

use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::{AUDIENCE, Keys};
use crate::paysg::{FieldError, Json, Rule, json};

/// A token longer than this is not read.
const MAX_BYTES: usize = 48 * 1024;

/// A kind of token.
pub(super) struct Kind {
    /// Its `typ`.
    pub(super) typ: &'static str,
    /// How far away its `exp` may be.
    pub(super) max_lifetime_secs: i64,
    /// The same in words.
    pub(super) max_lifetime: &'static str,
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// It is not a JWT.
    Malformed,
    /// It is not signed with HS256 and one of the keys.
    Signature,
    /// Its `typ` is not this, or it has none.
    Type(&'static str),
    /// Its `aud` is not us.
    Audience,
    /// Its `exp` is past.
    Expired,
    /// It has no `exp` that is a number.
    NoExpiry,
    /// Its `exp` is further away than this, which is how long tokens of its kind may live.
    Lifetime(&'static str),
    /// Its `nbf` is still to come.
    NotYet,
    /// It is authentic, and one of its claims breaks a rule.
    Claim {
        /// The claim.
        name: &'static str,
        /// The rule.
        rule: Rule,
        /// The number that the rule is about, where there is one.
        limit: Option<u64>,
    },
}

impl TokenError {
    pub(super) const fn claim(name: &'static str, rule: Rule) -> Self {
        let limit = None;
        Self::Claim { name, rule, limit }
    }

    /// The claim that breaks a rule.
    #[must_use]
    pub fn field(self) -> Option<FieldError> {
        match self {
            Self::Claim { name, rule, limit } => Some(FieldError {
                field: name.to_owned(),
                rule,
                limit,
            }),
            Self::Malformed
            | Self::Signature
            | Self::Type(_)
            | Self::Audience
            | Self::Expired
            | Self::NoExpiry
            | Self::Lifetime(_)
            | Self::NotYet => None,
        }
    }
}

impl fmt::Display for TokenError {
    /// What to look at.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: [&str; 3] = match self {
            Self::Malformed => [
                "not a JWT in compact form with a JSON object as its claims, each once",
                "",
                "",
            ],
            Self::Signature => [
                "not signed with HS256 and PAYSG_ORDER_KEY: the key is the bytes of its text, never decoded",
                "",
                "",
            ],
            Self::Type(typ) => ["its header must say `typ`: `", typ, "`"],
            Self::Audience => ["its `aud` is not `paysg-wasm`", "", ""],
            Self::Expired => ["its `exp` is past", "", ""],
            Self::NoExpiry => ["it has no `exp`, in seconds since 1970", "", ""],
            Self::Lifetime(most) => [
                "its `exp`, in seconds since 1970, is more than ",
                most,
                " away",
            ],
            Self::NotYet => ["its `nbf` is still to come", "", ""],
            Self::Claim { .. } => ["in its claims, ", "", ""],
        };
        for part in parts {
            f.write_str(part)?;
        }
        self.field().map_or(Ok(()), |field| field.fmt(f))
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
    kind: &Kind,
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
    if text(&header, "typ") != Some(kind.typ) {
        return Err(TokenError::Type(kind.typ));
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
        .ok_or(TokenError::NoExpiry)?;
    if exp <= now_secs {
        return Err(TokenError::Expired);
    }
    if exp.saturating_sub(now_secs) > kind.max_lifetime_secs {
        return Err(TokenError::Lifetime(kind.max_lifetime));
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
