//! RocksDB's encodings of numbers and slices
//! (<https://github.com/facebook/rocksdb/blob/v7.8.3/util/coding.h>).

/// What is left to read. Every read gives `None` where too little is left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    pub(crate) fn fixed32(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    pub(crate) fn fixed64(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    pub(crate) fn varint32(&mut self) -> Option<u32> {
        let mut value = 0_u64;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(value).ok();
            }
        }
        None
    }

    /// A length and as many bytes.
    pub(crate) fn slice(&mut self) -> Option<&'a [u8]> {
        let len = usize::try_from(self.varint32()?).ok()?;
        let (slice, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_slices() {
        assert_eq!(Bytes(&[0xac, 0x02]).varint32(), Some(300));
        assert_eq!(Bytes(&[0xff, 0xff, 0xff, 0xff, 0x0f]).varint32(), Some(u32::MAX));
        assert_eq!(Bytes(&[0xff, 0xff, 0xff, 0xff, 0x1f]).varint32(), None);
        assert_eq!(Bytes(&[0x80]).varint32(), None);
        assert_eq!(Bytes(&[2, 7, 8, 9]).slice(), Some(&[7, 8][..]));
        assert_eq!(Bytes(&[3, 7, 8]).slice(), None);
        assert_eq!(Bytes(&[1, 0, 0, 1]).fixed32(), Some(0x0100_0001));
    }
}
