//! `/_sim`: what a test does to the simulator. Its contract is in the README.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::event::Sending;
use crate::fault::Fault;
use crate::scenario::{self, Scenario};
use crate::settings::{RefundOutcome, WebhookHosts};
use crate::simulator::Simulator;

pub(crate) type Sim = State<Arc<Simulator>>;
pub(crate) type Shown = Result<Json<Value>, ApiError>;

/// The body as JSON whatever its content type; no body is `{}`.
pub(crate) fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, ApiError> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| invalid(error.to_string()))
}

fn invalid(reason: String) -> ApiError {
    ApiError::bad_request("invalid_control_request", reason)
}

fn list(data: Vec<Value>) -> Json<Value> {
    Json(json!({ "data": data }))
}

/// What a payer's payment does about its webhook: `false`, or how to send it.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(crate) enum WebhookWish {
    /// `false`: the event is written but not sent. `true`: as the settings say.
    Whether(bool),
    /// Sent, but so.
    So(Sending),
}

/// The body of `pay`.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayWish {
    webhook: Option<WebhookWish>,
    /// The money arrives by a bank transfer that was begun before the payment was cancelled.
    #[serde(default)]
    transfer: bool,
}

impl PayWish {
    pub(crate) const fn is_transfer(self) -> bool {
        self.transfer
    }

    pub(crate) fn sending(self) -> Option<Sending> {
        match self.webhook {
            None | Some(WebhookWish::Whether(true)) => Some(Sending::default()),
            Some(WebhookWish::Whether(false)) => None,
            Some(WebhookWish::So(sending)) => Some(sending),
        }
    }
}

/// The body of `refund`: all that is left unless it says how much.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundWish {
    refund_amount_in_cents: Option<u64>,
    outcome: Option<RefundOutcome>,
}

/// Refunds a payment, or settles its pending refund where no amount is named.
pub(crate) fn do_refund(
    simulator: &Simulator,
    id: &str,
    wish: RefundWish,
) -> Result<Value, ApiError> {
    let outcome = wish.outcome.unwrap_or(simulator.settings().refund_outcome);
    simulator.change_payment(id, |record, now| {
        if record.pending_refund_in_cents > 0 && wish.refund_amount_in_cents.is_none() {
            record.settle_refund(wish.outcome.unwrap_or(RefundOutcome::Succeeded), now);
            return Ok(());
        }
        record.refund(
            wish.refund_amount_in_cents
                .unwrap_or(record.left_in_cents()),
            outcome,
            now,
        )
    })
}

pub(crate) async fn reset(State(simulator): Sim) -> Json<Value> {
    scenario::stop(&simulator);
    simulator.reset();
    Json(json!({}))
}

/// `?last=N`: only the newest N of a list, still oldest first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Newest {
    last: Option<usize>,
}

impl Newest {
    fn of<T>(&self, mut all: Vec<T>) -> Vec<T> {
        let surplus = all.len().saturating_sub(self.last.unwrap_or(usize::MAX));
        all.split_off(surplus)
    }

    pub(crate) fn requests(&self, simulator: &Simulator) -> Vec<Value> {
        simulator.requests.shown(self.last.unwrap_or(usize::MAX))
    }

    pub(crate) fn payments(&self, simulator: &Simulator) -> Vec<Value> {
        simulator.read(|state| {
            let records = self.of(state.payments());
            records
                .iter()
                .map(|record| record.shown().to_value())
                .collect()
        })
    }

    pub(crate) fn events(&self, simulator: &Simulator) -> Vec<Value> {
        simulator.read(|state| {
            let events = self.of(state.events.in_order());
            events
                .into_iter()
                .map(|event| state.events.shown_event(event))
                .collect()
        })
    }
}

pub(crate) async fn requests(State(simulator): Sim, Query(newest): Query<Newest>) -> Json<Value> {
    list(newest.requests(&simulator))
}

pub(crate) async fn payments(State(simulator): Sim, Query(newest): Query<Newest>) -> Json<Value> {
    list(newest.payments(&simulator))
}

pub(crate) async fn events(State(simulator): Sim, Query(newest): Query<Newest>) -> Json<Value> {
    list(newest.events(&simulator))
}

pub(crate) async fn pay(State(simulator): Sim, Path(id): Path<String>, body: Bytes) -> Shown {
    let wish: PayWish = read(&body)?;
    let paid = simulator.pay(&id, wish.is_transfer(), wish.sending())?;
    Ok(Json(
        json!({ "redirect_url": paid.redirect_url, "event_id": paid.event_id }),
    ))
}

pub(crate) async fn cancel(State(simulator): Sim, Path(id): Path<String>) -> Shown {
    simulator
        .change_payment(&id, |record, now| record.cancel(now))
        .map(Json)
}

pub(crate) async fn refund(State(simulator): Sim, Path(id): Path<String>, body: Bytes) -> Shown {
    do_refund(&simulator, &id, read(&body)?).map(Json)
}

/// Fields to show in place of the true ones; `{}` shows the truth again.
pub(crate) async fn show(State(simulator): Sim, Path(id): Path<String>, body: Bytes) -> Shown {
    let fields: Map<String, Value> = read(&body)?;
    let change = |record: &mut crate::payment::Record, _| {
        record.shown_instead = fields;
        Ok(())
    };
    simulator.change_payment(&id, change).map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RedeliverWish {
    times: Option<u32>,
}

pub(crate) async fn redeliver(State(simulator): Sim, Path(id): Path<String>, body: Bytes) -> Shown {
    let wish: RedeliverWish = read(&body)?;
    do_redeliver(&simulator, &id, wish.times.unwrap_or(1)).map(Json)
}

/// Sends an event again at once, so many copies to each endpoint that is registered now.
pub(crate) fn do_redeliver(simulator: &Simulator, id: &str, times: u32) -> Result<Value, ApiError> {
    if times > 1_000 {
        return Err(invalid("times is at most 1000".to_owned()));
    }
    // Without the losses and delays that the settings ask for: whoever redelivers wants it to arrive.
    let settings = crate::settings::Settings {
        webhook_loss_percent: 0,
        ..(*simulator.settings()).clone()
    };
    let sending = Sending {
        copies: Some(times),
        delay_ms: Some(0),
        jitter_ms: Some(0),
        lose: false,
    };
    let shown = simulator.change(|state, now| {
        if state.events.event(id).is_none() {
            return Err(ApiError::new(
                404,
                "event_not_found",
                "There is no such event",
            ));
        }
        state.send_event(id, sending, &settings, now);
        Ok(state
            .events
            .event(id)
            .map(|event| state.events.shown_event(event))
            .unwrap_or_default())
    })?;
    simulator.deliveries.notify_one();
    Ok(shown)
}

/// An endpoint to register.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registration {
    url: String,
    secret: String,
    #[serde(default)]
    #[expect(
        dead_code,
        reason = "PaySG's registration form asks for it, so it is accepted"
    )]
    description: Option<String>,
}

impl Registration {
    pub(crate) fn new(url: String, secret: String) -> Self {
        Self {
            url,
            secret,
            description: None,
        }
    }
}

/// Registers an endpoint, whose secret is never shown again.
pub(crate) fn do_register(simulator: &Simulator, wish: &Registration) -> Result<Value, ApiError> {
    let url = url::Url::parse(&wish.url).map_err(|_| invalid("url is not a URL".to_owned()))?;
    match url.scheme() {
        "http"
            if simulator.settings().webhook_hosts == WebhookHosts::Any
                || crate::create::is_loopback(&url) => {}
        "http" => {
            return Err(invalid(
                "http endpoints must be on this machine, unless --webhook-hosts any".to_owned(),
            ));
        }
        "https" => {
            return Err(invalid(
                "this simulator speaks no TLS to webhooks: give it a loopback http URL".to_owned(),
            ));
        }
        _ => return Err(invalid("url must be http or https".to_owned())),
    }
    if wish.secret.is_empty() {
        return Err(invalid("secret is empty".to_owned()));
    }
    let id = simulator.change(|state, _| state.register_webhook(url.as_str(), &wish.secret));
    Ok(json!({ "id": id, "url": url.as_str() }))
}

pub(crate) async fn register(
    State(simulator): Sim,
    body: Bytes,
) -> Result<impl IntoResponse, ApiError> {
    Ok((
        StatusCode::CREATED,
        Json(do_register(&simulator, &read(&body)?)?),
    ))
}

/// The endpoints, without their secrets.
pub(crate) fn endpoints(simulator: &Simulator) -> Vec<Value> {
    simulator.read(|state| {
        let all = state.events.webhooks();
        all.map(|webhook| json!({ "id": webhook.id, "url": webhook.url }))
            .collect()
    })
}

pub(crate) async fn webhooks(State(simulator): Sim) -> Json<Value> {
    list(endpoints(&simulator))
}

pub(crate) async fn unregister(State(simulator): Sim, Path(id): Path<String>) -> Shown {
    if simulator.change(|state, _| state.remove_webhook(&id)) {
        return Ok(Json(json!({})));
    }
    Err(ApiError::new(
        404,
        "webhook_not_found",
        "There is no such webhook",
    ))
}

/// One fault or a list of them.
#[derive(Deserialize)]
#[serde(untagged)]
enum FaultWish {
    Several(Vec<Value>),
    One(Map<String, Value>),
}

pub(crate) async fn add_faults(State(simulator): Sim, body: Bytes) -> Shown {
    let wish = match read(&body)? {
        FaultWish::Several(faults) => faults,
        FaultWish::One(fault) => vec![Value::Object(fault)],
    };
    let faults: Result<Vec<Fault>, _> = wish.into_iter().map(serde_json::from_value).collect();
    simulator
        .faults
        .add(faults.map_err(|error| invalid(error.to_string()))?)
        .map_err(invalid)?;
    Ok(waiting(&simulator))
}

fn waiting(simulator: &Simulator) -> Json<Value> {
    Json(json!({ "data": simulator.faults.waiting() }))
}

pub(crate) async fn faults(State(simulator): Sim) -> Json<Value> {
    waiting(&simulator)
}

/// All of them, or the one in the body, however often it was still to strike.
pub(crate) async fn clear_faults(State(simulator): Sim, body: Bytes) -> Shown {
    if body.is_empty() {
        simulator.faults.clear();
    } else {
        simulator.faults.remove(&read(&body)?);
    }
    Ok(waiting(&simulator))
}

pub(crate) fn time(simulator: &Simulator) -> Value {
    json!({ "now": simulator.clock.now(), "offset_ms": simulator.clock.offset_ms() })
}

pub(crate) async fn clock(State(simulator): Sim) -> Json<Value> {
    Json(time(&simulator))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: i64,
}

pub(crate) async fn advance(State(simulator): Sim, body: Bytes) -> Shown {
    let Advance { advance_ms } = read(&body)?;
    simulator.advance_clock(advance_ms);
    Ok(Json(time(&simulator)))
}

pub(crate) async fn settings(State(simulator): Sim) -> Json<Value> {
    Json(json!(*simulator.settings()))
}

pub(crate) async fn change_settings(State(simulator): Sim, body: Bytes) -> Shown {
    let changed = simulator
        .settings()
        .changed_by(&read(&body)?)
        .map_err(invalid)?;
    simulator.set_settings(changed.clone());
    Ok(Json(json!(changed)))
}

pub(crate) async fn play(
    State(simulator): Sim,
    body: Bytes,
) -> Result<impl IntoResponse, ApiError> {
    let scenario: Scenario = read(&body)?;
    scenario::play(&simulator, scenario).map_err(invalid)?;
    Ok((StatusCode::ACCEPTED, Json(scenario::progress(&simulator))))
}

pub(crate) async fn scenario_progress(State(simulator): Sim) -> Json<Value> {
    Json(scenario::progress(&simulator))
}
