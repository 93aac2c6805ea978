//! Where browsers and runtimes leave what they forget.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// A folder for temporary files, removed with all that is in it once the tests are over, however they went.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> anyhow::Result<Self> {
        // A short path: browsers have sockets below it.
        let folder = std::env::temp_dir().join(format!("paysg-test-{}", std::process::id()));
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }

    /// The variable by which programs find it.
    pub(super) fn variable(&self) -> (&'static str, &Path) {
        ("TMPDIR", &self.0)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::Scratch;

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
}
