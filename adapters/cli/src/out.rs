//! The one place that writes to the terminal.
//!
//! A reader that goes away (`keyviz replay f | head -1`) is no error and no panic: what is left unsaid is dropped.
//! Rust's runtime ignores SIGPIPE, so a closed pipe arrives here as an error value.

use std::io::{self, ErrorKind, Write};

use crate::failure::Failure;
use crate::withheld;

/// Writes text and a newline to standard output, at once.
///
/// # Errors
/// Where the output takes no more for another reason than a closed pipe, such as a full disk.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    match write(&mut io::stdout().lock(), text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("writing to standard output failed: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a message and a newline to standard error, without any password of the command line; there is nobody to tell
/// when that fails.
pub(crate) fn complain(text: &str) {
    let withheld = withheld::of_command_line(text);
    let _ = write(&mut io::stderr().lock(), &format!("keyviz: {}", withheld.as_deref().unwrap_or(text)));
}

fn write(to: &mut impl Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes())?;
    to.write_all(b"\n")?;
    to.flush()
}
