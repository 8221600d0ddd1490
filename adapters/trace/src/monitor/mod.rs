//! The output of Redis' `MONITOR`: one command a line, its arguments quoted and escaped.
//!
//! ```text
//! 1700000000.123456 [0 127.0.0.1:5] "SET" "user:1" "abc"
//! 1700000000.123470 [0 lua] "INCR" "hits"
//! 1700000000.123480 [0 unix:/run/redis.sock] "GET" "\x00\n"
//! ```
//!
//! As published in Redis' `replicationFeedMonitors` and `sdscatrepr`
//! (<https://github.com/redis/redis/blob/7.0/src/replication.c>, `sds.c`). A script's own commands follow as `lua`
//! lines; they are counted like all others, as the server's own counters do.

mod args;
mod door;
mod line;

use crate::record::Op;
use crate::redis::{KeyUse, resolve};
use crate::skipped::Reason;

pub(crate) use args::Args;
pub use door::{MonitorKey, MonitorLine};
pub(crate) use line::{hex, is_idle, looks_like};

/// Reads lines; keeps one command's arguments at a time.
#[derive(Debug, Default)]
pub(crate) struct Monitor {
    args: Args,
    keys: Vec<KeyUse>,
    next: usize,
    /// Where the keys end that the current command scans; a command scans one range at most.
    end: Vec<u8>,
    /// The current command's database; 0 where the line does not say.
    database: u32,
    /// A bit for each of the first 64 databases that was named.
    databases: u64,
}

/// What stands for the end of the key space: keys that are greater begin with nine bytes of the greatest value.
const END: [u8; 9] = [u8::MAX; 9];

/// The least key beyond all that begin so.
fn beyond(begin: &[u8], end: &mut Vec<u8>) {
    end.clear();
    end.extend_from_slice(begin);
    while end.pop_if(|last| *last == u8::MAX).is_some() {}
    match end.last_mut() {
        Some(last) => *last += 1,
        None => end.extend_from_slice(&END),
    }
}

impl Monitor {
    /// Reads one line without its newline; the time in microseconds and the number of keys, or why there is none.
    pub(crate) fn read(&mut self, text: &[u8], cut: bool) -> Result<(u64, usize), Reason> {
        self.keys.clear();
        self.next = 0;
        let time_us = line::parse(text, &mut self.args).map_err(|reason| match reason {
            Reason::BadQuote | Reason::NotARecord if cut => Reason::CutShort,
            other => other,
        })?;
        resolve(&self.args, &mut self.keys)?;
        if let Some(scan) = self.keys.iter().find(|used| used.op == Op::Scan) {
            let begin = scan.prefix.and_then(|len| self.args.get(scan.arg)?.get(..len)).unwrap_or_default();
            beyond(begin, &mut self.end);
        }
        self.database = line::database(text).unwrap_or(0);
        self.databases |= 1_u64.checked_shl(self.database).unwrap_or(0);
        Ok((time_us, self.keys.len()))
    }

    /// Steps to the next key of the command; false when there is none left.
    pub(crate) fn advance(&mut self) -> bool {
        let more = self.next < self.keys.len();
        self.next += usize::from(more);
        more
    }

    /// How many databases had a command with a key, of the first 64.
    pub(crate) fn databases(&self) -> u32 {
        self.databases.count_ones()
    }

    /// The key stepped to.
    pub(crate) fn current(&self) -> Option<MonitorKey<'_>> {
        self.at(self.next.checked_sub(1)?)
    }

    /// One key of the current command, from 0.
    fn at(&self, index: usize) -> Option<MonitorKey<'_>> {
        let used = self.keys.get(index)?;
        let arg = self.args.get(used.arg)?;
        let key = arg.get(..used.prefix.unwrap_or(arg.len()))?;
        let end_key = (used.op == Op::Scan).then_some(&*self.end);
        Some(MonitorKey { op: used.op, key, end_key, value_len: used.value_len })
    }
}
