//! Which load runs when.

use keyviz_admin::Notice;

use super::workload::{Show, Workload};

/// How long each load runs before the next, or before it starts again.
pub(crate) const PHASE_MS: u64 = 20_000;

/// A stretch of one load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Phase {
    pub(crate) workload: Workload,
    /// Since the start of the load.
    pub(crate) since_ms: u64,
    /// `None`: it goes on until the demo ends.
    pub(crate) until_ms: Option<u64>,
}

/// The phase at a time since the start.
pub(crate) fn phase(show: Show, elapsed_ms: u64) -> Phase {
    if let Some(workload) = show.only() {
        return Phase { workload, since_ms: 0, until_ms: None };
    }
    let number = elapsed_ms / PHASE_MS;
    let place = (number % Workload::ALL.len() as u64) as usize;
    let workload = Workload::ALL.get(place).copied().unwrap_or(Workload::Uniform);
    Phase { workload, since_ms: number * PHASE_MS, until_ms: Some((number + 1) * PHASE_MS) }
}

/// How far a load is in its round, from 0 up to 1.
pub(crate) fn progress(elapsed_ms: u64) -> f64 {
    (elapsed_ms % PHASE_MS) as f64 / PHASE_MS as f64
}

impl Phase {
    /// What the page says about it.
    pub(crate) fn notice(&self, began_unix_ms: u64) -> Notice {
        Notice {
            id: self.workload.id().to_owned(),
            title: self.workload.title().to_owned(),
            text: self.workload.text().to_owned(),
            since_unix_ms: began_unix_ms + self.since_ms,
            until_unix_ms: self.until_ms.map_or(0, |until_ms| began_unix_ms + until_ms),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tour_shows_all_and_starts_again() {
        let seen: Vec<_> = (0..7).map(|number| phase(Show::Tour, number * PHASE_MS + 5).workload).collect();
        assert_eq!(&seen[..6], &Workload::ALL);
        assert_eq!(seen[6], Workload::ALL[0]);
        let second = phase(Show::Tour, 25_000);
        assert_eq!((second.since_ms, second.until_ms), (20_000, Some(40_000)));
        assert_eq!(progress(25_000), 0.25);
    }

    #[test]
    fn one_load_stays() {
        let fixed = phase(Show::Scan, 1_000_000);
        assert_eq!((fixed.workload, fixed.until_ms), (Workload::Scan, None));
        assert_eq!(fixed.notice(7).until_unix_ms, 0);
    }
}
