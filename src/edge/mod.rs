//! The edge build: the proxy that holds PaySG's key.
//!
//! | module | what it holds |
//! |---|---|
//! | [`config`], [`catalogue`] | what the environment says |
//! | [`request`], [`response`], [`problem`], [`page`] | HTTP, flat on both sides of the boundary |
//! | [`session`] | the sealed cookie |
//! | [`front`], [`route`] | a request from its first step to its answer |
//! | [`object`] | an intent's desk as the host of its storage sees it |
//! | [`parcel`] | what the host carries from step to step |
//! | [`webhook`] | webhooks verified for backends of their own |
//! | [`log`] | the only log line there is |
//! | [`limit`] | what is charged where requests are limited |
//! | `doubt` | what of the configuration an operator should look at |
//! | `bind` | the JS API, thin |
//! | `trap` | in builds for its test alone: a request that traps |

pub mod catalogue;
pub mod config;
mod doubt;
pub mod front;
pub mod limit;
pub mod log;
pub mod object;
mod page;
pub mod parcel;
pub mod problem;
pub mod request;
pub mod response;
pub mod route;
pub mod session;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
pub mod webhook;

#[cfg(target_arch = "wasm32")]
mod bind;
#[cfg(all(target_arch = "wasm32", feature = "trap"))]
mod trap;
