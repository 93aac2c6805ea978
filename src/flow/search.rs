//! PaySG's list, searched for a payment whose create call was not answered. PaySG offers no search, only pages, newest first.

use serde::{Deserialize, Serialize};

use super::step::{Answer, Fetch, Step};
use super::terms::Desk;
use super::upstream::{Reading, Tries, Trouble, call, retry_after};
use crate::ledger::Flag;
use crate::paysg::{ApiRequest, Page, Payment, PaymentId, Status};

const PAGE_SIZE: u32 = 100;
/// Beyond this many payments the list is too long to be read while a payer waits.
const MAX_PAGES: u32 = 40;
/// How far our clock and PaySG's may be apart.
const CLOCK_SLACK_MS: i64 = 5 * 60_000;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// `None`: whatever the amount, since the payment was made for an order that has changed since.
    amount_in_cents: Option<u64>,
    /// Whether a call of ours may make a payment yet, so that one that somebody else made must not be taken in its place.
    ours_only: bool,
    since_ms: i64,
    after: Option<String>,
    pages: u32,
    unreadable: bool,
    best: Option<Found>,
    tries: Tries,
}

/// A payment that bears the intent's reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Its id.
    pub payment_id: PaymentId,
    /// Its amount.
    pub amount_in_cents: u64,
    rank: u8,
}

impl Search {
    /// A search back to `since_ms`, less some minutes for clocks that disagree.
    #[must_use]
    pub const fn new(
        amount_in_cents: Option<u64>,
        ours_only: bool,
        since_ms: i64,
        tries: Tries,
    ) -> Self {
        Self {
            amount_in_cents,
            ours_only,
            since_ms: since_ms.saturating_sub(CLOCK_SLACK_MS),
            after: None,
            pages: 0,
            unreadable: false,
            best: None,
            tries,
        }
    }

    /// Whether a payment is taken whatever its amount, so that what is found may be for another order.
    #[must_use]
    pub const fn takes_any_amount(&self) -> bool {
        self.amount_in_cents.is_none()
    }

    /// The call for the next page.
    #[must_use]
    pub fn fetch(&self, desk: &Desk<'_>, after_ms: u32) -> Fetch {
        call(
            ApiRequest::list(
                &desk.ledger.intent.payment_service_id,
                PAGE_SIZE,
                self.after.as_deref(),
            ),
            after_ms,
        )
    }

    /// Takes a page. `Ok(None)` means that the list was read as far as it matters and holds nothing.
    pub fn answer(
        &mut self,
        desk: &mut Desk<'_>,
        answer: &Answer<'_>,
    ) -> Step<Result<Option<Found>, Trouble>> {
        match Reading::of(answer) {
            Reading::Success(page) => self.turn(desk, page),
            Reading::Refused(error) | Reading::Conflict(error) => {
                Step::Done(Err(Trouble::of_service(&error)))
            }
            Reading::Busy | Reading::Broken | Reading::Unanswered => {
                match self.tries.again(answer, desk.now_ms, desk.random) {
                    Some(delay_ms) => Step::Fetch(self.fetch(desk, delay_ms)),
                    None => Step::Done(Err(Trouble::Unavailable {
                        retry_after_ms: retry_after(answer),
                    })),
                }
            }
        }
    }

    fn turn(&mut self, desk: &mut Desk<'_>, page: Page) -> Step<Result<Option<Found>, Trouble>> {
        self.pages = self.pages.saturating_add(1);
        // A page that has a next one and does not say where cannot be read to the end either.
        self.unreadable |= page.unreadable > 0 || (page.has_next_page && page.end_cursor.is_none());
        let mut past_it = false;
        for payment in &page.data {
            past_it |= payment
                .created_at_ms
                .is_some_and(|at_ms| at_ms < self.since_ms);
            if self.matches(desk, payment) {
                self.take(desk, payment);
            }
        }
        if past_it || !page.has_next_page || page.end_cursor.is_none() {
            return Step::Done(match self.best.take() {
                Some(found) => Ok(Some(found)),
                // What cannot be read may be what is looked for: no new key then.
                None if self.unreadable => Err(Trouble::UnreadableList),
                None => Ok(None),
            });
        }
        // Nobody waits any more, and others may wait for their turn at this intent.
        if self.pages >= MAX_PAGES || self.tries.are_over(desk.now_ms) {
            desk.flag(Flag::SearchTooLong, None);
            return Step::Done(Err(Trouble::Unavailable {
                retry_after_ms: None,
            }));
        }
        self.after = page.end_cursor;
        self.tries.restart();
        Step::Fetch(self.fetch(desk, 0))
    }

    fn matches(&self, desk: &Desk<'_>, payment: &Payment) -> bool {
        let intent = &desk.ledger.intent;
        payment.payment_service_id == intent.payment_service_id
            && payment.reference_id == intent.reference_id
            && self
                .amount_in_cents
                .is_none_or(|amount| amount == payment.amount_in_cents.get())
            && (!self.ours_only || payment.return_url.is_none() || desk.terms.made(payment))
            && intent.attempt_of(&payment.id).is_none()
    }

    /// Prefers what was paid, then what can be paid, then what was cancelled; among equals the newest. Others are flagged.
    ///
    /// Where the amount may be any, a key was used for another order, and only that key's payment is looked for: attempts are made one
    /// after the other, so it is the oldest that none of them is known by. Later ones are found by the keys of later attempts.
    fn take(&mut self, desk: &mut Desk<'_>, payment: &Payment) {
        let rank = match payment.status() {
            Status::Paid | Status::PartiallyRefunded | Status::Refunded => 3,
            Status::Unpaid => 2,
            Status::Unknown => 1,
            Status::Cancelled => 0,
        };
        let found = Found {
            payment_id: payment.id.clone(),
            amount_in_cents: payment.amount_in_cents.get(),
            rank,
        };
        let keep = match &self.best {
            Some(best) if self.takes_any_amount() => best.rank == 3,
            Some(best) => best.rank >= rank,
            None => false,
        };
        let other = if keep {
            found
        } else {
            match self.best.replace(found) {
                Some(other) => other,
                None => return,
            }
        };
        if other.rank > 0 {
            desk.flag(
                if other.rank == 3 {
                    Flag::Surplus
                } else {
                    Flag::Duplicate
                },
                Some(&other.payment_id),
            );
        }
    }
}
