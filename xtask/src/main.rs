//! The project's commands: `cargo xtask build | pack | demo | simulator | edge | test | audit | bench | conformance`.
//!
//! Each command says what it installs or builds, why, and how long it took, and does nothing twice.

mod audit;
mod bench;
mod conformance;
mod demo;
mod fingerprint;
mod package;
mod project;
mod report;
mod shell;
mod stack;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use project::Project;

/// The project's commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Make the npm package in pkg/: both wasm builds, optimised, beside the sources of npm/
    Build,
    /// Make target/trapping, the edge with traps to be sprung by the tests (which make it themselves)
    #[command(hide = true)]
    BuildTrapping,
    /// Build, then make the npm tarball in target/
    Pack,
    /// Build and serve simulator, edge and e-service until interrupted
    Demo(demo::DemoOptions),
    /// Serve the simulator alone, and write the variables of a proxy of your own into target/demo/state/proxy.env
    Simulator(demo::PartOptions),
    /// Serve the edge alone
    Edge(demo::PartOptions),
    /// Ask the advisory databases about everything that the lockfiles name (needs the network)
    Audit,
    /// Run every test; the table at the end has a line for each command
    Test(test::TestOptions),
    /// Measure the product beside its peers, in one run, as ratios
    Bench(bench::BenchOptions),
    /// Check a payment proxy of whatever make against its contract, over HTTP
    #[command(disable_help_flag = true)]
    Conformance(conformance::ConformanceOptions),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let project = Project::locate();
    let outcome = match cli.command {
        Task::Build => package::build(&project).map(|()| ExitCode::SUCCESS),
        Task::BuildTrapping => package::make_trapping(&project, false).map(|()| ExitCode::SUCCESS),
        Task::Pack => package::pack(&project).map(|_| ExitCode::SUCCESS),
        Task::Demo(options) => demo::demo(&project, &options),
        Task::Simulator(options) => demo::simulator_alone(&project, &options),
        Task::Edge(options) => demo::edge_alone(&project, &options),
        Task::Audit => audit::audit(&project),
        Task::Test(options) => test::test(&project, &options),
        Task::Bench(options) => bench::bench(&project, &options),
        Task::Conformance(options) => conformance::conformance(&project, &options),
    };
    outcome.unwrap_or_else(|error| {
        report::failure(&format!("{error:#}"));
        ExitCode::FAILURE
    })
}
