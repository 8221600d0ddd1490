//! The routes of the host: steady ones, whose every operation is known per cell, and the rest, which come and go.
//!
//! The steady ones stand side by side at the end of the key space and take half of the load, evenly: none is ever
//! the coldest, nor between two virtual buckets, so none folds, and each keeps counters of its own throughout.

use keyviz_core::RouteId;

/// Routes that are registered once and stay.
pub const STEADY: u64 = 64;
/// Routes that come and go.
pub const CHURNED: u64 = 4000;
/// All ids, the steady ones first.
pub const IDS: u64 = STEADY + CHURNED;
/// Divisions of a route.
pub const K: usize = 4;
/// Slots of a route: unlabelled and two labels.
pub const LANES: usize = 3;
/// Groups; 0 is none.
pub const GROUPS: u64 = 9;

/// First byte of the steady routes' keys, above all others.
const STEADY_BYTE: u8 = 0xf0;

/// The id, looking as if it were random, as a host's may.
#[inline]
pub fn id(route: u64) -> RouteId {
    RouteId(route.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// The steady route of this id.
pub fn steady(id: RouteId) -> Option<u64> {
    // The multiplier's inverse modulo 2^64.
    Some(id.0.wrapping_mul(0xf1de_83e1_9937_733d)).filter(|route| *route < STEADY)
}

/// Where a route's keys begin: two bytes.
#[inline]
pub fn start(route: u64) -> [u8; 2] {
    match route.checked_sub(STEADY) {
        Some(churned) => (churned as u16 * 15).to_be_bytes(),
        None => [STEADY_BYTE, route as u8],
    }
}

/// The end of a steady route; the last one's is the next two bytes too, so that all divide alike.
pub fn steady_end(route: u64) -> [u8; 2] {
    [STEADY_BYTE, route as u8 + 1]
}

/// The end of one that comes and goes: one of four, one of which lies behind the next route's start.
pub fn churned_end(route: u64, variant: u64) -> [u8; 2] {
    let start = u16::from_be_bytes(start(route));
    let width = match variant % 4 {
        0 => 15,
        1 => 7,
        2 => 11,
        _ => 20,
    };
    (start + width).to_be_bytes()
}

/// A route's group.
pub fn group(route: u64) -> u64 {
    route % GROUPS
}

/// The division of a steady route that a key's third byte says: an even split of 256 values.
#[inline]
pub fn division(third: u8) -> usize {
    usize::from(third) * K / 256
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_lead_back_to_their_routes() {
        assert!((0..STEADY).all(|route| steady(id(route)) == Some(route)));
        assert!((STEADY..IDS).all(|route| steady(id(route)).is_none()));
    }

    #[test]
    fn what_comes_and_goes_lies_below_what_stays() {
        for route in STEADY..IDS {
            assert!(start(route) < churned_end(route, 1) && churned_end(route, 3) < start(0), "{route}");
        }
        assert!((0..STEADY - 1).all(|route| steady_end(route) == start(route + 1)));
    }
}
