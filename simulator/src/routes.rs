//! Every path that the simulator answers.

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post};

use crate::error::ApiError;
use crate::simulator::Simulator;
use crate::{api, control, live, page};

pub(crate) fn routes(simulator: Arc<Simulator>) -> Router {
    let paysg = Router::new()
        .route("/payments", post(api::create).get(api::list))
        .route("/payments/{id}", get(api::get))
        .route("/payments/{id}/cancel", post(api::cancel))
        .route("/payments/{id}/send-email", post(api::send_email))
        .route("/payments/{id}/refund", post(api::refund));
    let pages = Router::new()
        .route("/payments/{id}", get(page::show).post(page::act))
        .route("/payments/{id}/qr.svg", get(page::qr));
    let control = Router::new()
        .route("/_sim", get(live::page))
        .route("/_sim/page/{file}", get(live::file))
        .route("/_sim/start", get(live::start))
        .route("/_sim/live", get(live::live))
        .route("/_sim/reset", post(control::reset))
        .route("/_sim/requests", get(control::requests))
        .route(
            "/_sim/payments",
            get(control::payments).post(live::new_payment),
        )
        .route("/_sim/payments/{id}/pay", post(control::pay))
        .route("/_sim/payments/{id}/cancel", post(control::cancel))
        .route("/_sim/payments/{id}/refund", post(control::refund))
        .route("/_sim/payments/{id}/show", post(control::show))
        .route("/_sim/events", get(control::events))
        .route("/_sim/events/{id}/redeliver", post(control::redeliver))
        .route(
            "/_sim/webhooks",
            get(control::webhooks).post(control::register),
        )
        .route("/_sim/webhooks/{id}", delete(control::unregister))
        .route(
            "/_sim/faults",
            get(control::faults)
                .post(control::add_faults)
                .delete(control::clear_faults),
        )
        .route("/_sim/clock", get(control::clock).post(control::advance))
        .route(
            "/_sim/settings",
            get(control::settings).post(control::change_settings),
        )
        .route(
            "/_sim/scenario",
            get(control::scenario_progress).post(control::play),
        );
    Router::new()
        .nest("/v1/payment-services/{service}", paysg)
        .merge(pages)
        .merge(control)
        .fallback(nothing_here)
        .method_not_allowed_fallback(nothing_here)
        .with_state(simulator)
}

async fn nothing_here() -> ApiError {
    ApiError::new(
        404,
        "route_not_found",
        "There is nothing at this path for this method",
    )
}
