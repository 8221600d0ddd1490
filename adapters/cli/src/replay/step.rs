//! The time that one column stands for.

use crate::failure::Failure;
use crate::quantity;

/// Most columns where the step is chosen here.
pub(crate) const AUTO_COLUMNS: u64 = 720;

/// Most columns where the step is asked for.
pub(crate) const MAX_COLUMNS: u64 = 43_200;

const HOUR_MS: u64 = 3_600_000;

/// The steps tried, smallest first; beyond them whole hours.
const LADDER_MS: [u64; 16] = [
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
    HOUR_MS,
];

/// How many columns of this step the times from first to last touch.
pub(crate) fn columns(first_us: u64, last_us: u64, step_ms: u64) -> u64 {
    let step_us = step_ms.max(1) * 1000;
    last_us / step_us - first_us / step_us + 1
}

/// The step asked for, or the smallest that shows everything in 720 columns.
///
/// # Errors
/// Where the step asked for makes more columns than a history holds; the text names the smallest that does not.
/// Where the trace spans more days than any step up to a day shows.
pub(crate) fn choose(first_us: u64, last_us: u64, asked_ms: Option<u64>) -> Result<u64, Failure> {
    let smallest = |most: u64| {
        let fits = |step_ms: &u64| columns(first_us, last_us, *step_ms) <= most;
        LADDER_MS.into_iter().find(fits).or_else(|| (2..=24).map(|hours| hours * HOUR_MS).find(fits))
    };
    let within = |step_ms: &u64| columns(first_us, last_us, *step_ms) <= MAX_COLUMNS;
    let fits = match asked_ms {
        // More than 720 days: columns of a day, as many as it takes.
        None => smallest(AUTO_COLUMNS).or(Some(24 * HOUR_MS)).filter(within),
        Some(step_ms) => Some(step_ms).filter(within),
    };
    fits.ok_or_else(|| {
        let days = (last_us - first_us) / 86_400_000_000;
        Failure::new(match smallest(MAX_COLUMNS) {
            Some(least_ms) => format!(
                "the trace spans {}: with this step it has more than {MAX_COLUMNS} columns; use --step auto, or \
                 {}ms and more",
                quantity::duration((last_us - first_us) / 1000),
                least_ms
            ),
            None => format!("the times of the trace span {days} days, more than can be shown; check its time column"),
        })
    })
}

/// The smallest multiple of a step, the step itself included, that shows everything in 720 columns; beyond the longest
/// step, in as many as a history holds.
///
/// # Errors
/// As [`choose`], where no step shows it.
pub(crate) fn coarser(first_us: u64, last_us: u64, step_ms: u64) -> Result<u64, Failure> {
    if columns(first_us, last_us, step_ms) <= AUTO_COLUMNS {
        return Ok(step_ms);
    }
    let steps = LADDER_MS.into_iter().chain((2..=24).map(|hours| hours * HOUR_MS));
    let fits = |next: &u64| next.is_multiple_of(step_ms) && columns(first_us, last_us, *next) <= AUTO_COLUMNS;
    match steps.clone().find(fits) {
        Some(next) => Ok(next),
        None => choose(first_us, last_us, None).map(|_| match (24 * HOUR_MS).is_multiple_of(step_ms) {
            true => 24 * HOUR_MS,
            false => step_ms,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: u64 = 1_700_000_000_000_000;

    #[test]
    fn the_smallest_that_fits() {
        let auto = |span_ms: u64| choose(T, T + span_ms * 1000, None).unwrap();
        assert_eq!(auto(0), 100);
        assert_eq!(auto(71_900), 100);
        assert_eq!(auto(72_000), 200);
        assert_eq!(auto(600_000), 1_000);
        assert_eq!(auto(24 * HOUR_MS), 300_000);
        assert_eq!(auto(700 * HOUR_MS), HOUR_MS);
        assert_eq!(auto(1_400 * HOUR_MS), 2 * HOUR_MS);
        for span_ms in (0..100_000_000).step_by(777_777) {
            assert!(columns(T, T + span_ms * 1000, auto(span_ms)) <= 720);
        }
    }

    #[test]
    fn coarser_steps_are_multiples() {
        for step_ms in LADDER_MS {
            for span_ms in [0, 71_000, 1_000_000, 50_000_000, 3_000_000_000, 60_000_000_000] {
                let coarse = coarser(T, T + span_ms * 1000, step_ms).unwrap();
                assert!(coarse.is_multiple_of(step_ms) && coarse >= step_ms);
                assert!(columns(T, T + span_ms * 1000, coarse) <= 720);
            }
        }
        assert_eq!(coarser(T, T + 100_000_000_000_000, HOUR_MS).unwrap(), 24 * HOUR_MS);
        assert!(coarser(0, 253_402_300_799_999_999, 100).is_err());
    }

    #[test]
    fn what_was_asked_or_why_not() {
        assert_eq!(choose(T, T + 1_000_000, Some(250)).unwrap(), 250);
        let refused = choose(T, T + 86_400_000_000, Some(100)).unwrap_err().to_string();
        assert!(refused.contains("--step auto") && refused.contains("5000ms"), "{refused}");
    }

    #[test]
    fn a_lifetime_fits_and_ten_thousand_years_do_not() {
        assert_eq!(choose(0, 100 * 365 * 24 * HOUR_MS * 1000, None).unwrap(), 24 * HOUR_MS);
        assert!(choose(0, 253_402_300_799_999_999, None).unwrap_err().to_string().contains("time column"));
    }
}
