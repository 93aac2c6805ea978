//! PaySG's six endpoints [guide/endpoints].

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::create;
use crate::error::ApiError;
use crate::fault::Fault;
use crate::idempotency::Once;
use crate::list::{self, PageQuery};
use crate::payment::Record;
use crate::simulator::Simulator;
use crate::state;

type Sim = State<Arc<Simulator>>;
type MaybeFault = Option<Extension<Arc<Fault>>>;
type Answered = Result<Answer, ApiError>;

/// The key first, then the payment service: a malformed id is not found, a well-formed one of somebody else is forbidden.
fn authorise(simulator: &Simulator, headers: &HeaderMap, service: &str) -> Result<(), ApiError> {
    match headers.get("x-api-key") {
        None => {
            return Err(ApiError::new(
                401,
                "missing_api_key",
                "The header x-api-key is missing",
            ));
        }
        Some(key) if key.as_bytes() != simulator.options.api_key.as_bytes() => {
            return Err(ApiError::new(
                401,
                "invalid_api_key",
                "The API key is not valid",
            ));
        }
        Some(_) => {}
    }
    if simulator
        .options
        .payment_service_ids
        .iter()
        .any(|known| known == service)
    {
        return Ok(());
    }
    if is_payment_service_id(service) {
        return Err(ApiError::new(
            403,
            "payment_service_forbidden",
            "The API key has no access to this payment service",
        ));
    }
    Err(ApiError::new(
        404,
        "payment_service_not_found",
        "A payment service id is payment_service_ and a UUID",
    ))
}

fn is_payment_service_id(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("payment_service_") else {
        return false;
    };
    let groups: Vec<&str> = uuid.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn must_be_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let content_type = headers
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if content_type
        .split(';')
        .next()
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
    {
        return Ok(());
    }
    Err(ApiError::bad_request(
        "invalid_content_type",
        "Content-Type must be application/json",
    ))
}

/// `POST S/payments`
pub(crate) async fn create(
    State(simulator): Sim,
    Path(service): Path<String>,
    fault: MaybeFault,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    authorise(&simulator, &headers, &service)?;
    must_be_json(&headers)?;
    let settings = simulator.settings();
    let parameters = create::parse(&body, &settings)?;
    let once = Once::new(&headers, &service, "create", &parameters)?;
    let origin = &simulator.origin;
    let answer = once.run(
        &simulator,
        fault.as_ref().map(|Extension(fault)| fault.as_ref()),
        |state, now| {
            let record = Record::create(parameters, &service, origin, &settings, now);
            let answer = Answer::json(settings.create_status, &record.shown());
            crate::scenario::payment_created(&simulator, &record.payment.id);
            state.add_payment(record);
            answer
        },
    );
    Ok(answer.await)
}

/// `GET S/payments/{paymentId}`
pub(crate) async fn get(
    State(simulator): Sim,
    Path((service, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answered {
    authorise(&simulator, &headers, &service)?;
    simulator.read(|state| Ok(Answer::json(200, &state.payment_of(&service, &id)?.shown())))
}

/// `GET S/payments?limit&before&after`
pub(crate) async fn list(
    State(simulator): Sim,
    Path(service): Path<String>,
    headers: HeaderMap,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Answered {
    authorise(&simulator, &headers, &service)?;
    let Query(query) = query.map_err(|_| {
        ApiError::bad_request(
            "invalid_query",
            "The query takes limit, before and after, each once",
        )
    })?;
    simulator.read(|state| list::page(state, &service, &query))
}

/// `POST S/payments/{paymentId}/cancel`
pub(crate) async fn cancel(
    State(simulator): Sim,
    Path((service, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answered {
    authorise(&simulator, &headers, &service)?;
    simulator.change(|state, now| {
        state.payment_of(&service, &id)?;
        state.change_payment(&id, |record| {
            record.cancel(now)?;
            Ok(Answer::json(200, &record.shown()))
        })
    })
}

/// `POST S/payments/{paymentId}/send-email`
pub(crate) async fn send_email(
    State(simulator): Sim,
    Path((service, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}
    authorise(&simulator, &headers, &service)?;
    must_be_json(&headers)?;
    // An empty JSON array would pass for an empty structure.
    let _: Nothing = Some(&body)
        .filter(|body| body.trim_ascii_start().starts_with(b"{"))
        .and_then(|body| serde_json::from_slice(body).ok())
        .ok_or_else(|| ApiError::bad_request("invalid_request_body", "The body must be {}"))?;
    simulator.change(|state, now| {
        state.payment_of(&service, &id)?;
        state.change_payment(&id, |record| record.email_sent(now))
    })?;
    Ok(Answer::empty(200))
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RefundParameters {
    refund_amount_in_cents: u64,
}

/// `POST S/payments/{paymentId}/refund`
pub(crate) async fn refund(
    State(simulator): Sim,
    Path((service, id)): Path<(String, String)>,
    fault: MaybeFault,
    headers: HeaderMap,
    body: Bytes,
) -> Answered {
    authorise(&simulator, &headers, &service)?;
    must_be_json(&headers)?;
    let parameters: RefundParameters = serde_json::from_slice(&body).map_err(|_| {
        ApiError::bad_request(
            "invalid_request_body",
            "The body must be {\"refund_amount_in_cents\": …}, a positive integer",
        )
    })?;
    if simulator.read(|state| state.payment_of(&service, &id).is_err()) {
        return Err(state::payment_not_found());
    }
    let once = Once::new(&headers, &service, &format!("refund {id}"), &parameters)?;
    let outcome = simulator.settings().refund_outcome;
    let answer = once.run(
        &simulator,
        fault.as_ref().map(|Extension(fault)| fault.as_ref()),
        |state, now| {
            let refunded = state.change_payment(&id, |record| {
                record.refund(parameters.refund_amount_in_cents, outcome, now)?;
                Ok(Answer::json(200, &record.shown()))
            });
            refunded.unwrap_or_else(Answer::from)
        },
    );
    Ok(answer.await)
}
