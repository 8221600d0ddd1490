//! `keyviz replay` of files of 1 GB and 4 GB: lines a second from start to end, both passes included, and how much
//! memory the longer one takes beside the shorter.

mod program;
mod trace;

use super::Bench;
use crate::report::{Row, Target};
use program::Program;
use trace::{Shape, Trace};

pub const BENCH: Bench = Bench {
    name: "replay",
    about: "`keyviz replay --json` of 1 GB and 4 GB, lines of CSV and of MONITOR, zipf over 100 000 keys",
    on_request: true,
    run,
};

const GB: u64 = 1_000_000_000;
/// 1.5 million lines a second.
const NS_A_LINE: f64 = 1e9 / 1.5e6;
/// The longer file takes as much memory as the shorter, give or take a tenth.
const MEMORY: [Target; 2] = [Target::RatioAtMost(1.1), Target::RatioAtLeast(0.9)];

/// Once for each file: they are long enough to even out what else the machine does.
fn run(_runs: usize) -> Result<Vec<Row>, String> {
    let program = Program::build()?;
    let mut rows = Vec::new();
    for shape in [Shape::Csv, Shape::Monitor] {
        let [short, long] = [GB, 4 * GB].map(|bytes| {
            let trace = Trace::write(shape, bytes)?;
            let replayed = program.replay(&trace)?;
            if replayed.operations == trace.lines() {
                Ok((trace.lines(), replayed))
            } else {
                Err(format!("{} of {} operations are in the picture", replayed.operations, trace.lines()))
            }
        });
        let ((short_lines, short), (long_lines, long)) = (short?, long?);
        let name = format!("replay/{}", shape.name());
        for (size, lines, ns) in [("1GB", short_lines, short.ns), ("4GB", long_lines, long.ns)] {
            let target = Some(Target::ValueAtMost(NS_A_LINE));
            let value = ns / lines as f64;
            rows.push(Row {
                name: format!("{name}/{size}"),
                value,
                median: None,
                unit: "ns/line",
                baseline: None,
                target,
            });
        }
        for target in MEMORY {
            rows.push(Row {
                name: format!("{name}/memory of 4 GB vs 1 GB"),
                value: long.peak_kib as f64 / 1024.0,
                median: None,
                unit: "MiB",
                baseline: Some(short.peak_kib as f64 / 1024.0),
                target: Some(target),
            });
        }
    }
    Ok(rows)
}
