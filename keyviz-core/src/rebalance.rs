//! Which ranges of the core's own making are split, and which are joined: the rule alone.
//!
//! With the load of all ranges divided by the most ranges there may be as the *share*:
//! - While there is room, a range of more than 1.25 shares is split, the hottest first, into as many parts as it has
//!   shares.
//! - Without room, a range of more than 2.5 shares is, in exchange for neighbours that have at most 2 shares together,
//!   the coolest first. Such neighbours always exist: on average two have less than 2.
//! - What few operations fell on, or one key alone, is not split. Every range that comes of it takes one of the free
//!   slots that there are, and at most half as many as there may be ranges.
//!
//! So what was joined is not what is split next, and in a steady load no range keeps more than 2.5 shares but for one
//! key's.

use crate::limits::RANGE_SAMPLES;

/// Fewer operations, of a decayed average, are no load to split for.
const LEAST_OPS: u64 = 32;

/// What happens to each range: it stays (1), joins the one before it (0), or is split into so many at most.
pub(crate) fn plan(
    loads: &[u64],
    most: usize,
    slots: usize,
    divisible: impl Fn(usize) -> usize,
    parts: &mut [u8],
    ranked: &mut [u32],
) -> bool {
    parts.fill(1);
    let total: u128 = loads.iter().map(|load| u128::from(*load)).sum();
    let share = (total / most.max(1) as u128).max(1);
    let exceeds = |at: u32, quarters: u128| load(loads, at) * 4 > quarters * share;
    let mut plan = Plan {
        loads,
        parts,
        room: most.saturating_sub(loads.len()),
        slots: slots.min((most / 2).max(16)),
        changed: false,
    };

    let hot = rank(ranked, loads.len(), |at| exceeds(at, 5) && load(loads, at) >= u128::from(LEAST_OPS));
    hot.sort_unstable_by_key(|at| (core::cmp::Reverse(load(loads, *at)), *at));
    let mut waiting = 0;
    for place in 0..hot.len() {
        let Some(at) = hot.get(place).copied() else { break };
        let wanted = wanted(load(loads, at), share, divisible(at as usize));
        if wanted < 2 {
            continue;
        }
        let given = (wanted - 1).min(plan.room).min(plan.slots.saturating_sub(1));
        plan.split(at, given);
        if given == 0
            && exceeds(at, 10)
            && let Some(to) = hot.get_mut(waiting)
        {
            *to = at;
            waiting += 1;
        }
    }
    if waiting == 0 {
        return plan.changed;
    }

    // The places of those that wait are few; what is left of the scratch ranks the pairs.
    let (hot, rest) = ranked.split_at_mut(waiting);
    let pairs = rank(rest, loads.len().saturating_sub(1), |at| {
        load(loads, at) + load(loads, at + 1) <= 2 * share && !exceeds(at, 10) && !exceeds(at + 1, 10)
    });
    pairs.sort_unstable_by_key(|at| (load(loads, *at) + load(loads, at + 1), *at));
    let mut pairs = pairs.iter();
    for at in hot.iter().copied() {
        let wanted = wanted(load(loads, at), share, divisible(at as usize));
        let mut won = 0;
        // One for the pair, and for each part one.
        while won + 1 < wanted && plan.slots >= won + 3 {
            let Some(pair) = pairs.find(|pair| plan.joinable(**pair)) else { break };
            plan.join(*pair);
            won += 1;
        }
        plan.split(at, won);
        if won == 0 {
            break;
        }
    }
    plan.changed
}

/// How many parts a range is worth, of at most `divisible`.
fn wanted(load: u128, share: u128, divisible: usize) -> usize {
    (((load + share / 2) / share).clamp(2, RANGE_SAMPLES as u128) as usize).min(divisible)
}

fn load(loads: &[u64], at: u32) -> u128 {
    loads.get(at as usize).map_or(0, |load| u128::from(*load))
}

/// Puts the places of which `which` is true into `ranked`, as far as it goes.
fn rank(ranked: &mut [u32], len: usize, which: impl Fn(u32) -> bool) -> &mut [u32] {
    let mut found = 0;
    for at in (0..len as u32).filter(|at| which(*at)) {
        let Some(to) = ranked.get_mut(found) else { break };
        *to = at;
        found += 1;
    }
    ranked.get_mut(..found).unwrap_or(&mut [])
}

struct Plan<'a> {
    loads: &'a [u64],
    parts: &'a mut [u8],
    room: usize,
    /// Slots that may still be taken.
    slots: usize,
    changed: bool,
}

impl Plan<'_> {
    /// Splits a range into one more than `more`, which there is room for.
    fn split(&mut self, at: u32, more: usize) {
        if let Some(parts) = self.parts.get_mut(at as usize) {
            *parts = 1 + more as u8;
        }
        self.room -= more;
        if more > 0 {
            self.slots = self.slots.saturating_sub(more + 1);
            self.changed = true;
        }
    }

    /// Whether neither of a place and the next one changes yet.
    fn joinable(&self, at: u32) -> bool {
        let at = at as usize;
        let stays = |at: usize| self.parts.get(at).is_some_and(|parts| *parts == 1);
        let next_joins = at + 2 < self.loads.len() && self.parts.get(at + 2) == Some(&0);
        stays(at) && stays(at + 1) && !next_joins
    }

    fn join(&mut self, at: u32) {
        if let Some(parts) = self.parts.get_mut(at as usize + 1) {
            *parts = 0;
        }
        self.room += 1;
        self.slots = self.slots.saturating_sub(1);
    }
}

#[cfg(all(feature = "std", not(keyviz_loom)))]
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn planned(loads: &[u64], most: usize, divisible: impl Fn(usize) -> usize) -> Vec<u8> {
        let (mut parts, mut ranked) = (std::vec![9; loads.len()], std::vec![0; 2 * most]);
        let changed = plan(loads, most, usize::MAX, divisible, &mut parts, &mut ranked);
        assert_eq!(changed, parts.iter().any(|parts| *parts != 1));
        parts
    }

    #[test]
    fn room_goes_to_the_hottest() {
        assert_eq!(planned(&[1000], 8, |_| 8), [8]);
        assert_eq!(planned(&[1000], 8, |_| 3), [3], "as many parts as there are keys");
        assert_eq!(planned(&[1000], 8, |_| 1), [1], "one key");
        assert_eq!(planned(&[20], 8, |_| 8), [1], "too few operations to tell");
        assert_eq!(planned(&[0, 0], 8, |_| 8), [1, 1]);
        assert_eq!(planned(&[700, 100, 100, 100], 5, |_| 8), [2, 1, 1, 1]);
    }

    #[test]
    fn without_room_cold_neighbours_make_some() {
        assert_eq!(planned(&[10, 10, 700, 100, 100], 5, |_| 2), [1, 0, 2, 1, 1]);
        assert_eq!(planned(&[100, 100, 100, 100, 100], 5, |_| 8), [1; 5], "even is as good as it gets");
        assert_eq!(planned(&[100, 100, 240, 100, 100], 5, |_| 8), [1; 5], "below 2.5 shares");
    }

    proptest! {
        #[test]
        fn never_too_many_and_only_whole_pairs(
            loads in prop::collection::vec(prop_oneof![0u64..10, 0u64..1000, any::<u64>()], 1..40),
            more in 0usize..10,
            divisible in 1usize..9,
        ) {
            let most = (loads.len() + more).max(2);
            let parts = planned(&loads, most, |at| 1 + (at + divisible) % 8);
            let after: usize = parts.iter().map(|parts| usize::from(*parts)).sum();
            prop_assert!(after <= most, "{after} of {most}: {parts:?}");
            prop_assert!(parts[0] != 0, "the first has none before it");
            for (at, pair) in parts.windows(2).enumerate() {
                prop_assert!(pair[1] != 0 || pair[0] == 1, "{at}: {parts:?}");
            }
            for (at, parts) in parts.iter().enumerate() {
                prop_assert!(usize::from(*parts) <= 1 + (at + divisible) % 8);
            }
        }

        /// Split evenly, again and again, no range keeps more than 2.5 shares.
        #[test]
        fn it_comes_to_rest(weights in prop::collection::vec(1u64..10_000, 4..20), most in 64usize..200) {
            // A range is a list of grains of load.
            let mut ranges: Vec<Vec<u64>> = std::vec![weights.iter().flat_map(|weight| std::vec![*weight; 100]).collect()];
            let mut at_rest = 0;
            for _ in 0..40 {
                let loads: Vec<u64> = ranges.iter().map(|grains| grains.iter().sum()).collect();
                let parts = planned(&loads, most, |at| ranges[at].len().min(8));
                let mut after: Vec<Vec<u64>> = Vec::new();
                for (grains, parts) in ranges.iter().zip(&parts) {
                    match *parts {
                        0 => after.last_mut().unwrap().extend(grains),
                        parts => after.extend(grains.chunks(grains.len().div_ceil(parts.into())).map(<[u64]>::to_vec)),
                    }
                }
                at_rest = if after == ranges { at_rest + 1 } else { 0 };
                ranges = after;
                prop_assert!(ranges.len() <= most);
            }
            let total: u64 = weights.iter().sum::<u64>() * 100;
            for grains in &ranges {
                let load: u64 = grains.iter().sum();
                prop_assert!(load * most as u64 <= 3 * total || grains.len() == 1, "{load} of {total} in {most}");
            }
            prop_assert!(at_rest > 0, "still changing");
        }
    }
}
