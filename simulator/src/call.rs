//! One HTTP call from arrival to log line: its body is read, a fault may strike it, the router answers it, and it is remembered.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tower::ServiceExt;

use crate::error::ApiError;
use crate::fault::{Drop, Fault};
use crate::request::{Outcome, Request};
use crate::server::Connection;
use crate::simulator::Simulator;

const LARGEST_BODY: usize = 1 << 20;

/// A word for the log line about how an answer came to be.
#[derive(Clone, Copy)]
pub(crate) struct Note(pub(crate) &'static str);

/// Answers one call; a fault that drops the connection never lets this end.
pub(crate) async fn answer(
    simulator: Arc<Simulator>,
    router: Router,
    connection: Connection,
    request: hyper::Request<Incoming>,
) -> Result<Response, Infallible> {
    let begun = Instant::now();
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY)
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
    else {
        return Ok(ApiError::bad_request(
            "body_too_large",
            "The body is longer than 1 MiB or broke off",
        )
        .into_response());
    };
    let is_control = parts.uri.path().starts_with("/_sim");
    let fault = if is_control {
        None
    } else {
        simulator.faults.strike(&parts.method, parts.uri.path())
    };
    let method = parts.method.clone();
    let path = parts.uri.path().to_owned();
    let mut remembered =
        (!is_control).then(|| Request::new(simulator.clock.now(), &parts, body.clone()));

    let cut = fault.as_ref().and_then(|fault| fault.drop);
    let response = respond(router, fault, parts, body).await;
    if let Some(request) = &mut remembered {
        request.outcome = cut.map_or(
            Outcome::Answered(response.status().as_u16()),
            Outcome::Dropped,
        );
    }
    if let Some(request) = remembered {
        simulator.requests.remember(request);
    }
    let status = response.status().as_u16();
    if path == "/_sim/live" {
        // The live page asks each second: the log would hold nothing else.
        return Ok(response);
    }
    let took = begun.elapsed().as_secs_f64() * 1000.0;
    let note = response
        .extensions()
        .get::<Note>()
        .map_or("", |note| note.0);
    match cut {
        None => simulator
            .log
            .line(format_args!("{method} {path} {status} {took:.1} ms{note}")),
        Some(Drop::Before) => simulator.log.line(format_args!(
            "{method} {path} dropped, nothing done {took:.1} ms"
        )),
        Some(Drop::After) => simulator.log.line(format_args!(
            "{method} {path} dropped after {status} {took:.1} ms"
        )),
    }
    if cut.is_some() {
        connection.cut();
        return pending().await;
    }
    Ok(response)
}

/// The answer, with whatever a fault makes of it.
async fn respond(router: Router, fault: Option<Arc<Fault>>, parts: Parts, body: Bytes) -> Response {
    let Some(fault) = fault else {
        return route(router, None, parts, body).await;
    };
    // A task of its own: a client that gives up waiting does not undo what a server is doing.
    let struck = tokio::spawn(async move {
        let inside = fault.works_inside() && takes_idempotency_key(&parts);
        if fault.drop == Some(Drop::Before) || !inside {
            tokio::time::sleep(fault.delay()).await;
        }
        if fault.drop == Some(Drop::Before) {
            return Body::empty().into_response();
        }
        let mut response = match fault.answer() {
            Some(answer) if !inside => answer.into_response(),
            _ if inside => route(router, Some(Arc::clone(&fault)), parts, body).await,
            _ => route(router, None, parts, body).await,
        };
        fault.colour(&mut response);
        response.extensions_mut().insert(Note(" (fault)"));
        response
    });
    struck.await.unwrap_or_else(|_| {
        ApiError::new(500, "simulator_failed", "The simulator failed").into_response()
    })
}

async fn route(router: Router, fault: Option<Arc<Fault>>, parts: Parts, body: Bytes) -> Response {
    let mut request = axum::http::Request::from_parts(parts, Body::from(body));
    if let Some(fault) = fault {
        request.extensions_mut().insert(fault);
    }
    router
        .oneshot(request)
        .await
        .unwrap_or_else(|never| match never {})
}

/// Whether the call's own handler deals with the fault, because the key must be in flight meanwhile.
fn takes_idempotency_key(parts: &Parts) -> bool {
    let path = parts.uri.path();
    parts.method == axum::http::Method::POST
        && path.starts_with("/v1/payment-services/")
        && (path.ends_with("/payments") || path.ends_with("/refund"))
}
