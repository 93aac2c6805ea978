//! The routes: what each takes, asks, and answers.

mod command;
mod create;
mod doctor;
mod event;
mod forget;
mod health;
mod intent;
mod intent_command;
mod resume;
mod returned;
mod status;

pub use doctor::{Checkup, Probed};
use serde::{Deserialize, Serialize};
pub(super) use status::not_found_out;

use super::config::Config;
use super::front::{Context, Edge, Move, Outcome, Then};
use super::problem::Problem;
use super::request::Request;
use super::response::Response;
use crate::flow::desk::Message;
use crate::ledger::Digest;
use crate::paysg::{PaymentId, PaymentServiceId, Rule};
use crate::token::{CommandKind, CommandToken, IntentInToken};

/// Which route a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Route {
    /// `POST /payments`
    Create,
    /// `GET /return`
    Return,
    /// `GET /payments/{payment_service_id}/{payment_id}`
    Status,
    /// `GET /resume`
    Resume,
    /// `POST /forget`
    Forget,
    /// `POST /payments/{payment_service_id}/{payment_id}/{action}`
    Command,
    /// `GET /intents/{payment_service_id}/{reference_id}`
    Intent,
    /// `POST /intents/{payment_service_id}/{reference_id}/{action}`
    IntentCommand,
    /// `POST /webhooks`
    Event,
    /// `GET /health`
    Health,
    /// `GET /doctor`
    Doctor,
    /// `OPTIONS`
    Preflight,
    /// None.
    Nowhere,
}

impl Route {
    /// The route as it stands in the log: a pattern, never a path.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "POST /payments",
            Self::Return => "GET /return",
            Self::Status => "GET /payments/{payment_service_id}/{payment_id}",
            Self::Resume => "GET /resume",
            Self::Forget => "POST /forget",
            Self::Command => "POST /payments/{payment_service_id}/{payment_id}/{action}",
            Self::Intent => "GET /intents/{payment_service_id}/{reference_id}",
            Self::IntentCommand => "POST /intents/{payment_service_id}/{reference_id}/{action}",
            Self::Event => "POST /webhooks",
            Self::Health => "GET /health",
            Self::Doctor => "GET /doctor",
            Self::Preflight => "OPTIONS",
            Self::Nowhere => "-",
        }
    }

    const fn takes(self) -> &'static str {
        match self {
            Self::Create | Self::Forget | Self::Command | Self::IntentCommand | Self::Event => {
                "POST"
            }
            Self::Return
            | Self::Status
            | Self::Resume
            | Self::Intent
            | Self::Health
            | Self::Doctor => "GET",
            Self::Preflight | Self::Nowhere => "OPTIONS",
        }
    }

    /// The route of a request, and the parts of its path.
    pub(super) fn find<'r>(
        config: &Config,
        request: &Request<'r>,
    ) -> (Self, Result<Target<'r>, Problem>) {
        let Some((route, target)) = Self::of_path(config, request.path) else {
            return (Self::Nowhere, Err(Problem::no_route()));
        };
        if request.method == "OPTIONS" {
            return (Self::Preflight, Ok(target));
        }
        let takes = route.takes();
        if request.method == takes || (takes == "GET" && request.method == "HEAD") {
            (route, Ok(target))
        } else {
            (route, Err(Problem::method(takes)))
        }
    }

    fn of_path<'r>(config: &Config, path: &'r str) -> Option<(Self, Target<'r>)> {
        let rest = path.strip_prefix(&*config.base_path)?.strip_prefix('/')?;
        // Hosts that send every path on to the one with a slash are many, and a form cannot follow there.
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let mut parts = rest.split('/');
        let mut next = || parts.next();
        let (name, service, subject, action, more) = (next()?, next(), next(), next(), next());
        if more.is_some() {
            return None;
        }
        let target = Target {
            service: service.unwrap_or_default(),
            subject: subject.unwrap_or_default(),
            action: action.unwrap_or_default(),
        };
        let route = match (name, service, subject, action) {
            ("payments", None, None, None) => Self::Create,
            ("payments", Some(_), Some(_), None) => Self::Status,
            ("payments", Some(_), Some(_), Some(_)) => Self::Command,
            ("intents", Some(_), Some(_), None) => Self::Intent,
            ("intents", Some(_), Some(_), Some(_)) => Self::IntentCommand,
            ("return", None, None, None) => Self::Return,
            ("resume", None, None, None) => Self::Resume,
            ("forget", None, None, None) => Self::Forget,
            ("webhooks", None, None, None) => Self::Event,
            ("health", None, None, None) => Self::Health,
            ("doctor", None, None, None) => Self::Doctor,
            _ => return None,
        };
        Some((route, target))
    }
}

/// The parts of a path.
#[derive(Clone, Copy)]
pub(super) struct Target<'r> {
    service: &'r str,
    subject: &'r str,
    action: &'r str,
}

impl Target<'_> {
    /// The payment that the path names: of a payment service of ours, and with an id of the right form.
    fn payment<'c>(
        &self,
        config: &'c Config,
    ) -> Result<(&'c PaymentServiceId, PaymentId), Problem> {
        let id = PaymentId::parse(self.subject)
            .ok_or_else(|| Problem::field("payment_id", Rule::Format))?;
        Ok((self.service(config)?, id))
    }

    fn service<'c>(&self, config: &'c Config) -> Result<&'c PaymentServiceId, Problem> {
        if PaymentServiceId::parse(self.service).is_none() {
            return Err(Problem::field("payment_service_id", Rule::Format));
        }
        config
            .service(self.service)
            .ok_or_else(Problem::unknown_service)
    }
}

/// The command in an operator's token, which has to be for this.
fn officer(
    edge: &Edge<'_>,
    request: &Request<'_>,
    kind: CommandKind,
    subject: &str,
    service: Option<&PaymentServiceId>,
) -> Result<CommandToken, Problem> {
    let token = request.bearer().ok_or_else(Problem::no_token)?;
    let token = CommandToken::verify(token, &edge.config.order_keys, edge.now_ms)
        .map_err(|error| Problem::token("command", error))?;
    if token.is_for(kind, subject, service) {
        Ok(token)
    } else {
        Err(Problem::token_for_another())
    }
}

/// Has the intent that a token names take a message.
fn ask_named(
    edge: &Edge<'_>,
    context: Context,
    service: &PaymentServiceId,
    intent: &IntentInToken,
    message: Message,
    then: Then,
) -> Result<Move, Problem> {
    Ok(match intent {
        IntentInToken::Reference(reference) => edge.ask(context, service, reference, message, then),
        IntentInToken::Name(name) => {
            let name = Digest::parse(name).ok_or_else(|| Problem::field("intent", Rule::Format))?;
            edge.ask_named(context, &name, message, then)
        }
    })
}

/// Refuses what can be refused before the body has come: whoever sends a body slowly, or none, holds room only for a request that is taken.
pub(super) fn admit(
    edge: &Edge<'_>,
    route: Route,
    request: &Request<'_>,
    target: Target<'_>,
) -> Result<(), Problem> {
    match route {
        Route::Create => create::admit(edge, request),
        Route::Command => command::admit(edge, request, target),
        Route::IntentCommand => intent_command::admit(edge, request, target),
        Route::Event => event::admit(request),
        Route::Forget => request.check_origin(edge.config),
        Route::Return
        | Route::Status
        | Route::Resume
        | Route::Intent
        | Route::Health
        | Route::Doctor
        | Route::Preflight
        | Route::Nowhere => Ok(()),
    }
}

/// Takes a request to its route.
pub(super) fn enter(
    edge: &Edge<'_>,
    context: Context,
    request: &Request<'_>,
    target: Target<'_>,
) -> Move {
    let entered = match context.route {
        Route::Create => create::enter(edge, context.clone(), request),
        Route::Return => returned::enter(edge, context.clone(), request),
        Route::Status => status::enter(edge, context.clone(), request, target),
        Route::Resume => resume::enter(edge, context.clone(), request),
        Route::Forget => forget::answer(edge, context.clone(), request),
        Route::Command => command::enter(edge, context.clone(), request, target),
        Route::Intent => intent::enter(edge, context.clone(), request, target),
        Route::IntentCommand => intent_command::enter(edge, context.clone(), request, target),
        Route::Event => event::enter(edge, context.clone(), request),
        Route::Doctor => doctor::enter(edge, context.clone(), request),
        Route::Health => Ok(health::answer(edge, &context)),
        Route::Preflight => Ok(preflight(edge, &context, request)),
        Route::Nowhere => Err(Problem::no_route()),
    };
    entered.unwrap_or_else(|problem| edge.refuse(&context, &problem))
}

/// Takes the outcome of a request's work to its answer, or to more work.
pub(super) fn leave(edge: &Edge<'_>, context: Context, then: Then, outcome: Outcome) -> Move {
    match then {
        Then::Create => create::leave(edge, context, outcome),
        Then::Return { to } => returned::leave(edge, context, to, outcome),
        Then::SendOn { to } => edge.respond(&context, Response::see_other(&to)),
        Then::Status {
            known,
            refreshed,
            glance,
        } => status::leave(edge, context, known, refreshed, glance, outcome),
        Then::Resume {
            asked,
            rest,
            to,
            until_ms,
        } => resume::leave(edge, context, asked, rest, to, until_ms, outcome),
        Then::Command => command::leave(edge, context, outcome),
        Then::PassOn(message) => command::pass_on(edge, context, message, outcome),
        Then::Event => event::leave(edge, context, outcome),
        Then::EventSeen => event::seen(edge, context, outcome),
        Then::Read => intent::leave(edge, context, outcome),
        Then::Doctor(_) => edge.refuse(&context, &Problem::internal()),
    }
}

/// Takes what somebody answered to an examination.
pub(super) fn probed(edge: &Edge<'_>, context: Context, then: Then, probed: Probed) -> Move {
    match then {
        Then::Doctor(checkup) => doctor::probed(edge, context, checkup, probed),
        Then::Create
        | Then::Return { .. }
        | Then::SendOn { .. }
        | Then::Status { .. }
        | Then::Resume { .. }
        | Then::Command
        | Then::PassOn(_)
        | Then::Event
        | Then::EventSeen
        | Then::Read => edge.refuse(&context, &Problem::internal()),
    }
}

fn preflight(edge: &Edge<'_>, context: &Context, request: &Request<'_>) -> Move {
    if context.cors.is_none() && request.origin != edge.config.public_origin {
        return edge.refuse(context, &Problem::origin());
    }
    let mut response = Response::empty(204);
    response
        .header("access-control-allow-methods", "GET, POST")
        .header(
            "access-control-allow-headers",
            "content-type, idempotency-key",
        )
        .header("access-control-max-age", "600");
    edge.respond(context, response)
}
