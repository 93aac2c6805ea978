//! PaySG as far as one intent can tell: payments, idempotency keys, a list. Written from its documentation, not from the crate.

use std::collections::BTreeMap;

use paysg_wasm::paysg::ApiRequest;
use paysg_wasm::paysg::time::format_iso_ms;

use crate::dice::Dice;

pub(crate) const SERVICE: &str = "payment_service_8f3d1c2e-0a4b-4c5d-9e6f-7a8b9c0d1e2f";
pub(crate) const RETURN_URL: &str = "https://edge.example.gov.sg/paysg/return";
const DAY_MS: i64 = 86_400_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Unpaid,
    Paid,
    Refunded,
    Cancelled,
}

#[derive(Clone, Debug)]
pub(crate) struct Payment {
    pub(crate) id: String,
    pub(crate) reference: String,
    pub(crate) amount: u64,
    pub(crate) state: State,
    pub(crate) created_ms: i64,
    pub(crate) paid_ms: Option<i64>,
    /// When it was cancelled, though a transfer may have paid it since.
    pub(crate) cancelled_ms: Option<i64>,
    pub(crate) return_url: String,
    /// Whether the edge's own call made it.
    pub(crate) asked_for: bool,
    /// Until then a GET does not know it.
    pub(crate) hidden_until_ms: i64,
    /// Until then a GET shows it as it was before it was paid.
    pub(crate) stale_until_ms: i64,
}

impl Payment {
    pub(crate) const fn is_paid(&self) -> bool {
        matches!(self.state, State::Paid | State::Refunded)
    }
}

struct Recorded {
    body: String,
    status: u16,
    answer: String,
    at_ms: i64,
}

/// An answer, or none.
pub(crate) type Answer = Option<(u16, Option<u32>, String)>;

#[derive(Default)]
pub(crate) struct PaySg {
    pub(crate) payments: Vec<Payment>,
    recorded: BTreeMap<String, Recorded>,
    pub(crate) gets: u64,
    /// Creates that PaySG itself has refused.
    pub(crate) refusals: u64,
    /// Answers that something between gave in its place.
    pub(crate) gateway_answers: u64,
    /// Until then something between answers every call in its place.
    pub(crate) hidden_until_ms: i64,
    /// When it has said of a payment that it does not know it.
    pub(crate) denials: BTreeMap<String, Vec<i64>>,
    /// GETs of payments that its GET did not know yet.
    pub(crate) lags: u64,
    /// Counts whatever may have changed a payment.
    pub(crate) changes: u64,
    /// Creates that a gateway gave up on, and that are carried out later all the same.
    under_way: Vec<(i64, ApiRequest)>,
    trace: bool,
}

impl PaySg {
    pub(crate) fn new(trace: bool) -> Self {
        Self {
            trace,
            ..Self::default()
        }
    }

    pub(crate) fn add(
        &mut self,
        reference: &str,
        amount: u64,
        return_url: &str,
        now_ms: i64,
    ) -> String {
        let id = format!("pay_{}", self.payments.len() + 1);
        self.payments.push(Payment {
            id: id.clone(),
            reference: reference.to_owned(),
            amount,
            state: State::Unpaid,
            created_ms: now_ms,
            paid_ms: None,
            cancelled_ms: None,
            return_url: return_url.to_owned(),
            asked_for: false,
            hidden_until_ms: 0,
            stale_until_ms: 0,
        });
        id
    }

    /// Whether it has said three times over ten minutes or longer that it does not know a payment.
    pub(crate) fn denied_again_and_again(&self, id: &str) -> bool {
        self.denials.get(id).is_some_and(|at_ms| {
            at_ms.len() >= 3 && at_ms[at_ms.len() - 1] - at_ms[0] >= 10 * 60_000
        })
    }

    pub(crate) fn find(&mut self, id: &str) -> Option<&mut Payment> {
        self.changes += 1;
        self.payments.iter_mut().find(|payment| payment.id == id)
    }

    /// Takes a call. With dice, some calls go wrong.
    pub(crate) fn call(
        &mut self,
        request: &ApiRequest,
        now_ms: i64,
        dice: Option<&mut Dice>,
    ) -> Answer {
        self.arrive(now_ms);
        let Some(dice) = dice else {
            return Some(self.carry_out(request, now_ms, false));
        };
        let answer = self.meddle(request, now_ms, dice);
        // Its GET may lag behind what it has just made.
        if let Some(made) = self.payments.last_mut()
            && made.asked_for
            && made.hidden_until_ms == 0
            && dice.once_in(4)
        {
            made.hidden_until_ms = now_ms + dice.below(60_000) as i64;
        }
        answer
    }

    fn meddle(&mut self, request: &ApiRequest, now_ms: i64, dice: &mut Dice) -> Answer {
        let fate = dice.below(27);
        match if now_ms < self.hidden_until_ms {
            25
        } else {
            fate
        } {
            // A gateway, a firewall or a cache answers in its place, whether the call got through or not.
            25 | 26 => {
                self.gateway_answers += 1;
                if dice.once_in(2) {
                    self.carry_out(request, now_ms, false);
                }
                let status = [
                    200, 201, 204, 301, 302, 400, 401, 402, 403, 404, 409, 410, 422, 429, 500, 502,
                    503, 522,
                ];
                let body = [
                    "<html><h1>Not here</h1></html>",
                    "",
                    "{}",
                    r#"{"message":"Forbidden"}"#,
                    r#"{"id":"pay_1","payment_service_id":"paym"#,
                ];
                let status = *dice.pick(&status).unwrap();
                Some((status, None, (*dice.pick(&body).unwrap()).to_owned()))
            }
            24 if request.idempotency_key.is_some() => {
                let at_ms = now_ms + dice.below(20_000) as i64;
                self.linger(at_ms, request);
                None
            }
            0 => None,
            1 => {
                self.carry_out(request, now_ms, false);
                None
            }
            2 => Some((503, None, error("unavailable"))),
            3 => Some((429, Some(dice.below(5) as u32 * 1000), error("too_many"))),
            4 if request.idempotency_key.is_some() => Some((
                409,
                None,
                r#"{"error":{"type":"conflict","code":"idempotency_key_in_use","message":""}}"#
                    .into(),
            )),
            // A 500 is recorded under the key, whether the payment was made or not.
            5 if request.idempotency_key.is_some() => Some(self.carry_out(request, now_ms, true)),
            6 => Some((502, None, String::from("<html>"))),
            7 => {
                self.carry_out(request, now_ms, false);
                Some((504, None, String::from("<html>")))
            }
            // The API key was refused just then, whatever came of an earlier call under this idempotency key.
            8 if request.idempotency_key.is_some() => {
                self.refusals += 1;
                Some((403, None, error("forbidden")))
            }
            // It does not know a payment for a while.
            9 if request.method == "GET" && !request.path.contains('?') => {
                let id = request.path.rsplit('/').next().unwrap().to_owned();
                self.denials.entry(id).or_default().push(now_ms);
                Some((404, None, error("payment_not_found")))
            }
            _ => Some(self.carry_out(request, now_ms, false)),
        }
    }

    /// A call that is on its way still.
    pub(crate) fn linger(&mut self, at_ms: i64, request: &ApiRequest) {
        if request.idempotency_key.is_some() {
            self.under_way.push((at_ms, request.clone()));
        }
    }

    /// Carries out what was under way by now.
    pub(crate) fn arrive(&mut self, now_ms: i64) {
        let (due, later): (Vec<_>, Vec<_>) = core::mem::take(&mut self.under_way)
            .into_iter()
            .partition(|(at_ms, _)| *at_ms <= now_ms);
        self.under_way = later;
        for (at_ms, request) in due {
            if self.trace {
                eprintln!("{:>12} a late create", at_ms - now_ms);
            }
            self.carry_out(&request, at_ms, false);
        }
    }

    fn carry_out(
        &mut self,
        request: &ApiRequest,
        now_ms: i64,
        fail: bool,
    ) -> (u16, Option<u32>, String) {
        let path = request.path.split('?').next().unwrap();
        let rest = path
            .strip_prefix(&format!("/v1/payment-services/{SERVICE}/payments"))
            .expect("our own payment service");
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        let (status, body) = match (request.method, parts.as_slice()) {
            ("POST", []) => self.create(request, now_ms, fail),
            ("GET", []) => self.list(&request.path),
            ("GET", [id]) => {
                self.gets += 1;
                match self.find(id).cloned() {
                    Some(payment) if now_ms < payment.hidden_until_ms => {
                        self.lags += 1;
                        self.denials.entry(payment.id).or_default().push(now_ms);
                        (404, error("payment_not_found"))
                    }
                    Some(payment) if now_ms < payment.stale_until_ms => {
                        let before = Payment {
                            state: State::Unpaid,
                            paid_ms: None,
                            ..payment
                        };
                        (200, json(&before))
                    }
                    Some(payment) => (200, json(&payment)),
                    None => (404, error("payment_not_found")),
                }
            }
            ("POST", [id, "cancel"]) => match self.find(id) {
                Some(payment) if payment.state == State::Unpaid => {
                    payment.state = State::Cancelled;
                    payment.cancelled_ms = Some(now_ms);
                    (200, json(payment))
                }
                Some(_) => (400, error("payment_not_open")),
                None => (404, error("payment_not_found")),
            },
            ("POST", [_, "send-email"]) => (200, String::new()),
            ("POST", [id, "refund"]) => match self.find(id) {
                Some(payment) if payment.state == State::Paid => {
                    payment.state = State::Refunded;
                    (200, json(payment))
                }
                Some(_) => (400, error("payment_not_open")),
                None => (404, error("payment_not_found")),
            },
            other => panic!("PaySG has no {other:?}"),
        };
        (status, None, body)
    }

    fn create(&mut self, request: &ApiRequest, now_ms: i64, fail: bool) -> (u16, String) {
        let key = request
            .idempotency_key
            .clone()
            .expect("creates carry a key");
        let body = request.body.clone().expect("creates carry a body");
        // It may drop keys of 24 hours: it does.
        self.recorded
            .retain(|_, recorded| now_ms - recorded.at_ms < DAY_MS);
        if let Some(recorded) = self.recorded.get(&key) {
            return if recorded.body == body {
                (recorded.status, recorded.answer.clone())
            } else {
                self.refusals += 1;
                (
                    400,
                    r#"{"error":{"type":"idempotency_error","code":"idempotency_key_reused","message":"different parameters"}}"#.into(),
                )
            };
        }
        let (status, answer) = if fail && now_ms % 2 == 0 {
            (500, error("internal"))
        } else {
            let parsed: serde_json::Value = serde_json::from_str(&body).unwrap();
            let id = self.add(
                parsed["reference_id"].as_str().unwrap(),
                parsed["amount_in_cents"].as_u64().unwrap(),
                parsed["return_url"].as_str().unwrap(),
                now_ms,
            );
            let payment = self.find(&id).unwrap();
            payment.asked_for = true;
            let made = json(payment);
            if self.trace {
                eprintln!("{:>12} makes {id} under {key:.6}", "");
            }
            if fail {
                (500, error("internal"))
            } else {
                (201, made)
            }
        };
        let recorded = Recorded {
            body,
            status,
            answer: answer.clone(),
            at_ms: now_ms,
        };
        self.recorded.insert(key, recorded);
        (status, answer)
    }

    /// Two to a page, so that pages are turned.
    fn list(&self, path: &str) -> (u16, String) {
        let after: usize = path.split("after=").nth(1).map_or(0, |cursor| {
            cursor.split('&').next().unwrap().parse().unwrap()
        });
        let newest_first: Vec<&Payment> = self.payments.iter().rev().collect();
        let page: Vec<String> = newest_first
            .iter()
            .skip(after)
            .take(2)
            .map(|payment| json(payment))
            .collect();
        let end = after + page.len();
        let more = end < newest_first.len();
        (
            200,
            format!(
                r#"{{"data":[{}],"page_info":{{"start_cursor":"{after}","end_cursor":"{end}","has_previous_page":{},"has_next_page":{more}}}}}"#,
                page.join(","),
                after > 0
            ),
        )
    }
}

/// The body of an error of PaySG's own.
pub(crate) fn error(code: &str) -> String {
    format!(r#"{{"error":{{"type":"some_type","code":"{code}","message":""}}}}"#)
}

fn json(payment: &Payment) -> String {
    let (latest, paid, refund) = match payment.state {
        State::Unpaid => ("unpaid", "unpaid", "not_refunded"),
        State::Paid => ("paid", "paid", "not_refunded"),
        State::Refunded => ("paid", "paid", "fully_refunded"),
        State::Cancelled => ("cancelled", "unpaid", "not_refunded"),
    };
    let paid_at = payment.paid_ms.map_or("null".to_owned(), |at_ms| {
        format!("\"{}\"", format_iso_ms(at_ms))
    });
    format!(
        r#"{{"id":"{id}","payment_service_id":"{SERVICE}","reference_id":"{reference}","amount_in_cents":{amount},"payment_url":"https://pay.gov.sg/payments/{id}","return_url":"{return_url}","payment_status":"{paid}","latest_status":"{latest}","refund_status":"{refund}","created_at":"{created}","payment_succeeded_timestamp":{paid_at}}}"#,
        id = payment.id,
        reference = payment.reference,
        amount = payment.amount,
        return_url = payment.return_url,
        created = format_iso_ms(payment.created_ms),
    )
}
