//! From the payer's return to what became of the payment.

use std::rc::Rc;

use wasm_bindgen::prelude::*;

use super::address::{clear_return, read_return};
use super::checkout::unreachable;
use super::error::{Kind, refusal, word_of};
use super::http::{Answer, Request, send};
use super::object::{Draft, get, get_string};
use super::options::{Settings, on_status, return_params, signal, timeout_ms};
use super::page::{Function, Promise, Target, global};
use super::wait::{check, first, now_ms, random};
use super::{keys, task};
use crate::flow::verification::{Outcome, QUESTION_MS, Reply, Step, Verification};
use crate::paysg::{ReturnParams, Status};

struct Options {
    signal: Option<Target>,
    timeout_ms: u32,
    on_status: Option<Function>,
}

impl Options {
    fn read(options: &JsValue) -> Result<Self, JsValue> {
        Ok(Self {
            signal: signal(options)?,
            timeout_ms: timeout_ms(options)?,
            on_status: on_status(options)?,
        })
    }
}

pub(super) fn verify_payment(
    settings: Rc<Settings>,
    params: &JsValue,
    options: &JsValue,
) -> Result<Promise, JsValue> {
    let options = Options::read(options)?;
    Ok(start(settings, return_params(params)?, options, false))
}

/// Verifies what the address names, and clears the address once the payment is settled: until then a reload must be able to go on.
pub(super) fn start_verification(
    settings: Rc<Settings>,
    options: &JsValue,
) -> Result<Option<Promise>, JsValue> {
    let options = Options::read(options)?;
    let params = read_return(&JsValue::UNDEFINED)?;
    Ok(params.map(|params| start(settings, params, options, true)))
}

fn start(settings: Rc<Settings>, params: ReturnParams, options: Options, clear: bool) -> Promise {
    task::promise(async move {
        let verified = verify(&settings, &params, &options).await?;
        // The page may have gone elsewhere in the meantime; then there is nothing of ours to clear.
        if clear
            && verified.status.is_settled()
            && read_return(&JsValue::UNDEFINED).ok().flatten() == Some(params)
        {
            // Browsers refuse a page that changes its address too often. What is known of the payment is known all the same.
            let _ = clear_return();
        }
        Ok(verified.into_js())
    })
}

/// What the proxy told of a payment.
struct Verified {
    status: Status,
    /// The proxy's answer.
    body: JsValue,
}

impl Verified {
    fn into_js(self) -> JsValue {
        let status = self.status.as_str();
        let payment = Draft::new()
            .copy("id", &self.body)
            .copy("payment_service_id", &self.body)
            .text("status", status)
            .copy("reference_id", &self.body)
            .copy("amount_in_cents", &self.body);
        // The proxy tells the reference only to the browser whose cookie knows the payment.
        let proof = get_string(&self.body, "reference_id").is_some();
        Draft::new()
            .text("status", status)
            .put("confirming", (!self.status.is_settled()).into())
            .put("proof", proof.into())
            .put("payment", payment.done())
            .copy("receipt", &self.body)
            .done()
    }
}

async fn verify(
    settings: &Settings,
    params: &ReturnParams,
    options: &Options,
) -> Result<Verified, JsValue> {
    let id = params.payment_id.as_str();
    let service = params.payment_service_id.as_str();
    let url = [settings.proxy_url.as_str(), "/payments/", service, "/", id].concat();
    let signal = options.signal.as_ref();
    let document: Target = global("document").unchecked_into();
    let events = [(signal, "abort"), (Some(&document), "visibilitychange")];

    let mut verification = Verification::new(options.timeout_ms, now_ms());
    let mut body = JsValue::UNDEFINED;
    let mut failure = JsValue::UNDEFINED;
    let mut asked = 0_u32;
    loop {
        check(signal)?;
        let hidden = get(&document, "hidden").is_truthy();
        match verification.next(hidden, now_ms()) {
            Step::Ask => {
                let request = Request {
                    url: &url,
                    body: None,
                    timeout_ms: QUESTION_MS,
                };
                let sent = send(request, signal).await;
                check(signal)?;
                let (reply, problem) = read(sent, params, &mut body);
                verification.replied(reply, now_ms(), random());
                asked = asked.saturating_add(1);
                report(options, reply, asked, &problem);
                failure = problem;
            }
            Step::Wait { ms } => {
                first(Some(ms), &events).await?;
            }
            Step::Pause => {
                first(None, &events).await?;
            }
            Step::Done(Outcome::Settled(status)) => {
                keys::forget(id);
                return Ok(Verified { status, body });
            }
            Step::Done(Outcome::Confirming(status)) => return Ok(Verified { status, body }),
            Step::Done(Outcome::UnknownPayment | Outcome::Refused | Outcome::Unanswered) => {
                return Err(failure);
            }
        }
    }
}

/// What an answer means, and the error that it would be reported as. Leaves the body of a good one in `body`.
fn read(
    sent: Result<Answer, JsValue>,
    params: &ReturnParams,
    body: &mut JsValue,
) -> (Reply, JsValue) {
    let answer = match sent {
        Ok(answer) => answer,
        Err(cause) => return (Reply::Lost, unreachable(cause)),
    };
    let names = |name, id| get_string(&answer.body, name).as_deref() == Some(id);
    match answer.status {
        200 => {
            // An answer for another payment is none.
            let status = get_string(&answer.body, "status").filter(|_| {
                names("id", params.payment_id.as_str())
                    && names("payment_service_id", params.payment_service_id.as_str())
            });
            match status {
                Some(word) => {
                    *body = answer.body;
                    (Reply::Told(Status::parse(&word)), JsValue::UNDEFINED)
                }
                None => (Reply::Lost, refusal(&answer)),
            }
        }
        status => {
            let word = word_of(&answer);
            let reply = if word.as_deref() == Some(Kind::UnknownPayment.code()) {
                Reply::UnknownPayment
            } else {
                Reply::Refused {
                    status,
                    worded: word.is_some(),
                    retry_after_ms: answer.retry_after_ms,
                }
            };
            (reply, refusal(&answer))
        }
    }
}

/// Tells the caller. What the caller's function throws is reported as an unhandled rejection; it must not stop a verification.
fn report(options: &Options, reply: Reply, asked: u32, problem: &JsValue) {
    let Some(on_status) = &options.on_status else {
        return;
    };
    let status = match reply {
        Reply::Told(status) => status.as_str().into(),
        Reply::Refused { .. } | Reply::UnknownPayment | Reply::Lost => JsValue::NULL,
    };
    let progress = Draft::new()
        .put("status", status)
        .put("asked", asked.into())
        .put("error", problem.clone())
        .done();
    if let Err(thrown) = on_status.call(&JsValue::UNDEFINED, &progress) {
        let _ = Promise::reject(&thrown);
    }
}
