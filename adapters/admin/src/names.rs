//! `/names`: what the host calls the parts of its key space, as much of it as may be shown.

use crate::admin::Asked;
use crate::answer::Answer;
use crate::asking::Asking;
use crate::error::ApiError;
use keyviz_core::wire;

/// Bytes that a name is expected to take in the answer, with its prefix.
const NAME_BYTES: usize = 96;

/// All names by prefix; none is an empty list.
pub(crate) async fn names(asking: Asking) -> Result<Answer, ApiError> {
    let names = asking.admin.key_names();
    let count = names.as_ref().map_or(0, |names| names.iter().count());
    let make = move |asking: &Asking| {
        let mut json = String::new();
        json.try_reserve(count.saturating_mul(NAME_BYTES / 2))
            .map_err(|_| ApiError::busy("no memory for the names; try again in a second"))?;
        let redactor = asking.redactor();
        let names = names.map(|names| redactor.names(&names));
        wire::encode::names(names.as_ref(), &mut json);
        redactor.mark(&mut json);
        asking.audit("names", &Asked::default(), count);
        Ok(asking.packing.pack(json))
    };
    asking.answer(count.saturating_mul(NAME_BYTES), make).await
}
