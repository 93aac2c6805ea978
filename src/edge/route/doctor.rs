//! `GET /doctor`: what of a deployment can only be seen from inside, for operators. `npx paysg-wasm doctor` asks for it, and looks from
//! outside as well.
//!
//! It makes no payment. It reads one entry of each payment service's list, and tells the e-service of a payment that never was, under a
//! receipt that nobody signed: a server that takes it would take anybody's.

use serde::{Deserialize, Serialize};

use super::officer;
use crate::edge::doubt::Doubt;
use crate::edge::front::{Context, Edge, Move, Then};
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::edge::response::Response;
use crate::edge::session::Session;
use crate::flow::step::{Fetch, Target};
use crate::paysg::json::ObjectWriter;
use crate::paysg::time::format_iso_ms;
use crate::paysg::{ApiRequest, PaymentServiceId, WebUrl};
use crate::token::CommandKind;

const TIMEOUT_MS: u32 = 5_000;

/// How far the examination has come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Checkup {
    /// What PaySG answered for each payment service, in their order.
    services: Vec<Probed>,
    /// What the e-service answered.
    fulfilment: Option<Probed>,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Probed {
    /// The HTTP status; 0: there was no answer.
    pub status: u16,
    /// Whether the body is a page of PaySG's list.
    pub is_list: bool,
    /// Whether the answer has PaySG's form.
    pub is_own: bool,
}

pub(super) fn enter(
    edge: &Edge<'_>,
    mut context: Context,
    request: &Request<'_>,
) -> Result<Move, Problem> {
    officer(edge, request, CommandKind::Doctor, "", None)?;
    // For who looks at its flags on the other side of whatever is in between.
    context.session = Session::open(edge.config, request.cookie, edge.now_ms);
    context.session.renew();
    Ok(next(edge, context, Checkup::default()))
}

fn next(edge: &Edge<'_>, context: Context, checkup: Checkup) -> Move {
    let fetch = match edge.config.services.get(checkup.services.len()) {
        Some(service) => probe(Target::Paysg, ApiRequest::list(service, 1, None)),
        None if checkup.fulfilment.is_none() && edge.config.fulfilment_url.is_some() => {
            probe(Target::Fulfilment, forged(edge, &context))
        }
        None => return report(edge, &context, &checkup),
    };
    edge.probe(context, fetch, Then::Doctor(checkup))
}

const fn probe(target: Target, request: ApiRequest) -> Fetch {
    Fetch {
        after_ms: 0,
        timeout_ms: TIMEOUT_MS,
        target,
        shared: false,
        request,
    }
}

/// A telling in the right form about no payment at all.
fn forged(edge: &Edge<'_>, context: &Context) -> ApiRequest {
    let id = format!(
        "doctor-{}",
        context
            .trace
            .request_id
            .map_or_else(String::new, String::from)
    );
    let service = edge
        .config
        .default_service()
        .map_or("", PaymentServiceId::as_str);
    let mut payment = ObjectWriter::new();
    payment
        .str("id", &id)
        .str("payment_service_id", service)
        .str("reference_id", &id)
        .number("amount_in_cents", 1)
        .str("status", "paid")
        .str("paid_at", &format_iso_ms(edge.now_ms));
    let mut body = ObjectWriter::new();
    body.str("receipt", "signed.by.nobody")
        .raw("payment", &payment.finish());
    ApiRequest {
        method: "POST",
        path: String::new(),
        idempotency_key: Some(id),
        body: Some(body.finish()),
    }
}

pub(super) fn probed(
    edge: &Edge<'_>,
    context: Context,
    mut checkup: Checkup,
    probed: Probed,
) -> Move {
    if checkup.services.len() < edge.config.services.len() {
        checkup.services.push(probed);
    } else {
        checkup.fulfilment = Some(probed);
    }
    next(edge, context, checkup)
}

fn report(edge: &Edge<'_>, context: &Context, checkup: &Checkup) -> Move {
    let config = edge.config;
    let findings: Vec<String> = findings(edge, checkup)
        .iter()
        .map(|Doubt { code, about }| {
            let mut finding = ObjectWriter::new();
            finding.str("code", code).str("about", about);
            finding.finish()
        })
        .collect();
    let origins: Vec<String> = config
        .allowed_origins
        .iter()
        .map(|origin| serde_json::to_string(origin).unwrap_or_default())
        .collect();
    let mut body = ObjectWriter::new();
    body.str("now", &format_iso_ms(edge.now_ms))
        .str("version", env!("CARGO_PKG_VERSION"))
        .str("environment", config.api_key.environment().as_str())
        .bool("ledger", config.has_ledger)
        .str("api_url", &config.api_origin)
        .str("public_url", &config.public_origin)
        .str("base_path", &config.base_path)
        .str(
            "payment_service_id",
            config
                .default_service()
                .map_or("", PaymentServiceId::as_str),
        )
        .str("result_url", &address(config.result_url.as_ref()))
        .str("fulfilment_url", &address(config.fulfilment_url.as_ref()))
        .raw("allowed_origins", &format!("[{}]", origins.join(",")))
        .raw("findings", &format!("[{}]", findings.join(",")));
    edge.respond(context, Response::json(200, body.finish()))
}

/// Without its query, which may hold what is nobody's business.
fn address(url: Option<&WebUrl>) -> String {
    let text = url.map_or("", WebUrl::as_str);
    let end = text.find(['?', '#']).unwrap_or(text.len());
    text.get(..end).unwrap_or_default().to_owned()
}

fn findings(edge: &Edge<'_>, checkup: &Checkup) -> Vec<Doubt> {
    let config = edge.config;
    let mut findings = config.doubts.clone();
    let mut find = |code, about: String| findings.push(Doubt { code, about });
    if !config.has_ledger {
        find("ledger_missing", "LEDGER".to_owned());
    }
    for (service, probed) in config.services.iter().zip(&checkup.services) {
        let code = match probed.status {
            200 if probed.is_list => continue,
            0 | 429 | 500..=599 => "paysg_unreachable",
            // Somebody else than PaySG answers.
            _ if !probed.is_own => "paysg_unexpected",
            401 | 403 => "paysg_unauthorised",
            402 => "paysg_not_connected",
            404 => "paysg_unknown_service",
            _ => "paysg_unexpected",
        };
        find(
            code,
            format!("{}: {}", service.as_str(), said(probed.status)),
        );
    }
    match checkup.fulfilment.map(|probed| probed.status) {
        None if edge.config.notifies_nobody => {}
        None => find("fulfilment_missing", "PAYSG_FULFILMENT_URL".to_owned()),
        Some(0) => find("fulfilment_unreachable", said(0)),
        Some(status @ 200..=299) => find("fulfilment_takes_forgeries", said(status)),
        // It looked at the receipt, or at the payment, and did not like it.
        Some(400 | 401 | 403 | 409 | 422) => {}
        Some(status) => find("fulfilment_unexpected", said(status)),
    }
    findings
}

fn said(status: u16) -> String {
    if status == 0 {
        "no answer".to_owned()
    } else {
        format!("HTTP {status}")
    }
}
