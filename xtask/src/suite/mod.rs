//! `cargo xtask test`: every test there is, by groups.

mod engines;
mod supply;
mod tally;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};

use crate::project::{Project, this_program};
use crate::tools::Browser;
use crate::{demo, package, report, shell, tools};
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

/// In the order in which they run: what fails soonest comes first.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum Group {
    /// Formatting, lints, and all that runs natively
    Native,
    /// The browser build, in headless Chromium
    Wasm,
    /// What is in the npm package, and what must not be
    Package,
    /// The edge in workerd, against the simulator
    Edge,
    /// Samples, codes and links of the documentation
    Docs,
    /// Through the e-service, in headless Chromium
    E2e,
    /// The table of threats
    Threats,
}

impl Group {
    fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Wasm => "wasm",
            Self::Package => "package",
            Self::Edge => "edge",
            Self::Docs => "docs",
            Self::E2e => "e2e",
            Self::Threats => "threats",
        }
    }

    /// Makes what the group tests; what is made already is left as it is.
    fn prepare(self, project: &Project, deep: bool) -> anyhow::Result<()> {
        match self {
            Self::Native => Ok(()),
            // One of its tests loads the module as a page does, from pkg/.
            Self::Wasm => package::make(project),
            Self::Package => {
                demo::build(project)?;
                packaging(project, deep)
            }
            Self::Edge => demo::build(project).and_then(|()| package::make_trapping(project)),
            Self::Docs | Self::E2e | Self::Threats => demo::build(project),
        }
    }
}

/// What the package is tested with: bundlers and linters always, what is a gigabyte only in the long form.
fn packaging(project: &Project, deep: bool) -> anyhow::Result<()> {
    let install =
        |folder: &str, reason| tools::npm_packages(project, &project.path(folder), reason);
    install("tests/conformance", "the conformance suite's schemas")?;
    install("tests/packaging", "bundlers and linters for the package")?;
    if deep {
        install("tests/packaging/deep", "further bundlers and runtimes")?;
    }
    Ok(())
}

struct Outcome {
    group: Group,
    tally: Tally,
    took: Duration,
}

/// Runs the groups; whatever one of them does, the others run, and the last line printed is the sum.
pub(crate) fn test(project: &Project, options: &TestOptions) -> anyhow::Result<ExitCode> {
    let named = |group: &Group| options.only.contains(group);
    let groups = Group::value_variants()
        .iter()
        .copied()
        .filter(|group| options.only.is_empty() || named(group));
    let mut outcomes = Vec::new();
    for group in groups {
        if !named(&group) && group == Group::Threats && js_tests(project, group).is_empty() {
            report::line("\n━━ threats: tests/threats does not exist yet");
            continue;
        }
        report::line(&format!("\n━━ {}", group.name()));
        let started = Instant::now();
        let suite = Suite {
            project,
            group,
            deep: options.deep,
            browsers: &options.browser,
        };
        let mut tally = group
            .prepare(project, options.deep)
            .and_then(|()| suite.run())
            .unwrap_or_else(|error| {
                report::failure(&format!("{error:#}"));
                Tally::FAILURE
            });
        if tally == Tally::default() {
            report::failure(&format!(
                "{}: no test ran, which counts as a failure",
                group.name()
            ));
            tally = Tally::FAILURE;
        }
        outcomes.push(Outcome {
            group,
            tally,
            took: started.elapsed(),
        });
    }
    Ok(summarise(&outcomes))
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
}

impl Suite<'_> {
    fn run(&self) -> anyhow::Result<Tally> {
        match self.group {
            Group::Native => self.native(),
            Group::Wasm => self.wasm(),
            Group::Package => self.package(),
            Group::Edge | Group::Docs | Group::Threats => self.node(),
            Group::E2e => engines::journeys(self),
        }
    }

    /// The core's layering is among these tests: `xtask/tests/layers.rs`.
    fn native(&self) -> anyhow::Result<Tally> {
        tools::lints()?;
        // Both builds are linted as they are shipped, too.
        tools::wasm_target()?;
        let mut tally = Tally::default();
        tally.add(self.check(&["fmt", "--all", "--check"]));
        let deny = ["--", "-D", "warnings"];
        let workspace = [
            "--workspace",
            "--all-targets",
            "--features",
            "paysg-wasm/edge",
        ];
        tally.add(self.check(&[&["clippy", "--quiet"], &workspace[..], &deny].concat()));
        for (feature, targets) in [
            ("browser", &["--lib", "--test", "browser"][..]),
            ("edge", &["--lib"]),
        ] {
            let build = [
                "--package",
                "paysg-wasm",
                "--target",
                "wasm32-unknown-unknown",
                "--features",
                feature,
            ];
            tally.add(self.check(&[&["clippy", "--quiet"], &build[..], targets, &deny].concat()));
        }
        tally.add(supply::check(self.project)?);
        tally.add(tally::libtest(&mut self.cargo(&[
            "test",
            "--quiet",
            "--workspace",
            "--features",
            "paysg-wasm/edge",
            "--no-fail-fast",
        ]))?);
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
                .args(["--", "--features", "browser", "--test", "browser"])
                .envs(program.map(|(name, path)| (*name, path)))
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
            .current_dir(self.project.root());
        if self.group == Group::Package {
            command
                .arg("--test-concurrency=1")
                .envs(Browser::Chromium.variables(self.project)?);
        }
        self.deeply(&mut command);
        Ok(command)
    }

    /// Where the group's results are counted.
    fn tap(&self, suffix: &str) -> anyhow::Result<PathBuf> {
        let memory = self.project.memory();
        std::fs::create_dir_all(&memory)?;
        Ok(memory.join(format!("{}{suffix}.tap", self.group.name())))
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = shell::cargo();
        command.args(arguments).current_dir(self.project.root());
        self.deeply(&mut command);
        command
    }

    /// Something that passes or not and counts no tests.
    fn check(&self, arguments: &[&str]) -> Tally {
        let mut command = self.cargo(arguments);
        report::line(&format!("▸ cargo {}", arguments.join(" ")));
        match shell::run(&mut command) {
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

fn summarise(outcomes: &[Outcome]) -> ExitCode {
    let mut sum = Tally::default();
    let mut time = Duration::ZERO;
    report::line(&format!(
        "\n{:<10}{:>8}{:>8}{:>9}{:>14}",
        "group", "passed", "failed", "skipped", "time"
    ));
    for Outcome { group, tally, took } in outcomes {
        report::line(&row(group.name(), *tally, *took));
        sum.add(*tally);
        time = time.saturating_add(*took);
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
