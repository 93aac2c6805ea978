//! PaySG's webhook: the signature over the raw body, then the event.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde::Deserialize;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use worker::Request;

use crate::{Answer, Refusal, Settings, body, is_id, now_ms};

const MALFORMED: Refusal = Refusal(400, "malformed_signature");

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type")]
    event_type: String,
    #[serde(alias = "paymentServiceId")]
    payment_service_id: Option<String>,
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    object: Option<Object>,
}

#[derive(Deserialize)]
struct Object {
    id: Option<String>,
    #[serde(alias = "paymentServiceId")]
    payment_service_id: Option<String>,
}

pub struct Event {
    pub event_type: String,
    pub service: Option<String>,
    pub payment: Option<String>,
    pub fresh: bool,
}

pub async fn read(settings: &Settings, request: &mut Request) -> Answer<Event> {
    let header = request.headers().get("paysg-signature")?.ok_or(MALFORMED)?;
    let bytes = body(request).await?;
    let (timestamp, tags) = parse(&header)?;
    let mut good = false;
    for secret in &settings.webhook_secrets {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| MALFORMED)?;
        mac.update(timestamp.as_bytes());
        mac.update(b".");
        mac.update(&bytes);
        let expected = mac.finalize().into_bytes();
        for tag in &tags {
            good |= bool::from(expected.as_slice().ct_eq(tag));
        }
    }
    if !good {
        return Err(Refusal(401, "invalid_signature"));
    }
    let body: Body = serde_json::from_slice(&bytes).map_err(|_| Refusal(400, "invalid_event"))?;
    let object = body.data.and_then(|data| data.object);
    let (id, inner) = object.map_or((None, None), |object| (object.id, object.payment_service_id));
    let service = body.payment_service_id.or(inner);
    if body.event_type == "payment.succeeded" && !(id.as_deref().is_some_and(is_id) && service.is_some()) {
        return Err(Refusal(400, "invalid_event"));
    }
    let at: u64 = timestamp.parse().map_err(|_| MALFORMED)?;
    let at_ms = if at < 100_000_000_000 { at * 1000 } else { at };
    Ok(Event {
        event_type: body.event_type,
        service,
        payment: id,
        fresh: now_ms().abs_diff(at_ms) <= 300_000,
    })
}

/// `t=…, v1=…`: exactly one `t`, one to eight `v1`.
fn parse(header: &str) -> Answer<(&str, Vec<Vec<u8>>)> {
    if header.len() > 1024 {
        return Err(MALFORMED);
    }
    let (mut timestamp, mut tags, mut count) = (None, Vec::new(), 0);
    for pair in header.split(',') {
        let (name, value) = pair.trim().split_once('=').ok_or(MALFORMED)?;
        match name {
            "t" if timestamp.is_some() => return Err(MALFORMED),
            "t" => timestamp = Some(value),
            "v1" => {
                count += 1;
                let tag = if value.len() == 64 {
                    hex::decode(value).ok()
                } else {
                    STANDARD_NO_PAD.decode(value.trim_end_matches('=').replace('-', "+").replace('_', "/")).ok()
                };
                tags.extend(tag.filter(|tag| tag.len() == 32));
            }
            _ => {}
        }
    }
    let digits = |text: &&str| (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    match timestamp.filter(digits) {
        Some(timestamp) if !tags.is_empty() && count <= 8 => Ok((timestamp, tags)),
        _ => Err(MALFORMED),
    }
}
