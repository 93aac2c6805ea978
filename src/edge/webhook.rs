//! Webhooks, verified for backends of their own.

use crate::paysg::signature::{self, Freshness, Header, Secret};
use crate::paysg::{Event, EventId, PaymentId, PaymentServiceId};

/// The timestamp as the header writes it; nothing where the header is malformed.
#[must_use]
pub fn signed_timestamp(header: &str) -> String {
    Header::parse(header).map_or_else(|_| String::new(), |header| header.timestamp().to_owned())
}

/// Verifies a webhook: what it names, as text. `secrets` are separated by NUL: cut at commas, one that holds a comma would be two weaker ones.
/// `tags`: what the body ought to bear, 32 bytes for each secret, where the host has computed them.
///
/// # Errors
/// A code and a message: `invalid_option` for secrets that are empty, `malformed_signature` for a header that is not of PaySG's form,
/// `invalid_signature` where no tag is the body's, `invalid_event` for an authentic body that is no event.
pub fn verify(
    header: &str,
    body: &[u8],
    secrets: &str,
    tags: Option<&[u8]>,
    received_at_ms: i64,
    tolerance_secs: u32,
) -> Result<[String; 9], (&'static str, String)> {
    let secrets: Option<Vec<Secret>> = secrets.split('\0').map(Secret::parse).collect();
    let secrets = secrets.ok_or_else(|| ("invalid_option", "A secret is empty.".to_owned()))?;
    let header = Header::parse(header).map_err(|error| {
        (
            "malformed_signature",
            format!("PaySG-Signature was not taken: {}.", error.as_str()),
        )
    })?;
    let authentic = match tags {
        Some(tags) => signature::matches(&header, tags.as_chunks().0),
        None => signature::verify(&header, body, &secrets),
    };
    if !authentic {
        return Err((
            "invalid_signature",
            "No `v1` of PaySG-Signature is this body's under the secret. Was the raw body passed, byte for byte as it came?".to_owned(),
        ));
    }
    let event = Event::read(body).map_err(|error| {
        (
            "invalid_event",
            format!(
                "The body is no event: {}: {}.",
                error.field,
                error.rule.as_str()
            ),
        )
    })?;
    let timestamp_ms = header.timestamp_ms();
    let freshness = match signature::freshness(timestamp_ms, received_at_ms, tolerance_secs) {
        Freshness::Fresh => "fresh",
        Freshness::Early => "early",
        Freshness::Late => "late",
    };
    // The parts go over the boundary with NUL between them: one inside would shift all that follow.
    let text = |value: Option<&str>| value.unwrap_or_default().replace('\0', "\u{fffd}");
    Ok([
        "ok".to_owned(),
        freshness.to_owned(),
        timestamp_ms.to_string(),
        text(event.id.as_ref().map(EventId::as_str)),
        text(Some(&event.event_type)),
        text(
            event
                .payment_service_id
                .as_ref()
                .map(PaymentServiceId::as_str),
        ),
        text(event.payment_id.as_ref().map(PaymentId::as_str)),
        text(event.reference_id.as_deref()),
        event
            .created_ms
            .map(|ms| ms.to_string())
            .unwrap_or_default(),
    ])
}
