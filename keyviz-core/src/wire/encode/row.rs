//! A row of a matrix or of an answer.

use alloc::string::String;

use super::text::{bound, list, list_of, number, numbers, text};
use crate::matrix::{AnswerRow, Row, TermPart};
use crate::route::RouteId;

/// A row of either kind.
pub(super) struct RowView<'a> {
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
    pub(super) fn of(row: &'a Row, label: Option<&'a str>, name: Option<&'a str>) -> Self {
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

    pub(super) fn of_answer(row: &'a AnswerRow) -> Self {
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

pub(super) fn row(out: &mut String, row: &RowView<'_>, columns: usize) {
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
