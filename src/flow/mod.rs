//! What happens next, as state machines without I/O: each is given an answer, the time and a random value, and gives back the next step.

#[cfg(feature = "edge")]
pub mod agenda;
#[cfg(feature = "edge")]
mod attribution;
#[cfg(feature = "edge")]
pub mod checkout;
#[cfg(feature = "edge")]
pub mod command;
pub mod creation;
#[cfg(feature = "edge")]
pub mod desk;
#[cfg(feature = "edge")]
pub mod fulfilment;
#[cfg(feature = "edge")]
pub mod glance;
pub mod retry;
#[cfg(feature = "edge")]
pub mod search;
#[cfg(feature = "edge")]
pub mod settle;
#[cfg(feature = "edge")]
pub mod step;
#[cfg(feature = "edge")]
pub mod terms;
#[cfg(all(test, feature = "edge", not(target_arch = "wasm32")))]
mod tests;
#[cfg(feature = "edge")]
pub mod upstream;
pub mod verification;
#[cfg(feature = "edge")]
pub mod view;
#[cfg(feature = "edge")]
pub mod watch;
#[cfg(feature = "edge")]
pub mod witness;
