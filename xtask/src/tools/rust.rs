//! The wasm target, wasm-pack and wasm-bindgen's command line.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::project::Project;
use crate::{report, shell};

const TARGET: &str = "wasm32-unknown-unknown";
/// The version that is installed where there is none, and the oldest whose flags were tried.
const WASM_PACK: &str = "0.15.1";
const WASM_PACK_LEAST: &[u32] = &[0, 15];

/// wasm-pack, and the `PATH` on which it finds the right wasm-bindgen.
pub(crate) struct WasmTools {
    wasm_pack: PathBuf,
    wasm_bindgen: PathBuf,
    path: OsString,
    /// What decides the output besides the sources.
    pub(crate) versions: String,
}

impl WasmTools {
    /// `wasm-pack`, with the right wasm-bindgen first on its `PATH`.
    pub(crate) fn wasm_pack(&self) -> Command {
        let mut command = Command::new(&self.wasm_pack);
        command.env("PATH", &self.path);
        command
    }

    /// wasm-bindgen's command line, in the version of the lockfile.
    pub(crate) fn wasm_bindgen(&self) -> Command {
        Command::new(&self.wasm_bindgen)
    }
}

/// Finds or installs what compiles Rust to a wasm module.
pub(crate) fn wasm_tools(project: &Project) -> anyhow::Result<WasmTools> {
    wasm_target()?;
    let bindgen_version = project.locked_version("wasm-bindgen")?;
    let wasm_bindgen = CargoTool {
        package: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        version: &bindgen_version,
        reason: "it writes the JavaScript around the wasm, and must be of the crate's exact version",
        profile: "release",
    }
    .installed(project, |version| version == bindgen_version)?;
    let wasm_pack = CargoTool {
        package: "wasm-pack",
        program: "wasm-pack",
        version: WASM_PACK,
        reason: "it drives both wasm builds and the tests in a browser",
        // It only starts other programs; unoptimised it is installed in half the time.
        profile: "dev",
    }
    .installed(project, |version| shell::at_least(version, WASM_PACK_LEAST))?;
    let folder = wasm_bindgen.parent().unwrap_or(Path::new("."));
    let rustc = shell::output(Command::new("rustc").arg("--version"))?;
    Ok(WasmTools {
        path: shell::path_with(&[folder])?,
        versions: format!("{rustc} wasm-bindgen {bindgen_version}"),
        wasm_pack,
        wasm_bindgen,
    })
}

/// The formatter and the linter, which a minimal Rust comes without.
pub(crate) fn lints() -> anyhow::Result<()> {
    for (command, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if shell::output(shell::cargo().args([command, "--version"])).is_ok() {
            continue;
        }
        if shell::which("rustup").is_none() {
            bail!(
                "`cargo {command}` is missing, and there is no rustup to add it: install {component}"
            );
        }
        report::step(
            &format!("Adding {component}: the tests check with it"),
            || shell::run_quietly(Command::new("rustup").args(["component", "add", component])),
        )?;
    }
    Ok(())
}

/// The target of both builds.
pub(crate) fn wasm_target() -> anyhow::Result<()> {
    let sysroot = shell::output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let library = Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET);
    if library.is_dir() {
        return Ok(());
    }
    if shell::which("rustup").is_none() {
        bail!(
            "this Rust has no target {TARGET}, and there is no rustup to add it: \
             install Rust from https://rustup.rs, or your distribution's package for the target"
        );
    }
    report::step(
        &format!("Adding Rust's target {TARGET}: browser and edge are wasm"),
        || shell::run_quietly(Command::new("rustup").args(["target", "add", TARGET])),
    )
}

/// A program from crates.io.
pub(super) struct CargoTool<'a> {
    pub(super) package: &'a str,
    pub(super) program: &'a str,
    /// The one to install.
    pub(super) version: &'a str,
    pub(super) reason: &'a str,
    pub(super) profile: &'a str,
}

impl CargoTool<'_> {
    /// The program in a version that will do, in the project's own folder or on `PATH`.
    pub(super) fn found(
        &self,
        project: &Project,
        will_do: impl Fn(&str) -> bool,
    ) -> Option<PathBuf> {
        shell::candidates(self.program, &[project.tools_bin()])
            .into_iter()
            .find(|candidate| shell::version_of(candidate).is_some_and(|found| will_do(&found)))
    }

    /// The program, in a version that will do: from `PATH`, or installed into the project's own folder.
    pub(super) fn installed(
        &self,
        project: &Project,
        will_do: impl Fn(&str) -> bool,
    ) -> anyhow::Result<PathBuf> {
        if let Some(found) = self.found(project, will_do) {
            return Ok(found);
        }
        let Self {
            package,
            version,
            reason,
            ..
        } = self;
        report::step(
            &format!("Installing {package} {version}: {reason} (one to four minutes)"),
            || {
                // Without --locked: the lockfiles these tools ship name versions that not every mirror serves.
                shell::run_quietly(
                    shell::cargo()
                        .args(["install", package, "--version", version])
                        .args(["--profile", self.profile, "--force", "--root"])
                        .arg(project.tools_root()),
                )
                .with_context(|| {
                    format!("install it with `cargo install {package} --version {version}`")
                })
            },
        )?;
        Ok(project.tools_bin().join(self.program))
    }
}
