//! The operating system's packages.

use std::process::Command;

use anyhow::bail;

use crate::{report, shell};

/// Installs Debian packages where that can be done without asking; otherwise says what to install.
pub(crate) fn apt_install(packages: &[&str], reason: &str) -> anyhow::Result<()> {
    let list = packages.join(" ");
    if shell::which("apt-get").is_none() {
        bail!("{reason}: install {list} (there is no apt-get here to do it)");
    }
    let sudo = !is_root();
    if sudo && !can_sudo() {
        bail!("{reason}: run `sudo apt-get install {list}` (this user may not)");
    }
    report::step(&format!("Installing {list} with apt-get: {reason}"), || {
        let apt = |arguments: &[&str]| {
            let mut command = if sudo {
                let mut sudo = Command::new("sudo");
                sudo.args(["-n", "apt-get"]);
                sudo
            } else {
                Command::new("apt-get")
            };
            command
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive");
            command
        };
        shell::run_quietly(&mut apt(&["update"]))?;
        let mut install = apt(&["install", "--yes", "--no-install-recommends"]);
        shell::run_quietly(install.args(packages))
    })
}

fn is_root() -> bool {
    shell::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn can_sudo() -> bool {
    shell::output(Command::new("sudo").args(["-n", "true"])).is_ok()
}
