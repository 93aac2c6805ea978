//! Money, in whole cents.

use super::field::Rule;

/// An amount in whole Singapore cents, from 0 to 2^53 − 1.
///
/// Never a float: what is not written as a whole number is refused, not rounded. The bound is the largest integer that every
/// JSON reader agrees on; PaySG's own limits are far below it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Cents(u64);

impl Cents {
    /// The largest amount: 2^53 − 1 cents.
    pub const MAX: Self = Self(9_007_199_254_740_991);

    /// An amount from a number; `None` above [`Cents::MAX`].
    #[must_use]
    pub const fn new(cents: u64) -> Option<Self> {
        if cents <= Self::MAX.0 {
            Some(Self(cents))
        } else {
            None
        }
    }

    /// Reads a JSON number's spelling.
    ///
    /// # Errors
    /// - [`Rule::NotAnInteger`] for anything but digits without a leading zero: `12.34`, `1.0`, `1e2`, `-0`, ``;
    /// - [`Rule::TooSmall`] for a negative integer;
    /// - [`Rule::TooLarge`] above [`Cents::MAX`].
    ///
    /// ```
    /// use paysg_wasm::paysg::{Cents, Rule};
    /// assert_eq!(Cents::from_token("1100").map(Cents::get), Ok(1100));
    /// assert_eq!(Cents::from_token("12.34"), Err(Rule::NotAnInteger));
    /// ```
    pub fn from_token(token: &str) -> Result<Self, Rule> {
        let (negative, digits) = match token.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, token),
        };
        let zero_leads = digits.starts_with('0') && (negative || digits.len() > 1);
        if digits.is_empty() || zero_leads || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Rule::NotAnInteger);
        }
        if negative {
            return Err(Rule::TooSmall);
        }
        digits
            .parse()
            .ok()
            .and_then(Self::new)
            .ok_or(Rule::TooLarge)
    }

    /// The number of cents.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The sum; `None` above [`Cents::MAX`].
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(Self::new)
    }
}

impl serde::Serialize for Cents {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> serde::Deserialize<'de> for Cents {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let cents = u64::deserialize(deserializer)?;
        Self::new(cents).ok_or_else(|| serde::de::Error::custom("more cents than 2^53 - 1"))
    }
}
