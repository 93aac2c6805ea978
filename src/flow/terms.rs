//! What every flow works with: an intent's ledger, the time, and what holds for all intents of an edge.

use super::agenda::Pace;
use crate::ledger::{Flag, Ledger, Transition};
use crate::paysg::{PaymentId, PaymentPages};
use crate::token::Receipt;

/// Signs a receipt, as of a time in milliseconds.
pub type Sign = Box<dyn Fn(&Receipt, i64) -> String>;

/// What holds for every intent of an edge.
pub struct Terms {
    /// The `return_url` of the payments that this edge makes: what they are known by.
    pub return_url: String,
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
