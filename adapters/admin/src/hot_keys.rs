//! `/hotkeys`: the hottest keys of a route or of a range, now or in a time.

use crate::Admin;
use crate::admin::Asked;
use crate::answer::{Answer, Packing};
use crate::blocking::on_blocking_thread;
use crate::caller::Caller;
use crate::error::{ApiError, Code};
use crate::gate::Pass;
use crate::nodes::Source;
use crate::query;
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use keyviz_core::{HotKeysOf, HotKeysQuery, NoHotKeys, wire};

/// Bytes that a key is expected to take in the answer, beside its own in base64.
const KEY_BYTES: usize = 64;

/// Reads the parameters, waits for a turn, and asks on a blocking thread: a long time has many columns.
pub(crate) async fn hot_keys(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    packing: Packing,
    uri: Uri,
) -> Result<Answer, ApiError> {
    let config = admin.source().config().ok_or_else(ApiError::disabled)?;
    let mut query = query::hot_keys(uri.query().unwrap_or(""), &config.labels)?;
    if let HotKeysOf::Range { start, end } = query.of {
        let (start, end) = query::as_shown((start, end), admin.redactor(caller.role))?;
        query.of = HotKeysOf::Range { start, end };
    }
    if !config.hot_keys {
        return Err(absent(NoHotKeys::Disabled));
    }
    // The records of all columns are read, and their keys listed, at the most.
    let pass = admin.gate().enter(config.hot_key_bytes.saturating_mul(4)).await?;
    on_blocking_thread(move || build(&admin, &caller, &query, pass, packing)).await
}

fn build(
    admin: &Admin,
    caller: &Caller,
    query: &HotKeysQuery,
    pass: Pass,
    packing: Packing,
) -> Result<Answer, ApiError> {
    let (mut hot, fanout) = match admin.source() {
        Source::None => return Err(ApiError::disabled()),
        Source::One(reader) => (reader.hot_keys(query).map_err(absent)?, None),
        Source::Several(nodes) => {
            let (hot, fanout) = nodes.hot_keys(query).map_err(absent)?;
            (hot, Some(fanout))
        }
    };
    let redactor = admin.redactor(caller.role);
    let keys = redactor.hot_keys(&mut hot);
    let labels = &admin.source().config().ok_or_else(ApiError::disabled)?.labels;
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
    admin.audit(caller, "hotkeys", &asked, keys);
    pass.finish(json, packing)
}

fn absent(why: NoHotKeys) -> ApiError {
    ApiError::new(Code::NoHotKeys(why), why.to_string())
}
