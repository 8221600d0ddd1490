//! The hottest ranges, as JSON.

use alloc::string::String;

use super::fanout::fanout;
use super::text::{bound, list_of, number, rfc3339, text};
use crate::advice::{Top, TopNode, TopRow, TopWindow};
use crate::key_names::KeyNames;
use crate::merge::Fanout;

/// Appends the hottest ranges as a JSON object: the response body of `/top`.
///
/// `series`, `generated_at`, `now` and `before` (`null` where there is none; `start_unix_ms`, `end_unix_ms`,
/// `covers_ms`, `state`, `total`, `rate`), `ranges` (how many took something), and `rows`: `bucket_id`, `route_id` (text, as it
/// may exceed 2^53), `start`, `end` and `middle` (base64; `null` is unbounded, or none), `aggregate`, `sub_bucket`,
/// `sub_buckets`, `raft_group_id`, `leader_term`, `value`, `rate`, `share`, `before` and `before_rate` (`null` where
/// unknown), `name?`, `split?`. Rates are per second covered; shares are of the window's total. Both have three and six
/// decimals. `own_ranges` (true; else absent) says that the core made the ranges, and that their ids name nothing of the
/// host's.
///
/// Of several nodes also `fanout`, as [`matrix`](super::matrix()) has it, and in each row `nodes` (`node`, `value`: what it
/// counted itself, `share`: of what all nodes counted in the row; who counted most first, at most 16), `node_count` (those that
/// `nodes` leaves out included), and `estimated` (true; else absent) where the value is an estimate.
///
/// `names` gives ranges the name of their first key; `split` gives the command that would split one.
///
/// Never panics. Memory: `out` grows by about 400 bytes a range.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, Op, RouteId, Sampler, TopQuery, wire};
/// let sampler = Sampler::new(Config::default(), 0)?;
/// sampler.register(RouteId(7), b"a", None, 0)?;
/// sampler.observe(RouteId(7), Op::Write, b"apple", 0);
/// sampler.flush(60_000);
/// let mut json = String::new();
/// wire::encode::top(&sampler.reader().top(&TopQuery::default()), 60_000, None, &|_| None, &mut json);
/// assert!(json.contains(r#""bucket_id":"route:7","route_id":"7","start":"YQ==","end":null"#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn top(
    top: &Top,
    generated_at_ms: u64,
    names: Option<&KeyNames>,
    split: &dyn Fn(&TopRow) -> Option<String>,
    out: &mut String,
) {
    out.push_str("{\"series\":\"");
    out.push_str(top.series.name());
    out.push_str("\",\"generated_at\":\"");
    rfc3339(out, generated_at_ms);
    out.push_str("\",\"now\":");
    window(out, top.now.as_ref());
    out.push_str(",\"before\":");
    window(out, top.before.as_ref());
    out.push_str(",\"ranges\":");
    number(out, top.ranges as u64);
    if top.own_ranges {
        out.push_str(",\"own_ranges\":true");
    }
    out.push_str(",\"rows\":");
    let (total, covers_ms) = top.now.map_or((0, 0), |now| (now.total, now.covers_ms));
    let before_ms = top.before.map_or(0, |before| before.covers_ms);
    list_of(out, top.rows.iter(), |out, row| {
        range(out, row);
        out.push_str(",\"value\":");
        number(out, row.value);
        out.push_str(",\"rate\":");
        rate(out, row.value, covers_ms);
        out.push_str(",\"share\":");
        decimal(out, u128::from(row.value), u128::from(total), 6);
        member(out, ",\"before\":", row.before, number);
        member(out, ",\"before_rate\":", row.before, |out, value| rate(out, value, before_ms));
        if let Some(name) = names.and_then(|names| names.name(&row.start)) {
            out.push_str(",\"name\":");
            text(out, name);
        }
        if let Some(command) = split(row) {
            out.push_str(",\"split\":");
            text(out, &command);
        }
        top.fanout.iter().for_each(|known| nodes(out, row, known));
        if row.estimated {
            out.push_str(",\"estimated\":true");
        }
        out.push('}');
    });
    top.fanout.iter().for_each(|known| fanout(out, known));
    out.push('}');
}

/// Who counted what in a row.
fn nodes(out: &mut String, row: &TopRow, known: &Fanout) {
    out.push_str(",\"nodes\":");
    let named = |node: &TopNode| known.nodes.get(node.place as usize).map(|known| (known.node.as_str(), node.value));
    list_of(out, row.nodes.iter().filter_map(named), |out, (node, value)| {
        out.push_str("{\"node\":");
        text(out, node);
        out.push_str(",\"value\":");
        number(out, value);
        out.push_str(",\"share\":");
        decimal(out, u128::from(value), u128::from(row.counted), 6);
        out.push('}');
    });
    out.push_str(",\"node_count\":");
    number(out, row.node_count as u64);
}

/// What tells the range apart, and its owner.
fn range(out: &mut String, row: &TopRow) {
    out.push_str(if row.aggregate { "{\"bucket_id\":\"virtual:" } else { "{\"bucket_id\":\"route:" });
    number(out, row.route.0);
    if row.sub_buckets > 1 {
        out.push('#');
        number(out, u64::from(row.sub_bucket));
    }
    out.push_str("\",\"route_id\":\"");
    number(out, row.route.0);
    out.push_str("\",\"start\":");
    bound(out, &row.start);
    out.push_str(",\"end\":");
    bound(out, row.end.as_deref().unwrap_or(&[]));
    out.push_str(",\"middle\":");
    bound(out, row.middle.as_deref().unwrap_or(&[]));
    out.push_str(if row.aggregate { ",\"aggregate\":true" } else { ",\"aggregate\":false" });
    for (member, value) in [
        (",\"sub_bucket\":", u64::from(row.sub_bucket)),
        (",\"sub_buckets\":", u64::from(row.sub_buckets)),
        (",\"raft_group_id\":", row.group),
        (",\"leader_term\":", row.term),
    ] {
        out.push_str(member);
        number(out, value);
    }
}

fn window(out: &mut String, window: Option<&TopWindow>) {
    let Some(window) = window else {
        out.push_str("null");
        return;
    };
    out.push_str("{\"start_unix_ms\":");
    number(out, window.start_ms);
    out.push_str(",\"end_unix_ms\":");
    number(out, window.end_ms);
    out.push_str(",\"covers_ms\":");
    number(out, window.covers_ms);
    out.push_str(",\"state\":\"");
    out.push_str(window.state.name());
    out.push_str("\",\"total\":");
    number(out, window.total);
    out.push_str(",\"rate\":");
    rate(out, window.total, window.covers_ms);
    out.push('}');
}

fn member(out: &mut String, name: &str, value: Option<u64>, write: impl Fn(&mut String, u64)) {
    out.push_str(name);
    match value {
        Some(value) => write(out, value),
        None => out.push_str("null"),
    }
}

/// Per second; a column that covers no time yet counts as one millisecond, the least that is told apart.
fn rate(out: &mut String, value: u64, covers_ms: u64) {
    decimal(out, u128::from(value) * 1000, u128::from(covers_ms.max(1)), 3);
}

/// A fraction with so many decimals, rounded down; 0 of nothing is 0.
pub(super) fn decimal(out: &mut String, part: u128, whole: u128, decimals: u32) {
    let scale = 10u128.pow(decimals);
    let scaled = part.saturating_mul(scale).checked_div(whole).unwrap_or(0);
    number(out, u64::try_from(scaled / scale).unwrap_or(u64::MAX));
    out.push('.');
    let mut unit = scale / 10;
    while unit > 0 {
        out.push(char::from(b'0' + (scaled / unit % 10) as u8));
        unit /= 10;
    }
}
