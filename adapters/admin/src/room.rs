//! Whether there is memory for what is made in small pieces: a piece that the system refuses ends the process.

use std::hint::black_box;

/// Whether the system gives so many bytes in one piece, which go back at once.
pub(crate) fn has_room(bytes: usize) -> bool {
    let mut asked: Vec<u8> = Vec::new();
    let has_room = asked.try_reserve_exact(bytes).is_ok();
    // A compiler that sees that nothing is done with it may leave the asking out.
    black_box(&mut asked);
    has_room
}
