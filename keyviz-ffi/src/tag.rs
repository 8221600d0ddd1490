//! Whose a handle is: numbers that samplers of one process, and copies of the library, do not share by chance.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Bits of a tag that are the sampler's own; the others are the copy's.
const SAMPLER_BITS: u32 = 8;

/// A number for this copy of the library in this process.
fn copy() -> u32 {
    static COPY: OnceLock<u32> = OnceLock::new();
    *COPY.get_or_init(|| {
        // Where the library lies in memory differs from copy to copy, and its process from process to process.
        let at = &raw const NEXT as usize as u64 >> 4;
        let mixed = (at ^ (u64::from(std::process::id()) << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 48) as u32
    })
}

static NEXT: AtomicU32 = AtomicU32::new(1);

/// The tag of a new sampler.
pub(crate) fn next() -> u32 {
    let own = NEXT.fetch_add(1, Ordering::Relaxed) & ((1 << SAMPLER_BITS) - 1);
    copy() << SAMPLER_BITS | own
}

/// Whether a tag is of this copy of the library.
pub(crate) fn is_ours(tag: u32) -> bool {
    tag >> SAMPLER_BITS == copy()
}
