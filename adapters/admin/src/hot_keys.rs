//! `/hotkeys`: the hottest keys of a route or of a range, now or in a time.

use crate::admin::Asked;
use crate::answer::{Answer, Packed};
use crate::asking::Asking;
use crate::error::{ApiError, Code};
use crate::nodes::Source;
use crate::query;
use keyviz_core::{HotKeysOf, HotKeysQuery, NoHotKeys, wire};

/// Bytes that a key is expected to take in the answer, beside its own in base64.
const KEY_BYTES: usize = 64;

/// Reads the parameters, and asks in turn with the pictures: a long time has many columns.
pub(crate) async fn hot_keys(asking: Asking) -> Result<Answer, ApiError> {
    let config = asking.config()?;
    let mut query = query::hot_keys(asking.query(), &config.labels)?;
    query.of = match query.of {
        HotKeysOf::Range { start, end } => {
            let (start, end) = query::as_shown((start, end), asking.redactor())?;
            HotKeysOf::Range { start, end }
        }
        of => of,
    };
    if let HotKeysOf::Route { route, .. } = query.of {
        query::route_as_shown(Some(route), asking.redactor(), config.partition)?;
    }
    if !config.hot_keys {
        return Err(absent(NoHotKeys::Disabled));
    }
    // The records of all columns are read, and their keys listed, at the most.
    let expected = config.hot_key_bytes.saturating_mul(4);
    asking.answer(expected, move |asking| build(asking, &query)).await
}

fn build(asking: &Asking, query: &HotKeysQuery) -> Result<Packed, ApiError> {
    let (mut hot, fanout) = match asking.source() {
        Source::None => return Err(ApiError::disabled()),
        Source::One(reader) => (reader.hot_keys(query).map_err(absent)?, None),
        Source::Several(nodes) => {
            let (hot, fanout) = nodes.hot_keys(query).map_err(absent)?;
            (hot, Some(fanout))
        }
    };
    let redactor = asking.redactor();
    let keys = redactor.hot_keys(&mut hot);
    let labels = &asking.config()?.labels;
    let mut json = String::new();
    let bytes: usize = hot.keys.iter().map(|key| key.key.len().saturating_mul(4) / 3 + KEY_BYTES).sum();
    json.try_reserve(bytes).map_err(|_| ApiError::busy("no memory for the keys; try again in a second"))?;
    wire::encode::hot_keys(&hot, &query.of, labels, &mut json);
    fanout.iter().for_each(|fanout| wire::encode::with_fanout(fanout, &mut json));
    redactor.mark(&mut json);
    let (start, end) = match &query.of {
        HotKeysOf::Range { start, end } => (start.as_slice(), end.as_deref()),
        _ => (&[][..], None),
    };
    let asked = Asked { start, end, from_ms: query.from_ms, to_ms: query.to_ms };
    asking.audit("hotkeys", &asked, keys);
    Ok(asking.packing.pack(json))
}

fn absent(why: NoHotKeys) -> ApiError {
    ApiError::new(Code::NoHotKeys(why), why.to_string())
}
