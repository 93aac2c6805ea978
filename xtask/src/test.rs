//! `cargo xtask test`: makes what the tests need, then runs the project's test commands one after another.
//!
//! Each command is printed before it runs, as a developer can type it.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use tempfile::TempDir;

use crate::project::{Project, this_program};
use crate::tools::{self, Browser};
use crate::{demo, package, report, shell};

/// Options of `test`.
#[derive(Args)]
pub(crate) struct TestOptions {
    /// Only these groups
    #[arg(long, value_delimiter = ',', value_name = "GROUPS")]
    only: Vec<Group>,
    /// The long form of the tests that have one
    #[arg(long)]
    deep: bool,
    /// All end-to-end tests in these browsers. Default: all in Chromium and a smoke test in the others; with --deep, all in each
    #[arg(long, value_delimiter = ',', value_name = "BROWSERS")]
    browser: Vec<Browser>,
}

/// In the order in which they run.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum Group {
    /// Formatting, lints, licences and sources
    Lint,
    /// The core, the ledger's model, the simulator and the commands
    Native,
    /// The browser build, in headless Chromium
    Wasm,
    /// The npm package: contents, sizes, types, bundlers and runtimes
    Package,
    /// The proxy in workerd, against the simulator
    Edge,
    /// Samples, codes and links of the documentation
    Docs,
    /// The table of threats
    Threats,
    /// Payers in a browser, through the e-service
    E2e,
}

/// Markdown for people: relative links and headings in it have to exist.
const DOCUMENTS: [&str; 7] = [
    "*.md",
    "docs/*.md",
    "docs/recipes/*.md",
    "simulator/*.md",
    "www/*.md",
    "tests/*.md",
    "fuzz/*.md",
];

/// A payer who pays and one who gives up: all that the other browsers run unless more is asked for.
const SMOKE_FILE: &str = "tests/e2e/paying.test.mjs";
const SMOKE_TESTS: &str = "^(a licence is paid at|who gives up at PaySG)";

/// Runs the groups. A command that fails does not stop the others; the table at the end names it.
pub(crate) fn test(project: &Project, options: &TestOptions) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let run = TestRun {
        project,
        options,
        // Browsers and runtimes leave files behind. A short path: browsers put sockets below it.
        scratch: tempfile::Builder::new().prefix("paysg-").tempdir()?,
    };
    let mut results = Vec::new();
    for group in Group::value_variants() {
        if options.only.is_empty() || options.only.contains(group) {
            run.group(*group, &mut results);
        }
    }
    Ok(summarise(&results, started.elapsed()))
}

struct TestRun<'a> {
    project: &'a Project,
    options: &'a TestOptions,
    scratch: TempDir,
}

struct Outcome {
    group: Group,
    command: String,
    passed: bool,
    took: Duration,
}

impl TestRun<'_> {
    fn group(&self, group: Group, results: &mut Vec<Outcome>) {
        report::line(&format!("\n━━ {group:?}"));
        let started = Instant::now();
        let commands = match self.prepare(group).and_then(|()| self.commands(group)) {
            Ok(commands) => commands,
            Err(error) => {
                report::failure(&format!("{error:#}"));
                results.push(Outcome {
                    group,
                    command: "what the tests need could not be made".to_owned(),
                    passed: false,
                    took: started.elapsed(),
                });
                return;
            }
        };
        for mut command in commands {
            let typed = shell::typed(&command, self.project.root());
            command
                .current_dir(self.project.root())
                .env("TMPDIR", self.scratch.path());
            if self.options.deep {
                command.env("PAYSG_DEEP", "1");
            }
            report::line(&format!("▸ {typed}"));
            let started = Instant::now();
            let passed = match shell::run(&mut command) {
                Ok(()) => true,
                Err(error) => {
                    report::failure(&format!("{error:#}"));
                    false
                }
            };
            results.push(Outcome {
                group,
                command: typed,
                passed,
                took: started.elapsed(),
            });
        }
    }

    /// Makes what the group tests; what is made already is left as it is.
    fn prepare(&self, group: Group) -> anyhow::Result<()> {
        let project = self.project;
        match group {
            Group::Lint => {
                tools::lints()?;
                package::npm_packages(project)?;
                tools::npm_packages(project, &project.path("docs"), "the Markdown linter")?;
                tools::wasm_target()
            }
            Group::Native => Ok(()),
            // One of its tests loads the module as a page does, from pkg/.
            Group::Wasm => package::make(project),
            Group::Docs | Group::Threats | Group::E2e => demo::build(project),
            Group::Edge => {
                demo::build(project)?;
                package::make_trapping(project, self.options.deep)
            }
            Group::Package => {
                demo::build(project)?;
                let install =
                    |folder, reason| tools::npm_packages(project, &project.path(folder), reason);
                install("tests/conformance", "the conformance suite's schemas")?;
                install("tests/packaging", "bundlers and linters for the package")?;
                if self.options.deep {
                    install("tests/packaging/deep", "further bundlers and runtimes")?;
                    package::reproduce(project)?;
                }
                Ok(())
            }
        }
    }

    fn commands(&self, group: Group) -> anyhow::Result<Vec<Command>> {
        Ok(match group {
            Group::Lint => self.lints()?,
            Group::Native => {
                let test = [&["test", "--quiet", "--no-fail-fast"], demo::WORKSPACE].concat();
                vec![cargo(&test)]
            }
            Group::Wasm => self.wasm()?,
            Group::Package => {
                let mut command = self.node_test(2, "tests/package/*.test.mjs")?;
                command.envs(self.browser(Browser::Chromium)?);
                vec![command]
            }
            Group::Edge => vec![self.node_test(2, "tests/edge/*.test.mjs")?],
            Group::Docs => vec![self.node_test(2, "tests/docs/*.test.mjs")?],
            Group::Threats => vec![self.node_test(1, "tests/threats/*.test.mjs")?],
            Group::E2e => self.e2e()?,
        })
    }

    fn lints(&self) -> anyhow::Result<Vec<Command>> {
        let native = [&["clippy", "--quiet", "--all-targets"], demo::WORKSPACE].concat();
        let deny_warnings = ["--", "-D", "warnings"];
        let wasm = |feature| {
            let crate_alone = ["clippy", "--quiet", "--package", "paysg-wasm", "--lib"];
            let build = [
                "--target",
                "wasm32-unknown-unknown",
                "--no-default-features",
                "--features",
                feature,
            ];
            cargo(&[&crate_alone[..], &build, &deny_warnings].concat())
        };
        let deny = tools::cargo_deny(self.project)?;
        let licences = |manifest, checks: &[&str]| {
            let mut command = Command::new(&deny);
            command
                .args(["--manifest-path", manifest, "--workspace"])
                .args(["--config", "deny.toml", "--log-level", "error", "check"])
                .args(checks);
            command
        };
        let mut links = Command::new(tools::lychee(self.project)?);
        links
            .args(["--offline", "--include-fragments", "--no-progress"])
            .args(DOCUMENTS);
        let mut workflows = Command::new(tools::zizmor(self.project)?);
        workflows.args(["--offline", "--quiet", ".github/workflows"]);
        let mut markdown = Command::new(tools::node(self.project)?);
        markdown
            .arg("docs/node_modules/markdownlint-cli2/markdownlint-cli2-bin.mjs")
            .args(["--config", "docs/.markdownlint-cli2.yaml"])
            .args(DOCUMENTS);
        Ok(vec![
            cargo(&["fmt", "--all", "--check"]),
            cargo(&[&native[..], &deny_warnings].concat()),
            wasm("edge"),
            wasm("browser"),
            licences("Cargo.toml", &["bans", "licenses", "sources"]),
            // The fuzzers are shipped to nobody: their licences bind nobody.
            licences("fuzz/Cargo.toml", &["bans", "sources"]),
            links,
            markdown,
            workflows,
        ])
    }

    fn wasm(&self) -> anyhow::Result<Vec<Command>> {
        let wasm_tools = tools::wasm_tools(self.project)?;
        let mut commands = Vec::new();
        for browser in self.browsers_of_wasm() {
            let variables = browser.variables(self.project)?;
            let (flag, driver_flag, driver) = match browser {
                Browser::Chromium => ("--chrome", "--chromedriver", "CHROMEDRIVER"),
                Browser::Firefox => ("--firefox", "--geckodriver", "GECKODRIVER"),
                // wasm-bindgen's runner drives Safari, which only macOS has.
                Browser::Webkit => continue,
            };
            let program = variables.iter().find(|(name, _)| *name == driver);
            let mut command = wasm_tools.wasm_pack();
            command
                .args(["test", "--headless", flag, driver_flag])
                .args(program.map(|(_, path)| path))
                .args(["--mode", "no-install", "--"])
                .args(["--test", "browser", "--test", "browser_built"])
                .envs(program.map(|(name, path)| (*name, path)));
            commands.push(command);
        }
        Ok(commands)
    }

    fn browsers_of_wasm(&self) -> Vec<Browser> {
        match (self.options.browser.as_slice(), self.options.deep) {
            ([], false) => vec![Browser::Chromium],
            ([], true) => vec![Browser::Chromium, Browser::Firefox],
            (named, _) => named.to_vec(),
        }
    }

    fn e2e(&self) -> anyhow::Result<Vec<Command>> {
        let mut commands = Vec::new();
        let all: &[Browser] = match (self.options.browser.as_slice(), self.options.deep) {
            ([], true) => Browser::value_variants(),
            ([], false) => &[Browser::Chromium],
            (named, _) => named,
        };
        for browser in all {
            commands.push(self.in_browser(*browser, &["tests/e2e/*.test.mjs"])?);
        }
        if all.contains(&Browser::Chromium) {
            // The e-service's own tests need no browser.
            commands.push(self.node_test(2, "www/tests/*.test.mjs")?);
        }
        if self.options.browser.is_empty() && !self.options.deep {
            let smoke = format!("--test-name-pattern={SMOKE_TESTS}");
            commands.push(self.in_browser(Browser::Webkit, &[&smoke, SMOKE_FILE])?);
            if tools::has_geckodriver(self.project) {
                commands.push(self.in_browser(Browser::Firefox, &[&smoke, SMOKE_FILE])?);
            } else {
                report::line(
                    "Firefox is left out: its driver takes up to three minutes to build. --browser firefox or --deep builds and keeps it.",
                );
            }
        }
        Ok(commands)
    }

    fn in_browser(&self, browser: Browser, arguments: &[&str]) -> anyhow::Result<Command> {
        let files_at_once = if browser == Browser::Chromium { 2 } else { 1 };
        let mut command = self.node(files_at_once)?;
        command
            .args(arguments)
            .env("PAYSG_BROWSER", browser.name())
            .envs(self.browser(browser)?);
        Ok(command)
    }

    /// The variables by which the tests find a browser. Chromium's headless shell does half of the work, but is not what people have: the long form and a
    /// named browser go without it.
    fn browser(&self, browser: Browser) -> anyhow::Result<Vec<(&'static str, PathBuf)>> {
        let mut variables = browser.variables(self.project)?;
        if browser == Browser::Chromium {
            let shell = if self.options.deep || !self.options.browser.is_empty() {
                None
            } else {
                tools::headless_shell()?
            };
            variables.push(("CHROME_SHELL", shell.unwrap_or_default()));
        }
        Ok(variables)
    }

    fn node_test(&self, files_at_once: u8, files: &str) -> anyhow::Result<Command> {
        let mut command = self.node(files_at_once)?;
        command.arg(files);
        Ok(command)
    }

    fn node(&self, files_at_once: u8) -> anyhow::Result<Command> {
        let mut command = Command::new(tools::node(self.project)?);
        command
            .args(["--test", "--test-reporter=spec"])
            .arg(format!("--test-concurrency={files_at_once}"))
            // node:sqlite prints at each start that it is new.
            .env("NODE_NO_WARNINGS", "1")
            .env("PAYSG_XTASK", this_program()?);
        Ok(command)
    }
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = shell::cargo();
    command.args(arguments);
    command
}

fn summarise(results: &[Outcome], time: Duration) -> ExitCode {
    report::line("");
    for Outcome {
        group,
        command,
        passed,
        took,
    } in results
    {
        let result = if *passed { "passed" } else { "FAILED" };
        let took = report::seconds(*took);
        let group = format!("{group:?}").to_lowercase();
        report::line(&format!("{result} {took:>14}  {group:<8} {command}"));
    }
    let failed = results.iter().filter(|result| !result.passed).count();
    let time = report::seconds(time);
    report::line(&format!(
        "\n{} commands in {time}, {failed} of them failed",
        results.len()
    ));
    if failed == 0 && !results.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
