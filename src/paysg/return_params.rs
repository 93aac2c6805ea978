//! What PaySG adds to the return URL after a successful payment.

use super::id::{PaymentId, PaymentServiceId};

/// Query parameter that names the payment.
pub const PAYMENT_ID: &str = "paysg_payment_id";
/// Query parameter that names the payment service.
pub const PAYMENT_SERVICE_ID: &str = "paysg_payment_service_id";
/// The longest query that is read, in bytes; its `?` does not count.
pub const MAX_QUERY_BYTES: usize = 8192;

/// The payment that a returning payer claims to have paid.
///
/// A claim and no more: anyone can type it. Only a GET from PaySG says whether it is true.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ReturnParams {
    /// From `paysg_payment_id`.
    pub payment_id: PaymentId,
    /// From `paysg_payment_service_id`.
    pub payment_service_id: PaymentServiceId,
}

/// Why a query that mentions a payment names none; each carries the name of the parameter, or `query`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReturnError {
    /// The other parameter is there, this one is not.
    Missing(&'static str),
    /// The parameter stands there more than once, even with the same value: readers of different make disagree on which counts.
    Repeated(&'static str),
    /// The value is not an identifier; or, for `query`, the whole is longer than 8 KiB.
    Malformed(&'static str),
}

impl ReturnError {
    /// The parameter at fault.
    #[must_use]
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::Missing(name) | Self::Repeated(name) | Self::Malformed(name) => name,
        }
    }
}

impl ReturnParams {
    /// Reads a query, with or without its `?`; `Ok(None)` when neither parameter is in it.
    ///
    /// Names and values are decoded as browsers decode forms (`%5F` is an underscore, a stray `%` itself); other parameters
    /// are ignored.
    ///
    /// # Errors
    /// [`ReturnError`] for a missing, repeated or malformed parameter; a repetition is reported before a bad value.
    ///
    /// ```
    /// use paysg_wasm::paysg::{ReturnError, ReturnParams};
    /// let query = "?paysg_payment_id=WlM3qMUUHQ2gipngenEmE&paysg_payment_service_id=payment_service_655d26a2-ddfc-4718-a008-bd181c1522e8";
    /// assert_eq!(ReturnParams::from_query(query).unwrap().unwrap().payment_id.as_str(), "WlM3qMUUHQ2gipngenEmE");
    /// assert_eq!(ReturnParams::from_query("?page=2"), Ok(None));
    /// assert_eq!(ReturnParams::from_query("?paysg_payment_id=x"), Err(ReturnError::Missing("paysg_payment_service_id")));
    /// ```
    pub fn from_query(query: &str) -> Result<Option<Self>, ReturnError> {
        if bare(query).len() > MAX_QUERY_BYTES {
            return Err(ReturnError::Malformed("query"));
        }
        let mut payment = None;
        let mut service = None;
        for pair in pairs(query) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (slot, name) = match parameter(name) {
                Some(PAYMENT_ID) => (&mut payment, PAYMENT_ID),
                Some(_) => (&mut service, PAYMENT_SERVICE_ID),
                None => continue,
            };
            if slot.replace(value).is_some() {
                return Err(ReturnError::Repeated(name));
            }
        }
        let (payment, service) = match (payment, service) {
            (None, None) => return Ok(None),
            (Some(payment), Some(service)) => (payment, service),
            (None, Some(_)) => return Err(ReturnError::Missing(PAYMENT_ID)),
            (Some(_), None) => return Err(ReturnError::Missing(PAYMENT_SERVICE_ID)),
        };
        let payment_id = decode(payment)
            .and_then(|text| PaymentId::parse(&text))
            .ok_or(ReturnError::Malformed(PAYMENT_ID))?;
        let payment_service_id = decode(service)
            .and_then(|text| PaymentServiceId::parse(&text))
            .ok_or(ReturnError::Malformed(PAYMENT_SERVICE_ID))?;
        Ok(Some(Self {
            payment_id,
            payment_service_id,
        }))
    }

    /// The URL with both parameters added to its query; path, other parameters and fragment stay as they are.
    #[must_use]
    pub fn append_to(&self, url: &str) -> String {
        let (base, fragment) = match url.find('#').and_then(|at| url.split_at_checked(at)) {
            Some(parts) => parts,
            None => (url, ""),
        };
        let joint = match base.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        // Both identifiers' grammars consist of characters that a query holds unescaped.
        [
            base,
            joint,
            PAYMENT_ID,
            "=",
            self.payment_id.as_str(),
            "&",
            PAYMENT_SERVICE_ID,
            "=",
            self.payment_service_id.as_str(),
            fragment,
        ]
        .concat()
    }

    /// The query without the two parameters, for an address bar: the others keep order and spelling, and `?` leads
    /// unless nothing is left.
    #[must_use]
    pub fn strip_from(query: &str) -> String {
        let mut rest = String::new();
        for pair in pairs(query) {
            let name = pair.split_once('=').map_or(pair, |(name, _)| name);
            if parameter(name).is_none() {
                rest.push(if rest.is_empty() { '?' } else { '&' });
                rest.push_str(pair);
            }
        }
        rest
    }
}

/// The `name=value` pairs of a query, still encoded.
fn pairs(query: &str) -> impl Iterator<Item = &str> {
    bare(query).split('&').filter(|pair| !pair.is_empty())
}

/// The query without its `?`.
fn bare(query: &str) -> &str {
    query.strip_prefix('?').unwrap_or(query)
}

/// Which of the two parameters an encoded name is.
fn parameter(name: &str) -> Option<&'static str> {
    let name = decode(name)?;
    [PAYMENT_ID, PAYMENT_SERVICE_ID]
        .into_iter()
        .find(|wanted| *wanted == name)
}

/// Decodes a form's name or value, but for `+`: a space and a plus are equally foreign to our names and identifiers. `None` when the bytes are not UTF-8, which no identifier is.
fn decode(encoded: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let byte = match (first, tail) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high << 4 | low
                }
                _ => b'%',
            },
            (byte, _) => *byte,
        };
        bytes.push(byte);
    }
    String::from_utf8(bytes).ok()
}

/// The value of a hexadecimal digit of either case.
const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        b'A'..=b'F' => Some(digit.wrapping_sub(b'A').wrapping_add(10)),
        _ => None,
    }
}
