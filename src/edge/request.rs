//! A request as the host hands it over: flat, and read where it is needed.

use super::config::Config;
use super::problem::Problem;
use crate::paysg::{FieldError, Json, Rule, json};

/// The headers that the edge reads, in the order in which the host sends their values.
pub const HEADERS: [&str; 10] = [
    "accept",
    "content-type",
    "cookie",
    "origin",
    "sec-fetch-site",
    "authorization",
    "idempotency-key",
    "paysg-signature",
    "access-control-request-method",
    "sec-fetch-mode",
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
    /// `Sec-Fetch-Mode`
    pub fetch_mode: &'a str,
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
            fetch_mode: next(),
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
    ///
    /// `Accept` says so where it names HTML or JSON. Some CDNs drop it, or write `*/*` in its place: then the browser's own word for a
    /// navigation decides, which no page can forge, and where that is missing too, whether a form was sent.
    #[must_use]
    pub fn wants_page(&self) -> bool {
        if self.accept.contains("text/html") {
            return true;
        }
        match self.fetch_mode {
            "navigate" => true,
            "" => {
                !self.accept.contains("application/json")
                    && self.form_kind().is_some()
                    && !self.is_json_in_a_form()
            }
            _ => false,
        }
    }

    fn form_kind(&self) -> Option<FormKind> {
        let media_type = self.media_type();
        if media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Some(FormKind::UrlEncoded)
        } else if media_type.eq_ignore_ascii_case("multipart/form-data") {
            Some(FormKind::Multipart)
        } else {
            None
        }
    }

    /// What curl calls each body that it is given. No form begins so: a browser would write `%7B`.
    fn is_json_in_a_form(&self) -> bool {
        let body = self.body.unwrap_or_default();
        body.trim_ascii_start().starts_with(b"{")
    }

    fn media_type(&self) -> &'a str {
        let media_type = self.content_type.split(';').next();
        media_type.unwrap_or_default().trim()
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

    /// Refuses what is neither JSON nor a form.
    ///
    /// # Errors
    /// 415.
    pub fn check_media_type(&self) -> Result<(), Problem> {
        if self.form_kind().is_some() || self.is_json() {
            Ok(())
        } else {
            Err(Problem::media_type())
        }
    }

    fn is_json(&self) -> bool {
        self.media_type().eq_ignore_ascii_case("application/json")
    }

    /// The body as an object, from JSON or from a form. Of a form's fields only those for which `is_ours`: frameworks add fields of their
    /// own to every form (anti-forgery tokens, the name of the button), which say nothing of the order.
    ///
    /// # Errors
    /// 413, 415, or 400 for what is not an object.
    pub fn object(&self, is_ours: fn(&str) -> bool) -> Result<Json, Problem> {
        self.check_media_type()?;
        let body = self.body.ok_or_else(Problem::too_large)?;
        match self.form_kind() {
            Some(FormKind::UrlEncoded) if self.is_json_in_a_form() => Err(Problem::json_as_form()),
            Some(FormKind::UrlEncoded) => form(
                form_urlencoded::parse(body)
                    .map(|(name, value)| (name.into_owned(), Some(value.into_owned()))),
                is_ours,
            ),
            Some(FormKind::Multipart) => form(parts(body)?.into_iter(), is_ours),
            None => match json::parse(body) {
                Ok(Json::Object(fields)) if fields.len() > MAX_FIELDS => Err(too_many_fields()),
                Ok(object @ Json::Object(_)) => Ok(object),
                Ok(_) => Err(Problem::field("body", Rule::Type)),
                Err(error) => Err(Problem::json(&error)),
            },
        }
    }
}

/// How a form is written.
#[derive(Clone, Copy)]
enum FormKind {
    UrlEncoded,
    Multipart,
}

fn too_many_fields() -> Problem {
    let limit = MAX_FIELDS as u64;
    Problem::fields(vec![FieldError::with_limit("body", Rule::TooMany, limit)])
}

/// A field of a form; no text where it is a file.
type Field = (String, Option<String>);

/// A multipart form as the host has read it with the runtime's own parser: `[[name, text or null], …]`.
fn parts(body: &[u8]) -> Result<Vec<Field>, Problem> {
    let malformed = || Problem::field("body", Rule::Format);
    let parts = json::parse(body).map_err(|_| malformed())?;
    let field = |part: &Json| match part.as_array() {
        Some([Json::String(name), Json::String(text)]) => Some((name.clone(), Some(text.clone()))),
        Some([Json::String(name), Json::Null]) => Some((name.clone(), None)),
        _ => None,
    };
    let fields = parts.as_array().ok_or_else(malformed)?;
    let fields: Option<Vec<Field>> = fields.iter().map(field).collect();
    fields.ok_or_else(malformed)
}

/// A form as an object of texts. Browsers send the fields that were left empty, too.
fn form(given: impl Iterator<Item = Field>, is_ours: fn(&str) -> bool) -> Result<Json, Problem> {
    let mut fields: Vec<(String, Json)> = Vec::new();
    for (name, value) in given {
        if !is_ours(&name) || value.as_deref() == Some("") {
            continue;
        }
        if fields.len() >= MAX_FIELDS {
            return Err(too_many_fields());
        }
        if fields.iter().any(|(known, _)| *known == name) {
            return Err(Problem::field(&name, Rule::Duplicate));
        }
        let value = value.ok_or_else(|| Problem::field(&name, Rule::Type))?;
        fields.push((name, Json::String(value)));
    }
    Ok(Json::Object(fields))
}
