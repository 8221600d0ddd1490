//! Standard input, read by a thread of its own, so that whoever waits for more can do other things meanwhile.

use std::io::{self, Cursor, ErrorKind, Read};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

/// Bytes read at once, and how many such reads wait to be taken.
const CHUNK_BYTES: usize = 64 * 1024;
const CHUNKS: usize = 16;

/// How long to sleep where nothing has come.
const NAP: Duration = Duration::from_millis(5);

/// Bytes as they come; where none have come, says so with [`ErrorKind::WouldBlock`].
#[derive(Debug)]
pub(crate) struct Pipe {
    chunks: Receiver<io::Result<Vec<u8>>>,
    current: Cursor<Vec<u8>>,
    ended: bool,
}

impl Pipe {
    /// Reads `input` from now on. The thread ends with the input, or with the process.
    ///
    /// # Errors
    /// Where no thread can be had.
    pub(crate) fn start(mut input: impl Read + Send + 'static) -> io::Result<Pipe> {
        let (to, chunks) = sync_channel(CHUNKS);
        let read = move || {
            loop {
                let mut chunk = vec![0; CHUNK_BYTES];
                let read = match input.read(&mut chunk) {
                    Ok(0) => return,
                    Ok(count) => {
                        chunk.truncate(count);
                        Ok(chunk)
                    }
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    Err(error) => Err(error),
                };
                let failed = read.is_err();
                if to.send(read).is_err() || failed {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("keyviz-stdin".to_owned()).spawn(read)?;
        Ok(Pipe { chunks, current: Cursor::default(), ended: false })
    }

    /// Whether the input has come to its end.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// Adds what comes until `quiet` passes without anything, `longest` has passed, there are `most` bytes, or until the
    /// end.
    pub(crate) fn gather(
        &mut self,
        held: &mut Vec<u8>,
        most: usize,
        quiet: Duration,
        longest: Duration,
    ) -> io::Result<()> {
        let began = Instant::now();
        let mut last = began;
        while held.len() < most && !self.ended && last.elapsed() < quiet && began.elapsed() < longest {
            let before = held.len();
            let mut chunk = [0; 8192];
            match self.read(&mut chunk) {
                Ok(count) => held.extend_from_slice(chunk.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(NAP),
                Err(error) => return Err(error),
            }
            if held.len() > before {
                last = Instant::now();
            }
        }
        Ok(())
    }
}

impl Read for Pipe {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.current.read(buf)?;
            if count > 0 || buf.is_empty() || self.ended {
                return Ok(count);
            }
            match self.chunks.try_recv() {
                Ok(chunk) => self.current = Cursor::new(chunk?),
                Err(TryRecvError::Empty) => return Err(ErrorKind::WouldBlock.into()),
                Err(TryRecvError::Disconnected) => self.ended = true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gathers_what_is_there_and_reads_the_rest() {
        let text: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut pipe = Pipe::start(Cursor::new(text.clone())).unwrap();
        let mut held = Vec::new();
        let long = Duration::from_secs(5);
        pipe.gather(&mut held, 100_000, long, long).unwrap();
        assert!((100_000..110_000).contains(&held.len()) && !pipe.ended());
        pipe.gather(&mut held, usize::MAX, long, long).unwrap();
        assert!(held == text && pipe.ended());
        assert_eq!(pipe.read(&mut [0; 10]).unwrap(), 0);
    }

    #[test]
    fn does_not_wait_for_what_does_not_come() {
        let (reader, _writer) = io::pipe().unwrap();
        let mut pipe = Pipe::start(reader).unwrap();
        assert_eq!(pipe.read(&mut [0; 10]).unwrap_err().kind(), ErrorKind::WouldBlock);
        let (short, long) = (Duration::from_millis(20), Duration::from_secs(60));
        pipe.gather(&mut Vec::new(), 10, short, long).unwrap();
        pipe.gather(&mut Vec::new(), 10, long, short).unwrap();
        assert!(!pipe.ended());
    }
}
