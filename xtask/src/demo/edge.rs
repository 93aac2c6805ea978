//! The edge in workerd, the open-source runtime of Cloudflare Workers.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::part::Part;
use crate::fingerprint::files_under;
use crate::project::Project;
use crate::stack::{Stack, address};
use crate::tools;

pub(super) const NAME: &str = "edge";
/// Names the objects on disk: another value would lose them.
const LEDGER_KEY: &str = "paysg-ledger";
/// workerd takes two descriptors for each connection, and dies when it can accept no more: it gets all that the machine allows. `exec`: the pid is
/// workerd's own.
const ALL_DESCRIPTORS: &str = r#"ulimit -n "$(ulimit -Hn)" 2>/dev/null; exec "$0" "$@""#;
/// Names a folder to take in place of `pkg/edge`, for tests of a build that is not shipped.
const OTHER_WASM: &str = "PAYSG_EDGE_WASM";

/// Starts workerd. Its modules are copied next to its configuration: a stack that runs is not changed by a build,
/// and workerd reads modules only from below its configuration.
pub(super) fn start(project: &Project, stack: &Stack, state: &Path) -> anyhow::Result<Part> {
    let folder = state.join("edge");
    let ledger = state.join("ledger");
    std::fs::create_dir_all(&ledger)?;
    let modules = copy_modules(project, &folder)?;
    let configuration = folder.join("config.capnp");
    std::fs::write(
        &configuration,
        capnp(stack, &modules, &ledger, &compatibility_date(project)?)?,
    )?;
    let mut command = Command::new("sh");
    command
        .args(["-c", ALL_DESCRIPTORS])
        .arg(tools::workerd(project)?)
        .arg("serve")
        .arg(&configuration)
        .current_dir(&folder);
    Part::start(NAME, &command)
}

/// Copies what the edge is made of into an emptied folder: the demo's router and the package's JavaScript and wasm,
/// without the browser's. Returns the modules' names, the router's first.
fn copy_modules(project: &Project, folder: &Path) -> anyhow::Result<Vec<String>> {
    let pkg = project.pkg();
    if !pkg.join("cloudflare.js").is_file() {
        bail!("pkg/cloudflare.js is missing: run without --no-build, or `cargo xtask build`");
    }
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    let browser = [pkg.join("browser"), pkg.join("index.js")];
    let other_wasm = std::env::var_os(OTHER_WASM).map(|folder| project.root().join(folder));
    let mut sources: Vec<(PathBuf, String)> =
        vec![(project.path("xtask/demo/worker.js"), "worker.js".to_owned())];
    for file in files_under(&pkg)? {
        let is_code = file
            .extension()
            .is_some_and(|extension| extension == "js" || extension == "wasm");
        if is_code && !browser.iter().any(|path| file.starts_with(path)) {
            let inside = file.strip_prefix(&pkg)?;
            let name = format!("pkg/{}", inside.to_string_lossy());
            let source = match (&other_wasm, inside.strip_prefix("edge")) {
                (Some(folder), Ok(of_edge)) => folder.join(of_edge),
                _ => file.clone(),
            };
            sources.push((source, name));
        }
    }
    for (source, name) in &sources {
        let destination = folder.join(name);
        std::fs::create_dir_all(destination.parent().context("a module lies in a folder")?)?;
        std::fs::copy(source, destination)
            .with_context(|| format!("cannot copy {}", source.display()))?;
    }
    Ok(sources.into_iter().map(|(_, name)| name).collect())
}

/// workerd's configuration.
fn capnp(
    stack: &Stack,
    modules: &[String],
    ledger: &Path,
    compatibility_date: &str,
) -> anyhow::Result<String> {
    let mut text = String::from("using Workerd = import \"/workerd/workerd.capnp\";\n\n");
    let listen = stack.edge_address()?;

    writeln!(text, "const config :Workerd.Config = (")?;
    writeln!(text, "  services = [")?;
    writeln!(text, "    (name = \"edge\", worker = .edge),")?;
    // Loopback counts as private: simulator and e-service are there.
    writeln!(
        text,
        "    (name = \"network\", network = (allow = [\"public\", \"private\"], tlsOptions = (trustBrowserCas = true))),"
    )?;
    if !stack.stateless {
        writeln!(
            text,
            "    (name = \"ledger-disk\", disk = (path = {}, writable = true)),",
            quoted(&ledger.to_string_lossy())
        )?;
    }
    if let Some(www) = &stack.www_server_url {
        writeln!(
            text,
            "    (name = \"www\", external = (address = \"{}\", http = ())),",
            address(www)?
        )?;
    }
    writeln!(text, "  ],")?;
    writeln!(
        text,
        "  sockets = [(name = \"http\", address = \"{listen}\", http = (), service = \"edge\")]"
    )?;
    writeln!(text, ");\n")?;

    writeln!(text, "const edge :Workerd.Worker = (")?;
    writeln!(text, "  modules = [")?;
    for name in modules {
        let kind = if name.ends_with(".wasm") {
            "wasm"
        } else {
            "esModule"
        };
        writeln!(text, "    (name = {0}, {kind} = embed {0}),", quoted(name))?;
    }
    writeln!(text, "  ],")?;
    writeln!(text, "  compatibilityDate = \"{compatibility_date}\",")?;
    writeln!(text, "  globalOutbound = \"network\",")?;
    writeln!(text, "  bindings = [")?;
    for (name, value) in stack.edge_settings() {
        writeln!(
            text,
            "    (name = {}, text = {}),",
            quoted(&name),
            quoted(&value)
        )?;
    }
    if stack.www_server_url.is_some() {
        writeln!(text, "    (name = \"WWW\", service = \"www\"),")?;
    }
    if stack.stateless {
        writeln!(text, "  ]")?;
    } else {
        writeln!(
            text,
            "    (name = \"LEDGER\", durableObjectNamespace = \"PaymentLedger\"),\n  ],"
        )?;
        writeln!(
            text,
            "  durableObjectNamespaces = [(className = \"PaymentLedger\", uniqueKey = \"{LEDGER_KEY}\", enableSql = true)],"
        )?;
        writeln!(
            text,
            "  durableObjectStorage = (localDisk = \"ledger-disk\")"
        )?;
    }
    writeln!(text, ");")?;
    Ok(text)
}

/// The date of Cloudflare's behaviour that is deployed, so that it is also what is shown and tested.
fn compatibility_date(project: &Project) -> anyhow::Result<String> {
    let file = project.path("wrangler.toml");
    std::fs::read_to_string(&file)?
        .lines()
        .find_map(|line| {
            line.strip_prefix("compatibility_date = \"")?
                .strip_suffix('"')
        })
        .map(str::to_owned)
        .context("wrangler.toml states no compatibility_date")
}

/// A string of capnp's schema language, whose escapes are C's.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
