//! Running other programs.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

/// Runs a program to its end, its output shown; anything but success is an error that names the command.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start `{}`", shown(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs a program and returns what it printed; the error carries what it complained of.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{}`", shown(command)))?;
    if !output.status.success() {
        bail!(
            "`{}` ended with {}\n{}",
            shown(command),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a program, showing its output only if it fails: for tools that talk at length about success.
pub(crate) fn run_quietly(command: &mut Command) -> anyhow::Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start `{}`", shown(command)))?;
    if !output.status.success() {
        bail!(
            "`{}` ended with {}\n{}{}",
            shown(command),
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    Ok(())
}

/// The command as a person would type it.
pub(crate) fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|argument| argument.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

/// The command as a person types it in the project's folder: programs by their names, with the `PAYSG_` variables that change what it does.
pub(crate) fn typed(command: &Command, root: &Path) -> String {
    let name = |program: &OsStr| {
        let path = Path::new(program);
        let name = path.file_name().unwrap_or(program);
        name.to_string_lossy().into_owned()
    };
    let variables = command.get_envs().filter_map(|(variable, value)| {
        let variable = variable.to_str()?;
        let of_interest = variable.starts_with("PAYSG_") && variable != "PAYSG_XTASK";
        of_interest.then(|| format!("{variable}={}", value.unwrap_or_default().to_string_lossy()))
    });
    let folder = command
        .get_current_dir()
        .and_then(|folder| folder.strip_prefix(root).ok())
        .filter(|folder| !folder.as_os_str().is_empty())
        .map(|folder| format!("cd {} &&", folder.display()));
    let arguments = command.get_args().map(|argument| {
        let argument = argument.to_string_lossy();
        if argument.contains(['*', ' ', '(', '|']) {
            format!("'{argument}'")
        } else {
            argument.into_owned()
        }
    });
    folder
        .into_iter()
        .chain(variables)
        .chain([name(command.get_program())])
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Every program of this name, first `first`, then along `PATH`.
pub(crate) fn candidates(name: &str, first: &[PathBuf]) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    first
        .iter()
        .cloned()
        .chain(std::env::split_paths(&path))
        .map(|folder| folder.join(name))
        .filter(|program| program.is_file())
        .collect()
}

/// The first program of this name on `PATH`.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    candidates(name, &[]).into_iter().next()
}

/// The version a program reports: the first word of its answer to `--version` that starts with a digit, without a `v`.
pub(crate) fn version_of(program: &Path) -> Option<String> {
    let text = output(Command::new(program).arg("--version")).ok()?;
    text.split_whitespace()
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
        .map(str::to_owned)
}

/// `PATH` with these folders before all others.
pub(crate) fn path_with(first: &[&Path]) -> anyhow::Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = first
        .iter()
        .map(|folder| folder.to_path_buf())
        .chain(std::env::split_paths(&path));
    Ok(std::env::join_paths(folders)?)
}

/// Whether `version` is at least `least`, both dotted numbers.
pub(crate) fn at_least(version: &str, least: &[u32]) -> bool {
    let numbers: Vec<u32> = version
        .split(['.', '-', '+'])
        .map_while(|part| part.parse().ok())
        .collect();
    numbers.as_slice() >= least
}

/// A `cargo` command: the cargo that runs us, so that one toolchain is used throughout.
pub(crate) fn cargo() -> Command {
    Command::new(
        std::env::var_os("CARGO")
            .as_deref()
            .unwrap_or(OsStr::new("cargo")),
    )
}

#[cfg(test)]
mod tests {
    use super::at_least;

    #[test]
    fn versions_compare_by_number() {
        assert!(at_least("22.23.3", &[22, 13]));
        assert!(at_least("100.0.0", &[22, 13]));
        assert!(!at_least("22.9.0", &[22, 13]));
        assert!(!at_least("garbage", &[1]));
    }
}
