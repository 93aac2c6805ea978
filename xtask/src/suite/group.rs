//! The groups of tests, and what each needs made.

use std::sync::{Mutex, PoisonError};

use clap::ValueEnum;

use crate::project::Project;
use crate::{demo, package, tools};

/// In the order of the sum.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Debug)]
pub(super) enum Group {
    /// Formatting, lints, and all that runs natively
    Native,
    /// The browser build, in headless Chromium
    Wasm,
    /// What is in the npm package, and what must not be
    Package,
    /// The edge in workerd, against the simulator
    Edge,
    /// Samples, codes and links of the documentation
    Docs,
    /// Through the e-service, in headless Chromium
    E2e,
    /// The table of threats
    Threats,
}

impl Group {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Wasm => "wasm",
            Self::Package => "package",
            Self::Edge => "edge",
            Self::Docs => "docs",
            Self::E2e => "e2e",
            Self::Threats => "threats",
        }
    }

    /// What its lines begin with where others run beside it.
    pub(super) fn margin(self) -> &'static str {
        match self {
            Self::Native => "native  │ ",
            Self::Wasm => "wasm    │ ",
            Self::Package => "package │ ",
            Self::Edge => "edge    │ ",
            Self::Docs => "docs    │ ",
            Self::E2e => "e2e     │ ",
            Self::Threats => "threats │ ",
        }
    }

    /// How many of its files run at once. Those of the edge wait for PaySG or for time to pass; two browsers beside two other lanes are
    /// so slow that pages change while they are looked at, and a display or a profile is easily the other's.
    pub(super) fn files_at_once(self) -> u8 {
        match self {
            Self::Edge | Self::Package | Self::Docs => 2,
            Self::Native | Self::Wasm | Self::E2e | Self::Threats => 1,
        }
    }

    /// Makes what the group tests; what is made already is left as it is. What one lane makes, another waits for and finds made.
    pub(super) fn prepare(self, project: &Project, deep: bool) -> anyhow::Result<()> {
        static MAKING: Mutex<()> = Mutex::new(());
        if self == Self::Native {
            // It is built of what these tests are, and the other lanes wait for it.
            return demo::build_simulator(project);
        }
        let making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        // One of its tests loads the module as a page does, from pkg/.
        if self == Self::Wasm {
            return package::make(project);
        }
        demo::build(project)?;
        match self {
            Self::Package => {
                // Nobody else waits for these.
                drop(making);
                packaging(project, deep)
            }
            Self::Edge => package::make_trapping(project, deep),
            Self::Native | Self::Wasm | Self::Docs | Self::E2e | Self::Threats => Ok(()),
        }
    }
}

/// What the package is tested with: bundlers and linters always, what is a gigabyte only in the long form.
fn packaging(project: &Project, deep: bool) -> anyhow::Result<()> {
    let install =
        |folder: &str, reason| tools::npm_packages(project, &project.path(folder), reason);
    install("tests/conformance", "the conformance suite's schemas")?;
    install("tests/packaging", "bundlers and linters for the package")?;
    if deep {
        install("tests/packaging/deep", "further bundlers and runtimes")?;
    }
    Ok(())
}
