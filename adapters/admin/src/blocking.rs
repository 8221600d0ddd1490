//! Work that takes milliseconds, off the threads that answer.

use crate::error::ApiError;
use crate::faults::caught;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use tokio::task::spawn_blocking;

/// What unwinds on from a panic that was told where it happened.
pub(crate) struct Told;

/// Runs it on a blocking thread of the runtime. A panic there goes on here, so that the fence
/// answers and counts it like any other. Work that was begun is not cancelled with its request.
pub(crate) async fn on_blocking_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let told = move || {
        catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
            caught();
            Told
        })
    };
    match spawn_blocking(told).await {
        Ok(Ok(result)) => result,
        Ok(Err(told)) => resume_unwind(Box::new(told)),
        Err(_) => Err(ApiError::busy("the server is shutting down")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Admin, fence};
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::extract::Request;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use std::sync::atomic::Ordering;
    use tower::ServiceExt;

    async fn faulty() -> Result<(), ApiError> {
        on_blocking_thread(|| panic!("secret of the panic")).await
    }

    #[tokio::test]
    async fn a_panic_there_is_a_500_here() {
        let admin = Admin::builder(None).build();
        let app: Router = Router::new().route("/", get(faulty)).layer(from_fn_with_state(admin.clone(), fence::fence));
        let answer = app.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 500);
        let body = to_bytes(answer.into_body(), 4096).await.unwrap();
        assert!(!body.windows(6).any(|w| w == b"secret"));
        assert_eq!(admin.counts().panics.load(Ordering::Relaxed), 1);
    }
}
