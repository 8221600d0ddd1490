//! The row budget: which rows stay.

use core::cmp::Ordering;

use alloc::vec::Vec;

/// Keeps the `budget` greatest of `rows`: by total, then by the caller's order of names. The kept
/// ones come in no promised order.
pub(crate) fn keep<T>(
    mut rows: Vec<T>,
    budget: usize,
    total: impl Fn(&T) -> u64,
    name: impl Fn(&T, &T) -> Ordering,
) -> Vec<T> {
    if rows.len() > budget {
        let order = |a: &T, b: &T| total(b).cmp(&total(a)).then_with(|| name(a, b));
        if budget > 0 {
            rows.select_nth_unstable_by(budget - 1, order);
        }
        rows.truncate(budget);
    }
    rows
}
