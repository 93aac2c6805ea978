//! What is compiled into the two wasm modules, as a CycloneDX bill of materials that goes into the npm package.
//!
//! From `cargo tree`, which resolves one package's features alone; `cargo metadata` would mix in those that other members of the
//! workspace ask for. Macros, build scripts and test peers are left out: they are not shipped. Nothing in it changes from one build to the
//! next of the same sources, no time and no serial number.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::project::Project;
use crate::shell;

/// The file's name in the package: what scanners look for.
pub(crate) const FILE: &str = "sbom.cdx.json";

/// Which crate needs which, by name and version.
#[derive(Default)]
struct Graph {
    licences: BTreeMap<Crate, String>,
    needs: BTreeMap<Crate, BTreeSet<Crate>>,
}

type Crate = (String, String);

/// The bill of the modules in `pkg/`, each a folder and a feature of that name.
pub(crate) fn of(project: &Project, builds: &[&str]) -> anyhow::Result<String> {
    let version = env!("CARGO_PKG_VERSION");
    let package = format!("pkg:npm/paysg-wasm@{version}");
    let rustc = shell::output(Command::new("rustc").arg("--version"))?;
    let rust_version = rustc.split_whitespace().nth(1).context("rustc's version")?;
    let library = format!("pkg:generic/rust-std@{rust_version}");
    let mut graph = Graph::default();
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    let mut modules = Vec::new();
    for build in builds {
        let roots = graph.add(project, build)?;
        let file = format!("{build}/paysg_wasm_bg.wasm");
        let wasm = std::fs::read(project.pkg().join(&file)).with_context(|| file.clone())?;
        components.push(json!({
            "type": "file", "bom-ref": file, "name": file, "version": version,
            "description": format!("The {build} module: the crate paysg-wasm with its feature `{build}`"),
            "hashes": [{"alg": "SHA-256", "content": hex(&Sha256::digest(&wasm))}],
            "licenses": [{"expression": env!("CARGO_PKG_LICENSE")}],
        }));
        let needs: Vec<String> = roots.iter().map(purl).chain([library.clone()]).collect();
        dependencies.push(json!({"ref": file, "dependsOn": needs}));
        modules.push(file);
    }
    components.push(json!({
        "type": "library", "bom-ref": library, "name": "std", "version": rust_version, "purl": library,
        "description": "Rust's standard library, of the compiler",
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
    }));
    dependencies.push(json!({"ref": library}));
    let lock = std::fs::read_to_string(project.path("Cargo.lock"))?;
    for (name_and_version, licence) in &graph.licences {
        let (name, version) = name_and_version;
        let purl = purl(name_and_version);
        components.push(json!({
            "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
            "hashes": [{"alg": "SHA-256", "content": checksum(&lock, name, version)?}],
            // Before SPDX had operators, a slash stood for `OR`.
            "licenses": [{"expression": licence.replace('/', " OR ")}],
        }));
        let needs: Vec<String> = graph
            .needs
            .get(name_and_version)
            .into_iter()
            .flatten()
            .map(self::purl)
            .collect();
        dependencies.push(json!({"ref": purl, "dependsOn": needs}));
    }
    dependencies.push(json!({"ref": package, "dependsOn": modules}));
    let bindgen = project.locked_version("wasm-bindgen")?;
    let bill = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {
            "lifecycles": [{"phase": "build"}],
            "tools": {"components": [
                {"type": "application", "name": "rustc", "version": rust_version},
                {"type": "application", "name": "wasm-bindgen", "version": bindgen},
            ]},
            "component": {
                "type": "library", "bom-ref": package, "name": "paysg-wasm", "version": version, "purl": package,
                "licenses": [{"expression": env!("CARGO_PKG_LICENSE")}],
            },
        },
        "components": components, "dependencies": dependencies,
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&bill)?))
}

impl Graph {
    /// Takes in what the crate needs with a feature, and returns what it needs directly.
    fn add(&mut self, project: &Project, feature: &str) -> anyhow::Result<BTreeSet<Crate>> {
        let tree = shell::output(
            shell::cargo()
                .args(["tree", "--locked", "--package", "paysg-wasm"])
                .args(["--no-default-features", "--features", feature])
                .args(["--target", "wasm32-unknown-unknown"])
                .args(["--edges", "normal,no-proc-macro", "--no-dedupe"])
                .args(["--prefix", "depth", "--format", "|{p}|{l}"])
                .current_dir(project.root()),
        )?;
        let mut roots = BTreeSet::new();
        let mut above: Vec<Crate> = Vec::new();
        for line in tree.lines().filter(|line| !line.is_empty()) {
            let (depth, this, licence) =
                read_line(line).with_context(|| format!("`cargo tree` said {line:?}"))?;
            above.truncate(depth);
            if depth == 1 {
                roots.insert(this.clone());
            }
            if depth > 0 {
                if let (Some(parent), true) = (above.last(), depth > 1) {
                    let needs = self.needs.entry(parent.clone()).or_default();
                    needs.insert(this.clone());
                }
                self.licences.insert(this.clone(), licence.to_owned());
            }
            above.push(this);
        }
        if roots.is_empty() {
            bail!("`cargo tree` named no dependency of the feature {feature}");
        }
        Ok(roots)
    }
}

/// `2|aead v0.6.1|MIT OR Apache-2.0`, perhaps with a path or a source after the version.
fn read_line(line: &str) -> Option<(usize, Crate, &str)> {
    let mut parts = line.split('|');
    let (depth, package, licence) = (parts.next()?, parts.next()?, parts.next()?);
    let mut words = package.split_whitespace();
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    let name_and_version = (name.to_owned(), version.to_owned());
    Some((depth.parse().ok()?, name_and_version, licence))
}

fn purl((name, version): &Crate) -> String {
    format!("pkg:cargo/{name}@{version}")
}

/// The checksum of a package in `Cargo.lock`.
fn checksum<'lock>(lock: &'lock str, name: &str, version: &str) -> anyhow::Result<&'lock str> {
    let head = format!("name = \"{name}\"\nversion = \"{version}\"\n");
    lock.split("[[package]]\n")
        .find(|package| package.starts_with(&head))
        .and_then(|package| {
            package
                .lines()
                .find_map(|line| line.strip_prefix("checksum = \"")?.strip_suffix('"'))
        })
        .with_context(|| format!("Cargo.lock has no checksum of {name} {version}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{checksum, read_line};

    #[test]
    fn a_line_of_cargos_tree_is_read() {
        let aead = ("aead".to_owned(), "0.6.1".to_owned());
        let read = read_line("2|aead v0.6.1|MIT OR Apache-2.0");
        assert_eq!(read, Some((2, aead, "MIT OR Apache-2.0")));
        let own = ("own".to_owned(), "0.1.0".to_owned());
        assert_eq!(read_line("0|own v0.1.0 (/a b)|MIT"), Some((0, own, "MIT")));
        assert_eq!(read_line("aead v0.6.1"), None);
    }

    #[test]
    fn a_checksum_is_that_of_the_very_version() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1\"\nsource = \"x\"\nchecksum = \"01\"\n\n\
                    [[package]]\nname = \"a\"\nversion = \"2\"\nchecksum = \"02\"\n";
        assert_eq!(checksum(lock, "a", "2").ok(), Some("02"));
        assert!(checksum(lock, "a", "3").is_err());
    }
}
