//! Members: routes that are known but have no seat of their own. Each shares a virtual bucket with its
//! neighbours.
//!
//! Recorders find a member's number in the table, and here the route it stands for and its bucket's
//! seat. A number is used again without a grace: its route is written before its bucket, with a fence
//! between, and a recorder looks at the route once more after it read the bucket. So the bucket it
//! counts in was that route's, if perhaps a moment ago; and a bucket's seat does have a grace.

use crate::bounds::BoundRef;
use crate::descriptor::NONE;
use crate::limits::MAX_ROUTES;
use crate::pool::{Pool, PoolMut};
use crate::sync::{AtomicU32, Ordering, Word, const_fn, fence};

/// What recorders see of the members.
pub(crate) struct MemberWords {
    routes: Pool<Word>,
    /// The seat plus one (0: none), and in the upper bits how often the number was given out.
    buckets: Pool<AtomicU32>,
}

const SEAT_BITS: u32 = 22;
const SEAT: u32 = (1 << SEAT_BITS) - 1;

// Live, draining and virtual seats.
const _: () = assert!(3 * MAX_ROUTES < SEAT);

impl MemberWords {
    const_fn! {
        pub(crate) fn new(routes: Pool<Word>, buckets: Pool<AtomicU32>) -> Self {
            MemberWords { routes, buckets }
        }
    }

    /// The route of a member; what a free one says has no meaning.
    pub(crate) fn route(&self, member: usize) -> Option<u64> {
        Some(self.routes.get(member)?.load(Ordering::Relaxed))
    }

    /// The seat of the bucket that counts `route`, whose number `member` was; `None` when it no longer
    /// is, or just moves.
    pub(crate) fn bucket(&self, member: usize, route: u64) -> Option<usize> {
        let word = self.buckets.get(member)?;
        let bucket = word.load(Ordering::Acquire);
        let seat = ((bucket & SEAT) as usize).checked_sub(1)?;
        if self.route(member)? != route {
            return None;
        }
        fence(Ordering::Acquire);
        (word.load(Ordering::Relaxed) == bucket).then_some(seat)
    }

    /// Every route with the seat of its bucket, as they are now; each is right on its own.
    #[cfg(feature = "alloc")]
    pub(crate) fn each(&self) -> impl Iterator<Item = (u64, usize)> {
        (0..self.routes.len()).filter_map(|member| {
            let route = self.route(member)?;
            Some((route, self.bucket(member, route)?))
        })
    }

    /// A free number stands for `route` from now on.
    fn fill(&self, member: usize, route: u64, bucket: u32) {
        // Who sees the route sees that the bucket before it is gone.
        fence(Ordering::Release);
        if let Some(word) = self.routes.get(member) {
            word.store(route, Ordering::Relaxed);
        }
        self.store_bucket(member, bucket, 1);
    }

    /// The member's route counts in another bucket from now on.
    pub(crate) fn set_bucket(&self, member: usize, bucket: u32) {
        self.store_bucket(member, bucket, 0);
    }

    fn store_bucket(&self, member: usize, bucket: u32, given_out: u32) {
        if let Some(word) = self.buckets.get(member) {
            let times = (word.load(Ordering::Relaxed) >> SEAT_BITS).wrapping_add(given_out);
            word.store(times << SEAT_BITS | bucket.wrapping_add(1), Ordering::Release);
        }
    }
}

/// What the writer knows of a member.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MemberMeta {
    pub(crate) route: u64,
    pub(crate) group: u64,
    pub(crate) start: BoundRef,
    pub(crate) end: BoundRef,
    /// The seat of its bucket.
    pub(crate) bucket: u32,
    /// The known routes before and after it, in the order of their starts.
    pub(crate) previous: u32,
    pub(crate) next: u32,
}

impl MemberMeta {
    /// All zeros: what memory for members begins as.
    pub(crate) const BLANK: MemberMeta = MemberMeta { bucket: 0, previous: 0, next: 0, ..MemberMeta::FREE };

    const FREE: MemberMeta = MemberMeta {
        route: 0,
        group: 0,
        start: BoundRef::NONE,
        end: BoundRef::NONE,
        bucket: NONE,
        previous: NONE,
        next: NONE,
    };
}

/// The writer's side: every member, and which numbers are free.
pub(crate) struct Members<'m> {
    meta: PoolMut<'m, MemberMeta>,
    /// Free ones hang together by `next`.
    free: u32,
    pub(crate) len: u32,
}

impl<'m> Members<'m> {
    pub(crate) fn new(mut meta: PoolMut<'m, MemberMeta>) -> Self {
        let members = meta.len();
        for (i, meta) in meta.iter_mut().enumerate() {
            *meta = MemberMeta { next: if i + 1 < members { i as u32 + 1 } else { NONE }, ..MemberMeta::FREE };
        }
        Members { meta, free: if members > 0 { 0 } else { NONE }, len: 0 }
    }

    pub(crate) fn get(&self, member: u32) -> Option<&MemberMeta> {
        self.meta.get(member as usize)
    }

    pub(crate) fn get_mut(&mut self, member: u32) -> Option<&mut MemberMeta> {
        self.meta.get_mut(member as usize)
    }

    /// Whether another can be had.
    pub(crate) fn has_room(&self) -> bool {
        self.free != NONE
    }

    /// Gives a route a number; the caller has made sure that there is one.
    pub(crate) fn insert(&mut self, words: &MemberWords, meta: MemberMeta) -> u32 {
        let member = self.free;
        if let Some(place) = self.meta.get_mut(member as usize) {
            self.free = place.next;
            *place = meta;
            self.len += 1;
            words.fill(member as usize, meta.route, meta.bucket);
        }
        member
    }

    /// The number is free; the caller has taken it out of the table.
    pub(crate) fn remove(&mut self, words: &MemberWords, member: u32) {
        let free = self.free;
        if let Some(place) = self.meta.get_mut(member as usize) {
            *place = MemberMeta { next: free, ..MemberMeta::FREE };
            self.free = member;
            self.len -= 1;
            words.set_bucket(member as usize, NONE);
        }
    }
}
