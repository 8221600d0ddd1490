//! What the firmware does, on every machine the same: observe from a main loop and from an interrupt, flush,
//! print the picture.

#![no_std]
#![forbid(unsafe_code)]

use core::fmt::{self, Write};

use keyviz_core::{FixedRecorder, FixedWriter, Op, RouteId, Series, Tally};

keyviz_core::fixed! {
    /// The load of a small key-value store in flash.
    pub mod load {
        step_ms: 1000,
        max_routes: 4,
        max_draining: 2,
        max_recorders: 2,
        history_columns: 5,
        history_bytes: 5 << 10,
        bound_bytes: 384,
        max_bound_len: 16,
    }
}

/// What is stored: the regions of the flash.
const REGIONS: [(u64, &[u8], Option<&[u8]>); 4] =
    [(1, b"boot/", Some(b"boot0")), (2, b"config/", Some(b"config0")), (3, b"log/", Some(b"log0")), (4, b"z", None)];

/// One observation of the interrupt's: a sensor's reading is stored.
pub fn on_interrupt(recorder: &FixedRecorder) {
    recorder.observe(RouteId(3), Op::Write, b"log/sensor", 12);
}

/// Works for six windows and prints what came of it. `interrupt` lets the interrupt come once.
///
/// # Errors
/// Those of `out`, and one where the sampler refuses what it should take.
pub fn run(writer: &mut FixedWriter<'_>, interrupt: impl FnMut(), out: &mut impl Write) -> fmt::Result {
    work(writer, interrupt).ok_or(fmt::Error)?;
    for series in [Series::Reads, Series::Writes, Series::WriteBytes] {
        show(writer, series, out)?;
    }
    count(writer, out)
}

// None of these parts is put into `run`: a machine of 16 KiB has no stack for all of them at once.
#[inline(never)]
fn work(writer: &mut FixedWriter<'_>, mut interrupt: impl FnMut()) -> Option<()> {
    for (id, start, end) in REGIONS {
        writer.register(RouteId(id), start, end, 0).ok()?;
    }
    let recorder = writer.recorder()?;
    let mut noise = 1u32;
    for window in 1..=6u64 {
        for turn in 0..200 {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (route, len) = (u64::from(noise >> 29), u64::from(noise >> 20 & 0xff));
            let op = if noise & 0x1_0000 == 0 { Op::Read } else { Op::Write };
            recorder.observe(RouteId(route), op, b"key", len);
            if turn % 16 == 0 {
                interrupt();
            }
        }
        match window {
            3 => _ = writer.remove(RouteId(2)),
            // The window before has no column of its own: nobody flushed.
            4 => continue,
            _ => {}
        }
        writer.flush(window * 1000);
    }
    (0..7).for_each(|_| interrupt());
    writer.flush(6500);
    Some(())
}

#[inline(never)]
fn show(writer: &FixedWriter<'_>, series: Series, out: &mut impl Write) -> fmt::Result {
    writeln!(out, "{}", writer.matrix::<4, 6>(series, true))
}

#[inline(never)]
fn count(writer: &FixedWriter<'_>, out: &mut impl Write) -> fmt::Result {
    let counters = writer.counters();
    for (name, tally) in [
        ("observed", counters.observed),
        ("recorded", counters.recorded),
        ("unattributed", counters.unattributed),
        ("evicted", counters.evicted),
    ] {
        let Tally { reads, writes, read_bytes, write_bytes, .. } = tally;
        writeln!(out, "{name}: {reads} reads, {writes} writes, {read_bytes} and {write_bytes} bytes")?;
    }
    writeln!(out, "columns {} evicted {}", counters.columns_sealed, counters.columns_evicted)?;
    writeln!(out, "recorders {} refused {}", counters.recorders, counters.recorders_refused)
}
