//! The journeys of payers, browser by browser.

use std::path::PathBuf;

use super::tally::{self, Tally};
use super::{Suite, js_tests, test_files};
use crate::report;
use crate::tools::{self, Browser};

/// What the other engines walk where nobody asks for more: paying, from the form to the receipt, and giving up.
const SMOKE: &str = "paying.test.mjs";
const SMOKE_JOURNEYS: &str = "^(a licence is paid at|who gives up at PaySG)";

/// How much of the journeys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    Smoke,
}

pub(super) fn journeys(suite: &Suite<'_>) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    for (browser, extent) in choice(suite) {
        let tests = tests(suite, browser, extent);
        if tests.is_empty() {
            continue;
        }
        report::line(&format!(
            "▸ {}{}",
            browser.name(),
            if extent == Extent::Smoke {
                ": smoke test (whole with --browser or --deep)"
            } else {
                ""
            }
        ));
        let mut command = suite.node_command()?;
        command
            .env("PAYSG_BROWSER", browser.name())
            .envs(suite.browser(browser)?);
        if extent == Extent::Smoke {
            command.arg(format!("--test-name-pattern={SMOKE_JOURNEYS}"));
        }
        let tap = suite.tap(&format!("-{}", browser.name()))?;
        let walked = tally::node_test(&mut command, &tap, &tests)?;
        if walked.passed == 0 && walked.failed == 0 {
            report::failure(&format!("{}: no journey was walked", browser.name()));
            tally.add(Tally::FAILURE);
        }
        tally.add(walked);
    }
    Ok(tally)
}

/// The browsers for the tests of the wasm itself. What they cannot run in is said.
pub(super) fn of_wasm(suite: &Suite<'_>) -> Vec<Browser> {
    let wanted: &[Browser] = match (suite.browsers, suite.deep) {
        ([], false) => &[Browser::Chromium],
        ([], true) => &[Browser::Chromium, Browser::Firefox],
        (named, _) => named,
    };
    if wanted.contains(&Browser::Webkit) {
        report::line(
            "▸ webkit: not run, for wasm-bindgen's runner drives Safari, which only macOS has; the journeys load the wasm there",
        );
    }
    wanted
        .iter()
        .copied()
        .filter(|browser| *browser != Browser::Webkit)
        .collect()
}

fn choice(suite: &Suite<'_>) -> Vec<(Browser, Extent)> {
    let whole = |browser: &Browser| (*browser, Extent::Whole);
    if !suite.browsers.is_empty() {
        return suite.browsers.iter().map(whole).collect();
    }
    if suite.deep {
        return [Browser::Chromium, Browser::Firefox, Browser::Webkit]
            .iter()
            .map(whole)
            .collect();
    }
    let mut chosen = vec![
        (Browser::Chromium, Extent::Whole),
        (Browser::Webkit, Extent::Smoke),
    ];
    if tools::has_geckodriver(suite.project) {
        chosen.push((Browser::Firefox, Extent::Smoke));
    } else {
        report::line(
            "▸ firefox: not run, for its driver would have to be built first, which takes one to three minutes: \
             --browser firefox or --deep builds and keeps it",
        );
    }
    chosen
}

fn tests(suite: &Suite<'_>, browser: Browser, extent: Extent) -> Vec<PathBuf> {
    let mut tests = js_tests(suite.project, suite.group);
    if extent == Extent::Smoke {
        tests.retain(|test| test.ends_with(SMOKE));
    }
    if browser == Browser::Chromium {
        // The e-service's own tests go with those that use it; they need no browser.
        tests.extend(test_files(&suite.project.path("www/tests")));
    }
    tests
}
