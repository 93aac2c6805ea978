//! PaySG, simulated.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::part::Part;
use super::{WORKSPACE, keys};
use crate::project::{Project, this_program};
use crate::stack::Stack;
use crate::{report, shell};

pub(super) const NAME: &str = "simulator";
const PROGRAM: &str = "paysg-simulator";

/// Builds it in the dev profile, with what tests are built with: where they ran, it is there already. A release build optimised as one
/// crate graph would take minutes to make a server of a few requests a second faster.
pub(super) fn build(project: &Project) -> anyhow::Result<()> {
    report::step("Building the simulator", || {
        shell::run(
            shell::cargo()
                .args(["build", "--quiet", "--bin", PROGRAM])
                .args(WORKSPACE)
                .current_dir(project.root()),
        )
    })
}

pub(super) fn start(project: &Project, stack: &Stack, state: &Path) -> anyhow::Result<Part> {
    let address = stack.simulator_address()?;
    let mut command = Command::new(program()?);
    command
        .args(["--host", &address.ip().to_string()])
        .args(["--port", &address.port().to_string()])
        .args(["--public-origin", &stack.simulator_url])
        .args(["--api-key", &stack.api_key])
        .args(["--api-key-from", &keys::read_by_shell(state)])
        .args(["--payment-service-id", &stack.payment_service_id])
        .args(["--webhook-url", &stack.webhook_url()])
        .args(["--webhook-secret", &stack.webhook_secret])
        .arg("--state")
        .arg(state.join("simulator.sqlite"))
        // The edge of the demo is http://127.0.0.1; real PaySG takes HTTPS only.
        .arg("--allow-loopback-return-url")
        .args(&stack.simulator_args)
        .current_dir(project.root());
    Part::start(NAME, &command)
}

/// What answers as soon as it listens.
pub(super) fn ready_url(stack: &Stack) -> String {
    format!("{}/_sim/payments", stack.simulator_url)
}

/// Beside this very program, wherever cargo's target folder is.
fn program() -> anyhow::Result<PathBuf> {
    let xtask = this_program()?;
    let program = xtask
        .parent()
        .context("this program lies in no folder")?
        .join(PROGRAM);
    if !program.is_file() {
        bail!(
            "{} is missing: run without --no-build, or `cargo build -p {PROGRAM}`",
            program.display()
        );
    }
    Ok(program)
}
