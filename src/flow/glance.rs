//! One payment, as a GET shows it.

use serde::{Deserialize, Serialize};

use super::step::{Answer, Fetch, Step};
use super::upstream::{CALL_TIMEOUT_MS, Reading, Tries, Trouble, call, retry_after};
use crate::paysg::{ApiRequest, Failure, Payment, PaymentId, PaymentServiceId};

/// GETs of a payment that there is reason to believe in, while PaySG's own answer is that it knows none: about three seconds.
const TRIES_WHILE_MISSING: u32 = 6;
/// The same for an id that anybody may have made up: below a second.
const TRIES_OF_A_STRANGER: u32 = 3;

/// A GET of one payment, with its retries.
///
/// PaySG's GET may lag behind its own create and its own events. So a 404 of PaySG's own is asked about again; and if PaySG has spoken of the
/// payment before, it is never the last word of one GET: [`Trouble::NotShownYet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glance {
    service: PaymentServiceId,
    payment_id: PaymentId,
    shared: bool,
    /// Whether PaySG has spoken of the payment before: to the ledger, in a sealed cookie, or by an authentic event.
    believed: bool,
    timeout_ms: u32,
    tries: Tries,
}

impl Glance {
    /// A GET whose answer is of now.
    #[must_use]
    pub const fn fresh(service: PaymentServiceId, payment_id: PaymentId, tries: Tries) -> Self {
        Self {
            service,
            payment_id,
            shared: false,
            believed: false,
            timeout_ms: CALL_TIMEOUT_MS,
            tries,
        }
    }

    /// A GET that an equal one of the last two seconds may stand in for.
    #[must_use]
    pub const fn shared(service: PaymentServiceId, payment_id: PaymentId, tries: Tries) -> Self {
        Self {
            service,
            payment_id,
            shared: true,
            believed: false,
            timeout_ms: CALL_TIMEOUT_MS,
            tries,
        }
    }

    /// The same, with no call longer than whoever asks will wait in all.
    #[must_use]
    pub fn within(mut self, patience_ms: i64) -> Self {
        self.timeout_ms = u32::try_from(patience_ms)
            .unwrap_or(CALL_TIMEOUT_MS)
            .min(CALL_TIMEOUT_MS);
        self
    }

    /// The same, of a payment that PaySG has spoken of before: to the ledger, in a sealed cookie, or by an authentic event.
    #[must_use]
    pub const fn believed(mut self) -> Self {
        self.believed = true;
        self
    }

    /// The payment that is asked for.
    #[must_use]
    pub const fn payment_id(&self) -> &PaymentId {
        &self.payment_id
    }

    /// The payment service that is asked.
    #[must_use]
    pub const fn payment_service_id(&self) -> &PaymentServiceId {
        &self.service
    }

    /// The call.
    #[must_use]
    pub fn fetch(&self, after_ms: u32) -> Fetch {
        let mut fetch = call(ApiRequest::get(&self.service, &self.payment_id), after_ms);
        fetch.shared = self.shared;
        fetch.timeout_ms = self.timeout_ms;
        fetch
    }

    /// Takes the answer. What comes out bears the id and the service that were asked for.
    pub fn answer(
        &mut self,
        answer: &Answer<'_>,
        now_ms: i64,
        random: u32,
    ) -> Step<Result<Payment, Trouble>> {
        match Reading::<Payment>::of(answer) {
            Reading::Success(payment)
                if payment.id == self.payment_id && payment.payment_service_id == self.service =>
            {
                Step::Done(Ok(payment))
            }
            // Another payment than was asked for is no answer to the question, whoever gave it.
            Reading::Success(_) => self.again(answer, now_ms, random, None, Trouble::Mismatch),
            Reading::Refused(error) if error.kind() == Failure::NotFound => {
                let (tries, trouble) = if self.believed {
                    (TRIES_WHILE_MISSING, Trouble::NotShownYet)
                } else {
                    (TRIES_OF_A_STRANGER, Trouble::UnknownPayment)
                };
                self.again(answer, now_ms, random, Some(tries), trouble)
            }
            Reading::Refused(error) | Reading::Conflict(error) => {
                Step::Done(Err(Trouble::of(&error)))
            }
            Reading::Busy | Reading::Broken | Reading::Unanswered => {
                let trouble = Trouble::Unavailable {
                    retry_after_ms: retry_after(answer),
                };
                self.again(answer, now_ms, random, None, trouble)
            }
        }
    }

    fn again(
        &mut self,
        answer: &Answer<'_>,
        now_ms: i64,
        random: u32,
        tries: Option<u32>,
        trouble: Trouble,
    ) -> Step<Result<Payment, Trouble>> {
        self.shared = false;
        let delay_ms = match tries {
            Some(tries) => self.tries.again_at_most(tries, answer, now_ms, random),
            None => self.tries.again(answer, now_ms, random),
        };
        let Some(delay_ms) = delay_ms else {
            return Step::Done(Err(trouble));
        };
        let mut fetch = self.fetch(delay_ms);
        let begins_ms = now_ms.saturating_add(i64::from(delay_ms));
        fetch.timeout_ms = fetch.timeout_ms.min(self.tries.left_ms(begins_ms));
        Step::Fetch(fetch)
    }
}
