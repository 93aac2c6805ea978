//! `cargo xtask audit`: asks the advisory databases of Rust and npm about everything that the lockfiles name.
//!
//! The databases are on the network, so this is not part of the tests: it fails where they cannot be reached.

use std::process::{Command, ExitCode};

use crate::project::Project;
use crate::{report, shell, tools};

/// Each folder with a `package-lock.json`; `tests/package/supply.test.mjs` checks that none is missing.
const NPM_FOLDERS: [&str; 7] = [
    "",
    "docs",
    "www",
    "tests/bench",
    "tests/conformance",
    "tests/packaging",
    "tests/packaging/deep",
];

/// Runs `cargo deny check advisories` and `npm audit` for every lockfile.
pub(crate) fn audit(project: &Project) -> anyhow::Result<ExitCode> {
    let deny = tools::cargo_deny(project)?;
    let mut commands = Vec::new();
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let mut command = Command::new(&deny);
        command
            .args(["--manifest-path", manifest, "--workspace"])
            .args(["--config", "deny.toml", "check", "advisories"])
            .current_dir(project.root());
        commands.push(command);
    }
    for folder in NPM_FOLDERS {
        let mut command = tools::npm()?;
        command
            .args(["audit", "--audit-level=low"])
            .current_dir(project.path(folder));
        commands.push(command);
    }
    let mut result = ExitCode::SUCCESS;
    for mut command in commands {
        report::line(&format!("▸ {}", shell::typed(&command, project.root())));
        if let Err(error) = shell::run(&mut command) {
            report::failure(&format!("{error:#}"));
            result = ExitCode::FAILURE;
        }
    }
    Ok(result)
}
