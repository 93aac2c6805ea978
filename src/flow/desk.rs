//! One intent's desk: it takes a message, works it off step by step, and answers.
//!
//! With a ledger the desk stands in the intent's own object and its ledger is on disk; without one it stands in the request and its
//! ledger is forgotten with it. It is the same desk.

mod alarm;
mod officer;
mod operator;
mod reconcile;
mod refund;
mod stated_total;

use serde::{Deserialize, Serialize};

use self::reconcile::Reconciliation;
use super::checkout::{Checkout, Chosen, Order};
use super::command::{Action, Command};
use super::glance::Glance;
use super::search::Search;
use super::step::{Answer, Fetch, Step, Target};
use super::terms::Desk;
use super::upstream::{Tries, Trouble};
use super::view::{PaymentView, RefundView};
use super::watch::Acknowledgeable;
use super::witness::{paid_status, witness, witness_apart};
use crate::ledger::{AttemptState, Digest, Intent, Transition};
use crate::paysg::{Cents, Payment, PaymentId};

/// How long a question about a payment may take.
const PATIENCE_MS: i64 = 15_000;

/// What an intent can be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
        /// Whether a GET has just shown that a refund was asked for, by anybody: the ledger takes that in before it asks for another.
        #[serde(default)]
        look_first: bool,
        /// The total given back before, as the operator sees it on PaySG's dashboard.
        #[serde(default)]
        refunded_amount_in_cents: Option<u64>,
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
    /// Ask PaySG for every payment of the intent, and its list for every attempt without one.
    Reconcile,
    /// Take in a payment that an operator names.
    Adopt {
        /// The payment.
        payment_id: PaymentId,
    },
    /// Let an attempt go that PaySG never answered.
    AbandonAttempt {
        /// Its number.
        attempt: u32,
    },
    /// Raise no alert any more about what an operator knows.
    Acknowledge {
        /// What.
        alert: Acknowledgeable,
        /// The payment that it is about; `None`: whichever.
        payment_id: Option<PaymentId>,
    },
    /// Delete all but a tombstone.
    Erase {
        /// The token's `sub`.
        by: Option<String>,
    },
    /// An operator's command, to be journalled.
    OperatorCommand {
        /// The token's `action`.
        action: String,
        /// The token's `sub`.
        by: Option<String>,
        /// What is asked for.
        message: Box<Message>,
    },
    /// Show the intent.
    Read,
    /// Do what is due.
    Wake,
}

impl Message {
    /// Whether the same message may come once more after its reply was lost. All may but one, since the ledger says what was done: an e-mail
    /// is not on record, and PaySG takes no key for it.
    #[must_use]
    pub fn is_repeatable(&self) -> bool {
        match self {
            Self::OperatorCommand { message, .. } => message.is_repeatable(),
            Self::SendEmail { .. } => false,
            Self::Pay { .. }
            | Self::Inquire { .. }
            | Self::Hint { .. }
            | Self::Cancel { .. }
            | Self::Refund { .. }
            | Self::TellAgain { .. }
            | Self::Reconcile
            | Self::Adopt { .. }
            | Self::AbandonAttempt { .. }
            | Self::Acknowledge { .. }
            | Self::Erase { .. }
            | Self::Read
            | Self::Wake => true,
        }
    }
}

/// What an intent answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// To [`Message::Pay`].
    Chosen(Chosen),
    /// To a question or a command: the payment as it stands.
    Payment {
        /// The payment.
        payment: PaymentView,
    },
    /// To [`Message::Refund`]: PaySG has taken it.
    Refund {
        /// The payment.
        payment: PaymentView,
        /// The refund.
        refund: RefundView,
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
#[serde(rename_all = "snake_case")]
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
    /// For a refund, before it is asked for.
    RefundLook {
        /// The look.
        glance: Glance,
        /// What is asked for.
        request: refund::RefundRequest,
    },
    /// For [`Message::Reconcile`].
    Reconciliation(Box<Reconciliation>),
    /// For [`Message::Adopt`].
    OperatorAdoption(Glance),
    /// For [`Due::Abandon`].
    Abandonment(Box<Command>),
    /// For [`Due::Search`].
    ListSearch {
        /// The attempt that was never answered.
        attempt: u32,
        /// The search.
        search: Box<Search>,
    },
    /// For [`Due::Tell`].
    Telling {
        /// The telling's key.
        key: String,
    },
}

impl Task {
    /// Whom it has called.
    #[must_use]
    pub const fn target(&self) -> Target {
        match self {
            Self::Telling { .. } => Target::Fulfilment,
            Self::Checkout(_)
            | Self::Inquiry(_)
            | Self::Adoption(_)
            | Self::Examination(_)
            | Self::Look(_)
            | Self::Command(_)
            | Self::RefundLook { .. }
            | Self::Reconciliation(_)
            | Self::OperatorAdoption(_)
            | Self::Abandonment(_)
            | Self::ListSearch { .. } => Target::Paysg,
        }
    }
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
            // Never paid: it may be paid now.
            if desk.ledger.intent.paid().is_none() {
                desk.ledger.reopen(desk.now_ms);
            }
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
            .within(patience_ms)
            .believed();
            let fetch = glance.fetch(0);
            Progress::Working(Task::Inquiry(glance), fetch)
        }
        Message::Hint { payment_id } => hint(desk, payment_id),
        Message::Cancel { payment_id } => officer::command(desk, payment_id, Action::Cancel),
        Message::SendEmail { payment_id } => officer::command(desk, payment_id, Action::SendEmail),
        Message::Refund { .. } => refund::begun(desk, message),
        Message::TellAgain { payment_id } => officer::tell_again(desk, &payment_id),
        Message::Reconcile => reconcile::begin(desk),
        Message::Adopt { payment_id } => operator::adopt(desk, payment_id),
        Message::AbandonAttempt { attempt } => operator::abandon_attempt(desk, attempt),
        Message::Acknowledge { alert, payment_id } => {
            operator::acknowledge(desk, alert, payment_id.as_ref())
        }
        Message::Erase { by } => operator::erase(desk, by),
        Message::OperatorCommand {
            action,
            by,
            message,
        } => {
            operator::journal(desk, action, by, &message);
            begin(desk, *message)
        }
        Message::Read if desk.ledger.is_empty() => Progress::Done(Reply::Failed(Trouble::NoRecord)),
        Message::Read => Progress::Done(recorded_intent(desk)),
        Message::Wake => alarm::wake(desk),
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
        Task::Examination(glance) => {
            let timer = desk.ledger.schedule.hints.get(glance.payment_id().as_str());
            let again_at_ms = timer.map(|timer| timer.at_ms);
            let progress = glanced(desk, glance, answer, Task::Examination, alarm::examined);
            alarm::tell_at_once(desk, progress, again_at_ms)
        }
        Task::Look(glance) => {
            let progress = glanced(desk, glance, answer, Task::Look, alarm::looked);
            alarm::tell_at_once(desk, progress, None)
        }
        Task::Command(mut command) => match command.answer(answer, desk.now_ms, desk.random) {
            Step::Fetch(fetch) => {
                refund::accepted(desk, &command);
                Progress::Working(Task::Command(command), fetch)
            }
            Step::Done(result) => Progress::Done(officer::commanded(desk, &command, result)),
        },
        Task::RefundLook {
            mut glance,
            request,
        } => match glance.answer(answer, desk.now_ms, desk.random) {
            Step::Fetch(fetch) => Progress::Working(Task::RefundLook { glance, request }, fetch),
            Step::Done(Ok(payment)) => refund::looked(desk, &payment, &request),
            Step::Done(Err(trouble)) => {
                let id = glance.payment_id();
                Progress::Done(refund::not_seen(desk, id, &request, trouble))
            }
        },
        Task::Reconciliation(reconciliation) => reconcile::resume(desk, reconciliation, answer),
        Task::OperatorAdoption(glance) => glanced(
            desk,
            glance,
            answer,
            Task::OperatorAdoption,
            operator::adopted,
        ),
        Task::Abandonment(mut command) => match command.answer(answer, desk.now_ms, desk.random) {
            Step::Fetch(fetch) => Progress::Working(Task::Abandonment(command), fetch),
            Step::Done(result) => {
                alarm::cancelled(desk, command.payment_id(), result);
                Progress::Done(Reply::Slept)
            }
        },
        Task::ListSearch {
            attempt,
            mut search,
        } => match search.answer(desk, answer) {
            Step::Fetch(fetch) => Progress::Working(Task::ListSearch { attempt, search }, fetch),
            Step::Done(result) => {
                alarm::searched(desk, attempt, &search, result);
                Progress::Done(Reply::Slept)
            }
        },
        Task::Telling { key } => Progress::Done(alarm::told(desk, &key, answer)),
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

fn recorded_intent(desk: &Desk<'_>) -> Reply {
    Reply::Record {
        record: record(&desk.ledger.intent),
    }
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
        Ok(payment) if !payment.status().was_paid() && recorded_paid(desk, id).is_some() => {
            // A remembered answer can be older than the ledger: no reason to flag anything.
            Trouble::Unavailable {
                retry_after_ms: None,
            }
        }
        Ok(payment) => match witness_apart(desk, &payment) {
            Ok(status) => {
                return Reply::Payment {
                    payment: PaymentView::of(&payment, status),
                };
            }
            Err(trouble) => trouble,
        },
        Err(trouble) => desk.not_shown(id, trouble),
    };
    let known = desk.ledger.intent.attempt_of(id);
    match paid_all_the_same(desk, id, &trouble) {
        Some(payment) => Reply::Payment { payment },
        // It was paid, and a tombstone says too little of it.
        None if known.is_some_and(|attempt| attempt.state.was_paid())
            && trouble == Trouble::UnknownPayment =>
        {
            Reply::Failed(Trouble::Unavailable {
                retry_after_ms: None,
            })
        }
        None => Reply::Failed(trouble),
    }
}

/// What is said in the place of a PaySG that says nothing of the payment: a payer who has paid is not told of our troubles with it, nor of PaySG's.
/// Where it says something of another payment, that is no reason to believe in ours.
pub(super) fn paid_all_the_same(
    desk: &Desk<'_>,
    id: &PaymentId,
    trouble: &Trouble,
) -> Option<PaymentView> {
    (*trouble != Trouble::Mismatch).then(|| recorded_paid(desk, id))?
}

/// A payment as the ledger knows it, if it knows it paid: any other may have been paid since.
fn recorded_paid(desk: &Desk<'_>, id: &PaymentId) -> Option<PaymentView> {
    let attempt = desk.ledger.intent.attempt_of(id)?;
    attempt.state.was_paid().then(|| recorded(desk, id))?
}

/// A payment as the ledger knows it.
fn recorded(desk: &Desk<'_>, id: &PaymentId) -> Option<PaymentView> {
    let intent = &desk.ledger.intent;
    // A tombstone does not say it, and no receipt goes without it.
    if intent.reference_id.is_empty() {
        return None;
    }
    let attempt = intent.attempt_of(id)?;
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
    Glance::fresh(service, payment_id, tries).believed()
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
    // Another payment of an order whose record is erased.
    desk.ledger.reopen(desk.now_ms);
    let intent = &desk.ledger.intent;
    // One may have been settled by another GET than its own.
    let waiting = |key: &str| intent.hints.iter().any(|hint| hint.as_str() == key);
    desk.ledger.schedule.hints.keep(waiting);
    desk.ledger.schedule.denied.clear(payment_id.as_str());
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
    let id = match &seen {
        Ok(payment) => payment.id.clone(),
        Err(trouble) => return Reply::Failed(trouble.clone()),
    };
    match seen.and_then(|payment| witness(desk, &payment, false)) {
        Ok(status) => {
            if !status.was_paid() {
                // The GET lags behind the event, which stays on record until one bears it out.
                desk.record(Transition::Hinted { payment_id: id });
            }
            Reply::Noted
        }
        // PaySG shows it, and it is another system's.
        Err(Trouble::UnknownPayment) => Reply::NotOurs,
        Err(trouble) => Reply::Failed(trouble),
    }
}

/// The digest that stands for an order's parameters.
#[must_use]
pub fn order_digest(parameters: &str) -> Digest {
    Digest::of(&[b"order", parameters.as_bytes()])
}
