//! From the payer's return to what became of the payment.

use std::rc::Rc;

use js_sys::{Function, Promise};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::address::{clear_return, read_return};
use super::checkout::unreachable;
use super::error::{Kind, refusal, word_of};
use super::fields::{Fields, to_js};
use super::http::{Answer, Request, send};
use super::options::{Settings, on_status, return_params, signal, timeout_ms};
use super::wait::{Signals, first, now_ms, random};
use super::window::window;
use super::{keys, task};
use crate::flow::verification::{Outcome, QUESTION_MS, Reply, Step, Verification};
use crate::paysg::{ReturnParams, Status};

struct Options {
    signals: Signals,
    timeout_ms: u32,
    on_status: Option<Function>,
}

impl Options {
    fn read(options: &Fields) -> Result<Self, JsValue> {
        Ok(Self {
            signals: Signals {
                caller: signal(options)?,
                own: None,
            },
            timeout_ms: timeout_ms(options)?,
            on_status: on_status(options)?,
        })
    }
}

pub(super) fn verify_payment(
    settings: Rc<Settings>,
    params: &Fields,
    options: &Fields,
) -> Result<Promise, JsValue> {
    let options = Options::read(options)?;
    Ok(start(settings, return_params(params)?, options, false))
}

/// Verifies what the address names, and clears the address once the payment is settled: until then a reload must be able to go on.
pub(super) fn start_verification(
    settings: Rc<Settings>,
    options: &Fields,
) -> Result<Option<Promise>, JsValue> {
    let options = Options::read(options)?;
    let params = read_return(&JsValue::UNDEFINED)?;
    Ok(params.map(|params| start(settings, params, options, true)))
}

fn start(settings: Rc<Settings>, params: ReturnParams, options: Options, clear: bool) -> Promise {
    task::promise(async move {
        let (status, body) = verify(&settings, &params, &options).await?;
        // The page may have gone elsewhere in the meantime; then there is nothing of ours to clear.
        if clear
            && status.is_settled()
            && read_return(&JsValue::UNDEFINED).ok().flatten().as_ref() == Some(&params)
        {
            // Browsers refuse a page that changes its address too often. What is known of the payment is known all the same.
            let _ = clear_return();
        }
        to_js(&verified(&params, status, &body))
    })
}

/// What is known of a payment, as the caller gets it.
#[derive(Serialize)]
struct Verified<'a> {
    status: &'static str,
    confirming: bool,
    proof: bool,
    payment: VerifiedPayment<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
}

#[derive(Serialize)]
struct VerifiedPayment<'a> {
    id: &'a str,
    payment_service_id: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount_in_cents: Option<f64>,
}

fn verified<'a>(params: &'a ReturnParams, status: Status, body: &Fields) -> Verified<'a> {
    let reference_id = body.text("reference_id");
    Verified {
        status: status.as_str(),
        confirming: !status.is_settled(),
        // The proxy tells the reference only to the browser whose cookie knows the payment.
        proof: reference_id.is_some(),
        payment: VerifiedPayment {
            id: params.payment_id.as_str(),
            payment_service_id: params.payment_service_id.as_str(),
            status: status.as_str(),
            reference_id,
            amount_in_cents: body.number("amount_in_cents"),
        },
        receipt: body.text("receipt"),
    }
}

/// Asks until the payment is settled or the time is over. Returns the last status, and the answer that told it.
async fn verify(
    settings: &Settings,
    params: &ReturnParams,
    options: &Options,
) -> Result<(Status, Fields), JsValue> {
    let id = params.payment_id.as_str();
    let service = params.payment_service_id.as_str();
    let url = [settings.proxy_url.as_str(), "/payments/", service, "/", id].concat();
    let signals = &options.signals;
    let document = window()?.document().ok_or(JsValue::NULL)?;
    let seen = Some((document.as_ref(), "visibilitychange"));

    let mut verification = Verification::new(options.timeout_ms, now_ms());
    let mut body = Fields(JsValue::UNDEFINED);
    let mut failure = JsValue::UNDEFINED;
    let mut asked = 0_u32;
    loop {
        signals.check()?;
        match verification.next(document.hidden(), now_ms()) {
            Step::Ask => {
                let request = Request {
                    url: &url,
                    method: "GET",
                    body: None,
                    timeout_ms: QUESTION_MS as i32,
                };
                let sent = send(request, signals).await;
                signals.check()?;
                let (reply, problem) = read(sent, params, &mut body);
                verification.replied(reply, now_ms(), random());
                asked = asked.saturating_add(1);
                report(options, reply, asked, &problem);
                failure = problem;
            }
            Step::Wait { ms } => {
                first(Some(ms), seen, signals).await?;
            }
            Step::Pause => {
                first(None, seen, signals).await?;
            }
            Step::Done(Outcome::Settled(status)) => {
                keys::forget(id);
                return Ok((status, body));
            }
            Step::Done(Outcome::Confirming(status)) => return Ok((status, body)),
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
    body: &mut Fields,
) -> (Reply, JsValue) {
    let answer = match sent {
        Ok(answer) => answer,
        Err(cause) => return (Reply::Lost, unreachable(cause)),
    };
    let names = |name, id| answer.body.text(name).as_deref() == Some(id);
    match answer.status {
        200 => {
            // An answer for another payment is none.
            let status = answer.body.text("status").filter(|_| {
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

/// One question and its answer, as the caller gets it.
#[derive(Serialize)]
struct Progress {
    status: Option<&'static str>,
    asked: u32,
    #[serde(
        with = "serde_wasm_bindgen::preserve",
        skip_serializing_if = "JsValue::is_undefined"
    )]
    error: JsValue,
}

/// Tells the caller. What the caller's function throws is reported as an unhandled rejection; it must not stop a verification.
fn report(options: &Options, reply: Reply, asked: u32, error: &JsValue) {
    let Some(on_status) = &options.on_status else {
        return;
    };
    let status = match reply {
        Reply::Told(status) => Some(status.as_str()),
        Reply::Refused { .. } | Reply::UnknownPayment | Reply::Lost => None,
    };
    let progress = to_js(&Progress {
        status,
        asked,
        error: error.clone(),
    });
    let told = progress.and_then(|progress| on_status.call1(&JsValue::UNDEFINED, &progress));
    if let Err(thrown) = told {
        let _ = Promise::reject(&thrown);
    }
}
