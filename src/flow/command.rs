//! Calls that change one payment: cancel, refund, send the e-mail. Each ends with a GET, which alone says what came of it.

use serde::{Deserialize, Serialize};

use super::glance::Glance;
use super::step::{Answer, Fetch, Step};
use super::upstream::{Reading, Tries, Trouble, call, retry_after};
use crate::ledger::Digest;
use crate::paysg::{ApiRequest, Cents, EmailSent, Payment, PaymentId, PaymentServiceId};

const PATIENCE_MS: i64 = 25_000;

/// What is to be done to a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Take the link back.
    Cancel,
    /// Give money back.
    Refund {
        /// How much.
        amount_in_cents: Cents,
        /// One for each command, so that its retry is not a second refund.
        key: Digest,
        /// Whether it was asked for before without an answer, so that it may have been made whatever is answered now.
        repeated: bool,
    },
    /// Have PaySG send the payer its e-mail.
    SendEmail,
}

/// A command under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    action: Action,
    service: PaymentServiceId,
    payment_id: PaymentId,
    tries: Tries,
    /// Whether PaySG has spoken of the payment before: see [`Glance::believed`].
    believed: bool,
    confirming: Option<Glance>,
    refusal: Option<Trouble>,
}

/// What PaySG said to a command.
enum Said {
    /// That it was done.
    Done,
    /// That it was not done, and will not be.
    Refused(Trouble),
    /// That it was not done now.
    NotNow(Trouble),
    /// Nothing of its own: it may have been done.
    Nothing(Trouble),
}

impl Said {
    fn of<T>(reading: Reading<T>, answer: &Answer<'_>) -> Self {
        let unavailable = Trouble::Unavailable {
            retry_after_ms: retry_after(answer),
        };
        match reading {
            Reading::Success(_) => Self::Done,
            Reading::Refused(error) => Self::Refused(Trouble::of(&error)),
            Reading::Conflict(_) | Reading::Busy => Self::NotNow(unavailable),
            Reading::Broken | Reading::Unanswered => Self::Nothing(unavailable),
        }
    }
}

/// What came of a command: the payment as a GET shows it afterwards, and PaySG's refusal, if it refused.
#[derive(Clone, Debug)]
pub struct Done {
    /// The payment.
    pub payment: Payment,
    /// PaySG's refusal.
    pub refusal: Option<Trouble>,
}

impl Command {
    /// A command for a payment.
    #[must_use]
    pub const fn new(
        action: Action,
        service: PaymentServiceId,
        payment_id: PaymentId,
        now_ms: i64,
    ) -> Self {
        Self {
            action,
            service,
            payment_id,
            tries: Tries::until(now_ms.saturating_add(PATIENCE_MS)),
            believed: false,
            confirming: None,
            refusal: None,
        }
    }

    /// The same, for a payment that PaySG has spoken of before.
    #[must_use]
    pub const fn believed(mut self) -> Self {
        self.believed = true;
        self
    }

    /// What is to be done.
    #[must_use]
    pub const fn action(&self) -> &Action {
        &self.action
    }

    /// The payment that it is done to.
    #[must_use]
    pub const fn payment_id(&self) -> &PaymentId {
        &self.payment_id
    }

    /// Whether PaySG has taken the call, or may have: a GET is to say what came of it.
    #[must_use]
    pub const fn is_confirming(&self) -> bool {
        self.confirming.is_some()
    }

    /// Whether PaySG has answered the call with success.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        self.confirming.is_some() && self.refusal.is_none()
    }

    /// The call.
    #[must_use]
    pub fn fetch(&self, after_ms: u32) -> Fetch {
        let (service, id) = (&self.service, &self.payment_id);
        let request = match &self.action {
            Action::Cancel => ApiRequest::cancel(service, id),
            Action::SendEmail => ApiRequest::send_email(service, id),
            Action::Refund {
                amount_in_cents,
                key,
                ..
            } => ApiRequest::refund(service, id, *amount_in_cents, key.as_str()),
        };
        call(request, after_ms)
    }

    /// Takes the answer.
    pub fn answer(
        &mut self,
        answer: &Answer<'_>,
        now_ms: i64,
        random: u32,
    ) -> Step<Result<Done, Trouble>> {
        if let Some(glance) = &mut self.confirming {
            let refusal = self.refusal.clone();
            return glance
                .answer(answer, now_ms, random)
                .map(|seen| seen.map(|payment| Done { payment, refusal }));
        }
        let reading = match self.action {
            Action::Cancel | Action::Refund { .. } => {
                Said::of(Reading::<Payment>::of(answer), answer)
            }
            Action::SendEmail => Said::of(Reading::<EmailSent>::of(answer), answer),
        };
        let (repeatable, trouble) = match reading {
            Said::Done => return self.confirm(),
            // PaySG's own word that nothing was done; its GET, and this call, may lag behind its create.
            Said::Refused(Trouble::UnknownPayment) => {
                return match self.tries.again(answer, now_ms, random) {
                    Some(delay_ms) => Step::Fetch(self.fetch(delay_ms)),
                    None if self.believed => Step::Done(Err(Trouble::NotShownYet)),
                    None => Step::Done(Err(Trouble::UnknownPayment)),
                };
            }
            Said::Refused(refusal @ Trouble::Refused { .. }) => {
                self.refusal = Some(refusal);
                return self.confirm();
            }
            Said::Refused(trouble) => return Step::Done(Err(trouble)),
            Said::NotNow(trouble) => (true, trouble),
            // PaySG lists no key for a refund or an e-mail: what may have been done is not asked for twice, but looked at.
            Said::Nothing(trouble) => (matches!(self.action, Action::Cancel), trouble),
        };
        match self.tries.again(answer, now_ms, random) {
            Some(delay_ms) if repeatable => Step::Fetch(self.fetch(delay_ms)),
            _ => {
                self.refusal = Some(trouble);
                self.confirm()
            }
        }
    }

    fn confirm(&mut self) -> Step<Result<Done, Trouble>> {
        self.tries.restart();
        let glance = Glance::fresh(
            self.service.clone(),
            self.payment_id.clone(),
            self.tries.clone(),
        );
        let glance = if self.believed {
            glance.believed()
        } else {
            glance
        };
        let fetch = glance.fetch(0);
        self.confirming = Some(glance);
        Step::Fetch(fetch)
    }
}
