//! Counting tests by what their runners print.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use crate::{report, shell};

/// How many tests ran, and how many things went wrong, tests or checks.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Tally {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
}

impl Tally {
    pub(super) const FAILURE: Self = Self {
        passed: 0,
        failed: 1,
        skipped: 0,
    };

    pub(super) fn add(&mut self, other: Self) {
        self.passed = self.passed.saturating_add(other.passed);
        self.failed = self.failed.saturating_add(other.failed);
        self.skipped = self.skipped.saturating_add(other.skipped);
    }

    /// A runner that failed without naming a failed test (it did not compile, it crashed) counts as one failure.
    fn of_runner(self, succeeded: bool) -> Self {
        if !succeeded && self.failed == 0 {
            return Self { failed: 1, ..self };
        }
        self
    }
}

/// Runs `cargo test`, `wasm-pack test` or whatever prints libtest's summaries, shown as they come.
pub(super) fn libtest(command: &mut Command) -> anyhow::Result<Tally> {
    let (tally, succeeded) = relayed(command)?;
    Ok(tally.of_runner(succeeded))
}

/// Runs a program, shows what it prints under our own margin, and counts libtest's summaries in it.
fn relayed(command: &mut Command) -> anyhow::Result<(Tally, bool)> {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", shell::shown(command)))?;
    // wasm-pack's runner prints its summaries to either stream, depending on its version.
    let stderr = child.stderr.take();
    let margin = report::margin();
    let errors = std::thread::spawn(move || {
        report::set_margin(margin);
        stderr.map(|stream| shown(stream, std::io::stderr()))
    });
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        tally.add(shown(stdout, std::io::stdout()));
    }
    if let Ok(Some(counted)) = errors.join() {
        tally.add(counted);
    }
    Ok((tally, child.wait()?.success()))
}

/// Runs `node --test` on these files, shown as it goes, counted by a second reporter in `report`.
pub(super) fn node_test(
    command: &mut Command,
    report: &Path,
    files: &[PathBuf],
) -> anyhow::Result<Tally> {
    if report.exists() {
        std::fs::remove_file(report)?;
    }
    command.args([
        "--test-reporter=spec",
        "--test-reporter-destination=stdout",
        "--test-reporter=tap",
    ]);
    command.arg(format!("--test-reporter-destination={}", report.display()));
    command.args(files);
    let succeeded = if report::margin().is_empty() {
        command
            .status()
            .with_context(|| format!("cannot start `{}`", shell::shown(command)))?
            .success()
    } else {
        relayed(command)?.1
    };
    let text = std::fs::read_to_string(report).unwrap_or_default();
    Ok(of_tap(&text).of_runner(succeeded))
}

fn shown(stream: impl Read, mut to: impl std::io::Write) -> Tally {
    let mut tally = Tally::default();
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        if !is_nodes_count(&line) {
            report::show(&mut to, &line);
        }
        tally.add(of_libtest_line(&line));
    }
    tally
}

/// `ℹ pass 3`, of one run among many: the sum of the group says it.
fn is_nodes_count(line: &str) -> bool {
    let Some((what, count)) = line
        .strip_prefix("ℹ ")
        .and_then(|rest| rest.split_once(' '))
    else {
        return false;
    };
    let counted = [
        "tests",
        "suites",
        "pass",
        "fail",
        "cancelled",
        "skipped",
        "todo",
        "duration_ms",
    ];
    counted.contains(&what) && count.trim().parse::<f64>().is_ok()
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; …`
fn of_libtest_line(line: &str) -> Tally {
    let Some(summary) = line.trim().strip_prefix("test result: ") else {
        return Tally::default();
    };
    let count = |what: &str| {
        summary
            .split([';', '.'])
            .find_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok())
            .unwrap_or(0)
    };
    Tally {
        passed: count("passed"),
        failed: count("failed"),
        skipped: count("ignored"),
    }
}

/// Node's summary, `# pass 3`: the last of each, for a test may print such a line itself. A cancelled test did not pass.
fn of_tap(report: &str) -> Tally {
    let count = |what: &str| {
        report
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix(what)?.trim().parse::<u64>().ok())
            .unwrap_or(0)
    };
    Tally {
        passed: count("# pass "),
        failed: count("# fail ").saturating_add(count("# cancelled ")),
        skipped: count("# skipped ").saturating_add(count("# todo ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Tally, is_nodes_count, of_libtest_line, of_tap};

    #[test]
    fn a_libtest_summary_is_counted() {
        let line =
            "test result: FAILED. 12 passed; 3 failed; 2 ignored; 0 measured; 0 filtered out";
        let tally = Tally {
            passed: 12,
            failed: 3,
            skipped: 2,
        };
        assert_eq!(of_libtest_line(line), tally);
        assert_eq!(of_libtest_line("test paysg::id ... ok"), Tally::default());
    }

    #[test]
    fn a_node_summary_is_counted_with_cancelled_tests_as_failed() {
        let report = "TAP version 13\n# pass 99\nok 1 - x\n# tests 6\n# suites 0\n# pass 3\n\
                      # fail 1\n# cancelled 1\n# skipped 1\n# todo 0\n";
        let tally = Tally {
            passed: 3,
            failed: 2,
            skipped: 1,
        };
        assert_eq!(of_tap(report), tally);
    }

    #[test]
    fn of_nodes_information_only_its_counts_are_left_out() {
        assert!(is_nodes_count("ℹ pass 3"));
        assert!(is_nodes_count("ℹ duration_ms 480514.841675"));
        for told in [
            "ℹ seed 4; 25 intents",
            "ℹ fail fast",
            "✔ pass 3",
            "ℹ 3 pass",
        ] {
            assert!(!is_nodes_count(told), "{told}");
        }
    }

    #[test]
    fn a_runner_that_fails_silently_is_a_failure() {
        assert_eq!(Tally::default().of_runner(false), Tally::FAILURE);
    }
}
