//! The live page at `/_sim`: for people what `/_sim` is for tests. Its files are part of this program.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use clap::{Arg, Args, Command};
use serde_json::{Map, Value, json};

use crate::control::{self, Newest, Sim};
use crate::create;
use crate::error::ApiError;
use crate::options::DEFAULT_API_KEY;
use crate::payment::Record;
use crate::scenario;
use crate::settings::Settings;

/// What the page may load: its own files and `/_sim`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// The scenarios to begin with.
const SCENARIOS: [&str; 2] = [
    include_str!("../scenarios/hard-day.json"),
    include_str!("../scenarios/lost-webhook.json"),
];

/// `GET /_sim`
pub(crate) async fn page() -> Response {
    served(
        "text/html; charset=utf-8",
        include_str!("page/live/page.html"),
    )
}

/// `GET /_sim/page/{file}`
pub(crate) async fn file(Path(name): Path<String>) -> Response {
    match name.as_str() {
        "page.css" => served(
            "text/css; charset=utf-8",
            include_str!("page/live/page.css"),
        ),
        "page.js" => served(SCRIPT, include_str!("page/live/page.js")),
        "control.js" => served(SCRIPT, include_str!("page/live/control.js")),
        "element.js" => served(SCRIPT, include_str!("page/live/element.js")),
        "fault.js" => served(SCRIPT, include_str!("page/live/fault.js")),
        "lists.js" => served(SCRIPT, include_str!("page/live/lists.js")),
        "scenario.js" => served(SCRIPT, include_str!("page/live/scenario.js")),
        "setting.js" => served(SCRIPT, include_str!("page/live/setting.js")),
        _ => ApiError::new(404, "file_not_found", "The page has no such file").into_response(),
    }
}

fn served(content_type: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}

/// `GET /_sim/start`: what stays as it is while the simulator runs.
pub(crate) async fn start(State(simulator): Sim) -> Json<Value> {
    let options = &simulator.options;
    // A key of the user's own is a secret for all we know.
    let api_key = Some(DEFAULT_API_KEY).filter(|key| *key == options.api_key);
    let scenarios: Vec<Value> = SCENARIOS
        .iter()
        .filter_map(|text| serde_json::from_str(text).ok())
        .collect();
    Json(json!({
        "origin": simulator.origin,
        "api_key": api_key,
        "payment_service_ids": options.payment_service_ids,
        "settings": described(&options.settings),
        "scenarios": scenarios,
    }))
}

/// Every setting as `--help` describes it, and its value at the start.
fn described(at_start: &Settings) -> Vec<Value> {
    let values = json!(at_start);
    let flags = Settings::augment_args(Command::new("settings"));
    flags
        .get_arguments()
        .map(|flag| {
            json!({
                "name": flag.get_id().as_str(),
                "help": flag.get_help().map(ToString::to_string),
                "choices": choices(flag),
                "at_start": values.get(flag.get_id().as_str()),
            })
        })
        .collect()
}

fn choices(flag: &Arg) -> Vec<String> {
    // A switch is `true` or `false` to clap, and no choice to a reader.
    if !flag.get_action().takes_values() {
        return Vec::new();
    }
    let values = flag.get_possible_values();
    values
        .iter()
        .map(|value| value.get_name().to_owned())
        .collect()
}

/// `GET /_sim/live`: everything that the page shows, as of one moment, by one call.
pub(crate) async fn live(State(simulator): Sim, Query(newest): Query<Newest>) -> Json<Value> {
    Json(json!({
        "payments": newest.payments(&simulator),
        "events": newest.events(&simulator),
        "requests": newest.requests(&simulator),
        "faults": simulator.faults.waiting(),
        "webhooks": control::endpoints(&simulator),
        "settings": *simulator.settings(),
        "clock": control::time(&simulator),
        "scenario": scenario::progress(&simulator),
    }))
}

/// `POST /_sim/payments`: a payment by PaySG's rules, without key or idempotency, of whatever parameters are given.
pub(crate) async fn new_payment(
    State(simulator): Sim,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let wish: Map<String, Value> = control::read(&body)?;
    let Some(service) = simulator.options.payment_service_ids.first() else {
        return Err(ApiError::new(
            404,
            "payment_service_not_found",
            "There is no payment service",
        ));
    };
    let number = simulator.read(|state| state.payments().len());
    let mut parameters = json!({
        "reference_id": format!("SIM-{}", number.saturating_add(1)),
        "payer_name": "Tan Ah Kow",
        "description": "A payment made by hand",
        "amount_in_cents": 2500,
        "metadata": {},
    });
    if let Some(all) = parameters.as_object_mut() {
        all.extend(wish);
    }
    let settings = simulator.settings();
    let parameters = create::parse(parameters.to_string().as_bytes(), &settings)?;
    let shown = simulator.change(|state, now| {
        let record = Record::create(parameters, service, &simulator.origin, &settings, now);
        let shown = record.shown().to_value();
        scenario::payment_created(&simulator, &record.payment.id);
        state.add_payment(record);
        shown
    });
    Ok((StatusCode::CREATED, Json(shown)))
}
