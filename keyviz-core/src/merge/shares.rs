//! Who counted what in one column, of the rows that a merge of answers shows.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::align;
use super::rows::Key;
use crate::history::ColumnState;
use crate::matrix::{Answer, AnswerRow, Column};

/// What nodes counted in a row, by place.
pub(crate) type Counted = BTreeMap<u32, u64>;

/// Of the rows of a merge by route, in their order.
pub(crate) fn of_rows(rows: &[AnswerRow], parts: &[(u32, Answer)], column: &Column) -> Vec<Counted> {
    let numbers: BTreeMap<Key<'_>, usize> = rows.iter().enumerate().map(|(at, row)| (Key::of_row(row), at)).collect();
    let mut counted = alloc::vec![Counted::new(); rows.len()];
    for (place, part) in parts {
        let columns = places(part, column);
        for row in &part.rows {
            let to = numbers.get(&Key::of_row(row)).and_then(|at| counted.get_mut(*at));
            to.into_iter().for_each(|to| add(to, *place, value(row, &columns)));
        }
    }
    counted
}

/// The columns of a node's answer that lie in one of the merge's.
fn places(part: &Answer, column: &Column) -> Vec<usize> {
    let round = |instant_ms| align::round(instant_ms, part.step_ms);
    let lies = |own: &Column| round(own.start_ms) >= column.start_ms && round(own.end_ms) <= column.end_ms;
    let own = part.columns.iter().enumerate();
    own.filter(|(_, own)| own.state != ColumnState::Missing && lies(own)).map(|(at, _)| at).collect()
}

/// What a row has in these columns.
fn value(row: &AnswerRow, columns: &[usize]) -> u64 {
    columns.iter().filter_map(|at| row.values.get(*at)).fold(0u64, |sum, value| sum.saturating_add(*value))
}

fn add(to: &mut Counted, place: u32, value: u64) {
    if value > 0 {
        let sum = to.entry(place).or_default();
        *sum = sum.saturating_add(value);
    }
}
