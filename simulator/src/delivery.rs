//! Deliveries of webhooks: tried when due, tried again with exponential backoff for three days of the simulator's own time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::sync::Semaphore;

use crate::clock::Timestamp;
use crate::event::{Attempt, DeliveryState};
use crate::settings::{RetrySignature, Settings};
use crate::signature;
use crate::simulator::Simulator;
use crate::state::{Change, State};

/// So many deliveries under way at once.
const AT_ONCE: usize = 64;

type Http = Client<HttpConnector, Full<Bytes>>;

/// Delivers whatever is due, for ever.
pub(crate) async fn deliver(simulator: Arc<Simulator>) {
    let http: Http = Client::builder(TokioExecutor::new()).build_http();
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        for number in simulator.change(|state, now| state.events.take_due(now)) {
            let (simulator, http, slots) =
                (Arc::clone(&simulator), http.clone(), Arc::clone(&slots));
            tokio::spawn(async move {
                let _slot = slots.acquire().await;
                attempt(&simulator, &http, number).await;
                simulator.deliveries.notify_one();
            });
        }
        let wait_ms = simulator
            .read(|state| state.events.next_due())
            .map(|due| due.ms_since(simulator.clock.now()));
        // An hour instead of never: somebody may set the machine's clock.
        let wait =
            Duration::from_millis(wait_ms.map_or(3_600_000, |ms| u64::try_from(ms).unwrap_or(0)));
        tokio::select! {
            () = simulator.deliveries.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// A request ready to go out.
struct Outgoing {
    event_id: String,
    url: String,
    signature: String,
    body: Bytes,
    attempt: usize,
}

async fn attempt(simulator: &Simulator, http: &Http, number: u64) {
    let settings = simulator.settings();
    let Some(outgoing) =
        simulator.change(|state, now| state.prepare_delivery(number, &settings, now))
    else {
        return;
    };
    let (begun, at) = (Instant::now(), simulator.clock.now());
    let timeout = Duration::from_millis(settings.webhook_timeout_ms.into());
    let result = tokio::time::timeout(timeout, send(http, &outgoing, &settings))
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {} ms", timeout.as_millis())));
    let said = result.as_ref().map_or_else(Clone::clone, u16::to_string);
    let attempt = Attempt {
        at,
        status: result.as_ref().ok().copied(),
        error: result.err(),
    };
    simulator.change(|state, now| state.delivery_tried(number, attempt, &settings, now));
    let target = outgoing.url.split('?').next().unwrap_or_default();
    simulator.log.line(format_args!(
        "webhook {} attempt {} to {target}: {said} {:.1} ms",
        outgoing.event_id,
        outgoing.attempt,
        begun.elapsed().as_secs_f64() * 1000.0
    ));
}

async fn send(http: &Http, outgoing: &Outgoing, settings: &Settings) -> Result<u16, String> {
    let request = hyper::Request::post(&outgoing.url)
        .header("content-type", "application/json")
        .header("user-agent", "paysg-simulator")
        .header(settings.signature_header.as_str(), &outgoing.signature)
        .body(Full::new(outgoing.body.clone()))
        .map_err(|error| error.to_string())?;
    let response = http
        .request(request)
        .await
        .map_err(|error| reason(&error))?;
    let status = response.status().as_u16();
    // Read to its end so that the connection can be used again; what it says does not matter.
    let _ = http_body_util::Limited::new(response.into_body(), 1 << 16)
        .collect()
        .await;
    Ok(status)
}

/// The innermost cause, which is the one that says something.
fn reason(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

impl State {
    fn prepare_delivery(
        &mut self,
        number: u64,
        settings: &Settings,
        now: Timestamp,
    ) -> Option<Outgoing> {
        let mut delivery = self.events.delivery(number)?.clone();
        let event = self.events.event(&delivery.event_id)?;
        let Some(webhook) = self.events.webhook(&delivery.webhook_id) else {
            delivery.state = DeliveryState::Abandoned;
            delivery.next_attempt_at = None;
            self.events.put_delivery(delivery);
            self.note(|| Change::Delivery(number));
            return None;
        };
        let signed_at = match settings.retry_signature {
            RetrySignature::Fresh => now,
            RetrySignature::First => delivery.first_signed_at.unwrap_or(now),
        };
        let outgoing = Outgoing {
            event_id: event.id.clone(),
            url: webhook.url.clone(),
            signature: signature::header(
                &webhook.secret,
                signed_at,
                event.body.as_bytes(),
                settings,
            ),
            body: event.body.clone().into(),
            attempt: delivery.attempts.len().saturating_add(1),
        };
        if delivery.first_signed_at.is_none() {
            delivery.first_signed_at = Some(now);
            self.events.put_delivery_under_way(delivery);
            self.note(|| Change::Delivery(number));
        }
        Some(outgoing)
    }

    fn delivery_tried(
        &mut self,
        number: u64,
        attempt: Attempt,
        settings: &Settings,
        now: Timestamp,
    ) {
        // A reset may have taken it away meanwhile.
        let Some(mut delivery) = self.events.delivery(number).cloned() else {
            return;
        };
        let delivered = attempt
            .status
            .is_some_and(|status| (200..300).contains(&status));
        delivery.attempts.push(attempt);
        let first = delivery.attempts.first().map_or(now, |attempt| attempt.at);
        let retry_at = now.plus_ms(backoff_ms(
            settings.webhook_retry_base_ms,
            delivery.attempts.len(),
        ));
        (delivery.state, delivery.next_attempt_at) = if delivered {
            (DeliveryState::Delivered, None)
        } else if retry_at.ms_since(first) > i64::from(settings.webhook_retry_for_ms) {
            (DeliveryState::Abandoned, None)
        } else {
            (DeliveryState::Pending, Some(retry_at))
        };
        self.events.put_delivery(delivery);
        self.note(|| Change::Delivery(number));
    }
}

/// The wait after so many attempts: the base, then twice as long each time.
fn backoff_ms(base_ms: u32, attempts: usize) -> i64 {
    let doublings = u32::try_from(attempts.saturating_sub(1))
        .unwrap_or(u32::MAX)
        .min(31);
    i64::from(base_ms).saturating_mul(1_i64 << doublings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_attempts_fit_into_three_days() {
        assert_eq!(backoff_ms(5_000, 1), 5_000);
        assert_eq!(backoff_ms(5_000, 4), 40_000);
        let within = |attempts: usize| {
            (1..attempts).map(|n| backoff_ms(5_000, n)).sum::<i64>() <= 259_200_000
        };
        assert!(within(16));
        assert!(!within(17));
    }
}
