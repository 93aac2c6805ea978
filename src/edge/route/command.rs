//! `POST /payments/{payment_service_id}/{payment_id}/{cancel|refund|send-email|tell-again|adopt}`: the payer may cancel, by cookie; an operator
//! may do all of it, by command token.

use super::{Target, officer};
use crate::edge::front::{Context, Edge, Move, Outcome, Then};
use crate::edge::limit::Charges;
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::edge::response::Response;
use crate::edge::session::{Known, Session};
use crate::flow::desk::{Message, Reply};
use crate::flow::glance::Glance;
use crate::flow::upstream::Tries;
use crate::ledger::RefundState;
use crate::paysg::json::ObjectWriter;
use crate::paysg::{PaymentId, PaymentServiceId};
use crate::token::{CommandKind, CommandToken, Subject};

const PATIENCE_MS: i64 = 8_000;

/// Who gives a command.
enum Giver {
    /// An operator, by this token.
    Token(CommandToken),
    /// The payer, by a cookie that knows the payment.
    Payer(Session, Known),
}

/// The payment, and who may command what about it.
fn authorised<'c>(
    edge: &'c Edge<'_>,
    request: &Request<'_>,
    target: Target<'_>,
) -> Result<(&'c PaymentServiceId, PaymentId, Giver), Problem> {
    let kind = CommandKind::parse(target.action)
        .filter(|kind| kind.subject() == Subject::Payment)
        .ok_or_else(Problem::no_route)?;
    let (service, id) = target.payment(edge.config)?;
    if request.bearer().is_some() {
        let token = officer(edge, request, kind, id.as_str(), Some(service))?;
        return Ok((service, id, Giver::Token(token)));
    }
    if kind != CommandKind::Cancel {
        return Err(Problem::no_token());
    }
    request.check_origin(edge.config)?;
    let session = Session::open(edge.config, request.cookie, edge.now_ms);
    let known = session.find(service, &id).cloned();
    let known = known.ok_or_else(Problem::no_proof)?;
    Ok((service, id, Giver::Payer(session, known)))
}

/// What is known of it without its body.
pub(super) fn admit(
    edge: &Edge<'_>,
    request: &Request<'_>,
    target: Target<'_>,
) -> Result<(), Problem> {
    authorised(edge, request, target).map(|_| ())
}

pub(super) fn enter(
    edge: &Edge<'_>,
    mut context: Context,
    request: &Request<'_>,
    target: Target<'_>,
) -> Result<Move, Problem> {
    let (service, id, giver) = authorised(edge, request, target)?;
    if request.body.is_none() {
        return Err(Problem::too_large());
    }
    match giver {
        Giver::Token(token) => {
            let (kind, named) = (token.kind, token.intent.clone());
            let message = by_token(edge, token, id.clone())?;
            if !edge.config.has_ledger {
                return Ok(edge.ask(context, service, "", message, Then::Command));
            }
            // What the ledger alone answers needs no PaySG, if the token says whose ledger it is.
            if kind == CommandKind::TellAgain
                && let Some(named) = named
            {
                return super::ask_named(edge, context, service, &named, message, Then::Command);
            }
            // The token names the payment; PaySG says which intent it is of.
            let tries = Tries::until(edge.now_ms.saturating_add(PATIENCE_MS));
            let glance = Glance::fresh(service.clone(), id, tries).within(PATIENCE_MS);
            Ok(edge.glance(context, glance, Then::PassOn(message)))
        }
        Giver::Payer(session, known) => {
            context.session = session;
            context.charges = Charges::of_proof(edge, &context.session, &known);
            let message = Message::Cancel { payment_id: id };
            Ok(if edge.config.has_ledger {
                edge.ask_known(context, &known, message, Then::Command)
            } else {
                edge.ask(context, service, "", message, Then::Command)
            })
        }
    }
}

fn by_token(
    edge: &Edge<'_>,
    token: CommandToken,
    payment_id: PaymentId,
) -> Result<Message, Problem> {
    let (action, by) = (token.kind.as_str().to_owned(), token.by);
    let message = match (token.kind, token.refund) {
        (CommandKind::TellAgain | CommandKind::Adopt, _) if !edge.config.has_ledger => {
            return Err(Problem::no_ledger());
        }
        (CommandKind::TellAgain, _) if edge.config.fulfilment_url.is_none() => {
            return Err(Problem::no_fulfilment_url());
        }
        (CommandKind::Cancel, _) => Message::Cancel { payment_id },
        (CommandKind::SendEmail, _) => Message::SendEmail { payment_id },
        (CommandKind::TellAgain, _) => Message::TellAgain { payment_id },
        (CommandKind::Adopt, _) => Message::Adopt { payment_id },
        (CommandKind::Refund, Some(refund)) => Message::Refund {
            payment_id,
            amount_in_cents: refund.amount_in_cents,
            command_id: refund.id,
            look_first: false,
            refunded_amount_in_cents: refund.refunded_amount_in_cents,
        },
        (CommandKind::Refund, None)
        | (
            CommandKind::Read
            | CommandKind::Reconcile
            | CommandKind::AbandonAttempt
            | CommandKind::Acknowledge
            | CommandKind::Erase
            | CommandKind::Doctor,
            _,
        ) => {
            return Err(Problem::no_route());
        }
    };
    Ok(Message::OperatorCommand {
        action,
        by,
        message: Box::new(message),
    })
}

pub(super) fn pass_on(
    edge: &Edge<'_>,
    context: Context,
    mut message: Message,
    outcome: Outcome,
) -> Move {
    match outcome {
        Outcome::Seen(Ok(payment)) => {
            if let Message::OperatorCommand { message, .. } = &mut message
                && let Message::Refund { look_first, .. } = &mut **message
            {
                *look_first = !payment.refund_status.is_untouched();
            }
            let (service, reference) = (&payment.payment_service_id, &payment.reference_id);
            edge.ask(context, service, reference, message, Then::Command)
        }
        Outcome::Seen(Err(trouble)) => edge.refuse(&context, &Problem::of(&trouble)),
        Outcome::Reply(_) | Outcome::Told(_) => edge.refuse(&context, &Problem::internal()),
    }
}

pub(super) fn leave(edge: &Edge<'_>, context: Context, outcome: Outcome) -> Move {
    match outcome {
        Outcome::Reply(Reply::Payment { payment }) => {
            let response = if context.page {
                let (service, id) = (&payment.payment_service_id, &payment.id);
                Response::see_other(&super::returned::result_url(edge.config, service, id))
            } else {
                let mut body = ObjectWriter::new();
                body.raw("payment", &payment.to_json());
                Response::json(200, body.finish())
            };
            edge.respond(&context, response)
        }
        Outcome::Reply(Reply::Refund { payment, refund }) => {
            // Taken, and not made yet.
            let pending = refund.state == RefundState::Pending;
            let status = if pending { 202 } else { 200 };
            edge.respond(
                &context,
                Response::json(status, payment.with_refund(&refund)),
            )
        }
        Outcome::Reply(Reply::Failed(trouble)) | Outcome::Seen(Err(trouble)) => {
            edge.refuse(&context, &Problem::of(&trouble))
        }
        Outcome::Reply(_) | Outcome::Seen(Ok(_)) | Outcome::Told(_) => {
            edge.refuse(&context, &Problem::internal())
        }
    }
}
