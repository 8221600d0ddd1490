//! What stands in a handle: a place, how often it was given out, what is there, and whose it is.

pub(crate) const INDEX_BITS: u32 = 16;
const GENERATION_BITS: u32 = 20;
const KIND_BITS: u32 = 4;
const TAG_BITS: u32 = 24;

const _: () = assert!(INDEX_BITS + GENERATION_BITS + KIND_BITS + TAG_BITS == 64);

/// The parts of a handle. The kind stands on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// What it is of: 1 to 15, so that a handle is never 0, nor one of a place's other states.
    pub kind: u8,
    /// Whose it is, below 2^24.
    pub tag: u32,
    /// How often the place was given out, below 2^20.
    pub generation: u32,
    /// The place, below 2^16.
    pub index: usize,
}

impl Parts {
    /// Those of a number, whatever it is.
    #[must_use]
    #[inline]
    pub const fn of(bits: u64) -> Parts {
        Parts {
            kind: (bits >> (TAG_BITS + GENERATION_BITS + INDEX_BITS)) as u8,
            tag: (bits >> (GENERATION_BITS + INDEX_BITS)) as u32 & TAG_MASK,
            generation: (bits >> INDEX_BITS) as u32 & GENERATION_MASK,
            index: index(bits),
        }
    }

    /// The number.
    #[must_use]
    pub const fn bits(self) -> u64 {
        (self.kind as u64) << (TAG_BITS + GENERATION_BITS + INDEX_BITS)
            | (self.tag as u64) << (GENERATION_BITS + INDEX_BITS)
            | (self.generation as u64) << INDEX_BITS
            | self.index as u64
    }
}

/// What a generation is counted modulo: a place is given out a million times before a handle comes again.
pub const GENERATION_MASK: u32 = (1 << GENERATION_BITS) - 1;

/// What a tag is counted modulo.
pub const TAG_MASK: u32 = (1 << TAG_BITS) - 1;

/// The place alone.
#[must_use]
#[inline]
pub const fn index(bits: u64) -> usize {
    bits as usize & ((1 << INDEX_BITS) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_are_kept(bits: u64) {
            prop_assert_eq!(Parts::of(bits).bits(), bits);
            prop_assert_eq!(Parts::of(bits).index, index(bits));
        }
    }
}
