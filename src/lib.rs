//! PaySG payments for e-services.
//!
//! Two builds of one crate, chosen by feature: `browser`, the front end's module, and `edge`, the backend proxy that
//! holds the API key. [`paysg`] is what both stand on: PaySG's protocol as types, with no JS, clock or randomness.

#[cfg(feature = "browser")]
pub mod browser;
#[cfg(feature = "edge")]
pub mod edge;
pub mod flow;
#[cfg(feature = "edge")]
pub mod ledger;
pub mod paysg;
#[cfg(feature = "edge")]
pub mod token;
