//! Where things are.

use std::path::{Path, PathBuf};

/// The project's folder, from which every path of the commands follows.
pub(crate) struct Project {
    root: PathBuf,
}

impl Project {
    /// The folder this command was compiled in: the commands work from any current directory.
    pub(crate) fn locate() -> Self {
        let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self {
            root: xtask.parent().unwrap_or(xtask).to_path_buf(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The npm package that `build` makes.
    pub(crate) fn pkg(&self) -> PathBuf {
        self.path("pkg")
    }

    /// Tools that the commands installed themselves. Outside `target/`, so that `cargo clean` does
    /// not cost minutes; outside `~/.cargo/bin`, so that a user's own versions stay as they are.
    pub(crate) fn tools_root(&self) -> PathBuf {
        self.path(".tools")
    }

    /// Where cargo puts the programs below it.
    pub(crate) fn tools_bin(&self) -> PathBuf {
        self.tools_root().join("bin")
    }

    /// What the commands remember between runs.
    pub(crate) fn memory(&self) -> PathBuf {
        self.path("target/xtask")
    }

    /// The version of a package in `Cargo.lock`.
    pub(crate) fn locked_version(&self, package: &str) -> anyhow::Result<String> {
        let lock = std::fs::read_to_string(self.path("Cargo.lock"))?;
        version_in_lock(&lock, package)
            .map(str::to_owned)
            .ok_or_else(|| anyhow::anyhow!("Cargo.lock names no package `{package}`"))
    }
}

fn version_in_lock<'lock>(lock: &'lock str, package: &str) -> Option<&'lock str> {
    let name_line = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    lines.find(|line| *line == name_line)?;
    lines
        .next()?
        .strip_prefix("version = \"")?
        .strip_suffix('"')
}

/// This very program's file. Once cargo has built it anew, as testing the whole workspace does, Linux calls the running one "(deleted)"; the
/// new one bears its name.
pub(crate) fn this_program() -> std::io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(
        match program
            .to_str()
            .and_then(|path| path.strip_suffix(" (deleted)"))
        {
            Some(path) => PathBuf::from(path),
            None => program,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::version_in_lock;

    #[test]
    fn a_locked_version_is_that_of_the_package_of_exactly_this_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.1.0\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in_lock(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(version_in_lock(lock, "wasm"), None);
    }
}
