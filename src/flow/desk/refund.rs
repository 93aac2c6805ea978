//! Giving money back, once for each command however often it is sent.
//!
//! PaySG says neither that it takes a key for a refund nor how much of a payment was given back. So a refund is asked for only if everything
//! that PaySG shows given back is explained, and no other refund of the payment waits for its outcome. If the answer to a command was lost, the
//! same command begins with a GET. If that shows nothing new, the refund is asked for again, as long as PaySG would know its key.

use super::{Message, Progress, Reply, Task, officer, recorded, stated_total};
use crate::flow::checkout::KEY_GOOD_FOR_MS;
use crate::flow::command::{Action, Command, Done};
use crate::flow::glance::Glance;
use crate::flow::terms::Desk;
use crate::flow::upstream::{Tries, Trouble};
use crate::flow::view::{PaymentView, RefundView};
use crate::flow::witness::{paid_status, witness};
use crate::ledger::{AttemptState, Digest, Refund, RefundState, Transition, refund_key};
use crate::paysg::{Cents, Payment, PaymentId, RefundStatus, Status};

/// How long a command may take to look before it asks.
const LOOK_PATIENCE_MS: i64 = 8_000;

/// A refund that a command asks for.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct RefundRequest {
    /// How much.
    amount_in_cents: Cents,
    /// The command's key.
    key: Digest,
    /// The total given back before, as the operator sees it on PaySG's dashboard.
    stated_in_cents: Option<u64>,
}

pub(super) fn begun(desk: &mut Desk<'_>, message: Message) -> Progress {
    let Message::Refund {
        payment_id,
        amount_in_cents,
        command_id,
        look_first,
        refunded_amount_in_cents,
    } = message
    else {
        return Progress::Done(Reply::Slept);
    };
    let request = RefundRequest {
        amount_in_cents,
        key: refund_key(&payment_id, &command_id),
        stated_in_cents: refunded_amount_in_cents,
    };
    if !desk.terms.remembers {
        return call(desk, payment_id, &request, false);
    }
    let intent = &desk.ledger.intent;
    let Some(attempt) = intent.attempt_of(&payment_id) else {
        return failed_with(Trouble::UnknownPayment);
    };
    let earlier = intent.refund(&request.key);
    if earlier.is_some_and(|refund| refund.amount_in_cents != amount_in_cents) {
        return failed_with(Trouble::RefundChanged);
    }
    let unsettled = intent
        .unsettled_refunds()
        .any(|refund| refund.payment_id == payment_id);
    let asked_before = earlier.is_some_and(|refund| refund.state != RefundState::Refused);
    if look_first
        || unsettled
        || asked_before
        || request.stated_in_cents.is_some()
        || !attempt.state.was_paid()
    {
        let tries = Tries::until(desk.now_ms.saturating_add(LOOK_PATIENCE_MS));
        let service = intent.payment_service_id.clone();
        let glance = Glance::fresh(service, payment_id, tries)
            .within(LOOK_PATIENCE_MS)
            .believed();
        let fetch = glance.fetch(0);
        return Progress::Working(Task::RefundLook { glance, request }, fetch);
    }
    match may_ask(desk, &payment_id, &RefundStatus::Absent) {
        Ok(()) => ask(desk, payment_id, &request),
        Err(trouble) => failed_with(trouble),
    }
}

/// Asks for a refund that was not asked for, or was refused: that is asked for anew, and what is lost then is lost since then.
fn ask(desk: &mut Desk<'_>, payment_id: PaymentId, request: &RefundRequest) -> Progress {
    desk.record(Transition::RefundAsked {
        payment_id: payment_id.clone(),
        key: request.key.clone(),
        amount_in_cents: request.amount_in_cents,
    });
    call(desk, payment_id, request, false)
}

fn call(
    desk: &mut Desk<'_>,
    payment_id: PaymentId,
    request: &RefundRequest,
    repeated: bool,
) -> Progress {
    let action = Action::Refund {
        amount_in_cents: request.amount_in_cents,
        key: request.key.clone(),
        repeated,
    };
    officer::command(desk, payment_id, action)
}

/// Takes what a GET shows before a refund is asked for.
pub(super) fn looked(desk: &mut Desk<'_>, payment: &Payment, request: &RefundRequest) -> Progress {
    let seen = match witness(desk, payment, false) {
        Ok(status) => status,
        Err(trouble) => return failed_with(trouble),
    };
    if let Some(stated) = request.stated_in_cents
        && let Err(trouble) = stated_total::enter(desk, payment, stated)
    {
        return failed_with(trouble);
    }
    let shown = &payment.refund_status;
    let intent = &desk.ledger.intent;
    let attempt = intent.attempt_of(&payment.id);
    let status = attempt.map_or(seen, |attempt| paid_status(attempt.state));
    let refund = intent.refund(&request.key).cloned();
    match refund.filter(|refund| refund.state != RefundState::Refused) {
        Some(refund) if refund.state == RefundState::Requested => {
            if desk.now_ms.saturating_sub(refund.asked_at_ms) < KEY_GOOD_FOR_MS
                && shows_nothing_new(&refund, shown)
            {
                call(desk, payment.id.clone(), request, true)
            } else {
                failed_with(Trouble::RefundUncertain)
            }
        }
        Some(refund) => Progress::Done(report(desk, PaymentView::of(payment, status), &refund)),
        None => match may_ask(desk, &payment.id, shown) {
            Ok(()) => ask(desk, payment.id.clone(), request),
            Err(trouble) => failed_with(trouble),
        },
    }
}

/// A look that came to nothing: what became of the same command before is in the ledger.
pub(super) fn not_seen(
    desk: &mut Desk<'_>,
    payment_id: &PaymentId,
    request: &RefundRequest,
    trouble: Trouble,
) -> Reply {
    if trouble == Trouble::Mismatch {
        desk.flag_swapped(payment_id);
        return Reply::Failed(trouble);
    }
    let trouble = desk.not_shown(payment_id, trouble);
    let refund = desk.ledger.intent.refund(&request.key).cloned();
    let known = refund
        .filter(|refund| !matches!(refund.state, RefundState::Requested | RefundState::Refused));
    match known.zip(recorded(desk, payment_id)) {
        Some((refund, payment)) => report(desk, payment, &refund),
        None => Reply::Failed(trouble),
    }
}

/// Refuses another refund while one may have been made that the ledger does not count.
fn may_ask(desk: &Desk<'_>, payment_id: &PaymentId, shown: &RefundStatus) -> Result<(), Trouble> {
    let intent = &desk.ledger.intent;
    let Some(attempt) = intent.attempt_of(payment_id) else {
        return Err(Trouble::UnknownPayment);
    };
    if !attempt.state.was_paid() || attempt.state == AttemptState::Refunded {
        let status = paid_status(attempt.state);
        return Err(Trouble::NotAllowed { status });
    }
    let unsettled = intent
        .unsettled_refunds()
        .any(|refund| refund.payment_id == *payment_id);
    let unexplained = match shown {
        // An unknown word may hide a refund that is under way or failed.
        RefundStatus::Pending | RefundStatus::Other(_) => true,
        RefundStatus::Absent
        | RefundStatus::NotRefunded
        | RefundStatus::PartiallyRefunded
        | RefundStatus::FullyRefunded
        | RefundStatus::Failed => attempt.refunded_amount_in_cents.is_none(),
    };
    if *shown == RefundStatus::Failed {
        Err(Trouble::RefundFailed)
    } else if unsettled || unexplained {
        Err(Trouble::RefundUncertain)
    } else {
        Ok(())
    }
}

/// Returns true if a refund whose answer was lost may never have been made, by what a GET shows.
fn shows_nothing_new(refund: &Refund, shown: &RefundStatus) -> bool {
    match shown {
        RefundStatus::Absent | RefundStatus::NotRefunded => true,
        RefundStatus::PartiallyRefunded => refund.before == AttemptState::PartiallyRefunded,
        RefundStatus::FullyRefunded
        | RefundStatus::Pending
        | RefundStatus::Failed
        | RefundStatus::Other(_) => false,
    }
}

/// PaySG has answered with success. That is on disk before a GET shows what came of it: where the GET fails, the refund is not asked for again.
pub(super) fn accepted(desk: &mut Desk<'_>, command: &Command) {
    if let Action::Refund { key, .. } = command.action()
        && command.is_accepted()
    {
        desk.record(Transition::RefundAccepted { key: key.clone() });
    }
}

/// PaySG's refusal of a call that cannot have been made before is on record before a GET shows what somebody else has given back.
pub(super) fn refused_at_once(desk: &mut Desk<'_>, command: &Command, done: &Done) {
    let refused = done
        .refusal
        .as_ref()
        .is_some_and(|refusal| !matches!(refusal, Trouble::Unavailable { .. }));
    if let Action::Refund {
        key,
        repeated: false,
        ..
    } = command.action()
        && refused
    {
        desk.record(Transition::RefundRefused { key: key.clone() });
    }
}

/// Says what became of a refund, as the ledger has it after the GET.
pub(super) fn answered(
    desk: &mut Desk<'_>,
    done: &Done,
    request: &RefundRequest,
    status: Status,
) -> Reply {
    let payment = PaymentView::of(&done.payment, status);
    let shown = &done.payment.refund_status;
    if !desk.terms.remembers {
        return match done.refusal.clone() {
            Some(refusal) => Reply::Failed(refused(desk, &done.payment, refusal, status)),
            None => without_ledger(payment, request, shown),
        };
    }
    let Some(refund) = desk.ledger.intent.refund(&request.key).cloned() else {
        return Reply::Failed(Trouble::RefundUncertain);
    };
    match (refund.state, done.refusal.clone()) {
        (RefundState::Requested, Some(trouble @ Trouble::Unavailable { .. })) => {
            Reply::Failed(trouble)
        }
        (RefundState::Requested, Some(refusal)) if shown.is_untouched() => {
            desk.record(Transition::RefundRefused { key: refund.key });
            Reply::Failed(refused(desk, &done.payment, refusal, status))
        }
        // Perhaps refused because of what the earlier call has given back.
        (RefundState::Requested, _) => Reply::Failed(Trouble::RefundUncertain),
        (RefundState::Refused, Some(refusal)) => {
            Reply::Failed(refused(desk, &done.payment, refusal, status))
        }
        _ => report(desk, payment, &refund),
    }
}

/// A call that ended without a GET: where PaySG has refused it for what it was sent with, nothing was given back; where PaySG has taken it, it is
/// pending.
pub(super) fn failed(desk: &mut Desk<'_>, command: &Command, trouble: Trouble) -> Reply {
    let Action::Refund { key, repeated, .. } = command.action() else {
        return Reply::Failed(trouble);
    };
    let refused = matches!(
        trouble,
        Trouble::Credentials
            | Trouble::NotConnected
            | Trouble::UnknownPayment
            | Trouble::NotShownYet
    );
    if refused && !repeated && !command.is_confirming() {
        desk.record(Transition::RefundRefused { key: key.clone() });
    }
    if trouble == Trouble::Mismatch {
        return Reply::Failed(trouble);
    }
    desk.record(Transition::RefundPending { key: key.clone() });
    let refund = desk.ledger.intent.refund(key).cloned();
    let taken = refund.filter(|refund| refund.state == RefundState::Pending);
    match taken.zip(recorded(desk, command.payment_id())) {
        Some((refund, payment)) => report(desk, payment, &refund),
        None => Reply::Failed(trouble),
    }
}

fn report(desk: &Desk<'_>, payment: PaymentView, refund: &Refund) -> Reply {
    let attempt = desk.ledger.intent.attempt_of(&payment.id);
    match refund.state {
        RefundState::Failed => Reply::Failed(Trouble::RefundFailed),
        RefundState::Unknown | RefundState::Requested | RefundState::Refused => {
            Reply::Failed(Trouble::RefundUncertain)
        }
        RefundState::Pending | RefundState::Succeeded => Reply::Refund {
            refund: RefundView {
                key: refund.key.clone(),
                amount_in_cents: refund.amount_in_cents,
                state: refund.state,
                refunded_amount_in_cents: attempt
                    .and_then(|attempt| attempt.refunded_amount_in_cents),
            },
            payment,
        },
    }
}

/// Without a ledger the GET after the call is all that there is to go by.
fn without_ledger(payment: PaymentView, request: &RefundRequest, shown: &RefundStatus) -> Reply {
    let state = match shown {
        RefundStatus::Failed => return Reply::Failed(Trouble::RefundFailed),
        RefundStatus::PartiallyRefunded
            if request.amount_in_cents.get() < payment.amount_in_cents =>
        {
            RefundState::Succeeded
        }
        RefundStatus::FullyRefunded => RefundState::Succeeded,
        RefundStatus::PartiallyRefunded
        | RefundStatus::Absent
        | RefundStatus::NotRefunded
        | RefundStatus::Pending
        | RefundStatus::Other(_) => RefundState::Pending,
    };
    let whole = *shown == RefundStatus::FullyRefunded;
    Reply::Refund {
        refund: RefundView {
            key: request.key.clone(),
            amount_in_cents: request.amount_in_cents,
            state,
            refunded_amount_in_cents: whole.then_some(payment.amount_in_cents),
        },
        payment,
    }
}

/// A paid payment may be refunded: what PaySG does not like of a refund then is its amount, or that another one is under way.
fn refused(desk: &Desk<'_>, payment: &Payment, refusal: Trouble, status: Status) -> Trouble {
    if matches!(refusal, Trouble::Unavailable { .. }) {
        return refusal;
    }
    if !matches!(status, Status::Paid | Status::PartiallyRefunded) {
        return Trouble::NotAllowed { status };
    }
    let refunds = desk.ledger.intent.refunds.iter();
    let made_in_cents = refunds
        .filter(|refund| refund.payment_id == payment.id && refund.state == RefundState::Succeeded)
        .fold(0_u64, |sum, refund| {
            sum.saturating_add(refund.amount_in_cents.get())
        });
    let attempt = desk.ledger.intent.attempt_of(&payment.id);
    let refunded_in_cents = attempt
        .and_then(|attempt| attempt.refunded_amount_in_cents)
        .unwrap_or(made_in_cents);
    let left_in_cents = payment
        .amount_in_cents
        .get()
        .saturating_sub(refunded_in_cents);
    Cents::new(left_in_cents).map_or(Trouble::NotAllowed { status }, |left_in_cents| {
        Trouble::RefundRefused { left_in_cents }
    })
}

const fn failed_with(trouble: Trouble) -> Progress {
    Progress::Done(Reply::Failed(trouble))
}

impl RefundRequest {
    /// The request of a command that is under way.
    pub(super) fn of(amount_in_cents: Cents, key: &Digest) -> Self {
        Self {
            amount_in_cents,
            key: key.clone(),
            stated_in_cents: None,
        }
    }
}
