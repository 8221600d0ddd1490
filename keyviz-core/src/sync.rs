//! Atomics, named here and nowhere else.
//!
//! Every other module takes its atomics from this file, so that a model checker can be put under
//! the whole crate by changing one place. The protocols are written in `ARCHITECTURE.md`; this is
//! the table of who pairs with whom.
//!
//! | word | written by | read by | ordering |
//! |---|---|---|---|
//! | cell of a recorder's page | that recorder | flush | relaxed both ways: monotonic, single writer; a late store is seen by the next flush |
//! | cell of a shared shard | anyone, `fetch_add` | flush | relaxed: the same argument, the addition is atomic |
//! | directory entry | its recorder (shared shards: anyone) | flush | store Release, load Acquire: a page number is never seen before the page |
//! | flush epoch | flush | recorders | relaxed; a recorder that read the old epoch is looked at again one flush later |
//! | recorder owner word | claim and drop | claim | CAS Acquire, store Release: the next owner sees all counts of the last |
//! | table entry | writer | recorders | store Release, load Acquire: the seat's words are complete before the entry names it |
//! | table version | writer | recorders that missed | seqlock: odd while changing; fences on both sides |
//! | seat words | writer, only between the end of a grace and the publication | recorders | relaxed, ordered by the table entry |
//! | seat generation | writer | recorders with a handle | store Release, load Acquire |
//! | column entry | writer | readers | seqlock per column: sequence 0 while it changes |
//! | history words, bound chunks, descriptors | writer, only while no published column refers to them | readers | relaxed, validated by the column's sequence after copying |
//! | published counters | writer | readers | relaxed, each exact on its own |

#[cfg(feature = "std")]
pub(crate) use core::sync::atomic::AtomicBool;
pub(crate) use core::sync::atomic::{AtomicU32, AtomicU64, Ordering, compiler_fence, fence};
