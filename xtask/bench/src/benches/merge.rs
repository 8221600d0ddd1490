//! Merging the answers of many nodes, as a coordinator does it: one decoded answer after the other, each gone before
//! the next one comes. What is timed is the merge alone, from the first answer to the finished one.

use std::fs;
use std::time::{Duration, Instant};

use keyviz_core::{Answer, AnswerRow, BucketId, Column, MatrixQuery, Merge, Series, WriteMerge};

use super::Bench;
use crate::measure::{MIN_RUNS, Measured, lowest};
use crate::memory::memory_mib;
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "merge",
    about: "3 to 500 nodes of 1024 rows x 60 columns, and 50 of 1024 x 1440",
    on_request: false,
    run,
};

const ROWS: u64 = 1024;
const STEP_MS: u64 = 60_000;

/// What the nodes have counted.
#[derive(Clone, Copy)]
enum Load {
    /// Every node serves reads in two of three cells.
    Reads,
    /// A range's leader counts its writes; one range in eight changes its leader in the middle.
    Writes,
    /// Every node has counted something of its own in two of three cells: each a conflict.
    Conflicts,
}

fn run(runs: usize) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (load, name, most_ms) in [
        (Load::Reads, "reads", Some(15.0)),
        (Load::Writes, "writes", Some(30.0)),
        (Load::Conflicts, "all in conflict", None),
    ] {
        let mut of_ten = None;
        for nodes in [3, 10, 50, 500] {
            let measured = measure(load, nodes, 60, runs)?;
            let cells = (nodes * ROWS * 60) as f64;
            if nodes == 50 {
                let row = Row::new(format!("merge/50 nodes/{name}"), measured.in_units_of(1e6 / cells), "ms");
                rows.push(match most_ms {
                    Some(most_ms) => row.target(Target::ValueAtMost(most_ms)),
                    None => row,
                });
            }
            let mut row = Row::new(format!("merge/{nodes} nodes/{name}"), measured, "ns/cell");
            if nodes == 10 {
                of_ten = Some(measured.lowest_ns);
            } else if nodes > 10 {
                // Linear: a cell takes no longer among many.
                row.name.push_str(" vs 10 nodes");
                row.baseline = of_ten;
                row.target = Some(Target::RatioAtMost(1.5));
            }
            rows.push(row);
        }
    }
    // One beginning for both: what the first gave back may still be the process's when the second begins.
    let before = memory_mib("VmRSS");
    for (load, name) in [(Load::Writes, "writes"), (Load::Conflicts, "all in conflict")] {
        let _ = fs::write("/proc/self/clear_refs", "5");
        let measured = measure(load, 50, 1440, MIN_RUNS)?;
        let peak = memory_mib("VmHWM");
        let cells = (50 * ROWS * 1440) as f64;
        let row = Row::new(format!("merge/50x1024x1440/{name}"), measured.in_units_of(1e6 / cells), "ms");
        rows.push(if matches!(load, Load::Writes) { row.target(Target::ValueAtMost(500.0)) } else { row });
        if let (Some(before), Some(peak)) = (before, peak) {
            // One decoded answer of 35 MiB is among it.
            let value = Measured { lowest_ns: peak - before, median_ns: peak - before };
            let name = format!("merge/50x1024x1440/{name}/memory");
            rows.push(Row::new(name, value, "MiB").target(Target::ValueAtMost(256.0)));
        }
    }
    Ok(rows)
}

/// Nanoseconds a cell.
fn measure(load: Load, nodes: u64, columns: u64, runs: usize) -> Result<Measured, String> {
    lowest(runs, nodes * ROWS * columns, || {
        let mut merge = Merge::new();
        let mut time = Duration::ZERO;
        let mut given = 0;
        for place in 0..nodes {
            let answer = answer(load, place, nodes, columns);
            given += answer.rows.iter().flat_map(|row| &row.values).sum::<u64>();
            let begun = Instant::now();
            merge.add(place as u32, &answer).map_err(|error| error.to_string())?;
            time += begun.elapsed();
        }
        let begun = Instant::now();
        let merged = merge.finish(&MatrixQuery::default());
        time += begun.elapsed();
        let shown: u64 = merged.answer.rows.iter().flat_map(|row| &row.values).sum();
        let told = shown + merged.writes_superseded;
        if told == given { Ok(time) } else { Err(format!("shows or tells {told} of {given}")) }
    })
}

fn answer(load: Load, place: u64, nodes: u64, columns: u64) -> Answer {
    let rows = (0..ROWS).map(|route| {
        let leader = |column: u64| {
            let flips = route.is_multiple_of(8) && column >= columns / 2;
            ((route + u64::from(flips)) % nodes, 3 + u64::from(flips))
        };
        let value = |column: u64| match load {
            Load::Writes if leader(column).0 != place => 0,
            Load::Reads | Load::Conflicts if (route + column + place).is_multiple_of(3) => 0,
            Load::Reads | Load::Writes | Load::Conflicts => 1 + (route * 31 + column * 7 + place * 13) % 5000,
        };
        let values: Vec<u64> = (0..columns).map(value).collect();
        let counted = |of: u64, column: usize| if values.get(column) == Some(&0) { 0 } else { of };
        let groups = (0..columns).map(|column| counted(1 + route % 16, column as usize)).collect();
        let terms = (0..columns).map(|column| counted(leader(column).1, column as usize)).collect();
        AnswerRow {
            bucket_id: BucketId::parse(&format!("route:{route}")).unwrap_or_default(),
            start: route.to_be_bytes().to_vec(),
            end: Some((route + 1).to_be_bytes().to_vec()),
            route_count: 1,
            values,
            groups,
            terms,
            ..AnswerRow::default()
        }
    });
    Answer {
        series: if matches!(load, Load::Reads) { Series::Reads } else { Series::Writes },
        step_ms: STEP_MS,
        write_merge: Some(WriteMerge::Leader),
        columns: (1..=columns).map(|column| Column::of_window((column - 1) * STEP_MS, column * STEP_MS)).collect(),
        rows: rows.collect(),
        ..Answer::default()
    }
}
