//! What single nodes counted in a cell, as JSON.

use alloc::string::String;

use super::fanout::fanout;
use super::text::{list_of, number, text};
use super::top::decimal;
use crate::advice::Cell;
use crate::op::Series;

/// Appends a cell as a JSON object: the response body of `/cell`.
///
/// `series`, `columns` (how many of which something is known), `value`, `estimated`, `conflict`, `missing`; of several nodes
/// also `nodes` (`node`, `value`, `share` of what all nodes counted in it, `estimated`, `raft_group_id`, `leader_term`; who
/// counted most first) and `fanout`. It holds no keys.
///
/// Never panics. Memory: `out` grows by about 150 bytes a node that counted, and by `fanout`.
///
/// # Examples
/// ```
/// use keyviz_core::{Cell, Series, wire};
/// let mut json = String::new();
/// wire::encode::cell(&Cell::default(), Series::Reads, &mut json);
/// assert!(json.starts_with(r#"{"series":"reads","columns":0,"value":0,"estimated":false"#));
/// ```
pub fn cell(cell: &Cell, series: Series, out: &mut String) {
    out.push_str("{\"series\":\"");
    out.push_str(series.name());
    out.push_str("\",\"columns\":");
    number(out, cell.columns as u64);
    out.push_str(",\"value\":");
    number(out, cell.value);
    flag(out, ",\"estimated\":", cell.estimated);
    flag(out, ",\"conflict\":", cell.conflict);
    flag(out, ",\"missing\":", cell.missing);
    if let Some(known) = &cell.fanout {
        let all = cell.nodes.iter().fold(0u128, |sum, node| sum + u128::from(node.value));
        let named = cell.nodes.iter().filter_map(|node| Some((known.nodes.get(node.place as usize)?, node)));
        out.push_str(",\"nodes\":");
        list_of(out, named, |out, (named, node)| {
            out.push_str("{\"node\":");
            text(out, &named.node);
            out.push_str(",\"value\":");
            number(out, node.value);
            out.push_str(",\"share\":");
            decimal(out, u128::from(node.value), all, 6);
            flag(out, ",\"estimated\":", node.estimated);
            out.push_str(",\"raft_group_id\":");
            number(out, node.group);
            out.push_str(",\"leader_term\":");
            number(out, node.term);
            out.push('}');
        });
        fanout(out, known);
    }
    out.push('}');
}

fn flag(out: &mut String, name: &str, is: bool) {
    out.push_str(name);
    out.push_str(if is { "true" } else { "false" });
}
