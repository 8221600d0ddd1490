//! One number beside what it compares with.

use crate::measure::Measured;

/// What has to hold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// The value itself, in the row's unit.
    ValueAtMost(f64),
    /// Value divided by baseline.
    RatioAtMost(f64),
    /// Value divided by baseline, where more is better.
    RatioAtLeast(f64),
    /// Value less baseline, in the row's unit.
    OverBaselineAtMost(f64),
}

/// One number of a benchmark.
#[derive(Clone, Debug)]
pub struct Row {
    /// `benchmark/what`, and ` vs baseline` where there is one.
    pub name: String,
    /// The lowest of all runs.
    pub value: f64,
    /// The middle of all runs, where that means something.
    pub median: Option<f64>,
    /// `ns/op`, `ms`, ...
    pub unit: &'static str,
    /// What the baseline took in the same run, in the same unit.
    pub baseline: Option<f64>,
    /// What has to hold; `None` for what is printed only.
    pub target: Option<Target>,
}

impl Row {
    /// A measurement by itself.
    pub fn new(name: impl Into<String>, value: Measured, unit: &'static str) -> Row {
        Row {
            name: name.into(),
            value: value.lowest_ns,
            median: Some(value.median_ns),
            unit,
            baseline: None,
            target: None,
        }
    }

    /// A measurement beside another of the same race.
    pub fn versus(name: &str, value: Measured, against: &str, baseline: Measured) -> Row {
        let mut row = Row::new(format!("{name} vs {against}"), value, "ns/op");
        row.baseline = Some(baseline.lowest_ns);
        row
    }

    /// Sets what has to hold.
    pub fn target(mut self, target: Target) -> Row {
        self.target = Some(target);
        self
    }

    /// Value divided by baseline.
    pub fn ratio(&self) -> Option<f64> {
        self.baseline.filter(|baseline| *baseline > 0.0).map(|baseline| self.value / baseline)
    }

    /// Whether the target is met; `None` without one. A ratio that cannot be taken meets nothing.
    pub fn met(&self) -> Option<bool> {
        let ratio = self.ratio();
        self.target.map(|target| match target {
            Target::ValueAtMost(most) => self.value <= most,
            Target::RatioAtMost(most) => ratio.is_some_and(|ratio| ratio <= most),
            Target::RatioAtLeast(least) => ratio.is_some_and(|ratio| ratio >= least),
            Target::OverBaselineAtMost(most) => self.baseline.is_some_and(|baseline| self.value - baseline <= most),
        })
    }

    /// The target in words.
    pub fn target_text(&self) -> Option<String> {
        self.target.map(|target| match target {
            Target::ValueAtMost(most) => format!("value <= {most} {}", self.unit),
            Target::RatioAtMost(most) => format!("ratio <= {most:.3}"),
            Target::RatioAtLeast(least) => format!("ratio >= {least:.3}"),
            Target::OverBaselineAtMost(most) => format!("value <= baseline + {most} {}", self.unit),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: f64, baseline: Option<f64>, target: Target) -> Row {
        Row { name: "x".into(), value, median: None, unit: "ns/op", baseline, target: Some(target) }
    }

    #[test]
    fn targets_are_met_at_the_bound() {
        assert_eq!(row(9.0, None, Target::ValueAtMost(9.0)).met(), Some(true));
        assert_eq!(row(9.1, None, Target::ValueAtMost(9.0)).met(), Some(false));
        assert_eq!(row(6.0, Some(3.0), Target::RatioAtMost(2.0)).met(), Some(true));
        assert_eq!(row(1.7, Some(2.0), Target::RatioAtLeast(0.9)).met(), Some(false));
        assert_eq!(row(8.0, Some(3.0), Target::OverBaselineAtMost(5.0)).met(), Some(true));
    }

    #[test]
    fn a_ratio_to_nothing_meets_nothing() {
        assert_eq!(row(1.0, None, Target::RatioAtMost(2.0)).met(), Some(false));
        assert_eq!(row(1.0, Some(0.0), Target::RatioAtMost(2.0)).met(), Some(false));
    }
}
