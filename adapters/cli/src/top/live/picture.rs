//! An answered matrix, and which of its cells a point of the map shows.

use keyviz_core::{Answer, AnswerRow, BucketId, Column, ColumnState};

use super::place::{Bounds, Place, View};
use super::scale::Scale;
use crate::replay::prefixes::Prefix;

/// One answer with what is needed to draw it and to point into it.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) answer: Answer,
    pub(super) view: View,
    /// What was asked for.
    pub(super) place: Place,
    /// The least rate above 0, and the greatest.
    rates: (f64, f64),
    pub(super) totals: Totals,
}

/// Sums over the picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) rows: u64,
    pub(super) cut: u64,
    pub(super) unattributed: u64,
    /// Cells in which nodes contradict one another.
    pub(super) conflicts: u64,
    /// Cells whose value is an estimate.
    pub(super) estimated: u64,
    /// Cells for which a node that has the row tells nothing.
    pub(super) lacking: u64,
}

/// A cell by its place in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) row: usize,
    pub(super) column: usize,
}

/// What is to be said of a cell beside its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) estimated: bool,
    pub(super) conflict: bool,
    pub(super) lacking: bool,
}

/// What a point of the map shows of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ground {
    /// No column, before or behind all.
    #[default]
    Outside,
    /// Nothing was recorded then.
    Gap,
    Recorded,
    /// Of the window that is open, or one that is late.
    Open,
}

/// What says which row is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Bucket(BucketId),
    /// The row that holds the key.
    Holds(Vec<u8>),
    /// The first row whose keys all begin so; without one, the row that holds the first key that may.
    Begins(Vec<u8>),
}

impl Which {
    /// The row's place.
    fn among(&self, rows: &[AnswerRow]) -> Option<usize> {
        let holds = |row: &AnswerRow, key: &[u8]| {
            row.start.as_slice() <= key && row.end.as_ref().is_none_or(|end| key < end.as_slice())
        };
        match self {
            Which::Bucket(bucket) => rows.iter().position(|row| row.bucket_id == *bucket),
            Which::Holds(key) => rows.iter().position(|row| holds(row, key)),
            Which::Begins(prefix) => {
                let beyond = Prefix { bytes: prefix.clone(), whole: false }.end();
                let ends = |row: &AnswerRow| match (&row.end, &beyond) {
                    (Some(end), Some(beyond)) => end <= beyond,
                    (end, beyond) => end.is_some() || beyond.is_none(),
                };
                let within = rows.iter().position(|row| row.start.starts_with(prefix) && ends(row));
                within.or_else(|| rows.iter().position(|row| holds(row, prefix)))
            }
        }
    }

    /// The key by which it is meant; none where it is not by one.
    pub(super) fn key(&self) -> &[u8] {
        match self {
            Which::Bucket(_) => &[],
            Which::Holds(key) | Which::Begins(key) => key,
        }
    }
}

/// One point of the map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) ground: Ground,
    /// The hottest cell's, which is what is seen.
    pub(super) level: u8,
    /// Of all its cells.
    pub(super) marks: Marks,
    pub(super) cell: Option<Cell>,
    /// How many cells share it.
    pub(super) cells: usize,
}

impl Picture {
    pub(super) fn new(answer: Answer, view: View, place: Place) -> Picture {
        let mut picture = Picture { answer, view, place, rates: (0.0, 0.0), totals: Totals::default() };
        let set = |flags: &[bool]| flags.iter().filter(|flag| **flag).count() as u64;
        let sum = |values: &[u64]| values.iter().fold(0u64, |sum, value| sum.saturating_add(*value));
        let mut totals = Totals {
            cut: sum(&picture.answer.cut.values),
            unattributed: sum(&picture.answer.unattributed),
            ..Totals::default()
        };
        for (row, line) in picture.answer.rows.iter().enumerate() {
            totals.rows = totals.rows.saturating_add(sum(&line.values));
            totals.conflicts += set(&line.conflicts);
            totals.estimated += set(&line.estimated);
            totals.lacking += set(&line.missing);
            for column in 0..picture.answer.columns.len() {
                let rate = picture.rate(Cell { row, column });
                if rate > 0.0 {
                    let (least, greatest) = picture.rates;
                    picture.rates = (if least > 0.0 { least.min(rate) } else { rate }, greatest.max(rate));
                }
            }
        }
        picture.totals = totals;
        picture
    }

    pub(super) fn scale(&self, linear: bool) -> Scale {
        Scale::of(linear, self.rates.0, self.rates.1)
    }

    pub(super) fn row(&self, cell: Cell) -> Option<&AnswerRow> {
        self.answer.rows.get(cell.row)
    }

    pub(super) fn column(&self, cell: Cell) -> Option<&Column> {
        self.answer.columns.get(cell.column)
    }

    pub(super) fn value(&self, cell: Cell) -> u64 {
        self.row(cell).and_then(|row| row.values.get(cell.column)).copied().unwrap_or(0)
    }

    /// A second of what its column covers; 0 in a gap, of which nothing is known.
    pub(super) fn rate(&self, cell: Cell) -> f64 {
        let Some(column) = self.column(cell).filter(|column| column.state != ColumnState::Missing) else { return 0.0 };
        // A column that covers no time yet has counts but no rate: a millisecond is the least that is told apart.
        self.value(cell) as f64 * 1000.0 / covered_ms(column).max(1) as f64
    }

    pub(super) fn marks(&self, cell: Cell) -> Marks {
        let set = |flags: &[bool]| flags.get(cell.column).copied().unwrap_or(false);
        self.row(cell).map_or(Marks::default(), |row| Marks {
            estimated: set(&row.estimated),
            conflict: set(&row.conflicts),
            lacking: set(&row.missing),
        })
    }

    /// The rows' bounds, in their order.
    pub(super) fn bounds(&self) -> Vec<Bounds> {
        self.answer.rows.iter().map(|row| (row.start.clone(), row.end.clone())).collect()
    }

    /// The cell of a row at an instant.
    pub(super) fn find(&self, which: &Which, at_ms: u64) -> Option<Cell> {
        let row = which.among(&self.answer.rows)?;
        let column = self.answer.columns.iter().position(|one| one.start_ms <= at_ms && at_ms < one.end_ms)?;
        Some(Cell { row, column })
    }

    /// Whether a column is in one of these states.
    pub(super) fn any(&self, states: &[ColumnState]) -> bool {
        self.answer.columns.iter().any(|column| states.contains(&column.state))
    }

    /// Whether a sealed column does not have all nodes.
    pub(super) fn lacks_node(&self, column: usize) -> bool {
        let sealed = |column: &Column| matches!(column.state, ColumnState::Complete | ColumnState::Late);
        let expected = self.answer.fanout.as_ref().map_or(0, |fanout| fanout.expected);
        self.answer.columns.get(column).is_some_and(sealed) && u64::from(self.answer.nodes(column)) < expected
    }

    /// Whether any does not.
    pub(super) fn any_lacks_node(&self) -> bool {
        (0..self.answer.columns.len()).any(|column| self.lacks_node(column))
    }
}

/// The time that a column's counts came in.
pub(super) const fn covered_ms(column: &Column) -> u64 {
    column.covers_to_ms.saturating_sub(column.covers_from_ms)
}

/// Which cells stand where, on a map of so many points.
#[derive(Debug)]
pub(super) struct Grid {
    columns: Vec<(Ground, Option<(usize, usize)>)>,
    rows: Vec<(usize, usize)>,
}

impl Grid {
    pub(super) fn new(picture: &Picture, width: usize, height: usize) -> Grid {
        Grid { columns: columns(picture, width), rows: rows(picture.answer.rows.len(), height) }
    }

    pub(super) fn ground(&self, x: usize) -> Ground {
        self.columns.get(x).map_or(Ground::Outside, |(ground, _)| *ground)
    }

    /// The columns that a point's width shows, from and to inclusive.
    pub(super) fn columns_at(&self, x: usize) -> Option<(usize, usize)> {
        self.columns.get(x).and_then(|(_, columns)| *columns)
    }

    /// The rows that a point's height shows, from and to inclusive.
    pub(super) fn rows_at(&self, y: usize) -> Option<(usize, usize)> {
        self.rows.get(y).copied()
    }

    pub(super) fn point(&self, picture: &Picture, scale: &Scale, x: usize, y: usize) -> Point {
        let mut point = Point { ground: self.ground(x), ..Point::default() };
        let (Some((left, right)), Some((top, bottom))) = (self.columns_at(x), self.rows_at(y)) else { return point };
        let mut hottest = -1.0;
        for row in top..=bottom {
            for column in left..=right {
                let cell = Cell { row, column };
                let (rate, marks) = (picture.rate(cell), picture.marks(cell));
                point.marks.estimated |= marks.estimated;
                point.marks.conflict |= marks.conflict;
                point.marks.lacking |= marks.lacking;
                point.cells += 1;
                // Of equal ones the latest: that is where something may yet come.
                if rate >= hottest {
                    (hottest, point.cell) = (rate, Some(cell));
                }
            }
        }
        point.level = scale.level(hottest);
        point
    }
}

/// Time is linear over the width; a column narrower than a point takes the one it begins in, so that none is without.
fn columns(picture: &Picture, width: usize) -> Vec<(Ground, Option<(usize, usize)>)> {
    let view = &picture.view;
    let place = |ms: u64| (ms as f64 - view.from_ms as f64) * width as f64 / view.span_ms() as f64;
    let mut points = vec![(Ground::Outside, None); width];
    let (mut left, mut right) = (width, 0);
    for (at, column) in picture.answer.columns.iter().enumerate() {
        let late = column.state == ColumnState::Late;
        let (from_ms, to_ms) =
            if late { (column.covers_from_ms, column.covers_to_ms) } else { (column.start_ms, column.end_ms) };
        let (from, to) = (place(from_ms), place(to_ms));
        if to <= 0.0 || from >= width as f64 {
            continue;
        }
        let first = (if to.round() > from.round() { from.round() } else { from.floor() }).max(0.0) as usize;
        let last = (to.round().max(from.floor() + 1.0) as usize).clamp(first + 1, width.max(first + 1));
        (left, right) = (left.min(first), right.max(last));
        if column.state == ColumnState::Missing {
            continue;
        }
        let ground = if column.state == ColumnState::Open { Ground::Open } else { Ground::Recorded };
        for point in points.iter_mut().take(last).skip(first) {
            let first = point.1.map_or(at, |(first, _)| first);
            *point = (ground, Some((first, at)));
        }
    }
    // Between two columns nothing is known, whether the server said so or not.
    for (x, point) in points.iter_mut().enumerate() {
        if x >= left && x < right && point.0 == Ground::Outside {
            point.0 = Ground::Gap;
        }
        // Until the open window is flushed for the first time there is no column of it.
        if x >= right && view.follows && right > 0 {
            point.0 = Ground::Open;
        }
    }
    points
}

/// Rows share the height evenly; where there are more than points, each point shows several.
fn rows(count: usize, height: usize) -> Vec<(usize, usize)> {
    if count == 0 {
        return Vec::new();
    }
    let share = |y: usize| {
        if count <= height {
            let row = (2 * y + 1) * count / (2 * height);
            (row, row)
        } else {
            ((y * count).div_ceil(height), ((y + 1) * count).div_ceil(height) - 1)
        }
    };
    (0..height).map(share).collect()
}

#[cfg(test)]
mod tests {
    use keyviz_core::wire::decode;

    use super::*;

    /// Four windows of a second: complete, missing, late over two, open for 400 ms.
    pub(crate) fn picture() -> Picture {
        let json = br#"{"series":"ops","step_ms":1000,"column_start_unix_ms":[0,1000,3000,4000],"column_unix_ms":[1000,3000,4000,5000],
            "column_state":["complete","missing","late","open"],"column_covers_from_unix_ms":[0,1000,2000,4000],"column_covers_to_unix_ms":[1000,3000,4000,4400],
            "rows":[{"bucket_id":"range:0@0","start":null,"end":"bQ==","values":[8,0,6,0],"estimated":[true,false,false,false]},
                    {"bucket_id":"range:1@0","start":"bQ==","end":null,"values":[0,0,1,4],"conflicts":[false,false,true,false],"missing":[false,false,false,true]}]}"#;
        let answer = decode::answer(json, &decode::Limits::default()).unwrap();
        Picture::new(answer, View { from_ms: 0, to_ms: 5000, follows: true }, Place::WHOLE)
    }

    #[test]
    fn rates_are_of_the_time_covered() {
        let picture = picture();
        let rate = |row, column| picture.rate(Cell { row, column });
        assert_eq!([rate(0, 0), rate(0, 1), rate(0, 2), rate(1, 3)], [8.0, 0.0, 3.0, 10.0]);
        assert_eq!(picture.rates, (0.5, 10.0));
        let totals = Totals { rows: 19, conflicts: 1, estimated: 1, lacking: 1, ..Totals::default() };
        assert_eq!(picture.totals, totals);
        assert_eq!(picture.find(&Which::Holds(b"z".to_vec()), 3999), Some(Cell { row: 1, column: 2 }));
        assert_eq!(picture.find(&Which::Holds(b"z".to_vec()), 9000), None);
    }

    #[test]
    fn a_name_leads_to_its_first_row_a_key_to_the_row_that_holds_it() {
        // Up to "n", "o/5", "o/7", "p", and on.
        let json = br#"{"series":"ops","column_unix_ms":[1000],"rows":[
            {"bucket_id":"range:0@0","start":null,"end":"bg==","values":[1]},{"bucket_id":"range:1@0","start":"bg==","end":"by81","values":[1]},
            {"bucket_id":"range:2@0","start":"by81","end":"by83","values":[1]},{"bucket_id":"range:3@0","start":"by83","end":"cA==","values":[1]},
            {"bucket_id":"range:4@0","start":"cA==","end":null,"values":[1]}]}"#;
        let rows = decode::answer(json, &decode::Limits::default()).unwrap().rows;
        let begins = |prefix: &[u8]| Which::Begins(prefix.to_vec()).among(&rows);
        assert_eq!(
            [begins(b"o/"), begins(b"o"), begins(b"o/7"), begins(b"p")],
            [Some(2), Some(2), Some(1 + 2), Some(4)]
        );
        // Without a row of its own, the one that holds where it begins.
        assert_eq!([begins(b"o/8"), begins(b"a"), begins(b"z"), begins(b"")], [Some(3), Some(0), Some(4), Some(0)]);
        let holds = |key: &[u8]| Which::Holds(key.to_vec()).among(&rows);
        assert_eq!([holds(b"o/"), holds(b"o/5"), holds(b"")], [Some(1), Some(2), Some(0)]);
        assert_eq!(Which::Begins(b"o/".to_vec()).among(rows.get(..1).unwrap()), None);
    }

    #[test]
    fn every_row_and_column_has_a_point_and_gaps_are_none() {
        let picture = picture();
        let grid = Grid::new(&picture, 10, 4);
        let grounds: Vec<Ground> = (0..10).map(|x| grid.ground(x)).collect();
        let (gap, all) = (Ground::Gap, Ground::Recorded);
        assert_eq!(grounds, [all, all, gap, gap, all, all, all, all, Ground::Open, Ground::Open]);
        let point = grid.point(&picture, &picture.scale(false), 9, 3);
        assert_eq!((point.cell, point.level, point.cells), (Some(Cell { row: 1, column: 3 }), 255, 1));
        assert!(point.marks.lacking && !point.marks.conflict);
        // Two points wide and one high: the hottest of all is seen, and every mark.
        let small = Grid::new(&picture, 2, 1);
        let point = small.point(&picture, &picture.scale(false), 1, 0);
        assert_eq!(point.cell, Some(Cell { row: 1, column: 3 }));
        assert!(point.marks.conflict && point.marks.lacking);
        for (count, height) in [(3, 10), (10, 3), (7, 7), (1024, 22)] {
            let mut seen = vec![false; count];
            rows(count, height).into_iter().for_each(|(from, to)| seen[from..=to].fill(true));
            assert!(seen.iter().all(|seen| *seen), "{count} {height}");
        }
    }
}
