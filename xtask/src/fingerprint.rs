//! Whether something was already made from the same things.
//!
//! Contents are compared, not times: a checkout or a merge touches every file and changes few.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::project::Project;

/// What a result is made from.
pub(crate) struct Fingerprint(DefaultHasher);

impl Fingerprint {
    /// `recipe`: the flags and versions that decide the result along with its sources.
    pub(crate) fn of(recipe: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        recipe.hash(&mut hasher);
        Self(hasher)
    }

    /// Takes in a file, or every file under a folder; what is absent counts as absent.
    pub(crate) fn with(mut self, path: &Path) -> anyhow::Result<Self> {
        for file in files_under(path)? {
            file.hash(&mut self.0);
            std::fs::read(&file)?.hash(&mut self.0);
        }
        Ok(self)
    }

    /// Does the work unless it was done for the same fingerprint and `result` is still there.
    /// Returns whether it was done now.
    pub(crate) fn unless_made(
        self,
        project: &Project,
        name: &str,
        result: &Path,
        work: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<bool> {
        let stamp = project.memory().join(name).with_extension("stamp");
        let now = format!("{:016x}", self.0.finish());
        if result.exists() && std::fs::read_to_string(&stamp).is_ok_and(|made| made == now) {
            return Ok(false);
        }
        work()?;
        std::fs::create_dir_all(project.memory())?;
        std::fs::write(stamp, now)?;
        Ok(true)
    }
}

/// The file itself, or all files under a folder but `node_modules`, in a stable order.
pub(crate) fn files_under(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    if path.is_dir() && !path.ends_with("node_modules") {
        for entry in std::fs::read_dir(path)? {
            files.extend(files_under(&entry?.path())?);
        }
    }
    files.sort();
    Ok(files)
}
