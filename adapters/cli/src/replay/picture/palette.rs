//! Rates as colours: on a logarithmic scale, because load is.

use super::canvas::Color;

/// Nothing was counted.
pub(crate) const NONE: Color = [12, 12, 20];

/// The column has no data.
pub(crate) const MISSING: Color = [150, 150, 150];

/// From the least to the greatest; each brighter than the one before, so that it reads in grey too.
const STOPS: [[f64; 3]; 5] =
    [[70.0, 30.0, 130.0], [140.0, 40.0, 125.0], [215.0, 70.0, 80.0], [250.0, 150.0, 40.0], [252.0, 250.0, 165.0]];

/// The scale between the least and the greatest rate that occur.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Palette {
    pub(crate) least: f64,
    pub(crate) greatest: f64,
}

impl Palette {
    /// The colour of a rate; one that is not 0 is never drawn as nothing.
    pub(crate) fn color(&self, rate: f64) -> Color {
        if rate <= 0.0 { NONE } else { at(self.place(rate)) }
    }

    /// Where a rate stands, from 0 to 1.
    pub(crate) fn place(&self, rate: f64) -> f64 {
        let width = (self.greatest / self.least).ln();
        if width > 0.0 { ((rate / self.least).ln() / width).clamp(0.0, 1.0) } else { 1.0 }
    }

    /// The powers of ten on the scale.
    pub(crate) fn decades(&self) -> Vec<f64> {
        let from = self.least.log10().ceil();
        (0..20).map(|n| 10_f64.powf(from + f64::from(n))).take_while(|rate| *rate <= self.greatest).collect()
    }
}

/// The colour of a place from 0 to 1.
pub(crate) fn at(place: f64) -> Color {
    let scaled = place.clamp(0.0, 1.0) * (STOPS.len() - 1) as f64;
    let below = (scaled as usize).min(STOPS.len() - 2);
    let part = scaled - below as f64;
    let (Some(a), Some(b)) = (STOPS.get(below), STOPS.get(below + 1)) else {
        return NONE;
    };
    let mut color = NONE;
    for ((channel, a), b) in color.iter_mut().zip(a).zip(b) {
        *channel = (a + (b - a) * part).round() as u8;
    }
    color
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_is_never_nothing() {
        let palette = Palette { least: 0.01, greatest: 1e6 };
        assert_eq!(palette.color(0.0), NONE);
        assert_ne!(palette.color(0.01), NONE);
        assert_eq!(palette.color(1e6), at(1.0));
        assert_eq!(Palette { least: 5.0, greatest: 5.0 }.color(5.0), at(1.0));
        assert_eq!(palette.decades().len(), 9);
        let brightness = |place: f64| at(place).iter().map(|channel| u32::from(*channel)).sum::<u32>();
        assert!((0..20).all(|n| brightness(f64::from(n) / 20.0) < brightness(f64::from(n + 1) / 20.0)));
    }
}
