//! The e-service of `www/`: its own small server, behind the edge.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::network;
use super::part::Part;
use crate::fingerprint::Fingerprint;
use crate::project::Project;
use crate::stack::{Stack, address};
use crate::{report, shell, tools};

/// Installs its packages and builds its pages.
pub(super) fn build(project: &Project) -> anyhow::Result<()> {
    let www = project.path("www");
    tools::npm_packages(project, &www, "the e-service's front end and its bundler")?;
    npm_build(
        project,
        "www",
        "dist",
        &[&project.pkg()],
        "Building the e-service's pages",
    )
}

/// Builds the documentation, which the e-service serves under `/docs`.
pub(super) fn build_documentation(project: &Project) -> anyhow::Result<()> {
    tools::npm_packages(project, &project.path("docs"), "the documentation's site")?;
    let package = project.path("npm/package.json");
    npm_build(
        project,
        "docs",
        ".vitepress/dist",
        &[&package],
        "Building the documentation",
    )
}

/// `npm run build` in a folder, if anything there or in `inputs` has changed since the last time.
fn npm_build(
    project: &Project,
    folder: &str,
    output: &str,
    inputs: &[&Path],
    what: &str,
) -> anyhow::Result<()> {
    let place = project.path(folder);
    let mut fingerprint = Fingerprint::of("npm run build");
    for input in inputs {
        fingerprint = fingerprint.with(input)?;
    }
    for path in sources(&place)? {
        fingerprint = fingerprint.with(&path)?;
    }
    let index = place.join(output).join("index.html");
    fingerprint.unless_made(project, folder, &index, || {
        report::step(what, || {
            let node = tools::node(project)?;
            let bin = node.parent().unwrap_or(&place);
            shell::run_quietly(
                tools::npm()?
                    .args(["run", "build"])
                    // Its bundler asks for a newer Node than the machine's may be.
                    .env("PATH", shell::path_with(&[bin])?)
                    .current_dir(&place),
            )
        })
    })?;
    Ok(())
}

/// Everything in a folder but installed packages and earlier output.
fn sources(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let made = ["dist", "node_modules", ".vitepress"];
    let mut sources = vec![];
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if !made.iter().any(|name| path.ends_with(name)) {
            sources.push(path);
        }
    }
    let settings = ["config.mjs", "theme"].map(|name| folder.join(".vitepress").join(name));
    sources.extend(settings.into_iter().filter(|path| path.exists()));
    Ok(sources)
}

/// Gives it an address, and makes it the one who is told of paid payments unless somebody else is.
pub(super) fn plan(
    stack: &mut Stack,
    port: Option<u16>,
    told_of_payments: bool,
) -> anyhow::Result<()> {
    let server = format!(
        "http://127.0.0.1:{}",
        network::port_or_free(port.unwrap_or(0))?
    );
    if port.is_some() {
        stack.www_url.clone_from(&server);
    }
    if told_of_payments {
        stack.fulfilment_url = format!("{server}/api/fulfilment");
    }
    stack.www_server_url = Some(server);
    Ok(())
}

/// Fails where its pages were never built.
pub(super) fn require_built(project: &Project) -> anyhow::Result<()> {
    if !project.path("www/dist/index.html").is_file() {
        bail!("www/dist is missing: run without --no-build");
    }
    Ok(())
}

pub(super) fn start(project: &Project, stack: &Stack, state: &Path) -> anyhow::Result<Part> {
    let www = project.path("www");
    let server = stack
        .www_server_url
        .as_deref()
        .context("this stack has no e-service")?;
    let address = address(server)?;
    let mut command = Command::new(tools::node(project)?);
    command
        .arg(www.join("server/main.mjs"))
        .env("HOST", address.ip().to_string())
        .env("PORT", address.port().to_string())
        .env("ESERVICE_ORIGIN", &stack.www_url)
        .env("ESERVICE_DB", state.join("eservice.sqlite"))
        .env("PAYSG_ORDER_KEY", &stack.order_key)
        .env("PAYSG_PAYMENT_SERVICE_ID", &stack.payment_service_id)
        .env("PAYSG_PUBLIC_URL", &stack.edge_url)
        .env("PAYSG_BASE_PATH", &stack.base_path)
        .env("PAYSG_PAYMENT_ORIGIN", &stack.simulator_url)
        // node:sqlite works, and says on each start that it is new.
        .env("NODE_NO_WARNINGS", "1")
        .current_dir(&www);
    Part::start("www", &command)
}

/// What answers as soon as it listens.
pub(super) fn ready_url(stack: &Stack) -> String {
    let server = stack.www_server_url.as_deref().unwrap_or_default();
    format!("{server}/api/health")
}

/// The goods of the demonstration, as one line for the edge's environment.
pub(super) fn catalogue(project: &Project) -> anyhow::Result<Option<String>> {
    let file = project.path("www/catalogue.json");
    if !file.is_file() {
        return Ok(None);
    }
    let catalogue: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(file)?).context("www/catalogue.json")?;
    Ok(Some(catalogue.to_string()))
}
