//! A session's process, as its parent holds it.

use std::io::{self, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::secret;
use super::session::Settings;

/// The hidden command that runs a session.
pub(crate) const COMMAND: &str = "redis-session";

/// A session that is silent for so long stands still, and is ended: what it does not read piles up in the server.
const SILENCE: Duration = Duration::from_secs(3);

/// How often in a row it has to be silent when looked at: after a pause of our own the first looks are not its fault.
const LOOKS: u32 = 4;

/// A process that reads for us. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Closing it ends the process; nothing more is written to it.
    stdin: Option<ChildStdin>,
    heard: Instant,
    /// How often in a row it was silent when looked at.
    silent: u32,
}

/// The process of one node, while there is one; looked at by the thread that misses its reports.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held(Arc<Mutex<Option<Process>>>);

impl Held {
    /// Starts a process, and gives what it says.
    ///
    /// # Errors
    /// Where the system starts none.
    pub(crate) fn start(&self, settings: &Settings) -> io::Result<BufReader<ChildStdout>> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(COMMAND)
            .env_remove(secret::VARIABLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What stops the terminal's foreground processes (Ctrl-Z) does not stop this one.
            .process_group(0)
            .spawn()?;
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let mut process = Process { child, stdin, heard: Instant::now(), silent: 0 };
        let mut line = serde_json::to_vec(settings)?;
        line.push(b'\n');
        if let Some(stdin) = &mut process.stdin {
            stdin.write_all(&line)?;
        }
        let stdout = stdout.ok_or_else(|| io::Error::other("no pipe"))?;
        *self.lock() = Some(process);
        Ok(BufReader::with_capacity(64 * 1024, stdout))
    }

    /// It said something.
    pub(crate) fn note_heard(&self) {
        if let Some(process) = self.lock().as_mut() {
            process.heard = Instant::now();
            process.silent = 0;
        }
    }

    /// Asks it to end; what it has said already can still be read.
    pub(crate) fn stop(&self) {
        if let Some(process) = self.lock().as_mut() {
            process.stdin = None;
        }
    }

    /// Ends it where it has said nothing for too long, several times in a row.
    pub(crate) fn end_if_silent(&self) {
        if let Some(process) = self.lock().as_mut()
            && process.heard.elapsed() > SILENCE
        {
            process.silent += 1;
            if process.silent >= LOOKS {
                // A signal that also a stopped process obeys.
                let _ = process.child.kill();
            }
        }
    }

    /// Lets go of a process that has said its last.
    pub(crate) fn finish(&self) {
        drop(self.lock().take());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Process>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
