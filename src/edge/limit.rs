//! What is charged for a request that costs PaySG or us something: the host keeps the books (`npm/limits.js`).
//!
//! By address and by session, each under a name from which neither can be read: an address is nowhere in the log, in a binding's keys or in
//! memory.

use std::net::IpAddr;

use super::front::Edge;
use super::session::{Known, Session};
use crate::ledger::Digest;

const PURPOSE: &[u8] = b"paysg-wasm limits v1";
const NAME_DIGITS: usize = 24;

/// What to charge before the next call is made: `RULE:NAME`, separated by spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Charges(String);

impl Charges {
    /// A create. Who comes by no known address and without a session is charged nothing.
    #[must_use]
    pub fn of_create(edge: &Edge<'_>, address: &str, session: Option<&str>) -> Self {
        let mut charges = Self::default();
        charges.add(edge, "CREATE_LIMIT", &subject(address));
        charges.add(edge, "SESSION_LIMIT", session.unwrap_or_default());
        charges
    }

    /// A question about a payment by somebody who has no proof of it.
    #[must_use]
    pub fn of_question(edge: &Edge<'_>, address: &str) -> Self {
        let mut charges = Self::default();
        charges.add(edge, "STATUS_LIMIT", &subject(address));
        charges
    }

    /// A question or a cancellation by a browser that has proof, for which PaySG is called each time: no honest payer comes near the limit.
    #[must_use]
    ///
    /// Without the browser's cookie, which a client may leave out, it is counted by the payment.
    pub fn of_proof(edge: &Edge<'_>, session: &Session, known: &Known) -> Self {
        let mut charges = Self::default();
        let payment = known.payment_id.as_str();
        charges.add(edge, "STATUS_LIMIT", session.named().unwrap_or(payment));
        charges
    }

    fn add(&mut self, edge: &Edge<'_>, rule: &str, subject: &str) {
        if subject.is_empty() {
            return;
        }
        // Keyed, since there are few enough addresses to try them all.
        let Some(key) = edge.config.session_keys.derive(PURPOSE).next() else {
            return;
        };
        let name = Digest::of(&[&key, rule.as_bytes(), subject.as_bytes()]);
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        self.0.push_str(rule);
        self.0.push(':');
        self.0
            .push_str(name.as_str().get(..NAME_DIGITS).unwrap_or_default());
    }

    /// For the host.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Who is meant by an address: of IPv6 the first 64 bits, since any customer has all the others.
fn subject(address: &str) -> String {
    match address
        .parse::<IpAddr>()
        .map(|address| address.to_canonical())
    {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}
