//! `GET /payments/{payment_service_id}/{payment_id}`: how a payment stands, as PaySG says now.

use super::Target;
use crate::edge::front::{Context, Edge, Move, Outcome, Then};
use crate::edge::limit::Charges;
use crate::edge::page::StatusPage;
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::edge::response::Response;
use crate::edge::session::{Known, Session};
use crate::flow::desk::{Message, Reply};
use crate::flow::glance::Glance;
use crate::flow::upstream::{Tries, Trouble};
use crate::flow::view::PaymentView;
use crate::paysg::Status;
use crate::paysg::json::ObjectWriter;

const PATIENCE_MS: i64 = 8_000;
/// For so long a page that is asked for a payment that PaySG does not know goes on asking: 2, 4, 6 and 8 s apart, about twenty seconds.
const REFRESHES_WHILE_MISSING: u32 = 4;

pub(super) fn enter(
    edge: &Edge<'_>,
    mut context: Context,
    request: &Request<'_>,
    target: Target<'_>,
) -> Result<Move, Problem> {
    let (service, id) = target.payment(edge.config)?;
    context.session = Session::open(edge.config, request.cookie, edge.now_ms);
    let known = context.session.find(service, &id).cloned();
    context.session = context.session.for_question(known.as_ref());
    let tries = Tries::until(edge.now_ms.saturating_add(PATIENCE_MS));
    let mut glance = Glance::shared(service.clone(), id.clone(), tries).within(PATIENCE_MS);
    if known.is_some() {
        glance = glance.believed();
    }
    let then = Then::Status {
        known: known.clone(),
        refreshed: refreshed(request.query),
        glance: glance.clone(),
    };
    if edge.config.has_ledger
        && let Some(known) = &known
    {
        let message = Message::Inquire {
            payment_id: id,
            patience_ms: PATIENCE_MS,
            fresh: false,
        };
        return Ok(edge.ask_known(context, known, message, then));
    }
    if known.is_none() {
        context.charges = Charges::of_question(edge, request.address);
    }
    Ok(edge.glance(context, glance, then))
}

fn refreshed(query: &str) -> u32 {
    query
        .strip_prefix("refreshed=")
        .and_then(|count| count.parse().ok())
        .unwrap_or_default()
}

pub(super) fn leave(
    edge: &Edge<'_>,
    mut context: Context,
    known: Option<Known>,
    refreshed: u32,
    glance: Glance,
    outcome: Outcome,
) -> Move {
    let seen = match outcome {
        // The ledger knows nothing of what the cookie knows: PaySG does.
        Outcome::Reply(Reply::Failed(Trouble::NoRecord)) => {
            let then = Then::Status {
                known,
                refreshed,
                glance: glance.clone(),
            };
            return edge.glance(context, glance, then);
        }
        Outcome::Reply(Reply::Payment { payment }) => Ok((payment, true)),
        Outcome::Reply(Reply::Failed(trouble)) => Err(trouble),
        Outcome::Reply(_) | Outcome::Told(_) => {
            return not_found_out(edge, &context, refreshed, &Problem::internal());
        }
        Outcome::Seen(seen) => seen.map(|payment| {
            let proof = known.as_ref().is_some_and(|known| known.is(&payment));
            (PaymentView::of(&payment, payment.status()), proof)
        }),
    };
    match seen {
        Ok((payment, proof)) => {
            if payment.status.was_paid() {
                context.session.shown_as_paid(&payment.id);
            }
            shown(edge, &context, &payment, proof, refreshed)
        }
        Err(trouble) => not_found_out(edge, &context, refreshed, &Problem::of(&trouble)),
    }
}

/// How the payment stands could not be found out. On the page that is no failure of the payment: a payer who has paid is on it, and it is
/// confirming until it is known. PaySG's GET may lag, so that it knows no such payment counts for so much only after some refreshes.
pub(in crate::edge) fn not_found_out(
    edge: &Edge<'_>,
    context: &Context,
    refreshed: u32,
    problem: &Problem,
) -> Move {
    let is_lag = problem.code == "unknown_payment" && refreshed < REFRESHES_WHILE_MISSING;
    if !context.page || problem.status == 400 || (problem.status == 404 && !is_lag) {
        return edge.refuse(context, problem);
    }
    let home = edge.config.home();
    let page = StatusPage {
        status: Status::Unknown,
        payment: None,
        payment_page: None,
        base_path: &edge.config.base_path,
        home: home.as_deref(),
        refreshed,
        unreachable: true,
    };
    edge.respond(context, Response::status_page(&page, Some(problem)))
}

fn shown(
    edge: &Edge<'_>,
    context: &Context,
    payment: &PaymentView,
    proof: bool,
    refreshed: u32,
) -> Move {
    if context.page {
        let home = edge.config.home();
        let page = StatusPage {
            status: payment.status,
            payment: proof.then_some(payment),
            payment_page: edge
                .config
                .pages
                .allows(&payment.payment_url)
                .then_some(payment.payment_url.as_str()),
            base_path: &edge.config.base_path,
            home: home.as_deref(),
            refreshed,
            unreachable: false,
        };
        return edge.respond(context, Response::status_page(&page, None));
    }
    let mut body = ObjectWriter::new();
    body.str("id", payment.id.as_str())
        .str("payment_service_id", payment.payment_service_id.as_str())
        .str("status", payment.status.as_str());
    if proof {
        body.str("reference_id", &payment.reference_id)
            .number("amount_in_cents", payment.amount_in_cents);
        if payment.status == Status::Paid {
            body.str("receipt", &edge.receipt(payment));
        }
    }
    edge.respond(context, Response::json(200, body.finish()))
}
