//! One payment, as a GET shows it.

use serde::{Deserialize, Serialize};

use super::step::{Answer, Fetch, Step};
use super::upstream::{CALL_TIMEOUT_MS, Reading, Tries, Trouble, call, retry_after};
use crate::paysg::{ApiRequest, Payment, PaymentId, PaymentServiceId};

/// A GET of one payment, with its retries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glance {
    service: PaymentServiceId,
    payment_id: PaymentId,
    shared: bool,
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
        match Reading::of(answer) {
            Reading::Success(body) => Step::Done(match Payment::read(body) {
                Ok(payment)
                    if payment.id == self.payment_id
                        && payment.payment_service_id == self.service =>
                {
                    Ok(payment)
                }
                Ok(_) => Err(Trouble::Mismatch),
                Err(_) => Err(Trouble::Unexpected { status: 200 }),
            }),
            Reading::Refused(error) | Reading::Conflict(error) => {
                Step::Done(Err(Trouble::of(&error)))
            }
            Reading::Busy | Reading::Broken | Reading::Unanswered => {
                self.shared = false;
                match self.tries.again(answer, now_ms, random) {
                    Some(delay_ms) => {
                        let mut fetch = self.fetch(delay_ms);
                        let begins_ms = now_ms.saturating_add(i64::from(delay_ms));
                        fetch.timeout_ms = fetch.timeout_ms.min(self.tries.left_ms(begins_ms));
                        Step::Fetch(fetch)
                    }
                    None => Step::Done(Err(Trouble::Unavailable {
                        retry_after_ms: retry_after(answer),
                    })),
                }
            }
        }
    }
}
