//! The cells of a row: what a cell of several nodes is before a rule makes one value of it.
//!
//! A cell that one node counted in is a value and its *decider*: that node's place with the number of the group and
//! term that the node gave the cell. Most cells of most rows stay so. Where several non-zero values have met, the row
//! also has, for each cell, what both rules need: the sum, the greatest and the least value with the places that
//! decide, and, where groups or terms differ, the parts.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Ordering;

use super::identities::Identities;

/// Most parts that a cell keeps: the greatest by (group, term).
pub(super) const MAX_PARTS: usize = 8;

/// Marks of a cell.
pub(super) mod mark {
    pub(in super::super) const ESTIMATED: u8 = 1;
    pub(in super::super) const CONFLICT: u8 = 2;
    pub(in super::super) const MISSING: u8 = 4;
    /// Parts were dropped.
    pub(in super::super) const DROPPED: u8 = 8;
    /// Of a dropped part the group or term was not known.
    pub(in super::super) const UNKNOWN: u8 = 16;
    /// A sum would have been more than 64 bits.
    pub(in super::super) const SATURATED: u8 = 32;
    /// There is a list of parts; else the cell's one part has the decider's group and term.
    pub(in super::super) const PARTS: u8 = 64;
}

/// What was counted under one group and term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) identity: u32,
    /// Two different non-zero values have met.
    pub(super) conflict: bool,
    pub(super) greatest: u64,
    pub(super) sum: u64,
}

/// A cell's place and group: the later place is greater; 0 decides nothing.
pub(super) const fn decider(place: u32, identity: u32) -> u64 {
    ((place as u64 + 1) << 32) | identity as u64
}

/// The number of a decider's group and term.
pub(super) const fn identity(decider: u64) -> u32 {
    decider as u32
}

/// The later place's; of one place, which has columns of two widths, the greater by group and term.
fn later(a: u64, b: u64, ids: &Identities) -> u64 {
    let order = (a >> 32).cmp(&(b >> 32)).then_with(|| ids.pair(identity(a)).cmp(&ids.pair(identity(b))));
    if order.is_lt() { b } else { a }
}

/// One cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// The greatest of the nodes' values; 0 when no node has any.
    pub(super) value: u64,
    /// Who has the greatest value, of equals the latest.
    pub(super) decider: u64,
    pub(super) sum: u64,
    /// The least non-zero value.
    pub(super) least: u64,
    /// The latest who has a non-zero value.
    pub(super) last: u64,
    pub(super) marks: u8,
}

impl Cell {
    /// A cell of one node.
    pub(super) const fn of(value: u64, decider: u64, marks: u8) -> Self {
        let decider = if value == 0 { 0 } else { decider };
        Cell { value, decider, sum: value, least: value, last: decider, marks }
    }

    /// One node has counted in it, or several alike whose sum is at its limit.
    pub(super) const fn is_single(&self) -> bool {
        self.sum == self.value && self.least == self.value
    }

    /// The part of a cell that has no list of them.
    const fn part(&self) -> Part {
        Part {
            identity: identity(self.decider),
            conflict: self.least != self.value,
            greatest: self.value,
            sum: self.sum,
        }
    }
}

/// What a row has besides values and deciders, where values have met, were marked or have parts.
#[derive(Clone, Debug, Default)]
struct Met {
    sums: Vec<u64>,
    least: Vec<u64>,
    last: Vec<u64>,
    marks: Vec<u8>,
    parts: BTreeMap<usize, Vec<Part>>,
}

/// The cells of a row.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    values: Vec<u64>,
    deciders: Vec<u64>,
    met: Option<Box<Met>>,
}

impl Cells {
    pub(super) fn zeros(columns: usize) -> Self {
        Cells { values: alloc::vec![0; columns], deciders: alloc::vec![0; columns], met: None }
    }

    /// Cells of one node, unmarked and without parts.
    pub(super) fn of_node(values: &[u64], deciders: &[u64]) -> Self {
        Cells { values: values.to_vec(), deciders: deciders.to_vec(), met: None }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether every cell is that of one node, or of nodes that only add, without marks and parts.
    pub(super) const fn is_plain(&self) -> bool {
        self.met.is_none()
    }

    /// A cell.
    #[inline]
    pub(super) fn get(&self, column: usize) -> Cell {
        let of = |list: &[u64]| list.get(column).copied().unwrap_or(0);
        let (value, decider) = (of(&self.values), of(&self.deciders));
        match &self.met {
            None => Cell::of(value, decider, 0),
            Some(met) => Cell {
                value,
                decider,
                sum: of(&met.sums),
                least: of(&met.least),
                last: of(&met.last),
                marks: met.marks.get(column).copied().unwrap_or(0),
            },
        }
    }

    /// The list of a cell's parts, in the order of groups and terms; empty when it has none or one.
    pub(super) fn parts(&self, column: usize) -> &[Part] {
        self.met.as_ref().and_then(|met| met.parts.get(&column)).map_or(&[], Vec::as_slice)
    }

    fn met_mut(&mut self) -> &mut Met {
        let (values, deciders) = (&self.values, &self.deciders);
        self.met.get_or_insert_with(|| {
            Box::new(Met {
                sums: values.clone(),
                least: values.clone(),
                last: deciders.clone(),
                marks: alloc::vec![0; values.len()],
                parts: BTreeMap::new(),
            })
        })
    }

    fn set(&mut self, column: usize, cell: Cell, parts: Option<Vec<Part>>) {
        let put = |list: &mut Vec<u64>, value: u64| list.get_mut(column).into_iter().for_each(|to| *to = value);
        put(&mut self.values, cell.value);
        put(&mut self.deciders, cell.decider);
        if self.met.is_none() && cell.marks == 0 && parts.is_none() && cell.is_single() {
            return;
        }
        let met = self.met_mut();
        put(&mut met.sums, cell.sum);
        put(&mut met.least, cell.least);
        put(&mut met.last, cell.last);
        let has_parts = if parts.is_some() { mark::PARTS } else { 0 };
        met.marks.get_mut(column).into_iter().for_each(|to| *to = cell.marks & !mark::PARTS | has_parts);
        match parts {
            Some(parts) => met.parts.insert(column, parts),
            None => met.parts.remove(&column),
        };
    }

    /// Adds what the same node counted in the same column besides: another column of its own that falls into this
    /// one, or another row of the same name. The later one names group and term.
    pub(super) fn gather(&mut self, column: usize, add: Cell, parts: &[Part], ids: &Identities) {
        let before = self.get(column);
        let marks = (before.marks | add.marks) & !mark::PARTS;
        if add.value == 0 || before.value == 0 {
            let (cell, list) = if add.value == 0 { (before, self.parts(column)) } else { (add, parts) };
            let list = (!list.is_empty()).then(|| list.to_vec());
            return self.set(column, Cell { marks, ..cell }, list);
        }
        let (value, over) = before.value.overflowing_add(add.value);
        let value = if over { u64::MAX } else { value };
        let mut cell = Cell::of(value, add.decider, marks | if over { mark::SATURATED } else { 0 });
        let list =
            if self.parts(column).is_empty() && parts.is_empty() && identity(before.decider) == identity(add.decider) {
                None
            } else {
                let (a, b) = (listed(&before, self.parts(column)), listed(&add, parts));
                let one = |a: &Part, b: &Part| Part {
                    identity: a.identity,
                    conflict: a.conflict || b.conflict,
                    greatest: a.greatest.saturating_add(b.greatest),
                    sum: a.sum.saturating_add(b.sum),
                };
                Some(join_parts(&a, &b, ids, &mut cell.marks, one))
            };
        self.set(column, cell, list);
    }

    /// Takes in what other nodes counted. Whichever of two rows takes in the other, in whatever order, what comes of
    /// it is the same.
    pub(super) fn meet(&mut self, other: &Cells, ids: &Identities, adds: bool) {
        if other.met.is_none() {
            return self.meet_node(&other.values, &other.deciders, ids, adds);
        }
        for column in 0..other.values.len() {
            let cell = other.get(column);
            if cell.value != 0 || cell.marks != 0 {
                self.meet_cell(column, &cell, other.parts(column), ids);
            }
        }
    }

    /// Takes in what a node counted, unmarked and without parts.
    pub(super) fn meet_node(&mut self, values: &[u64], deciders: &[u64], ids: &Identities, adds: bool) {
        let mut met_at = 0;
        if self.met.is_none() {
            let cells = self.values.iter_mut().zip(&mut self.deciders).zip(values.iter().zip(deciders));
            let mut simple = 0;
            for ((value, decider), (add, by)) in cells {
                let (sum, over) = value.overflowing_add(*add);
                let both = *value != 0 && *add != 0;
                // Values and deciders say it all but where two values meet; and where these only add, but where
                // groups or terms differ.
                if over | (both & (!adds | (identity(*decider) != identity(*by)))) {
                    break;
                }
                *value = sum;
                *decider = (*decider).max(*by);
                simple += 1;
            }
            met_at = simple;
        }
        if met_at < values.len() {
            self.meet_from(met_at, values, deciders, ids);
        }
    }

    fn meet_from(&mut self, from: usize, values: &[u64], deciders: &[u64], ids: &Identities) {
        let mut several: Vec<(usize, Cell)> = Vec::new();
        self.met_mut();
        let Some(met) = &mut self.met else { return };
        let greatest = self.values.iter_mut().zip(&mut self.deciders);
        let rest = met.sums.iter_mut().zip(&mut met.least).zip(met.last.iter_mut().zip(&mut met.marks));
        let adds = values.iter().zip(deciders);
        for (column, (((value, decider), ((sum, least), (last, marks))), (add, by))) in
            greatest.zip(rest).zip(adds).enumerate().skip(from)
        {
            if *add == 0 {
                continue;
            }
            if *value == 0 {
                (*value, *decider, *sum, *least, *last) = (*add, *by, *add, *add, *by);
                continue;
            }
            // Places of nodes are never equal here, but where one node has columns of several widths.
            if *marks & mark::PARTS != 0 || identity(*decider) != identity(*by) {
                several.push((column, Cell::of(*add, *by, 0)));
                continue;
            }
            if (*value, *decider) < (*add, *by) {
                (*value, *decider) = (*add, *by);
            }
            let over;
            (*sum, over) = sum.overflowing_add(*add);
            if over {
                (*sum, *marks) = (u64::MAX, *marks | mark::SATURATED);
            }
            *least = (*least).min(*add);
            *last = (*last).max(*by);
        }
        for (column, cell) in several {
            self.meet_cell(column, &cell, &[], ids);
        }
    }

    #[inline]
    fn meet_cell(&mut self, column: usize, add: &Cell, parts: &[Part], ids: &Identities) {
        let before = self.get(column);
        if add.value == 0 || before.value == 0 {
            let marks = (before.marks | add.marks) & !mark::PARTS;
            let (cell, list) = if add.value == 0 { (&before, self.parts(column)) } else { (add, parts) };
            let list = (!list.is_empty()).then(|| list.to_vec());
            return self.set(column, Cell { marks, ..*cell }, list);
        }
        let (sum, over) = before.sum.overflowing_add(add.sum);
        let (value, decider) = match before.value.cmp(&add.value) {
            Ordering::Less => (add.value, add.decider),
            Ordering::Equal => (add.value, later(before.decider, add.decider, ids)),
            Ordering::Greater => (before.value, before.decider),
        };
        let mut cell = Cell {
            value,
            decider,
            sum: if over { u64::MAX } else { sum },
            least: before.least.min(add.least),
            last: later(before.last, add.last, ids),
            marks: before.marks | add.marks | if over { mark::SATURATED } else { 0 },
        };
        if cell.marks & mark::PARTS == 0 && identity(before.decider) == identity(add.decider) {
            return self.set_met(column, cell);
        }
        cell.marks &= !mark::PARTS;
        let (a, b) = (listed(&before, self.parts(column)), listed(add, parts));
        let list = join_parts(&a, &b, ids, &mut cell.marks, |a, b| Part {
            identity: a.identity,
            conflict: a.conflict || b.conflict || a.greatest != b.greatest,
            greatest: a.greatest.max(b.greatest),
            sum: a.sum.saturating_add(b.sum),
        });
        self.set(column, cell, Some(list));
    }

    /// Sets a cell that has no list of parts, before and after.
    fn set_met(&mut self, column: usize, cell: Cell) {
        let put = |list: &mut Vec<u64>, value: u64| list.get_mut(column).into_iter().for_each(|to| *to = value);
        let met = self.met_mut();
        put(&mut met.sums, cell.sum);
        put(&mut met.least, cell.least);
        put(&mut met.last, cell.last);
        met.marks.get_mut(column).into_iter().for_each(|to| *to = cell.marks);
        put(&mut self.values, cell.value);
        put(&mut self.deciders, cell.decider);
    }

    /// The same cells among `columns`, each at the place that `map` says.
    pub(super) fn spread(&self, map: &[usize], columns: usize) -> Cells {
        let mut wide = Cells::zeros(columns);
        let scatter = |to: &mut Vec<u64>, from: &[u64]| {
            for (at, value) in map.iter().zip(from) {
                to.get_mut(*at).into_iter().for_each(|to| *to = *value);
            }
        };
        scatter(&mut wide.values, &self.values);
        scatter(&mut wide.deciders, &self.deciders);
        if let Some(met) = &self.met {
            let to = wide.met_mut();
            scatter(&mut to.sums, &met.sums);
            scatter(&mut to.least, &met.least);
            scatter(&mut to.last, &met.last);
            for (at, marks) in map.iter().zip(&met.marks) {
                to.marks.get_mut(*at).into_iter().for_each(|to| *to = *marks);
            }
            let parts = met.parts.iter().filter_map(|(at, parts)| Some((*map.get(*at)?, parts.clone())));
            to.parts = parts.collect();
        }
        wide
    }

    /// Gives every pair of group and term another number.
    pub(super) fn renumber(&mut self, mut to: impl FnMut(u32) -> u32) {
        let mut change = |decider: &mut u64| {
            if *decider != 0 {
                *decider = (*decider >> 32 << 32) | u64::from(to(identity(*decider)));
            }
        };
        self.deciders.iter_mut().for_each(&mut change);
        if let Some(met) = &mut self.met {
            met.last.iter_mut().for_each(change);
            met.parts.values_mut().flatten().for_each(|part| part.identity = to(part.identity));
        }
    }
}

/// A cell's parts, the one of a cell without a list included.
fn listed(cell: &Cell, parts: &[Part]) -> Vec<Part> {
    if parts.is_empty() { alloc::vec![cell.part()] } else { parts.to_vec() }
}

/// Joins two lists in the order of groups and terms, equal ones by `one`, and keeps the greatest.
fn join_parts(
    a: &[Part],
    b: &[Part],
    ids: &Identities,
    marks: &mut u8,
    one: impl Fn(&Part, &Part) -> Part,
) -> Vec<Part> {
    let mut list: Vec<Part> = Vec::with_capacity((a.len() + b.len()).min(2 * MAX_PARTS));
    list.extend_from_slice(a);
    for part in b {
        match list.iter_mut().take(a.len()).find(|known| known.identity == part.identity) {
            Some(known) => *known = one(known, part),
            None => list.push(*part),
        }
    }
    list.sort_unstable_by_key(|part| ids.pair(part.identity));
    keep_greatest(&mut list, ids, marks);
    list
}

/// Drops all parts but the greatest by (group, term), and says so.
pub(super) fn keep_greatest(list: &mut Vec<Part>, ids: &Identities, marks: &mut u8) {
    let dropped = list.len().saturating_sub(MAX_PARTS);
    for part in list.drain(..dropped) {
        *marks |= mark::DROPPED | if ids.is_unknown(part.identity) { mark::UNKNOWN } else { 0 };
    }
}
