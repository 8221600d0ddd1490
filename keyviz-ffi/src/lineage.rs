//! Which routes a route came from.

use keyviz_core::Lineage;

use crate::fence::fenced;
use crate::input::{items_out, out};
use crate::room;
use crate::sampler::{keyviz_sampler, pinned};
use crate::status::keyviz_status;

/// A route came from another, by a split or a merge. The struct stays as it is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct keyviz_lineage {
    /// When it was told: the last flush before, in Unix milliseconds.
    pub at_ms: u64,
    /// The route that was split or merged.
    pub parent: u64,
    /// The route that came of it. A split may keep the parent's id for one of its parts.
    pub child: u64,
}

impl From<Lineage> for keyviz_lineage {
    fn from(lineage: Lineage) -> Self {
        keyviz_lineage { at_ms: lineage.at_ms, parent: lineage.parent.0, child: lineage.child.0 }
    }
}

/// Reads what is known of which route came from which: splits and merges, the host's and those of ranges that keyviz
/// makes, oldest first.
///
/// Kept are the latest; the counter `lineage_dropped` has how many went.
///
/// Ownership: `entries` and `count` are the host's. Of more than there is `room` for, the latest are given; `entries`
/// may be NULL with room for none.
/// Threads: any; nothing waits for it.
/// Units: `room` is how many entries there is room for; `count` gets how many there are, which may be more.
/// Errors: those of the handle; `null_pointer`, `bad_argument`, `out_of_memory`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_lineage_read(
    sampler: keyviz_sampler,
    entries: *mut keyviz_lineage,
    room: usize,
    count: *mut usize,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        let host = pinned(sampler)?;
        // SAFETY: the caller's word, twice.
        let (places, count) = unsafe { (items_out(entries, room, "entries")?, out(count, "count")?) };
        let known = host.reader.lineage();
        let latest = known.iter().skip(known.len().saturating_sub(room));
        for (place, lineage) in places.iter_mut().zip(latest) {
            place.write((*lineage).into());
        }
        count.write(known.len());
        Ok(())
    })
}
