//! Signed orders in, receipts out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::Sha256;

use crate::{Answer, Payment, Refusal, Settings, now_ms};

const BAD_TOKEN: Refusal = Refusal(401, "invalid_token");
const BAD_FIELDS: Refusal = Refusal(400, "invalid_fields");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    order: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    aud: Value,
    exp: f64,
    nbf: Option<f64>,
    payment_service_id: Option<String>,
    order: Order,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    pub reference_id: String,
    payer_name: String,
    description: String,
    pub amount_in_cents: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    payer_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payer_identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payer_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_date: Option<String>,
    #[serde(default)]
    metadata: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    line_items: Vec<Line>,
    #[serde(default, skip_serializing)]
    payment_service_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    description: String,
    amount_in_cents: u64,
}

fn decode<T: for<'de> Deserialize<'de>>(part: &str) -> Answer<T> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| BAD_TOKEN)?;
    serde_json::from_slice(&bytes).map_err(|_| BAD_TOKEN)
}

fn mac(key: &str, text: &str) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

pub fn read(settings: &Settings, body: &[u8]) -> Answer<(String, Order)> {
    let Given { order: token } = serde_json::from_slice(body).map_err(|_| BAD_FIELDS)?;
    let (signed, tag) = token.rsplit_once('.').ok_or(BAD_TOKEN)?;
    let (header, claims) = signed.split_once('.').ok_or(BAD_TOKEN)?;
    let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| BAD_TOKEN)?;
    let mut good = false;
    for key in &settings.order_keys {
        good |= mac(key, signed).is_some_and(|mac| mac.verify_slice(&tag).is_ok());
    }
    if !good || token.len() > 48 * 1024 {
        return Err(BAD_TOKEN);
    }
    let header: Header = decode(header)?;
    let claims: Claims = decode(claims)?;
    let now = (now_ms() / 1000) as f64;
    let for_us = match &claims.aud {
        Value::String(aud) => aud == "paysg-wasm",
        Value::Array(auds) => auds.iter().any(|aud| aud == "paysg-wasm"),
        _ => false,
    };
    let timely = claims.exp > now && claims.exp - now <= 86_400.0 && claims.nbf.is_none_or(|nbf| nbf <= now);
    if header.alg != "HS256" || header.typ != "paysg-order+jwt" || header.crit.is_some() || !for_us || !timely {
        return Err(BAD_TOKEN);
    }
    let mut order = claims.order;
    let service = claims.payment_service_id.or(order.payment_service_id.take());
    let service = service.unwrap_or_else(|| settings.services[0].clone());
    if !settings.services.contains(&service) {
        return Err(Refusal(404, "unknown_payment_service"));
    }
    order.check()?;
    Ok((service, order))
}

impl Order {
    /// Every field within PaySG's limits.
    fn check(&mut self) -> Answer<()> {
        let sound = |text: &str, max: usize| {
            !text.is_empty() && (text.len() <= max || text.chars().count() <= max) && !text.chars().any(char::is_control)
        };
        for (field, max) in [(&mut self.payer_name, 255), (&mut self.description, 500)] {
            *field = field.trim().to_owned();
            if !sound(field, max) {
                return Err(BAD_FIELDS);
            }
        }
        let reference = &self.reference_id;
        let optional = [(&self.payer_address, 255), (&self.payer_identifier, 10), (&self.payer_email, 255), (&self.due_date, 255)];
        let total: u64 = self.line_items.iter().map(|line| line.amount_in_cents).sum();
        let good = sound(reference, 255)
            && reference.trim() == reference
            && !reference.starts_with("cat-")
            && (1..=20_000_000).contains(&self.amount_in_cents)
            && optional.iter().all(|(text, max)| text.as_ref().is_none_or(|text| sound(text, *max)))
            && self.payer_email.as_ref().is_none_or(|email| email.split_once('@').is_some_and(|(_, host)| host.contains('.')))
            && self.due_date.as_ref().is_none_or(|date| date.len() == 11)
            && self.metadata.len() <= 10
            && self.metadata.iter().all(|(key, value)| key.len() <= 40 && value.as_str().is_some_and(|value| sound(value, 255)))
            && total <= 20_000_000;
        if good { Ok(()) } else { Err(BAD_FIELDS) }
    }

    pub fn to_body(&self, return_url: &str) -> String {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(flatten)]
            order: &'a Order,
            return_url: &'a str,
        }
        serde_json::to_string(&Body { order: self, return_url }).unwrap_or_default()
    }
}

pub fn receipt(settings: &Settings, payment: &Payment) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"paysg-receipt+jwt"}"#);
    let claims = json!({
        "iss": settings.public_origin, "aud": settings.result_origin, "iat": now_ms() / 1000, "payment_id": payment.id,
        "payment_service_id": payment.payment_service_id, "reference_id": payment.reference_id,
        "amount_in_cents": payment.amount_in_cents, "status": "paid", "paid_at": payment.payment_succeeded_timestamp,
    });
    let text = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let tag = mac(&settings.order_keys[0], &text).map(|mac| mac.finalize().into_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(tag.unwrap_or_default()))
}
