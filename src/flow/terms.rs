//! What every flow works with: an intent's ledger, the time, and what holds for all intents of an edge.

use super::agenda::Pace;
use super::upstream::Trouble;
use crate::ledger::{Flag, Ledger, Transition};
use crate::paysg::{Payment, PaymentId, PaymentPages};
use crate::token::Receipt;

/// Signs a receipt, as of a time in milliseconds.
pub type Sign = Box<dyn Fn(&Receipt, i64) -> String>;

/// After how many of PaySG's own answers, and how long, a payment that it does not know counts as missing. Until then its GET may lag.
const MISSING_ANSWERS: u32 = 3;
const MISSING_FOR_MS: i64 = 10 * 60_000;

/// What holds for every intent of an edge.
pub struct Terms {
    /// The `return_url` of the payments that this edge makes: what they are known by.
    pub return_url: String,
    /// The origins at which this proxy is reached, or was: its present one, and those of `PAYSG_EARLIER_PUBLIC_URLS`.
    pub own_origins: Vec<String>,
    /// Whether the ledger outlives the request.
    pub remembers: bool,
    /// Where a payer may be sent.
    pub pages: PaymentPages,
    /// When intents wake by themselves.
    pub pace: Pace,
    /// Signs a receipt as of `now_ms`.
    pub sign: Sign,
}

/// An intent's ledger, with what a step may use.
pub struct Desk<'a> {
    /// The intent.
    pub ledger: &'a mut Ledger,
    /// The time, in milliseconds since 1970.
    pub now_ms: i64,
    /// A random value, for jitter.
    pub random: u32,
    /// What holds for every intent.
    pub terms: &'a Terms,
}

impl Terms {
    /// Whether this proxy made a payment, at its present address or at an earlier one.
    ///
    /// The `return_url` decides. It is on the proxy's own origin or on one of `PAYSG_EARLIER_PUBLIC_URLS`, and its path ends in `/return`,
    /// so that another base path does no harm. Other systems that use the same payment service send their payers elsewhere.
    #[must_use]
    pub fn made(&self, payment: &Payment) -> bool {
        let Some(url) = payment.return_url.as_deref() else {
            return false;
        };
        url == self.return_url
            || self.own_origins.iter().any(|origin| {
                url.strip_prefix(&**origin)
                    .is_some_and(|path| path.starts_with('/') && path.ends_with("/return"))
            })
    }
}

impl Desk<'_> {
    /// Records a transition. One that the intent's state does not allow says nothing new, or comes from a race that another has won:
    /// it is dropped, and the flow goes by the ledger.
    pub fn record(&mut self, transition: Transition) {
        let _ = if self.terms.remembers {
            self.ledger.record(self.now_ms, transition)
        } else {
            self.ledger.play(self.now_ms, &transition)
        };
    }

    /// Takes the trouble that a GET of a payment ended with, and gives back what is to be said of it.
    ///
    /// PaySG's word that it knows no such payment is believed if it was given three times over ten minutes, and no GET has shown the payment
    /// in between. Then the payment is flagged as missing. Before that it is only not shown yet.
    pub fn not_shown(&mut self, payment_id: &PaymentId, trouble: Trouble) -> Trouble {
        let intent = &self.ledger.intent;
        // Of an erased intent nothing is recorded.
        let is_on_record = intent.erased.is_none() && intent.attempt_of(payment_id).is_some();
        if trouble != Trouble::NotShownYet || !is_on_record {
            return trouble;
        }
        let (key, now_ms) = (payment_id.as_str(), self.now_ms);
        let for_ms = self.terms.pace.of(MISSING_FOR_MS);
        let missing = &mut self.ledger.schedule.missing;
        missing.count(key, now_ms);
        if !missing.reach(key, MISSING_ANSWERS, for_ms, now_ms) {
            return trouble;
        }
        self.flag(Flag::Vanished, Some(payment_id));
        Trouble::UnknownPayment
    }

    /// Flags a payment of this intent in whose place PaySG showed another one.
    pub fn flag_swapped(&mut self, payment_id: &PaymentId) {
        if self.ledger.intent.attempt_of(payment_id).is_some() {
            self.flag(Flag::Mismatch, Some(payment_id));
        }
    }

    /// Records that a GET has shown the cause of these flags of a payment to be over.
    pub fn clear_flags(&mut self, flags: &[Flag], payment_id: &PaymentId) {
        for flag in flags {
            self.record(Transition::FlagCleared {
                flag: *flag,
                payment_id: Some(payment_id.clone()),
            });
        }
    }

    /// Raises a flag, once.
    pub fn flag(&mut self, flag: Flag, payment_id: Option<&PaymentId>) {
        self.record(Transition::Flagged {
            flag,
            payment_id: payment_id.cloned(),
        });
    }
}
