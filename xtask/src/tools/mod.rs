//! The tools that the commands need: found where they are in the right version, installed where not.

mod browser;
mod deny;
mod load;
mod node;
mod rust;
mod system;

pub(crate) use browser::{Browser, has_geckodriver};
pub(crate) use deny::cargo_deny;
pub(crate) use load::wrk;
pub(crate) use node::{node, npm, npm_packages, workerd};
pub(crate) use rust::{WasmTools, cargo_fuzz, lints, nightly, wasm_target, wasm_tools};
