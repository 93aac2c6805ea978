//! Browsers and their WebDrivers, for the tests that need one.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueEnum;

use super::rust::CargoTool;
use super::system;
use crate::project::Project;
use crate::{report, shell};

/// An engine.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
pub(crate) enum Browser {
    /// Debian's Chromium, by its chromedriver
    Chromium,
    /// Debian's Firefox ESR, by Mozilla's geckodriver
    Firefox,
    /// Debian's `WebKitGTK`, by its own driver and `MiniBrowser`, on a display of its own
    Webkit,
}

impl Browser {
    /// As `PAYSG_BROWSER` has it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Webkit => "webkit",
        }
    }

    /// Finds the browser and its driver, or installs them. Gives the variables by which the tests find them.
    pub(crate) fn variables(
        self,
        project: &Project,
    ) -> anyhow::Result<Vec<(&'static str, PathBuf)>> {
        Ok(match self {
            Self::Chromium => {
                let Chromium { browser, driver } = chromium()?;
                vec![("CHROME_BIN", browser), ("CHROMEDRIVER", driver)]
            }
            Self::Firefox => {
                let browser = found_or_installed(
                    "FIREFOX_BIN",
                    &["firefox-esr", "firefox"],
                    &["firefox-esr"],
                    "the tests in Firefox need it",
                )?;
                vec![
                    ("FIREFOX_BIN", browser),
                    ("GECKODRIVER", geckodriver(project)?),
                ]
            }
            Self::Webkit => {
                let reason =
                    "the tests in WebKit need its driver, and a display that is on no desk";
                let packages = ["webkit2gtk-driver", "xvfb"];
                if std::env::var_os("DISPLAY").is_none() && shell::which("Xvfb").is_none() {
                    system::apt_install(&packages, reason)?;
                }
                let driver =
                    found_or_installed("WEBKITDRIVER", &["WebKitWebDriver"], &packages, reason)?;
                vec![("WEBKITDRIVER", driver)]
            }
        })
    }
}

/// Chromium's headless shell, of the very version of the browser: the engine without the windows, and with two thirds of the work. `None`: the whole browser
/// does everything, as it does for whoever names one.
pub(crate) fn headless_shell() -> anyhow::Result<Option<PathBuf>> {
    if let Some(named) = std::env::var_os("CHROME_SHELL") {
        return Ok(Some(named.into()).filter(|path: &PathBuf| !path.as_os_str().is_empty()));
    }
    if std::env::var_os("CHROME_BIN").is_some() {
        return Ok(None);
    }
    let Chromium { browser, .. } = chromium()?;
    Ok(installed_headless_shell(&browser))
}

fn installed_headless_shell(browser: &Path) -> Option<PathBuf> {
    // Debian has a script on PATH that starts it and does not end with it.
    let debian = Path::new("/usr/lib/chromium").join(HEADLESS_SHELL);
    let find = || {
        Some(debian.clone())
            .filter(|path| path.is_file())
            .or_else(|| shell::which(HEADLESS_SHELL))
    };
    if find().is_none() {
        let reason = "most tests in Chromium need no more of it, and take two thirds of the time";
        if let Err(error) = system::apt_install(&[HEADLESS_SHELL], reason) {
            report::line(&format!(
                "  {error:#}\n  the whole browser does it, which takes longer"
            ));
        }
    }
    let version = shell::version_of(browser);
    find().filter(|found| shell::version_of(found) == version)
}

const HEADLESS_SHELL: &str = "chromium-headless-shell";

/// Whether Firefox can be driven at once: making its driver takes longer than its tests.
pub(crate) fn has_geckodriver(project: &Project) -> bool {
    std::env::var_os("GECKODRIVER").is_some()
        || project.tools_bin().join("geckodriver").is_file()
        || shell::which("geckodriver").is_some()
}

/// Debian has none, and npm's package is a script that downloads one from where not every network reaches.
fn geckodriver(project: &Project) -> anyhow::Result<PathBuf> {
    if let Some(named) = std::env::var_os("GECKODRIVER") {
        return Ok(named.into());
    }
    CargoTool {
        package: "geckodriver",
        program: "geckodriver",
        version: "0.37.1",
        reason: "it drives Firefox, and Debian has none",
        // It passes messages on; optimised it would take three times as long to make.
        profile: "dev",
    }
    .installed(project, |version| shell::at_least(version, &[0, 36]))
}

fn found_or_installed(
    variable: &str,
    names: &[&str],
    packages: &[&str],
    reason: &str,
) -> anyhow::Result<PathBuf> {
    let find = || {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .or_else(|| names.iter().find_map(|name| shell::which(name)))
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    let by_hand = format!(
        "install {}, and where it is not on PATH set {variable} to it",
        packages.join(" and ")
    );
    system::apt_install(packages, reason).with_context(|| by_hand.clone())?;
    find().context(by_hand)
}

/// A browser and the program that drives it.
struct Chromium {
    browser: PathBuf,
    driver: PathBuf,
}

/// Finds Chromium and chromedriver, by `CHROME_BIN` and `CHROMEDRIVER` or on `PATH`, or installs Debian's.
fn chromium() -> anyhow::Result<Chromium> {
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
