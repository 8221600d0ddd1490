//! The limit on the bytes and the time of a request's body.

use crate::Admin;
use crate::error::{ApiError, Code};
use crate::limits::ms;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

/// Takes the whole body in before the handler runs, or refuses it. A length that is announced and
/// too large is refused before a byte of it is read.
pub(crate) async fn limit_body(State(admin): State<Admin>, request: Request, next: Next) -> Response {
    let limits = admin.limits();
    let (parts, body) = request.into_parts();
    if body.is_end_stream() {
        return next.run(Request::from_parts(parts, Body::empty())).await;
    }
    let max = limits.max_body_bytes;
    if body.size_hint().lower() > u64::try_from(max).unwrap_or(u64::MAX) {
        return too_large(max).into_response();
    }
    let whole = match timeout(ms(limits.body_read_ms), Limited::new(body, max).collect()).await {
        Ok(Ok(whole)) => whole.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return too_large(max).into_response(),
        Ok(Err(_)) => return ApiError::new(Code::BadRequest, "the body broke off").into_response(),
        Err(_) => return ApiError::new(Code::RequestTimeout, "the body did not arrive in time").into_response(),
    };
    next.run(Request::from_parts(parts, Body::from(whole))).await
}

fn too_large(max: usize) -> ApiError {
    ApiError::new(Code::PayloadTooLarge, format!("the body is larger than {max} bytes; no endpoint needs one"))
}
