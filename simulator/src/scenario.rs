//! Scenarios: a story told in a JSON file and replayed as often as wanted.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, sleep_until};

use crate::control::{self, PayWish, RefundWish, Registration};
use crate::fault::Fault;
use crate::payment::LatestStatus;
use crate::simulator::Simulator;

/// A scenario as its file spells it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    #[serde(default)]
    name: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for whoever reads the file")]
    description: String,
    #[serde(default)]
    settings: Option<Value>,
    #[serde(default)]
    webhooks: Vec<Registration>,
    #[serde(default)]
    faults: Vec<Fault>,
    /// Done to each payment, so long after it was created.
    #[serde(default)]
    each_payment: Vec<Reaction>,
    /// Done once, so long after the scenario began.
    #[serde(default)]
    actions: Vec<Action>,
}

#[derive(Clone, Deserialize)]
struct Reaction {
    #[serde(default)]
    after_ms: u64,
    #[serde(flatten)]
    deed: PaymentDeed,
}

#[derive(Clone, Deserialize)]
struct Action {
    #[serde(default)]
    at_ms: u64,
    /// Which payments: an id, a reference, `newest` or `all_unpaid`.
    #[serde(default)]
    payment: Option<String>,
    #[serde(flatten)]
    deed: Deed,
}

/// What can be done to a payment.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PaymentDeed {
    Pay(PayWish),
    Cancel {},
    Refund(RefundWish),
}

/// What can be done.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Deed {
    Settings(Value),
    Webhook(Registration),
    Faults(Vec<Fault>),
    AdvanceMs(i64),
    /// Every event so far, so many times again.
    Redeliver {
        times: u32,
    },
    #[serde(untagged)]
    Payment(PaymentDeed),
}

/// How far the scenario being played has come.
#[derive(Default)]
pub(crate) struct Progress {
    name: String,
    actions: usize,
    done: usize,
    errors: Vec<String>,
    each_payment: Arc<Vec<Reaction>>,
    player: Option<AbortHandle>,
}

/// Registers the webhook and plays the scenario that the command line names.
pub(crate) fn at_start(simulator: &Arc<Simulator>) -> Result<(), String> {
    let options = &simulator.options;
    if let (Some(url), Some(secret)) = (&options.webhook_url, &options.webhook_secret) {
        control::do_register(simulator, &Registration::new(url.clone(), secret.clone()))
            .map_err(|error| format!("--webhook-url: {}", error.message))?;
    }
    if let Some(path) = &options.scenario {
        let wrong = |error: &dyn std::fmt::Display| format!("scenario {}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let scenario = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
        play(simulator, scenario).map_err(|error| wrong(&error))?;
    }
    Ok(())
}

/// Begins a scenario, ending the one before it. What does not wait for a time is done when this returns.
///
/// # Errors
/// Where a setting, a webhook or a fault of its head is not accepted.
pub(crate) fn play(simulator: &Arc<Simulator>, scenario: Scenario) -> Result<(), String> {
    stop(simulator);
    if let Some(changes) = &scenario.settings {
        simulator.set_settings(simulator.settings().changed_by(changes)?);
    }
    for webhook in &scenario.webhooks {
        control::do_register(simulator, webhook).map_err(|error| error.message)?;
    }
    simulator.faults.add(scenario.faults)?;
    let mut actions = scenario.actions;
    actions.sort_by_key(|action| action.at_ms);
    with_progress(simulator, |progress| {
        *progress = Progress {
            name: scenario.name,
            actions: actions.len(),
            each_payment: Arc::new(scenario.each_payment),
            ..Progress::default()
        };
        let player = tokio::spawn(perform(Arc::clone(simulator), actions));
        progress.player = Some(player.abort_handle());
    });
    Ok(())
}

/// Ends the scenario being played, its reactions to new payments included.
pub(crate) fn stop(simulator: &Simulator) {
    with_progress(simulator, |progress| {
        if let Some(player) = std::mem::take(progress).player {
            player.abort();
        }
    });
}

pub(crate) fn progress(simulator: &Simulator) -> Value {
    with_progress(simulator, |progress| {
        json!({
            "name": progress.name,
            "actions": progress.actions,
            "done": progress.done,
            "errors": progress.errors,
            "playing": progress.done < progress.actions || !progress.each_payment.is_empty(),
        })
    })
}

fn with_progress<T>(simulator: &Simulator, look: impl FnOnce(&mut Progress) -> T) -> T {
    look(
        &mut simulator
            .scenario
            .lock()
            .unwrap_or_else(PoisonError::into_inner),
    )
}

/// Starts what a scenario does to each payment.
pub(crate) fn payment_created(simulator: &Arc<Simulator>, id: &str) {
    let reactions = with_progress(simulator, |progress| Arc::clone(&progress.each_payment));
    for reaction in reactions.iter().cloned() {
        let (simulator, id) = (Arc::clone(simulator), id.to_owned());
        tokio::spawn(async move {
            sleep(Duration::from_millis(reaction.after_ms)).await;
            if let Err(error) = do_to_payment(&simulator, &id, reaction.deed) {
                with_progress(&simulator, |progress| progress.errors.push(error));
            }
        });
    }
}

async fn perform(simulator: Arc<Simulator>, actions: Vec<Action>) {
    let begun = Instant::now();
    for action in actions {
        let at = begun
            .checked_add(Duration::from_millis(action.at_ms))
            .unwrap_or(begun);
        sleep_until(at).await;
        let result = act(&simulator, action);
        with_progress(&simulator, |progress| {
            progress.done = progress.done.saturating_add(1);
            progress.errors.extend(result.err());
        });
    }
}

fn act(simulator: &Simulator, action: Action) -> Result<(), String> {
    match action.deed {
        Deed::Settings(changes) => {
            simulator.set_settings(simulator.settings().changed_by(&changes)?)
        }
        Deed::Webhook(webhook) => {
            _ = control::do_register(simulator, &webhook).map_err(|error| error.message)?
        }
        Deed::Faults(faults) => simulator.faults.add(faults)?,
        Deed::AdvanceMs(ms) => _ = simulator.advance_clock(ms),
        Deed::Redeliver { times } => {
            let ids: Vec<String> = simulator.read(|state| {
                let events = state.events.in_order();
                events.into_iter().map(|event| event.id.clone()).collect()
            });
            for id in ids {
                control::do_redeliver(simulator, &id, times).map_err(|error| error.message)?;
            }
        }
        Deed::Payment(deed) => {
            let wanted = action.payment.unwrap_or_else(|| "newest".to_owned());
            let ids = chosen(simulator, &wanted);
            if ids.is_empty() {
                return Err(format!("no payment is {wanted}"));
            }
            for id in ids {
                do_to_payment(simulator, &id, deed.clone())?;
            }
        }
    }
    Ok(())
}

fn chosen(simulator: &Simulator, wanted: &str) -> Vec<String> {
    simulator.read(|state| {
        let all = state.payments();
        let ids = all.iter().map(|record| &record.payment);
        match wanted {
            "newest" => all
                .last()
                .map(|record| record.payment.id.clone())
                .into_iter()
                .collect(),
            "all_unpaid" => ids
                .filter(|payment| payment.latest_status == LatestStatus::Unpaid)
                .map(|p| p.id.clone())
                .collect(),
            name => ids
                .filter(|payment| payment.id == name || payment.reference_id == name)
                .map(|p| p.id.clone())
                .collect(),
        }
    })
}

fn do_to_payment(simulator: &Simulator, id: &str, deed: PaymentDeed) -> Result<(), String> {
    let result = match deed {
        PaymentDeed::Pay(wish) => simulator
            .pay(id, wish.is_transfer(), wish.sending())
            .map(|_| ()),
        PaymentDeed::Cancel {} => simulator
            .change_payment(id, |record, now| record.cancel(now))
            .map(|_| ()),
        PaymentDeed::Refund(wish) => control::do_refund(simulator, id, wish).map(|_| ()),
    };
    result.map_err(|error| format!("payment {id}: {}", error.message))
}
