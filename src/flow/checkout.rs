//! From an order to the one payment that its intent may have.
//!
//! The attempt is recorded before PaySG is called. Its idempotency key is a function of the intent and the attempt's number, so
//! whoever comes next (a retry, another tab, a restarted machine) asks for the same payment. A new number is taken only where PaySG's
//! own records leave no doubt that the old one can no longer be paid: cancelled as a GET shows, or absent from the list.

use serde::{Deserialize, Serialize};

use super::agenda::IN_FLIGHT_MS;
use super::desk::paid_all_the_same;
use super::glance::Glance;
use super::search::Search;
use super::step::{Answer, Step};
use super::terms::Desk;
use super::upstream::{Reading, Tries, Trouble, call, retry_after};
use super::view::PaymentView;
use super::witness::witness;
use crate::ledger::{
    Attempt, AttemptState, Digest, Flag, PaymentOrigin, Transition, idempotency_key,
};
use crate::paysg::{ApiRequest, Payment, PaymentId, Status};

const HOUR_MS: i64 = 3_600_000;
/// How long a payer is kept waiting.
const PATIENCE_MS: i64 = 25_000;
/// PaySG may drop a key that is 24 hours old, and then makes a second payment of it.
pub(super) const KEY_GOOD_FOR_MS: i64 = 23 * HOUR_MS;
/// Attempts looked at within one request. An intent that was cancelled more often than that waits for the next request.
const MAX_ROUNDS: u32 = 16;

/// What PaySG is to be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The create parameters as JSON. They hold personal data: they go to PaySG and nowhere else.
    pub body: String,
    /// The digest of the parameters.
    pub digest: Digest,
    /// The amount.
    pub amount_in_cents: u64,
    /// When an unpaid link is to be cancelled.
    pub cancel_after_secs: Option<u32>,
}

/// The payment, and whether it was there before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// The payment.
    pub payment: PaymentView,
    /// Whether the ledger knew of it.
    pub existed: bool,
}

type Next = Step<Result<Chosen, Trouble>>;

/// A checkout under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    order: Order,
    state: State,
    tries: Tries,
    rounds: u32,
    /// Whether a call for the current attempt may still be under way at PaySG, so that its list proves nothing.
    in_flight: bool,
    /// Whether a call of this very checkout for the current attempt was not answered.
    unanswered: bool,
    /// Whether an earlier call of this very checkout for the current attempt may have made a payment, whatever is answered to a later one.
    doubtful: bool,
    /// How many attempts PaySG has answered with a failure. One may be on record for its key; two mean that PaySG does not work.
    failed: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    Deciding,
    Looking {
        glance: Glance,
        after_cancelling: bool,
    },
    Cancelling {
        payment_id: PaymentId,
    },
    Creating {
        attempt: u32,
        /// Whether the attempt was started by this checkout, so that an answer to it is of now.
        fresh: bool,
    },
    Searching {
        attempt: u32,
        search: Search,
        /// Whether the attempt is over where nothing is found.
        conclusive: bool,
    },
}

/// For how long a call for an attempt may still be under way at PaySG, so that its list proves nothing.
pub(super) fn in_flight_ms(attempt: &Attempt, now_ms: i64) -> i64 {
    let asked_at_ms = attempt.asked_at_ms.max(attempt.unanswered_at_ms);
    asked_at_ms.map_or(0, |at_ms| {
        IN_FLIGHT_MS.saturating_sub(now_ms.saturating_sub(at_ms))
    })
}

impl Checkout {
    /// Starts.
    #[must_use]
    pub fn begin(desk: &mut Desk<'_>, order: Order) -> (Self, Next) {
        let mut checkout = Self {
            order,
            state: State::Deciding,
            tries: Tries::until(desk.now_ms.saturating_add(PATIENCE_MS)),
            rounds: 0,
            in_flight: false,
            unanswered: false,
            doubtful: false,
            failed: 0,
        };
        let next = checkout.decide(desk);
        (checkout, next)
    }

    /// Takes the answer to the last call.
    pub fn answer(&mut self, desk: &mut Desk<'_>, answer: &Answer<'_>) -> Next {
        match core::mem::replace(&mut self.state, State::Deciding) {
            State::Deciding => self.decide(desk),
            State::Looking {
                mut glance,
                after_cancelling,
            } => match glance.answer(answer, desk.now_ms, desk.random) {
                Step::Fetch(fetch) => {
                    self.state = State::Looking {
                        glance,
                        after_cancelling,
                    };
                    Step::Fetch(fetch)
                }
                Step::Done(Ok(payment)) => self.looked(desk, &payment, after_cancelling),
                Step::Done(Err(trouble)) => {
                    if trouble == Trouble::Mismatch {
                        desk.flag_swapped(glance.payment_id());
                    }
                    let trouble = desk.not_shown(glance.payment_id(), trouble);
                    let payment = paid_all_the_same(desk, glance.payment_id(), &trouble);
                    let chosen = payment.map(|payment| Chosen {
                        payment,
                        existed: true,
                    });
                    Step::Done(chosen.ok_or(trouble))
                }
            },
            // Whatever PaySG says to the cancellation, a GET shows what came of it.
            State::Cancelling { payment_id } => self.look(desk, payment_id, true),
            State::Creating { attempt, fresh } => self.created(desk, answer, attempt, fresh),
            State::Searching {
                attempt,
                mut search,
                conclusive,
            } => match search.answer(desk, answer) {
                Step::Fetch(fetch) => {
                    self.state = State::Searching {
                        attempt,
                        search,
                        conclusive,
                    };
                    Step::Fetch(fetch)
                }
                Step::Done(Ok(Some(found))) => {
                    search.record(desk, attempt, found);
                    self.decide(desk)
                }
                Step::Done(Ok(None)) if conclusive && self.failed < 2 => {
                    desk.record(Transition::GivenUp { attempt });
                    self.decide(desk)
                }
                Step::Done(Ok(None)) => Step::Done(Err(Trouble::Unavailable {
                    retry_after_ms: None,
                })),
                Step::Done(Err(trouble)) => Step::Done(Err(trouble)),
            },
        }
    }

    /// What the ledger says is to be done next.
    fn decide(&mut self, desk: &mut Desk<'_>) -> Next {
        self.rounds = self.rounds.saturating_add(1);
        if self.rounds > MAX_ROUNDS {
            return Step::Done(Err(Trouble::Unavailable {
                retry_after_ms: None,
            }));
        }
        self.tries.restart();
        let Some(attempt) = desk.ledger.intent.current().cloned() else {
            return self.start(desk);
        };
        match (&attempt.payment_id, attempt.state) {
            (Some(payment_id), _) => self.look(desk, payment_id.clone(), false),
            (None, AttemptState::Started) => self.take_up(desk, &attempt),
            // Only a started attempt is live without a payment.
            (None, _) => self.start(desk),
        }
    }

    fn start(&mut self, desk: &mut Desk<'_>) -> Next {
        let attempt = desk.ledger.intent.next_number();
        self.in_flight = false;
        self.unanswered = false;
        self.doubtful = false;
        desk.record(Transition::Started {
            attempt,
            digest: self.order.digest.clone(),
            amount_in_cents: self.order.amount_in_cents,
            cancel_after_secs: self.order.cancel_after_secs,
        });
        self.create(desk, attempt, true, 0)
    }

    /// Takes up an attempt whose call was never answered: PaySG may have made the payment, or not.
    fn take_up(&mut self, desk: &mut Desk<'_>, attempt: &Attempt) -> Next {
        let age_ms = desk.now_ms.saturating_sub(attempt.started_at_ms);
        self.in_flight = in_flight_ms(attempt, desk.now_ms) > 0;
        let same_order = attempt.digest.as_ref() == Some(&self.order.digest);
        // Asked again, a key that PaySG has answered with a failure is answered so again; and where that answer is lost, the wait begins anew.
        let failed = attempt.asked_at_ms.is_none();
        if same_order && !failed && age_ms < KEY_GOOD_FOR_MS {
            desk.record(Transition::AskedAgain {
                attempt: attempt.number,
            });
            return self.create(desk, attempt.number, false, 0);
        }
        self.search(desk, attempt.number, Some(attempt.amount_in_cents), true)
    }

    fn create(&mut self, desk: &Desk<'_>, attempt: u32, fresh: bool, after_ms: u32) -> Next {
        let intent = &desk.ledger.intent;
        let key = idempotency_key(&intent.payment_service_id, &intent.reference_id, attempt);
        self.state = State::Creating { attempt, fresh };
        Step::Fetch(call(
            ApiRequest::create(
                &intent.payment_service_id,
                self.order.body.clone(),
                key.as_str(),
            ),
            after_ms,
        ))
    }

    fn look(&mut self, desk: &Desk<'_>, payment_id: PaymentId, after_cancelling: bool) -> Next {
        self.tries.restart();
        let service = desk.ledger.intent.payment_service_id.clone();
        let glance = Glance::fresh(service, payment_id, self.tries.clone()).believed();
        let fetch = glance.fetch(0);
        self.state = State::Looking {
            glance,
            after_cancelling,
        };
        Step::Fetch(fetch)
    }

    /// Looks for the payment that a key was used for before, with other parameters than now.
    fn search_by_key(
        &mut self,
        desk: &Desk<'_>,
        attempt: u32,
        fresh: bool,
        conclusive: bool,
    ) -> Next {
        let asked = desk.ledger.intent.attempt(attempt);
        let digest = asked.and_then(|asked| asked.digest.as_ref());
        let same_order = !fresh && digest == Some(&self.order.digest);
        let next = self.search(desk, attempt, None, conclusive);
        if let State::Searching { search, .. } = &mut self.state {
            search.is_of_the_same_order(same_order);
        }
        next
    }

    fn search(
        &mut self,
        desk: &Desk<'_>,
        attempt: u32,
        amount_in_cents: Option<u64>,
        conclusive: bool,
    ) -> Next {
        let started_at_ms = desk
            .ledger
            .intent
            .attempt(attempt)
            .map_or(desk.now_ms, |attempt| attempt.started_at_ms);
        // Without a ledger, and where its storage was replaced, the key may have been used as long ago as PaySG keeps one.
        let since_ms = if desk.terms.remembers && amount_in_cents.is_some() {
            started_at_ms
        } else {
            started_at_ms.min(desk.now_ms.saturating_sub(24 * HOUR_MS))
        };
        let conclusive = conclusive && !self.in_flight;
        self.tries.restart();
        let search = Search::new(
            amount_in_cents,
            self.in_flight,
            since_ms,
            self.tries.clone(),
        );
        let fetch = search.fetch(desk, 0);
        self.state = State::Searching {
            attempt,
            search,
            conclusive,
        };
        Step::Fetch(fetch)
    }

    fn created(
        &mut self,
        desk: &mut Desk<'_>,
        answer: &Answer<'_>,
        attempt: u32,
        fresh: bool,
    ) -> Next {
        let amount = Some(self.order.amount_in_cents);
        match Reading::<Payment>::of(answer) {
            Reading::Success(payment) => self.made(desk, &payment, attempt, fresh),
            Reading::Refused(error) | Reading::Conflict(error) if error.is_key_reuse() => {
                self.search_by_key(desk, attempt, fresh, true)
            }
            Reading::Refused(error) => {
                // It says nothing of earlier calls: the next press asks with the same key, or reads the list.
                if !self.doubtful {
                    desk.record(if fresh {
                        Transition::Refused {
                            attempt,
                            status: error.status,
                            code: error.public_code().map(str::to_owned),
                        }
                    } else {
                        Transition::Failed {
                            attempt,
                            answered: true,
                        }
                    });
                }
                Step::Done(Err(Trouble::of_service(&error)))
            }
            Reading::Conflict(_) => {
                self.doubtful = true;
                match self.tries.again(answer, desk.now_ms, desk.random) {
                    Some(delay_ms) => self.create(desk, attempt, fresh, delay_ms),
                    // Perhaps the key was used for other parameters, in words that we do not know.
                    None => self.search_by_key(desk, attempt, false, false),
                }
            }
            Reading::Busy => match self.tries.again(answer, desk.now_ms, desk.random) {
                Some(delay_ms) => self.create(desk, attempt, fresh, delay_ms),
                None => Step::Done(Err(Trouble::Unavailable {
                    retry_after_ms: retry_after(answer),
                })),
            },
            // Recorded, it will be the answer for as long as the key lives; one more try tells whether it was.
            Reading::Broken => {
                self.doubtful = true;
                match self
                    .tries
                    .again_at_most(2, answer, desk.now_ms, desk.random)
                {
                    Some(delay_ms) => self.create(desk, attempt, fresh, delay_ms),
                    None => {
                        self.failed = self.failed.saturating_add(1);
                        if !self.unanswered {
                            desk.record(Transition::Failed {
                                attempt,
                                answered: true,
                            });
                        }
                        self.search(desk, attempt, amount, true)
                    }
                }
            }
            Reading::Unanswered => {
                self.in_flight = true;
                self.unanswered = true;
                self.doubtful = true;
                match self.tries.again(answer, desk.now_ms, desk.random) {
                    Some(delay_ms) => self.create(desk, attempt, fresh, delay_ms),
                    // Adopt what is there, but take no new key.
                    None => {
                        if matches!(answer, Answer::Arrived { status: 500, .. }) {
                            desk.record(Transition::Failed {
                                attempt,
                                answered: false,
                            });
                        }
                        self.search(desk, attempt, amount, true)
                    }
                }
            }
        }
    }

    fn made(&mut self, desk: &mut Desk<'_>, payment: &Payment, attempt: u32, fresh: bool) -> Next {
        let intent = &desk.ledger.intent;
        let known = intent.attempt_of(&payment.id);
        if known.is_some_and(|known| known.origin != PaymentOrigin::Created) {
            // A list or an event had named it, and it was taken for another attempt's. It is watched as that one's.
            desk.record(Transition::GivenUp { attempt });
            return self.decide(desk);
        }
        let ours = payment.payment_service_id == intent.payment_service_id
            && payment.reference_id == intent.reference_id
            && payment.amount_in_cents.get() == self.order.amount_in_cents
            && known.is_none();
        if !ours {
            desk.flag(Flag::Mismatch, Some(&payment.id));
            return Step::Done(Err(Trouble::Mismatch));
        }
        desk.record(Transition::Opened {
            attempt,
            payment_id: payment.id.clone(),
            adopted: false,
            same_order: true,
            amount_in_cents: None,
        });
        // PaySG answers a key with what it first answered: of now only where the key is new.
        if fresh && desk.terms.remembers && payment.status() == Status::Unpaid {
            return Step::Done(self.choose(desk, payment, Status::Unpaid, false));
        }
        self.look(desk, payment.id.clone(), false)
    }

    fn looked(&mut self, desk: &mut Desk<'_>, payment: &Payment, after_cancelling: bool) -> Next {
        let status = match witness(desk, payment, false) {
            Ok(status) => status,
            Err(trouble) => return Step::Done(Err(trouble)),
        };
        match status {
            Status::Cancelled => self.decide(desk),
            Status::Unpaid => {
                let digest = desk
                    .ledger
                    .intent
                    .attempt_of(&payment.id)
                    .and_then(|attempt| attempt.digest.as_ref());
                if digest == Some(&self.order.digest) {
                    Step::Done(self.choose(desk, payment, status, desk.terms.remembers))
                } else if after_cancelling {
                    Step::Done(Err(Trouble::Unavailable {
                        retry_after_ms: None,
                    }))
                } else {
                    self.cancel(desk, payment.id.clone())
                }
            }
            Status::Paid | Status::PartiallyRefunded | Status::Refunded | Status::Unknown => {
                Step::Done(self.choose(desk, payment, status, desk.terms.remembers))
            }
        }
    }

    fn cancel(&mut self, desk: &Desk<'_>, payment_id: PaymentId) -> Next {
        let request = ApiRequest::cancel(&desk.ledger.intent.payment_service_id, &payment_id);
        self.state = State::Cancelling { payment_id };
        Step::Fetch(call(request, 0))
    }

    fn choose(
        &self,
        desk: &Desk<'_>,
        payment: &Payment,
        status: Status,
        existed: bool,
    ) -> Result<Chosen, Trouble> {
        let mut payment = PaymentView::of(payment, status);
        if !desk.terms.pages.allows(&payment.payment_url) {
            if matches!(status, Status::Unpaid | Status::Unknown) {
                return Err(Trouble::PageRefused);
            }
            // Nobody is sent there to pay any more; nor for anything else.
            payment.payment_url.clear();
        }
        Ok(Chosen { payment, existed })
    }
}
