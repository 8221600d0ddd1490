//! Atomics, named here and nowhere else.
//!
//! Every other module takes its atomics from this file, so that a model checker stands under the whole
//! crate by one `cfg`: with `keyviz_loom` they are loom's, and `loom-tests` runs every interleaving. The
//! protocols are written in `ARCHITECTURE.md`; this is the table of who pairs with whom.
//!
//! Where the machine has no 64-bit atomics a count is 32 bits wide and other 64 bits stand in two halves;
//! `whole` and `halved` say what a word is, and the table holds for both.
//!
//! Each row ends with its models, files in `loom-tests/tests`.
//!
//! | word | written by | read by | ordering | models |
//! |---|---|---|---|---|
//! | cell of a recorder's page | that recorder | flush, a change of term | relaxed both ways: monotonic, single writer; a late store is seen by the next flush | `observe_flush` `stores_at_once` `terms` |
//! | cell of a shared shard | anyone, `fetch_add` | flush | relaxed: the same argument, the addition is atomic | `observe_flush` `page_claim` |
//! | directory entry | its recorder (shared shards: anyone) | flush, and who marks it | store and CAS Release, load Acquire: a flush that sees a mark sees the cell; who marks reads an epoch no older than the mark's | `observe_flush` `stores_at_once` |
//! | flush epoch | flush | recorders | relaxed; a recorder that read the old epoch is looked at again one flush later | `observe_flush` `stores_at_once` |
//! | next page of the pool | who claims | who claims | relaxed CAS: the number is all there is to it | `page_claim` |
//! | recorder owner word | claim and drop | claim | CAS Acquire, store Release: the next owner sees all counts of the last | `handover` |
//! | table entry | writer | recorders | store Release, load Acquire: the seat's words are complete before the entry names it, and who sees one gone sees where it went | `lookup` `virtual_buckets` |
//! | table version | writer | recorders that missed | seqlock: odd while changing; fences on both sides | `lookup` `virtual_buckets` |
//! | seat words | writer, only between the end of a grace and the publication | recorders | relaxed, ordered by the table entry | `lookup` `removal` |
//! | member's route, member's bucket | writer | recorders, readers | bucket: store Release, load Acquire, and looked at again after an acquire fence; route: relaxed, after a release fence | `virtual_buckets` |
//! | seat generation | writer | recorders with a handle | store Release, load Acquire | `handles` |
//! | column entry | writer | readers | seqlock per column: sequence 0 while it changes | `history` |
//! | sequence published last | writer | readers | store Release, load Acquire; looked at again after an acquire fence: the same where no publication ended within a look | `history` |
//! | history words, bound chunks, descriptors | writer, only while no published column refers to them | readers | relaxed, validated by the column's sequence after copying | `history` |
//! | lineage entry | writer | readers | seqlock per entry: sequence 0 while it changes, never used twice | `lineage` |
//! | event entry | writer | readers | as a lineage entry; the link to the next of a sort, in the word of lengths, is no part of what is read | `events` |
//! | samples of route ids | their recorder (shared shards: anyone) | flush | relaxed, their number Release and Acquire | none: they are evidence, and nothing follows from them but who is promoted |
//! | samples of keys, their ring's head | their recorder | writer | words relaxed, head store Release, load Acquire: who sees the head sees the samples; the tail the other way round | `key_samples` |
//! | hot keys kept: entry, words | writer | readers | as a column's: seqlock per entry, and the sequence published last | `key_history` |
//! | published counters | writer | readers | relaxed, each exact on its own; of halves two places, by turns | none: nothing follows from them |

#[cfg(all(feature = "std", not(keyviz_loom)))]
pub(crate) use core::sync::atomic::AtomicBool;
/// For statics, which outlive each run of a model: never a model checker's.
#[cfg(target_has_atomic = "32")]
pub(crate) use core::sync::atomic::AtomicU32 as StaticU32;
#[cfg(all(not(keyviz_loom), target_has_atomic = "32"))]
pub(crate) use core::sync::atomic::AtomicU32;
#[cfg(all(not(keyviz_loom), target_has_atomic = "64", not(keyviz_u32_cells)))]
pub(crate) use core::sync::atomic::AtomicU64;
pub(crate) use core::sync::atomic::Ordering;
#[cfg(not(keyviz_loom))]
pub(crate) use core::sync::atomic::{compiler_fence, fence};
#[cfg(all(feature = "std", keyviz_loom))]
pub(crate) use loom::sync::atomic::AtomicBool;
#[cfg(keyviz_loom)]
pub(crate) use loom::sync::atomic::fence;
/// Where the machine has no compare-and-swap, the firmware says how it is made; none stands in `observe`.
#[cfg(not(target_has_atomic = "32"))]
pub(crate) use portable_atomic::{AtomicU32, AtomicU32 as StaticU32};

#[cfg(keyviz_loom)]
mod words;
#[cfg(keyviz_loom)]
pub(crate) use words::{AtomicU32, AtomicU64};

#[cfg(not(any(keyviz_loom, all(target_has_atomic = "64", not(keyviz_u32_cells)))))]
mod halved;
#[cfg(any(keyviz_loom, all(target_has_atomic = "64", not(keyviz_u32_cells))))]
mod whole;
#[cfg(not(any(keyviz_loom, all(target_has_atomic = "64", not(keyviz_u32_cells)))))]
pub(crate) use halved::{Apart, AtomicCount, Count, Number, PLACE_BITS, Word, narrow, wide};
#[cfg(any(keyviz_loom, all(target_has_atomic = "64", not(keyviz_u32_cells))))]
pub(crate) use whole::{Apart, AtomicCount, Count, Number, PLACE_BITS, Word, narrow, wide};

/// Whether the machine itself compares and swaps. Without, there are no shared shards, and a recorder
/// gets its pages when it is made.
pub(crate) const HAS_CAS: bool = cfg!(target_has_atomic = "32");
/// Whether cells have 32 bits.
pub(crate) const HALVED: bool = Count::BITS == 32;

/// A `const fn`; a plain one where atomics cannot be made in constants, which is in a model.
macro_rules! const_fn {
    ($(#[$meta:meta])* $vis:vis fn $($rest:tt)*) => {
        #[cfg(not(keyviz_loom))]
        $(#[$meta])*
        $vis const fn $($rest)*
        #[cfg(keyviz_loom)]
        $(#[$meta])*
        $vis fn $($rest)*
    };
}
pub(crate) use const_fn;

/// Counts of zero.
#[cfg(not(keyviz_loom))]
pub(crate) const fn zeros<const N: usize>() -> [AtomicCount; N] {
    [const { AtomicCount::new(0) }; N]
}

/// Counts of zero.
#[cfg(keyviz_loom)]
pub(crate) fn zeros<const N: usize>() -> [AtomicCount; N] {
    core::array::from_fn(|_| AtomicCount::new(0))
}

/// Numbers of zero.
#[cfg(not(keyviz_loom))]
pub(crate) const fn zero_numbers<const N: usize>() -> [Number; N] {
    [const { Number::new(0) }; N]
}

/// Numbers of zero.
#[cfg(keyviz_loom)]
pub(crate) fn zero_numbers<const N: usize>() -> [Number; N] {
    core::array::from_fn(|_| Number::new(0))
}

/// In a model: nothing. It keeps a compiler from moving accesses and promises nothing to other threads,
/// so the model's threads see each other's in any order that the language allows, as if it were not
/// there. For [`stores_take_effect_at_once`] it is what it comes to on such a machine: a fence.
#[cfg(keyviz_loom)]
pub(crate) fn compiler_fence(order: Ordering) {
    if AT_ONCE.load(Ordering::Relaxed) != 0 {
        fence(order);
    }
}

#[cfg(keyviz_loom)]
static AT_ONCE: StaticU32 = StaticU32::new(0);

/// From now on the process's models run on a machine on which a thread's store is seen by all others
/// before the thread's next load, where the compiler leaves the two in their order.
#[cfg(keyviz_loom)]
pub(crate) fn stores_take_effect_at_once() {
    AT_ONCE.store(1, Ordering::Relaxed);
}
