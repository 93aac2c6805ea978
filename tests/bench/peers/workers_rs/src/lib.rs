//! The same proxy with Cloudflare's Rust SDK, as its documentation writes one: a `Router`, `Request` and `Response` objects, `Fetch`,
//! serde for JSON, RustCrypto for signatures and the cookie.

mod order;
mod session;
mod webhook;

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use serde_json::json;
use session::Session;
use worker::{
    AbortSignal, Context, Date, Env, Error, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Response,
    ResponseBuilder, Result, RouteContext, Router, console_log, event, web_sys,
};

const MAX_BODY_BYTES: usize = 64 * 1024;
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;
const CALL_TIMEOUT_MS: u32 = 10_000;
const RETURN_MS: u32 = 3_000;

/// What the environment says, read once.
pub struct Settings {
    api_key: String,
    api_origin: String,
    services: Vec<String>,
    webhook_secrets: Vec<String>,
    order_keys: Vec<String>,
    seal_key: [u8; 32],
    cookie: String,
    public_origin: String,
    result_url: String,
    result_origin: String,
}

static SETTINGS: OnceLock<Settings> = OnceLock::new();

fn settings(env: &Env) -> Result<&'static Settings> {
    if let Some(settings) = SETTINGS.get() {
        return Ok(settings);
    }
    let text = |name: &str| env.var(name).map(|value| value.to_string());
    let list = |name: &str| text(name).map(|value| value.split(',').map(str::to_owned).collect::<Vec<_>>());
    let services = list("PAYSG_PAYMENT_SERVICE_ID")?;
    let result_url = text("PAYSG_RESULT_URL")?;
    let digits: String = services[0].chars().skip("payment_service_".len()).take(4).collect();
    let read = Settings {
        api_key: text("PAYSG_API_KEY")?,
        api_origin: text("PAYSG_API_URL")?,
        webhook_secrets: list("PAYSG_WEBHOOK_SECRET")?,
        order_keys: list("PAYSG_ORDER_KEY")?,
        seal_key: session::seal_key(&text("PAYSG_SESSION_KEY")?),
        cookie: format!("__Host-paysg-{digits}"),
        public_origin: text("PAYSG_PUBLIC_URL")?,
        result_origin: worker::Url::parse(&result_url)?.origin().ascii_serialization(),
        result_url,
        services,
    };
    Ok(SETTINGS.get_or_init(|| read))
}

/// What to answer where something cannot be done.
#[derive(Debug)]
pub struct Refusal(pub u16, pub &'static str);

type Answer<T> = std::result::Result<T, Refusal>;

impl From<Error> for Refusal {
    fn from(_: Error) -> Self {
        Self(500, "internal")
    }
}

/// What of PaySG's payment is needed; unknown fields are no error.
#[derive(Clone, Deserialize)]
pub struct Payment {
    id: String,
    payment_service_id: String,
    reference_id: String,
    amount_in_cents: u64,
    #[serde(default)]
    payment_url: String,
    payment_status: String,
    latest_status: Option<String>,
    refund_status: Option<String>,
    payment_succeeded_timestamp: Option<String>,
    payment_cancelled_timestamp: Option<String>,
}

impl Payment {
    fn status(&self) -> &'static str {
        match (&*self.payment_status, self.latest_status.as_deref(), self.refund_status.as_deref()) {
            ("unpaid", Some("cancelled"), _) => "cancelled",
            ("unpaid", ..) if self.payment_cancelled_timestamp.is_some() => "cancelled",
            ("unpaid", ..) => "unpaid",
            ("paid", _, None | Some("not_refunded")) => "paid",
            ("paid", _, Some("fully_refunded")) => "refunded",
            ("paid", ..) => "partially_refunded",
            _ => "unknown",
        }
    }
}

pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn now_ms() -> u64 {
    Date::now().as_millis()
}

/// A call to PaySG: timed, bounded, and never following a redirect.
async fn call(settings: &Settings, service: &str, path: &str, create: Option<(&str, &str)>, timeout_ms: u32) -> Answer<Payment> {
    const LOST: Refusal = Refusal(503, "paysg_unavailable");
    let headers = Headers::new();
    headers.set("accept", "application/json")?;
    headers.set("x-api-key", &settings.api_key)?;
    let mut init = RequestInit::new();
    init.with_redirect(RequestRedirect::Manual);
    if let Some((body, key)) = create {
        headers.set("content-type", "application/json")?;
        headers.set("idempotency-key", key)?;
        init.with_method(Method::Post).with_body(Some(body.into()));
    }
    init.with_headers(headers);
    let url = format!("{}/v1/payment-services/{service}/payments{path}", settings.api_origin);
    let request = Request::new_with_init(&url, &init)?;
    let signal = AbortSignal::from(web_sys::AbortSignal::timeout_with_u32(timeout_ms));
    let mut response = Fetch::Request(request).send_with_signal(&signal).await.map_err(|_| LOST)?;
    let announced = response.headers().get("content-length")?.and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_ANSWER_BYTES) {
        return Err(LOST);
    }
    let bytes = response.bytes().await.map_err(|_| LOST)?;
    match response.status_code() {
        200..=299 => {}
        429 | 500.. => return Err(LOST),
        404 => return Err(Refusal(404, "unknown_payment")),
        _ => return Err(Refusal(502, "paysg_refused")),
    }
    let payment: Payment = serde_json::from_slice(&bytes).map_err(|_| Refusal(502, "paysg_unexpected"))?;
    if payment.payment_service_id != service || !is_id(&payment.id) {
        return Err(Refusal(502, "payment_mismatch"));
    }
    Ok(payment)
}

async fn get(settings: &Settings, service: &str, id: &str, timeout_ms: u32) -> Answer<Payment> {
    let payment = call(settings, service, &format!("/{id}"), None, timeout_ms).await?;
    if payment.id == id { Ok(payment) } else { Err(Refusal(502, "payment_mismatch")) }
}

/// A request's body, bounded.
pub async fn body(request: &mut Request) -> Answer<Vec<u8>> {
    let announced = request.headers().get("content-length")?.and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(Refusal(413, "too_large"));
    }
    let bytes = request.bytes().await?;
    if bytes.len() > MAX_BODY_BYTES { Err(Refusal(413, "too_large")) } else { Ok(bytes) }
}

fn builder(request_id: &str, status: u16) -> Result<ResponseBuilder> {
    ResponseBuilder::new()
        .with_status(status)
        .with_header("cache-control", "no-store")?
        .with_header("x-content-type-options", "nosniff")?
        .with_header("referrer-policy", "no-referrer")?
        .with_header("x-request-id", request_id)
}

fn answer_json(request_id: &str, status: u16, body: &impl Serialize) -> Result<ResponseBuilder> {
    // `from_json` sets the content type and the body; the builder keeps the headers.
    let _ = body;
    builder(request_id, status)
}

type Data = (&'static Settings, String);

async fn returned(request: Request, context: RouteContext<Data>) -> Result<Response> {
    let (settings, request_id) = &context.data;
    let asked = || -> Answer<(String, String)> {
        let malformed = || Refusal(400, "invalid_return");
        let url = request.url()?;
        let (mut id, mut service) = (None, None);
        for (name, value) in url.query_pairs() {
            let slot = match &*name {
                "paysg_payment_id" => &mut id,
                "paysg_payment_service_id" => &mut service,
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(malformed());
            }
        }
        let id = id.filter(|id| is_id(id)).ok_or_else(malformed)?;
        let service = service.ok_or_else(malformed)?;
        if !settings.services.contains(&service) {
            return Err(Refusal(404, "unknown_payment_service"));
        }
        Ok((id, service))
    };
    let (id, service) = match asked() {
        Ok(asked) => asked,
        Err(refusal) => return refuse(request_id, &refusal),
    };
    let mut session = Session::open(settings, request.headers().get("cookie")?.as_deref());
    let payment = get(settings, &service, &id, RETURN_MS).await;
    let join = if settings.result_url.contains('?') { '&' } else { '?' };
    let to = format!("{}{join}paysg_payment_id={id}&paysg_payment_service_id={service}", settings.result_url);
    let mut response = builder(request_id, 303)?.with_header("location", &to)?;
    if payment.is_ok_and(|payment| payment.payment_status == "paid") && session.form_key.take().is_some() {
        response = response.with_header("set-cookie", &session.seal(settings))?;
    }
    Ok(response.empty())
}

async fn status(request: Request, context: RouteContext<Data>) -> Result<Response> {
    let (settings, request_id) = &context.data;
    let (Some(service), Some(id)) = (context.param("service"), context.param("id")) else {
        return refuse(request_id, &Refusal(404, "unknown_payment"));
    };
    if !settings.services.contains(service) || !is_id(id) {
        return refuse(request_id, &Refusal(404, "unknown_payment_service"));
    }
    let session = Session::open(settings, request.headers().get("cookie")?.as_deref());
    // Without the memory of two seconds, which would have to hold a promise of another request: one call more where two tabs ask at once.
    let payment = match get(settings, service, id, 8_000).await {
        Ok(payment) => payment,
        Err(refusal) => return refuse(request_id, &refusal),
    };
    let status = payment.status();
    let mut body = json!({"id": id, "payment_service_id": service, "status": status});
    if session.proves(&payment) {
        body["reference_id"] = payment.reference_id.clone().into();
        body["amount_in_cents"] = payment.amount_in_cents.into();
        if status == "paid" {
            body["receipt"] = order::receipt(settings, &payment).into();
        }
    }
    answer_json(request_id, 200, &body)?.from_json(&body)
}

async fn create(mut request: Request, context: RouteContext<Data>) -> Result<Response> {
    let (settings, request_id) = &context.data;
    match created(settings, &mut request).await {
        Ok((payment, cookie)) => {
            let body = json!({"payment": {
                "id": payment.id, "payment_service_id": payment.payment_service_id, "payment_url": payment.payment_url,
                "reference_id": payment.reference_id, "amount_in_cents": payment.amount_in_cents, "status": payment.status(),
            }});
            answer_json(request_id, 201, &body)?.with_header("set-cookie", &cookie)?.from_json(&body)
        }
        Err(refusal) => refuse(request_id, &refusal),
    }
}

async fn created(settings: &Settings, request: &mut Request) -> Answer<(Payment, String)> {
    let origin = request.headers().get("origin")?;
    let site = request.headers().get("sec-fetch-site")?;
    let good = match origin.as_deref() {
        None => matches!(site.as_deref(), None | Some("none" | "same-origin")),
        Some(origin) => origin == settings.public_origin,
    };
    if !good {
        return Err(Refusal(403, "origin_not_allowed"));
    }
    let media_type = request.headers().get("content-type")?.unwrap_or_default();
    if media_type.split(';').next().unwrap_or_default().trim() != "application/json" {
        return Err(Refusal(415, "unsupported_media_type"));
    }
    let bytes = body(request).await?;
    let (service, order) = order::read(settings, &bytes)?;
    let mut session = Session::open(settings, request.headers().get("cookie")?.as_deref());
    let key = session::idempotency_key(&service, &order.reference_id, 1);
    let body = order.to_body(&format!("{}/paysg/return", settings.public_origin));
    let made = call(settings, &service, "", Some((&body, &key)), CALL_TIMEOUT_MS).await?;
    // PaySG may have replayed an old answer: a GET says how the payment stands now.
    let payment = get(settings, &service, &made.id, CALL_TIMEOUT_MS).await?;
    if payment.reference_id != order.reference_id || payment.amount_in_cents != order.amount_in_cents {
        return Err(Refusal(502, "payment_mismatch"));
    }
    let page = worker::Url::parse(&payment.payment_url).map_err(|_| Refusal(502, "payment_url_refused"))?;
    if page.scheme() != "https" || page.host_str() != Some("staging.pay.gov.sg") || page.port().is_some() || !page.username().is_empty() {
        return Err(Refusal(502, "payment_url_refused"));
    }
    session.remember(&payment);
    Ok((payment, session.seal(settings)))
}

async fn webhook(mut request: Request, context: RouteContext<Data>) -> Result<Response> {
    let (settings, request_id) = &context.data;
    match hinted(settings, &mut request).await {
        Ok(()) => {
            let body = json!({"received": true});
            answer_json(request_id, 200, &body)?.from_json(&body)
        }
        Err(refusal) => refuse(request_id, &refusal),
    }
}

async fn hinted(settings: &Settings, request: &mut Request) -> Answer<()> {
    let event = webhook::read(settings, request).await?;
    if let (Some(service), Some(id)) = (&event.service, &event.payment) {
        if event.event_type == "payment.succeeded" && settings.services.contains(service) {
            get(settings, service, id, 8_000).await?;
        }
    }
    Ok(())
}

fn health(_: Request, context: RouteContext<Data>) -> Result<Response> {
    let body = json!({"status": "ok", "version": "0.1.0", "environment": "staging", "ledger": false});
    answer_json(&context.data.1, 200, &body)?.from_json(&body)
}

fn refuse(request_id: &str, Refusal(status, code): &Refusal) -> Result<Response> {
    let body = json!({"error": {"type": "api_error", "code": code, "message": code}});
    answer_json(request_id, *status, &body)?.from_json(&body)
}

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _context: Context) -> Result<Response> {
    let began = now_ms();
    let settings = settings(&env)?;
    if env.var("WEBHOOK_ONLY").is_ok() {
        // A backend's own webhook endpoint: verified and acknowledged.
        return match webhook::read(settings, &mut request).await {
            Ok(event) => Response::from_json(&json!({"received": event.fresh})),
            Err(Refusal(status, code)) => Ok(Response::from_json(&json!({"error": code}))?.with_status(status)),
        };
    }
    let mut random = [0; 8];
    let _ = getrandom::fill(&mut random);
    let request_id = hex::encode(random);
    let path = request.path();
    let response = Router::with_data((settings, request_id.clone()))
        .get_async("/paysg/return", returned)
        .get_async("/paysg/payments/:service/:id", status)
        .post_async("/paysg/payments", create)
        .post_async("/paysg/webhooks", webhook)
        .get("/paysg/health", health)
        .run(request, env)
        .await?;
    let now = now_ms();
    let line = json!({
        "at": String::from(worker::js_sys::Date::new(&(now as f64).into()).to_iso_string()),
        "request_id": request_id, "route": path, "status": response.status_code(), "ms": now - began,
    });
    console_log!("{line}");
    Ok(response)
}
