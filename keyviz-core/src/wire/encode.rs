//! Encoding into JSON.

use alloc::string::String;

pub use super::names::names;
pub use super::top::top;
use crate::counters::Counters;
use crate::event::Event;
use crate::history::ColumnState;
use crate::hot_keys::{HotKeys, HotKeysOf};
use crate::label::Labels;
use crate::matrix::{Answer, AnswerRow, AxisKind, Column, Cut, Matrix, Row, TermPart, WriteMerge};
use crate::merge::{Fanout, FanoutNode};
use crate::op::Series;
use crate::route::RouteId;

/// Appends the matrix as a JSON object: the response body of `/matrix`.
///
/// Instants are Unix milliseconds, bounds base64 with padding, `null` for the lowest key and for
/// unbounded. Members that would be empty or false are left out, `conflict` excepted.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, MatrixQuery, Op, RouteId, Sampler, wire};
/// let sampler = Sampler::new(Config::default(), 0)?;
/// sampler.register(RouteId(7), b"a", None, 0)?;
/// sampler.observe(RouteId(7), Op::Write, b"apple", 0);
/// sampler.flush(60_000);
/// let mut json = String::new();
/// wire::encode::matrix(&sampler.reader().matrix(&MatrixQuery::default()), 60_000, &mut json);
/// assert!(json.contains(r#""bucket_id":"route:7","start":"YQ==","end":null"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn matrix(matrix: &Matrix, generated_at_ms: u64, out: &mut String) {
    let head = Head {
        series: matrix.series,
        generated_at_ms: Some(generated_at_ms),
        step_ms: matrix.step_ms,
        axis: matrix.axis,
        axis_id: matrix.axis_id,
        write_merge: Some(matrix.write_merge),
        columns: &matrix.columns,
        nodes: &|column| u64::from(column.1.state != ColumnState::Missing),
        cut: &matrix.cut,
        unattributed: &matrix.unattributed,
        fanout: None,
    };
    let names = matrix.key_names.as_deref();
    let name = |row: &Row| names.and_then(|names| names.range_name(&row.start, row.end.as_deref()));
    body(out, &head, matrix.rows.iter().map(|row| RowView::of(row, matrix.labels.name(row.label), name(row))));
}

/// Appends hot keys as a JSON object: the response body of `/hotkeys`.
///
/// `of` says whose they are: a route's (`route_id`, `bucket_id`, and `label` and `sub_bucket` where they were asked
/// for) or a range's (`start`, `end`). Keys are base64.
///
/// # Examples
/// ```
/// use keyviz_core::{HotKey, HotKeys, HotKeysOf, Labels, RouteId, wire};
/// let mut hot = HotKeys::default();
/// hot.keys = vec![HotKey::new(b"a".to_vec(), 12, 0)];
/// let of = HotKeysOf::Route { route: RouteId(7), label: None, sub_bucket: None };
/// let mut json = String::new();
/// wire::encode::hot_keys(&hot, &of, &Labels::NONE, &mut json);
/// assert!(json.starts_with(r#"{"route_id":7,"bucket_id":"route:7","series":"writes","keys":[{"key_b64":"YQ==","count":12"#));
/// ```
pub fn hot_keys(hot: &HotKeys, of: &HotKeysOf, labels: &Labels, out: &mut String) {
    out.push('{');
    match of {
        HotKeysOf::Route { route, label, sub_bucket } => {
            member_number(out, "\"route_id\":", route.0);
            out.push_str(",\"bucket_id\":\"route:");
            number(out, route.0);
            out.push('"');
            if let Some(label) = label {
                out.push_str(",\"label\":\"");
                out.push_str(labels.name(*label).unwrap_or(""));
                out.push('"');
            }
            if let Some(sub_bucket) = sub_bucket {
                member_number(out, ",\"sub_bucket\":", u64::from(*sub_bucket));
            }
        }
        HotKeysOf::Range { start, end } => {
            out.push_str("\"start\":");
            bound(out, start);
            out.push_str(",\"end\":");
            bound(out, end.as_deref().unwrap_or(&[]));
        }
    }
    out.push_str(",\"series\":\"");
    out.push_str(hot.series.name());
    out.push_str("\",\"keys\":");
    list(out, &hot.keys, |out, key| {
        out.push_str("{\"key_b64\":\"");
        base64(out, &key.key);
        member_number(out, "\",\"count\":", key.count);
        member_number(out, ",\"error\":", key.error);
        out.push('}');
    });
    out.push_str(",\"approximate\":true");
    member_number(out, ",\"sample_rate\":", hot.most_every);
    member_number(out, ",\"sample_rate_least\":", hot.least_every);
    member_number(out, ",\"sampled_n\":", hot.samples);
    member_number(out, ",\"operations\":", hot.operations);
    member_number(out, ",\"dropped_samples\":", hot.dropped);
    member_number(out, ",\"skipped_long_keys\":", hot.too_long);
    member_number(out, ",\"unsampled_ops\":", hot.unsampled);
    out.push_str(if hot.degraded { ",\"degraded\":true" } else { ",\"degraded\":false" });
    member_number(out, ",\"error_bound\":", hot.error_bound);
    if hot.aggregate {
        out.push_str(",\"aggregate\":true");
    }
    member_number(out, ",\"from_unix_ms\":", hot.from_ms);
    member_number(out, ",\"to_unix_ms\":", hot.to_ms);
    out.push_str(",\"snapshot_at\":\"");
    rfc3339(out, hot.as_of_ms);
    out.push_str("\"}");
}

fn member_number(out: &mut String, member: &str, value: u64) {
    out.push_str(member);
    number(out, value);
}

/// Appends an answer as a JSON object, as [`matrix`] does. What the answer does not say is left out: the step, the
/// instant, `write_merge`.
pub fn answer(answer: &Answer, out: &mut String) {
    let head = Head {
        series: answer.series,
        generated_at_ms: answer.generated_at_ms,
        step_ms: answer.step_ms,
        axis: answer.axis,
        axis_id: answer.axis_id,
        write_merge: answer.write_merge,
        columns: &answer.columns,
        nodes: &|column| u64::from(answer.nodes(column.0)),
        cut: &answer.cut,
        unattributed: &answer.unattributed,
        fanout: answer.fanout.as_ref(),
    };
    body(out, &head, answer.rows.iter().map(RowView::of_answer));
}

/// Everything but the rows.
struct Head<'a> {
    series: Series,
    generated_at_ms: Option<u64>,
    step_ms: u64,
    axis: AxisKind,
    axis_id: u64,
    write_merge: Option<WriteMerge>,
    columns: &'a [Column],
    nodes: &'a dyn Fn((usize, &Column)) -> u64,
    cut: &'a Cut,
    unattributed: &'a [u64],
    fanout: Option<&'a Fanout>,
}

fn body<'a>(out: &mut String, head: &Head<'_>, rows: impl ExactSizeIterator<Item = RowView<'a>>) {
    let columns = head.columns;
    out.reserve(512 + rows.len() * (160 + columns.len() * 3));
    instants(out, "{\"column_unix_ms\":", columns, |c| c.end_ms);
    instants(out, ",\"column_start_unix_ms\":", columns, |c| c.start_ms);
    instants(out, ",\"column_covers_from_unix_ms\":", columns, |c| c.covers_from_ms);
    instants(out, ",\"column_covers_to_unix_ms\":", columns, |c| c.covers_to_ms);
    out.push_str(",\"column_state\":");
    list(out, columns, |out, c| {
        out.push('"');
        out.push_str(c.state.name());
        out.push('"');
    });
    out.push_str(",\"column_nodes\":");
    list_of(out, columns.iter().enumerate(), |out, column| number(out, (head.nodes)(column)));
    out.push_str(",\"series\":\"");
    out.push_str(head.series.name());
    out.push('"');
    if let Some(generated_at_ms) = head.generated_at_ms {
        out.push_str(",\"generated_at\":\"");
        rfc3339(out, generated_at_ms);
        out.push('"');
    }
    if head.step_ms != 0 {
        out.push_str(",\"step_ms\":");
        number(out, head.step_ms);
    }
    out.push_str(",\"axis\":\"");
    out.push_str(head.axis.name());
    out.push_str("\",\"axis_id\":\"");
    match head.axis {
        AxisKind::Route => out.push_str("route"),
        AxisKind::Range => hex(out, head.axis_id),
    }
    out.push('"');
    if let Some(write_merge) = head.write_merge {
        out.push_str(",\"write_merge\":\"");
        out.push_str(write_merge.name());
        out.push('"');
    }
    out.push_str(",\"rows\":");
    list_of(out, rows, |out, row| self::row(out, &row, columns.len()));
    out.push_str(",\"cut\":{\"rows\":");
    number(out, head.cut.rows);
    out.push_str(",\"values\":");
    numbers(out, &head.cut.values);
    out.push_str("},\"unattributed\":");
    numbers(out, head.unattributed);
    if let Some(fanout) = head.fanout {
        self::fanout(out, fanout);
    }
    out.push('}');
}

fn fanout(out: &mut String, fanout: &Fanout) {
    out.push_str(",\"fanout\":{\"nodes\":");
    list(out, &fanout.nodes, node);
    for (member, value) in [
        (",\"responded\":", fanout.responded),
        (",\"expected\":", fanout.expected),
        (",\"writes_superseded\":", fanout.writes_superseded),
    ] {
        out.push_str(member);
        number(out, value);
    }
    out.push('}');
}

fn node(out: &mut String, node: &FanoutNode) {
    out.push_str("{\"node\":");
    text(out, &node.node);
    out.push_str(if node.ok { ",\"ok\":true" } else { ",\"ok\":false" });
    out.push_str(",\"state\":\"");
    out.push_str(node.state.name());
    out.push('"');
    if let Some(error) = &node.error {
        out.push_str(",\"error\":");
        text(out, error);
    }
    if !node.warnings.is_empty() {
        out.push_str(",\"warnings\":");
        list(out, &node.warnings, |out, warning| text(out, warning));
    }
    known(out, ",\"history_from_unix_ms\":", node.history_from_unix_ms);
    known(out, ",\"started_unix_ms\":", node.started_unix_ms);
    if let Some(ms) = node.clock_offset_ms {
        out.push_str(if ms < 0 { ",\"clock_offset_ms\":-" } else { ",\"clock_offset_ms\":" });
        number(out, ms.unsigned_abs());
    }
    known(out, ",\"step_ms\":", node.step_ms);
    known(out, ",\"unattributed\":", node.unattributed);
    known(out, ",\"evicted\":", node.evicted);
    out.push('}');
}

/// A number, where it is known.
fn known(out: &mut String, member: &str, value: Option<u64>) {
    if let Some(value) = value {
        out.push_str(member);
        number(out, value);
    }
}

/// Appends the counters as a JSON object of flat names.
///
/// A flat object of whole numbers, in the order of [`Counters::for_each`]. Never panics. Memory: `out` grows by
/// about 1.3 KB.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, Sampler, wire};
/// let sampler = Sampler::new(Config::default(), 0)?;
/// let mut json = String::new();
/// wire::encode::counters(&sampler.reader().counters(), &mut json);
/// assert!(json.starts_with(r#"{"observed_reads":0,"#) && json.ends_with('}'));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn counters(counters: &Counters, out: &mut String) {
    let mut before = '{';
    counters.for_each(|name, value| {
        out.push(before);
        before = ',';
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        number(out, value);
    });
    out.push('}');
}

/// Appends events as a JSON object: `events[] {at_unix_ms, kind, text, cut?, number}`, `told`, `dropped`,
/// `generated_at`.
///
/// Instants are Unix milliseconds; `cut` is there when the text was longer; `told` and `dropped` are the sampler's
/// counters of all its time. Texts are escaped so that none ends a script or turns the writing direction.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, EventKind, Sampler, wire};
/// let sampler = Sampler::new(Config::default(), 0)?;
/// sampler.annotate(5, EventKind::DEPLOY, "</script>");
/// let (reader, mut json) = (sampler.reader(), String::new());
/// wire::encode::events(&reader.events(0, 0), &reader.counters(), 60_000, &mut json);
/// assert!(json.starts_with(r#"{"events":[{"at_unix_ms":5,"kind":"deploy","text":"\u003c/script>","number":0}]"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn events(events: &[Event], counters: &Counters, generated_at_ms: u64, out: &mut String) {
    out.push_str("{\"events\":");
    list(out, events, |out, event| {
        out.push_str("{\"at_unix_ms\":");
        number(out, event.at_ms);
        out.push_str(",\"kind\":\"");
        out.push_str(event.kind.as_str());
        out.push_str("\",\"text\":");
        text(out, &event.text);
        if event.cut {
            out.push_str(",\"cut\":true");
        }
        out.push_str(",\"number\":");
        number(out, event.number);
        out.push('}');
    });
    out.push_str(",\"told\":");
    number(out, counters.events_told);
    out.push_str(",\"dropped\":");
    number(out, counters.events_dropped);
    out.push_str(",\"generated_at\":\"");
    rfc3339(out, generated_at_ms);
    out.push_str("\"}");
}

/// A row of either kind.
struct RowView<'a> {
    bucket_id: &'a str,
    label: Option<&'a str>,
    name: Option<&'a str>,
    start: &'a [u8],
    end: Option<&'a [u8]>,
    aggregate: bool,
    route_ids: &'a [RouteId],
    route_ids_truncated: bool,
    route_count: u64,
    values: &'a [u64],
    conflict: bool,
    conflicts: &'a [bool],
    estimated: &'a [bool],
    missing: &'a [bool],
    draining: bool,
    groups: &'a [u64],
    terms: &'a [u64],
    term_parts: &'a [TermPart],
}

impl<'a> RowView<'a> {
    fn of(row: &'a Row, label: Option<&'a str>, name: Option<&'a str>) -> Self {
        RowView {
            bucket_id: row.bucket_id.as_str(),
            label,
            name,
            start: &row.start,
            end: row.end.as_deref(),
            aggregate: row.aggregate,
            route_ids: &row.route_ids,
            route_ids_truncated: row.route_ids_truncated,
            route_count: row.route_count,
            values: &row.values,
            conflict: false,
            conflicts: &[],
            estimated: &row.estimated,
            missing: &[],
            draining: row.draining,
            groups: &row.groups,
            terms: &row.terms,
            term_parts: &row.term_parts,
        }
    }

    fn of_answer(row: &'a AnswerRow) -> Self {
        RowView {
            bucket_id: row.bucket_id.as_str(),
            label: Some(row.label.as_str()).filter(|label| !label.is_empty()),
            name: row.name.as_deref(),
            start: &row.start,
            end: row.end.as_deref(),
            aggregate: row.aggregate,
            route_ids: &row.route_ids,
            route_ids_truncated: row.route_ids_truncated,
            route_count: row.route_count,
            values: &row.values,
            conflict: row.conflict,
            conflicts: &row.conflicts,
            estimated: &row.estimated,
            missing: &row.missing,
            draining: row.draining,
            groups: &row.groups,
            terms: &row.terms,
            term_parts: &row.term_parts,
        }
    }
}

fn row(out: &mut String, row: &RowView<'_>, columns: usize) {
    out.push_str("{\"bucket_id\":\"");
    out.push_str(row.bucket_id);
    if let Some(label) = row.label {
        out.push_str("\",\"label\":\"");
        out.push_str(label);
    }
    out.push_str("\",\"start\":");
    bound(out, row.start);
    out.push_str(",\"end\":");
    bound(out, row.end.unwrap_or(&[]));
    out.push_str(if row.aggregate { ",\"aggregate\":true" } else { ",\"aggregate\":false" });
    if !row.route_ids.is_empty() {
        out.push_str(",\"route_ids\":");
        list(out, row.route_ids, |out, route| number(out, route.0));
    }
    if row.route_ids_truncated {
        out.push_str(",\"route_ids_truncated\":true");
    }
    out.push_str(",\"route_count\":");
    number(out, row.route_count);
    out.push_str(",\"values\":");
    numbers(out, row.values);
    out.push_str(if row.conflict { ",\"conflict\":true" } else { ",\"conflict\":false" });
    flags(out, ",\"conflicts\":", row.conflicts);
    flags(out, ",\"estimated\":", row.estimated);
    flags(out, ",\"missing\":", row.missing);
    if row.draining {
        out.push_str(",\"draining\":true");
    }
    if !row.groups.is_empty() || !row.terms.is_empty() {
        out.push_str(",\"raft_group_ids\":");
        numbers(out, row.groups);
        out.push_str(",\"leader_terms\":");
        numbers(out, row.terms);
    }
    if !row.term_parts.is_empty() {
        out.push_str(",\"term_parts\":");
        term_parts(out, row.term_parts, columns);
    }
    if let Some(name) = row.name {
        out.push_str(",\"name\":");
        text(out, name);
    }
    out.push('}');
}

/// A list of flags, where there is one.
fn flags(out: &mut String, member: &str, flags: &[bool]) {
    if !flags.is_empty() {
        out.push_str(member);
        list(out, flags, |out, flag| out.push_str(if *flag { "true" } else { "false" }));
    }
}

/// Any text as a JSON string; what could end a script or turn the writing direction is escaped, too.
pub(super) fn text(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0'..='\u{1f}'
            | '<'
            | '\u{7f}'..='\u{9f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' => {
                out.push_str("\\u");
                for shift in [12, 8, 4, 0] {
                    out.push(char::from_digit((letter as u32 >> shift) & 15, 16).unwrap_or('0'));
                }
            }
            _ => out.push(letter),
        }
    }
    out.push('"');
}

fn term_parts(out: &mut String, parts: &[TermPart], columns: usize) {
    let mut left = parts;
    let columns = 0..columns;
    list_of(out, columns, |out, column| {
        let here = left.iter().take_while(|p| p.column == column).count();
        let (parts, rest) = left.split_at(here);
        left = rest;
        if parts.is_empty() {
            out.push_str("null");
            return;
        }
        list(out, parts, |out, part| {
            out.push_str("{\"group\":");
            number(out, part.group);
            out.push_str(",\"term\":");
            number(out, part.term);
            out.push_str(",\"value\":");
            number(out, part.value);
            out.push('}');
        });
    });
}

fn list<T>(out: &mut String, items: &[T], each: impl FnMut(&mut String, &T)) {
    list_of(out, items.iter(), each);
}

pub(super) fn list_of<T>(out: &mut String, items: impl Iterator<Item = T>, mut each: impl FnMut(&mut String, T)) {
    out.push('[');
    for (i, item) in items.enumerate() {
        if i > 0 {
            out.push(',');
        }
        each(out, item);
    }
    out.push(']');
}

fn instants(out: &mut String, member: &str, columns: &[Column], of: impl Fn(&Column) -> u64) {
    out.push_str(member);
    list(out, columns, |out, column| number(out, of(column)));
}

fn numbers(out: &mut String, values: &[u64]) {
    list(out, values, |out, value| number(out, *value));
}

/// Decimal digits. Most numbers of a matrix are 0 or short, so this stands before `core::fmt`.
pub(super) fn number(out: &mut String, mut value: u64) {
    let mut digits = [b'0'; 20];
    let mut from = digits.len();
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
        from -= 1;
        if value == 0 {
            break;
        }
    }
    let digits = digits.get(from..).unwrap_or(&[]);
    out.push_str(core::str::from_utf8(digits).unwrap_or("0"));
}

/// Sixteen hex digits.
fn hex(out: &mut String, value: u64) {
    for shift in (0..16).rev() {
        let digit = (value >> (shift * 4)) as u32 & 15;
        out.push(char::from_digit(digit, 16).unwrap_or('0'));
    }
}

pub(super) fn bound(out: &mut String, bytes: &[u8]) {
    if bytes.is_empty() {
        out.push_str("null");
        return;
    }
    out.push('"');
    base64(out, bytes);
    out.push('"');
}

/// Standard base64 with padding (RFC 4648, section 4).
pub(crate) fn base64(out: &mut String, bytes: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |w, b| w << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let six = (word >> (18 - 6 * i)) as usize & 63;
            let letter = ALPHABET.get(six).copied().unwrap_or(b'A');
            out.push(if i > chunk.len() { '=' } else { char::from(letter) });
        }
    }
}

/// `2026-11-21T03:00:00.000Z` from Unix milliseconds (days from the civil calendar after Howard
/// Hinnant's `civil_from_days`).
pub(super) fn rfc3339(out: &mut String, unix_ms: u64) {
    let (days, ms) = (unix_ms / 86_400_000, unix_ms % 86_400_000);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let padded = |out: &mut String, value: u64, width: u32| {
        for place in (0..width).rev() {
            number(out, value / 10u64.pow(place) % 10);
        }
    };
    if year > 9999 {
        number(out, year)
    } else {
        padded(out, year, 4)
    }
    for (mark, value, width) in [
        ('-', month, 2),
        ('-', day, 2),
        ('T', ms / 3_600_000, 2),
        (':', ms / 60_000 % 60, 2),
        (':', ms / 1000 % 60, 2),
        ('.', ms % 1000, 3),
    ] {
        out.push(mark);
        padded(out, value, width);
    }
    out.push('Z');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        write(&mut out);
        out
    }

    #[test]
    fn numbers_of_every_length() {
        for value in [0, 7, 10, 99, 100, u64::MAX, u64::MAX - 1, 1 << 53] {
            assert_eq!(written(|out| number(out, value)), alloc::format!("{value}"));
        }
    }

    #[test]
    fn base64_of_rfc_4648() {
        for (plain, coded) in
            [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(written(|out| base64(out, plain.as_bytes())), coded);
        }
    }

    #[test]
    fn instants_as_text() {
        assert_eq!(written(|out| rfc3339(out, 0)), "1970-01-01T00:00:00.000Z");
        assert_eq!(written(|out| rfc3339(out, 951_827_696_789)), "2000-02-29T12:34:56.789Z");
        assert_eq!(written(|out| rfc3339(out, 1_795_219_200_001)), "2026-11-21T00:00:00.001Z");
    }
}
