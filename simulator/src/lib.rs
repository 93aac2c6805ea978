//! PaySG, simulated: every endpoint and rule that its public documents tell of, a payment page that a person can use, signed
//! webhooks, and a control by which tests make it misbehave.
//!
//! An independent reading of those documents: it shares no code with the crate that it tests.

mod answer;
mod api;
mod call;
mod clock;
mod control;
mod create;
mod delivery;
mod error;
mod event;
mod fault;
mod id;
mod idempotency;
mod list;
mod live;
mod log;
mod options;
mod page;
mod payment;
mod request;
mod routes;
mod scenario;
mod server;
mod settings;
mod signature;
mod simulator;
mod state;
mod store;
mod welcome;

pub use options::{DEFAULT_API_KEY, DEFAULT_PAYMENT_SERVICE_ID, Options};
pub use server::{Running, start};
pub use settings::Settings;
pub use welcome::run;
