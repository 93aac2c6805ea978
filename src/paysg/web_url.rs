//! URLs in the one spelling that a browser gives them.
//!
//! A check on a URL is worth something only if checker and browser read the same URL. Rather than carrying a whole
//! WHATWG parser (it would be most of the browser's wasm), this module accepts the strings that such a parser returns
//! unchanged, and refuses all that it would rewrite: upper-case schemes and hosts, tabs, backslashes, dot segments,
//! default ports, user names, shortened IPv4 addresses, anything outside ASCII. For every accepted string `s`,
//! `new URL(s).href === s`.

#[cfg(feature = "edge")]
mod any_host;

#[cfg(feature = "edge")]
pub use self::any_host::{HttpsUrl, UrlPart, WebUrl};

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
    // By prefix: searching for the last colon would cost the browser's wasm half a kilobyte.
    LOOPBACK_HOSTS
        .iter()
        .find_map(|host| authority.strip_prefix(host))
        .is_some_and(|rest| match rest.strip_prefix(':') {
            Some(port) => is_canonical_port(port, default_port),
            None => rest.is_empty(),
        })
}

/// The machine itself, in canonical spelling.
const LOOPBACK_HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Whether the host, in canonical spelling, is the machine itself.
#[cfg(feature = "edge")]
fn is_loopback_host(host: &str) -> bool {
    LOOPBACK_HOSTS.contains(&host)
}

/// 1 to 65535, without leading zeros, and not what the scheme implies.
fn is_canonical_port(port: &str, default_port: &str) -> bool {
    (1..=5).contains(&port.len())
        && port.bytes().all(|b| b.is_ascii_digit())
        && !port.starts_with('0')
        && port != default_port
        && port.parse::<u16>().is_ok()
}

/// The host of an authority without user name, if its port (where there is one) is in canonical spelling.
#[cfg(feature = "edge")]
fn split_port<'a>(authority: &'a str, default_port: &str) -> Option<&'a str> {
    // The colons of [::1] are not a port's.
    let after_bracket = authority.rfind(']').unwrap_or(0);
    let Some(colon) = authority.rfind(':').filter(|colon| *colon > after_bracket) else {
        return Some(authority);
    };
    let (host, port) = authority.split_at_checked(colon)?;
    let port = port.strip_prefix(':')?;
    is_canonical_port(port, default_port).then_some(host)
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
    let path = path.as_bytes();
    !path.windows(2).any(|pair| pair == b"//")
        && !path.split(|byte| *byte == b'/').any(is_dot_segment)
}

/// `.` or `..`, each dot perhaps spelt `%2e`.
fn is_dot_segment(segment: &[u8]) -> bool {
    let mut rest = segment;
    let mut dots = 0_u8;
    while !rest.is_empty() {
        let after = rest
            .strip_prefix(b".")
            .or_else(|| rest.strip_prefix(b"%2e"))
            .or_else(|| rest.strip_prefix(b"%2E"));
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
