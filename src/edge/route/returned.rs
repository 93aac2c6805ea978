//! `GET /return`: PaySG sends the payer back. Whatever we find out, the payer goes on to the result.

use crate::edge::config::Config;
use crate::edge::front::{Context, Edge, Move, Outcome, Then};
use crate::edge::limit::Charges;
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::edge::response::Response;
use crate::edge::session::Session;
use crate::flow::desk::{Message, Reply};
use crate::flow::glance::Glance;
use crate::flow::upstream::Tries;
use crate::paysg::{PaymentId, PaymentServiceId, ReturnParams, Status};

/// The payer is on the way: what PaySG has not said by then, the result page asks for again.
const PATIENCE_MS: i64 = 3_000;

pub(super) fn enter(
    edge: &Edge<'_>,
    mut context: Context,
    request: &Request<'_>,
) -> Result<Move, Problem> {
    let params = ReturnParams::from_query(request.query)
        .map_err(|error| Problem::invalid_return(error.parameter()))?
        .ok_or_else(|| Problem::invalid_return("paysg_payment_id"))?;
    let service = edge
        .config
        .service(params.payment_service_id.as_str())
        .ok_or_else(Problem::unknown_service)?;
    let to = result_url(edge.config, service, &params.payment_id);
    context.session = Session::open(edge.config, request.cookie, edge.now_ms);
    let then = Then::Return { to };
    let known = context.session.find(service, &params.payment_id).cloned();
    context.charges = match &known {
        Some(known) => Charges::of_proof(edge, &context.session, known),
        None => Charges::of_question(edge, request.address),
    };
    context.session = context.session.for_question(known.as_ref());
    if edge.config.has_ledger
        && let Some(known) = &known
    {
        let message = Message::Inquire {
            payment_id: params.payment_id,
            patience_ms: PATIENCE_MS,
            fresh: true,
        };
        return Ok(edge.ask_known(context, known, message, then));
    }
    let tries = Tries::until(edge.now_ms.saturating_add(PATIENCE_MS));
    let glance = Glance::fresh(service.clone(), params.payment_id, tries).within(PATIENCE_MS);
    Ok(edge.glance(context, glance, then))
}

pub(super) fn leave(edge: &Edge<'_>, mut context: Context, to: String, outcome: Outcome) -> Move {
    let (id, status) = match &outcome {
        Outcome::Reply(Reply::Payment { payment }) => (Some(&payment.id), payment.status),
        Outcome::Seen(Ok(payment)) => (Some(&payment.id), payment.status()),
        Outcome::Reply(_) | Outcome::Seen(Err(_)) | Outcome::Told(_) => (None, Status::Unknown),
    };
    if let Some(id) = id
        && status.was_paid()
    {
        context.session.shown_as_paid(id);
        // A payer whose cookie is gone has paid all the same: the ledger is told.
        if let Outcome::Seen(Ok(payment)) = &outcome
            && edge.config.has_ledger
            && edge.terms.made(payment)
        {
            let message = Message::Hint {
                payment_id: payment.id.clone(),
            };
            let (service, reference) = (&payment.payment_service_id, &payment.reference_id);
            return edge.ask(context, service, reference, message, Then::SendOn { to });
        }
    }
    edge.respond(&context, Response::see_other(&to))
}

/// Where the payer sees the result.
pub(super) fn result_url(
    config: &Config,
    service: &PaymentServiceId,
    payment_id: &PaymentId,
) -> String {
    match &config.result_url {
        Some(url) => ReturnParams {
            payment_id: payment_id.clone(),
            payment_service_id: service.clone(),
        }
        .append_to(url.as_str()),
        None => format!(
            "{}{}/payments/{}/{}",
            config.public_origin,
            config.base_path,
            service.as_str(),
            payment_id.as_str()
        ),
    }
}
