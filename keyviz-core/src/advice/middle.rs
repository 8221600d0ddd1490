//! The middle of a range's keys: where it could be split.
//!
//! A key that people are to paste has to be one that they can: between bounds of printable ASCII it is printable. Of
//! these, in this order, it is the first that lies between the bounds:
//!
//! 1. Where both bounds go on with a decimal number behind what they share: the middle number, with as many digits as
//!    the longer one has. A number that one of them lacks is 0.
//! 2. Where no number lies between: the lesser one with a 5 behind it.
//! 3. Where the greater number follows on the lesser, and the range ends with it: as 4, among the keys that begin with the
//!    lesser one, since none begins otherwise, and with the sign that stands behind it in the start.
//! 4. The shortest there is behind what both bounds share, the middle one of these.
//! 5. The start and a letter.
//!
//! Between bounds of any other bytes it is the middle of the eight bytes behind what they share.

use alloc::vec::Vec;

use crate::sub_bucket::SubLayout;

/// Printable ASCII: the first, and how many there are.
const FIRST: u8 = b' ';
const PRINTABLE: u64 = 95;

/// Longest number that is read, and most that is put behind what the bounds share: each fits its integer.
const MOST_DIGITS: usize = 36;
const MOST_LETTERS: usize = 9;

/// The middle; `None` where no key lies between the bounds, or between printable ones none that is printable.
pub(crate) fn middle(start: &[u8], end: Option<&[u8]>) -> Option<Vec<u8>> {
    let inside = |key: &Vec<u8>| key.as_slice() > start && end.is_none_or(|end| key.as_slice() < end);
    if !is_printable(start) || !end.is_none_or(is_printable) {
        let (_, edge) = SubLayout::new(start, end, 2).bounds(start, end, 0);
        return edge.filter(inside);
    }
    if let Some(numbers) = end.and_then(|end| Numbers::of(start, end)) {
        let between = numbers.middle().filter(inside).or_else(|| Some(numbers.half()).filter(inside));
        let key = between.or_else(|| letters(start, numbers.lesser()?, None).filter(inside));
        if key.is_some() {
            return key;
        }
    }
    let shared = end.map_or(0, |end| shared(start, end));
    letters(start, shared, end).filter(inside).or_else(|| Some([start, b"O"].concat()).filter(inside))
}

fn is_printable(key: &[u8]) -> bool {
    key.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ')
}

/// How many bytes both begin with.
fn shared(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Two bounds that go on with decimal numbers behind the same bytes.
struct Numbers<'a> {
    before: &'a [u8],
    start: &'a [u8],
    end: &'a [u8],
    /// A sign follows the start's number: neither a letter nor a digit.
    sign: bool,
    /// Nothing follows the end's number.
    ends_there: bool,
}

impl<'a> Numbers<'a> {
    fn of(start_key: &'a [u8], end: &'a [u8]) -> Option<Self> {
        let shared = start_key.get(..shared(start_key, end))?;
        let tail = shared.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let (before, _) = shared.split_at_checked(shared.len() - tail)?;
        let digits = |key: &'a [u8]| {
            let key = key.get(before.len()..)?;
            let len = key.iter().take_while(|byte| byte.is_ascii_digit()).count();
            key.get(..len)
        };
        let (start, its_end) = (digits(start_key)?, digits(end)?);
        let next = start_key.get(before.len() + start.len());
        let sign = next.is_some_and(|byte| !byte.is_ascii_alphanumeric());
        let ends_there = before.len() + its_end.len() == end.len();
        let longest = start.len().max(its_end.len());
        (1..=MOST_DIGITS).contains(&longest).then_some(Numbers { before, start, end: its_end, sign, ends_there })
    }

    fn digits(&self) -> usize {
        self.start.len().max(self.end.len())
    }

    /// Both, with as many digits: order is that of the keys.
    fn values(&self) -> (u128, u128) {
        let value = |digits: &[u8]| {
            let all = digits.iter().map(|byte| byte.saturating_sub(b'0')).chain(core::iter::repeat(0));
            all.take(self.digits()).fold(0_u128, |sum, digit| sum.saturating_mul(10).saturating_add(digit.into()))
        };
        (value(self.start), value(self.end))
    }

    fn key(&self, mut number: u128) -> Vec<u8> {
        let mut key = self.before.to_vec();
        key.resize(self.before.len() + self.digits(), b'0');
        for byte in key.iter_mut().rev().take(self.digits()) {
            *byte = b'0' + (number % 10) as u8;
            number /= 10;
        }
        key
    }

    fn middle(&self) -> Option<Vec<u8>> {
        let (start, end) = self.values();
        let apart = end.checked_sub(start).filter(|apart| *apart > 1)?;
        Some(self.key(start + apart / 2))
    }

    fn half(&self) -> Vec<u8> {
        let mut key = self.key(self.values().0);
        key.push(b'5');
        key
    }

    /// How long what all keys between begin with is, where the numbers follow on one another.
    fn lesser(&self) -> Option<usize> {
        let (start, end) = self.values();
        let follows = self.ends_there && self.start.len() == self.end.len() && end.checked_sub(start) == Some(1);
        follows.then_some(self.before.len() + self.start.len() + usize::from(self.sign))
    }
}

/// The first `shared` bytes of `start`, and as few printable letters behind them as there have to be.
fn letters(start: &[u8], shared: usize, end: Option<&[u8]>) -> Option<Vec<u8>> {
    let (before, start) = start.split_at_checked(shared)?;
    let end = end.map(|end| end.get(shared..).unwrap_or_default());
    let (mut low, mut high, mut count) = (0_u64, u64::from(end.is_none()), 0);
    // Letters that both share are taken along, so that they are no longer than they have to be.
    while count < MOST_LETTERS {
        let letter = |key: Option<&[u8]>| {
            key.and_then(|key| key.get(count)).map_or(0, |byte| u64::from(byte.saturating_sub(FIRST)))
        };
        low = low * PRINTABLE + letter(Some(start));
        high = high * PRINTABLE + letter(end);
        count += 1;
        if high > low + 1 {
            break;
        }
    }
    let mut number = low + high.checked_sub(low).filter(|apart| *apart > 1)? / 2;
    let mut key = before.to_vec();
    key.resize(before.len() + count, FIRST);
    for byte in key.iter_mut().rev().take(count) {
        *byte = FIRST + (number % PRINTABLE) as u8;
        number /= PRINTABLE;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(start: &str, end: Option<&str>) -> Option<alloc::string::String> {
        let key = middle(start.as_bytes(), end.map(str::as_bytes))?;
        Some(alloc::string::String::from_utf8(key).unwrap())
    }

    #[test]
    fn keys_that_people_can_paste() {
        for (start, end, expected) in [
            ("user:0049", "user:0050", "user:00495"),
            ("user:0000", "user:1000", "user:0500"),
            ("user:0049", "user:0052", "user:0050"),
            ("user:10", "user:9", "user:50"),
            ("user:", "user:0050", "user:0025"),
            ("user:0049:a", "user:0050", "user:0049:p"),
            ("user:0049a", "user:0050", "user:0049p"),
            ("user:0049:a", "user:0049:c", "user:0049:b"),
            ("a1:7", "a1:9", "a1:8"),
            ("k099999999999999999999", "k100000000000000000001", "k100000000000000000000"),
            ("f", "m", "i"),
            ("", "a", "@"),
            ("a", "b", "aO"),
            ("az", "b", "a|"),
            ("cart:", "cart;", "cart:O"),
            ("it's", "it't", "it'sO"),
        ] {
            assert_eq!(text(start, Some(end)).as_deref(), Some(expected), "{start} to {end}");
        }
        assert_eq!(text("m", None).as_deref(), Some("v"));
        assert_eq!(text("", None).as_deref(), Some("O"));
        assert_eq!(text("~~", None).as_deref(), Some("~~O"));
        assert_eq!(text(&"~".repeat(20), None), Some("~".repeat(20) + "O"));
        // Only keys with a control character lie between.
        assert_eq!(text("a", Some("a ")), None);
        assert_eq!(text("", Some("")), None);
    }

    #[test]
    fn other_bytes_are_halved_as_they_were() {
        assert_eq!(middle(b"", Some(&[0x80])).unwrap(), [0x40]);
        assert_eq!(middle(&[0x80], None).unwrap(), [0xc0]);
        assert_eq!(middle(b"", Some(b"\0")), None);
    }

    /// Bounds that share much as often as those that share little, digits as often as not.
    fn printable() -> impl Strategy<Value = Vec<u8>> {
        let part = prop_oneof![Just("user:"), Just("0049"), Just("a"), Just(":"), Just("~"), Just(" ")];
        let parts = prop::collection::vec(part.prop_map(|part| part.as_bytes().to_vec()), 0..4);
        let any = prop::collection::vec(b' '..=b'~', 0..6);
        let digits = prop::collection::vec(b'0'..=b'9', 0..40);
        (parts, prop_oneof![any, digits]).prop_map(|(parts, tail)| [parts.concat(), tail].concat())
    }

    fn in_order(a: Vec<u8>, b: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
        if a < b { (a, b) } else { (b, a) }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn it_lies_inside_and_is_printable_where_the_bounds_are(a in printable(), b in printable(), bounded: bool) {
            let (start, end) = in_order(a, b);
            let end = bounded.then_some(end.as_slice()).filter(|end| *end > start.as_slice());
            let key = middle(&start, end);
            if let Some(key) = &key {
                prop_assert!(*key > start && end.is_none_or(|end| key.as_slice() < end));
                prop_assert!(is_printable(key));
            } else {
                // There is none: the first printable one behind the start is the end, or lies behind it; or it would be
                // longer than is looked for.
                let next = [start.as_slice(), b" "].concat();
                let long = [start.as_slice(), &[b' '; MOST_LETTERS - 1]].concat();
                let end = end.expect("without an end there always is one");
                prop_assert!(end <= next.as_slice() || end <= long.as_slice() , "{start:?} {end:?}");
            }
        }

        #[test]
        fn of_numbers_of_one_length_it_is_the_middle_one(a in 0..1_000_000_u32, b in 0..1_000_000_u32) {
            let (low, high) = (a.min(b), a.max(b));
            let key = text(&alloc::format!("k:{low:06}"), Some(&alloc::format!("k:{high:06}")));
            match high - low {
                0 => prop_assert_eq!(key, None),
                1 => prop_assert_eq!(key, Some(alloc::format!("k:{low:06}5"))),
                apart => prop_assert_eq!(key, Some(alloc::format!("k:{:06}", low + apart / 2))),
            }
        }

        #[test]
        fn any_bytes_have_it_inside(a in prop::collection::vec(any::<u8>(), 0..20), b in prop::collection::vec(any::<u8>(), 0..20)) {
            let (start, end) = in_order(a, b);
            if let Some(key) = middle(&start, Some(&end)) {
                prop_assert!(key > start && key < end);
            }
        }
    }
}
