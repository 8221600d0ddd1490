//! What stands in a handle: a place, how often it was given out, what is there, and whose it is.

/// Handles at once.
pub(crate) const MAX_HANDLES: usize = 1 << INDEX_BITS;

const INDEX_BITS: u32 = 16;
const GENERATION_BITS: u32 = 20;
const KIND_BITS: u32 = 4;
const TAG_BITS: u32 = 24;

const _: () = assert!(INDEX_BITS + GENERATION_BITS + KIND_BITS + TAG_BITS == 64);

/// What a handle is of. None is 0, so that a handle is never 0, nor one of a place's other states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Sampler = 1,
    Recorder = 2,
    Matrix = 3,
    HotKeys = 4,
    Top = 5,
    Buffer = 6,
    Coordinator = 7,
}

impl Kind {
    /// Whether a handle says that it is of this.
    #[inline]
    pub(crate) const fn is_of(self, bits: u64) -> bool {
        (bits >> (TAG_BITS + GENERATION_BITS + INDEX_BITS)) as u8 == self as u8
    }

    /// What people call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Kind::Sampler => "sampler",
            Kind::Recorder => "recorder",
            Kind::Matrix => "matrix",
            Kind::HotKeys => "list of hot keys",
            Kind::Top => "list of hottest ranges",
            Kind::Buffer => "buffer",
            Kind::Coordinator => "coordinator",
        }
    }
}

/// The parts of a handle. The kind stands on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) kind: u8,
    pub(crate) tag: u32,
    pub(crate) generation: u32,
    pub(crate) index: usize,
}

impl Parts {
    pub(crate) const fn of(bits: u64) -> Parts {
        Parts {
            kind: (bits >> (TAG_BITS + GENERATION_BITS + INDEX_BITS)) as u8,
            tag: (bits >> (GENERATION_BITS + INDEX_BITS)) as u32 & ((1 << TAG_BITS) - 1),
            generation: (bits >> INDEX_BITS) as u32 & GENERATION_MASK,
            index: index(bits),
        }
    }

    pub(crate) const fn bits(self) -> u64 {
        (self.kind as u64) << (TAG_BITS + GENERATION_BITS + INDEX_BITS)
            | (self.tag as u64) << (GENERATION_BITS + INDEX_BITS)
            | (self.generation as u64) << INDEX_BITS
            | self.index as u64
    }
}

/// What a generation is counted modulo: a place is given out a million times before a handle comes again.
pub(crate) const GENERATION_MASK: u32 = (1 << GENERATION_BITS) - 1;

/// What a tag is counted modulo.
pub(crate) const TAG_MASK: u32 = (1 << TAG_BITS) - 1;

/// The place alone.
#[inline]
pub(crate) const fn index(bits: u64) -> usize {
    bits as usize & (MAX_HANDLES - 1)
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
