//! Where a payer may be sent.

#[cfg(feature = "edge")]
use super::environment::Environment;
use super::web_url::{MAX_URL_BYTES, is_canonical_tail, is_loopback_origin};

/// The live payment pages' host `[guide]`.
pub const LIVE_PAGE_HOST: &str = "pay.gov.sg";
/// The staging payment pages' host `[formsg]`.
pub const STAGING_PAGE_HOST: &str = "staging.pay.gov.sg";

/// The policy that decides whether a `payment_url` may be followed.
///
/// Accepted is what is already written as a browser would write it (see [`web_url`](super::web_url) for the exact set
/// of characters), at most 2048 bytes long, with scheme `https` and a host that is exactly one of PaySG's, without user
/// name or port. `http://pay.gov.sg/…`, which PaySG's sample documents show, is refused, not upgraded: the scheme is
/// part of what was promised.
///
/// A simulator's origin may be added, if it is of this machine.
///
/// ```
/// use paysg_wasm::paysg::PaymentPages;
/// let pages = PaymentPages::paysg();
/// assert!(pages.allows("https://pay.gov.sg/payments/WlM3qMUUHQ2gipngenEmE"));
/// assert!(!pages.allows("https://pay.gov.sg@evil.example/payments/WlM3qMUUHQ2gipngenEmE"));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PaymentPages {
    staging: bool,
    live: bool,
    loopback_origin: Option<Box<str>>,
}

impl PaymentPages {
    /// PaySG's own pages, live and staging.
    #[must_use]
    pub const fn paysg() -> Self {
        Self {
            staging: true,
            live: true,
            loopback_origin: None,
        }
    }

    /// The pages of one environment: an edge with a live key never sends anyone to staging.
    #[cfg(feature = "edge")]
    #[must_use]
    pub const fn only(environment: Environment) -> Self {
        Self {
            staging: matches!(environment, Environment::Staging),
            live: matches!(environment, Environment::Live),
            loopback_origin: None,
        }
    }

    /// Also allows the pages of a simulator on this machine; `None` unless `origin` is a bare loopback origin.
    ///
    /// Bare: `http` or `https`, then `127.0.0.1`, `localhost` or `[::1]`, then perhaps a port. The latest origin replaces an
    /// earlier one.
    #[must_use]
    pub fn with_origin(self, origin: &str) -> Option<Self> {
        is_loopback_origin(origin).then(|| Self {
            loopback_origin: Some(origin.into()),
            ..self
        })
    }

    /// Whether a payer may be sent to this URL.
    #[must_use]
    pub fn allows(&self, url: &str) -> bool {
        if url.len() > MAX_URL_BYTES {
            return false;
        }
        let tail_at = |host: &str| {
            url.strip_prefix("https://")
                .and_then(|rest| rest.strip_prefix(host))
        };
        let live = if self.live {
            tail_at(LIVE_PAGE_HOST)
        } else {
            None
        };
        let staging = if self.staging {
            tail_at(STAGING_PAGE_HOST)
        } else {
            None
        };
        let loopback = self
            .loopback_origin
            .as_deref()
            .and_then(|origin| url.strip_prefix(origin));
        // A tail begins with a slash, so that neither `pay.gov.sg.evil` nor `pay.gov.sg@evil` nor a port can follow.
        [live, staging, loopback]
            .into_iter()
            .flatten()
            .any(is_canonical_tail)
    }
}
