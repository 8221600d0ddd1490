//! `/names`: what the host calls the parts of its key space.

use crate::Admin;
use crate::admin::Asked;
use crate::blocking::on_blocking_thread;
use crate::caller::Caller;
use crate::error::ApiError;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use keyviz_core::wire;

/// Bytes that a name is expected to take in the answer, with its prefix.
const NAME_BYTES: usize = 96;

/// All names by prefix; none is an empty list.
pub(crate) async fn names(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
) -> Result<([(HeaderName, &'static str); 1], Bytes), ApiError> {
    let names = admin.key_names();
    let count = names.as_ref().map_or(0, |names| names.iter().count());
    let pass = admin.gate().enter(count.saturating_mul(NAME_BYTES)).await?;
    let json = on_blocking_thread(move || {
        let mut json = String::new();
        json.try_reserve(count.saturating_mul(NAME_BYTES / 2))
            .map_err(|_| ApiError::busy("no memory for the names; try again in a second"))?;
        wire::encode::names(names.as_deref(), &mut json);
        admin.audit(&caller, "names", &Asked::default(), count);
        pass.finish(json)
    })
    .await?;
    Ok(([(CONTENT_TYPE, "application/json")], json))
}
