//! `cargo xtask conformance`: checks a proxy of whatever make against its contract.

use std::process::{Command, ExitCode};

use clap::Args;

use crate::project::Project;
use crate::{shell, tools};

/// Options of `conformance`.
#[derive(Args)]
pub(crate) struct ConformanceOptions {
    /// What the suite takes: `--url URL --simulator URL --order-key KEY …`, or `--stack FILE`; `--help` lists it all [default: the demo's stack]
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<String>,
}

/// Runs the suite; its end is ours: 0 where there is no finding, 1 where there is one.
pub(crate) fn conformance(
    project: &Project,
    options: &ConformanceOptions,
) -> anyhow::Result<ExitCode> {
    tools::npm_packages(
        project,
        &project.path("tests/conformance"),
        "the conformance suite's schemas",
    )?;
    let mut command = Command::new(tools::node(project)?);
    command
        .arg(project.path("tests/conformance/main.mjs"))
        .args(&options.words);
    if options.words.is_empty() {
        command
            .arg("--stack")
            .arg(project.path("target/demo/stack.json"));
    }
    let status = command.status()?;
    match status.code().and_then(|code| u8::try_from(code).ok()) {
        Some(code) => Ok(ExitCode::from(code)),
        None => anyhow::bail!("`{}` ended with {status}", shell::shown(&command)),
    }
}
