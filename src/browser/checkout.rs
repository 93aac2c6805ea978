//! From the payer's press to PaySG's page.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::error::{Kind, error, error_with, refusal, settled_error, word_of};
use super::http::{Answer, Request, send};
use super::keys;
use super::object::{get, get_string};
use super::options::{Settings, idempotency_key, order_body, signal};
use super::page::{Promise, Target, Url, assign, window};
use super::task;
use super::wait::{check, first, now_ms, random};
use crate::flow::creation::{Creation, Next, Reply};
use crate::paysg::return_params::{PAYMENT_ID, PAYMENT_SERVICE_ID};
use crate::paysg::{PaymentId, PaymentServiceId, ReturnParams, Status};

/// How long one send may take before it counts as lost: longer than a proxy's own patience with PaySG.
const SEND_MS: u32 = 15_000;

/// A creation that is ready to be sent.
struct Order {
    body: String,
    key: String,
    signal: Option<Target>,
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
    Ok(task::promise(async move {
        Ok(create(&settings, &order).await?.object)
    }))
}

async fn create(settings: &Settings, order: &Order) -> Result<Payment, JsValue> {
    let url = [settings.proxy_url.as_str(), "/payments"].concat();
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
                worded: word_of(answer).is_some(),
                retry_after_ms: answer.retry_after_ms,
            },
            Err(_) => Reply::Lost,
        };
        match (creation.replied(reply, now_ms(), random()), sent) {
            (Next::SendAgain { after_ms }, _) => {
                first(Some(after_ms), &[(signal, "abort")]).await?;
            }
            (Next::Accept, Ok(answer)) => return accept(&answer, &order.body),
            (Next::GiveUp, Ok(answer)) => return Err(refusal(&answer)),
            (_, Err(cause)) => return Err(unreachable(cause)),
        }
    }
}

/// No answer came, whatever the browser says about it.
pub(super) fn unreachable(cause: JsValue) -> JsValue {
    error_with(
        Kind::Unreachable,
        "The payment proxy could not be reached: is proxyUrl right, and this page's origin in PAYSG_ALLOWED_ORIGINS?",
        cause,
    )
}

/// A payment in the proxy's answer, found whole.
struct Payment {
    /// As the caller gets it.
    object: JsValue,
    params: ReturnParams,
    status: Status,
}

fn accept(answer: &Answer, order: &str) -> Result<Payment, JsValue> {
    let object = get(&answer.body, "payment");
    let payment = read_payment(object).ok_or_else(|| refusal(answer))?;
    keys::name_payment(order, payment.params.payment_id.as_str());
    Ok(payment)
}

fn read_payment(object: JsValue) -> Option<Payment> {
    let text = |name| get_string(&object, name);
    let params = ReturnParams {
        payment_id: PaymentId::parse(&text("id")?)?,
        payment_service_id: PaymentServiceId::parse(&text("payment_service_id")?)?,
    };
    let status = Status::parse(&text("status")?);
    text("payment_url")?;
    text("reference_id")?;
    get(&object, "amount_in_cents").as_f64()?;
    Some(Payment {
        object,
        params,
        status,
    })
}

/// The payment's page, if a payer may be sent there.
fn payment_page(settings: &Settings, payment: &JsValue) -> Result<String, JsValue> {
    let url = get_string(payment, "payment_url").unwrap_or_default();
    if settings.pages.allows(&url) {
        return Ok(url);
    }
    // The origin alone: a payment's page is a capability.
    let origin = Url::new(&url.into(), &JsValue::UNDEFINED).map(|url| get_string(&url, "origin"));
    Err(error(
        Kind::PaymentUrlRefused,
        &[
            "payment_url is not a page of PaySG's, so the payer was not sent there. If its origin is your simulator's, pass it as devPaymentOrigin: ",
            &origin.ok().flatten().unwrap_or_default(),
        ]
        .concat(),
    ))
}

pub(super) fn redirect_to_payment(settings: &Settings, payment: &JsValue) -> Result<(), JsValue> {
    assign(&payment_page(settings, payment)?)
}

/// The one creation and redirect that is under way on this page.
struct Flight {
    promise: Promise,
    order: Rc<Order>,
    /// Where the payer was sent, once that is known.
    sent_to: Option<String>,
}

thread_local! {
    static FLIGHT: Cell<Option<Flight>> = const { Cell::new(None) };
}

/// Creates and redirects. While that is under way, further calls join it, whatever they ask for: a page leads to one payment.
///
/// Once the payer has been sent off, a further call sends them again: perhaps the browser asked whether to leave the page, and the
/// answer was no. An aborted one is not joined, though it may still be about to end.
pub(super) fn pay(
    settings: Rc<Settings>,
    order: &JsValue,
    options: &JsValue,
) -> Result<Promise, JsValue> {
    let under_way = FLIGHT.take();
    if let Some(flight) = under_way.filter(|flight| check(flight.order.signal.as_ref()).is_ok()) {
        let promise = flight.promise.clone();
        let sent = flight.sent_to.as_deref().map_or(Ok(()), assign);
        FLIGHT.set(Some(flight));
        return sent.map(|()| promise);
    }
    let order = Rc::new(Order::read(order, options)?);
    let flown = order.clone();
    let promise = task::promise(async move {
        let outcome = fly(&settings, &flown).await;
        let another = FLIGHT
            .take()
            .filter(|flight| !Rc::ptr_eq(&flight.order, &flown));
        FLIGHT.set(another);
        outcome
    });
    FLIGHT.set(Some(Flight {
        promise: promise.clone(),
        order,
        sent_to: None,
    }));
    Ok(promise)
}

/// The payer came back: to a payment that waits for them, or to a page that knows nothing of what has become of it.
fn page_restored(settled: bool) -> JsValue {
    if settled {
        settled_error(
            Kind::PageRestored,
            "The payer came back to this page, and has been told what became of the payment. Whoever has paid need not pay again: paying again may make a new one.",
        )
    } else {
        error(
            Kind::PageRestored,
            "The payer came back to this page. Paying again resumes the same payment.",
        )
    }
}

/// Never succeeds: either the page is left, or there is an error.
async fn fly(settings: &Settings, order: &Order) -> Result<JsValue, JsValue> {
    let payment = create(settings, order).await?;
    let id = payment.params.payment_id.as_str();
    let url = match payment.status {
        Status::Unpaid | Status::Unknown => payment_page(settings, &payment.object)?,
        // Paid already, in another tab or before the back button: not to be paid again, but to be told so. The
        // proxy's return route leads to wherever payers are told.
        Status::Paid | Status::PartiallyRefunded | Status::Refunded => [
            settings.proxy_url.as_str(),
            "/return?",
            PAYMENT_ID,
            "=",
            id,
            "&",
            PAYMENT_SERVICE_ID,
            "=",
            payment.params.payment_service_id.as_str(),
        ]
        .concat(),
        Status::Cancelled => {
            keys::forget(id);
            return Err(error(
                Kind::PaymentCancelled,
                "This payment was cancelled. Paying again makes a new one.",
            ));
        }
    };
    assign(&url)?;
    // The page that it leads to need not be one where this module verifies. The payer has been told; the next press is a new intent.
    if payment.status.was_paid() {
        keys::forget(id);
    }
    if let Some(flight) = FLIGHT.take() {
        FLIGHT.set(Some(Flight {
            sent_to: Some(url),
            ..flight
        }));
    }
    // The page is being left. Should it come back out of the back/forward cache, it comes back as it was; should it stay, the
    // caller may want it for another payment.
    let window = window();
    let signal = order.signal.as_ref();
    loop {
        check(signal)?;
        let event = first(None, &[(Some(&window), "pageshow"), (signal, "abort")]).await?;
        if get(&event, "persisted").is_truthy() {
            let settled = payment.status.was_paid() || keys::is_gone(&order.body, &order.key);
            return Err(page_restored(settled));
        }
    }
}
