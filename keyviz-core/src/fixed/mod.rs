//! The form without an allocator: the shared half a static, the writing half in memory that the host
//! places and lends.
//!
//! [`fixed!`](crate::fixed!) declares both. All lengths follow from the configuration at compile time; a
//! configuration that cannot work does not compile, and the message names the field.

mod declare;
mod shared_memory;
mod sizes;
mod writer_memory;

use core::fmt;

pub use self::shared_memory::SharedMemory;
pub use self::sizes::{Sizes, roomy};
pub use self::writer_memory::WriterMemory;
#[cfg(feature = "alloc")]
use crate::config::Config;
#[cfg(feature = "alloc")]
use crate::config_error::ConfigError;
use crate::counters::Published;
use crate::halves::WriterOn;
#[cfg(feature = "alloc")]
use crate::layout::Layout;
use crate::memory::WriterPools;
use crate::shared::Shared;
use crate::writer::State;

/// The writing half over a [`Shared`] that is a static, in memory lent for `'m`.
pub type FixedWriter<'m> = WriterOn<'m, &'static Shared>;

/// Why [`claim`](WriterMemory::claim) gave no writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClaimError {
    /// There is a writer, or was: a shared half has one in its life.
    Taken,
    /// The memory was declared for another configuration.
    OtherSizes,
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("the writer was claimed before; claim it once and keep it"),
            Self::OtherSizes => f.write_str("the memory is another configuration's; use the `Memory` declared with it"),
        }
    }
}

impl core::error::Error for ClaimError {}

impl<'m> FixedWriter<'m> {
    pub(super) fn begin(shared: &'static Shared, pools: WriterPools<'m>, now_ms: u64) -> Self {
        shared.begin();
        let mut writer = WriterOn { shared, state: State::new(shared, pools, now_ms) };
        writer.state.begin(shared);
        shared.board.set(Published::MemoryBytes, shared.layout.fixed_memory_bytes() as u64);
        writer
    }

    /// A recorder; see [`Shared::recorder`].
    #[must_use]
    pub fn recorder(&self) -> Option<crate::FixedRecorder> {
        self.shared.recorder()
    }
}

#[cfg(feature = "alloc")]
impl FixedWriter<'static> {
    /// A writer and its shared half in memory that is taken from the allocator and never given back: the
    /// fixed form for sizes that are known at run time only.
    ///
    /// # Errors
    /// [`ConfigError`] names the field and what to do.
    pub fn leak(config: Config, now_ms: u64) -> Result<FixedWriter<'static>, ConfigError> {
        use crate::pool::Leak;

        let layout = Layout::new(&config)?;
        let shared = Shared::take::<Leak>(config, layout)?;
        let pools = WriterPools::take::<Leak>(&layout)?;
        let shared: &'static Shared = alloc::boxed::Box::leak(alloc::boxed::Box::new(shared));
        shared.claim();
        Ok(Self::begin(shared, pools, now_ms))
    }
}

#[cfg(feature = "alloc")]
impl FixedWriter<'_> {
    /// A reader of this sampler.
    #[must_use]
    pub fn reader(&self) -> crate::FixedReader {
        crate::FixedReader { shared: self.shared }
    }
}
