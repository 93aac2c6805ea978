//! Where browsers and runtimes leave what they forget.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

/// A folder for temporary files, removed with all that is in it once the tests are over, however they went.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> anyhow::Result<Self> {
        remove_abandoned(&std::env::temp_dir());
        // A short path: browsers have sockets below it.
        let folder = std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()));
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }

    /// The variable by which programs find it.
    pub(super) fn variable(&self) -> (&'static str, &Path) {
        ("TMPDIR", &self.0)
    }
}

const PREFIX: &str = "paysg-test-";

/// Those of runs that were killed.
fn remove_abandoned(temporary: &Path) {
    for entry in std::fs::read_dir(temporary).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name
            .to_string_lossy()
            .strip_prefix(PREFIX)
            .and_then(|process| process.parse().ok())
            .map(Pid::from_raw);
        if process.is_some_and(|process| kill(process, None) == Err(Errno::ESRCH)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::{Scratch, remove_abandoned};

    #[test]
    fn nothing_of_it_stays() -> anyhow::Result<()> {
        let scratch = Scratch::new()?;
        let (_, folder) = scratch.variable();
        let folder = folder.to_path_buf();
        std::fs::create_dir_all(folder.join("profile"))?;
        std::fs::write(folder.join("profile/lock"), "")?;
        drop(scratch);
        assert!(!folder.exists());
        Ok(())
    }

    #[test]
    fn what_a_killed_run_has_left_is_removed_and_nothing_else() -> anyhow::Result<()> {
        let own = format!("paysg-scratch-{}", std::process::id());
        let temporary = std::env::temp_dir().join(own);
        // No process has such a number, and each has ours.
        let abandoned = temporary.join(format!("paysg-test-{}", i32::MAX));
        let in_use = temporary.join(format!("paysg-test-{}", std::process::id()));
        let others = temporary.join("paysg-test-of-somebody-else");
        for folder in [&abandoned, &in_use, &others] {
            std::fs::create_dir_all(folder)?;
        }
        remove_abandoned(&temporary);
        assert!(!abandoned.exists() && in_use.exists() && others.exists());
        Ok(std::fs::remove_dir_all(temporary)?)
    }
}
