//! What runs beside what.
//!
//! A linker, a browser that waits for its timers and an edge that waits for PaySG leave a machine idle most of the time. Three of them at once
//! do not; more would only take turns.

use std::time::Duration;

use super::group::Group;
use super::tally::Tally;
use crate::report;

/// Lanes run side by side, the groups of one after each other.
const LANES: [&[Group]; 3] = [
    &[Group::Native, Group::Wasm, Group::Package],
    &[Group::E2e],
    &[Group::Docs, Group::Edge, Group::Threats],
];

/// How a group went.
pub(super) struct Outcome {
    pub(super) group: Group,
    pub(super) tally: Tally,
    pub(super) took: Duration,
}

/// Runs these groups, or all; gives their outcomes in the order of the sum. A group that runs alone has the terminal to itself. A lane that has come to its
/// end helps with the journeys, which take longest.
pub(super) fn run(
    only: &[Group],
    outcome: &(impl Fn(Group) -> Outcome + Sync),
    help: &(impl Fn() + Sync),
) -> Vec<Outcome> {
    let lanes: Vec<Vec<Group>> = LANES
        .iter()
        .map(|lane| chosen(lane, only))
        .filter(|lane| !lane.is_empty())
        .collect();
    let mut outcomes = if let [lane] = lanes.as_slice() {
        lane.iter().copied().map(outcome).collect()
    } else {
        side_by_side(&lanes, outcome, help)
    };
    outcomes.sort_by_key(|outcome| outcome.group);
    outcomes
}

fn chosen(lane: &[Group], only: &[Group]) -> Vec<Group> {
    let wanted = |group: &&Group| only.is_empty() || only.contains(group);
    lane.iter().filter(wanted).copied().collect()
}

fn side_by_side(
    lanes: &[Vec<Group>],
    outcome: &(impl Fn(Group) -> Outcome + Sync),
    help: &(impl Fn() + Sync),
) -> Vec<Outcome> {
    let journeys = lanes.iter().any(|lane| lane.contains(&Group::E2e));
    std::thread::scope(|scope| {
        let running: Vec<_> = lanes
            .iter()
            .map(|lane| {
                let in_lane = move |group: &Group| {
                    report::set_margin(group.margin());
                    outcome(*group)
                };
                scope.spawn(move || {
                    let outcomes: Vec<_> = lane.iter().map(in_lane).collect();
                    if journeys && !lane.contains(&Group::E2e) {
                        report::set_margin(Group::E2e.margin());
                        help();
                    }
                    outcomes
                })
            })
            .collect();
        running
            .into_iter()
            .zip(lanes)
            .flat_map(|(running, lane)| running.join().unwrap_or_else(|_| lost(lane)))
            .collect()
    })
}

/// The groups of a lane that broke off.
fn lost(lane: &[Group]) -> Vec<Outcome> {
    let lost = |group: &Group| Outcome {
        group: *group,
        tally: Tally::FAILURE,
        took: Duration::ZERO,
    };
    lane.iter().map(lost).collect()
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::{Group, LANES, chosen};

    #[test]
    fn every_group_runs_and_runs_once() {
        let mut groups: Vec<Group> = LANES.iter().flat_map(|lane| chosen(lane, &[])).collect();
        groups.sort();
        assert_eq!(groups, Group::value_variants());
    }

    #[test]
    fn what_is_asked_for_runs_alone() {
        let lanes = LANES.map(|lane| chosen(lane, &[Group::Edge]));
        assert_eq!(lanes.concat(), [Group::Edge]);
    }
}
