//! Random lives of one intent, over the pure core with a virtual clock: creates, changed orders, several payments that can be paid, transfers to
//! cancelled ones, commands, events (twice, stale, swapped, unknown), alarms, an operator's commands, a notification URL that is set later,
//! a PaySG that drops connections, records a 500, forgets keys, an e-service that is down for days, and crashes before and after every write.
//!
//! `cargo test --features edge --test model` runs 20 000 lives, and 1 000 000 with `PAYSG_DEEP=1` (sooner with `--release`). `MODEL_SEQUENCES=n` runs
//! as many. A failure prints its seed, and `MODEL_SEED=n` runs that one alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)] // A test is meant to panic.
#![allow(clippy::arithmetic_side_effects, clippy::print_stderr)] // Small numbers of its own making; progress.

mod checks;
mod dice;
mod eservice;
mod life;
mod long;
mod operator;
mod paysg;
mod refunds;
mod seen;
mod world;

use world::World;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn deep() -> bool {
    number("PAYSG_DEEP") == Some(1)
}

#[test]
fn every_life_of_an_intent_keeps_its_promises() {
    if let Some(seed) = number("MODEL_SEED") {
        let mut world = World::new(seed, true);
        world.live();
        return;
    }
    let sequences = number("MODEL_SEQUENCES").unwrap_or(if deep() { 1_000_000 } else { 20_000 });
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let workers: Vec<_> = (0..threads)
        .map(|worker| {
            std::thread::spawn(move || {
                let mut seen = seen::Seen::default();
                for seed in (worker..sequences).step_by(threads as usize) {
                    let life = std::panic::catch_unwind(|| {
                        let mut world = World::new(seed, false);
                        world.live();
                        world.seen
                    });
                    match life {
                        Ok(life) => seen.add(&life),
                        Err(cause) => {
                            eprintln!("MODEL_SEED={seed} shows it again");
                            std::panic::resume_unwind(cause);
                        }
                    }
                }
                seen
            })
        })
        .collect();
    let mut seen = seen::Seen::default();
    for worker in workers {
        seen.add(&worker.join().expect("a sequence failed: its seed is above"));
    }
    eprintln!("{sequences} sequences: {seen:?}");
    // What never happened was never tested.
    seen.assert_all_happened();
}
