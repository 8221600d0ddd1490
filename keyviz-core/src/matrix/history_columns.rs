//! The columns of a reading of the history, and what their rows could not take.

use alloc::vec::Vec;

use super::{Column, MatrixQuery};
use crate::reading::Place;

/// The columns with the gaps between them, and where each place's column stands among them.
pub(crate) fn columns(places: &[Place], taken: &[bool]) -> (Vec<Column>, Vec<usize>) {
    let mut columns: Vec<Column> = Vec::with_capacity(places.len());
    let mut index = Vec::with_capacity(places.len());
    for (place, taken) in places.iter().zip(taken) {
        if let Some(last) = columns.last()
            && last.end_ms < place.head.start_ms
        {
            columns.push(Column::gap(last.end_ms, place.head.start_ms));
        }
        index.push(columns.len());
        columns.push(Column::of(&place.head, *taken));
    }
    (columns, index)
}

/// What no route could take, per column.
pub(crate) fn unattributed(
    places: &[Place],
    taken: &[bool],
    index: &[usize],
    columns: usize,
    query: &MatrixQuery,
) -> Vec<u64> {
    let mut values = alloc::vec![0; columns];
    for ((place, taken), at) in places.iter().zip(taken).zip(index) {
        if *taken && let Some(value) = values.get_mut(*at) {
            *value = place.head.unattributed.get(query.series);
        }
    }
    values
}
