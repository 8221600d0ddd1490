//! The panic fence, and the one place that counts requests and errors.

use crate::Admin;
use crate::blocking::Told;
use crate::counts::bump;
use crate::error::{ApiError, Code};
use crate::faults::caught;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Turns a panic of anything within into a 500 that says nothing of it. The future is never polled
/// again after a panic, which is what makes the assertion of unwind safety hold.
pub(crate) async fn fence(State(admin): State<Admin>, request: Request, next: Next) -> Response {
    bump(&admin.counts().requests);
    let mut answer = pin!(next.run(request));
    let response = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(cx))) {
        Ok(poll) => poll,
        Err(fault) => {
            // One that went on from a blocking thread was told there.
            if !fault.is::<Told>() {
                caught();
            }
            let said = "the request failed inside keyviz; the counter `panics` in /status went up";
            Poll::Ready(ApiError::new(Code::Internal, said).into_response())
        }
    })
    .await;
    if let Some(&code) = response.extensions().get::<Code>() {
        admin.counts().error(code);
    }
    response
}
