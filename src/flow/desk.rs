//! One intent's desk: it takes a message, works it off step by step, and answers.
//!
//! With a ledger the desk stands in the intent's own object and its ledger is on disk; without one it stands in the request and its
//! ledger is forgotten with it. It is the same desk.

use serde::{Deserialize, Serialize};

use super::agenda::{self, Due, Pace};
use super::checkout::{Checkout, Chosen, Order};
use super::command::{Action, Command, Done};
use super::fulfilment;
use super::glance::Glance;
use super::retry::Backoff;
use super::step::{Answer, Fetch, Step};
use super::upstream::{Tries, Trouble, retry_after};
use super::view::PaymentView;
use super::witness::{paid_status, witness};
use crate::ledger::{
    AttemptState, Digest, Flag, Intent, Ledger, TellStatus, Transition, refund_key,
};
use crate::paysg::{Cents, Payment, PaymentId, PaymentPages, Status};
use crate::token::Receipt;

/// How long a question about a payment may take.
const PATIENCE_MS: i64 = 15_000;
/// After so many GETs that do not bear an event out, it is let go; looks after the link go on.
const MAX_HINT_TRIES: u32 = 24;

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
        let _ = self.ledger.record(self.now_ms, transition);
    }

    /// Flags a payment of this intent in whose place PaySG showed another one.
    pub fn flag_swapped(&mut self, payment_id: &PaymentId) {
        if self.ledger.intent.attempt_of(payment_id).is_some() {
            self.flag(Flag::Mismatch, Some(payment_id));
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

/// What an intent can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Message {
    /// Have it paid.
    Pay {
        /// The order.
        order: Order,
    },
    /// How does a payment stand?
    Inquire {
        /// The payment.
        payment_id: PaymentId,
        /// How long the asker waits.
        patience_ms: i64,
        /// Whether an answer of the last two seconds will not do.
        fresh: bool,
    },
    /// An authentic event has named a payment.
    Hint {
        /// The payment.
        payment_id: PaymentId,
    },
    /// Cancel a payment.
    Cancel {
        /// The payment.
        payment_id: PaymentId,
    },
    /// Refund a payment.
    Refund {
        /// The payment.
        payment_id: PaymentId,
        /// How much.
        amount_in_cents: Cents,
        /// The same for the same command.
        command_id: String,
    },
    /// Have PaySG send its e-mail.
    SendEmail {
        /// The payment.
        payment_id: PaymentId,
    },
    /// Tell the e-service once more.
    TellAgain {
        /// The payment.
        payment_id: PaymentId,
    },
    /// Show the intent.
    Read,
    /// Do what is due.
    Wake,
}

/// What an intent answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// To [`Message::Pay`].
    Chosen(Chosen),
    /// To a question or a command: the payment as it stands.
    Payment {
        /// The payment.
        payment: PaymentView,
    },
    /// The hint is on record, or says nothing new.
    Noted,
    /// The hint is about a payment that is not ours. Nothing is recorded.
    NotOurs,
    /// To [`Message::Read`].
    Record {
        /// The intent as JSON; the host adds the journal.
        record: String,
    },
    /// What was due is done, or will be tried again.
    Slept,
    /// It could not be done.
    Failed(Trouble),
}

/// Work between two steps.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// For [`Message::Pay`].
    Checkout(Box<Checkout>),
    /// For [`Message::Inquire`].
    Inquiry(Glance),
    /// For a hint to an intent that has no ledger yet.
    Adoption(Glance),
    /// For [`Due::Examine`].
    Examination(Glance),
    /// For [`Due::Look`].
    Look(Glance),
    /// For a command.
    Command(Box<Command>),
    /// For [`Due::Abandon`].
    Abandonment(Box<Command>),
    /// For [`Due::Tell`].
    Telling {
        /// The telling's key.
        key: String,
    },
}

/// What comes next.
pub enum Progress {
    /// Make the call, and come back with its answer and the task.
    Working(Task, Fetch),
    /// Done.
    Done(Reply),
}

/// Takes a message.
#[must_use]
pub fn begin(desk: &mut Desk<'_>, message: Message) -> Progress {
    match message {
        Message::Pay { order } => {
            let (checkout, step) = Checkout::begin(desk, order);
            match step {
                Step::Fetch(fetch) => Progress::Working(Task::Checkout(Box::new(checkout)), fetch),
                Step::Done(result) => Progress::Done(chosen(result)),
            }
        }
        Message::Inquire {
            payment_id,
            patience_ms,
            fresh,
        } => {
            if desk.ledger.is_empty() {
                return Progress::Done(Reply::Failed(Trouble::NoRecord));
            }
            let tries = Tries::until(desk.now_ms.saturating_add(patience_ms));
            let service = desk.ledger.intent.payment_service_id.clone();
            let glance = if fresh {
                Glance::fresh(service, payment_id, tries)
            } else {
                Glance::shared(service, payment_id, tries)
            }
            .within(patience_ms);
            let fetch = glance.fetch(0);
            Progress::Working(Task::Inquiry(glance), fetch)
        }
        Message::Hint { payment_id } => hint(desk, payment_id),
        Message::Cancel { payment_id } => command(desk, payment_id, Action::Cancel),
        Message::SendEmail { payment_id } => command(desk, payment_id, Action::SendEmail),
        Message::Refund {
            payment_id,
            amount_in_cents,
            command_id,
        } => refund(desk, payment_id, amount_in_cents, &command_id),
        Message::TellAgain { payment_id } => tell_again(desk, &payment_id),
        Message::Read if desk.ledger.is_empty() => Progress::Done(Reply::Failed(Trouble::NoRecord)),
        Message::Read => Progress::Done(Reply::Record {
            record: record(&desk.ledger.intent),
        }),
        Message::Wake => wake(desk),
    }
}

/// Takes the answer to a task's call.
#[must_use]
pub fn resume(desk: &mut Desk<'_>, task: Task, answer: &Answer<'_>) -> Progress {
    match task {
        Task::Checkout(mut checkout) => match checkout.answer(desk, answer) {
            Step::Fetch(fetch) => Progress::Working(Task::Checkout(checkout), fetch),
            Step::Done(result) => Progress::Done(chosen(result)),
        },
        Task::Inquiry(glance) => glanced(desk, glance, answer, Task::Inquiry, inquired),
        Task::Adoption(glance) => glanced(desk, glance, answer, Task::Adoption, adopted),
        Task::Examination(glance) => glanced(desk, glance, answer, Task::Examination, examined),
        Task::Look(glance) => glanced(desk, glance, answer, Task::Look, |desk, _, seen| {
            if let Ok(payment) = seen {
                // What the look shows is in the ledger now; nobody waits for it.
                let _ = witness(desk, &payment, false);
            }
            Reply::Slept
        }),
        Task::Command(mut command) => match command.answer(answer, desk.now_ms, desk.random) {
            Step::Fetch(fetch) => Progress::Working(Task::Command(command), fetch),
            Step::Done(result) => Progress::Done(commanded(desk, &command, result)),
        },
        Task::Abandonment(mut command) => match command.answer(answer, desk.now_ms, desk.random) {
            Step::Fetch(fetch) => Progress::Working(Task::Abandonment(command), fetch),
            Step::Done(result) => {
                if matches!(result, Err(Trouble::Mismatch)) {
                    desk.flag_swapped(command.payment_id());
                }
                let _ = result.and_then(|done| witness(desk, &done.payment, true));
                Progress::Done(Reply::Slept)
            }
        },
        Task::Telling { key } => Progress::Done(told(desk, &key, answer)),
    }
}

/// The intent for operators: `{state, payment_service_id, reference_id, attempts, hints, tellings, refunds, flags}`.
fn record(intent: &Intent) -> String {
    #[derive(Serialize)]
    struct Record<'a> {
        state: Option<AttemptState>,
        #[serde(flatten)]
        intent: &'a Intent,
    }
    let shown = intent.current().or(intent.attempts.last());
    let record = Record {
        state: shown.map(|attempt| attempt.state),
        intent,
    };
    // Plain data with string keys: writing it cannot fail.
    serde_json::to_string(&record).unwrap_or_default()
}

fn chosen(result: Result<Chosen, Trouble>) -> Reply {
    result.map_or_else(Reply::Failed, Reply::Chosen)
}

fn glanced(
    desk: &mut Desk<'_>,
    mut glance: Glance,
    answer: &Answer<'_>,
    again: fn(Glance) -> Task,
    done: fn(&mut Desk<'_>, &PaymentId, Result<Payment, Trouble>) -> Reply,
) -> Progress {
    match glance.answer(answer, desk.now_ms, desk.random) {
        Step::Fetch(fetch) => Progress::Working(again(glance), fetch),
        Step::Done(seen) => {
            if matches!(seen, Err(Trouble::Mismatch)) {
                desk.flag_swapped(glance.payment_id());
            }
            Progress::Done(done(desk, glance.payment_id(), seen))
        }
    }
}

fn inquired(desk: &mut Desk<'_>, id: &PaymentId, seen: Result<Payment, Trouble>) -> Reply {
    let trouble = match seen {
        Ok(payment) if !payment.status().was_paid() && recorded(desk, id).is_some() => {
            // A remembered answer can be older than the ledger: no reason to flag anything.
            Trouble::Unavailable {
                retry_after_ms: None,
            }
        }
        Ok(payment) => match witness(desk, &payment, false) {
            Ok(status) => {
                return Reply::Payment {
                    payment: PaymentView::of(&payment, status),
                };
            }
            Err(trouble) => trouble,
        },
        Err(trouble) => trouble,
    };
    // A payer who has paid is not told of our troubles.
    match recorded(desk, id) {
        Some(payment) if matches!(trouble, Trouble::Unavailable { .. }) => {
            Reply::Payment { payment }
        }
        _ => Reply::Failed(trouble),
    }
}

/// A paid payment as the ledger knows it.
fn recorded(desk: &Desk<'_>, id: &PaymentId) -> Option<PaymentView> {
    let intent = &desk.ledger.intent;
    let attempt = intent
        .attempt_of(id)
        .filter(|attempt| attempt.state.was_paid())?;
    Some(PaymentView {
        id: id.clone(),
        payment_service_id: intent.payment_service_id.clone(),
        payment_url: String::new(),
        reference_id: intent.reference_id.clone(),
        amount_in_cents: attempt.amount_in_cents,
        status: paid_status(attempt.state),
        paid_at: attempt.paid_at.clone(),
    })
}

fn fresh_glance(desk: &Desk<'_>, payment_id: PaymentId) -> Glance {
    let tries = Tries::until(desk.now_ms.saturating_add(PATIENCE_MS));
    let service = desk.ledger.intent.payment_service_id.clone();
    Glance::fresh(service, payment_id, tries)
}

fn hint(desk: &mut Desk<'_>, payment_id: PaymentId) -> Progress {
    if desk.ledger.is_empty() {
        let glance = fresh_glance(desk, payment_id);
        let fetch = glance.fetch(0);
        return Progress::Working(Task::Adoption(glance), fetch);
    }
    let intent = &desk.ledger.intent;
    let paid_already = intent
        .attempt_of(&payment_id)
        .is_some_and(|attempt| attempt.state.was_paid());
    if paid_already || intent.hints.contains(&payment_id) {
        return Progress::Done(Reply::Noted);
    }
    desk.ledger.schedule.hint_at_ms = None;
    desk.ledger.schedule.hint_tries = 0;
    let hinted = Transition::Hinted { payment_id };
    Progress::Done(match desk.ledger.record(desk.now_ms, hinted) {
        Ok(()) => Reply::Noted,
        // Too many wait already: PaySG comes again.
        Err(_) => Reply::Failed(Trouble::Unavailable {
            retry_after_ms: None,
        }),
    })
}

fn adopted(desk: &mut Desk<'_>, _: &PaymentId, seen: Result<Payment, Trouble>) -> Reply {
    match seen.and_then(|payment| witness(desk, &payment, false)) {
        Ok(_) => Reply::Noted,
        Err(Trouble::UnknownPayment | Trouble::Mismatch) => Reply::NotOurs,
        Err(trouble) => Reply::Failed(trouble),
    }
}

fn examined(desk: &mut Desk<'_>, id: &PaymentId, seen: Result<Payment, Trouble>) -> Reply {
    let over = match seen.and_then(|payment| witness(desk, &payment, false)) {
        Ok(status) => status.is_settled() || desk.ledger.schedule.hint_tries >= MAX_HINT_TRIES,
        Err(Trouble::UnknownPayment | Trouble::Mismatch) => true,
        Err(_) => false,
    };
    if over {
        desk.record(Transition::Examined {
            payment_id: id.clone(),
        });
        desk.ledger.schedule.hint_tries = 0;
        desk.ledger.schedule.hint_at_ms = None;
    }
    Reply::Slept
}

fn command(desk: &mut Desk<'_>, payment_id: PaymentId, action: Action) -> Progress {
    if desk.terms.remembers && desk.ledger.intent.attempt_of(&payment_id).is_none() {
        return Progress::Done(Reply::Failed(Trouble::UnknownPayment));
    }
    let service = desk.ledger.intent.payment_service_id.clone();
    let command = Command::new(action, service, payment_id, desk.now_ms);
    let fetch = command.fetch(0);
    Progress::Working(Task::Command(Box::new(command)), fetch)
}

fn refund(
    desk: &mut Desk<'_>,
    payment_id: PaymentId,
    amount_in_cents: Cents,
    command_id: &str,
) -> Progress {
    let key = refund_key(&payment_id, command_id);
    let action = Action::Refund {
        amount_in_cents,
        key: key.clone(),
    };
    if !desk.terms.remembers {
        return command(desk, payment_id, action);
    }
    let Some(attempt) = desk.ledger.intent.attempt_of(&payment_id) else {
        return Progress::Done(Reply::Failed(Trouble::UnknownPayment));
    };
    // An open one may have been paid since: PaySG knows, and refuses otherwise.
    if !attempt.state.was_paid() && attempt.state != AttemptState::Open {
        let status = paid_status(attempt.state);
        return Progress::Done(Reply::Failed(Trouble::NotAllowed { status }));
    }
    let earlier = desk
        .ledger
        .intent
        .refunds
        .iter()
        .find(|refund| refund.key == key);
    match earlier.map(|refund| refund.accepted) {
        // The same command once more: what it did stands.
        Some(Some(true)) => begin(
            desk,
            Message::Inquire {
                payment_id,
                patience_ms: PATIENCE_MS,
                fresh: true,
            },
        ),
        Some(_) => command(desk, payment_id, action),
        None => {
            desk.record(Transition::RefundAsked {
                payment_id: payment_id.clone(),
                key,
                amount_in_cents,
            });
            command(desk, payment_id, action)
        }
    }
}

fn commanded(desk: &mut Desk<'_>, command: &Command, result: Result<Done, Trouble>) -> Reply {
    let done = match result {
        Ok(done) => done,
        Err(trouble) => {
            if trouble == Trouble::Mismatch {
                desk.flag_swapped(command.payment_id());
            }
            return Reply::Failed(trouble);
        }
    };
    let shown = done.payment.status();
    let mut refunded = done.refusal.is_none();
    let status = if desk.terms.remembers {
        let tell_cancelled = *command.action() == Action::Cancel;
        let before = desk
            .ledger
            .intent
            .attempt_of(&done.payment.id)
            .map(|attempt| attempt.state);
        let status = match witness(desk, &done.payment, tell_cancelled) {
            Ok(status) => status,
            Err(trouble) => return Reply::Failed(trouble),
        };
        refunded |= record_refund(desk, &done, command.action(), before);
        status
    } else {
        shown
    };
    let did = match command.action() {
        Action::Cancel => status == Status::Cancelled,
        Action::Refund { .. } => refunded,
        Action::SendEmail => done.refusal.is_none(),
    };
    if did {
        return Reply::Payment {
            payment: PaymentView::of(&done.payment, status),
        };
    }
    Reply::Failed(match done.refusal {
        Some(trouble @ Trouble::Unavailable { .. }) => trouble,
        _ => Trouble::NotAllowed { status },
    })
}

/// Records what became of a refund, and whether it was made. One whose answer was lost was made if the payment is refunded further than
/// the ledger knew.
fn record_refund(
    desk: &mut Desk<'_>,
    done: &Done,
    action: &Action,
    before: Option<AttemptState>,
) -> bool {
    let Action::Refund { key, .. } = action else {
        return false;
    };
    let further = match (before, done.payment.status()) {
        (Some(AttemptState::Paid), Status::PartiallyRefunded | Status::Refunded)
        | (Some(AttemptState::PartiallyRefunded), Status::Refunded) => true,
        (Some(_) | None, _) => false,
    };
    let made = done.refusal.is_none() || further;
    if made {
        desk.record(Transition::RefundMade {
            key: key.clone(),
            whole: done.payment.status() == Status::Refunded,
        });
    } else if !matches!(done.refusal, Some(Trouble::Unavailable { .. })) {
        desk.record(Transition::RefundRefused { key: key.clone() });
    }
    made
}

fn tell_again(desk: &mut Desk<'_>, payment_id: &PaymentId) -> Progress {
    let keys: Vec<String> = desk
        .ledger
        .intent
        .tellings
        .iter()
        .filter(|telling| telling.payment_id == *payment_id && telling.acknowledged)
        .map(|telling| telling.key.clone())
        .collect();
    for key in keys {
        desk.record(Transition::TellAgain { key });
    }
    desk.ledger.schedule.tell_at_ms = None;
    desk.ledger.schedule.tell_tries = 0;
    Progress::Done(match recorded(desk, payment_id) {
        Some(payment) => Reply::Payment { payment },
        None => Reply::Failed(Trouble::UnknownPayment),
    })
}

fn wake(desk: &mut Desk<'_>) -> Progress {
    let Some(due) = agenda::due(desk.ledger, desk.terms.pace, desk.now_ms) else {
        return Progress::Done(Reply::Slept);
    };
    // The next try is put off before this one is made: a machine that dies in between neither forgets it nor hammers.
    let later = |backoff: Backoff, tries: &mut u32| {
        let delay_ms = backoff.half_jitter_ms(*tries, desk.random);
        *tries = tries.saturating_add(1);
        Some(
            desk.now_ms
                .saturating_add(desk.terms.pace.of(i64::from(delay_ms))),
        )
    };
    let schedule = &mut desk.ledger.schedule;
    match due {
        Due::Tell => {
            schedule.tell_at_ms = later(agenda::TELL_BACKOFF, &mut schedule.tell_tries);
            tell(desk)
        }
        Due::Examine(id) => {
            schedule.hint_at_ms = later(agenda::HINT_BACKOFF, &mut schedule.hint_tries);
            let glance = fresh_glance(desk, id);
            let fetch = glance.fetch(0);
            Progress::Working(Task::Examination(glance), fetch)
        }
        Due::Look(id) => {
            agenda::looked(desk.ledger, desk.terms.pace, desk.now_ms);
            // One GET a look: the next look is its retry.
            let service = desk.ledger.intent.payment_service_id.clone();
            let glance = Glance::fresh(service, id, Tries::until(desk.now_ms));
            let fetch = glance.fetch(0);
            Progress::Working(Task::Look(glance), fetch)
        }
        Due::Abandon(id) => {
            schedule.cancel_at_ms = later(agenda::CANCEL_BACKOFF, &mut schedule.cancel_tries);
            let service = desk.ledger.intent.payment_service_id.clone();
            let command = Command::new(Action::Cancel, service, id, desk.now_ms);
            let fetch = command.fetch(0);
            Progress::Working(Task::Abandonment(Box::new(command)), fetch)
        }
    }
}

fn tell(desk: &mut Desk<'_>) -> Progress {
    let intent = &desk.ledger.intent;
    let Some(telling) = intent.untold() else {
        return Progress::Done(Reply::Slept);
    };
    let Some(attempt) = intent.attempt_of(&telling.payment_id) else {
        return Progress::Done(Reply::Slept);
    };
    let facts = Receipt {
        payment_id: telling.payment_id.clone(),
        payment_service_id: intent.payment_service_id.clone(),
        reference_id: intent.reference_id.clone(),
        amount_in_cents: attempt.amount_in_cents,
        paid_at: attempt.paid_at.clone(),
    };
    let receipt =
        (telling.status == TellStatus::Paid).then(|| (desk.terms.sign)(&facts, desk.now_ms));
    let fetch = fulfilment::tell(telling, &facts, receipt.as_deref());
    let key = telling.key.clone();
    Progress::Working(Task::Telling { key }, fetch)
}

fn told(desk: &mut Desk<'_>, key: &str, answer: &Answer<'_>) -> Reply {
    match answer {
        Answer::Arrived {
            status: 200..=299, ..
        } => {
            desk.record(Transition::Told {
                key: key.to_owned(),
            });
            desk.ledger.schedule.tell_tries = 0;
            desk.ledger.schedule.tell_at_ms = None;
        }
        Answer::Arrived { .. } | Answer::Lost => {
            if let Some(asked_ms) = retry_after(answer) {
                let at_ms = desk.now_ms.saturating_add(i64::from(asked_ms));
                let schedule = &mut desk.ledger.schedule;
                schedule.tell_at_ms = Some(schedule.tell_at_ms.map_or(at_ms, |own| own.max(at_ms)));
            }
        }
    }
    Reply::Slept
}

/// The digest that stands for an order's parameters.
#[must_use]
pub fn order_digest(parameters: &str) -> Digest {
    Digest::of(&[b"order", parameters.as_bytes()])
}
