//! `POST /payments`: from a signed order, or an item of the catalogue, to the payment page.

use crate::edge::catalogue::{self, KEY_FIELD, REFERENCE_PREFIX};
use crate::edge::front::{Context, Edge, Move, Outcome, Then};
use crate::edge::limit::Charges;
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::edge::response::Response;
use crate::edge::session::Known;
use crate::flow::checkout::Order;
use crate::flow::desk::{Message, Reply, order_digest};
use crate::ledger::intent_name;
use crate::paysg::json::ObjectWriter;
use crate::paysg::{CreatePayment, FieldError, Json, Limits, PaymentServiceId, Rule, Status, text};
use crate::token::OrderToken;

const MAX_KEY: usize = 255;
/// What the keys begin with that the browser module draws for itself, one for each tab and order: the browser's seed prevails over them.
const TAB_KEY_PREFIX: &str = "tab-";
/// The query of a form that is sent once more, with the cookie that the first answer has brought.
const SENT_AGAIN: &str = "sent_again";

/// What is known of it without its body.
pub(super) fn admit(edge: &Edge<'_>, request: &Request<'_>) -> Result<(), Problem> {
    request.check_origin(edge.config)?;
    request.check_media_type()
}

pub(super) fn enter(
    edge: &Edge<'_>,
    mut context: Context,
    request: &Request<'_>,
) -> Result<Move, Problem> {
    admit(edge, request)?;
    let object = request.object(catalogue::is_of_order)?;
    let (service, payment, cancel_after_secs) = if object.get("order").is_some() {
        signed(edge, &object)?
    } else if edge.config.catalogue.is_empty() {
        return Err(if object.get("item").is_some() {
            Problem::field("item", Rule::NotInCatalogue)
        } else {
            Problem::field("order", Rule::Required)
        });
    } else {
        let (service, payment) = from_catalogue(edge, &mut context, request, &object)?;
        if is_first_contact(&context, request) {
            let again = format!("{}?{SENT_AGAIN}", edge.config.payments_url());
            return Ok(edge.respond(&context, Response::send_again(&again)));
        }
        (service, payment, None)
    };
    let order = Order {
        body: payment.to_body(&edge.terms.return_url),
        digest: order_digest(&payment.digest_input()),
        amount_in_cents: payment.amount_in_cents.get(),
        cancel_after_secs,
    };
    let name = context.session.name(edge.name_material());
    context.charges = Charges::of_create(edge, request.address, name.as_deref());
    Ok(edge.ask(
        context,
        service,
        &payment.reference_id,
        Message::Pay { order },
        Then::Create,
    ))
}

type Ordered<'c> = (&'c PaymentServiceId, CreatePayment, Option<u32>);

/// The price comes from the e-service's server, whatever else the browser sends: so nothing else may be there.
fn signed<'c>(edge: &'c Edge<'_>, object: &Json) -> Result<Ordered<'c>, Problem> {
    let others: Vec<FieldError> = object
        .as_object()
        .unwrap_or_default()
        .iter()
        // The key of a plain form is no word about the order.
        .filter(|(name, _)| name != "order" && name != KEY_FIELD)
        .map(|(name, _)| FieldError::new(name.as_str(), Rule::UnknownField))
        .collect();
    if !others.is_empty() {
        return Err(Problem::fields(others));
    }
    let token = object
        .get("order")
        .and_then(Json::as_str)
        .ok_or_else(|| Problem::field("order", Rule::Type))?;
    // Templates put line breaks about what they are given.
    let order = OrderToken::verify(text::trim(token), &edge.config.order_keys, edge.now_ms)
        .map_err(|error| Problem::token("order", error))?;
    let service = match &order.payment_service_id {
        Some(id) => edge.config.service(id),
        None => edge.config.default_service(),
    }
    .ok_or_else(Problem::unknown_service)?;
    let payment = CreatePayment::read(&order.order, &Limits::default()).map_err(Problem::fields)?;
    if payment.reference_id.starts_with(REFERENCE_PREFIX) {
        return Err(Problem::field("reference_id", Rule::Reserved));
    }
    if !(edge.config.is_nfc)(&payment.reference_id) {
        return Err(Problem::field("reference_id", Rule::Format));
    }
    Ok((service, payment, order.cancel_after_secs))
}

fn from_catalogue<'c>(
    edge: &'c Edge<'_>,
    context: &mut Context,
    request: &Request<'_>,
    object: &Json,
) -> Result<(&'c PaymentServiceId, CreatePayment), Problem> {
    let of_page = match object.get(KEY_FIELD) {
        None => None,
        Some(Json::String(key)) => Some(checked_key(KEY_FIELD, key)?),
        Some(_) => return Err(Problem::field(KEY_FIELD, Rule::Type)),
    };
    let key = match request.idempotency_key {
        "" => of_page,
        key => Some(checked_key("Idempotency-Key", key)?),
    };
    let service = edge
        .config
        .default_service()
        .ok_or_else(Problem::unknown_service)?;
    let order = match edge.config.catalogue.order(object) {
        Ok(order) => order,
        Err(mut errors) => {
            for error in payer_errors(object) {
                if !errors.contains(&error) {
                    errors.push(error);
                }
            }
            return Err(Problem::fields(errors));
        }
    };
    let reference = if is_callers_own(request.idempotency_key) {
        order.reference(request.idempotency_key)
    } else {
        let (digest, random) = (order.digest(), edge.key_material());
        context
            .session
            .reference_of(&digest, key, random, |seed| order.reference(seed))
    };
    let parameters = order.into_parameters(reference);
    let payment = CreatePayment::read(&parameters, &Limits::default()).map_err(Problem::fields)?;
    Ok((service, payment))
}

/// Whether a caller has chosen the key, to say itself what is one order.
fn is_callers_own(key: &str) -> bool {
    !key.is_empty() && !key.starts_with(TAB_KEY_PREFIX)
}

/// Whether a form comes from a browser that has no seed yet. It is sent to the same address again, before anything is asked of PaySG: while PaySG takes its time, the
/// form in another tab already comes with the seed. A browser that keeps no cookie is asked once.
fn is_first_contact(context: &Context, request: &Request<'_>) -> bool {
    context.page
        && context.session.seed_is_new()
        && request.idempotency_key.is_empty()
        && request.query != SENT_AGAIN
}

fn checked_key<'k>(name: &str, key: &'k str) -> Result<&'k str, Problem> {
    if key.len() > MAX_KEY {
        let error = FieldError::with_limit(name, Rule::TooLong, MAX_KEY as u64);
        return Err(Problem::fields(vec![error]));
    }
    if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(key)
    } else {
        Err(Problem::field(name, Rule::Format))
    }
}

/// The payer's own mistakes, to be named beside those of the item.
fn payer_errors(object: &Json) -> Vec<FieldError> {
    CreatePayment::read(object, &Limits::default())
        .err()
        .unwrap_or_default()
        .into_iter()
        .filter(|error| error.field.starts_with("payer_"))
        .collect()
}

pub(super) fn leave(edge: &Edge<'_>, mut context: Context, outcome: Outcome) -> Move {
    let chosen = match outcome {
        Outcome::Reply(Reply::Chosen(chosen)) => chosen,
        Outcome::Reply(Reply::Failed(trouble)) => {
            return edge.refuse(&context, &Problem::of(&trouble));
        }
        Outcome::Seen(Err(trouble)) => return edge.refuse(&context, &Problem::of(&trouble)),
        Outcome::Reply(_) | Outcome::Seen(Ok(_)) | Outcome::Told(_) => {
            return edge.refuse(&context, &Problem::internal());
        }
    };
    let payment = &chosen.payment;
    let payable = matches!(payment.status, Status::Unpaid | Status::Unknown);
    context.session.add(Known {
        payment_id: payment.id.clone(),
        payment_service_id: payment.payment_service_id.clone(),
        intent: intent_name(&payment.payment_service_id, &payment.reference_id),
        amount_in_cents: payment.amount_in_cents,
        pressed_at_ms: edge.now_ms,
        order: None,
    });
    let response = match (context.page, payable) {
        (true, true) => Response::see_other(&payment.payment_url),
        (true, false) => Response::see_other(&super::returned::result_url(
            edge.config,
            &payment.payment_service_id,
            &payment.id,
        )),
        (false, _) => {
            let mut body = ObjectWriter::new();
            body.raw("payment", &payment.to_json());
            Response::json(if chosen.existed { 200 } else { 201 }, body.finish())
        }
    };
    edge.respond(&context, response)
}
