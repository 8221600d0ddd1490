//! Groups: the leader term of each, and the seats whose routes it owns.

use crate::descriptor::NONE;
use crate::pool::PoolMut;

/// One group; `group` 0 marks a free entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupEntry {
    pub(crate) group: u64,
    pub(crate) term: u64,
    /// The first of its seats; the others follow by [`SeatMeta`](crate::seat::SeatMeta)'s links.
    pub(crate) first_seat: u32,
    /// Seats and members of its routes: while there are any, the group is remembered.
    pub(crate) routes: u32,
}

impl GroupEntry {
    /// All zeros: what memory for groups begins as.
    pub(crate) const BLANK: GroupEntry = GroupEntry { group: 0, term: 0, first_seat: 0, routes: 0 };

    const FREE: GroupEntry = GroupEntry { group: 0, term: 0, first_seat: NONE, routes: 0 };
}

/// Open addressing with backward shift, at most half full. A group that has no route gives way to a
/// new one when the table is full; seats and members are fewer than half the entries, so there is always one.
pub(crate) struct Groups<'m> {
    entries: PoolMut<'m, GroupEntry>,
    used: usize,
    /// Where the search for a group to give way goes on.
    hand: usize,
}

impl<'m> Groups<'m> {
    /// The entries are a power of two.
    pub(crate) fn new(mut entries: PoolMut<'m, GroupEntry>) -> Self {
        entries.fill(GroupEntry::FREE);
        Groups { entries, used: 0, hand: 0 }
    }

    fn home(&self, group: u64) -> usize {
        let hash = (group ^ (group >> 32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (hash >> 32) as usize & (self.entries.len() - 1)
    }

    fn find(&self, group: u64) -> Result<usize, usize> {
        let mut at = self.home(group);
        loop {
            match self.entries.get(at) {
                Some(entry) if entry.group == group => return Ok(at),
                Some(entry) if entry.group != 0 => at = (at + 1) & (self.entries.len() - 1),
                _ => return Err(at),
            }
        }
    }

    pub(crate) fn get(&self, group: u64) -> Option<&GroupEntry> {
        if group == 0 { None } else { self.entries.get(self.find(group).ok()?) }
    }

    /// The group's entry, made if it is new; `None` for group 0.
    pub(crate) fn entry(&mut self, group: u64) -> Option<&mut GroupEntry> {
        if group == 0 {
            return None;
        }
        if self.find(group).is_err() {
            if self.used * 2 >= self.entries.len() {
                self.make_room();
            }
            let at = self.find(group).err()?;
            *self.entries.get_mut(at)? = GroupEntry { group, ..GroupEntry::FREE };
            self.used += 1;
        }
        let at = self.find(group).ok()?;
        self.entries.get_mut(at)
    }

    fn make_room(&mut self) {
        let mask = self.entries.len() - 1;
        for _ in 0..=mask {
            self.hand = (self.hand + 1) & mask;
            if self.entries.get(self.hand).is_some_and(|e| e.group != 0 && e.routes == 0) {
                self.remove_at(self.hand);
                return;
            }
        }
    }

    fn remove_at(&mut self, at: usize) {
        let mask = self.entries.len() - 1;
        let (mut hole, mut next) = (at, at);
        loop {
            next = (next + 1) & mask;
            let Some(&entry) = self.entries.get(next) else { break };
            if entry.group == 0 {
                break;
            }
            let home = self.home(entry.group);
            if (next.wrapping_sub(home) & mask) >= (next.wrapping_sub(hole) & mask) {
                if let Some(to) = self.entries.get_mut(hole) {
                    *to = entry;
                }
                hole = next;
            }
        }
        if let Some(to) = self.entries.get_mut(hole) {
            *to = GroupEntry::FREE;
        }
        self.used -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_forgets_groups_without_seats_only() {
        let mut entries = [GroupEntry::FREE; 16];
        let mut groups = Groups::new(PoolMut::Lent(&mut entries));
        for group in 1..=4 {
            groups.entry(group).unwrap().routes = 1;
        }
        for group in 5..200 {
            groups.entry(group).unwrap().term = group;
            assert_eq!(groups.get(group).map(|g| g.term), Some(group));
        }
        for group in 1..=4 {
            assert_eq!(groups.get(group).map(|g| g.routes), Some(1));
        }
        assert!(groups.used <= 8);
        assert!(groups.entry(0).is_none());
    }
}
