//! What makes load.

use super::system;
use crate::shell;

/// Finds wrk, or installs Debian's. Not a program in JavaScript: on two cores it would take what it measures.
pub(crate) fn wrk() -> anyhow::Result<()> {
    if shell::which("wrk").is_some() {
        return Ok(());
    }
    system::apt_install(&["wrk"], "the benchmark's load comes from wrk")
}
