//! The journeys of payers, browser by browser.

use std::cmp::Reverse;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::shared::Shared;
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

/// The journeys in Chromium, file by file: whoever has nothing else to do walks along.
#[derive(Default)]
pub(super) struct Journeys {
    files: Shared<Walk>,
    walked: Mutex<Tally>,
    /// Somebody helps already. Three browsers on a small machine would be too slow for pages that wait for nobody.
    helped: AtomicBool,
}

struct End<'a>(&'a Journeys);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.files.give([]);
    }
}

/// A browser and what it walks.
struct Walk {
    browser: Browser,
    extent: Extent,
    files: Vec<PathBuf>,
    variables: Vec<(&'static str, PathBuf)>,
}

impl Journeys {
    /// Once what this gives is dropped, nothing will come that has not come yet, and nobody waits for it.
    pub(super) fn end_at_last(&self) -> impl Drop {
        End(self)
    }

    /// Takes part until no file is left to be begun.
    pub(super) fn help(&self, suite: &Suite<'_>) {
        if !self.helped.swap(true, Ordering::Relaxed) {
            self.take_part(suite);
        }
    }

    fn take_part(&self, suite: &Suite<'_>) {
        self.files.take_part(|walk| {
            let walked = walked(suite, &walk);
            let mut tally = self.walked.lock().unwrap_or_else(PoisonError::into_inner);
            tally.add(walked);
        });
    }
}

pub(super) fn journeys(suite: &Suite<'_>) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let (together, alone): (Vec<Walk>, Vec<Walk>) = walks(suite)?
        .into_iter()
        .partition(|walk| walk.browser == Browser::Chromium);
    let in_chromium = !together.is_empty();
    suite.journeys.files.give(together);
    for walk in &alone {
        let walked = walked(suite, walk);
        if walked.passed == 0 && walked.failed == 0 {
            report::failure(&format!("{}: no journey was walked", walk.browser.name()));
            tally.add(Tally::FAILURE);
        }
        tally.add(walked);
    }
    suite.journeys.take_part(suite);
    suite.journeys.files.wait();
    let walked = suite.journeys.walked.lock();
    let walked = *walked.unwrap_or_else(PoisonError::into_inner);
    if in_chromium && walked.passed == 0 && walked.failed == 0 {
        report::failure("chromium: no journey was walked");
        tally.add(Tally::FAILURE);
    }
    tally.add(walked);
    Ok(tally)
}

/// In Chromium each file is a walk of its own, the largest first, so that none of them is begun last; elsewhere all of them are one.
fn walks(suite: &Suite<'_>) -> anyhow::Result<Vec<Walk>> {
    let mut walks = Vec::new();
    for (browser, extent) in choice(suite) {
        let mut files = tests(suite, browser, extent);
        if files.is_empty() {
            continue;
        }
        let variables = suite.browser(browser)?;
        let walk = |files| Walk {
            browser,
            extent,
            files,
            variables: variables.clone(),
        };
        if browser == Browser::Chromium {
            files.sort_by_key(|file| Reverse(file.metadata().map_or(0, |data| data.len())));
            walks.extend(files.into_iter().map(|file| walk(vec![file])));
        } else {
            walks.push(walk(files));
        }
    }
    Ok(walks)
}

fn walked(suite: &Suite<'_>, walk: &Walk) -> Tally {
    let browser = walk.browser.name();
    let name = match walk.files.as_slice() {
        [file] if walk.extent == Extent::Whole => file
            .file_name()
            .map(|name| name.to_string_lossy().replace(".test.mjs", "")),
        _ => None,
    };
    let what = match (&name, walk.extent) {
        (Some(name), _) => format!("{browser}: {name}"),
        (None, Extent::Whole) => browser.to_owned(),
        (None, Extent::Smoke) => {
            format!("{browser}: smoke test (whole with --browser or --deep)")
        }
    };
    // Its name at both ends: two may be walked at once.
    report::line(&format!("▸ {what}"));
    let started = Instant::now();
    let walked = (|| {
        let mut command = suite.node_command()?;
        command
            .env("PAYSG_BROWSER", browser)
            .envs(walk.variables.iter().cloned());
        if walk.extent == Extent::Smoke {
            command.arg(format!("--test-name-pattern={SMOKE_JOURNEYS}"));
        }
        let name = name.as_deref().unwrap_or("all");
        let tap = suite.tap(&format!("-{browser}-{name}"))?;
        tally::node_test(&mut command, &tap, &walk.files)
    })();
    let walked = walked.unwrap_or_else(|error: anyhow::Error| {
        report::failure(&format!("{error:#}"));
        Tally::FAILURE
    });
    report::line(&format!(
        "  {what}: {} passed, {} failed in {}",
        walked.passed,
        walked.failed,
        report::seconds(started.elapsed())
    ));
    walked
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
