//! A request as the host hands it over: flat, and read where it is needed.

use super::config::Config;
use super::problem::Problem;
use crate::paysg::{FieldError, Json, Rule, json};

/// The headers that the edge reads, in the order in which the host sends their values.
pub const HEADERS: [&str; 9] = [
    "accept",
    "content-type",
    "cookie",
    "origin",
    "sec-fetch-site",
    "authorization",
    "idempotency-key",
    "paysg-signature",
    "access-control-request-method",
];

/// A request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// In capitals.
    pub method: &'a str,
    /// The path, as it came.
    pub path: &'a str,
    /// The query, without its question mark.
    pub query: &'a str,
    /// `Accept`
    pub accept: &'a str,
    /// `Content-Type`
    pub content_type: &'a str,
    /// `Cookie`
    pub cookie: &'a str,
    /// `Origin`
    pub origin: &'a str,
    /// `Sec-Fetch-Site`
    pub fetch_site: &'a str,
    /// `Authorization`
    pub authorization: &'a str,
    /// `Idempotency-Key`
    pub idempotency_key: &'a str,
    /// `PaySG-Signature`
    pub signature: &'a str,
    /// `Access-Control-Request-Method`
    pub preflight_for: &'a str,
    /// The caller's address, where the host knows it.
    pub address: &'a str,
    /// The body, as it came; `None` where it was larger than the limit.
    pub body: Option<&'a [u8]>,
    /// What else is larger than its limit.
    pub oversized: Option<Oversized>,
}

/// A part of a request that is larger than its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oversized {
    /// The URL.
    Url,
    /// The headers that the edge reads, all together.
    Headers,
}

/// PaySG's return parameters are below 200 bytes.
const MAX_URL_BYTES: usize = 8 * 1024;
/// Of the headers that the edge reads. Its own cookie is below 4 KiB; those of the e-service come along.
const MAX_HEADER_BYTES: usize = 32 * 1024;
/// PaySG's create parameters are fifteen.
const MAX_FIELDS: usize = 64;

impl<'a> Request<'a> {
    /// Reads what the host sends: the URL, and separated by NUL the values of [`HEADERS`] and the caller's address.
    #[must_use]
    pub fn read(method: &'a str, url: &'a str, headers: &'a str, body: Option<&'a [u8]>) -> Self {
        let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
        let from_path = after_scheme
            .find(['/', '?', '#'])
            .and_then(|at| after_scheme.get(at..))
            .unwrap_or("/");
        let without_fragment = from_path.split('#').next().unwrap_or_default();
        let (path, query) = without_fragment
            .split_once('?')
            .unwrap_or((without_fragment, ""));
        let mut values = headers.split('\0');
        let mut next = || values.next().unwrap_or_default();
        Self {
            method,
            path,
            query,
            accept: next(),
            content_type: next(),
            cookie: next(),
            origin: next(),
            fetch_site: next(),
            authorization: next(),
            idempotency_key: next(),
            signature: next(),
            preflight_for: next(),
            address: next(),
            body,
            oversized: if url.len() > MAX_URL_BYTES {
                Some(Oversized::Url)
            } else if headers.len() > MAX_HEADER_BYTES {
                Some(Oversized::Headers)
            } else {
                None
            },
        }
    }

    /// Whether the answer is for a person to look at rather than for a program.
    #[must_use]
    pub fn wants_page(&self) -> bool {
        self.accept.contains("text/html")
    }

    /// The origin of the page that calls, where it is another than ours and may.
    #[must_use]
    pub fn allowed_origin<'c>(&self, config: &'c Config) -> Option<&'c str> {
        config
            .allowed_origins
            .iter()
            .find(|origin| *origin == self.origin)
            .map(String::as_str)
    }

    /// Refuses pages of other sites. Browsers send `Origin` with every POST; who sends neither header is no browser.
    ///
    /// `Origin: null` is what a page with `Referrer-Policy: no-referrer` sends: `Sec-Fetch-Site`, which no page can forge, decides then.
    ///
    /// # Errors
    /// [`Problem::origin`].
    pub fn check_origin(&self, config: &Config) -> Result<(), Problem> {
        let own = self.origin == config.public_origin || self.allowed_origin(config).is_some();
        let good = match self.origin {
            "" => matches!(self.fetch_site, "" | "none" | "same-origin"),
            "null" => self.fetch_site == "same-origin",
            _ => own,
        };
        if good { Ok(()) } else { Err(Problem::origin()) }
    }

    /// The bearer token.
    #[must_use]
    pub fn bearer(&self) -> Option<&'a str> {
        let (scheme, token) = self.authorization.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The body as an object, from JSON or from a form.
    ///
    /// # Errors
    /// 413, 415, or 400 for what is not an object.
    pub fn object(&self) -> Result<Json, Problem> {
        let body = self.body.ok_or_else(Problem::too_large)?;
        let media_type = self.content_type.split(';').next().unwrap_or_default();
        let media_type = media_type.trim().to_ascii_lowercase();
        match &*media_type {
            "application/json" => match json::parse(body) {
                Ok(Json::Object(fields)) if fields.len() > MAX_FIELDS => Err(too_many_fields()),
                Ok(object @ Json::Object(_)) => Ok(object),
                Ok(_) => Err(Problem::field("body", Rule::Type)),
                Err(error) => Err(Problem::json(&error)),
            },
            // What curl calls each body that it is given. No form begins so: a browser would write `%7B`.
            "application/x-www-form-urlencoded" if body.trim_ascii_start().starts_with(b"{") => {
                Err(Problem::json_as_form())
            }
            "application/x-www-form-urlencoded" => form(body),
            _ => Err(Problem::media_type()),
        }
    }
}

fn too_many_fields() -> Problem {
    let limit = MAX_FIELDS as u64;
    Problem::fields(vec![FieldError::with_limit("body", Rule::TooMany, limit)])
}

/// A form as an object of texts. Browsers send the fields that were left empty, too.
fn form(body: &[u8]) -> Result<Json, Problem> {
    let mut fields: Vec<(String, Json)> = Vec::new();
    for (name, value) in form_urlencoded::parse(body) {
        if value.is_empty() {
            continue;
        }
        if fields.len() >= MAX_FIELDS {
            return Err(too_many_fields());
        }
        if fields.iter().any(|(known, _)| *known == name) {
            return Err(Problem::field(&name, Rule::Duplicate));
        }
        fields.push((name.into_owned(), Json::String(value.into_owned())));
    }
    Ok(Json::Object(fields))
}
