//! URLs of any host, which only the edge's configuration holds.

use super::{MAX_URL_BYTES, is_canonical_tail, is_loopback_host, split_port};

/// An `https:` URL of any host, in canonical spelling: a return URL, say, which PaySG refuses unless it is HTTPS.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct HttpsUrl(WebUrl);

impl HttpsUrl {
    /// Reads a URL; `None` unless it is `https:` and in canonical spelling.
    ///
    /// One thing is supplied, since operators write it so: the `/` after a bare origin.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        WebUrl::parse(text).filter(WebUrl::is_https).map(Self)
    }

    /// The whole URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Scheme, host and port, without a slash at the end.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.0.origin()
    }
}

/// An `https:` URL of any host, or an `http:` URL of this machine.
///
/// Hosts: lower-case letters, digits, `-` and `.`; four decimal numbers; or `[::1]`. No user name. A port in
/// canonical spelling. Internationalised names (`xn--`) are refused: whether they are valid depends on Unicode
/// tables that this crate does not carry.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct WebUrl {
    text: String,
    /// Where the path begins in `text`.
    path_at: usize,
}

impl WebUrl {
    /// Reads a URL; `None` unless it is `https:`, or `http:` of a loopback host, in canonical spelling.
    ///
    /// ```
    /// use paysg_wasm::paysg::WebUrl;
    /// let url = WebUrl::parse("http://127.0.0.1:8788/hook").unwrap();
    /// assert_eq!(url.origin(), "http://127.0.0.1:8788");
    /// assert!(WebUrl::parse("http://agency.gov.sg/").is_none());
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::check(text).ok()
    }

    /// Reads a URL like [`WebUrl::parse`], or says which part of it is refused.
    ///
    /// # Errors
    /// The first part that is not in canonical spelling, or not allowed.
    pub fn check(text: &str) -> Result<Self, UrlPart> {
        if text.len() > MAX_URL_BYTES {
            return Err(UrlPart::Length);
        }
        if text.trim() != text {
            return Err(UrlPart::WhiteSpace);
        }
        let (rest, default_port) = if let Some(rest) = text.strip_prefix("https://") {
            (rest, "443")
        } else {
            let rest = text.strip_prefix("http://").ok_or(UrlPart::Scheme)?;
            (rest, "80")
        };
        let authority_len = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at_checked(authority_len).ok_or(UrlPart::Host)?;
        if authority.contains('@') {
            return Err(UrlPart::UserInfo);
        }
        let host = split_port(authority, default_port).ok_or(UrlPart::Port)?;
        if !is_canonical_host(host) {
            return Err(UrlPart::Host);
        }
        if default_port == "80" && !is_loopback_host(host) {
            return Err(UrlPart::Scheme);
        }
        let path_at = text.len().saturating_sub(tail.len());
        if !tail.is_empty() && !is_canonical_tail(tail) {
            return Err(refused_part(tail));
        }
        let text = if tail.is_empty() {
            format!("{text}/")
        } else {
            text.to_owned()
        };
        Ok(Self { text, path_at })
    }

    /// What an origin may not have: the first part after it, if there is one.
    #[must_use]
    pub fn part_after_origin(&self) -> Option<UrlPart> {
        match self.path_and_query() {
            "" | "/" => None,
            tail if tail.starts_with("/?") => Some(UrlPart::Query),
            tail if tail.starts_with("/#") => Some(UrlPart::Fragment),
            _ => Some(UrlPart::Path),
        }
    }

    /// The whole URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port, without a slash at the end.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.text.get(..self.path_at).unwrap_or_default()
    }

    /// What follows the origin: path, query and fragment; at least `/`.
    #[must_use]
    pub fn path_and_query(&self) -> &str {
        self.text.get(self.path_at..).unwrap_or_default()
    }

    /// Whether the scheme is `https:`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.text.starts_with("https://")
    }

    /// Whether the host is this machine: `127.0.0.1`, `localhost` or `[::1]`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        super::is_loopback_origin(self.origin())
    }
}

/// A part of a URL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UrlPart {
    /// All of it: more than [`MAX_URL_BYTES`].
    Length,
    /// White space about it.
    WhiteSpace,
    /// `https:`, or `http:` of this machine.
    Scheme,
    /// A user name or a password.
    UserInfo,
    /// The host.
    Host,
    /// The port.
    Port,
    /// The path.
    Path,
    /// The query.
    Query,
    /// The fragment.
    Fragment,
}

impl UrlPart {
    /// What is wrong with it, as the end of a sentence.
    #[must_use]
    pub const fn fault(self) -> &'static str {
        match self {
            Self::Length => "it has more than 2048 bytes",
            Self::WhiteSpace => "it begins or ends with white space",
            Self::Scheme => "its scheme is not accepted",
            Self::UserInfo => "it holds a user name",
            Self::Host => "its host is not accepted (lower-case letters, digits, hyphens and dots)",
            Self::Port => "its port is not accepted (leave out the scheme's own)",
            Self::Path => "its path is not accepted",
            Self::Query => "its query is not accepted",
            Self::Fragment => "its fragment is not accepted",
        }
    }
}

/// Which part of a tail that is not canonical is to blame.
fn refused_part(tail: &str) -> UrlPart {
    let end = tail.find(['?', '#']).unwrap_or(tail.len());
    let (path, rest) = tail.split_at_checked(end).unwrap_or((tail, ""));
    if !path.is_empty() && !is_canonical_tail(path) {
        return UrlPart::Path;
    }
    // A browser writes a slash before it.
    if path.is_empty() && is_canonical_tail(&format!("/{rest}")) {
        return if rest.starts_with('?') {
            UrlPart::Query
        } else {
            UrlPart::Fragment
        };
    }
    let query = rest.split('#').next().unwrap_or_default();
    if is_canonical_tail(&format!("/{query}")) {
        UrlPart::Fragment
    } else {
        UrlPart::Query
    }
}

/// Whether a browser keeps this host as it is.
fn is_canonical_host(host: &str) -> bool {
    if host == "[::1]" {
        return true;
    }
    let mut last = "";
    for label in host.split('.') {
        let bytes_fit = label
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let hyphens_fit =
            !label.starts_with('-') && !label.ends_with('-') && !label.starts_with("xn--");
        if !(1..=63).contains(&label.len()) || !bytes_fit || !hyphens_fit {
            return false;
        }
        last = label;
    }
    // A last label that is a number makes the whole host an IPv4 address, which browsers rewrite to four decimals.
    let numeric = last.bytes().all(|b| b.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    host.len() <= 253 && (!numeric || is_canonical_ipv4(host))
}

fn is_canonical_ipv4(host: &str) -> bool {
    let canonical_number =
        |part: &str| part.parse::<u8>().is_ok() && (part == "0" || !part.starts_with('0'));
    host.split('.').count() == 4 && host.split('.').all(canonical_number)
}
