//! `cargo xtask test`: every test there is, by groups.

mod engines;
mod group;
mod lanes;
mod scratch;
mod shared;
mod supply;
mod tally;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use clap::Args;

use crate::project::{Project, this_program};
use crate::tools::Browser;
use crate::{demo, package, report, shell, tools};
use engines::Journeys;
use group::Group;
use lanes::Outcome;
use scratch::Scratch;
use tally::Tally;

/// Options of `test`.
#[derive(Args)]
pub(crate) struct TestOptions {
    /// Only these groups
    #[arg(long, value_delimiter = ',', value_name = "GROUPS")]
    only: Vec<Group>,
    /// The long form of the tests that have one
    #[arg(long)]
    deep: bool,
    /// The journeys in these browsers, whole; by default Chromium whole and a smoke test in the others, and with --deep all of them whole
    #[arg(long, value_delimiter = ',', value_name = "BROWSERS")]
    browser: Vec<Browser>,
}

/// Runs the groups; whatever one of them does, the others run, and the last line printed is the sum.
pub(crate) fn test(project: &Project, options: &TestOptions) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    // Where there is no linter, the native tests say so.
    if tools::lints().is_ok() {
        shell::lint_what_is_built();
    }
    let journeys = Journeys::default();
    let scratch = Scratch::new()?;
    let suite = |group| Suite {
        project,
        group,
        deep: options.deep,
        browsers: &options.browser,
        journeys: &journeys,
        scratch: &scratch,
    };
    let outcomes = lanes::run(&options.only, &|group| suite(group).outcome(), &|| {
        journeys.help(&suite(Group::E2e))
    });
    Ok(summarise(&outcomes, started.elapsed()))
}

/// The part of the native tests that looks at what comes from others, alone.
pub(crate) fn audit(project: &Project) -> anyhow::Result<ExitCode> {
    let tally = supply::check(project)?;
    report::line(&format!(
        "\n{} passed, {} failed, {} skipped",
        tally.passed, tally.failed, tally.skipped
    ));
    Ok(if tally.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

struct Suite<'a> {
    project: &'a Project,
    group: Group,
    deep: bool,
    /// As asked for.
    browsers: &'a [Browser],
    /// For all lanes.
    journeys: &'a Journeys,
    scratch: &'a Scratch,
}

impl Suite<'_> {
    /// Makes what the group tests, and runs its tests.
    fn outcome(&self) -> Outcome {
        report::line(&format!("\n━━ {}", self.group.name()));
        let started = Instant::now();
        // However it goes on.
        let _end = (self.group == Group::E2e).then(|| self.journeys.end_at_last());
        let mut tally = self
            .group
            .prepare(self.project, self.deep)
            .and_then(|()| self.run())
            .unwrap_or_else(|error| {
                report::failure(&format!("{error:#}"));
                Tally::FAILURE
            });
        if tally == Tally::default() {
            report::failure(&format!(
                "{}: no test ran, which counts as a failure",
                self.group.name()
            ));
            tally = Tally::FAILURE;
        }
        let took = started.elapsed();
        report::line(&format!(
            "━━ {}: {} passed, {} failed in {}",
            self.group.name(),
            tally.passed,
            tally.failed,
            report::seconds(took)
        ));
        Outcome {
            group: self.group,
            tally,
            took,
        }
    }

    fn run(&self) -> anyhow::Result<Tally> {
        match self.group {
            Group::Native => self.native(),
            Group::Wasm => self.wasm(),
            Group::Package => self.package(),
            Group::Edge | Group::Docs | Group::Threats => self.node(),
            Group::E2e => engines::journeys(self),
        }
    }

    /// The core's layering is among these tests: `xtask/tests/layers.rs`. What they are built from is linted as it is built; the browser's build is
    /// in the next group.
    fn native(&self) -> anyhow::Result<Tally> {
        tools::lints()?;
        tools::wasm_target()?;
        let mut tally = Tally::default();
        tally.add(self.check(&["fmt", "--all", "--check"]));
        let tests = [&["test", "--quiet"], demo::WORKSPACE].concat();
        let built = self.check(&[&tests[..], &["--no-run"]].concat());
        tally.add(built);
        if built.failed == 0 {
            report::line("▸ cargo test");
            let run = &mut self.cargo(&[&tests[..], &["--no-fail-fast"]].concat());
            tally.add(tally::libtest(run)?);
        }
        // Otherwise what the edge's tests spring traps in is linted as it is built.
        if self.deep {
            tally.add(self.check(&[
                "clippy",
                "--quiet",
                "--package",
                "paysg-wasm",
                "--target",
                "wasm32-unknown-unknown",
                "--no-default-features",
                "--features",
                "edge",
                "--lib",
                "--",
                "-D",
                "warnings",
            ]));
        }
        tally.add(supply::check(self.project)?);
        Ok(tally)
    }

    fn package(&self) -> anyhow::Result<Tally> {
        let mut tally = Tally::default();
        if self.deep {
            package::reproduce(self.project)?;
            tally.passed = 1;
        }
        tally.add(self.node()?);
        Ok(tally)
    }

    fn wasm(&self) -> anyhow::Result<Tally> {
        let wasm_tools = tools::wasm_tools(self.project)?;
        let mut tally = Tally::default();
        for browser in engines::of_wasm(self) {
            let variables = browser.variables(self.project)?;
            let (flag, driver_flag, driver) = match browser {
                Browser::Chromium => ("--chrome", "--chromedriver", "CHROMEDRIVER"),
                Browser::Firefox => ("--firefox", "--geckodriver", "GECKODRIVER"),
                // wasm-bindgen's runner drives Safari, which only macOS has.
                Browser::Webkit => continue,
            };
            let program = variables.iter().find(|(name, _)| *name == driver);
            report::line(&format!("▸ {}", browser.name()));
            let mut command = wasm_tools.wasm_pack();
            command
                .args(["test", "--headless", flag, driver_flag])
                .args(program.map(|(_, path)| path))
                .args(["--mode", "no-install"])
                .args(["--", "--test", "browser", "--test", "browser_built"])
                .envs(program.map(|(name, path)| (*name, path)))
                .envs(shell::linting())
                .envs([self.scratch.variable()])
                .current_dir(self.project.root());
            self.deeply(&mut command);
            tally.add(tally::libtest(&mut command)?);
        }
        Ok(tally)
    }

    fn node(&self) -> anyhow::Result<Tally> {
        let tests = js_tests(self.project, self.group);
        if tests.is_empty() {
            return Ok(Tally::default());
        }
        tally::node_test(&mut self.node_command()?, &self.tap("")?, &tests)
    }

    /// `node --test`, without the tests.
    fn node_command(&self) -> anyhow::Result<Command> {
        let mut command = Command::new(tools::node(self.project)?);
        command
            .arg("--test")
            // node:sqlite works, and says on each start that it is new.
            .env("NODE_NO_WARNINGS", "1")
            .env("PAYSG_XTASK", this_program()?)
            .envs([self.scratch.variable()])
            .envs(shell::linting())
            .current_dir(self.project.root());
        command.arg(format!("--test-concurrency={}", self.group.files_at_once()));
        if self.group == Group::Package {
            command.envs(self.browser(Browser::Chromium)?);
        }
        self.deeply(&mut command);
        Ok(command)
    }

    /// What the tests find a browser by. In the long form, and for who names a browser, it is the one that people have, for everything.
    fn browser(&self, browser: Browser) -> anyhow::Result<Vec<(&'static str, PathBuf)>> {
        let mut variables = browser.variables(self.project)?;
        if browser == Browser::Chromium {
            let shell = if self.deep || !self.browsers.is_empty() {
                None
            } else {
                tools::headless_shell()?
            };
            variables.push(("CHROME_SHELL", shell.unwrap_or_default()));
        }
        Ok(variables)
    }

    /// Where the group's results are counted.
    fn tap(&self, suffix: &str) -> anyhow::Result<PathBuf> {
        let memory = self.project.memory();
        std::fs::create_dir_all(&memory)?;
        Ok(memory.join(format!("{}{suffix}.tap", self.group.name())))
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = shell::cargo();
        command
            .args(arguments)
            .envs(shell::linting())
            .current_dir(self.project.root());
        self.deeply(&mut command);
        command
    }

    /// Something that passes or not and counts no tests.
    fn check(&self, arguments: &[&str]) -> Tally {
        let what = format!("cargo {}", arguments.join(" "));
        match report::step(&what, || shell::run(&mut self.cargo(arguments))) {
            Ok(()) => Tally::default(),
            Err(error) => {
                report::failure(&format!("{error:#}"));
                Tally::FAILURE
            }
        }
    }

    fn deeply(&self, command: &mut Command) {
        if self.deep {
            command.env("PAYSG_DEEP", "1");
        }
    }
}

fn js_tests(project: &Project, group: Group) -> Vec<PathBuf> {
    test_files(&project.path("tests").join(group.name()))
}

/// `*.test.mjs` of a folder.
fn test_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    files
}

fn summarise(outcomes: &[Outcome], time: Duration) -> ExitCode {
    let mut sum = Tally::default();
    report::line(&format!(
        "\n{:<10}{:>8}{:>8}{:>9}{:>14}",
        "group", "passed", "failed", "skipped", "time"
    ));
    for Outcome { group, tally, took } in outcomes {
        report::line(&row(group.name(), *tally, *took));
        sum.add(*tally);
    }
    report::line(&row("all", sum, time));
    report::line(&format!("\n{} passed, {} failed", sum.passed, sum.failed));
    if sum.failed == 0 && sum.passed > 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn row(name: &str, tally: Tally, took: Duration) -> String {
    format!(
        "{name:<10}{:>8}{:>8}{:>9}{:>14}",
        tally.passed,
        tally.failed,
        tally.skipped,
        report::seconds(took)
    )
}
