//! `POST /intents/{payment_service_id}/{reference_id}/{reconcile|abandon-attempt|acknowledge|erase}`: what an operator does to an intent, by
//! command token. The answer is the intent, as `GET` shows it.

use super::{Target, intent, officer};
use crate::edge::front::{Context, Edge, Move, Then};
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::flow::desk::Message;
use crate::flow::watch::Acknowledgeable;
use crate::paysg::{PaymentServiceId, Rule};
use crate::token::{CommandKind, CommandToken, Subject};

/// The payment service of the intent, and the command that its token allows.
fn authorised<'c>(
    edge: &'c Edge<'_>,
    request: &Request<'_>,
    target: Target<'_>,
) -> Result<(&'c PaymentServiceId, CommandToken), Problem> {
    let kind = CommandKind::parse(target.action)
        .filter(|kind| kind.subject() == Subject::Intent && *kind != CommandKind::Read)
        .ok_or_else(Problem::no_route)?;
    let service = target.service(edge.config)?;
    let reference = intent::reference(target)?;
    let token = officer(edge, request, kind, &reference, Some(service))?;
    Ok((service, token))
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
    context: Context,
    request: &Request<'_>,
    target: Target<'_>,
) -> Result<Move, Problem> {
    let (service, token) = authorised(edge, request, target)?;
    if request.body.is_none() {
        return Err(Problem::too_large());
    }
    if !edge.config.has_ledger {
        return Err(Problem::no_ledger());
    }
    let named = token.intent.clone().ok_or_else(Problem::internal)?;
    let message = message(token)?;
    super::ask_named(edge, context, service, &named, message, Then::Read)
}

fn message(token: CommandToken) -> Result<Message, Problem> {
    let message = match (token.kind, token.attempt, token.alert) {
        (CommandKind::Reconcile, _, _) => Message::Reconcile,
        (CommandKind::Erase, _, _) => Message::Erase {
            by: token.by.clone(),
        },
        (CommandKind::AbandonAttempt, Some(attempt), _) => Message::AbandonAttempt { attempt },
        (CommandKind::Acknowledge, _, Some(alert)) => Message::Acknowledge {
            alert: Acknowledgeable::parse(&alert)
                .ok_or_else(|| Problem::field("alert", Rule::Format))?,
            payment_id: token.payment_id,
        },
        _ => return Err(Problem::no_route()),
    };
    Ok(Message::OperatorCommand {
        action: token.kind.as_str().to_owned(),
        by: token.by,
        message: Box::new(message),
    })
}
