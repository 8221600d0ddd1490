//! Reading keys eight bytes at a time.

/// The eight bytes of `key` from `from`, big-endian, zero-padded: the order of windows is the order
/// of keys as far as eight bytes reach.
#[inline(always)]
pub(crate) fn window(key: &[u8], from: usize) -> u64 {
    match key.get(from..).and_then(|rest| rest.first_chunk::<8>()) {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => short_window(key, from),
    }
}

#[inline(never)]
fn short_window(key: &[u8], from: usize) -> u64 {
    let mut padded = [0u8; 8];
    for (to, byte) in padded.iter_mut().zip(key.get(from..).unwrap_or(&[])) {
        *to = *byte;
    }
    u64::from_be_bytes(padded)
}

/// Length of the longest common prefix.
pub(crate) fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
