//! `POST /forget`: this browser no longer knows any payment, so that the next person at a shared computer does not come by one.
//!
//! The payments themselves stay as they are. No cookie is opened: one that cannot be opened is removed as well.

use crate::edge::front::{Context, Edge, Move};
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::edge::response::Response;
use crate::edge::session::Session;

pub(super) fn answer(
    edge: &Edge<'_>,
    mut context: Context,
    request: &Request<'_>,
) -> Result<Move, Problem> {
    request.check_origin(edge.config)?;
    context.session = Session::forget(edge.config, request.cookie);
    let response = if context.page {
        Response::forgotten_page(edge.config.home().as_deref())
    } else {
        Response::empty(204)
    };
    Ok(edge.respond(&context, response))
}
