//! One server of the stack, as a process of ours.

use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{report, shell};

/// Long enough to close a database, short enough for Ctrl-C to feel like it worked.
const FAREWELL: Duration = Duration::from_secs(3);

pub(super) struct Part {
    name: &'static str,
    child: Child,
    reported: bool,
}

impl Part {
    /// Starts the program; its pid is that of `command` itself. Each line that it prints is shown under its name.
    pub(super) fn start(name: &'static str, command: &Command) -> anyhow::Result<Self> {
        let mut child = dying_with_us(command)
            // A group of its own: Ctrl-C reaches us alone, and we stop the parts in order.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name} with `{}`", shell::shown(command)))?;
        if let Some(stdout) = child.stdout.take() {
            relay(name, stdout);
        }
        if let Some(stderr) = child.stderr.take() {
            relay(name, stderr);
        }
        Ok(Self {
            name,
            child,
            reported: false,
        })
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub(super) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Says, once, that it died.
    pub(super) fn report_death(&mut self) {
        if !self.reported
            && let Ok(Some(status)) = self.child.try_wait()
        {
            self.reported = true;
            report::failure(&format!("{} died ({status}); the others go on", self.name));
        }
    }

    /// Asks it to stop, and makes it if it does not.
    pub(super) fn stop(&mut self) {
        if let Ok(Some(_)) = self.child.try_wait() {
            return;
        }
        if let Ok(pid) = i32::try_from(self.child.id()) {
            // Still our child, not waited for: the pid is nobody else's.
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let asked = Instant::now();
        while asked.elapsed() < FAREWELL {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The same command, killed by the kernel when we die without having stopped it. `setpriv` becomes the program it
/// starts, so the pid is the program's. Without it (no Linux, or a smaller one), a SIGKILL to us leaves the parts running.
fn dying_with_us(command: &Command) -> Command {
    let with_signal = |setpriv: &Path| {
        let mut wrapper = Command::new(setpriv);
        wrapper.args(["--pdeathsig", "KILL", "--"]);
        wrapper
    };
    let setpriv = shell::which("setpriv")
        .filter(|setpriv| shell::output(with_signal(setpriv).arg("true")).is_ok());
    match setpriv {
        Some(setpriv) => {
            let mut wrapper = with_signal(&setpriv);
            wrapper.arg(command.get_program());
            copied(wrapper, command)
        }
        None => copied(Command::new(command.get_program()), command),
    }
}

fn copied(mut to: Command, from: &Command) -> Command {
    to.args(from.get_args());
    for (name, value) in from.get_envs() {
        match value {
            Some(value) => to.env(name, value),
            None => to.env_remove(name),
        };
    }
    if let Some(folder) = from.get_current_dir() {
        to.current_dir(folder);
    }
    to
}

fn relay(name: &'static str, stream: impl Read + Send + 'static) {
    std::thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            report::line(&format!("{name:<9} │ {}", String::from_utf8_lossy(&line)));
        }
    });
}
