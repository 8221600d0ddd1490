//! gzip and zstd: any bytes behind their magic numbers, and good files that were damaged in one place or cut.
#![no_main]

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use keyviz_trace::Trace;
use keyviz_trace_fuzz::{limits, read};
use libfuzzer_sys::fuzz_target;
use zstd::bulk::compress;

fuzz_target!(|bytes: &[u8]| {
    let Some((&[pick, place, change], text)) = bytes.split_first_chunk::<3>() else { return };
    let mut packed = match pick % 4 {
        0 => [b"\x1f\x8b\x08", text].concat(),
        1 => [b"\x28\xb5\x2f\xfd", text].concat(),
        2 => {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            gzip.write_all(text).expect("a vector takes everything");
            gzip.finish().expect("a vector takes everything")
        }
        _ => compress(text, 1).unwrap_or_default(),
    };
    if pick % 4 >= 2 && change == 0 && place == 0 {
        // Not damaged: it is read as what it is without compression, unless that is compressed again.
        let whole = read(Trace::open(text, limits())).filter(|_| !text.starts_with(b"\x1f\x8b"));
        if let Some((records, _)) = whole.filter(|_| !text.starts_with(b"\x28\xb5\x2f\xfd")) {
            assert_eq!(read(Trace::open(&packed[..], limits())).map(|(records, _)| records), Some(records));
        }
        return;
    }
    let at = usize::from(place) * packed.len() / 256;
    if pick & 0x80 != 0 {
        packed.truncate(at);
    } else if let Some(byte) = packed.get_mut(at) {
        *byte ^= change;
    }
    read(Trace::open(&packed[..], limits()));
});
