//! The whole stack on one machine: simulator, edge in workerd, and the e-service behind it.

mod edge;
mod eservice;
mod keys;
mod network;
mod page;
mod part;
mod simulator;
mod variables;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;

use crate::project::Project;
use crate::stack::{Pids, Stack, address};
use crate::{package, report};
use keys::Keys;
use page::Page;
use part::Part;
use watch::{interruption, serve, wait_until_ready};

/// What cargo builds together. Which features a dependency is built with follows from what is built beside it: all of it at once, always, and what was
/// built for one command is there for the next.
pub(crate) const WORKSPACE: &[&str] = &["--workspace", "--features", "paysg-wasm/edge"];
const BASE_PATH: &str = "/paysg";

/// Where and with what a stack is started. All of it has defaults that fit one person's machine.
#[derive(Args)]
pub(crate) struct StackOptions {
    /// The edge's port, and that of the e-service behind it; 0 takes any free one
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// The simulator's port; 0 takes any free one
    #[arg(long, default_value_t = 8788)]
    simulator_port: u16,
    /// Keys, ledger, payments and the e-service's database [default: target/demo/state]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Where the edge tells of paid payments [default: the e-service's own endpoint]
    #[arg(long, value_name = "URL")]
    fulfilment_url: Option<String>,
    /// Payers pay at a page of yours, such as http://localhost:5173/, and come back to it [default: the e-service of www/]
    #[arg(long, value_name = "URL")]
    page: Option<String>,
    /// Alarms of the edge run so many times faster [default: PAYSG_TIME_SCALE, if set]
    #[arg(long, value_name = "N")]
    time_scale: Option<String>,
    /// A further setting of the edge; with nothing after the `=`, one that it shall not have
    #[arg(long = "edge-env", value_name = "NAME=VALUE")]
    edge_env: Vec<String>,
    /// A further argument to the simulator
    #[arg(long = "simulator-arg", value_name = "ARG", allow_hyphen_values = true)]
    simulator_args: Vec<String>,
    /// The edge without its ledger
    #[arg(long)]
    stateless: bool,
    /// Take what was built before
    #[arg(long)]
    no_build: bool,
}

impl StackOptions {
    fn page(&self) -> anyhow::Result<Option<Page>> {
        self.page.as_deref().map(Page::parse).transpose()
    }
}

/// Options of `demo`.
#[derive(Args)]
pub(crate) struct DemoOptions {
    #[command(flatten)]
    stack: StackOptions,
    /// Open the e-service at a port of its own, not through the edge's
    #[arg(long)]
    www_port: Option<u16>,
    /// Simulator and edge only
    #[arg(long)]
    no_www: bool,
    /// Where to write the addresses and keys [default: target/demo/stack.json]
    #[arg(long, value_name = "FILE")]
    stack_file: Option<PathBuf>,
    /// Stop when standard input ends: whoever holds its other end cannot leave a stack behind
    #[arg(long)]
    until_stdin_ends: bool,
}

/// Options of `simulator` and `edge`.
#[derive(Args)]
pub(crate) struct PartOptions {
    #[command(flatten)]
    stack: StackOptions,
    /// Take addresses, keys and settings from a stack.json, and build nothing: a killed part is started again as it was
    #[arg(long = "stack", value_name = "FILE")]
    stack_file: Option<PathBuf>,
}

/// `cargo xtask demo`.
pub(crate) fn demo(project: &Project, options: &DemoOptions) -> anyhow::Result<ExitCode> {
    let file = options
        .stack_file
        .clone()
        .unwrap_or_else(|| project.path("target/demo/stack.json"));
    // Who waits for the file must not find that of an earlier stack.
    if file.exists() {
        std::fs::remove_file(&file)?;
    }
    let page = options.stack.page()?;
    let with_www = !options.no_www && page.is_none();
    if !options.stack.no_build {
        build_parts(project, with_www)?;
    }
    let state = state_dir(project, options.stack.state.as_deref())?;
    let mut stack = planned(project, &options.stack, &state)?;
    if let Some(page) = &page {
        page.calls(&mut stack);
    }
    if with_www {
        // Before anything is started: what is missing would be said below everybody's greetings.
        eservice::require_built(project)?;
        eservice::plan(
            &mut stack,
            options.www_port,
            options.stack.fulfilment_url.is_none(),
        )?;
    }
    for (origin, flag) in [
        (&stack.edge_url, "--port"),
        (&stack.simulator_url, "--simulator-port"),
        (
            stack.www_server_url.as_ref().unwrap_or(&stack.edge_url),
            "--www-port",
        ),
    ] {
        network::require_free(address(origin)?, flag)?;
    }

    let interrupted = interruption(options.until_stdin_ends)?;
    let mut parts = Vec::new();
    let started = start_all(
        project,
        &mut stack,
        &state,
        with_www,
        &mut parts,
        &interrupted,
    );
    let outcome = started.and_then(|ready| {
        if !ready {
            return Ok(());
        }
        stack.write(&file)?;
        announce(&stack, page.as_ref(), &file, &state);
        serve(&mut parts, &interrupted);
        Ok(())
    });
    // The e-service first, the simulator last: none loses the one it is talking to.
    for part in parts.iter_mut().rev() {
        part.stop();
    }
    outcome.map(|()| ExitCode::SUCCESS)
}

/// All that a stack consists of.
pub(crate) fn build(project: &Project) -> anyhow::Result<()> {
    build_parts(project, true)
}

fn build_parts(project: &Project, with_www: bool) -> anyhow::Result<()> {
    package::make(project)?;
    simulator::build(project)?;
    if with_www {
        eservice::build(project)?;
        eservice::build_documentation(project)?;
    }
    Ok(())
}

/// `cargo xtask simulator`.
pub(crate) fn simulator_alone(
    project: &Project,
    options: &PartOptions,
) -> anyhow::Result<ExitCode> {
    if options.stack_file.is_none() && !options.stack.no_build {
        simulator::build(project)?;
    }
    let page = options.stack.page()?;
    alone(project, options, |stack, state| {
        if let Some(page) = &page {
            page.serves_the_edge(stack);
        }
        let part = simulator::start(project, stack, state)?;
        stack.pids.simulator = Some(part.pid());
        Ok((part, simulator::ready_url(stack)))
    })
}

/// `cargo xtask edge`.
pub(crate) fn edge_alone(project: &Project, options: &PartOptions) -> anyhow::Result<ExitCode> {
    if options.stack_file.is_none() && !options.stack.no_build {
        package::make(project)?;
    }
    let page = options.stack.page()?;
    alone(project, options, |stack, state| {
        if let Some(page) = &page {
            page.calls(stack);
        }
        let part = edge::start(project, stack, state)?;
        stack.pids.edge = Some(part.pid());
        Ok((part, stack.health_url()))
    })
}

/// Starts one part, records its new pid, and serves until it ends or is interrupted.
fn alone(
    project: &Project,
    options: &PartOptions,
    start: impl FnOnce(&mut Stack, &Path) -> anyhow::Result<(Part, String)>,
) -> anyhow::Result<ExitCode> {
    let mut stack = match &options.stack_file {
        Some(file) => Stack::read(file)?,
        None => {
            let state = state_dir(project, options.stack.state.as_deref())?;
            planned(project, &options.stack, &state)?
        }
    };
    let state = state_dir(
        project,
        options
            .stack
            .state
            .as_deref()
            .or(stack.state_dir.as_deref()),
    )?;
    let interrupted = interruption(false)?;
    let (mut part, url) = start(&mut stack, &state)?;
    if !wait_until_ready(&mut part, &url, &interrupted)? {
        part.stop();
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(file) = &options.stack_file {
        // Only the pids: another part may have been started again meanwhile.
        let mut current = Stack::read(file)?;
        let Pids {
            edge,
            simulator,
            www,
        } = stack.pids;
        match part.name() {
            edge::NAME => current.pids.edge = edge,
            simulator::NAME => current.pids.simulator = simulator,
            _ => current.pids.www = www,
        }
        current.write(file)?;
    }
    report::line(&format!(
        "{} answers at {url} (pid {})",
        part.name(),
        part.pid()
    ));
    // The rest of a stack.json's stack is there already.
    if part.name() == simulator::NAME && options.stack_file.is_none() {
        variables::write(&stack, &state.join("proxy.env"))?;
    }
    loop {
        match interrupted.recv_timeout(Duration::from_millis(100)) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                part.stop();
                return Ok(ExitCode::SUCCESS);
            }
        }
        if let Some(status) = part.ended()? {
            bail!("{} died: {status}", part.name());
        }
    }
}

/// The addresses and keys of a stack that is yet to be started, with no e-service in it.
fn planned(project: &Project, options: &StackOptions, state: &Path) -> anyhow::Result<Stack> {
    let keys = Keys::of(state)?;
    let origin = |port| network::port_or_free(port).map(|port| format!("http://127.0.0.1:{port}"));
    let edge_url = origin(options.port)?;
    let mut stack = Stack {
        www_url: edge_url.clone(),
        edge_url,
        base_path: BASE_PATH.to_owned(),
        simulator_url: origin(options.simulator_port)?,
        api_key: keys.api_key,
        payment_service_id: keys.payment_service_id,
        webhook_secret: keys.webhook_secret,
        order_key: keys.order_key,
        session_key: keys.session_key,
        fulfilment_url: options.fulfilment_url.clone().unwrap_or_default(),
        pids: Pids::default(),
        www_server_url: None,
        state_dir: Some(state.to_path_buf()),
        edge_env: [].into(),
        simulator_args: options.simulator_args.clone(),
        stateless: options.stateless,
    };
    if let Some(catalogue) = eservice::catalogue(project)? {
        stack
            .edge_env
            .insert("PAYSG_CATALOGUE".to_owned(), catalogue);
    }
    let time_scale = options
        .time_scale
        .clone()
        .or_else(|| std::env::var("PAYSG_TIME_SCALE").ok());
    if let Some(time_scale) = time_scale {
        stack
            .edge_env
            .insert("PAYSG_TIME_SCALE".to_owned(), time_scale);
    }
    for setting in &options.edge_env {
        let (name, value) = setting
            .split_once('=')
            .with_context(|| format!("--edge-env takes NAME=VALUE, not `{setting}`"))?;
        stack.edge_env.insert(name.to_owned(), value.to_owned());
    }
    Ok(stack)
}

fn state_dir(project: &Project, chosen: Option<&Path>) -> anyhow::Result<PathBuf> {
    let folder = match chosen {
        Some(folder) => folder.to_path_buf(),
        None => project.path("target/demo/state"),
    };
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make the state folder {}", folder.display()))?;
    Ok(folder.canonicalize()?)
}

/// Starts the parts one after another, each once the one that it talks to answers. False: interrupted meanwhile.
fn start_all(
    project: &Project,
    stack: &mut Stack,
    state: &Path,
    with_www: bool,
    parts: &mut Vec<Part>,
    interrupted: &mpsc::Receiver<()>,
) -> anyhow::Result<bool> {
    let part = simulator::start(project, stack, state)?;
    stack.pids.simulator = Some(part.pid());
    if !ready(parts, part, &simulator::ready_url(stack), interrupted)? {
        return Ok(false);
    }
    if with_www {
        let part = eservice::start(project, stack, state)?;
        stack.pids.www = Some(part.pid());
        if !ready(parts, part, &eservice::ready_url(stack), interrupted)? {
            return Ok(false);
        }
    }
    let part = edge::start(project, stack, state)?;
    stack.pids.edge = Some(part.pid());
    ready(parts, part, &stack.health_url(), interrupted)
}

fn ready(
    parts: &mut Vec<Part>,
    mut part: Part,
    url: &str,
    interrupted: &mpsc::Receiver<()>,
) -> anyhow::Result<bool> {
    let outcome = wait_until_ready(&mut part, url, interrupted);
    parts.push(part);
    outcome
}

fn announce(stack: &Stack, page: Option<&Page>, file: &Path, state: &Path) {
    report::line("");
    match page {
        Some(page) => page.announce(stack),
        None => report::line(&format!("  Open        {}", stack.www_url)),
    }
    report::line(&format!(
        "  edge        {}{}",
        stack.edge_url, stack.base_path
    ));
    report::line(&format!(
        "  simulator   {0} (watch it and make it misbehave: {0}/_sim)",
        stack.simulator_url
    ));
    report::line(&format!("  stack       {}", file.display()));
    report::line(&format!(
        "  state       {} (delete it to begin anew)",
        state.display()
    ));
    report::line("");
    report::line("  Ctrl-C stops all of it.");
    report::line("");
}
