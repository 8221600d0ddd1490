//! The gate in front of the matrix: how many are built at once, how many wait, how many bytes all of
//! them and their answers take together.

use crate::answer::{Answer, Packed, Packing};
use crate::error::ApiError;
use crate::limits::Limits;
use axum::body::Bytes;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Bytes of one permit of the memory semaphore, whose permits are counted in 32 bits.
const UNIT: usize = 4 << 10;

/// A request passes in three steps: it takes a place (none left: busy), waits for its turn to build,
/// and takes the bytes it is expected to need (not there: busy). The turn ends with the build. The
/// bytes are corrected to what the answer really takes, and held until its last byte is sent.
#[derive(Debug)]
pub(crate) struct Gate {
    places: Arc<Semaphore>,
    builds: Arc<Semaphore>,
    memory: Arc<Semaphore>,
    memory_bytes: usize,
    /// Answers that are made while they are sent: one at a time.
    streams: Arc<Semaphore>,
}

/// The right to make one answer while it is sent, with the bytes that this takes.
#[derive(Debug)]
pub(crate) struct StreamPass {
    _memory: OwnedSemaphorePermit,
    _stream: OwnedSemaphorePermit,
}

/// A request inside the gate.
#[derive(Debug)]
pub(crate) struct Pass {
    memory: OwnedSemaphorePermit,
    pool: Arc<Semaphore>,
    _build: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

impl Gate {
    pub(crate) fn new(limits: &Limits) -> Gate {
        Gate {
            places: Arc::new(Semaphore::new(limits.max_builds.saturating_add(limits.max_waiting_builds))),
            builds: Arc::new(Semaphore::new(limits.max_builds)),
            memory: Arc::new(Semaphore::new(units(limits.memory_bytes) as usize)),
            memory_bytes: limits.memory_bytes,
            streams: Arc::new(Semaphore::new(1)),
        }
    }

    /// The turn of an answer that is made while it is sent; it takes no turn of the others.
    pub(crate) fn stream(&self, bytes: usize) -> Result<StreamPass, ApiError> {
        if bytes > self.memory_bytes {
            return Err(ApiError::busy("a snapshot would take more memory than the endpoint has"));
        }
        let stream = Arc::clone(&self.streams).try_acquire_owned();
        let stream =
            stream.map_err(|_| ApiError::busy("a snapshot is on its way to another client; try again later"))?;
        let memory = Arc::clone(&self.memory).try_acquire_many_owned(units(bytes)).map_err(|_| no_memory())?;
        Ok(StreamPass { _memory: memory, _stream: stream })
    }

    /// Bytes of all answers together.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    /// Lets a request in that is expected to need `bytes`.
    pub(crate) async fn enter(&self, bytes: usize) -> Result<Pass, ApiError> {
        if bytes > self.memory_bytes {
            return Err(ApiError::busy(
                "this picture would take more memory than the endpoint has; ask for fewer rows or a shorter time",
            ));
        }
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| too_many())?;
        let build = Arc::clone(&self.builds).acquire_owned().await.map_err(|_| too_many())?;
        let pool = Arc::clone(&self.memory);
        let memory = Arc::clone(&pool).try_acquire_many_owned(units(bytes)).map_err(|_| no_memory())?;
        Ok(Pass { memory, pool, _build: build, _place: place })
    }
}

impl Pass {
    /// Packs the answer, ends the build, and keeps its bytes accounted for as long as any part of it lives.
    pub(crate) fn finish(self, text: String, packing: Packing) -> Result<Answer, ApiError> {
        self.send(packing.pack(text))
    }

    /// As [`finish`](Self::finish), with what is packed already.
    pub(crate) fn send(self, packed: Packed) -> Result<Answer, ApiError> {
        let Packed { bytes, encoding } = packed;
        let Pass { mut memory, pool, .. } = self;
        let real = units(bytes.capacity());
        let held = u32::try_from(memory.num_permits()).unwrap_or(u32::MAX);
        if real > held {
            let more = pool.try_acquire_many_owned(real - held).map_err(|_| no_memory())?;
            memory.merge(more);
        } else {
            drop(memory.split((held - real) as usize));
        }
        Ok(Answer { body: Bytes::from_owner(Accounted { bytes, _memory: memory }), encoding })
    }
}

/// An answer with the permit for its bytes.
struct Accounted {
    bytes: Vec<u8>,
    _memory: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Accounted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

fn too_many() -> ApiError {
    ApiError::busy("too many pictures are asked for at once; try again in a second")
}

fn no_memory() -> ApiError {
    ApiError::busy("the memory for pictures is in use by other requests; try again in a second")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    fn gate(max_builds: usize, max_waiting_builds: usize) -> Gate {
        Gate::new(&Limits { max_builds, max_waiting_builds, memory_bytes: 1 << 20, ..Limits::default() }.bounded())
    }

    #[tokio::test]
    async fn one_builds_one_waits_the_third_is_busy() {
        let gate = Arc::new(gate(1, 1));
        let first = gate.enter(1).await.unwrap();
        let second = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter(1).await.is_ok() }
        });
        while gate.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(gate.enter(1).await.unwrap_err().code, Code::Busy);
        drop(first);
        assert!(second.await.unwrap());
        assert!(gate.enter(1).await.is_ok());
    }

    #[tokio::test]
    async fn one_streams_and_takes_nobodys_turn() {
        let gate = gate(1, 0);
        let stream = gate.stream(600 << 10).unwrap();
        assert_eq!(gate.stream(1).unwrap_err().code, Code::Busy);
        assert_eq!(gate.enter(600 << 10).await.unwrap_err().code, Code::Busy);
        let _build = gate.enter(100 << 10).await.unwrap();
        drop(stream);
        assert_eq!(gate.stream(2 << 20).unwrap_err().code, Code::Busy);
        assert!(gate.stream(600 << 10).is_ok());
    }

    #[tokio::test]
    async fn an_answer_holds_its_bytes_until_its_last_part_is_gone() {
        let gate = gate(4, 4);
        let all = gate.memory.available_permits();
        let answer = gate.enter(600 << 10).await.unwrap().finish("x".repeat(100 << 10), Packing::Plain).unwrap().body;
        // The turn is over, and the bytes are corrected down to what the answer takes.
        assert_eq!(gate.builds.available_permits(), 4);
        assert_eq!(all - gate.memory.available_permits(), 25);
        let tail = answer.slice(5..);
        drop(answer);
        assert_eq!(gate.enter(1 << 20).await.unwrap_err().code, Code::Busy);
        drop(tail);
        assert_eq!(gate.memory.available_permits(), all);
        assert!(gate.enter(1 << 20).await.is_ok());
        // An answer that outgrew what was expected has to find the rest.
        let pass = gate.enter(1).await.unwrap();
        assert_eq!(pass.finish("x".repeat(2 << 20), Packing::Plain).unwrap_err().code, Code::Busy);
        assert_eq!(gate.memory.available_permits(), all);
        // More than there ever is.
        assert_eq!(gate.enter(usize::MAX).await.unwrap_err().code, Code::Busy);
        assert_eq!(gate.places.available_permits(), 8);
    }
}
