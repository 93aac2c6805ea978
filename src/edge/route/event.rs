//! `POST /webhooks`: PaySG reports that a payment succeeded. The event only names a payment; a GET says whether it is so.

use crate::edge::front::{Context, Edge, Move, Outcome, Then};
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::edge::response::Response;
use crate::flow::desk::{Message, Reply};
use crate::flow::fulfilment;
use crate::flow::glance::Glance;
use crate::flow::upstream::{Tries, Trouble};
use crate::flow::view::PaymentView;
use crate::ledger::Telling;
use crate::paysg::signature::{self, Header};
use crate::paysg::{Event, Payment, Status};

const PATIENCE_MS: i64 = 8_000;

/// What is known of it without its body.
pub(super) fn admit(request: &Request<'_>) -> Result<(), Problem> {
    header(request).map(|_| ())
}

fn header(request: &Request<'_>) -> Result<Header, Problem> {
    Header::parse(request.signature).map_err(|error| Problem::signature(400, error.as_str()))
}

pub(super) fn enter(
    edge: &Edge<'_>,
    context: Context,
    request: &Request<'_>,
) -> Result<Move, Problem> {
    let body = request.body.ok_or_else(Problem::too_large)?;
    let header = header(request)?;
    if !signature::verify(&header, body, &edge.config.webhook_secrets) {
        let reason = "no `v1` is this body's under PAYSG_WEBHOOK_SECRET (was the body passed on as it came?)";
        return Err(Problem::signature(401, reason));
    }
    // An old timestamp is no reason to refuse: the event is a hint, and the GET is of now.
    let event = Event::read(body).map_err(|error| {
        Problem::fields(vec![crate::paysg::FieldError::new(error.field, error.rule)])
    })?;
    if !event.is_payment_succeeded() {
        return Ok(ignored(edge, &context, "event_type_unknown"));
    }
    let ours = event
        .payment()
        .and_then(|(service, id)| Some((edge.config.service(service.as_str())?, id)));
    let Some((service, id)) = ours else {
        return Ok(ignored(edge, &context, "payment_service_not_ours"));
    };
    if edge.config.has_ledger
        && let Some(reference) = &event.reference_id
    {
        let message = Message::Hint {
            payment_id: id.clone(),
        };
        return Ok(edge.ask(context, service, reference, message, Then::Event));
    }
    let tries = Tries::until(edge.now_ms.saturating_add(PATIENCE_MS));
    let glance = Glance::fresh(service.clone(), id.clone(), tries)
        .within(PATIENCE_MS)
        .believed();
    Ok(edge.glance(context, glance, Then::EventSeen))
}

/// What a GET shows of the payment that an event names.
pub(super) fn seen(edge: &Edge<'_>, context: Context, outcome: Outcome) -> Move {
    let payment = match outcome {
        Outcome::Seen(Ok(payment)) => payment,
        Outcome::Seen(Err(trouble)) => return edge.refuse(&context, &refusal(&trouble)),
        Outcome::Reply(_) | Outcome::Told(_) => {
            return edge.refuse(&context, &Problem::internal());
        }
    };
    if edge.config.has_ledger {
        let message = Message::Hint {
            payment_id: payment.id.clone(),
        };
        let (service, reference) = (&payment.payment_service_id, &payment.reference_id);
        return edge.ask(context, service, reference, message, Then::Event);
    }
    if !edge.terms.made(&payment) {
        return ignored(edge, &context, "payment_not_ours");
    }
    if !payment.status().was_paid() {
        return edge.refuse(&context, &Problem::event_unconfirmed());
    }
    if edge.terms.pace.tells {
        tell(edge, context, &payment)
    } else {
        taken(edge, &context)
    }
}

/// Without a ledger the e-service is told before PaySG is answered, so that PaySG comes again if that fails.
///
/// It is told that the payment was paid, even if some of it was given back since: nobody told it before.
fn tell(edge: &Edge<'_>, context: Context, payment: &Payment) -> Move {
    let view = PaymentView::of(payment, Status::Paid);
    let receipt = edge.receipt(&view);
    let telling = Telling::paid(payment.id.clone(), edge.now_ms);
    let fetch = fulfilment::tell(&telling, &view.receipt(), Some(&receipt));
    edge.tell(context, fetch, Then::Event)
}

pub(super) fn leave(edge: &Edge<'_>, context: Context, outcome: Outcome) -> Move {
    match outcome {
        Outcome::Reply(Reply::Noted) | Outcome::Told(true) => taken(edge, &context),
        Outcome::Reply(Reply::NotOurs) => ignored(edge, &context, "payment_not_ours"),
        Outcome::Told(false) => edge.refuse(&context, &Problem::untold()),
        Outcome::Reply(Reply::Failed(trouble)) | Outcome::Seen(Err(trouble)) => {
            edge.refuse(&context, &refusal(&trouble))
        }
        Outcome::Reply(_) | Outcome::Seen(Ok(_)) => edge.refuse(&context, &Problem::internal()),
    }
}

/// Why an event is not settled yet: PaySG repeats it.
fn refusal(trouble: &Trouble) -> Problem {
    if *trouble == Trouble::NotShownYet {
        Problem::event_unconfirmed()
    } else {
        Problem::of(trouble)
    }
}

fn taken(edge: &Edge<'_>, context: &Context) -> Move {
    edge.respond(context, received())
}

/// The event is authentic and nothing of ours. `why` is for the log: an operator tells it from an event that was acted on.
fn ignored(edge: &Edge<'_>, context: &Context, why: &'static str) -> Move {
    let mut response = received();
    response.ignored = Some(why);
    edge.respond(context, response)
}

fn received() -> Response {
    Response::json(200, "{\"received\":true}".to_owned())
}
