//! `GET /intents/{payment_service_id}/{reference_id}`: what the ledger holds, for operators. A token that names the intent as the log does
//! has that name in the reference's place.

use super::{Target, officer};
use crate::edge::front::{Context, Edge, Move, Outcome, Then};
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::edge::response::Response;
use crate::flow::desk::{Message, Reply};
use crate::paysg::Rule;
use crate::token::CommandKind;

pub(super) fn enter(
    edge: &Edge<'_>,
    context: Context,
    request: &Request<'_>,
    target: Target<'_>,
) -> Result<Move, Problem> {
    let service = target.service(edge.config)?;
    let reference = reference(target)?;
    let token = officer(edge, request, CommandKind::Read, &reference, Some(service))?;
    if !edge.config.has_ledger {
        return Err(Problem::no_ledger());
    }
    let named = token.intent.ok_or_else(Problem::internal)?;
    super::ask_named(edge, context, service, &named, Message::Read, Then::Read)
}

/// The part of the path that names the intent.
pub(super) fn reference(target: Target<'_>) -> Result<String, Problem> {
    decode(target.subject)
        .filter(|reference| !reference.is_empty())
        .ok_or_else(|| Problem::field("reference_id", Rule::Format))
}

/// A path's part without its percent signs; `+` is itself there.
fn decode(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            // Not `u8::from_str_radix`, which takes a sign.
            bytes.extend(base16ct::mixed::decode_vec(digits).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

pub(super) fn leave(edge: &Edge<'_>, context: Context, outcome: Outcome) -> Move {
    match outcome {
        Outcome::Reply(Reply::Record { record }) => {
            edge.respond(&context, Response::json(200, record))
        }
        Outcome::Reply(Reply::Failed(trouble)) => edge.refuse(&context, &Problem::of(&trouble)),
        Outcome::Reply(_) | Outcome::Seen(_) | Outcome::Told(_) => {
            edge.refuse(&context, &Problem::internal())
        }
    }
}
