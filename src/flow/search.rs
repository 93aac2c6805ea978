//! PaySG's list, searched for a payment whose create call was not answered. PaySG offers no search, only pages, newest first.

use serde::{Deserialize, Serialize};

use super::attribution::{CLOCK_SLACK_MS, explained_by, record_found};
use super::step::{Answer, Fetch, Step};
use super::terms::Desk;
use super::upstream::{Reading, Tries, Trouble, call, retry_after};
use crate::ledger::{Flag, Transition};
use crate::paysg::{ApiRequest, Page, Payment, PaymentId, Status};

const PAGE_SIZE: u32 = 100;
/// Beyond this many payments the list is too long to be read while a payer waits.
const MAX_PAGES: u32 = 40;
/// So many further payments of the intent are recorded at once; the next search records the rest.
const MAX_OTHERS: usize = 16;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// `None`: whatever the amount, since the payment was made for an order that has changed since.
    amount_in_cents: Option<u64>,
    /// Whether a call of ours may make a payment yet, so that one that somebody else made must not be taken in its place.
    ours_only: bool,
    /// Whether the attempt was started earlier, for the order that is asked for now: then what its key was used for differs in nothing that counts.
    same_order: bool,
    since_ms: i64,
    after: Option<String>,
    pages: u32,
    unreadable: bool,
    best: Option<Found>,
    /// Further payments of the intent that are paid, or can be.
    others: Vec<Found>,
    tries: Tries,
}

/// A payment that bears the intent's reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Its id.
    pub payment_id: PaymentId,
    /// Its amount.
    pub amount_in_cents: u64,
    /// When PaySG made it, where that can be read.
    pub created_at_ms: Option<i64>,
    rank: u8,
    /// Whether it bears the return URL of the payments that are made here.
    is_ours: bool,
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
            same_order: false,
            since_ms: since_ms.saturating_sub(CLOCK_SLACK_MS),
            after: None,
            pages: 0,
            unreadable: false,
            best: None,
            others: Vec::new(),
            tries,
        }
    }

    /// A search for the payment of an attempt whose call is over, answered or not.
    pub(super) fn of_attempt(desk: &Desk<'_>, attempt: u32, patience_ms: i64) -> Self {
        let attempt = desk.ledger.intent.attempt(attempt);
        Self::new(
            attempt.map(|attempt| attempt.amount_in_cents),
            false,
            attempt.map_or(desk.now_ms, |attempt| attempt.started_at_ms),
            Tries::until(desk.now_ms.saturating_add(patience_ms)),
        )
    }

    /// Whether a payment is taken whatever its amount, so that what is found may be for another order.
    const fn takes_any_amount(&self) -> bool {
        self.amount_in_cents.is_none()
    }

    /// Notes whether it is for the order that its attempt was started for earlier.
    pub(super) const fn is_of_the_same_order(&mut self, same_order: bool) {
        self.same_order = same_order;
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

    /// Prefers what was paid, then what can be paid, then what was cancelled; among equals what bears our return URL, then the newest.
    ///
    /// Where the amount may be any, a key was used for another order, and only that key's payment is looked for: attempts are made one
    /// after the other, so it is the oldest that none of them is known by. Later ones are found by the keys of later attempts.
    fn take(&mut self, desk: &Desk<'_>, payment: &Payment) {
        let rank = match payment.status() {
            Status::Paid | Status::PartiallyRefunded | Status::Refunded => 3,
            Status::Unpaid => 2,
            Status::Unknown => 1,
            Status::Cancelled => 0,
        };
        let found = Found {
            payment_id: payment.id.clone(),
            amount_in_cents: payment.amount_in_cents.get(),
            created_at_ms: payment.created_at_ms,
            rank,
            is_ours: payment.return_url.as_deref() == Some(desk.terms.return_url.as_str()),
        };
        let keep = match &self.best {
            Some(best) if self.takes_any_amount() => best.rank == 3,
            Some(best) => (best.rank, best.is_ours) >= (found.rank, found.is_ours),
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
        if other.rank > 0 && self.others.len() < MAX_OTHERS {
            self.others.push(other);
        }
    }

    /// Records what was found for an attempt, and every further payment of the intent: each is watched from now on, and commands know it.
    ///
    /// A payment of the attempt's amount may be that of an earlier attempt, by its time. Without a ledger only this attempt is known.
    pub(super) fn record(&self, desk: &mut Desk<'_>, attempt: u32, found: Found) {
        let intent = &desk.ledger.intent;
        let amount = found.amount_in_cents;
        let explained = explained_by(intent, amount, found.created_at_ms);
        let explained_here = explained.is_some_and(|by| by.number == attempt);
        let asked = intent.attempt(attempt);
        if !desk.terms.remembers || self.takes_any_amount() || explained_here {
            // The key was used for another order, unless the attempt was started for this one.
            let same_order = !self.takes_any_amount()
                || (self.same_order
                    && explained_here
                    && asked.is_some_and(|asked| asked.amount_in_cents == amount));
            desk.record(Transition::Opened {
                attempt,
                payment_id: found.payment_id,
                adopted: true,
                same_order,
                amount_in_cents: (!same_order).then_some(amount),
            });
        } else {
            found.record(desk);
        }
        if desk.terms.remembers {
            for other in &self.others {
                other.record(desk);
            }
        }
    }
}

impl Found {
    fn record(&self, desk: &mut Desk<'_>) {
        record_found(
            desk,
            &self.payment_id,
            self.amount_in_cents,
            self.created_at_ms,
        );
        // A GET says whether it is paid.
        let polls = &mut desk.ledger.schedule.polls;
        polls.set(self.payment_id.as_str(), desk.now_ms);
    }
}
