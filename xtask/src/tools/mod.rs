//! The tools that the commands need: found where they are in the right version, installed where not.

mod browser;
mod deny;
mod load;
mod node;
mod rust;
mod system;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use browser::{Browser, has_geckodriver, headless_shell};
pub(crate) use deny::cargo_deny;
pub(crate) use load::wrk;
pub(crate) use node::{node, npm, npm_packages, workerd};
pub(crate) use rust::{WasmTools, cargo_fuzz, lints, nightly, wasm_target, wasm_tools};

/// One looks for a tool and installs it at a time, where tests run side by side: who comes second finds it.
fn alone() -> MutexGuard<'static, ()> {
    static INSTALLING: Mutex<()> = Mutex::new(());
    INSTALLING.lock().unwrap_or_else(PoisonError::into_inner)
}
