//! `GET /health`

use crate::edge::front::{Context, Edge, Move};
use crate::edge::response::Response;
use crate::paysg::json::ObjectWriter;

pub(super) fn answer(edge: &Edge<'_>, context: &Context) -> Move {
    let mut body = ObjectWriter::new();
    body.str("status", "ok")
        .str("version", env!("CARGO_PKG_VERSION"))
        .str("environment", edge.config.api_key.environment().as_str())
        .bool("ledger", edge.config.has_ledger);
    edge.respond(context, Response::json(200, body.finish()))
}
