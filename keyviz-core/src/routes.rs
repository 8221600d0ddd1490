//! Known routes in the order of their starts: a B+tree in arrays, of fixed capacity.
//!
//! Nodes hold up to 32 entries. An entry carries the first eight bytes of its start, so most
//! comparisons touch nothing else; a tie is settled by whoever calls, who knows the bounds. Two
//! neighbouring children are merged when they fit in three quarters of a node, so nodes stay at
//! least three eighths full on average and their number is bounded by the routes'.

use core::cmp::Ordering as Order_;

use crate::descriptor::NONE;
use crate::pool::PoolMut;

const FANOUT: usize = 32;
/// Neighbours that hold no more than this together are merged.
const MERGE: usize = FANOUT * 3 / 4;
/// Levels of a tree of 2^20 routes with 12 entries a node are 6.
const MAX_DEPTH: usize = 8;

/// A place in the order: the start's first eight bytes, and the seat, or the member's place behind the seats.
#[derive(Clone, Copy, Default)]
struct Key {
    prefix: u64,
    seat: u32,
}

/// One node; see [`Order`].
#[derive(Clone, Copy)]
pub(crate) struct Node {
    len: u32,
    leaf: bool,
    /// Leaf: the entries. Inner: the least entry below each child; the first one is not kept.
    keys: [Key; FANOUT],
    children: [u32; FANOUT],
}

const EMPTY: Node = Node::EMPTY;

/// The way from the root to a leaf: node and position at each level.
#[derive(Clone, Copy)]
struct Path {
    steps: [(u32, usize); MAX_DEPTH],
    depth: usize,
}

impl Path {
    const NEW: Path = Path { steps: [(NONE, 0); MAX_DEPTH], depth: 0 };

    fn push(&mut self, node: u32, at: usize) {
        if let Some(step) = self.steps.get_mut(self.depth) {
            *step = (node, at);
            self.depth += 1;
        }
    }

    fn get(&self, level: usize) -> (u32, usize) {
        self.steps.get(level).copied().unwrap_or((NONE, 0))
    }
}

impl Node {
    /// All zeros: what memory for nodes begins as.
    pub(crate) const BLANK: Node =
        Node { len: 0, leaf: false, keys: [Key { prefix: 0, seat: 0 }; FANOUT], children: [0; FANOUT] };

    const EMPTY: Node =
        Node { len: 0, leaf: true, keys: [Key { prefix: 0, seat: NONE }; FANOUT], children: [NONE; FANOUT] };

    fn len(&self) -> usize {
        self.len as usize
    }

    #[expect(clippy::indexing_slicing, reason = "masked to the array's length")]
    fn key(&self, at: usize) -> Key {
        self.keys[at & (FANOUT - 1)]
    }

    #[expect(clippy::indexing_slicing, reason = "masked to the array's length")]
    fn child(&self, at: usize) -> u32 {
        self.children[at & (FANOUT - 1)]
    }

    fn set_key(&mut self, at: usize, key: Key) {
        if let Some(to) = self.keys.get_mut(at) {
            *to = key;
        }
    }

    /// Puts an entry in, moving later ones up; the node has room.
    fn insert(&mut self, at: usize, key: Key, child: u32) {
        let len = self.len().min(FANOUT - 1);
        let at = at.min(len);
        self.keys.copy_within(at..len, at + 1);
        self.children.copy_within(at..len, at + 1);
        self.set_key(at, key);
        if let Some(to) = self.children.get_mut(at) {
            *to = child;
        }
        self.len = len as u32 + 1;
    }

    fn remove(&mut self, at: usize) {
        let len = self.len().min(FANOUT);
        if at < len {
            self.keys.copy_within(at + 1..len, at);
            self.children.copy_within(at + 1..len, at);
            self.len = len as u32 - 1;
        }
    }

    /// The position of the first entry that is not below the target.
    fn lower_bound(&self, from: usize, prefix: u64, target: &mut impl FnMut(u32) -> Order_) -> usize {
        let (mut low, mut high) = (from, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let key = self.key(middle);
            let order = prefix.cmp(&key.prefix).then_with(|| target(key.seat));
            if order.is_gt() { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The child in whose subtree the target lies.
    fn descend(&self, prefix: u64, target: &mut impl FnMut(u32) -> Order_) -> usize {
        let at = self.lower_bound(1, prefix, target);
        let key = self.key(at);
        let found = at < self.len() && prefix == key.prefix && target(key.seat).is_eq();
        if found { at } else { at - 1 }
    }
}

/// The tree. `target` closures compare the route searched for with the one on a seat; they are
/// asked only when the first eight bytes of the starts are equal.
pub(crate) struct Order<'m> {
    nodes: PoolMut<'m, Node>,
    free: u32,
    root: u32,
}

/// Nodes of a tree for this many routes; few fit the root alone.
pub(crate) const fn nodes_for(routes: usize) -> usize {
    if routes <= FANOUT { 1 } else { routes / 10 + 16 }
}

impl<'m> Order<'m> {
    pub(crate) fn new(nodes: PoolMut<'m, Node>) -> Self {
        let mut order = Order { nodes, free: NONE, root: NONE };
        for index in (0..order.nodes.len() as u32).rev() {
            order.give_back(index);
        }
        order.root = order.take(true);
        order
    }

    fn node(&self, index: u32) -> &Node {
        self.nodes.get(index as usize).unwrap_or(&EMPTY)
    }

    fn take(&mut self, leaf: bool) -> u32 {
        let index = self.free;
        if let Some(node) = self.nodes.get_mut(index as usize) {
            self.free = node.child(0);
            *node = Node { leaf, ..EMPTY };
        }
        index
    }

    fn give_back(&mut self, index: u32) {
        let free = self.free;
        if let Some(node) = self.nodes.get_mut(index as usize) {
            *node = EMPTY;
            node.insert(0, Key::default(), free);
        }
        self.free = index;
    }

    fn edit(&mut self, index: u32, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(index as usize) {
            change(node);
        }
    }

    /// The least entry below a node.
    fn least(&self, mut index: u32) -> Key {
        while !self.node(index).leaf {
            index = self.node(index).child(0);
        }
        self.node(index).key(0)
    }

    /// Splits the full child at `at` of `parent`, which has room.
    fn split_child(&mut self, parent: u32, at: usize) {
        let left = self.node(parent).child(at);
        let source = *self.node(left);
        let right = self.take(source.leaf);
        let half = FANOUT / 2;
        self.edit(right, |node| {
            for i in half..source.len() {
                node.insert(i - half, source.key(i), source.child(i));
            }
        });
        self.edit(left, |node| node.len = half as u32);
        self.edit(parent, |node| node.insert(at + 1, source.key(half), right));
    }

    /// Puts a seat in.
    pub(crate) fn insert(&mut self, prefix: u64, seat: u32, mut target: impl FnMut(u32) -> Order_) {
        if self.node(self.root).len() == FANOUT {
            let old = self.root;
            let root = self.take(false);
            let least = self.least(old);
            self.edit(root, |node| node.insert(0, least, old));
            self.root = root;
            self.split_child(root, 0);
        }
        let mut index = self.root;
        while !self.node(index).leaf {
            let mut at = self.node(index).descend(prefix, &mut target);
            if self.node(self.node(index).child(at)).len() == FANOUT {
                self.split_child(index, at);
                at = self.node(index).descend(prefix, &mut target);
            }
            index = self.node(index).child(at);
        }
        let at = self.node(index).lower_bound(0, prefix, &mut target);
        self.edit(index, |node| node.insert(at, Key { prefix, seat }, NONE));
    }

    fn path(&self, prefix: u64, target: &mut impl FnMut(u32) -> Order_) -> Path {
        let mut path = Path::NEW;
        let mut index = self.root;
        while !self.node(index).leaf {
            let at = self.node(index).descend(prefix, target);
            path.push(index, at);
            index = self.node(index).child(at);
        }
        path.push(index, self.node(index).lower_bound(0, prefix, target));
        path
    }

    /// The seats just before and just after the target, which need not be in the tree.
    pub(crate) fn neighbours(&self, prefix: u64, mut target: impl FnMut(u32) -> Order_) -> (Option<u32>, Option<u32>) {
        let path = self.path(prefix, &mut target);
        let (leaf, at) = path.get(path.depth - 1);
        let node = self.node(leaf);
        let mut after = at;
        if at < node.len() && prefix == node.key(at).prefix && target(node.key(at).seat).is_eq() {
            after += 1;
        }
        let before = match at.checked_sub(1) {
            Some(at) => Some(node.key(at).seat),
            None => self.sideways(&path, false),
        };
        let after = if after < node.len() { Some(node.key(after).seat) } else { self.sideways(&path, true) };
        (before, after)
    }

    /// Puts another seat where one is, at the same start.
    pub(crate) fn replace(&mut self, prefix: u64, old: u32, new: u32, mut target: impl FnMut(u32) -> Order_) -> bool {
        let path = self.path(prefix, &mut target);
        let (leaf, at) = path.get(path.depth - 1);
        if at >= self.node(leaf).len() || self.node(leaf).key(at).seat != old {
            return false;
        }
        self.edit(leaf, |node| node.set_key(at, Key { prefix, seat: new }));
        for level in (0..path.depth - 1).rev() {
            let (index, at) = path.get(level);
            let least = self.least(self.node(index).child(at));
            self.edit(index, |node| node.set_key(at, least));
        }
        true
    }

    /// The last seat of the leaf before the path's, or the first of the one after it.
    fn sideways(&self, path: &Path, after: bool) -> Option<u32> {
        for level in (0..path.depth - 1).rev() {
            let (index, at) = path.get(level);
            let next = if after { at + 1 } else { at.wrapping_sub(1) };
            if next < self.node(index).len() {
                let mut index = self.node(index).child(next);
                while !self.node(index).leaf {
                    let last = self.node(index).len() - 1;
                    index = self.node(index).child(if after { 0 } else { last });
                }
                let last = self.node(index).len().checked_sub(1)?;
                return Some(self.node(index).key(if after { 0 } else { last }).seat);
            }
        }
        None
    }

    /// Takes a seat out; `false` when it is not there.
    pub(crate) fn remove(&mut self, prefix: u64, seat: u32, mut target: impl FnMut(u32) -> Order_) -> bool {
        let path = self.path(prefix, &mut target);
        let (leaf, at) = path.get(path.depth - 1);
        if at >= self.node(leaf).len() || self.node(leaf).key(at).seat != seat {
            return false;
        }
        self.edit(leaf, |node| node.remove(at));
        for level in (0..path.depth - 1).rev() {
            let (index, at) = path.get(level);
            self.repair(index, at);
        }
        while !self.node(self.root).leaf && self.node(self.root).len() == 1 {
            let old = self.root;
            self.root = self.node(old).child(0);
            self.give_back(old);
        }
        true
    }

    /// After a removal below child `at`: drops it if it is empty, merges it with a neighbour if both
    /// fit, and corrects what the parent says of its least entry.
    fn repair(&mut self, parent: u32, at: usize) {
        let child = self.node(parent).child(at);
        if self.node(child).len() == 0 {
            self.edit(parent, |node| node.remove(at));
            self.give_back(child);
        } else {
            let least = self.least(child);
            self.edit(parent, |node| node.set_key(at, least));
            for left in [Some(at), at.checked_sub(1)].into_iter().flatten() {
                if self.merge_children(parent, left) {
                    break;
                }
            }
        }
    }

    fn merge_children(&mut self, parent: u32, left_at: usize) -> bool {
        if left_at + 1 >= self.node(parent).len() {
            return false;
        }
        let (left, right) = (self.node(parent).child(left_at), self.node(parent).child(left_at + 1));
        let (left_len, source) = (self.node(left).len(), *self.node(right));
        if left_len + source.len() > MERGE {
            return false;
        }
        let least = self.least(right);
        self.edit(left, |node| {
            for i in 0..source.len() {
                node.insert(left_len + i, if i == 0 { least } else { source.key(i) }, source.child(i));
            }
        });
        self.edit(parent, |node| node.remove(left_at + 1));
        self.give_back(right);
        true
    }

    /// Seats in order, appended by `each`.
    #[cfg(feature = "alloc")]
    #[cfg(test)]
    fn walk(&self, index: u32, each: &mut impl FnMut(u32)) {
        let node = *self.node(index);
        for i in 0..node.len() {
            if node.leaf { each(node.key(i).seat) } else { self.walk(node.child(i), each) }
        }
    }
}

#[cfg(feature = "alloc")]
#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    /// The key of seat `s` is `s / 4` in the first eight bytes; ties are settled by the seat.
    fn compare(target: u32) -> impl FnMut(u32) -> Order_ {
        move |seat| target.cmp(&seat)
    }

    fn with_room_for(routes: usize) -> Order<'static> {
        Order::new(PoolMut::Owned(alloc::vec![Node::BLANK; nodes_for(routes)].into_boxed_slice()))
    }

    fn check(order: &Order<'_>, truth: &BTreeSet<u32>) {
        let mut seats = Vec::new();
        order.walk(order.root, &mut |s| seats.push(s));
        assert_eq!(seats, truth.iter().copied().collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn agrees_with_a_set(steps in prop::collection::vec((0u32..3, 0u32..1500), 1..3000)) {
            let mut order = with_room_for(1500);
            let mut truth = BTreeSet::new();
            for (kind, seat) in steps {
                let prefix = u64::from(seat / 4);
                if kind > 0 && truth.insert(seat) {
                    order.insert(prefix, seat, compare(seat));
                } else if kind == 0 {
                    prop_assert_eq!(order.remove(prefix, seat, compare(seat)), truth.remove(&seat));
                } else {
                    // There, and there again under the same number: nothing may move.
                    prop_assert!(order.replace(prefix, seat, seat, compare(seat)));
                }
                let (before, after) = order.neighbours(prefix, compare(seat));
                prop_assert_eq!(before, truth.range(..seat).next_back().copied());
                prop_assert_eq!(after, truth.range(seat + 1..).next().copied());
            }
            check(&order, &truth);
        }
    }

    #[test]
    fn a_replaced_seat_is_found_by_its_new_number() {
        // A route's start does not change with its number: seats from 1000 on stand for those less 1000.
        let by_start = |target: u32| move |seat: u32| (target % 1000).cmp(&(seat % 1000));
        let mut order = with_room_for(1000);
        for seat in 0..1000 {
            order.insert(0, seat, by_start(seat));
        }
        for seat in (0..1000).step_by(3) {
            assert!(order.replace(0, seat, seat + 1000, by_start(seat)));
            assert!(!order.replace(0, seat, seat + 1000, by_start(seat)));
        }
        let mut seats = Vec::new();
        order.walk(order.root, &mut |s| seats.push(s));
        let expected: Vec<u32> = (0..1000).map(|seat| if seat % 3 == 0 { seat + 1000 } else { seat }).collect();
        assert_eq!(seats, expected);
        for seat in expected {
            assert!(order.remove(0, seat, by_start(seat)));
        }
    }

    #[test]
    fn every_order_of_filling_and_emptying_fits_the_nodes() {
        for stride in [1u32, 7, 1999] {
            let mut order = with_room_for(2000);
            let mut truth = BTreeSet::new();
            for round in 0..3 {
                for i in 0..2000 {
                    let seat = i * stride % 2000;
                    order.insert(u64::from(seat / 4), seat, compare(seat));
                    truth.insert(seat);
                }
                check(&order, &truth);
                for i in 0..2000 {
                    let seat = (i * stride + round * 13) % 2000;
                    if seat % 16 != 0 {
                        assert!(order.remove(u64::from(seat / 4), seat, compare(seat)));
                        truth.remove(&seat);
                    }
                }
                check(&order, &truth);
                for seat in truth.clone() {
                    assert!(order.remove(u64::from(seat / 4), seat, compare(seat)));
                }
                truth.clear();
            }
        }
    }
}
