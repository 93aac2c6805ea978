//! The tools that the commands need: found where they are in the right version, installed where not.

mod browser;
mod checkers;
mod load;
mod node;
mod rust;
mod system;

pub(crate) use browser::{Browser, has_geckodriver, headless_shell};
pub(crate) use checkers::{cargo_deny, lychee, zizmor};
pub(crate) use load::wrk;
pub(crate) use node::{node, npm, npm_packages, workerd};
pub(crate) use rust::{WasmTools, lints, wasm_target, wasm_tools};
