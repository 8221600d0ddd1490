//! Observing range reads.
//!
//! A range read is one read, in the first range that it touches, and one scan in each. Scans are counted in
//! pages of their own, by the protocol of cells: one writer a word, or `fetch_add` in a shared shard.

use core::ops::Deref;

use crate::label::Label;
use crate::limits::{LINE_WORDS, MAX_SCAN_RANGES};
use crate::op::Op;
use crate::pages::PageEntry;
use crate::recorder::{Counted, Counting, RecorderOn};
use crate::route::RouteId;
use crate::shared::{Shared, own};
use crate::sync::{Ordering, narrow};
use crate::table::Found;

/// One read of a range of keys, or several alike.
///
/// # Examples
/// ```
/// use keyviz_core::Scan;
/// let scan = Scan { times: 3, ..Scan::new(b"a", Some(b"m"), 4096) };
/// assert_eq!((scan.times, scan.continued), (3, false));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scan<'a> {
    /// The lowest key asked for.
    pub start: &'a [u8],
    /// What the keys asked for are below; `None` is unbounded.
    pub end: Option<&'a [u8]>,
    /// Bytes of the keys and values that it gave.
    pub bytes: u64,
    /// The traffic's origin.
    pub label: Label,
    /// How many there were alike; 0 counts nothing. Their bytes saturate at 2^64 - 1.
    pub times: u64,
    /// It goes on where another node, or another call, counted the read: scans alone are counted.
    pub continued: bool,
}

impl<'a> Scan<'a> {
    /// One read of `[start, end)` that gave so many bytes, unlabelled.
    #[must_use]
    pub const fn new(start: &'a [u8], end: Option<&'a [u8]>, bytes: u64) -> Self {
        Scan { start, end, bytes, label: Label::NONE, times: 1, continued: false }
    }
}

impl<S: Deref<Target = Shared>> RecorderOn<S> {
    /// Counts a range read that touched `routes`, in key order.
    ///
    /// - The first route gets a read with all its bytes, where the range starts.
    /// - Each route gets a scan: in each of its sub-buckets that hold keys of the range. Routes side by side that share
    ///   a virtual bucket get one together.
    /// - At most [`MAX_SCAN_RANGES`](crate::limits::MAX_SCAN_RANGES) scans are counted for one call, whatever is
    ///   named; routes beyond are counted in `scan_ranges_cut`.
    /// - What is unattributed: the scan of a route that nobody registered, its read if it is the first, both if none is
    ///   named, and every scan where [`Config::scans`](crate::Config::scans) is off.
    /// - A label that is not configured counts unlabelled, and in `unknown_labels`.
    ///
    /// The host names the routes, because it has just used them; the lock-free table knows ids, not order.
    ///
    /// - Panics: never; blocks and allocates never, makes no system call.
    /// - Cost: that of one observation, and some 5 ns for each range touched.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, RouteId, Sampler, Scan};
    /// let sampler = Sampler::new(Config::default(), 0)?;
    /// sampler.register(RouteId(1), b"a", Some(b"m"), 0)?;
    /// sampler.register(RouteId(2), b"m", Some(b"z"), 0)?;
    /// let recorder = sampler.recorder();
    /// recorder.observe_scan_routes(&[RouteId(1), RouteId(2)], &Scan::new(b"k", Some(b"p"), 4096));
    /// recorder.observe_scan_routes(&[RouteId(9)], &Scan::new(b"z", None, 0)); // nobody registered 9
    /// sampler.flush(60_000);
    /// let counters = sampler.reader().counters();
    /// assert_eq!((counters.recorded.reads, counters.recorded.read_bytes, counters.recorded.scans), (1, 4096, 2));
    /// assert_eq!((counters.unattributed.reads, counters.unattributed.scans), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn observe_scan_routes(&self, routes: &[RouteId], scan: &Scan<'_>) {
        if scan.times == 0 {
            return;
        }
        let scan = self.with_known_label(scan);
        if routes.is_empty() {
            self.count_nowhere(Found::Unknown, &scan);
        }
        let mut left = MAX_SCAN_RANGES;
        let mut bucket_before = None;
        for (at, route) in routes.iter().enumerate() {
            if left == 0 {
                return self.cut_ranges((routes.len() - at) as u64);
            }
            let counted = self.counted_in(*route);
            if at == 0 && !scan.continued {
                self.count_read(*route, &counted, &scan);
            } else if matches!(counted, Counted::Nowhere(Found::GaveUp)) {
                self.add_own(own::LOOKUP_GAVE_UP, scan.times);
            }
            let bucket = if let Counted::Shared(bucket) = counted { Some(bucket) } else { None };
            if bucket.is_none() || bucket != bucket_before {
                left -= self.count_scan(&counted, &scan, left);
            }
            bucket_before = bucket;
        }
    }

    /// Counts a range read, in the core's own ranges: where [`Partition::Auto`](crate::Partition::Auto) makes them; as
    /// [`observe_scan_routes`](Self::observe_scan_routes), with the ranges found by the keys. Elsewhere it is
    /// unattributed.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Partition, Sampler, Scan};
    /// let mut config = Config::default();
    /// config.partition = Partition::AUTO;
    /// let sampler = Sampler::new(config, 0)?;
    /// sampler.recorder().observe_scan(&Scan::new(b"k", Some(b"p"), 4096)); // of one range, as yet
    /// sampler.flush(60_000);
    /// let recorded = sampler.reader().counters().recorded;
    /// assert_eq!((recorded.reads, recorded.read_bytes, recorded.scans), (1, 4096, 1));
    ///
    /// let by_route = Sampler::new(Config::default(), 0)?; // has no ranges of its own
    /// by_route.recorder().observe_scan(&Scan::new(b"k", Some(b"p"), 4096));
    /// by_route.flush(60_000);
    /// assert_eq!(by_route.reader().counters().unattributed.scans, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn observe_scan(&self, scan: &Scan<'_>) {
        if scan.times == 0 {
            return;
        }
        let scan = self.with_known_label(scan);
        let mut seats = match self.shared.boundaries.seats(scan.start, scan.end) {
            Ok(seats) => seats,
            Err(found) => return self.count_nowhere(found, &scan),
        };
        let mut left = MAX_SCAN_RANGES;
        let mut first = true;
        while left > 0
            && let Some(seat) = seats.advance()
        {
            let counted = Counted::Own(seat);
            if first && !scan.continued {
                self.count_read(RouteId(0), &counted, &scan);
            }
            first = false;
            left -= self.count_scan(&counted, &scan, left);
        }
        if first {
            return self.count_nowhere(Found::GaveUp, &scan);
        }
        if seats.len() > 0 {
            self.cut_ranges(seats.len() as u64);
        }
    }

    /// A label that is not configured is counted, and none from here on.
    fn with_known_label<'a>(&self, scan: &Scan<'a>) -> Scan<'a> {
        let known = scan.label == Label::NONE || self.lane(scan.label) > 0;
        Scan { label: if known { scan.label } else { Label::NONE }, ..*scan }
    }

    /// A range read whose ranges are not known.
    #[cold]
    fn count_nowhere(&self, found: Found, scan: &Scan<'_>) {
        if !scan.continued {
            self.count_read(RouteId(0), &Counted::Nowhere(found), scan);
        } else if found == Found::GaveUp {
            self.add_own(own::LOOKUP_GAVE_UP, scan.times);
        }
        self.add_own(own::UNATTRIBUTED_SCANS, scan.times);
    }

    /// Notes ranges that a range read touched and is not counted in.
    #[cold]
    fn cut_ranges(&self, ranges: u64) {
        self.shared.busy.word(3).fetch_add(narrow(ranges), Ordering::Relaxed);
    }

    /// The read that a range read is.
    fn count_read(&self, route: RouteId, counted: &Counted, scan: &Scan<'_>) {
        let (label, bytes, times) = (scan.label, scan.bytes.saturating_mul(scan.times), scan.times);
        match *counted {
            Counted::Own(seat) => self.count(seat, label, Op::Read, scan.start, bytes, times),
            Counted::Shared(bucket) => {
                self.count_member(route, bucket, label, Counting { op: Op::Read, key: scan.start, bytes, times })
            }
            Counted::Nowhere(found) => self.unattributed(found, Op::Read, bytes, times),
        }
    }

    /// Counts a scan in each division of a range that has keys of it, at most `left`; how many.
    fn count_scan(&self, counted: &Counted, scan: &Scan<'_>, left: usize) -> usize {
        let shared = &*self.shared;
        let cells = match *counted {
            Counted::Own(seat) => {
                let lane = if scan.label == Label::NONE { 0 } else { self.lane(scan.label) };
                let first_cell = (seat * self.lanes + lane) * self.k;
                let (first, last) = if self.k == 1 { (0, 0) } else { self.divisions(seat, scan) };
                first_cell + first..first_cell + last + 1
            }
            Counted::Shared(bucket) => shared.layout.cells_of(bucket),
            Counted::Nowhere(_) => {
                self.add_own(own::UNATTRIBUTED_SCANS, scan.times);
                return 1;
            }
        };
        let counted = cells.len().min(left);
        if counted < cells.len() {
            self.cut_ranges(1);
        }
        if shared.layout.scan_pages == 0 {
            self.add_own(own::UNATTRIBUTED_SCANS, scan.times.saturating_mul(counted as u64));
            return counted;
        }
        for cell in cells.take(counted) {
            self.add_scan(cell, scan.times);
        }
        counted
    }

    /// The first and the last division of a seat's route with keys of the range; the first alone where there are none.
    fn divisions(&self, seat: usize, scan: &Scan<'_>) -> (usize, usize) {
        let shared = &*self.shared;
        let first = shared.seats.sub_bucket(seat, &shared.slab, scan.start);
        let last = match scan.end {
            Some(end) => shared.seats.last_sub_bucket(seat, &shared.slab, end),
            None => shared.seats.last_division(seat),
        };
        (first, last.max(first))
    }

    /// Counts scans in a cell: in a page of the recorder's own, or in a shared shard's.
    #[inline]
    fn add_scan(&self, cell: usize, times: u64) {
        let pages = &self.shared.pages;
        let page = self.shared.layout.pages + cell / (self.shared.layout.page_lines * LINE_WORDS);
        let place = |directory| {
            let word = pages.entry_in(directory, page)?;
            Some((word, PageEntry(word.load(Ordering::Relaxed))))
        };
        let own = place(self.directory).filter(|_| self.owned);
        if let Some((word, entry)) = own
            && let Some(base) = entry.base().or_else(|| pages.claim(word))
            && let Some((line, at)) = pages.scans(base, cell)
        {
            line.bump(at, times);
            return self.mark(word, entry);
        }
        if let Some((word, entry)) = place(self.shard)
            && let Some((line, at)) = entry.base().and_then(|base| pages.scans(base, cell))
        {
            line.word(at).fetch_add(narrow(times), Ordering::Relaxed);
            self.mark(word, entry);
        }
    }
}
