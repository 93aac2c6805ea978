//! What comes from others: licences, sources, versions, and what is known against them.

use std::path::Path;
use std::process::{Command, Output};

use super::tally::Tally;
use crate::project::Project;
use crate::{report, tools};

/// Where npm installs, as in `tests/package/supply.test.mjs`, which finds the ones that are missing there.
const NPM_FOLDERS: [&str; 6] = [
    "",
    "www",
    "tests/bench",
    "tests/conformance",
    "tests/packaging",
    "tests/packaging/deep",
];

/// `deny.toml` over the workspace, the fuzzers and what their packages are known for.
///
/// What is known against a package is on the network. Where that cannot be reached, the check says so and counts as skipped; it never
/// passes unasked.
pub(super) fn check(project: &Project) -> anyhow::Result<Tally> {
    let deny = tools::cargo_deny(project)?;
    let mut tally = Tally::default();
    for (manifest, checks) in [
        ("Cargo.toml", &["bans", "licenses", "sources"][..]),
        // The fuzzers are shipped to nobody: their licences bind nobody.
        ("fuzz/Cargo.toml", &["bans", "sources"]),
    ] {
        let command = &mut run(project, &deny, manifest);
        command.arg("check").args(checks);
        let what = format!("cargo deny check {} ({manifest})", checks.join(" "));
        tally.add(judge(&what, command, |_| false));
    }
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let command = &mut run(project, &deny, manifest);
        command.args(["check", "advisories"]);
        let what = format!("cargo deny check advisories ({manifest})");
        tally.add(judge(&what, command, |said| {
            said.contains("failed to fetch advisory database")
        }));
    }
    for folder in NPM_FOLDERS {
        let mut command = tools::npm()?;
        command
            .args(["audit", "--audit-level=low", "--loglevel=error"])
            .current_dir(project.path(folder));
        let what = format!("npm audit ({folder}/package-lock.json)").replace("(/", "(");
        tally.add(judge(&what, &mut command, |said| {
            said.contains("audit endpoint returned an error")
                || said.contains("ENOTFOUND")
                || said.contains("EAI_AGAIN")
                || said.contains("ECONNREFUSED")
        }));
    }
    Ok(tally)
}

fn run(project: &Project, deny: &Path, manifest: &str) -> Command {
    let mut command = Command::new(deny);
    command
        .arg("--manifest-path")
        .arg(project.path(manifest))
        .arg("--workspace")
        .arg("--config")
        .arg(project.path("deny.toml"))
        .args(["--log-level", "error"])
        .current_dir(project.root());
    command
}

/// Passed, failed, or, where what it must ask could not be reached, skipped.
fn judge(what: &str, command: &mut Command, unreachable: impl Fn(&str) -> bool) -> Tally {
    report::line(&format!("▸ {what}"));
    let Output {
        status,
        stdout,
        stderr,
    } = match command.output() {
        Ok(output) => output,
        Err(error) => {
            report::failure(&format!("{what}: {error}"));
            return Tally::FAILURE;
        }
    };
    if status.success() {
        return Tally {
            passed: 1,
            ..Tally::default()
        };
    }
    let said = [stdout, stderr].map(|stream| String::from_utf8_lossy(&stream).into_owned());
    let said = said.join("\n");
    if unreachable(&said) {
        report::line(
            "  SKIPPED: what is known against these packages cannot be reached from here; nothing was checked. Run it where it can.",
        );
        return Tally {
            skipped: 1,
            ..Tally::default()
        };
    }
    report::failure(&format!("{what}\n{}", said.trim()));
    Tally::FAILURE
}
