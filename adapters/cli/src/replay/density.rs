//! Where, inside one part of the key space, the load stands close.

use super::sample::Sample;

/// How many bytes behind the common prefix are looked at.
const DIGITS: usize = 8;

/// Places keys of one part on a scale from 0 to 1, by the bytes that occur: among `key:0000` to `key:9999` the middle
/// is `key:5000`, because behind `key:` only ten digits occur at each place. So the width of a range on this scale is
/// its part of the keys that could be, however keys are written.
#[derive(Debug)]
pub(crate) struct Scale {
    common: Vec<u8>,
    /// For each place behind the common prefix, the bytes that occur there, in order.
    alphabets: Vec<Vec<u8>>,
}

impl Scale {
    /// The scale of the sampled keys from `start` to `end`.
    pub(crate) fn of(sample: &Sample, start: &[u8], end: Option<&[u8]>) -> Scale {
        let from = sample.keys.partition_point(|(key, _)| key.as_slice() < start);
        let to = end.map_or(sample.keys.len(), |end| sample.keys.partition_point(|(key, _)| key.as_slice() < end));
        let keys = sample.keys.get(from..to).unwrap_or_default();
        let common = match (keys.first(), keys.last()) {
            (Some((first, _)), Some((last, _))) => {
                first.iter().zip(last).take_while(|(a, b)| a == b).map(|(byte, _)| *byte).collect()
            }
            _ => Vec::new(),
        };
        let mut seen = [[false; 256]; DIGITS];
        for (key, _) in keys {
            for (byte, seen) in key.iter().skip(common.len()).zip(&mut seen) {
                if let Some(seen) = seen.get_mut(usize::from(*byte)) {
                    *seen = true;
                }
            }
        }
        let occurring =
            |seen: &[bool; 256]| (0..=u8::MAX).zip(seen).filter(|(_, seen)| **seen).map(|(byte, _)| byte).collect();
        Scale { common, alphabets: seen.iter().map(occurring).collect() }
    }

    /// Where a key stands, from 0 to 1.
    pub(crate) fn place(&self, key: &[u8]) -> f64 {
        let Some(rest) = key.strip_prefix(self.common.as_slice()) else {
            return if key <= self.common.as_slice() { 0.0 } else { 1.0 };
        };
        let (mut place, mut unit) = (0.0, 1.0);
        for (byte, alphabet) in rest.iter().zip(&self.alphabets) {
            if alphabet.is_empty() {
                break;
            }
            unit /= alphabet.len() as f64;
            place += unit * alphabet.partition_point(|known| known < byte) as f64;
        }
        if place > 1.0 { 1.0 } else { place }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_keys_stand_by_their_number() {
        let keys = (0..10_000).map(|n| (format!("key:{n:04}").into_bytes(), 1)).collect();
        let scale = Scale::of(&Sample { keys, total: 10_000 }, b"", None);
        for n in [0, 1, 99, 100, 4999, 5000, 9999] {
            let place = scale.place(format!("key:{n:04}").as_bytes());
            assert!((place - f64::from(n) / 10_000.0).abs() < 1e-9, "{n}: {place}");
        }
        assert_eq!((scale.place(b"a"), scale.place(b"z"), scale.place(b"")), (0.0, 1.0, 0.0));
    }

    #[test]
    fn an_empty_part_has_a_scale_too() {
        let scale = Scale::of(&Sample::default(), b"", None);
        assert_eq!(scale.place(b"x"), 0.0);
    }
}
