//! `cargo xtask fuzz`: each fuzz target until its coverage stands still.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Args;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, SysconfVar, sysconf};

use crate::project::Project;
use crate::{report, shell, tools};

/// Options of `fuzz`.
#[derive(Args)]
pub(crate) struct FuzzOptions {
    /// Only these targets (fuzz/targets)
    targets: Vec<String>,
    /// End a target when its coverage has not grown for so many minutes of its processor's time
    #[arg(long, default_value_t = 10, value_name = "MINUTES")]
    still: u64,
    /// End a target after so many minutes, whatever its coverage does
    #[arg(long, value_name = "MINUTES")]
    at_most: Option<u64>,
}

struct Outcome {
    target: String,
    executions: u64,
    coverage: u64,
    features: u64,
    took: Duration,
    crashed: bool,
}

/// Runs the targets one after the other; an input that breaks a law is kept in `fuzz/artifacts`.
pub(crate) fn fuzz(project: &Project, options: &FuzzOptions) -> anyhow::Result<ExitCode> {
    let triple = host()?;
    tools::nightly()?;
    let cargo_fuzz = tools::cargo_fuzz(project)?;
    report::step("Building the fuzzers", || {
        // No address sanitizer: the crate forbids unsafe code, and without it the fuzzers try twice as much.
        shell::run_quietly(
            Command::new("rustup")
                .args(["run", "nightly"])
                .arg(&cargo_fuzz)
                .args(["fuzz", "build", "--sanitizer", "none"])
                .args(["--target", &triple])
                .current_dir(project.root()),
        )
    })?;
    let mut outcomes = Vec::new();
    for target in chosen(project, &options.targets)? {
        report::line(&format!("▸ {target}"));
        let program = project.path(&format!("fuzz/target/{triple}/release/{target}"));
        outcomes.push(run(project, &program, &target, options)?);
    }
    report::line(&format!(
        "\n{:<16}{:>14}{:>10}{:>10}{:>14}",
        "target", "executions", "coverage", "features", "time"
    ));
    for outcome in &outcomes {
        report::line(&format!(
            "{:<16}{:>14}{:>10}{:>10}{:>14}{}",
            outcome.target,
            outcome.executions,
            outcome.coverage,
            outcome.features,
            report::seconds(outcome.took),
            if outcome.crashed { "  ✗ broken" } else { "" }
        ));
    }
    let broken = outcomes.iter().any(|outcome| outcome.crashed);
    Ok(if broken {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn chosen(project: &Project, named: &[String]) -> anyhow::Result<Vec<String>> {
    let mut all: Vec<String> = std::fs::read_dir(project.path("fuzz/targets"))?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some(path.file_stem()?.to_string_lossy().into_owned())
        })
        .collect();
    all.sort();
    if let Some(stranger) = named.iter().find(|name| !all.contains(name)) {
        bail!("there is no fuzz target {stranger}: {}", all.join(", "));
    }
    all.retain(|target| named.is_empty() || named.contains(target));
    Ok(all)
}

/// How libFuzzer ends when it is told to end, by us or by whoever sits before it.
const INTERRUPTED: i32 = 72;
/// How often a target says where it stands.
const NEWS_EVERY: Duration = Duration::from_secs(60);

/// One target, over what it found earlier and over the seeds.
fn run(
    project: &Project,
    program: &Path,
    target: &str,
    options: &FuzzOptions,
) -> anyhow::Result<Outcome> {
    let corpus = project.path(&format!("fuzz/corpus/{target}"));
    let artifacts = project.path(&format!("fuzz/artifacts/{target}"));
    std::fs::create_dir_all(&corpus)?;
    std::fs::create_dir_all(&artifacts)?;
    let started = Instant::now();
    let mut child = Command::new(program)
        .arg(&corpus)
        .arg(project.path(&format!("fuzz/seeds/{target}")))
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .args(["-max_len=8192", "-timeout=20", "-rss_limit_mb=3000"])
        .arg("-print_final_stats=1")
        .stderr(Stdio::piped())
        .current_dir(project.root())
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let mut outcome = Outcome {
        target: target.to_owned(),
        executions: 0,
        coverage: 0,
        features: 0,
        took: Duration::ZERO,
        crashed: false,
    };
    // Its own time, for on a busy machine any fuzzer stands still.
    let mut grown = Duration::ZERO;
    let mut told_to_end = false;
    let mut news = Instant::now();
    let stderr = child.stderr.take().context("libFuzzer's report")?;
    // It is silent for minutes when it finds nothing: its lines come through a channel, so that the clock is looked at meanwhile.
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    loop {
        match lines.recv_timeout(Duration::from_secs(1)) {
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {}
            Ok(line) => {
                if outcome.take(&line) {
                    grown = processor_time(child.id())?;
                }
                let of_interest = !["#", "INFO", "stat::"]
                    .iter()
                    .any(|start| line.starts_with(start));
                if of_interest && !told_to_end {
                    report::line(&format!("  {line}"));
                }
            }
        }
        let minutes = |minutes: u64| Duration::from_secs(minutes.saturating_mul(60));
        let unchanged = processor_time(child.id())?.saturating_sub(grown);
        let still = unchanged > minutes(options.still);
        let over = options
            .at_most
            .is_some_and(|most| started.elapsed() > minutes(most));
        if news.elapsed() > NEWS_EVERY {
            news = Instant::now();
            report::line(&format!(
                "  coverage {}, unchanged for {}; {} executions or more",
                outcome.coverage,
                report::seconds(unchanged),
                outcome.executions
            ));
        }
        if (still || over) && !told_to_end {
            told_to_end = true;
            // libFuzzer takes it as its user's Ctrl-C: it writes down what it has and ends.
            kill(Pid::from_raw(i32::try_from(child.id())?), Signal::SIGINT)?;
        }
    }
    let status = child.wait()?;
    outcome.crashed = !status.success() && status.code() != Some(INTERRUPTED);
    outcome.took = started.elapsed();
    Ok(outcome)
}

/// How long a process has been at work, on any core; as long as it is not waited for, it can be asked after its end, too.
fn processor_time(process: u32) -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // After the name, which may hold anything but ends with the last bracket: user and system time are the 14th and 15th field of all.
    let (_, fields) = stat.rsplit_once(')').context("the process's state")?;
    let ticks: u64 = fields
        .split_ascii_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum();
    let per_second = sysconf(SysconfVar::CLK_TCK)?.context("the length of a tick")?;
    let seconds = ticks.checked_div(u64::try_from(per_second)?);
    Ok(Duration::from_secs(
        seconds.context("the length of a tick")?,
    ))
}

impl Outcome {
    /// Takes in a line of libFuzzer's; whether it says that coverage has grown.
    fn take(&mut self, line: &str) -> bool {
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            self.executions = count.trim().parse().unwrap_or(self.executions);
        }
        let Some(state) = State::of(line) else {
            return false;
        };
        self.executions = self.executions.max(state.executions);
        // Features also count how often a line ran, which for some inputs never ends to grow.
        let grown = state.coverage > self.coverage;
        self.coverage = self.coverage.max(state.coverage);
        self.features = self.features.max(state.features);
        grown
    }
}

/// `#8192 pulse  cov: 310 ft: 512 corp: 40/2Kb …`
struct State {
    executions: u64,
    coverage: u64,
    features: u64,
}

impl State {
    fn of(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix('#')?.split_whitespace();
        let executions = words.next()?.parse().ok()?;
        let words: Vec<&str> = words.collect();
        let after = |name: &str| {
            let at = words.iter().position(|word| *word == name)?;
            words.get(at.checked_add(1)?)?.parse().ok()
        };
        Some(Self {
            executions,
            coverage: after("cov:")?,
            features: after("ft:")?,
        })
    }
}

fn host() -> anyhow::Result<String> {
    let version = shell::output(Command::new("rustc").arg("-vV"))?;
    version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("rustc names no host")
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn libfuzzers_report_is_read() {
        let line = "#8192\tpulse  cov: 310 ft: 512 corp: 40/2Kb lim: 80 exec/s: 4096 rss: 40Mb";
        let state = State::of(line).map(|it| (it.executions, it.coverage, it.features));
        assert_eq!(state, Some((8192, 310, 512)));
        assert!(State::of("INFO: seed corpus").is_none());
        assert!(State::of("#0\tREAD units: 12").is_none());
    }
}
