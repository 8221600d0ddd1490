//! `/names`: what the host calls the parts of its key space, as much of it as may be shown.

use crate::Admin;
use crate::admin::Asked;
use crate::answer::{Answer, Packing};
use crate::blocking::on_blocking_thread;
use crate::caller::Caller;
use crate::error::ApiError;
use axum::Extension;
use axum::extract::State;
use keyviz_core::wire;

/// Bytes that a name is expected to take in the answer, with its prefix.
const NAME_BYTES: usize = 96;

/// All names by prefix; none is an empty list.
pub(crate) async fn names(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    packing: Packing,
) -> Result<Answer, ApiError> {
    let names = admin.key_names();
    let count = names.as_ref().map_or(0, |names| names.iter().count());
    let pass = admin.gate().enter(count.saturating_mul(NAME_BYTES)).await?;
    on_blocking_thread(move || {
        let mut json = String::new();
        json.try_reserve(count.saturating_mul(NAME_BYTES / 2))
            .map_err(|_| ApiError::busy("no memory for the names; try again in a second"))?;
        let redactor = admin.redactor(caller.role);
        let names = names.map(|names| redactor.names(&names));
        wire::encode::names(names.as_ref(), &mut json);
        redactor.mark(&mut json);
        admin.audit(&caller, "names", &Asked::default(), count);
        pass.finish(json, packing)
    })
    .await
}
