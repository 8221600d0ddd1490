//! `/cell`: what single nodes counted in a cell of the picture.

use crate::admin::Asked;
use crate::answer::{Answer, Packed};
use crate::asking::Asking;
use crate::cell_of_nodes::expected_bytes;
use crate::error::ApiError;
use crate::fanout::columns_of;
use crate::nodes::Source;
use crate::query;
use keyviz_core::{MatrixQuery, wire};

/// Reads the parameters, and sums up in turn with the pictures: a long time has many columns.
pub(crate) async fn cell(asking: Asking) -> Result<Answer, ApiError> {
    let config = asking.config()?;
    let query = query::cell(asking.query(), &config.labels)?;
    query::route_as_shown(query.route, asking.redactor(), config.partition)?;
    let (start, end) = query::as_shown((query.start, query.end), asking.redactor())?;
    let query = MatrixQuery { start, end, ..query };
    let expected = match asking.source() {
        Source::None => 0,
        Source::One(reader) => expected_bytes(columns_of(config, &reader.window(), &query), reader.counters().routes),
        Source::Several(nodes) => nodes.expected_cell_bytes(&query),
    };
    asking.answer(expected, move |asking| build(asking, &query)).await
}

fn build(asking: &Asking, query: &MatrixQuery) -> Result<Packed, ApiError> {
    let cell = match asking.source() {
        Source::None => return Err(ApiError::disabled()),
        Source::One(reader) => reader.cell(query),
        Source::Several(nodes) => nodes.cell(query)?,
    };
    let mut json = String::new();
    wire::encode::cell(&cell, query.series, &mut json);
    let MatrixQuery { start, end, from_ms, to_ms, .. } = query;
    let asked = Asked { start, end: end.as_deref(), from_ms: *from_ms, to_ms: *to_ms };
    // The answer has no keys; counts between keys tell something of keys all the same.
    asking.audit("cell", &asked, 0);
    Ok(asking.packing.pack(json))
}
