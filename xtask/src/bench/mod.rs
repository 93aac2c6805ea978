//! `cargo xtask bench`: the product beside its peers, in one run, as ratios.
//!
//! This module builds; `tests/bench/run.mjs` measures.

mod peers;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::Args;

use crate::project::Project;
use crate::tools::Browser;
use crate::{package, report, shell, tools};

/// What to measure, and for how long.
#[derive(Args)]
pub(crate) struct BenchOptions {
    /// The long form: a million requests, a hundred thousand intents
    #[arg(long)]
    deep: bool,
    /// Rounds of each scenario
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Seconds for each worker in each round
    #[arg(long, default_value_t = 3)]
    seconds: u32,
    /// Only these: return, status, webhook_1k, webhook_16k, webhook_route, create, health, new_intent, cold_start, memory, scale, sizes, browser
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Where the outcome goes; its picture lies beside it
    #[arg(long, default_value = "target/bench.json")]
    out: PathBuf,
}

/// Builds whatever is missing, and measures.
pub(crate) fn bench(project: &Project, options: &BenchOptions) -> anyhow::Result<ExitCode> {
    package::make(project)?;
    let made = peers::make(project)?;
    tools::wrk()?;
    let mut command = Command::new(tools::node(project)?);
    command
        .arg(project.path("tests/bench/run.mjs"))
        .arg("--workerd")
        .arg(tools::workerd(project)?)
        .arg("--upstream")
        .arg(&made.upstream)
        .args(["--rounds", &options.rounds.to_string()])
        .args(["--seconds", &options.seconds.to_string()])
        .args(["--only", &options.only.join(",")])
        .arg("--out")
        .arg(&options.out)
        .current_dir(project.root());
    if options.deep {
        command.arg("--deep");
    }
    if options.only.is_empty() || options.only.iter().any(|name| name == "browser") {
        command.envs(Browser::Chromium.variables(project)?);
    }
    // V8 says so of each run of `node:sqlite` and the like; there is nothing to do about it.
    command.env("NODE_NO_WARNINGS", "1");
    let status = command.status()?;
    if !status.success() {
        report::failure(&format!("`{}` ended with {status}", shell::shown(&command)));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
