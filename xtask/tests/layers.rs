//! The core decides and the hosts act: `paysg`, `ledger` and `flow` know no JavaScript, no clock, no randomness and no
//! I/O, and dependencies point one way, `browser`/`edge` → `flow` → `ledger` → `paysg`.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

/// A layer and the modules above it.
const LAYERS: [(&str, &[&str]); 3] = [
    ("src/paysg", &["ledger", "flow", "browser", "edge"]),
    ("src/ledger", &["flow", "browser", "edge"]),
    ("src/flow", &["browser", "edge"]),
];

/// Names that stand for a host: crates, and what of the standard library asks the operating system.
const HOSTS: &[&str] = &[
    "js_sys",
    "web_sys",
    "wasm_bindgen",
    "wasm_bindgen_futures",
    "serde_wasm_bindgen",
    "tsify",
    "gloo_net",
    "gloo_timers",
    "tokio",
    "getrandom",
    "rand",
    "uuid",
    "SystemTime",
    "Instant",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
];

#[test]
fn the_core_names_no_host_and_no_layer_above() -> Result<(), Box<dyn Error>> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut complaints = Vec::new();
    for (layer, above) in LAYERS {
        let sources = rust_sources(&root.join(layer))?;
        assert!(
            !sources.is_empty(),
            "{layer} holds no Rust: where did the core go?"
        );
        for source in sources {
            let text = fs::read_to_string(&source)?;
            for name in names_in(&text, above) {
                complaints.push(format!("{} names {name}", source.display()));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}

#[test]
fn the_look_finds_what_it_looks_for() {
    let above = &["edge"];
    assert_eq!(
        names_in("let now = std::time::Instant::now();", above),
        ["Instant"]
    );
    assert_eq!(names_in("use crate::edge::routes;", above), ["crate::edge"]);
    assert_eq!(names_in("use std::{env, fmt};", above), ["std::env"]);
    assert_eq!(
        names_in("// an Instant, by rand\nlet instant = operand;", above),
        [""; 0]
    );
}

/// Which of the forbidden names the code has, comments aside.
fn names_in(source: &str, above: &[&str]) -> Vec<String> {
    let code: String = source
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("\n");
    let modules = above.iter().map(|module| format!("crate::{module}"));
    HOSTS
        .iter()
        .map(|host| (*host).to_owned())
        .chain(modules)
        .filter(|name| has_path(&code, name))
        .collect()
}

/// Whether the code names the path, as `a::b`, or within `a::{…}`.
fn has_path(code: &str, path: &str) -> bool {
    if has_word(code, path) {
        return true;
    }
    let Some((parent, name)) = path.rsplit_once("::") else {
        return false;
    };
    code.split(&format!("{parent}::{{"))
        .skip(1)
        .filter_map(|rest| rest.split(';').next())
        .any(|group| has_word(group, name))
}

fn has_word(code: &str, word: &str) -> bool {
    let part_of_name = |character: char| character.is_alphanumeric() || character == '_';
    code.match_indices(word).any(|(start, _)| {
        let (before, rest) = code.split_at(start);
        let after = rest.strip_prefix(word).unwrap_or_default();
        !before.ends_with(part_of_name) && !after.starts_with(part_of_name)
    })
}

/// All but tests, which may ask their environment how long to run.
fn rust_sources(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))? {
        let path = entry?.path();
        if path.file_stem().is_some_and(|name| name == "tests") {
            continue;
        }
        if path.is_dir() {
            sources.extend(rust_sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(path);
        }
    }
    Ok(sources)
}
