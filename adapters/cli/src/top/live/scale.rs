//! From a rate to one of 256 levels, as the page has it: ends are rounded to 1, 2, 5, so that colours stand still while
//! the load breathes.

use super::palette::TOP_LEVEL;

/// A logarithmic scale spans at least this factor, so that the noise of an even load is not blown up into a pattern.
const LEAST_SPAN: f64 = 1000.0;

/// Level 0 is nothing counted, and nothing else ever is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) linear: bool,
    /// The rate of level 1.
    pub(super) low: f64,
    /// The rate of level 255.
    pub(super) high: f64,
}

impl Scale {
    /// For rates between the least above 0 and the greatest.
    pub(super) fn of(linear: bool, least: f64, greatest: f64) -> Scale {
        let high = if greatest > 0.0 { ceiling(greatest) } else { 1.0 };
        let span = high / LEAST_SPAN;
        let low =
            if linear { high / f64::from(TOP_LEVEL) } else { floor(if least > 0.0 { least.min(span) } else { span }) };
        Scale { linear, low, high }
    }

    pub(super) fn level(&self, rate: f64) -> u8 {
        if rate.is_nan() || rate <= 0.0 {
            return 0;
        }
        let part = if self.linear { rate / self.high } else { (rate / self.low).ln() / (self.high / self.low).ln() };
        1 + (part.clamp(0.0, 1.0) * f64::from(TOP_LEVEL - 1)).round() as u8
    }
}

/// The least of 1, 2, 5 times a power of ten that is not below it.
fn ceiling(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    let fits = |step: &f64| value <= step * power * (1.0 + 1e-12);
    [1.0, 2.0, 5.0].into_iter().find(fits).unwrap_or(10.0) * power
}

/// The greatest of 1, 2, 5 times a power of ten that is not above it.
fn floor(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    let fits = |step: &f64| value >= step * power * (1.0 - 1e-12);
    [5.0, 2.0].into_iter().find(fits).unwrap_or(1.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_round_and_something_is_never_nothing() {
        let scale = Scale::of(false, 1.0 / 3.0, 1_000_000.0 / 0.4);
        assert_eq!((scale.low, scale.high), (0.2, 5_000_000.0));
        assert_eq!([scale.level(0.0), scale.level(f64::NAN), scale.level(1e-9), scale.level(9e9)], [0, 0, 1, 255]);
        let even = Scale::of(false, 90.0, 100.0);
        assert_eq!((even.low, even.high), (0.1, 100.0));
        let linear = Scale::of(true, 1.0, 1_000_000.0);
        assert_eq!([linear.level(1.0), linear.level(500_000.0), linear.level(1e6)], [1, 128, 255]);
        assert_eq!(Scale::of(false, 0.0, 0.0), Scale { linear: false, low: 0.001, high: 1.0 });
    }
}
