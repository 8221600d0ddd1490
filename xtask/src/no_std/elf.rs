//! How much of a machine a program takes: sums over the sections of a 32-bit little-endian ELF file.

use std::fs;
use std::path::Path;

/// Bytes by kind.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Instructions and constants: what stays in flash.
    pub code: u64,
    /// Variables that begin with a value.
    pub data: u64,
    /// Variables that begin as zeros.
    pub zeros: u64,
}

const NO_BITS: u32 = 8;
const WRITE: u32 = 1;
const ALLOC: u32 = 2;

/// Reads a file's section headers.
pub fn sizes(path: &Path) -> Result<Sizes, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    of(&bytes).ok_or_else(|| format!("{}: not a 32-bit little-endian ELF file", path.display()))
}

fn of(bytes: &[u8]) -> Option<Sizes> {
    bytes.strip_prefix(b"\x7fELF\x01\x01")?;
    let first = word(bytes, 0x20)? as usize;
    let (each, count) = (usize::from(half(bytes, 0x2e)?), usize::from(half(bytes, 0x30)?));
    let mut sizes = Sizes::default();
    for section in 0..count {
        let at = first + section * each;
        let (kind, flags, size) = (word(bytes, at + 4)?, word(bytes, at + 8)?, word(bytes, at + 20)?);
        if flags & ALLOC != 0 {
            let sum = match (flags & WRITE != 0, kind == NO_BITS) {
                (false, _) => &mut sizes.code,
                (true, false) => &mut sizes.data,
                (true, true) => &mut sizes.zeros,
            };
            *sum += u64::from(size);
        }
    }
    Some(sizes)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_summed_by_kind() {
        let mut file = b"\x7fELF\x01\x01".to_vec();
        file.resize(0x34, 0);
        file[0x20] = 0x34;
        (file[0x2e], file[0x30]) = (40, 5);
        for (kind, flags, size) in [(1, 6, 100), (1, 2, 20), (1, 3, 7), (8, 3, 900), (1, 0, 5000)] {
            let mut section = [0u8; 40];
            for (at, value) in [(4, kind), (8, flags), (20, size)] {
                section[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
            }
            file.extend(section);
        }
        assert_eq!(of(&file), Some(Sizes { code: 120, data: 7, zeros: 900 }));
        assert_eq!(of(&file[..100]), None);
        assert_eq!(of(b"MZ"), None);
    }
}
