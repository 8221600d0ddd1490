//! Atomics, named here and nowhere else.
//!
//! Every other module takes its atomics from this file, so that a model checker stands under the whole
//! crate by one `cfg`: with `keyviz_loom` they are loom's, and `loom-tests` runs every interleaving. The
//! protocols are written in `ARCHITECTURE.md`; this is the table of who pairs with whom.
//!
//! Each row ends with its models, files in `loom-tests/tests`.
//!
//! | word | written by | read by | ordering | models |
//! |---|---|---|---|---|
//! | cell of a recorder's page | that recorder | flush | relaxed both ways: monotonic, single writer; a late store is seen by the next flush | `observe_flush` `stores_at_once` |
//! | cell of a shared shard | anyone, `fetch_add` | flush | relaxed: the same argument, the addition is atomic | `observe_flush` `page_claim` |
//! | directory entry | its recorder (shared shards: anyone) | flush, and who marks it | store and CAS Release, load Acquire: a flush that sees a mark sees the cell; who marks reads an epoch no older than the mark's | `observe_flush` `stores_at_once` |
//! | flush epoch | flush | recorders | relaxed; a recorder that read the old epoch is looked at again one flush later | `observe_flush` `stores_at_once` |
//! | next page of the pool | who claims | who claims | relaxed CAS: the number is all there is to it | `page_claim` |
//! | recorder owner word | claim and drop | claim | CAS Acquire, store Release: the next owner sees all counts of the last | `handover` |
//! | table entry | writer | recorders | store Release, load Acquire: the seat's words are complete before the entry names it | `lookup` |
//! | table version | writer | recorders that missed | seqlock: odd while changing; fences on both sides | `lookup` |
//! | seat words | writer, only between the end of a grace and the publication | recorders | relaxed, ordered by the table entry | `lookup` `removal` |
//! | seat generation | writer | recorders with a handle | store Release, load Acquire | `handles` |
//! | column entry | writer | readers | seqlock per column: sequence 0 while it changes | `history` |
//! | history words, bound chunks, descriptors | writer, only while no published column refers to them | readers | relaxed, validated by the column's sequence after copying | `history` |
//! | published counters | writer | readers | relaxed, each exact on its own | none: nothing follows from them |

#[cfg(all(feature = "std", not(keyviz_loom)))]
pub(crate) use core::sync::atomic::AtomicBool;
/// For statics, which outlive each run of a model: never a model checker's.
pub(crate) use core::sync::atomic::AtomicU32 as StaticU32;
pub(crate) use core::sync::atomic::Ordering;
#[cfg(not(keyviz_loom))]
pub(crate) use core::sync::atomic::{AtomicU32, AtomicU64, compiler_fence, fence};
#[cfg(all(feature = "std", keyviz_loom))]
pub(crate) use loom::sync::atomic::AtomicBool;
#[cfg(keyviz_loom)]
pub(crate) use loom::sync::atomic::fence;

#[cfg(keyviz_loom)]
mod words;
#[cfg(keyviz_loom)]
pub(crate) use words::{AtomicU32, AtomicU64};

/// Words of zero.
#[cfg(not(keyviz_loom))]
pub(crate) const fn zeros<const N: usize>() -> [AtomicU64; N] {
    [const { AtomicU64::new(0) }; N]
}

/// Words of zero.
#[cfg(keyviz_loom)]
pub(crate) fn zeros<const N: usize>() -> [AtomicU64; N] {
    core::array::from_fn(|_| AtomicU64::new(0))
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
