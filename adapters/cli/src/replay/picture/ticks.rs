//! Which instants of a time axis are named.

use crate::quantity::{clock, instant, since};

/// Distances in milliseconds that people count in.
const DISTANCES_MS: [u64; 24] = [
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    10_800_000,
    21_600_000,
    43_200_000,
    86_400_000,
    7 * 86_400_000,
    30 * 86_400_000,
    365 * 86_400_000,
];

/// At most `most` instants within the period (at least one), evenly apart, at round times.
pub(crate) fn instants(from_ms: u64, to_ms: u64, most: u64) -> Vec<u64> {
    let span_ms = to_ms.saturating_sub(from_ms);
    let fits = |distance: &u64| span_ms / distance < most;
    let distance = DISTANCES_MS.into_iter().find(fits).unwrap_or(span_ms.max(1));
    let first = from_ms.div_ceil(distance) * distance;
    let found: Vec<u64> = (0..most).map(|n| first + n * distance).take_while(|at| *at < to_ms).collect();
    if found.is_empty() { vec![from_ms] } else { found }
}

/// The name of an instant on an axis of this length.
pub(crate) fn name(at_ms: u64, span_ms: u64, relative: bool) -> String {
    let millis = if span_ms < 5_000 { format!(".{}", at_ms / 100 % 10) } else { String::new() };
    let name = match (relative, span_ms) {
        (true, _) => since(at_ms),
        (false, 0..=86_400_000) => clock(at_ms),
        (false, _) => instant(at_ms).get(..16).unwrap_or_default().to_owned(),
    };
    name + &millis
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_and_few() {
        assert_eq!(instants(1_000, 61_000, 8), [10_000, 20_000, 30_000, 40_000, 50_000, 60_000]);
        assert_eq!(instants(7, 7, 8), [7]);
        for span in [1, 99, 100, 12_345, 999_999, 86_400_000, 1_000_000_000_000] {
            let found = instants(1_700_000_000_123, 1_700_000_000_123 + span, 7);
            assert!((1..=7).contains(&found.len()), "{span}: {found:?}");
        }
        assert_eq!(name(61_000, 60_000, true), "+00:01:01");
        assert_eq!(name(1_700_000_000_000, 60_000, false), "22:13:20");
        assert_eq!(name(1_700_000_000_300, 600, false), "22:13:20.3");
        assert_eq!(name(1_700_000_000_000, 172_800_000, false), "2023-11-14 22:13");
    }
}
