//! The second connection: how much waits in the server for us, and what its memory has left.

use std::time::{Duration, Instant};

use super::backlog::Backlog;
use super::fuse::{self, Fuse};
use super::state::State;
use crate::quantity::bytes;
use crate::redis::connection::Connection;
use crate::redis::explain::Trouble;
use crate::redis::frames::Why;
use crate::redis::server::{self, Memory};

/// How often our buffer is looked at; at 100 MB/s, which no MONITOR client gets, it grows by 20 MB in between. Looks stand
/// on multiples of it, so that one comes with the end of each column: what is known then is what the column needs.
const LOOK_MS: u64 = 200;
/// So long after the multiple, so that a timer that is early does not miss it.
const AFTER_MS: u64 = 2;

/// How often the memory is looked at.
const LOOK_AROUND: Duration = Duration::from_secs(1);

/// What it watches with.
pub(crate) struct Watch {
    pub(crate) control: Connection,
    pub(crate) fuse: Option<Fuse>,
    /// The `MONITOR` client's id.
    pub(crate) id: i64,
    /// Whether the server lists it; where it does not, an answer has to do for a sign that it is there.
    pub(crate) listed: bool,
    pub(crate) most_buffer_bytes: u64,
    pub(crate) memory: Memory,
    /// Commands that the server had run when the session began.
    pub(crate) commands_before: u64,
}

impl Watch {
    /// Watches until the session ends, or ends it.
    pub(crate) fn run(mut self, state: &State, backlog: &Backlog) {
        let mut looked = (Instant::now(), Instant::now());
        while !state.sleep(until_look(super::unix_ms())) {
            if let Err(trouble) = self.look(state, backlog, &mut looked) {
                // Unwatched, it does not go on.
                state.end(Why::Lost, format!("the connection that watches over MONITOR: {}", trouble.text));
            }
        }
        // Also where nobody knows whether the reader's end has arrived.
        let _ = self.count(state);
        let _ = self.kill();
    }

    fn look(
        &mut self,
        state: &State,
        backlog: &Backlog,
        (looked, lit): &mut (Instant, Instant),
    ) -> Result<(), Trouble> {
        let asked_ms = super::unix_ms();
        let waiting = server::waiting(&mut self.control, self.id)?;
        if waiting.is_some() || !self.listed {
            state.note_known(asked_ms);
            backlog.nudge();
        }
        let waiting = waiting.unwrap_or(0);
        state.note_waiting(waiting);
        if looked.elapsed() >= LOOK_AROUND {
            *looked = Instant::now();
            self.memory = server::memory(&mut self.control)?;
            self.count(state)?;
        }
        if let Some(fuse) = self.fuse.as_mut().filter(|_| lit.elapsed() >= fuse::LIT_EVERY) {
            *lit = Instant::now();
            fuse.light()?;
            state.note_alive();
        }
        let allowed = self.memory.allowance(self.most_buffer_bytes, waiting);
        if waiting > allowed {
            let near = if allowed < self.most_buffer_bytes { ", which is near its maxmemory" } else { "" };
            let text = format!(
                "{} waited in the server{near}, more than the {} that may: keyviz did not keep up and let it go",
                bytes(waiting),
                bytes(allowed)
            );
            state.end(Why::Buffer, text);
            self.kill()?;
        } else if self.memory.is_full() {
            state.end(Why::Memory, full(&self.memory));
            self.kill()?;
        }
        Ok(())
    }

    fn count(&mut self, state: &State) -> Result<(), Trouble> {
        let commands = server::commands(&mut self.control)?;
        state.note_commands(commands.saturating_sub(self.commands_before));
        Ok(())
    }

    /// Has the server end the client, so that its buffer is freed whatever our end of the connection does.
    fn kill(&mut self) -> Result<(), Trouble> {
        self.control.try_ask(&["CLIENT", "KILL", "ID", &self.id.to_string()]).map(|_| ())
    }
}

/// How long to sleep until the next look.
fn until_look(now_ms: u64) -> Duration {
    Duration::from_millis(LOOK_MS - now_ms.saturating_sub(AFTER_MS) % LOOK_MS)
}

/// Of a server in which any byte more may be one too many.
pub(crate) fn full(memory: &Memory) -> String {
    format!(
        "the server's memory is full ({} of {}, and it refuses writes rather than evict keys): it is left alone",
        bytes(memory.used_bytes),
        bytes(memory.most_bytes)
    )
}
