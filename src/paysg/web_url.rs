//! URLs in the one spelling that a browser gives them.
//!
//! A check on a URL is worth something only if checker and browser read the same URL. Rather than carrying a whole
//! WHATWG parser (it would be most of the browser's wasm), this module accepts the strings that such a parser returns
//! unchanged, and refuses all that it would rewrite: upper-case schemes and hosts, tabs, backslashes, dot segments,
//! default ports, user names, shortened IPv4 addresses, anything outside ASCII. For every accepted string `s`,
//! `new URL(s).href === s`.

/// The longest URL accepted, in bytes.
pub const MAX_URL_BYTES: usize = 2048;

/// Whether the text is a bare loopback origin: `http` or `https`, then `127.0.0.1`, `localhost` or `[::1]`, then
/// perhaps a port; nothing after it, not even a slash.
///
/// The port is 1 to 65535 without leading zeros, and not the scheme's own (a browser would drop it). Other addresses of
/// 127.0.0.0/8 and names under `.localhost` are refused: nobody needs them and resolvers differ on them.
#[must_use]
pub fn is_loopback_origin(text: &str) -> bool {
    let (authority, default_port) = if let Some(rest) = text.strip_prefix("http://") {
        (rest, "80")
    } else if let Some(rest) = text.strip_prefix("https://") {
        (rest, "443")
    } else {
        return false;
    };
    split_port(authority, default_port).is_some_and(is_loopback_host)
}

/// Whether the host, in canonical spelling, is the machine itself.
fn is_loopback_host(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "localhost" | "[::1]")
}

/// The host of an authority without user name, if its port (where there is one) is in canonical spelling.
fn split_port<'a>(authority: &'a str, default_port: &str) -> Option<&'a str> {
    // The colons of [::1] are not a port's.
    let after_bracket = authority.rfind(']').unwrap_or(0);
    let Some(colon) = authority.rfind(':').filter(|colon| *colon > after_bracket) else {
        return Some(authority);
    };
    let (host, port) = authority.split_at_checked(colon)?;
    let port = port.strip_prefix(':')?;
    let digits = (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit());
    let canonical =
        digits && !port.starts_with('0') && port != default_port && port.parse::<u16>().is_ok();
    canonical.then_some(host)
}

/// Whether what follows the authority is a path, query and fragment that a browser keeps as they are.
///
/// Path: begins with `/`; no `.` or `..` segment (in any spelling of the dot, `%2e` included), and no empty segment but
/// the last. Everywhere: letters, digits, `-._~!$&()*+,;=:@/` and `%` before two hexadecimal digits; in query and
/// fragment also `?`. Left out although a URL may hold them: `'` (rewritten in queries), `|`, `[`, `]`, `^` (browsers
/// of different age disagree).
pub(crate) fn is_canonical_tail(tail: &str) -> bool {
    let (tail, fragment) = split_at_first(tail, '#');
    let (path, query) = split_at_first(tail, '?');
    let safe_query = |part: Option<&str>| part.is_none_or(|part| has_only_safe_bytes(part, true));
    path.starts_with('/')
        && has_only_safe_bytes(path, false)
        && has_plain_segments(path)
        && safe_query(query)
        && safe_query(fragment)
}

/// Splits at the first `mark`, which goes to neither part.
fn split_at_first(text: &str, mark: char) -> (&str, Option<&str>) {
    match text.split_once(mark) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn has_only_safe_bytes(part: &str, question_mark: bool) -> bool {
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        let safe = match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => true,
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'(' | b')' | b'*' | b'+' | b','
            | b';' | b'=' | b':' | b'@' | b'/' => true,
            b'?' => question_mark,
            b'%' => {
                let is_hex = |byte: Option<u8>| byte.is_some_and(|b| b.is_ascii_hexdigit());
                is_hex(bytes.next()) && is_hex(bytes.next())
            }
            _ => false,
        };
        if !safe {
            return false;
        }
    }
    true
}

/// No dot segments, and no empty segments but the last, in a path that begins with `/`.
fn has_plain_segments(path: &str) -> bool {
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let empty_inside = segment.is_empty() && segments.peek().is_some();
        if empty_inside || is_dot_segment(segment) {
            return false;
        }
    }
    true
}

/// `.` or `..`, each dot perhaps spelt `%2e`.
fn is_dot_segment(segment: &str) -> bool {
    let mut rest = segment;
    let mut dots = 0_u8;
    while !rest.is_empty() {
        let after = rest
            .strip_prefix('.')
            .or_else(|| rest.strip_prefix("%2e"))
            .or_else(|| rest.strip_prefix("%2E"));
        match after {
            Some(after) if dots < 2 => {
                rest = after;
                dots = dots.saturating_add(1);
            }
            _ => return false,
        }
    }
    dots > 0
}

#[cfg(feature = "edge")]
pub use self::any_host::{HttpsUrl, WebUrl};

/// URLs of any host, which only the edge's configuration holds.
#[cfg(feature = "edge")]
mod any_host {
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
            if text.len() > MAX_URL_BYTES {
                return None;
            }
            let (rest, default_port) = match text.strip_prefix("https://") {
                Some(rest) => (rest, "443"),
                None => (text.strip_prefix("http://")?, "80"),
            };
            let authority_len = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            let (authority, tail) = rest.split_at_checked(authority_len)?;
            let host = split_port(authority, default_port)?;
            if !is_canonical_host(host) || (default_port == "80" && !is_loopback_host(host)) {
                return None;
            }
            let path_at = text.len().checked_sub(tail.len())?;
            let text = match tail {
                "" => format!("{text}/"),
                tail if is_canonical_tail(tail) => text.to_owned(),
                _ => return None,
            };
            Some(Self { text, path_at })
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
        let numeric = last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x");
        host.len() <= 253 && (!numeric || is_canonical_ipv4(host))
    }

    fn is_canonical_ipv4(host: &str) -> bool {
        let canonical_number =
            |part: &str| part.parse::<u8>().is_ok() && (part == "0" || !part.starts_with('0'));
        host.split('.').count() == 4 && host.split('.').all(canonical_number)
    }
}
