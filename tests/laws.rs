//! The laws of the fuzzers, over the committed seeds and what once broke them: on any compiler, in a second.
#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    reason = "laws are assertions"
)]

#[path = "../fuzz/laws/mod.rs"]
mod laws;

use std::fs;
use std::path::Path;

#[test]
fn every_law_holds_for_its_seeds() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for (name, law) in laws::ALL {
        let folder = seeds.join(name);
        let mut files: Vec<_> = fs::read_dir(&folder)
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        assert!(files.len() >= 5, "{name} has only {} seeds", files.len());
        for file in files {
            let input = fs::read(&file).unwrap();
            if std::panic::catch_unwind(|| law(&input)).is_err() {
                panic!("{}", file.display());
            }
        }
    }
}

#[test]
fn every_fuzz_target_is_a_law_here() {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/targets");
    let mut targets: Vec<String> = fs::read_dir(targets)
        .unwrap()
        .map(|entry| {
            entry
                .unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    targets.sort();
    assert_eq!(targets, laws::ALL.map(|(name, _)| name));
}
