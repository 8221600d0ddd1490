//! The limit on the time an answer may take to make.

use crate::Admin;
use crate::error::ApiError;
use crate::limits::ms;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

/// Answers 503 `busy` when the time is up. Work handed to a blocking thread runs to its end, and
/// holds its place and its bytes until then.
pub(crate) async fn limit_time(State(admin): State<Admin>, request: Request, next: Next) -> Response {
    match timeout(ms(admin.limits().request_ms), next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            ApiError::busy("the answer was not ready in time; ask for fewer rows or a shorter time").into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use std::time::Duration;
    use tower::ServiceExt;

    #[tokio::test]
    async fn an_answer_that_is_not_ready_is_busy() {
        let limits = Limits { request_ms: 50, ..Limits::default() };
        let admin = Admin::builder(None).limits(limits).build();
        let app: Router = Router::new()
            .route("/slow", get(|| tokio::time::sleep(Duration::from_secs(60))))
            .route("/quick", get(|| async {}))
            .layer(from_fn_with_state(admin, limit_time));
        let ask = |path: &str| app.clone().oneshot(Request::get(path).body(Body::empty()).unwrap());
        assert_eq!(ask("/slow").await.unwrap().status(), 503);
        assert_eq!(ask("/quick").await.unwrap().status(), 200);
    }
}
