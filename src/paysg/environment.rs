//! Staging and live, and the API key that decides between them.

use super::pages::{LIVE_PAGE_HOST, STAGING_PAGE_HOST};

/// Which PaySG: the one for tests, or the one where money moves.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Environment {
    /// Test mode.
    Staging,
    /// Live mode.
    Live,
}

impl Environment {
    /// `staging` or `live`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Staging => "staging",
            Self::Live => "live",
        }
    }

    /// Origin of the API: `https://api-staging.pay.gov.sg` `[guide/endpoints]`, `https://api.pay.gov.sg` `[plumber]`.
    #[must_use]
    pub const fn api_origin(self) -> &'static str {
        match self {
            Self::Staging => "https://api-staging.pay.gov.sg",
            Self::Live => "https://api.pay.gov.sg",
        }
    }

    /// Host of the payment pages: `staging.pay.gov.sg` `[formsg]`, `pay.gov.sg` `[guide]`.
    #[must_use]
    pub const fn page_host(self) -> &'static str {
        match self {
            Self::Staging => STAGING_PAGE_HOST,
            Self::Live => LIVE_PAGE_HOST,
        }
    }
}

/// A PaySG API key, as it goes into the header `x-api-key`.
///
/// Its prefix says which environment it is for `[plumber]`. It belongs to a person's e-mail address and does not
/// expire `[guide/faq/api-keys]`, so it is shown nowhere: `Debug` prints the prefix only.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    text: String,
    environment: Environment,
}

/// The longest key accepted, in bytes.
const MAX_KEY_BYTES: usize = 512;

impl ApiKey {
    /// Reads a key; `None` unless it begins with `paysg_stag_` or `paysg_live_`, goes on after it, and consists of at most 512
    /// visible ASCII characters, so that it can stand in a header.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (environment, secret) = match text.strip_prefix(STAGING_PREFIX) {
            Some(secret) => (Environment::Staging, secret),
            None => (Environment::Live, text.strip_prefix(LIVE_PREFIX)?),
        };
        let header_safe = text.len() <= MAX_KEY_BYTES && text.bytes().all(|b| b.is_ascii_graphic());
        (header_safe && !secret.is_empty()).then(|| Self {
            text: text.to_owned(),
            environment,
        })
    }

    /// The environment that the prefix names.
    #[must_use]
    pub const fn environment(&self) -> Environment {
        self.environment
    }

    /// The key itself, for the one header that it goes into.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

const STAGING_PREFIX: &str = "paysg_stag_";
const LIVE_PREFIX: &str = "paysg_live_";

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let prefix = match self.environment {
            Environment::Staging => STAGING_PREFIX,
            Environment::Live => LIVE_PREFIX,
        };
        write!(f, "ApiKey({prefix}…)")
    }
}
