//! The edge's environment as a file, for a proxy of somebody's own beside the simulator: the form that `wrangler dev`, Next, Vite and Node read.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;

use crate::report;
use crate::stack::Stack;

/// Writes it for the owner's eyes only, and says what it is for.
pub(super) fn write(stack: &Stack, file: &Path) -> anyhow::Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // One that somebody made readable would stay so.
    if file.exists() {
        std::fs::remove_file(file)?;
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .with_context(|| format!("cannot write {}", file.display()))?
        .write_all(lines(stack)?.as_bytes())?;
    report::line("");
    report::line(&format!(
        "  A proxy of your own, at {}{}, takes its variables from {}:",
        stack.edge_url,
        stack.base_path,
        file.display()
    ));
    report::line(
        "  copy it as .dev.vars (wrangler dev) or .env.local (Next), or start node with --env-file=.",
    );
    report::line(&format!(
        "  Pages of yours: load({{ devPaymentOrigin: \"{}\" }})",
        stack.simulator_url
    ));
    report::line("");
    Ok(())
}

/// What a worker's `wrangler.toml` may say for a deployment, and must not say here.
const NOT_HERE: [&str; 4] = [
    "PAYSG_RESULT_URL",
    "PAYSG_FULFILMENT_URL",
    "PAYSG_ALLOWED_ORIGINS",
    "PAYSG_EARLIER_PUBLIC_URLS",
];

/// In single quotes, since the catalogue is JSON. Nothing in them is nothing set.
fn lines(stack: &Stack) -> anyhow::Result<String> {
    let mut text =
        String::from("# For development beside the simulator: no key here is of PaySG's.\n");
    let settings = stack.edge_settings();
    for (name, value) in &settings {
        writeln!(text, "{name}='{value}'")?;
    }
    for name in NOT_HERE {
        if !settings.contains_key(name) {
            writeln!(text, "{name}=''")?;
        }
    }
    Ok(text)
}
