//! From the payer's press to PaySG's page.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use super::error::{Kind, error, error_of, error_with, refusal};
use super::http::{Answer, Request, send};
use super::object::{get, get_string};
use super::options::{Settings, idempotency_key, order_body, signal};
use super::task;
use super::wait::{check, first, now_ms, random};
use super::{keys, window};
use crate::flow::creation::{Creation, Next, Reply};
use crate::paysg::{PaymentId, PaymentServiceId, ReturnParams, Status};

/// How long one send may take before it counts as lost: longer than a proxy's own patience with PaySG.
const SEND_MS: i32 = 15_000;

/// A creation that is ready to be sent.
struct Order {
    body: String,
    key: String,
    signal: Option<AbortSignal>,
}

impl Order {
    fn read(order: &JsValue, options: &JsValue) -> Result<Self, JsValue> {
        let signal = signal(options)?;
        let body = order_body(order)?;
        let key = match idempotency_key(options)? {
            Some(key) => key,
            None => keys::key_for(&body)?,
        };
        Ok(Self { body, key, signal })
    }
}

pub(super) fn create_payment(
    settings: Rc<Settings>,
    order: &JsValue,
    options: &JsValue,
) -> Result<Promise, JsValue> {
    let order = Order::read(order, options)?;
    Ok(task::promise(
        async move { create(&settings, &order).await },
    ))
}

async fn create(settings: &Settings, order: &Order) -> Result<JsValue, JsValue> {
    let url = [&settings.proxy_url, "/payments"].concat();
    let signal = order.signal.as_ref();
    let mut creation = Creation::new(now_ms());
    loop {
        check(signal)?;
        let request = Request {
            url: &url,
            body: Some((&order.body, &order.key)),
            timeout_ms: SEND_MS,
        };
        let sent = send(request, signal).await;
        check(signal)?;
        let reply = match &sent {
            Ok(answer) => Reply::Answered {
                status: answer.status,
                retry_after_ms: answer.retry_after_ms,
            },
            Err(_) => Reply::Lost,
        };
        match (creation.replied(reply, now_ms(), random()), sent) {
            (Next::SendAgain { after_ms }, _) => {
                first(
                    Some(after_ms),
                    [signal.map(|signal| (signal.as_ref(), "abort"))],
                )
                .await?;
            }
            (Next::Accept, Ok(answer)) => return accept(&answer, &order.key),
            (Next::GiveUp, Ok(answer)) => return Err(refusal(&answer)),
            (_, Err(cause)) => return Err(unreachable(cause)),
        }
    }
}

/// No answer came, whatever the browser says about it.
pub(super) fn unreachable(cause: JsValue) -> JsValue {
    error_with(
        Kind::Unreachable,
        "The payment proxy could not be reached.",
        cause,
    )
}

/// The payment in the proxy's answer.
fn accept(answer: &Answer, key: &str) -> Result<JsValue, JsValue> {
    let payment = get(&answer.body, "payment");
    let id = get_string(&payment, "id").filter(|id| PaymentId::parse(id).is_some());
    let whole = get_string(&payment, "payment_service_id")
        .is_some_and(|id| PaymentServiceId::parse(&id).is_some())
        && ["payment_url", "reference_id", "status"]
            .iter()
            .all(|name| get(&payment, name).is_string())
        && get(&payment, "amount_in_cents").as_f64().is_some();
    match id {
        Some(id) if whole => {
            keys::name_payment(key, &id);
            Ok(payment)
        }
        _ => Err(error_of(
            Kind::InvalidResponse,
            "The payment proxy's answer holds no payment: is proxyUrl right?",
            answer,
        )),
    }
}

/// The payment's page, if a payer may be sent there.
fn payment_page(settings: &Settings, payment: &JsValue) -> Result<String, JsValue> {
    get_string(payment, "payment_url")
        .filter(|url| settings.pages.allows(url))
        .ok_or_else(|| {
            error(
                Kind::PaymentUrlRefused,
                "payment_url is not a page of PaySG's, so the payer was not sent there.",
            )
        })
}

pub(super) fn redirect_to_payment(settings: &Settings, payment: &JsValue) -> Result<(), JsValue> {
    go(&payment_page(settings, payment)?)
}

fn go(url: &str) -> Result<(), JsValue> {
    window()?.location().assign(url)
}

/// The one creation and redirect that is under way on this page.
struct Flight {
    promise: Promise,
    /// Where the payer was sent, once that is known.
    sent_to: Option<String>,
}

thread_local! {
    static FLIGHT: RefCell<Option<Flight>> = const { RefCell::new(None) };
}

/// Creates and redirects. While that is under way, further calls join it, whatever they ask for: a page leads to one payment.
///
/// Once the payer has been sent off, a further call sends them again: perhaps the browser asked whether to leave the page, and the
/// answer was no.
pub(super) fn pay(
    settings: Rc<Settings>,
    order: &JsValue,
    options: &JsValue,
) -> Result<Promise, JsValue> {
    let joined = FLIGHT.with_borrow(|flight| {
        flight
            .as_ref()
            .map(|flight| (flight.promise.clone(), flight.sent_to.clone()))
    });
    if let Some((promise, sent_to)) = joined {
        if let Some(url) = sent_to {
            go(&url)?;
        }
        return Ok(promise);
    }
    let order = Order::read(order, options)?;
    let promise = task::promise(async move {
        let outcome = fly(&settings, &order).await;
        FLIGHT.set(None);
        outcome
    });
    FLIGHT.set(Some(Flight {
        promise: promise.clone(),
        sent_to: None,
    }));
    Ok(promise)
}

/// Never succeeds: either the page is left, or there is an error.
async fn fly(settings: &Settings, order: &Order) -> Result<JsValue, JsValue> {
    let payment = create(settings, order).await?;
    let id = get_string(&payment, "id").unwrap_or_default();
    let status = Status::parse(&get_string(&payment, "status").unwrap_or_default());
    let url = match status {
        Status::Unpaid | Status::Unknown => payment_page(settings, &payment)?,
        // Paid already, in another tab or before the back button: not to be paid again, but to be told so. The
        // proxy's return route leads to wherever payers are told.
        Status::Paid | Status::PartiallyRefunded | Status::Refunded => {
            return_page(settings, &payment)?
        }
        Status::Cancelled => {
            keys::forget(&id);
            return Err(error(
                Kind::PaymentCancelled,
                "This payment was cancelled. Paying again makes a new one.",
            ));
        }
    };
    go(&url)?;
    FLIGHT.with_borrow_mut(|flight| {
        if let Some(flight) = flight {
            flight.sent_to = Some(url);
        }
    });
    // The page is being left. Should it come back out of the back/forward cache, it comes back as it was.
    let window = window()?;
    loop {
        let event = first(None, [Some((window.as_ref(), "pageshow"))]).await?;
        if get(&event, "persisted").is_truthy() {
            return Err(error(
                Kind::PageRestored,
                "The payer came back to this page. Paying again resumes the same payment.",
            ));
        }
    }
}

fn return_page(settings: &Settings, payment: &JsValue) -> Result<String, JsValue> {
    let id = get_string(payment, "id").and_then(|id| PaymentId::parse(&id));
    let service =
        get_string(payment, "payment_service_id").and_then(|id| PaymentServiceId::parse(&id));
    match (id, service) {
        (Some(payment_id), Some(payment_service_id)) => Ok(ReturnParams {
            payment_id,
            payment_service_id,
        }
        .append_to(&[&settings.proxy_url, "/return"].concat())),
        _ => Err(error(Kind::InvalidResponse, "The payment has no id.")),
    }
}
