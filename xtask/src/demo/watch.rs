//! Watching over parts: until they answer, while they serve, until somebody stops them.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::bail;

use super::network;
use super::part::Part;
use crate::report;

/// How long a part may take until it answers: the slowest, workerd with a cold disk, was seen to take two seconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until the URL answers. An answer that complains is shown, and counts: a misconfigured edge is up, and says
/// what it lacks. False: interrupted meanwhile.
pub(super) fn wait_until_ready(
    part: &mut Part,
    url: &str,
    interrupted: &mpsc::Receiver<()>,
) -> anyhow::Result<bool> {
    let started = Instant::now();
    loop {
        let error = match network::get(url) {
            Ok(answer) => {
                if answer.status >= 400 {
                    report::failure(&format!(
                        "{} answers {}: {}",
                        part.name(),
                        answer.status,
                        answer.body.trim()
                    ));
                }
                return Ok(true);
            }
            Err(error) => error,
        };
        if let Some(status) = part.ended()? {
            bail!(
                "{} did not start ({status}); what it said is above",
                part.name()
            );
        }
        if started.elapsed() >= PATIENCE {
            bail!(
                "{} gives no answer at {url} after {PATIENCE:?}: {error}",
                part.name()
            );
        }
        match interrupted.recv_timeout(Duration::from_millis(25)) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(false),
        }
    }
}

/// Reports each part that dies, until interrupted.
pub(super) fn serve(parts: &mut [Part], interrupted: &mpsc::Receiver<()>) {
    while let Err(RecvTimeoutError::Timeout) = interrupted.recv_timeout(Duration::from_millis(100))
    {
        for part in parts.iter_mut() {
            part.report_death();
        }
    }
}

/// Receives when the command shall stop: Ctrl-C, SIGTERM, SIGHUP and, where asked for, the end of standard input.
pub(super) fn interruption(until_stdin_ends: bool) -> anyhow::Result<mpsc::Receiver<()>> {
    let (sender, receiver) = mpsc::channel();
    let on_signal = sender.clone();
    ctrlc::set_handler(move || {
        let _ = on_signal.send(());
    })?;
    if until_stdin_ends {
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            let _ = sender.send(());
        });
    }
    Ok(receiver)
}
