//! From the payer's press to PaySG's page.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{JSON, Promise};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, Url};

use super::error::{Kind, error, error_with, refusal, settled_error, word_of};
use super::fields::{Fields, to_js};
use super::http::{Answer, Request, send};
use super::options::{Settings, idempotency_key, order_body, signal};
use super::turn::turn;
use super::wait::{Signals, first, now_ms, random};
use super::window::window;
use super::{keys, task};
use crate::flow::creation::{Creation, Next, Reply};
use crate::paysg::return_params::{PAYMENT_ID, PAYMENT_SERVICE_ID};
use crate::paysg::{PaymentId, PaymentServiceId, Status};

/// How long one send may take before it counts as lost: longer than a proxy's own patience with PaySG.
const SEND_MS: i32 = 15_000;

/// What a caller asks to be created.
struct Order {
    body: String,
    /// The caller's own idempotency key.
    key: Option<String>,
    signals: Signals,
}

impl Order {
    fn read(order: &JsValue, options: &Fields) -> Result<Self, JsValue> {
        Ok(Self {
            signals: Signals {
                caller: signal(options)?,
                own: None,
            },
            body: order_body(order)?,
            key: idempotency_key(options)?,
        })
    }

    /// The key that it is sent with.
    fn sent_key(&self) -> Result<String, JsValue> {
        self.key
            .clone()
            .map_or_else(|| keys::key_for(&self.body), Ok)
    }

    /// Whether a press on the one is a press on the other.
    fn is_same(&self, other: &Self) -> bool {
        self.body == other.body && self.key == other.key
    }
}

pub(super) fn create_payment(
    settings: Rc<Settings>,
    order: &JsValue,
    options: &Fields,
) -> Result<Promise, JsValue> {
    let order = Order::read(order, options)?;
    let key = order.sent_key()?;
    Ok(task::promise(async move {
        to_js(&create(&settings, &order, &key).await?)
    }))
}

async fn create(settings: &Settings, order: &Order, key: &str) -> Result<Payment, JsValue> {
    let url = [settings.proxy_url.as_str(), "/payments"].concat();
    let signals = &order.signals;
    // Nothing else tells equal orders of two tabs apart from two orders.
    let _turn = match order.key {
        None if is_of_catalogue(&order.body) => turn(&settings.proxy_url, signals).await?,
        None | Some(_) => None,
    };
    let mut creation = Creation::new(now_ms());
    loop {
        signals.check()?;
        let request = Request {
            url: &url,
            method: "POST",
            body: Some((&order.body, key)),
            timeout_ms: SEND_MS,
        };
        let sent = send(request, signals).await;
        signals.check()?;
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
                first(Some(after_ms), None, signals).await?;
            }
            (Next::Accept, Ok(answer)) => return accept(&answer, &order.body),
            (Next::GiveUp, Ok(answer)) => return Err(refusal(&answer)),
            (_, Err(cause)) => return Err(unreachable(cause)),
        }
    }
}

/// Whether an order is for an item of the proxy's catalogue. One that a server signed has a reference of its own.
fn is_of_catalogue(body: &str) -> bool {
    let body = JSON::parse(body).unwrap_or(JsValue::UNDEFINED);
    Fields(body).get("order").is_undefined()
}

/// No answer came, whatever the browser says about it.
pub(super) fn unreachable(cause: JsValue) -> JsValue {
    error_with(
        Kind::Unreachable,
        "The payment proxy could not be reached: is proxyUrl right, and this page's origin in PAYSG_ALLOWED_ORIGINS?",
        cause,
    )
}

/// A payment in the proxy's answer, found whole, as the caller gets it.
#[derive(Serialize)]
struct Payment {
    id: String,
    payment_service_id: String,
    payment_url: String,
    reference_id: String,
    amount_in_cents: f64,
    #[serde(serialize_with = "word")]
    status: Status,
}

fn word<S: serde::Serializer>(status: &Status, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(status.as_str())
}

fn accept(answer: &Answer, order: &str) -> Result<Payment, JsValue> {
    let payment = read_payment(&answer.body.object("payment")).ok_or_else(|| refusal(answer))?;
    keys::name_payment(order, &payment.id);
    Ok(payment)
}

fn read_payment(payment: &Fields) -> Option<Payment> {
    Some(Payment {
        id: payment
            .text("id")
            .filter(|id| PaymentId::parse(id).is_some())?,
        payment_service_id: payment
            .text("payment_service_id")
            .filter(|id| PaymentServiceId::parse(id).is_some())?,
        payment_url: payment.text("payment_url")?,
        reference_id: payment.text("reference_id")?,
        amount_in_cents: payment.number("amount_in_cents")?,
        status: Status::parse(&payment.text("status")?),
    })
}

/// The payment's page, if a payer may be sent there.
fn payment_page(settings: &Settings, url: String) -> Result<String, JsValue> {
    if settings.pages.allows(&url) {
        return Ok(url);
    }
    // The origin alone: a payment's page is a capability.
    let origin = Url::new(&url).map(|url| url.origin()).unwrap_or_default();
    Err(error(
        Kind::PaymentUrlRefused,
        &[
            "payment_url is not a page of PaySG's, so the payer was not sent there. If its origin is your simulator's, pass it as devPaymentOrigin: ",
            &origin,
        ]
        .concat(),
    ))
}

fn leave_for(url: &str) -> Result<(), JsValue> {
    window()?.location().assign(url)
}

pub(super) fn redirect_to_payment(settings: &Settings, payment: &Fields) -> Result<(), JsValue> {
    let url = payment.text("payment_url").unwrap_or_default();
    leave_for(&payment_page(settings, url)?)
}

/// The one creation and redirect that is under way on this page.
struct Flight {
    promise: Promise,
    settings: Rc<Settings>,
    order: Rc<Order>,
    /// Aborts it for another order's sake.
    replace: AbortController,
    /// Where the payer was sent, once that is known.
    sent_to: Option<String>,
}

impl Flight {
    /// Ends it, so that it leads nowhere any more.
    fn make_way(self) -> Result<(), JsValue> {
        self.replace.abort_with_reason(&error(
            Kind::Aborted,
            "Another order is being paid on this page.",
        ));
        // The browser may be on its way to this one's page. A page that is left ends all requests; so does this, before the other order's begins.
        if self.sent_to.is_some() {
            window()?.stop()?;
        }
        Ok(())
    }
}

thread_local! {
    static FLIGHT: RefCell<Option<Flight>> = const { RefCell::new(None) };
}

/// Creates and redirects. A further call for the same order joins the one under way. A call for another order takes its place: a payer is never
/// sent to the page of an order that they did not press last.
///
/// Once the payer has been sent off, a further call sends them again: perhaps the browser asked whether to leave the page, and the
/// answer was no. An aborted one is not joined, though it may still be about to end.
pub(super) fn pay(
    settings: Rc<Settings>,
    order: &JsValue,
    options: &Fields,
) -> Result<Promise, JsValue> {
    let mut order = Order::read(order, options)?;
    let under_way = FLIGHT.take();
    if let Some(flight) = under_way.filter(|flight| flight.order.signals.check().is_ok()) {
        if flight.order.is_same(&order) && flight.settings.proxy_url == settings.proxy_url {
            let promise = flight.promise.clone();
            let sent = flight.sent_to.as_deref().map_or(Ok(()), leave_for);
            FLIGHT.set(Some(flight));
            return sent.map(|()| promise);
        }
        flight.make_way()?;
    }
    let replace = AbortController::new()?;
    order.signals.own = Some(replace.signal());
    let key = order.sent_key()?;
    let order = Rc::new(order);
    let (flown, by) = (order.clone(), settings.clone());
    let promise = task::promise(async move {
        let outcome = fly(&by, &flown, &key).await;
        FLIGHT.with_borrow_mut(|flight| {
            flight.take_if(|flight| Rc::ptr_eq(&flight.order, &flown));
        });
        outcome
    });
    FLIGHT.set(Some(Flight {
        promise: promise.clone(),
        settings,
        order,
        replace,
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
async fn fly(settings: &Settings, order: &Order, key: &str) -> Result<JsValue, JsValue> {
    let payment = create(settings, order, key).await?;
    let id = &payment.id;
    let was_paid = payment.status.was_paid();
    let url = match payment.status {
        Status::Unpaid | Status::Unknown => payment_page(settings, payment.payment_url)?,
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
            &payment.payment_service_id,
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
    leave_for(&url)?;
    // The page that it leads to need not be one where this module verifies. The payer has been told; the next press is a new intent.
    if was_paid {
        keys::forget(id);
    }
    FLIGHT.with_borrow_mut(|flight| {
        if let Some(flight) = flight {
            flight.sent_to = Some(url);
        }
    });
    // The page is being left. Should it come back out of the back/forward cache, it comes back as it was; should it stay, the
    // caller may want it for another payment.
    let window = window()?;
    loop {
        order.signals.check()?;
        let event = first(None, Some((window.as_ref(), "pageshow")), &order.signals).await?;
        if Fields(event).get("persisted").is_truthy() {
            return Err(page_restored(was_paid || keys::is_gone(&order.body, key)));
        }
    }
}
