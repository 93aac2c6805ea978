//! Giving money back, once for each command however often it is sent.
//!
//! PaySG says neither that it takes a key for a refund nor how much of a payment was given back: only that some of it was, or all. So a
//! command whose answer was lost begins, when it comes again, with a GET. What that shows given back beyond what the ledger knew is the
//! refund; where it shows nothing new, it is asked for again only while PaySG would know the key, if it keeps those of refunds.

use super::{Message, PATIENCE_MS, Progress, Reply, Task, begin, officer};
use crate::flow::checkout::KEY_GOOD_FOR_MS;
use crate::flow::command::{Action, Command, Done};
use crate::flow::glance::Glance;
use crate::flow::terms::Desk;
use crate::flow::upstream::{Tries, Trouble};
use crate::flow::view::PaymentView;
use crate::flow::witness::{paid_status, witness};
use crate::ledger::{AttemptState, Digest, Refund, Transition, refund_key};
use crate::paysg::{Cents, Payment, PaymentId, Status};

/// How long a repeated command may take to look before it asks.
const LOOK_PATIENCE_MS: i64 = 8_000;

/// What a GET says of a refund whose answer was lost.
#[derive(PartialEq, Eq)]
enum Trace {
    /// It was made.
    Seen,
    /// Nothing of it.
    None,
    /// Something was given back, by this refund or by another whose answer was lost.
    Mixed,
}

pub(super) fn begun(
    desk: &mut Desk<'_>,
    payment_id: PaymentId,
    amount_in_cents: Cents,
    command_id: &str,
    given_back: bool,
) -> Progress {
    let key = refund_key(&payment_id, command_id);
    if !desk.terms.remembers {
        let action = Action::Refund {
            amount_in_cents,
            key,
            repeated: false,
        };
        return officer::command(desk, payment_id, action);
    }
    let Some(attempt) = desk.ledger.intent.attempt_of(&payment_id) else {
        return Progress::Done(Reply::Failed(Trouble::UnknownPayment));
    };
    // An open one may have been paid since: PaySG knows, and refuses otherwise.
    if !attempt.state.was_paid() && attempt.state != AttemptState::Open {
        let status = paid_status(attempt.state);
        return Progress::Done(Reply::Failed(Trouble::NotAllowed { status }));
    }
    let earlier = desk.ledger.intent.refund(&key);
    if earlier.is_some_and(|refund| refund.amount_in_cents != amount_in_cents) {
        return Progress::Done(Reply::Failed(Trouble::RefundChanged));
    }
    let unaware = matches!(attempt.state, AttemptState::Open | AttemptState::Paid);
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
        accepted if accepted == Some(None) || (given_back && unaware) => {
            let tries = Tries::until(desk.now_ms.saturating_add(LOOK_PATIENCE_MS));
            let service = desk.ledger.intent.payment_service_id.clone();
            let glance = Glance::fresh(service, payment_id, tries)
                .within(LOOK_PATIENCE_MS)
                .believed();
            let fetch = glance.fetch(0);
            Progress::Working(
                Task::RefundLook {
                    glance,
                    amount_in_cents,
                    key,
                },
                fetch,
            )
        }
        Some(Some(false) | None) | None => ask(desk, payment_id, amount_in_cents, key),
    }
}

/// Asks for a refund that was not asked for, or was refused: that is asked for anew, and what is lost then is lost since then.
fn ask(
    desk: &mut Desk<'_>,
    payment_id: PaymentId,
    amount_in_cents: Cents,
    key: Digest,
) -> Progress {
    desk.record(Transition::RefundAsked {
        payment_id: payment_id.clone(),
        key: key.clone(),
        amount_in_cents,
    });
    let action = Action::Refund {
        amount_in_cents,
        key,
        repeated: false,
    };
    officer::command(desk, payment_id, action)
}

/// Takes what a GET shows before a refund is asked for.
pub(super) fn looked(
    desk: &mut Desk<'_>,
    payment: &Payment,
    amount_in_cents: Cents,
    key: Digest,
) -> Progress {
    let failed = |trouble| Progress::Done(Reply::Failed(trouble));
    let status = match witness(desk, payment, false) {
        Ok(status) => status,
        Err(trouble) => return failed(trouble),
    };
    let unanswered = desk.ledger.intent.refund(&key);
    let Some(refund) = unanswered.filter(|refund| refund.accepted.is_none()) else {
        return ask(desk, payment.id.clone(), amount_in_cents, key);
    };
    let age_ms = desk.now_ms.saturating_sub(refund.asked_at_ms);
    match trace(desk, refund, status) {
        Trace::Seen => {
            made(desk, key, status);
            Progress::Done(Reply::Payment {
                payment: PaymentView::of(payment, status),
            })
        }
        Trace::None if age_ms < KEY_GOOD_FOR_MS => {
            let again = Action::Refund {
                amount_in_cents,
                key,
                repeated: true,
            };
            officer::command(desk, payment.id.clone(), again)
        }
        Trace::None | Trace::Mixed => failed(Trouble::RefundUncertain),
    }
}

/// Records what became of a refund, and says why it was not made, if it was not.
///
/// One whose answer was lost was made if the payment is refunded further than the ledger knew; beside one that PaySG has refused, somebody refunded
/// it on the dashboard.
pub(super) fn answered(
    desk: &mut Desk<'_>,
    done: &Done,
    key: &Digest,
    repeated: bool,
    status: Status,
) -> Option<Trouble> {
    if !desk.terms.remembers {
        let refusal = done.refusal.clone();
        return refusal.map(|refusal| refused(desk, &done.payment, refusal, status));
    }
    let trace = match desk.ledger.intent.refund(key) {
        Some(refund) => trace(desk, refund, status),
        None => Trace::None,
    };
    match done.refusal.clone() {
        None => made(desk, key.clone(), status),
        Some(Trouble::Unavailable { .. }) if trace == Trace::Seen => {
            made(desk, key.clone(), status);
        }
        Some(trouble @ Trouble::Unavailable { .. }) => return Some(trouble),
        Some(_) if repeated && trace == Trace::Seen => made(desk, key.clone(), status),
        // Perhaps because of what the earlier call has given back.
        Some(_) if repeated && status.was_given_back() => return Some(Trouble::RefundUncertain),
        Some(refusal) => {
            desk.record(Transition::RefundRefused { key: key.clone() });
            return Some(refused(desk, &done.payment, refusal, status));
        }
    }
    None
}

/// A call that ended without a GET: where PaySG has refused it for what it was sent with, nothing was given back.
pub(super) fn failed(desk: &mut Desk<'_>, command: &Command, trouble: &Trouble) {
    let Action::Refund {
        key,
        repeated: false,
        ..
    } = command.action()
    else {
        return;
    };
    let refused = matches!(
        trouble,
        Trouble::Credentials
            | Trouble::NotConnected
            | Trouble::UnknownPayment
            | Trouble::NotShownYet
    );
    if refused && !command.is_confirming() {
        desk.record(Transition::RefundRefused { key: key.clone() });
    }
}

fn made(desk: &mut Desk<'_>, key: Digest, status: Status) {
    desk.record(Transition::RefundMade {
        key,
        whole: status == Status::Refunded,
    });
}

fn trace(desk: &Desk<'_>, refund: &Refund, status: Status) -> Trace {
    let others = desk.ledger.intent.unanswered_refunds();
    let alone = others
        .filter(|other| other.payment_id == refund.payment_id)
        .all(|other| other.key == refund.key);
    match (refund.before, status) {
        (AttemptState::Refunded, _) => Trace::None,
        // Whichever of them it was, the payer has it all.
        (_, Status::Refunded) => Trace::Seen,
        (AttemptState::PartiallyRefunded, _) => Trace::None,
        (_, Status::PartiallyRefunded) if alone => Trace::Seen,
        (_, Status::PartiallyRefunded) => Trace::Mixed,
        (_, Status::Paid | Status::Unpaid | Status::Cancelled | Status::Unknown) => Trace::None,
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
    let left_in_cents = refunds
        .filter(|refund| refund.payment_id == payment.id && refund.accepted == Some(true))
        .fold(payment.amount_in_cents.get(), |left, refund| {
            left.saturating_sub(refund.amount_in_cents.get())
        });
    Cents::new(left_in_cents).map_or(Trouble::NotAllowed { status }, |left_in_cents| {
        Trouble::RefundRefused { left_in_cents }
    })
}
