//! The simulator as one thing: settings, time and state, and what payers and officers do to payments.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tokio::sync::Notify;

use crate::clock::{Clock, Timestamp};
use crate::error::ApiError;
use crate::event::Sending;
use crate::fault::Faults;
use crate::log::Log;
use crate::options::Options;
use crate::payment::Record;
use crate::request::Requests;
use crate::scenario::Progress;
use crate::settings::Settings;
use crate::state::{Change, State};
use crate::store::Store;

/// Everything that the handlers share.
pub(crate) struct Simulator {
    pub(crate) options: Options,
    pub(crate) origin: String,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) requests: Requests,
    pub(crate) log: Log,
    pub(crate) scenario: Mutex<Progress>,
    /// Woken when a delivery may have come due.
    pub(crate) deliveries: Notify,
    settings: RwLock<Arc<Settings>>,
    memory: Mutex<Memory>,
}

struct Memory {
    state: State,
    store: Option<Store>,
}

impl Simulator {
    /// A simulator that goes on from its state file, if it has one.
    ///
    /// # Errors
    /// Says which setting makes no sense, or why the state file cannot be used.
    pub(crate) fn open(options: Options, origin: String) -> Result<Self, String> {
        options.settings.check()?;
        let clock = Clock::default();
        let (state, store) = match &options.state {
            None => (State::default(), None),
            Some(path) => {
                let (store, state, offset_ms) = Store::open(path)
                    .map_err(|error| format!("state file {}: {error}", path.display()))?;
                clock.set_offset_ms(offset_ms);
                (state, Some(store))
            }
        };
        Ok(Self {
            origin,
            clock,
            faults: Faults::default(),
            requests: Requests::new(options.remember_requests),
            log: Log {
                quiet: options.quiet,
            },
            scenario: Mutex::default(),
            deliveries: Notify::new(),
            settings: RwLock::new(Arc::new(options.settings.clone())),
            memory: Mutex::new(Memory { state, store }),
            options,
        })
    }

    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_settings(&self, settings: Settings) {
        *self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.memory().state)
    }

    /// Changes the state; with a state file, the change is in it before this returns.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State, Timestamp) -> T) -> T {
        let mut memory = self.memory();
        let Memory { state, store } = &mut *memory;
        let result = change(state, self.clock.now());
        if let Some(store) = store {
            let changes = state.take_changes();
            if let Err(error) = store.save(state, changes) {
                // To answer now would promise what a restart would not know.
                crate::log::fatal(&format!("the state file cannot be written: {error}"));
            }
        }
        result
    }

    /// Moves this simulator's time, and with it every retry that is due.
    pub(crate) fn advance_clock(&self, ms: i64) -> Timestamp {
        self.change(|state, _| {
            let offset_ms = self.clock.offset_ms().saturating_add(ms);
            self.clock.set_offset_ms(offset_ms);
            state.note(|| Change::ClockOffset(offset_ms));
        });
        self.deliveries.notify_one();
        self.clock.now()
    }

    /// Back to the start: only registrations of webhooks stay.
    pub(crate) fn reset(&self) {
        self.faults.clear();
        self.set_settings(self.options.settings.clone());
        self.change(|state, _| {
            state.reset();
            self.clock.set_offset_ms(0);
        });
        self.requests.clear();
        self.deliveries.notify_one();
    }

    /// What happens when a payer pays: the payment is paid and its event on the way (`None`: written but not sent), as one change.
    pub(crate) fn pay(
        &self,
        id: &str,
        by_transfer: bool,
        sending: Option<Sending>,
    ) -> Result<Paid, ApiError> {
        let settings = self.settings();
        let paid = self.change(|state, now| {
            let redirect_url = state.change_payment(id, |record| {
                record.pay(by_transfer, now)?;
                Ok(record.redirect_url())
            })?;
            let event_id = state.payment_succeeded(id, &settings, now);
            if let (Some(event_id), Some(sending)) = (&event_id, sending) {
                state.send_event(event_id, sending, &settings, now);
            }
            Ok(Paid {
                redirect_url,
                event_id,
            })
        })?;
        self.deliveries.notify_one();
        Ok(paid)
    }

    /// Changes a payment and shows what became of it.
    pub(crate) fn change_payment(
        &self,
        id: &str,
        change: impl FnOnce(&mut Record, Timestamp) -> Result<(), ApiError>,
    ) -> Result<serde_json::Value, ApiError> {
        self.change(|state, now| {
            state.change_payment(id, |record| {
                change(record, now)?;
                Ok(record.shown().to_value())
            })
        })
    }
}

/// What a payer's successful payment leads to.
pub(crate) struct Paid {
    pub(crate) redirect_url: Option<String>,
    pub(crate) event_id: Option<String>,
}
