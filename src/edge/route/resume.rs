//! `GET /resume`: back to the payment page, for a payer who gave up less than an hour ago.

use crate::edge::front::{Context, Edge, Move, Outcome, Then};
use crate::edge::limit::Charges;
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::edge::response::Response;
use crate::edge::session::{Known, Session};
use crate::flow::desk::{Message, Reply};
use crate::flow::glance::Glance;
use crate::flow::upstream::{Tries, Trouble};
use crate::flow::view::PaymentView;
use crate::paysg::{ReturnParams, Status};

use super::returned::result_url;

/// For all that are asked for.
const PATIENCE_MS: i64 = 8_000;

pub(super) fn enter(
    edge: &Edge<'_>,
    mut context: Context,
    request: &Request<'_>,
) -> Result<Move, Problem> {
    context.session = Session::open(edge.config, request.cookie, edge.now_ms);
    let recent = context.session.newest_first();
    let recent = recent.filter(|known| known.is_resumable(edge.now_ms));
    let mut rest: Vec<Known> = recent.cloned().collect();
    // One that is named, as PaySG names it in a return URL: it alone, if it is this browser's.
    if let Ok(Some(named)) = ReturnParams::from_query(request.query) {
        let is_named = |known: &Known| {
            known.payment_id == named.payment_id
                && known.payment_service_id == named.payment_service_id
        };
        if rest.iter().any(is_named) {
            rest.retain(is_named);
        }
    }
    let until_ms = edge.now_ms.saturating_add(PATIENCE_MS);
    Ok(next(edge, context, rest, None, until_ms))
}

/// Asks for the newest of what is left. Each is charged, since PaySG is called for it.
fn next(
    edge: &Edge<'_>,
    mut context: Context,
    mut rest: Vec<Known>,
    to: Option<String>,
    until_ms: i64,
) -> Move {
    if rest.is_empty() {
        return end(edge, &context, to.as_deref(), &Problem::nothing_to_resume());
    }
    let patience_ms = until_ms.saturating_sub(edge.now_ms);
    if patience_ms <= 0 {
        return end(edge, &context, to.as_deref(), &Problem::unavailable(None));
    }
    let asked = rest.remove(0);
    context.charges = Charges::of_proof(edge, &context.session, &asked);
    let then = Then::Resume {
        asked: asked.clone(),
        rest,
        to,
        until_ms,
    };
    if edge.config.has_ledger {
        let message = Message::Inquire {
            payment_id: asked.payment_id.clone(),
            patience_ms,
            fresh: true,
        };
        return edge.ask_known(context, &asked, message, then);
    }
    let tries = Tries::until(until_ms);
    let glance = Glance::fresh(asked.payment_service_id, asked.payment_id, tries)
        .within(patience_ms)
        .believed();
    edge.glance(context, glance, then)
}

/// None is open: the result of what was paid, if anything was.
fn end(edge: &Edge<'_>, context: &Context, to: Option<&str>, problem: &Problem) -> Move {
    match to {
        Some(to) => edge.respond(context, Response::see_other(to)),
        None => edge.refuse(context, problem),
    }
}

pub(super) fn leave(
    edge: &Edge<'_>,
    context: Context,
    asked: Known,
    rest: Vec<Known>,
    to: Option<String>,
    until_ms: i64,
    outcome: Outcome,
) -> Move {
    let payment = match outcome {
        Outcome::Reply(Reply::Payment { payment }) => Ok(payment),
        Outcome::Reply(Reply::Failed(trouble)) => Err(trouble),
        Outcome::Seen(seen) => seen.map(|payment| PaymentView::of(&payment, payment.status())),
        Outcome::Reply(_) | Outcome::Told(_) => {
            return end(edge, &context, to.as_deref(), &Problem::internal());
        }
    };
    match payment {
        Ok(payment) => match payment.status {
            Status::Unpaid if edge.config.pages.allows(&payment.payment_url) => {
                edge.respond(&context, Response::see_other(&payment.payment_url))
            }
            // An older one may be open yet.
            Status::Paid | Status::PartiallyRefunded | Status::Refunded => {
                let (service, id) = (&asked.payment_service_id, &asked.payment_id);
                let to = to.unwrap_or_else(|| result_url(edge.config, service, id));
                next(edge, context, rest, Some(to), until_ms)
            }
            Status::Unpaid | Status::Cancelled | Status::Unknown => {
                next(edge, context, rest, to, until_ms)
            }
        },
        // PaySG, or the ledger, knows no such payment, for good.
        Err(Trouble::UnknownPayment | Trouble::NoRecord) => next(edge, context, rest, to, until_ms),
        Err(trouble) => end(edge, &context, to.as_deref(), &Problem::of(&trouble)),
    }
}
