//! The one place that writes to the terminal: a readable line per call, never a key, a header, a body or a query.

use std::io::Write;

/// Writes lines to standard output, or none at all.
#[derive(Clone, Copy)]
pub(crate) struct Log {
    pub(crate) quiet: bool,
}

impl Log {
    /// One line of the running log.
    pub(crate) fn line(self, line: std::fmt::Arguments<'_>) {
        if !self.quiet {
            say(line);
        }
    }
}

/// Says something even when quiet: the address, a warning.
pub(crate) fn say(line: std::fmt::Arguments<'_>) {
    // `println!` would panic once whoever reads our output has gone.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Ends the process because going on would break a promise, and says why.
pub(crate) fn fatal(reason: &str) -> ! {
    let _ = writeln!(std::io::stderr().lock(), "paysg-simulator: {reason}");
    std::process::exit(1)
}
