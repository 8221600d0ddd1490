//! A writer in either form: in memory from the allocator, or static. What both must do is run in each.

#![allow(dead_code, unreachable_pub, reason = "each test file that has this module uses what it needs")]

use std::cell::Cell;

use keyviz_core::{
    CellView, Column, Config, ConfigError, Counters, Event, EventKind, FixedReader, FixedRecorder, FixedWriter,
    HotKeys, HotKeysQuery, Label, Lineage, Matrix, MatrixQuery, NewRoute, NoHotKeys, Op, RegisterError, Registered,
    ReshapeError, RouteHandle, RouteId, Scan, Series,
};

std::thread_local! {
    static FIXED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work` twice; the writers that it makes are of one form, then of the other.
pub fn each(work: impl Fn()) {
    for fixed in [false, true] {
        FIXED.set(fixed);
        work();
    }
    FIXED.set(false);
}

pub enum Writer {
    Heap(keyviz_core::Writer),
    Fixed(FixedWriter<'static>),
}

pub enum Recorder {
    Heap(keyviz_core::Recorder),
    Fixed(FixedRecorder),
}

pub enum Reader {
    Heap(keyviz_core::Reader),
    Fixed(FixedReader),
}

macro_rules! both {
    ($form:ident, $self:expr, $inner:ident => $work:expr) => {
        match $self {
            $form::Heap($inner) => $work,
            $form::Fixed($inner) => $work,
        }
    };
}

impl Writer {
    pub fn new(mut config: Config, now_ms: u64) -> Result<Writer, ConfigError> {
        if FIXED.get() {
            // What is never given back need not be touched.
            config.prefault = false;
            return FixedWriter::leak(config, now_ms).map(Writer::Fixed);
        }
        keyviz_core::Writer::new(config, now_ms).map(Writer::Heap)
    }

    pub fn recorder(&self) -> Recorder {
        match self {
            Writer::Heap(writer) => Recorder::Heap(writer.recorder()),
            Writer::Fixed(writer) => Recorder::Fixed(writer.recorder().unwrap()),
        }
    }

    /// Whether what is read in place, with the writer in hand, is what a reader copies.
    pub fn reads_alike(&self) {
        let copied = both!(Writer, self, w => {
            let mut cells = Vec::new();
            w.reader().for_each_cell(0, 0, true, |column, cell| {
                let (start, end) = cell.bounds();
                cells.push((*column, cell.route, cell.aggregate, cell.label, start, end, cell.sub_bucket, cell.counts));
            });
            cells
        });
        let in_place = both!(Writer, self, w => {
            let mut cells = Vec::new();
            w.for_each_cell(true, |column, cell| {
                let (start, end) = (cell.start.bytes().collect::<Vec<u8>>(), cell.end.map(|end| end.bytes().collect()));
                cells.push((*column, cell.route, cell.aggregate, cell.label, start, end, cell.sub_bucket, cell.counts));
            });
            cells
        });
        assert_eq!(copied, in_place);
        for series in Series::ALL {
            let query = MatrixQuery { series, open: true, ..MatrixQuery::default() };
            let matrix = both!(Writer, self, w => w.reader().matrix(&query));
            let sum = |of: &dyn Fn(usize) -> u64| (0..matrix.columns.len()).map(of).collect::<Vec<u64>>();
            let shown = sum(&|at| matrix.rows.iter().map(|row| row.values[at]).sum::<u64>() + matrix.cut.values[at]);
            both!(Writer, self, w => {
                let fixed = w.matrix::<8, 64>(series, true);
                assert_eq!(fixed.columns[..], matrix.columns[fixed.older..]);
                for (at, _) in fixed.columns.iter().enumerate() {
                    let rows: u64 = fixed.rows.iter().map(|row| row.values[at]).sum();
                    assert_eq!(rows + fixed.cut[at], shown[fixed.older + at], "column {at} of {}", series.name());
                    assert_eq!(fixed.unattributed[at], matrix.unattributed[fixed.older + at]);
                }
            });
        }
    }

    pub fn reader(&self) -> Reader {
        match self {
            Writer::Heap(writer) => Reader::Heap(writer.reader()),
            Writer::Fixed(writer) => Reader::Fixed(writer.reader()),
        }
    }

    pub fn register(
        &mut self,
        route: RouteId,
        start: &[u8],
        end: Option<&[u8]>,
        group: u64,
    ) -> Result<Registered, RegisterError> {
        both!(Writer, self, w => w.register(route, start, end, group))
    }

    pub fn remove(&mut self, route: RouteId) -> bool {
        both!(Writer, self, w => w.remove(route))
    }

    pub fn set_term(&mut self, group: u64, term: u64) {
        both!(Writer, self, w => w.set_term(group, term));
    }

    pub fn annotate(&mut self, now_ms: u64, kind: EventKind, text: &str) {
        both!(Writer, self, w => w.annotate(now_ms, kind, text));
    }

    pub fn events(&self, from_ms: u64, to_ms: u64) -> Vec<Event> {
        both!(Writer, self, w => w.reader().events(from_ms, to_ms))
    }

    /// Those read with the writer in hand.
    pub fn events_in_place(&self) -> Vec<Event> {
        let mut events = Vec::new();
        both!(Writer, self, w => w.for_each_event(|event| events.push(Event::from(*event))));
        events
    }

    pub fn flush(&mut self, now_ms: u64) {
        both!(Writer, self, w => w.flush(now_ms));
    }

    pub fn drain_samples(&mut self) -> u64 {
        both!(Writer, self, w => w.drain_samples())
    }

    pub fn counters(&self) -> Counters {
        both!(Writer, self, w => w.counters())
    }

    pub fn label(&self, name: &str) -> Label {
        both!(Writer, self, w => w.label(name))
    }

    pub fn bucket_of(&self, route: RouteId) -> Option<u64> {
        both!(Writer, self, w => w.bucket_of(route))
    }

    pub fn split_route(&mut self, parent: RouteId, children: &[NewRoute<'_>]) -> Result<(), ReshapeError> {
        both!(Writer, self, w => w.split_route(parent, children))
    }

    pub fn merge_routes(&mut self, parents: &[RouteId], child: &NewRoute<'_>) -> Result<(), ReshapeError> {
        both!(Writer, self, w => w.merge_routes(parents, child))
    }

    pub fn sub_bucket_bounds(&self, route: RouteId, sub_bucket: u32) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        both!(Writer, self, w => w.sub_bucket_bounds(route, sub_bucket))
    }
}

impl Recorder {
    pub fn observe(&self, route: RouteId, op: Op, key: &[u8], value_len: u64) {
        both!(Recorder, self, r => r.observe(route, op, key, value_len));
    }

    pub fn observe_key(&self, op: Op, key: &[u8], value_len: u64) {
        both!(Recorder, self, r => r.observe_key(op, key, value_len));
    }

    pub fn observe_key_labelled(&self, label: Label, op: Op, key: &[u8], value_len: u64) {
        both!(Recorder, self, r => r.observe_key_labelled(label, op, key, value_len));
    }

    pub fn observe_key_many(&self, op: Op, key: &[u8], value_len: u64, times: u64) {
        both!(Recorder, self, r => r.observe_key_many(op, key, value_len, times));
    }

    pub fn observe_scan(&self, scan: &Scan<'_>) {
        both!(Recorder, self, r => r.observe_scan(scan));
    }

    pub fn observe_labelled(&self, route: RouteId, label: Label, op: Op, key: &[u8], value_len: u64) {
        both!(Recorder, self, r => r.observe_labelled(route, label, op, key, value_len));
    }

    pub fn observe_many(&self, route: RouteId, op: Op, key: &[u8], value_len: u64, times: u64) {
        both!(Recorder, self, r => r.observe_many(route, op, key, value_len, times));
    }

    pub fn observe_handle(&self, handle: &mut RouteHandle, op: Op, key: &[u8], value_len: u64) {
        both!(Recorder, self, r => r.observe_handle(handle, op, key, value_len));
    }

    pub fn observe_scan_routes(&self, routes: &[RouteId], scan: &Scan<'_>) {
        both!(Recorder, self, r => r.observe_scan_routes(routes, scan));
    }

    pub fn handle(&self, route: RouteId) -> RouteHandle {
        both!(Recorder, self, r => r.handle(route))
    }
}

impl Reader {
    pub fn matrix(&self, query: &MatrixQuery) -> Matrix {
        both!(Reader, self, r => r.matrix(query))
    }

    pub fn hot_keys(&self, query: &HotKeysQuery) -> Result<HotKeys, NoHotKeys> {
        both!(Reader, self, r => r.hot_keys(query))
    }

    pub fn config(&self) -> &Config {
        both!(Reader, self, r => r.config())
    }

    pub fn lineage(&self) -> Vec<Lineage> {
        both!(Reader, self, r => r.lineage())
    }

    pub fn counters(&self) -> Counters {
        both!(Reader, self, r => r.counters())
    }

    pub fn for_each_cell(
        &self,
        from_ms: u64,
        to_ms: u64,
        open: bool,
        each: impl FnMut(&Column, &CellView<'_>),
    ) -> Vec<Column> {
        both!(Reader, self, r => r.for_each_cell(from_ms, to_ms, open, each))
    }
}
