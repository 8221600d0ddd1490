//! The answer in words.

use std::fmt::Write;
use std::time::Duration;

use keyviz_admin::Redactor;
use keyviz_core::Series;
use keyviz_trace::Skipped;

use super::answer::{Answer, Peak};
use super::feed::Fed;
use super::hot::HotRange;
use super::notes::Note;
use super::prefixes::Prefix;
use super::selection::Filtered;
use crate::escape;
use crate::quantity::{bytes, clock, count, duration, instant, rate, records, share, since};

/// The whole answer; ends without a newline.
pub(crate) fn tell(
    name: &str,
    fed: &Fed,
    (answer, redactor): (&Answer, &Redactor),
    notes: &[Note],
    took: Duration,
) -> String {
    let mut text = format!("{}: {}, {}\n\n", name, fed.format.name(), bytes(fed.bytes));
    // Writing to a String cannot fail, so what `writeln!` returns is dropped throughout.
    let _ = totals(&mut text, fed, answer, notes);
    let period = Period { relative: fed.relative(), duration_ms: fed.duration_ms(), rated_ms: fed.rated_ms() };
    let _ = hottest(&mut text, period, answer, redactor);
    let lines_rate = rate(fed.tally.lines, u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
    let _ = write!(text, "\ntook      {:.1}s, {} lines", took.as_secs_f64(), lines_rate);
    text
}

fn totals(text: &mut String, fed: &Fed, answer: &Answer, notes: &[Note]) -> std::fmt::Result {
    let total = &answer.total;
    writeln!(
        text,
        "total     {} operations: {} reads, {} writes; {} read, {} written (keys and values)",
        count(total.get(Series::Ops)),
        count(total.reads),
        count(total.writes),
        bytes(total.read_bytes),
        bytes(total.write_bytes)
    )?;
    if total.scans > 0 {
        writeln!(text, "scans     {} ranges touched by scans, each of which is one of the reads", count(total.scans))?;
    }
    let (first_ms, last_ms) = (fed.first_us / 1000, fed.last_us / 1000);
    let period = if fed.relative() {
        format!("{} to {}", since(first_ms), since(last_ms))
    } else {
        format!("{} to {} UTC", instant(first_ms), instant(last_ms))
    };
    let columns = fed.columns();
    let plural = if columns == 1 { "" } else { "s" };
    writeln!(text, "period    {period}")?;
    writeln!(
        text,
        "duration  {}, {} on average, in {} column{plural} of {}",
        duration(fed.duration_ms()),
        rate(total.get(Series::Ops), fed.rated_ms()),
        count(columns),
        duration(fed.step_ms)
    )?;
    let tally = &fed.tally;
    writeln!(text, "lines     {} read, {} skipped", count(tally.lines), count(tally.skipped.total()))?;
    if tally.skipped.total() > 0 {
        writeln!(text, "{}", skipped(&tally.skipped))?;
    }
    if fed.filtered.total() > 0 {
        writeln!(text, "filtered  {}", filtered(fed.filtered))?;
    }
    for note in notes {
        writeln!(text, "{:<9} {}", note.label, note.text)?;
    }
    if tally.times_raised > 0 {
        writeln!(text, "time      went back in {}; shown at the latest time before", records(tally.times_raised))?;
    }
    if answer.let_go > 0 {
        writeln!(text, "older     {} operations are in columns that were let go", count(answer.let_go))?;
    }
    if answer.not_shown > 0 {
        writeln!(text, "warning   {} operations are in no column of the picture", count(answer.not_shown))?;
    }
    Ok(())
}

/// By what the rates and instants of an answer are told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Period {
    /// Instants count from the beginning.
    pub(crate) relative: bool,
    pub(crate) duration_ms: u64,
    /// What rates are divided by.
    pub(crate) rated_ms: u64,
}

/// The hottest ranges, then prefixes and keys, each with its share and rate, and as much of keys as may leave the program.
pub(crate) fn hottest(text: &mut String, period: Period, answer: &Answer, redactor: &Redactor) -> std::fmt::Result {
    let total = answer.total.get(Series::Ops);
    writeln!(text, "\nhottest ranges\n    share        rate         peak  from                 operations  range")?;
    for (range, peak) in &answer.ranges {
        let (peak_rate, peak_time) = match peak {
            // Columns that were hardly watched are taken for longer than that, and no peak is below the average.
            Some(peak) if peak.cmp_rate(range.ops, period.rated_ms).is_lt() => {
                (rate(range.ops, period.rated_ms), when(period, peak))
            }
            Some(peak) => (rate(peak.ops, peak.duration_ms), when(period, peak)),
            None => (String::new(), String::new()),
        };
        writeln!(
            text,
            "  {:>7}  {:>10}  {:>11}  {:<19}  {:>10}  {}",
            share(range.ops, total),
            rate(range.ops, period.rated_ms),
            peak_rate,
            peak_time,
            count(range.ops),
            bounds(range, redactor)
        )?;
    }
    if !answer.prefixes.is_empty() {
        writeln!(text, "\nhot prefixes and keys\n    share        rate  operations")?;
    }
    for hot in &answer.prefixes {
        writeln!(
            text,
            "  {:>7}  {:>10}  {:>10}  {}",
            share(hot.ops, total),
            rate(hot.ops, period.rated_ms),
            count(hot.ops),
            name(&hot.prefix, redactor)
        )?;
    }
    keys(text, period, answer, redactor)
}

/// The hottest keys. A count that may be wrong says by how much; where nothing was sampled there is no list.
fn keys(text: &mut String, period: Period, answer: &Answer, redactor: &Redactor) -> std::fmt::Result {
    let (mut keys, total) = (answer.keys.clone(), answer.total.get(Series::Ops));
    redactor.hot_keys(&mut keys);
    if keys.keys.is_empty() {
        return Ok(());
    }
    writeln!(text, "\nhottest keys\n    share        rate  operations")?;
    for key in &keys.keys {
        let name = escape::key(&key.key);
        let name = if name.is_empty() { "the empty key" } else { &name };
        // What other columns or cells may have of it without listing it.
        let under = keys.error_bound.min(total.saturating_sub(key.count));
        // And what sampling adds to both, 19 times of 20.
        let chance = keys.deviation(key.count).saturating_mul(2);
        let least = key.count.saturating_sub(key.error).saturating_sub(chance);
        let most = key.count.saturating_add(under).saturating_add(chance).min(total.max(key.count));
        let off = if least < most { format!("  ({} to {})", count(least), count(most)) } else { String::new() };
        writeln!(
            text,
            "  {:>7}  {:>10}  {:>10}  {name}{off}",
            share(key.count, total),
            rate(key.count, period.rated_ms),
            count(key.count)
        )?;
    }
    if keys.degraded {
        let lacking = keys.dropped.saturating_add(keys.too_long).saturating_add(keys.unsampled);
        writeln!(
            text,
            "  {} operations are not in this list: long keys, or counted before the columns grew",
            count(lacking)
        )?;
    }
    Ok(())
}

fn when(period: Period, peak: &Peak) -> String {
    if period.relative {
        since(peak.start_ms)
    } else if period.duration_ms < 86_400_000 {
        clock(peak.start_ms)
    } else {
        instant(peak.start_ms)
    }
}

fn bounds(range: &HotRange, redactor: &Redactor) -> String {
    let shown = |key: &[u8]| escape::key(&redactor.key(key));
    let end = range.end.as_ref().map_or("the end".to_owned(), |end| shown(end));
    let start = if range.start.is_empty() { "the start".to_owned() } else { shown(&range.start) };
    match &range.prefix {
        Some(prefix) if range.is_all_of(prefix) => name(prefix, redactor),
        Some(prefix) => format!("{start} to {end} ({})", name(prefix, redactor)),
        None => format!("{start} to {end}"),
    }
}

fn name(prefix: &Prefix, redactor: &Redactor) -> String {
    let bytes = escape::key(&redactor.key(&prefix.bytes));
    match (prefix.whole, bytes.is_empty()) {
        (true, true) => "the empty key".to_owned(),
        (true, false) => format!("key {bytes}"),
        (false, _) => format!("prefix {bytes}"),
    }
}

/// How many records were left out, and why.
pub(crate) fn filtered(filtered: Filtered) -> String {
    let parts = [
        (filtered.before, "before --from"),
        (filtered.after, "at or after --to"),
        (filtered.other_prefix, "with none of the prefixes"),
    ];
    let parts = parts.into_iter().filter(|(records, _)| *records > 0);
    let parts: Vec<String> = parts.map(|(records, why)| format!("{} {why}", count(records))).collect();
    format!("{} left out: {}", records(filtered.total()), parts.join(", "))
}

/// One line a reason, with the numbers of its first lines; empty when nothing was skipped.
pub(crate) fn skipped(skipped: &Skipped) -> String {
    let lines = skipped.reasons().into_iter().map(|skip| {
        let mut first: Vec<String> = skip.first_lines().map(|line| line.to_string()).collect();
        let word = if first.len() == 1 { "line" } else { "lines" };
        if skip.lines > first.len() as u64 {
            first.push("...".to_owned());
        }
        let (name, why) = (skip.reason.name(), skip.reason.text());
        format!("          {:>10}  {name}: {why} ({word} {})", count(skip.lines), first.join(", "))
    });
    lines.collect::<Vec<_>>().join("\n")
}
