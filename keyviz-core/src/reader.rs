//! Reading: the history as it is, while everything else goes on. Never a lock, nothing waits.

use alloc::collections::BTreeSet;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Deref;

use crate::advice::{Cell, Top, TopQuery};
use crate::config::Config;
use crate::counters::{Counters, Published};
use crate::event::Event;
use crate::history::ColumnState;
use crate::hot_keys::{HotKeys, HotKeysQuery, NoHotKeys};
use crate::label::Label;
use crate::lineage::Lineage;
use crate::matrix::{Answer, AxisKind, Column, Matrix, MatrixQuery, WriteMerge};
use crate::op::Tally;
use crate::reading::{Known, Reading};
use crate::route::RouteId;
use crate::shared::Shared;
use crate::sub_bucket::SubLayout;

/// Answers questions about a sampler, from any thread. Cloning it is cheap.
///
/// A reader copies what it needs and then checks that it was not changed meanwhile; the flush never
/// waits for it. Each column it gives is whole. A column that made room for newer ones during the
/// reading is given as [`Missing`](ColumnState::Missing).
///
/// `S` is how it reaches the shared half, as with [`RecorderOn`](crate::RecorderOn).
///
/// - Panics: never. Blocks never, and nothing waits for it.
/// - Memory: what each method says; a reader itself holds a reference.
/// - Threads: `Send` and `Sync`.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, MatrixQuery, Op, RouteId, Sampler};
/// let sampler = Sampler::new(Config::default(), 0)?;
/// sampler.register(RouteId(1), b"a", None, 0)?;
/// sampler.observe(RouteId(1), Op::Write, b"b", 9);
/// sampler.flush(60_000);
/// let reader = sampler.reader();
/// drop(sampler);
/// assert_eq!(reader.matrix(&MatrixQuery::default()).rows.len(), 1);
///
/// // Nothing ended before the beginning.
/// let none = MatrixQuery { to_ms: 1, ..MatrixQuery::default() };
/// assert!(reader.matrix(&none).columns.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ReaderOn<S: Deref<Target = Shared>> {
    pub(crate) shared: S,
}

/// The reader of a [`Sampler`](crate::Sampler) and of a [`Writer`](crate::Writer).
pub type Reader = ReaderOn<Arc<Shared>>;

/// The reader of a [`FixedWriter`](crate::FixedWriter).
pub type FixedReader = ReaderOn<&'static Shared>;

/// Where a sampler stands in time. All instants are Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowInfo {
    /// When the sampler was made.
    pub started_ms: u64,
    /// When it was last flushed; `started_ms` before the first flush.
    pub last_flush_ms: u64,
    /// Start of the open window, if a flush has begun it.
    pub open_from_ms: Option<u64>,
    /// Start of the oldest sealed column.
    pub history_from_ms: Option<u64>,
    /// End of the newest sealed column.
    pub sealed_to_ms: Option<u64>,
    /// End of the window that the next flush counts in: then the next column is sealed.
    pub next_column_ms: u64,
}

/// One cell of one column with everything that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CellView<'a> {
    /// The route; of an aggregate the virtual bucket's id.
    pub route: RouteId,
    /// It is a virtual bucket: routes side by side that share their counters.
    pub aggregate: bool,
    /// The traffic's origin.
    pub label: Label,
    /// The route's lower bound at that time.
    pub start: &'a [u8],
    /// The route's upper bound at that time; `None` is unbounded.
    pub end: Option<&'a [u8]>,
    /// Which division of the route.
    pub sub_bucket: u32,
    /// How many divisions the route has.
    pub sub_buckets: u32,
    /// The owning group, 0 for none.
    pub group: u64,
    /// The group's term that the counts were made under, 0 for unknown.
    pub term: u64,
    /// The route was removed when the column was flushed.
    pub draining: bool,
    /// The counts. All zero for a row whose counts of this column stand under earlier terms.
    pub counts: Tally,
    sub: SubLayout,
}

impl<'a> CellView<'a> {
    pub(crate) fn of(known: &'a Known, label: Label, sub_bucket: u32, draining: bool, counts: Tally) -> Self {
        CellView {
            route: RouteId(known.descriptor.route),
            aggregate: known.descriptor.is_virtual(),
            label,
            start: &known.start,
            end: known.end.as_deref(),
            sub_bucket,
            sub_buckets: known.sub.count,
            group: known.descriptor.group,
            term: known.descriptor.term,
            draining,
            counts,
            sub: known.sub,
        }
    }

    /// The bounds of the cell's division: start, and end (`None`: unbounded). Never panics. Memory: two vectors of
    /// at most `max_bound_len` + 8 bytes.
    #[must_use]
    pub fn bounds(&self) -> (Vec<u8>, Option<Vec<u8>>) {
        self.sub.bounds(self.start, self.end, self.sub_bucket)
    }
}

impl<S: Deref<Target = Shared>> ReaderOn<S> {
    /// The time x key-range picture of one series; see [`Matrix`].
    ///
    /// Cost: linear in the cells of the columns asked for, read twice. Memory: 8 bytes a cell of the rows
    /// kept, about 120 bytes a row there is, 4 bytes a descriptor, and one column. On the range axis also
    /// O(n log n) for n boundaries, and a cell whose range covers m rows costs O(m): ranges that lie within one
    /// another cost rows for each of them.
    #[must_use]
    pub fn matrix(&self, query: &MatrixQuery) -> Matrix {
        match query.axis {
            AxisKind::Route => crate::matrix::route_axis::build(&self.shared, query),
            AxisKind::Range => crate::matrix::range_axis::build(&self.shared, query),
        }
    }

    /// This node's part of a picture of several, for [`Merge`](crate::Merge): the rows of the route axis, whichever axis
    /// is asked for, at most `most_rows` of them (1 to 16384), and in `column_nodes` which columns the node covers wholly;
    /// one that it came to late, or left early, it does not.
    ///
    /// Never panics. Cost and memory: as [`matrix`](Self::matrix) on the route axis, and some 100 bytes a column kept.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, MatrixQuery, Merge, Sampler};
    /// let (here, there) = (Sampler::new(Config::default(), 0)?, Sampler::new(Config::default(), 0)?);
    /// [&here, &there].map(|sampler| sampler.flush(60_000));
    /// there.skip(120_000); // nobody looks at this one any more
    /// here.flush(120_000);
    /// let (query, mut merge) = (MatrixQuery::default(), Merge::new());
    /// for (place, node) in (0..).zip([here, there]) {
    ///     merge.add(place, &node.reader().part(&query, 16384))?;
    /// }
    /// assert_eq!(merge.finish(&query).answer.column_nodes, [2, 1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn part(&self, query: &MatrixQuery, most_rows: usize) -> Answer {
        crate::merge::part::build(&self.shared, query, most_rows)
    }

    /// This node's part of one cell of a picture of several, where values add ([`WriteMerge::adds`]): all that was
    /// counted in the query's keys and time as one row, which [`Merge`](crate::Merge) puts together with that of others.
    /// Its axis, its rows and its labels are not asked for. Which columns the node covers stands in `column_nodes`, as in
    /// [`part`](Self::part).
    ///
    /// Never panics. Memory and cost: those of [`cell`](Self::cell).
    ///
    /// See [`CellOfNodes`](crate::CellOfNodes) for an example.
    #[must_use]
    pub fn cell_part(&self, query: &MatrixQuery) -> Answer {
        crate::merge::part::build_cell(&self.shared, query)
    }

    /// What was counted in a query's keys and time, all labels, routes and divisions together that it does not name one of:
    /// a cell of the range axis. Its axis, its rows and its `split_labels` are not asked for.
    ///
    /// Never panics. Memory: about 150 bytes a column, 120 and the bounds for each route of the time, a byte for each
    /// division, and one column; it does not grow with rows x columns. Cost: linear in the cells of the columns asked for,
    /// read once.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, MatrixQuery, Op, RouteId, Sampler};
    /// let sampler = Sampler::new(Config::default(), 0)?;
    /// sampler.register(RouteId(1), b"a", Some(b"m"), 0)?;
    /// sampler.register(RouteId(2), b"m", None, 0)?;
    /// sampler.observe(RouteId(1), Op::Write, b"b", 9);
    /// sampler.observe(RouteId(2), Op::Write, b"p", 9);
    /// sampler.flush(60_000);
    /// let of_keys = MatrixQuery { start: b"a".to_vec(), end: Some(b"m".to_vec()), ..MatrixQuery::default() };
    /// let of_route = MatrixQuery { route: Some(RouteId(1)), ..MatrixQuery::default() };
    /// let cell = sampler.reader().cell(&of_keys);
    /// assert_eq!((cell.columns, cell.value, cell.estimated), (1, 1, false));
    /// assert_eq!(sampler.reader().cell(&of_route), cell);
    ///
    /// // Nobody counted under this id.
    /// let nobody = MatrixQuery { route: Some(RouteId(7)), ..MatrixQuery::default() };
    /// assert_eq!(sampler.reader().cell(&nobody).value, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn cell(&self, query: &MatrixQuery) -> Cell {
        Cell::of_rows(&crate::matrix::one_row::build(&self.shared, query))
    }

    /// The columns whose window's end lies in `[from_ms, to_ms)` (0: unbounded), oldest first, without their cells.
    ///
    /// A column may be gone, or a part of a coarser one, when its cells are read. Never panics. Memory: about 200 bytes a
    /// column kept, for the call. Cost: O(n log n) in `history_columns`.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Sampler};
    /// let sampler = Sampler::new(Config::default(), 0)?;
    /// sampler.flush(60_000);
    /// let columns = sampler.reader().columns(0, 0, true);
    /// assert_eq!(columns.iter().map(|column| column.end_ms).collect::<Vec<_>>(), [60_000]);
    /// assert!(sampler.reader().columns(60_001, 0, true).is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn columns(&self, from_ms: u64, to_ms: u64, open: bool) -> Vec<Column> {
        crate::merge::part::columns(&self.shared, from_ms, to_ms, open)
    }

    /// The hottest keys of a route or of a range, now or in a time; see [`HotKeys`].
    ///
    /// Counts come of samples, with their errors; see [`HotKeys::deviation`]. They are published by each flush.
    ///
    /// # Errors
    /// [`NoHotKeys`] says why there are none.
    ///
    /// Never panics, never blocks. Memory: the records of the columns asked for, at most `hot_key_bytes`. Cost:
    /// linear in their bytes.
    pub fn hot_keys(&self, query: &HotKeysQuery) -> Result<HotKeys, NoHotKeys> {
        crate::hot_keys::ask(&self.shared, query)
    }

    /// The hottest ranges of the newest window, beside the window before; see [`Top`] and the rules in `advice/top.rs`.
    ///
    /// Never panics. Memory: about 200 bytes and the bounds of each range of two columns. Cost: O(n log n) for the
    /// cells of two columns, and n for each range that was not there in the window before.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Op, RouteId, Sampler, TopQuery};
    /// let sampler = Sampler::new(Config::default(), 0)?;
    /// sampler.register(RouteId(1), b"a", Some(b"m"), 0)?;
    /// sampler.register(RouteId(2), b"m", None, 0)?;
    /// for _ in 0..3 {
    ///     sampler.observe(RouteId(2), Op::Read, b"p", 0);
    /// }
    /// sampler.observe(RouteId(1), Op::Read, b"b", 0);
    /// sampler.flush(60_000);
    /// let top = sampler.reader().top(&TopQuery { limit: 1, ..TopQuery::default() });
    /// assert_eq!((top.rows[0].route, top.rows[0].value), (RouteId(2), 3));
    /// assert_eq!((top.rows.len(), top.ranges, top.now.map(|now| now.total)), (1, 2, Some(4)));
    ///
    /// // Before the first flush there is no window, and nothing to rank.
    /// let fresh = Sampler::new(Config::default(), 0)?;
    /// assert!(fresh.reader().top(&TopQuery::default()).now.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn top(&self, query: &TopQuery) -> Top {
        crate::advice::top::build(self, query)
    }

    /// How this node's writes merge with others': by the leader rule once a route had a group.
    ///
    /// Never panics; one load.
    #[must_use]
    pub fn write_merge(&self) -> WriteMerge {
        crate::matrix::write_merge(&self.shared)
    }

    /// Which routes came of which, oldest first: the latest 1024 pairs of parent and child (or twice
    /// `max_known_routes`, if that is less). What went is counted in `lineage_dropped`.
    ///
    /// Never panics. Memory: 24 bytes a pair. Cost: linear in the pairs kept.
    #[must_use]
    pub fn lineage(&self) -> Vec<Lineage> {
        self.shared.lineage.read()
    }

    /// What happened at `from_ms <= at_ms < to_ms` (0: unbounded), as the host and the core told it: by instant, and of
    /// one instant as it was told. Kept are `max_events` of the host's, shared by their kinds
    /// ([`Sampler::annotate`](crate::Sampler::annotate)), and of each sort of the core's own the latest, a sixteenth as
    /// many. One that makes room for another during the call may be left out.
    ///
    /// The instants are the events' own, not ends of windows. Never panics. Memory: about 90 bytes and the text for
    /// each. Cost: linear in the events kept.
    ///
    /// See also [`fold_events`](crate::fold_events), for showing many of them.
    #[must_use]
    pub fn events(&self, from_ms: u64, to_ms: u64) -> Vec<Event> {
        self.shared.events.read(from_ms, to_ms)
    }

    /// Writes everything that the history holds, the open column included, as a snapshot; see
    /// [`Snapshot`](crate::Snapshot). `written_ms` is the present instant in Unix milliseconds. Returns how many bytes
    /// `sink` was given.
    ///
    /// A column that makes room for a newer one before its turn comes is left out. Never panics by itself, never
    /// waits for the writer, and the writer never waits for it. Memory: one column, the rows met with their bounds,
    /// and some buffers of up to a megabyte. Cost: linear in the cells; `sink` gets pieces of up to a megabyte.
    ///
    /// # Errors
    /// What `sink` returns, at once.
    pub fn snapshot<E>(&self, written_ms: u64, sink: impl FnMut(&[u8]) -> Result<(), E>) -> Result<u64, E> {
        crate::snapshot::encode(&self.shared, written_ms, sink)
    }

    /// The same with what may be shown of keys; see [`SnapshotShown`](crate::SnapshotShown). Gather the bounds first
    /// ([`snapshot_bounds`](Self::snapshot_bounds)); columns with bounds that came since are left out.
    ///
    /// # Errors
    /// What `sink` returns, at once.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Op, RouteId, Sampler, SnapshotDecoder, SnapshotShown};
    /// let sampler = Sampler::new(Config::default(), 0)?;
    /// sampler.register(RouteId(1), b"secret", None, 0)?;
    /// sampler.observe(RouteId(1), Op::Write, b"secret", 9);
    /// sampler.flush(60_000);
    /// let reader = sampler.reader();
    /// assert!(reader.snapshot_bounds().contains(b"secret".as_slice()));
    /// let shown = SnapshotShown { bound: &|_| Some(b"s~1".to_vec()), route: &|id| id, text: &|event| event.text.clone() };
    /// let mut decoder = SnapshotDecoder::new(1 << 20);
    /// reader.snapshot_shown(60_000, &shown, |bytes| {
    ///     assert!(!bytes.windows(6).any(|part| part == b"secret"));
    ///     decoder.push(bytes)
    /// })?;
    /// assert_eq!(decoder.finish()?.recorded().writes, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot_shown<E>(
        &self,
        written_ms: u64,
        shown: &crate::snapshot::SnapshotShown<'_>,
        sink: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<u64, E> {
        crate::snapshot::encode_shown(&self.shared, written_ms, shown, sink)
    }

    /// All bounds of rows that a snapshot would hold now, but the empty one. Never panics. Memory: the bounds twice, and
    /// one column. Cost: linear in the cells.
    #[must_use]
    pub fn snapshot_bounds(&self) -> BTreeSet<Vec<u8>> {
        crate::snapshot::bounds(&self.shared)
    }

    /// Everything counted about counting; see [`Counters`]. What recorders counted since the last flush is not in
    /// the tallies yet. Never panics. Memory: none. Cost: linear in `max_recorders`.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.counters()
    }

    /// What the sampler was made with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// Where the sampler stands in time. Never panics. Memory: about 200 bytes a column kept, for the call. Cost:
    /// linear in `history_columns`.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Sampler};
    /// let sampler = Sampler::new(Config::default(), 1_000)?;
    /// assert_eq!(sampler.reader().window().history_from_ms, None); // nothing is sealed yet
    /// sampler.flush(60_000);
    /// let window = sampler.reader().window();
    /// assert_eq!((window.history_from_ms, window.next_column_ms), (Some(0), 120_000));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn window(&self) -> WindowInfo {
        let board = &self.shared.board;
        let last_flush_ms = board.get(Published::LastFlushMs);
        let step_ms = self.shared.config.step_ms;
        let history = &self.shared.history;
        let heads = history.heads();
        let sealed = || heads.iter().filter(|(_, head)| head.state != ColumnState::Open);
        WindowInfo {
            started_ms: board.get(Published::StartedMs),
            last_flush_ms,
            open_from_ms: board.get(Published::OpenFrom).checked_sub(1),
            history_from_ms: sealed().map(|(_, head)| head.start_ms).min(),
            sealed_to_ms: sealed().map(|(_, head)| head.end_ms).max(),
            next_column_ms: (last_flush_ms / step_ms + 1).saturating_mul(step_ms),
        }
    }

    /// Calls `each` with every cell of every column whose window's end lies in `[from_ms, to_ms)` (0:
    /// unbounded), column by column, oldest first; of a column the cells come in no promised order.
    /// Returns the columns, lost ones marked missing.
    ///
    /// Cells that counted nothing are left out, but for routes whose term changed in the column. Never panics by
    /// itself; a panic of `each` goes to the caller, with nothing changed. Memory: one column, the descriptors met
    /// and their bounds. Cost: linear in the cells.
    ///
    /// # Examples
    /// ```
    /// use keyviz_core::{Config, Op, RouteId, Sampler};
    /// let sampler = Sampler::new(Config::default(), 0)?;
    /// sampler.register(RouteId(1), b"a", None, 0)?;
    /// sampler.observe(RouteId(1), Op::Write, b"b", 9);
    /// sampler.flush(30_000);
    /// let sum = |open| {
    ///     let mut writes = 0;
    ///     sampler.reader().for_each_cell(0, 0, open, |_, cell| writes += cell.counts.writes);
    ///     writes
    /// };
    /// assert_eq!((sum(true), sum(false)), (1, 0)); // the column is open still
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn for_each_cell(
        &self,
        from_ms: u64,
        to_ms: u64,
        open: bool,
        mut each: impl FnMut(&Column, &CellView<'_>),
    ) -> Vec<Column> {
        let mut reading = Reading::new(&self.shared);
        let mut places = reading.places(from_ms, to_ms, open);
        let mut columns = Vec::with_capacity(places.len());
        let k = self.shared.layout.k;
        for place in &mut places {
            let taken = reading.take(place);
            let column = Column::of(&place.head, taken);
            if taken {
                reading.cells(|known, at, cell| {
                    let Some(known) = reading.known.get(known) else { return };
                    let (label, sub) = (Label((at / k) as u8), (at % k) as u32);
                    each(&column, &CellView::of(known, label, sub, cell.draining, cell.counts));
                });
            }
            columns.push(column);
        }
        columns
    }
}

impl<S: Deref<Target = Shared>> core::fmt::Debug for ReaderOn<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}
