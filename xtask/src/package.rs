//! `pkg/`: the npm package, made of two wasm builds and the hand-written sources of `npm/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::fingerprint::{Fingerprint, files_under};
use crate::project::Project;
use crate::tools::{self, WasmTools};
use crate::{report, shell};

/// One of the crate's wasm builds.
struct WasmBuild {
    /// What it is called, and the folder that it goes to.
    name: &'static str,
    features: &'static str,
    /// Where its folder lies.
    inside: &'static str,
    /// How wasm-pack wraps it.
    target: &'static str,
    /// rustc's and wasm-opt's levels. The browser's bytes are downloaded by each payer; the edge's are
    /// loaded once and run for all of them.
    rustc_level: &'static str,
    /// What LLVM is told besides.
    llvm: Option<&'static str>,
    /// Whether it may use vectors of 128 bits.
    simd: bool,
    /// None: as rustc leaves it.
    wasm_opt_level: Option<&'static str>,
    /// Whether its imports get names of a letter or two.
    short_names: bool,
    /// How far its memory may grow, in bytes.
    max_memory: u32,
    /// The crate's own level, where it is another than its dependencies'.
    own_level: Option<&'static str>,
}

const BROWSER: WasmBuild = WasmBuild {
    name: "browser",
    features: "browser",
    inside: "pkg",
    // ES module that fetches its wasm by URL: works with every bundler and with none.
    target: "web",
    rustc_level: "z",
    llvm: None,
    // A phone that is too old for them pays, too.
    simd: false,
    wasm_opt_level: Some("-Oz"),
    short_names: true,
    // An order and an answer, a few times over, are a fraction of it.
    max_memory: 16 << 20,
    own_level: None,
};

const EDGE: WasmBuild = WasmBuild {
    name: "edge",
    features: "edge",
    inside: "pkg",
    // Instantiated from a module that each runtime brings in its own way.
    target: "web",
    rustc_level: "3",
    // What LLVM would inline beyond that is a twelfth of the bytes that each isolate reads at its cold start, for some per cent of the core's
    // time, which is a tenth of a request's. All of "s", on the other hand, takes a third more of that time.
    llvm: Some("-inline-threshold=60"),
    // Each runtime has had them for years (Node since 16.4), and the core is a twentieth faster with them, and smaller.
    simd: true,
    wasm_opt_level: Some("-O3"),
    short_names: false,
    // Cloudflare ends an isolate, with all requests in it, at 128 MB. Memory never shrinks, so it must trap well before that: a trap costs one
    // request, and the next instance begins small. A page of 3 MiB of PaySG's list fits.
    max_memory: 32 << 20,
    own_level: None,
};

/// The edge with traps to be sprung, for the tests of what a trap costs: never in the package.
const TRAPPING: WasmBuild = WasmBuild {
    name: "trapping",
    features: "edge,trap",
    inside: "target",
    ..EDGE
};

/// The same without wasm-opt, which takes half of the time: what a trap costs is the host's affair.
const TRAPPING_SOON: WasmBuild = WasmBuild {
    wasm_opt_level: None,
    own_level: Some("1"),
    ..TRAPPING
};

/// What rustc emits for this target by default since 1.82, what wasm-bindgen adds, and the edge's vectors; wasm-opt refuses a module that
/// uses more than it was told of.
const WASM_FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-simd",
];

/// What makes wasm small, at wasm-opt's level for that. It runs until nothing gets smaller; for the edge's speed that is minutes for nothing. Code that
/// repeats itself compresses better than calls and variables that avoid the repetition.
const SMALL: &[&str] = &[
    "--converge",
    "--always-inline-max-function-size=3",
    "--one-caller-inline-max-function-size=14",
    "--skip-pass=local-cse",
];

/// What of the crate decides its wasm.
const SOURCES: &[&str] = &[
    "src",
    "Cargo.toml",
    "Cargo.lock",
    "xtask/panics.mjs",
    "xtask/names.mjs",
];

/// Makes `pkg/`, and says how large it is.
pub(crate) fn build(project: &Project) -> anyhow::Result<()> {
    make(project)?;
    print_sizes(project)
}

/// Makes `pkg/`; a part whose sources have not changed is left as it is.
pub(crate) fn make(project: &Project) -> anyhow::Result<()> {
    let wasm_tools = tools::wasm_tools(project)?;
    npm_packages(project)?;
    for wasm_build in [BROWSER, EDGE] {
        build_wasm(project, &wasm_tools, &wasm_build)?;
    }
    copy_sources(project)
}

/// Makes `target/trapping`, which stands in for `pkg/edge` where `PAYSG_EDGE_WASM` names it; optimised as that is, or made soon.
pub(crate) fn make_trapping(project: &Project, as_shipped: bool) -> anyhow::Result<()> {
    let build = if as_shipped { TRAPPING } else { TRAPPING_SOON };
    build_wasm(project, &tools::wasm_tools(project)?, &build)
}

pub(crate) fn npm_packages(project: &Project) -> anyhow::Result<()> {
    tools::npm_packages(
        project,
        project.root(),
        "wasm-opt, workerd, wrangler and the tests' tools",
    )
}

/// Makes `pkg/` and its tarball, and returns the tarball's path.
pub(crate) fn pack(project: &Project) -> anyhow::Result<PathBuf> {
    build(project)?;
    let target = project.path("target");
    let printed = shell::output(
        tools::npm()?
            .args(["pack", "--json", "--loglevel=error", "--pack-destination"])
            .arg(&target)
            .current_dir(project.pkg()),
    )?;
    let packed: Value = serde_json::from_str(&printed)?;
    let name = packed
        .pointer("/0/filename")
        .and_then(Value::as_str)
        .context("`npm pack --json` named no file")?;
    let tarball = target.join(name);
    report::line(&format!("{}", tarball.display()));
    Ok(tarball)
}

fn build_wasm(project: &Project, wasm_tools: &WasmTools, build: &WasmBuild) -> anyhow::Result<()> {
    let folder = project.path(build.inside).join(build.name);
    let wasm = folder.join("paysg_wasm_bg.wasm");
    let mut fingerprint = Fingerprint::of(&format!(
        "{} {} {} {:?} {:?} {} {:?} {} {} {} {SMALL:?} {WASM_FEATURES:?} remapped",
        build.features,
        build.target,
        build.rustc_level,
        build.own_level,
        build.llvm,
        build.simd,
        build.wasm_opt_level,
        build.short_names,
        build.max_memory,
        wasm_tools.versions
    ));
    for source in SOURCES {
        fingerprint = fingerprint.with(&project.path(source))?;
    }
    fingerprint.unless_made(project, &format!("wasm-{}", build.name), &wasm, || {
        report::step(
            &format!("Building {}/{} with wasm-pack", build.inside, build.name),
            || compile(project, wasm_tools, build, &folder, None),
        )
    })?;
    Ok(())
}

/// An end to the memory; and paths that say nothing of the machine, for panics name the files that they come from: without this every wasm
/// holds the home of whoever built it. In the one variable that none of a user's own adds to: no two machines shall build differently.
fn rustflags(project: &Project, build: &WasmBuild) -> String {
    let cargo_home = std::env::var_os("CARGO_HOME").map_or_else(
        || Path::new(&std::env::var_os("HOME").unwrap_or_default()).join(".cargo"),
        PathBuf::from,
    );
    let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    let mut flags = vec![
        format!("-Clink-arg=--max-memory={}", build.max_memory),
        remap(&cargo_home, "/cargo"),
        remap(project.root(), "."),
    ];
    flags.extend(build.llvm.map(|flag| format!("-Cllvm-args={flag}")));
    flags.extend(build.simd.then(|| "-Ctarget-feature=+simd128".to_owned()));
    flags.join("\u{1f}")
}

/// Makes one build in a folder, with cargo's own `target` or another one.
fn compile(
    project: &Project,
    wasm_tools: &WasmTools,
    build: &WasmBuild,
    folder: &Path,
    target: Option<&Path>,
) -> anyhow::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    let mut command = wasm_tools.wasm_pack();
    command
        .args(["build", "--release", "--mode", "no-install"])
        .args(["--no-pack", "--no-gitignore", "--target", build.target])
        .arg("--out-dir")
        .arg(folder)
        .args(["--", "--locked", "--no-default-features"])
        .args(["--features", build.features])
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", build.rustc_level)
        .env("CARGO_ENCODED_RUSTFLAGS", rustflags(project, build))
        .current_dir(project.root());
    if let Some(level) = build.own_level {
        let setting = format!("profile.release.package.paysg-wasm.opt-level={level}");
        command.arg("--config").arg(setting);
    }
    if let Some(target) = target {
        command.env("CARGO_TARGET_DIR", target);
    }
    shell::run_quietly(&mut command)?;
    let wasm = folder.join("paysg_wasm_bg.wasm");
    if let Some(level) = build.wasm_opt_level {
        wasm_opt(project, level, &wasm)?;
    }
    if build.short_names {
        shell::run_quietly(
            Command::new(tools::node(project)?)
                .arg(project.path("xtask/names.mjs"))
                .args([wasm, folder.join("paysg_wasm.js")]),
        )?;
    }
    Ok(())
}

/// Makes both builds once more, from nothing, and says which file of `pkg/` came out different, if any.
pub(crate) fn reproduce(project: &Project) -> anyhow::Result<()> {
    make(project)?;
    let wasm_tools = tools::wasm_tools(project)?;
    let again = project.path("target/reproduced");
    if again.exists() {
        std::fs::remove_dir_all(&again)?;
    }
    let target = again.join("target");
    for build in [BROWSER, EDGE] {
        let folder = again.join(build.name);
        report::step(
            &format!("Building pkg/{} once more, from nothing", build.name),
            || compile(project, &wasm_tools, &build, &folder, Some(&target)),
        )?;
        let first = project.pkg().join(build.name);
        let names = |folder: &Path| -> anyhow::Result<Vec<PathBuf>> {
            let files = files_under(folder)?.into_iter();
            let name = |file: PathBuf| Ok(file.strip_prefix(folder)?.to_path_buf());
            files.map(name).collect()
        };
        let files = names(&first)?;
        if files != names(&folder)? {
            bail!("pkg/{} has other files than a second build", build.name);
        }
        for file in files {
            if std::fs::read(first.join(&file))? != std::fs::read(folder.join(&file))? {
                bail!(
                    "pkg/{}/{} is other bytes in a second build",
                    build.name,
                    file.display()
                );
            }
        }
        report::line(&format!("  the same {} files, byte for byte", build.name));
    }
    Ok(std::fs::remove_dir_all(&again)?)
}

/// Optimises the wasm in place. wasm-pack would do it with a program that it downloads from GitHub, which a
/// closed network has not; ours comes with the lockfile.
pub(crate) fn wasm_opt(project: &Project, level: &str, wasm: &Path) -> anyhow::Result<()> {
    npm_packages(project)?;
    // First, so that what only panics called goes too.
    shell::run_quietly(
        Command::new(tools::node(project)?)
            .arg(project.path("xtask/panics.mjs"))
            .arg(wasm),
    )?;
    let optimised = wasm.with_extension("optimised");
    shell::run_quietly(
        Command::new(tools::node(project)?)
            .arg(project.path("node_modules/binaryen/bin/wasm-opt"))
            .args([level, "--strip-producers", "--strip-target-features"])
            .args(if level == "-Oz" { SMALL } else { &[] })
            .args(WASM_FEATURES)
            .arg("--output")
            .arg(&optimised)
            .arg(wasm),
    )?;
    Ok(std::fs::rename(optimised, wasm)?)
}

/// Copies `npm/`, README, changes and licences, and removes what an earlier copy left behind.
fn copy_sources(project: &Project) -> anyhow::Result<()> {
    let pkg = project.pkg();
    let npm = project.path("npm");
    if !npm.join("package.json").is_file() {
        bail!("npm/package.json is missing: npm/ holds the package's hand-written sources");
    }
    let mut copies = Vec::new();
    for source in files_under(&npm)? {
        let destination = pkg.join(source.strip_prefix(&npm)?);
        copies.push((source, destination));
    }
    for name in ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        let source = project.path(name);
        if source.is_file() {
            copies.push((source, pkg.join(name)));
        }
    }
    let bill = pkg.join("sbom.cdx.json");
    let wasm_folders = [BROWSER, EDGE].map(|build| pkg.join(build.name));
    for file in files_under(&pkg)? {
        let from_wasm_pack = wasm_folders.iter().any(|folder| file.starts_with(folder));
        if !from_wasm_pack
            && file != bill
            && !copies.iter().any(|(_, destination)| *destination == file)
        {
            std::fs::remove_file(file)?;
        }
    }
    let manifest = pkg.join("package.json");
    for (source, destination) in &copies {
        let contents = if *destination == manifest {
            manifest_with_version(&std::fs::read_to_string(source)?)?.into_bytes()
        } else {
            std::fs::read(source)?
        };
        write_if_changed(destination, &contents)?;
    }
    let printed = shell::output(
        Command::new(tools::node(project)?)
            .arg(project.path("xtask/sbom.mjs"))
            .arg(&pkg)
            .args([BROWSER, EDGE].map(|build| build.name)),
    )?;
    write_if_changed(&bill, printed.as_bytes())
}

/// The package's manifest with the crate's version: there is one number, in `Cargo.toml`.
fn manifest_with_version(source: &str) -> anyhow::Result<String> {
    let mut manifest: Value = serde_json::from_str(source).context("npm/package.json")?;
    manifest
        .as_object_mut()
        .context("npm/package.json is not an object")?
        .insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
    Ok(serde_json::to_string_pretty(&manifest)?)
}

/// Writes only what differs, so that servers watching `pkg/` do not reload for nothing.
fn write_if_changed(path: &Path, contents: &[u8]) -> anyhow::Result<()> {
    if std::fs::read(path).is_ok_and(|present| present == contents) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    Ok(std::fs::write(path, contents)?)
}

fn print_sizes(project: &Project) -> anyhow::Result<()> {
    shell::run(
        Command::new(tools::node(project)?)
            .arg(project.path("xtask/sizes.mjs"))
            .arg(project.pkg()),
    )
}
