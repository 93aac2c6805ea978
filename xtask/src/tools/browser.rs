//! Chromium and its WebDriver, for the tests that need a browser.

use std::path::PathBuf;

use anyhow::Context as _;

use super::system;
use crate::shell;

/// A browser and the program that drives it.
pub(crate) struct Chromium {
    pub(crate) browser: PathBuf,
    pub(crate) driver: PathBuf,
}

/// Finds Chromium and chromedriver, by `CHROME_BIN` and `CHROMEDRIVER` or on `PATH`, or installs Debian's.
pub(crate) fn chromium() -> anyhow::Result<Chromium> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let by_hand = "install Chromium and its chromedriver, and where they are not on PATH \
                   set CHROME_BIN and CHROMEDRIVER to them";
    system::apt_install(
        &["chromium", "chromium-driver"],
        "the tests in a browser need Chromium and chromedriver",
    )
    .context(by_hand)?;
    find().context(by_hand)
}

fn find() -> Option<Chromium> {
    let named = |variable| std::env::var_os(variable).map(PathBuf::from);
    let browser = named("CHROME_BIN").or_else(|| {
        [
            "chromium",
            "google-chrome",
            "google-chrome-stable",
            "chrome",
        ]
        .into_iter()
        .find_map(shell::which)
    })?;
    let driver = named("CHROMEDRIVER").or_else(|| shell::which("chromedriver"))?;
    Some(Chromium { browser, driver })
}
