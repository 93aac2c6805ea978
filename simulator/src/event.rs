//! Events, the endpoints that hear of them, and how far each delivery has come [guide/webhooks].

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::id;
use crate::payment::Record;
use crate::settings::{PayloadAmount, PayloadCase, PayloadTime, Settings};
use crate::state::{Change, State};

/// Something that happened, its payload fixed at that moment: every delivery sends the same bytes.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) kind: String,
    pub(crate) payment_id: String,
    pub(crate) payment_service_id: String,
    pub(crate) created_at: Timestamp,
    pub(crate) body: String,
}

/// An endpoint as the PaySG team registers it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Webhook {
    pub(crate) id: String,
    pub(crate) number: u64,
    pub(crate) url: String,
    pub(crate) secret: String,
}

/// One copy of one event on its way to one endpoint.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) number: u64,
    pub(crate) event_id: String,
    pub(crate) webhook_id: String,
    pub(crate) state: DeliveryState,
    pub(crate) next_attempt_at: Option<Timestamp>,
    pub(crate) first_signed_at: Option<Timestamp>,
    pub(crate) attempts: Vec<Attempt>,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DeliveryState {
    /// It will be tried, or tried again.
    Pending,
    /// The endpoint answered 2xx.
    Delivered,
    /// Three days have passed, or the endpoint is no longer registered.
    Abandoned,
    /// A test wanted it lost.
    Lost,
}

/// One try and what came of it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) at: Timestamp,
    pub(crate) status: Option<u16>,
    pub(crate) error: Option<String>,
}

/// How an event is sent, where a test asks for something else than the settings say.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sending {
    pub(crate) copies: Option<u32>,
    pub(crate) delay_ms: Option<u32>,
    pub(crate) jitter_ms: Option<u32>,
    #[serde(default)]
    pub(crate) lose: bool,
}

/// Events, endpoints and deliveries.
#[derive(Default)]
pub(crate) struct Events {
    events: HashMap<String, Event>,
    webhooks: BTreeMap<u64, Webhook>,
    deliveries: BTreeMap<u64, Delivery>,
    deliveries_of: HashMap<String, Vec<u64>>,
    due: BTreeSet<(Timestamp, u64)>,
}

impl Events {
    pub(crate) fn event(&self, id: &str) -> Option<&Event> {
        self.events.get(id)
    }

    pub(crate) fn delivery(&self, number: u64) -> Option<&Delivery> {
        self.deliveries.get(&number)
    }

    pub(crate) fn webhook(&self, id: &str) -> Option<&Webhook> {
        self.webhooks.values().find(|webhook| webhook.id == id)
    }

    pub(crate) fn webhooks(&self) -> impl Iterator<Item = &Webhook> {
        self.webhooks.values()
    }

    /// Ids of all events, oldest first.
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut all: Vec<&Event> = self.events.values().collect();
        all.sort_unstable_by_key(|event| event.number);
        all.into_iter().map(|event| event.id.clone()).collect()
    }

    pub(crate) fn put_event(&mut self, event: Event) {
        self.events.insert(event.id.clone(), event);
    }

    pub(crate) fn put_webhook(&mut self, webhook: Webhook) {
        self.webhooks.insert(webhook.number, webhook);
    }

    pub(crate) fn put_delivery(&mut self, delivery: Delivery) {
        let known = self
            .deliveries_of
            .entry(delivery.event_id.clone())
            .or_default();
        if !known.contains(&delivery.number) {
            known.push(delivery.number);
        }
        if let (DeliveryState::Pending, Some(at)) = (delivery.state, delivery.next_attempt_at) {
            self.due.insert((at, delivery.number));
        }
        self.deliveries.insert(delivery.number, delivery);
    }

    /// Takes a change to a delivery that is being tried, without scheduling it.
    pub(crate) fn put_delivery_under_way(&mut self, delivery: Delivery) {
        self.deliveries.insert(delivery.number, delivery);
    }

    /// Deliveries whose time has come, taken off the schedule until they are put back.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Vec<u64> {
        let later = self.due.split_off(&(now.plus_ms(1), 0));
        std::mem::replace(&mut self.due, later)
            .into_iter()
            .map(|(_, number)| number)
            .collect()
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Everything but the endpoints.
    pub(crate) fn forget(&mut self) {
        *self = Self {
            webhooks: std::mem::take(&mut self.webhooks),
            ..Self::default()
        };
    }

    /// Every event with its deliveries, oldest first, for `/_sim/events`.
    pub(crate) fn shown(&self) -> Vec<Value> {
        let mut all: Vec<&Event> = self.events.values().collect();
        all.sort_unstable_by_key(|event| event.number);
        all.into_iter()
            .map(|event| self.shown_event(event))
            .collect()
    }

    pub(crate) fn shown_event(&self, event: &Event) -> Value {
        let numbers = self
            .deliveries_of
            .get(&event.id)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let deliveries: Vec<Value> = numbers
            .iter()
            .filter_map(|number| self.deliveries.get(number))
            .map(|delivery| {
                json!({
                    "webhook_id": delivery.webhook_id,
                    "url": self.webhook(&delivery.webhook_id).map(|webhook| &webhook.url),
                    "state": delivery.state,
                    "next_attempt_at": delivery.next_attempt_at,
                    "attempts": delivery.attempts,
                })
            })
            .collect();
        json!({
            "id": event.id,
            "type": event.kind,
            "payment_id": event.payment_id,
            "payment_service_id": event.payment_service_id,
            "created_at": event.created_at,
            "payload": serde_json::from_str::<Value>(&event.body).unwrap_or_default(),
            "deliveries": deliveries,
        })
    }
}

impl State {
    /// Registers an endpoint; the same URL again only changes its secret.
    pub(crate) fn register_webhook(&mut self, url: &str, secret: &str) -> String {
        let known = self
            .events
            .webhooks()
            .find(|webhook| webhook.url == url)
            .cloned();
        let number = known
            .as_ref()
            .map_or_else(|| self.next_number(), |webhook| webhook.number);
        let id = known.map_or_else(|| id::prefixed("webhook_"), |webhook| webhook.id);
        self.events.put_webhook(Webhook {
            id: id.clone(),
            number,
            url: url.to_owned(),
            secret: secret.to_owned(),
        });
        self.note(|| Change::Webhook(id.clone()));
        id
    }

    /// Takes an endpoint away; its pending deliveries are abandoned when their time comes.
    pub(crate) fn remove_webhook(&mut self, id: &str) -> bool {
        let before = self.events.webhooks.len();
        self.events.webhooks.retain(|_, webhook| webhook.id != id);
        let removed = self.events.webhooks.len() < before;
        if removed {
            self.note(|| Change::Webhook(id.to_owned()));
        }
        removed
    }

    /// Writes the event of a payment that has just succeeded, without sending it.
    pub(crate) fn payment_succeeded(
        &mut self,
        payment_id: &str,
        settings: &Settings,
        now: Timestamp,
    ) -> Option<String> {
        let record = self.payment(payment_id)?;
        let id = id::prefixed("evt_");
        let event = Event {
            body: payload(&id, record, settings, now).to_string(),
            kind: "payment.succeeded".to_owned(),
            payment_id: payment_id.to_owned(),
            payment_service_id: record.payment.payment_service_id.clone(),
            created_at: now,
            number: self.next_number(),
            id: id.clone(),
        };
        self.events.put_event(event);
        self.note(|| Change::Event(id.clone()));
        Some(id)
    }

    /// Schedules an event for every registered endpoint.
    pub(crate) fn send_event(
        &mut self,
        event_id: &str,
        sending: Sending,
        settings: &Settings,
        now: Timestamp,
    ) {
        let webhooks: Vec<String> = self
            .events
            .webhooks()
            .map(|webhook| webhook.id.clone())
            .collect();
        let copies = sending.copies.unwrap_or(settings.webhook_copies);
        let delay = i64::from(sending.delay_ms.unwrap_or(settings.webhook_delay_ms));
        let jitter = u64::from(sending.jitter_ms.unwrap_or(settings.webhook_jitter_ms));
        for webhook_id in webhooks {
            for _ in 0..copies {
                let lost = sending.lose
                    || id::random_below(100) < u64::from(settings.webhook_loss_percent);
                let shaken = i64::try_from(id::random_below(jitter.saturating_add(1))).unwrap_or(0);
                let number = self.next_number();
                self.events.put_delivery(Delivery {
                    number,
                    event_id: event_id.to_owned(),
                    webhook_id: webhook_id.clone(),
                    state: if lost {
                        DeliveryState::Lost
                    } else {
                        DeliveryState::Pending
                    },
                    next_attempt_at: (!lost).then(|| now.plus_ms(delay).plus_ms(shaken)),
                    first_signed_at: None,
                    attempts: Vec::new(),
                });
                self.note(|| Change::Delivery(number));
            }
        }
    }
}

/// `{id, object, type, payment_service_id, created_at | created, data: {object}}`, in the shape that the settings ask for.
fn payload(id: &str, record: &Record, settings: &Settings, now: Timestamp) -> Value {
    let mut event = json!({
        "id": id,
        "object": "event",
        "type": "payment.succeeded",
        "payment_service_id": record.payment.payment_service_id,
        "data": { "object": payment_in_event(record, settings) },
    });
    if let Some(fields) = event.as_object_mut() {
        match settings.payload_time {
            PayloadTime::CreatedAt => fields.insert("created_at".to_owned(), json!(now)),
            PayloadTime::Created => fields.insert("created".to_owned(), json!(now.0)),
        };
    }
    event
}

fn payment_in_event(record: &Record, settings: &Settings) -> Value {
    let shown = record.shown().to_value();
    let fields = shown
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| {
            let value =
                if name == "amount_in_cents" && settings.payload_amount == PayloadAmount::Dollars {
                    #[expect(clippy::cast_precision_loss, reason = "amounts are far below 2^53")]
                    value
                        .as_u64()
                        .map_or_else(|| value.clone(), |cents| json!(cents as f64 / 100.0))
                } else {
                    value.clone()
                };
            let name = match (name.as_str(), settings.payload_case) {
                // Written like this on both of the guide's pages.
                ("stripe_payment_intent_id", _) => "stripe_payment_intentId".to_owned(),
                (name, PayloadCase::Snake) => name.to_owned(),
                (name, PayloadCase::Camel) => camel(name),
            };
            (name, value)
        });
    Value::Object(fields.collect())
}

fn camel(snake: &str) -> String {
    let mut words = snake.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_older_page_are_in_camel_case() {
        assert_eq!(camel("amount_in_cents"), "amountInCents");
        assert_eq!(camel("payment_qr_code_url"), "paymentQrCodeUrl");
        assert_eq!(camel("id"), "id");
    }
}
