//! What the benchmark compares with, built as the product is: the same compiler, the same wasm-bindgen, the same wasm-opt.

use std::path::PathBuf;
use std::process::Command;

use crate::fingerprint::Fingerprint;
use crate::project::Project;
use crate::tools::WasmTools;
use crate::{package, report, shell, tools};

const TARGET: &str = "wasm32-unknown-unknown";

/// What was built.
pub(super) struct Made {
    pub(super) upstream: PathBuf,
}

/// A peer in wasm.
struct Peer {
    package: &'static str,
    /// The folder in `target/bench/`.
    name: &'static str,
    /// rustc's and wasm-opt's levels: those of the product's build that it is compared with.
    level: &'static str,
}

const PEERS: [Peer; 2] = [
    Peer {
        package: "bench-workers-rs",
        name: "workers_rs",
        level: "3",
    },
    Peer {
        package: "bench-bare",
        name: "bare",
        level: "z",
    },
];

/// Builds the peers and the stand-in for PaySG, where their sources have changed.
pub(super) fn make(project: &Project) -> anyhow::Result<Made> {
    tools::npm_packages(
        project,
        &project.path("tests/bench"),
        "Hono, stripe-node and Adyen's component",
    )?;
    let wasm_tools = tools::wasm_tools(project)?;
    for peer in &PEERS {
        make_wasm(project, &wasm_tools, peer)?;
    }
    let upstream = project.path("target/bench/release/bench-upstream");
    sources(project, "upstream")?.unless_made(project, "bench-upstream", &upstream, || {
        report::step("Building the benchmark's stand-in for PaySG", || {
            shell::run_quietly(&mut cargo(project, "bench-upstream"))
        })
    })?;
    Ok(Made { upstream })
}

fn sources(project: &Project, recipe: &str) -> anyhow::Result<Fingerprint> {
    let mut fingerprint = Fingerprint::of(recipe);
    for source in ["Cargo.toml", "Cargo.lock", "upstream", "peers", "browser"] {
        fingerprint = fingerprint.with(&project.path("tests/bench").join(source))?;
    }
    Ok(fingerprint)
}

fn cargo(project: &Project, package: &str) -> Command {
    let mut command = shell::cargo();
    command
        .args(["build", "--release", "--locked", "--package", package])
        .arg("--manifest-path")
        .arg(project.path("tests/bench/Cargo.toml"))
        .arg("--target-dir")
        .arg(project.path("target/bench"));
    command
}

fn make_wasm(project: &Project, wasm_tools: &WasmTools, peer: &Peer) -> anyhow::Result<()> {
    let Peer {
        package,
        name,
        level,
    } = peer;
    let folder = project.path("target/bench").join(name);
    let file = package.replace('-', "_");
    let wasm = folder.join(format!("{file}_bg.wasm"));
    let recipe = format!("{package} {level} {}", wasm_tools.versions);
    sources(project, &recipe)?.unless_made(project, package, &wasm, || {
        report::step(&format!("Building the peer {package}"), || {
            shell::run_quietly(
                cargo(project, package)
                    .args(["--target", TARGET])
                    .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level)
                    .env("RUSTFLAGS", "--cfg getrandom_backend=\"wasm_js\""),
            )?;
            shell::run_quietly(
                wasm_tools
                    .wasm_bindgen()
                    .args(["--target", "web", "--out-dir"])
                    .arg(&folder)
                    .arg(project.path(&format!("target/bench/{TARGET}/release/{file}.wasm"))),
            )?;
            package::wasm_opt(project, &format!("-O{level}"), &wasm)
        })
    })?;
    Ok(())
}
