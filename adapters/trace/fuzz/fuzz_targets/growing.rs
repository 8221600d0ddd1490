//! A file that grows gives what it gives at rest. The first byte says where it is cut, the second how many bytes come at
//! once.
#![no_main]

use std::io::Read;

use keyviz_trace::{Compression, Format, Trace};
use keyviz_trace_fuzz::{Growing, limits, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&[cut, at_once], text)) = bytes.split_first_chunk::<2>() else { return };
    let (there, later) = text.split_at(usize::from(cut) * text.len() / 256);
    // Compressed files do not grow, and what there is has to tell the format, in whole lines.
    let Ok(format) = Format::detect(there) else { return };
    if Compression::of(text) != Compression::None || there.len() < 4 || !there.contains(&b'\n') {
        return;
    }
    let Ok(grown) = Trace::open_as(there.chain(Growing::new(later, at_once)), format, limits()) else { return };
    // All of it may be taken for something else than its beginning.
    let Some(rest) = read(Trace::open_as(text, format, limits())) else { return };
    assert_eq!(read(Ok(grown)), Some(rest));
});
