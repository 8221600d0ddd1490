//! The route axis: a row per bucket id.
//!
//! The history is read twice. The first reading finds the rows and their totals, so the budget can
//! choose; the second fills the values of those that stay. Nothing is held per cell but the result.

use alloc::vec::Vec;

use super::bucket::{BucketParts, bounds_hash};
use super::history_columns::{columns, unattributed};
use super::{AxisKind, Column, Cut, Matrix, MatrixQuery, Row, TermPart, budget};
use crate::descriptor::NONE;
use crate::label::Label;
use crate::limits::MAX_ROWS;
use crate::reading::{Place, ValueReading};
use crate::route::RouteId;
use crate::shared::Shared;

/// Marks a row that was asked for and that the budget left out.
const CUT: u32 = NONE - 1;

/// A row that a budget may keep.
#[derive(Clone, Copy)]
struct Candidate {
    /// Its bucket's newest descriptor.
    known: u32,
    lane: u32,
    sub: u32,
    total: u64,
    draining: bool,
    /// Its place in the table of rows by descriptor.
    at: usize,
}

/// What the first reading found, by descriptor and place within the route.
#[derive(Clone, Copy, Default)]
struct Found {
    total: u64,
    present: bool,
    draining: bool,
}

/// Descriptors that share a row: the same route with the same bounds.
struct Buckets {
    /// From a descriptor to the newest one of its bucket.
    newest: Vec<u32>,
    /// Whether the bucket has the bounds that the route had last.
    current: Vec<bool>,
}

impl Buckets {
    fn of(reading: &ValueReading<'_>) -> Self {
        let known = &reading.known;
        let mut order: Vec<u32> = (0..known.len() as u32).collect();
        let key =
            |i: &u32| known.get(*i as usize).map(|k| (k.descriptor.owner(), &k.start, &k.end, k.descriptor.age()));
        order.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
        let mut newest: Vec<u32> = (0..known.len() as u32).collect();
        let mut current = alloc::vec![false; known.len()];
        for route in order.chunk_by(|a, b| key(a).map(|k| k.0) == key(b).map(|k| k.0)) {
            let last = route.iter().copied().max_by_key(|i| key(i).map(|k| k.3));
            for bucket in route.chunk_by(|a, b| key(a).map(|k| (k.1, k.2)) == key(b).map(|k| (k.1, k.2))) {
                let Some(&head) = bucket.last() else { continue };
                for member in bucket {
                    if let Some(to) = newest.get_mut(*member as usize) {
                        *to = head;
                    }
                }
                if let Some(flag) = current.get_mut(head as usize) {
                    *flag = bucket.iter().any(|member| Some(*member) == last);
                }
            }
        }
        Buckets { newest, current }
    }
}

/// Builds the matrix.
pub(crate) fn build(shared: &Shared, query: &MatrixQuery) -> Matrix {
    build_within(shared, query, if query.rows == 0 { MAX_ROWS } else { query.rows.min(MAX_ROWS) })
}

/// Builds the matrix, of at most `budget` rows.
pub(crate) fn build_within(shared: &Shared, query: &MatrixQuery, budget: usize) -> Matrix {
    let mut reading = ValueReading::of_series(shared, query.series);
    let mut places = reading.places(query.from_ms, query.to_ms, query.open);
    let (found, mut taken) = first_reading(&mut reading, &mut places);
    let buckets = Buckets::of(&reading);
    let rows = Rows { shared, query, reading: &reading, buckets: &buckets };
    let candidates = rows.candidates(&found);
    let asked: Vec<usize> = candidates.iter().map(|c| c.at).collect();
    let mut kept = budget::keep(candidates, budget, |c| c.total, |a, b| rows.parts(a).compare(&rows.parts(b)));
    kept.sort_by_cached_key(|candidate| (rows.bounds(candidate).0, rows.parts(candidate).to_id()));

    let (mut columns, index) = columns(&places, &taken);
    let mut fill = Fill::new(&rows, &kept, &asked, found.len(), columns.len());
    // The second reading meets no descriptor that the first did not, but in an open column published
    // meanwhile; such cells have no row and count as cut.
    let (row_of, known) = (core::mem::take(&mut fill.row_of), reading.known.len());
    let mut second = fill;
    for ((place, taken), at) in places.iter_mut().zip(&mut taken).zip(&index) {
        *taken = *taken && reading.take(place);
        if *taken {
            second.column(&reading, *at, query, &row_of, known);
        }
        if let Some(column) = columns.get_mut(*at) {
            *column = Column::of(&place.head, *taken);
        }
    }
    let unattributed = unattributed(&places, &taken, &index, columns.len(), query);
    let rows = Rows { shared, query, reading: &reading, buckets: &buckets };
    let cut = Cut { rows: (asked.len() - kept.len()) as u64, values: core::mem::take(&mut second.cut) };
    let rows = second.finish(&rows, &kept);
    Matrix {
        series: query.series,
        step_ms: shared.config.step_ms,
        axis: AxisKind::Route,
        axis_id: 0,
        columns,
        rows,
        cut,
        unattributed,
        write_merge: super::write_merge(shared),
        labels: shared.config.labels.clone(),
        key_names: query.key_names.clone(),
    }
}

/// Finds the rows and their totals; says which columns were there.
fn first_reading(reading: &mut ValueReading<'_>, places: &mut [Place]) -> (Vec<Found>, Vec<bool>) {
    let per_route = reading.per_route();
    let mut found: Vec<Found> = Vec::new();
    let taken = places
        .iter_mut()
        .map(|place| {
            let taken = reading.take(place);
            if taken {
                found.resize(reading.known.len() * per_route, Found::default());
                reading.cells(|known, at, cell| {
                    if let Some(found) = found.get_mut(known * per_route + at)
                        && cell.counted
                    {
                        found.total = found.total.saturating_add(cell.counts.0);
                        found.present = true;
                        found.draining = cell.draining;
                    }
                });
            }
            taken
        })
        .collect();
    (found, taken)
}

/// What the rows of this query are called and where they lie.
struct Rows<'a> {
    shared: &'a Shared,
    query: &'a MatrixQuery,
    reading: &'a ValueReading<'a>,
    buckets: &'a Buckets,
}

impl Rows<'_> {
    /// Every row that the query asks for.
    fn candidates(&self, found: &[Found]) -> Vec<Candidate> {
        let k = self.shared.layout.k;
        let per_route = self.reading.per_route();
        let mut rows: Vec<Candidate> = Vec::new();
        // From a place in `found` to the candidate it adds to.
        let mut place = alloc::vec![NONE; found.len()];
        for (i, row) in found.iter().enumerate().filter(|(_, row)| row.present) {
            let (known, at) = (i / per_route, i % per_route);
            let (lane, sub) = (at / k, at % k);
            if !self.query.asks(k, self.reading.known.get(known), at) {
                continue;
            }
            let newest = self.buckets.newest.get(known).copied().unwrap_or(NONE);
            let lane = if self.query.splits() { lane } else { 0 };
            let at = newest as usize * per_route + lane * k + sub;
            let Some(slot) = place.get_mut(at) else { continue };
            match rows.get_mut(*slot as usize) {
                Some(candidate) => {
                    candidate.total = candidate.total.saturating_add(row.total);
                    if newest as usize == known {
                        candidate.draining = row.draining;
                    }
                }
                None => {
                    *slot = rows.len() as u32;
                    let (lane, sub) = (lane as u32, sub as u32);
                    rows.push(Candidate { known: newest, lane, sub, total: row.total, draining: row.draining, at });
                }
            }
        }
        rows
    }

    fn bounds(&self, row: &Candidate) -> (Vec<u8>, Option<Vec<u8>>) {
        match self.reading.known.get(row.known as usize) {
            Some(known) => known.sub.bounds(&known.start, known.end.as_deref(), row.sub),
            None => (Vec::new(), None),
        }
    }

    fn parts(&self, row: &Candidate) -> BucketParts<'_> {
        let label = self.shared.config.labels.name(Label(row.lane as u8));
        let Some(known) = self.reading.known.get(row.known as usize) else {
            return BucketParts { aggregate: false, route: 0, label, sub_bucket: None, bounds_hash: None };
        };
        let current = self.buckets.current.get(row.known as usize).copied().unwrap_or(true);
        BucketParts {
            aggregate: known.descriptor.is_virtual(),
            route: known.descriptor.route,
            label,
            sub_bucket: (known.sub.count > 1).then_some(row.sub),
            bounds_hash: (!current).then(|| bounds_hash(&known.start, known.end.as_deref())),
        }
    }
}

/// The values of the rows that stay, while the second reading fills them.
struct Fill {
    /// From a place in the first reading's table to a row that stays.
    row_of: Vec<u32>,
    columns: usize,
    per_route: usize,
    values: Vec<u64>,
    cut: Vec<u64>,
    /// Which descriptor named a cell's group and term; empty when no row has a group.
    owner: Vec<u32>,
    parts: Vec<(u32, TermPart)>,
}

impl Fill {
    fn new(rows: &Rows<'_>, kept: &[Candidate], asked: &[usize], places: usize, columns: usize) -> Self {
        let per_route = rows.reading.per_route();
        let k = rows.shared.layout.k;
        let mut by_place = alloc::vec![NONE; places];
        let cut = asked.iter().map(|at| (*at, CUT));
        for (at, row) in cut.chain(kept.iter().enumerate().map(|(row, c)| (c.at, row as u32))) {
            if let Some(to) = by_place.get_mut(at) {
                *to = row;
            }
        }
        // Every descriptor of a bucket, and every label when labels are summed, leads to its row. A
        // place that was empty at the first reading and is asked for counts as cut.
        let row_of = (0..places)
            .map(|i| {
                let (known, at) = (i / per_route, i % per_route);
                let newest = rows.buckets.newest.get(known).map_or(0, |n| *n as usize);
                let lane = if rows.query.splits() { at / k } else { 0 };
                match by_place.get(newest * per_route + lane * k + at % k) {
                    _ if !rows.query.asks(k, rows.reading.known.get(known), at) => NONE,
                    Some(row) if *row != NONE => *row,
                    _ => CUT,
                }
            })
            .collect();
        let grouped = rows.reading.known.iter().any(|known| known.descriptor.group != 0);
        Fill {
            row_of,
            columns,
            per_route,
            values: alloc::vec![0; kept.len() * columns],
            cut: alloc::vec![0; columns],
            owner: if grouped { alloc::vec![NONE; kept.len() * columns] } else { Vec::new() },
            parts: Vec::new(),
        }
    }

    fn column(
        &mut self,
        reading: &ValueReading<'_>,
        column: usize,
        query: &MatrixQuery,
        row_of: &[u32],
        known_before: usize,
    ) {
        let mut several = false;
        // Cells without counts: the descriptor at the flush, where a row has parts.
        let mut marks: Vec<(usize, u32)> = Vec::new();
        let age = |k: u32| reading.known.get(k as usize).map(|k| k.descriptor.age());
        let k = reading.k();
        reading.cells(|known, at, cell| {
            let value = cell.counts.0;
            let row = match row_of.get(known * self.per_route + at) {
                Some(row) if known < known_before => *row,
                _ if query.asks(k, reading.known.get(known), at) => CUT,
                _ => NONE,
            };
            if row >= CUT {
                if row == CUT
                    && let Some(cut) = self.cut.get_mut(column)
                {
                    *cut = cut.saturating_add(value);
                }
                return;
            }
            let index = row as usize * self.columns + column;
            if let Some(sum) = self.values.get_mut(index) {
                *sum = sum.saturating_add(value);
            }
            if !cell.counted {
                marks.push((index, known as u32));
            } else if let Some(owner) = self.owner.get_mut(index) {
                several |= *owner != NONE && *owner != known as u32;
                if *owner == NONE || age(*owner) < age(known as u32) {
                    *owner = known as u32;
                }
            }
        });
        for (index, known) in marks {
            if let Some(owner) = self.owner.get_mut(index)
                && *owner != NONE
                && age(*owner) < age(known)
            {
                several = true;
                *owner = known;
            }
        }
        if several {
            self.part_column(reading, column, row_of);
        }
    }

    /// Notes the parts of the cells of a column that several descriptors added to.
    fn part_column(&mut self, reading: &ValueReading<'_>, column: usize, row_of: &[u32]) {
        let mut parts: Vec<(u32, TermPart)> = Vec::new();
        reading.cells(|known, at, cell| {
            let value = cell.counts.0;
            let row = row_of.get(known * self.per_route + at).copied().unwrap_or(NONE);
            let Some(known) = reading.known.get(known) else { return };
            if row < CUT && value > 0 {
                let (group, term) = (known.descriptor.group, known.descriptor.term);
                parts.push((row, TermPart { column, group, term, value }));
            }
        });
        parts.sort_unstable_by_key(|(row, p)| (*row, p.group, p.term));
        parts.dedup_by(|(row, part), (kept_row, kept)| {
            let same = (*row, part.group, part.term) == (*kept_row, kept.group, kept.term);
            if same {
                kept.value = kept.value.saturating_add(part.value);
            }
            same
        });
        for cell in parts.chunk_by(|a, b| a.0 == b.0) {
            let Some((row, first)) = cell.first() else { continue };
            let owner = self.owner.get(*row as usize * self.columns + column).copied().unwrap_or(NONE);
            let owner = reading.known.get(owner as usize).map(|k| (k.descriptor.group, k.descriptor.term));
            if cell.len() > 1 || owner != Some((first.group, first.term)) {
                self.parts.extend_from_slice(cell);
            }
        }
    }

    fn finish(mut self, rows: &Rows<'_>, kept: &[Candidate]) -> Vec<Row> {
        self.parts.sort_unstable_by_key(|(row, p)| (*row, p.column, p.group, p.term));
        let members = Members::of(rows, kept);
        let owned = |index: usize, of: fn(&crate::descriptor::Descriptor) -> u64| {
            let known = self.owner.get(index).copied().unwrap_or(NONE);
            rows.reading.known.get(known as usize).map_or(0, |k| of(&k.descriptor))
        };
        kept.iter()
            .enumerate()
            .map(|(row, candidate)| {
                let (start, end) = rows.bounds(candidate);
                let cells = row * self.columns..(row + 1) * self.columns;
                let owners = if self.owner.is_empty() { 0..0 } else { cells.clone() };
                let parts = self.parts.partition_point(|p| (p.0 as usize) < row)
                    ..self.parts.partition_point(|p| p.0 as usize <= row);
                let parts_of = rows.parts(candidate);
                let listed = members.listed(rows, row, candidate);
                Row {
                    bucket_id: parts_of.to_id(),
                    aggregate: parts_of.aggregate,
                    route_count: listed.count,
                    route_ids_truncated: listed.count > listed.routes.len() as u64 && parts_of.aggregate,
                    route_ids: listed.routes,
                    route: RouteId(rows.reading.known.get(candidate.known as usize).map_or(0, |k| k.descriptor.route)),
                    label: Label(candidate.lane as u8),
                    start,
                    end,
                    values: self.values.get(cells).unwrap_or(&[]).to_vec(),
                    estimated: Vec::new(),
                    draining: candidate.draining,
                    groups: owners.clone().map(|i| owned(i, |d| d.group)).collect(),
                    terms: owners.map(|i| owned(i, |d| d.term)).collect(),
                    term_parts: self.parts.get(parts).unwrap_or(&[]).iter().map(|p| p.1).collect(),
                }
            })
            .collect()
    }
}

/// The routes that share the virtual buckets shown, as they are now.
struct Members {
    /// Of each row, by its place; empty for rows of routes and for bounds that a bucket no longer has.
    routes: Vec<Vec<RouteId>>,
}

/// What a row says of its routes.
struct Listed {
    routes: Vec<RouteId>,
    count: u64,
}

impl Members {
    fn of(rows: &Rows<'_>, kept: &[Candidate]) -> Self {
        let mut routes: Vec<Vec<RouteId>> = Vec::new();
        let own_seats = rows.shared.layout.own_seats;
        // From a bucket's seat to the row that shows it as it is now.
        let mut row_of: Vec<u32> = Vec::new();
        for (row, candidate) in kept.iter().enumerate() {
            let Some(known) = rows.reading.known.get(candidate.known as usize) else { continue };
            if !known.descriptor.is_virtual() || rows.parts(candidate).bounds_hash.is_some() {
                continue;
            }
            let seats = own_seats..rows.shared.layout.seats;
            let Some(seat) = seats.clone().find(|s| rows.shared.seats.route(*s) == Some(known.descriptor.route)) else {
                continue;
            };
            row_of.resize(seats.len(), NONE);
            if let Some(to) = row_of.get_mut(seat - own_seats) {
                *to = row as u32;
            }
        }
        if !row_of.is_empty() {
            routes.resize(kept.len(), Vec::new());
            for (route, bucket) in rows.shared.members.each() {
                let row = bucket.checked_sub(own_seats).and_then(|at| row_of.get(at)).copied().unwrap_or(NONE);
                if let Some(routes) = routes.get_mut(row as usize) {
                    routes.push(RouteId(route));
                }
            }
            routes.iter_mut().for_each(|routes| routes.sort_unstable());
        }
        Members { routes }
    }

    fn listed(&self, rows: &Rows<'_>, row: usize, candidate: &Candidate) -> Listed {
        let known = rows.reading.known.get(candidate.known as usize);
        let last = known.map_or(0, |known| known.descriptor.members);
        match self.routes.get(row).filter(|routes| !routes.is_empty()) {
            Some(routes) => {
                let most = rows.shared.config.max_members as usize;
                Listed { routes: routes.iter().take(most).copied().collect(), count: routes.len() as u64 }
            }
            None => Listed { routes: Vec::new(), count: last.max(1) },
        }
    }
}
