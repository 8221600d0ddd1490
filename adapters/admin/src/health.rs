//! `/healthz`: the endpoint answers. It says nothing of the sampler; `/status` does.

/// Plain `ok`.
pub(crate) async fn healthz() -> &'static str {
    "ok"
}
