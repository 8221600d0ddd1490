//! `/snapshot`: everything that the history holds, as a file; see `docs/snapshot-format.md`.
//!
//! Of several nodes it is one node's, so that it can be gone on with: `node` names it.
//!
//! Where keys are redacted, so are they here: bounds, texts of events, and ids that are made of bounds.
//!
//! It is made while it is sent, on a thread of its own: a slow client takes the place of no other request. One is made
//! at a time, and what it takes counts against the memory of all answers.

use crate::Admin;
use crate::admin::Asked;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::faults::contained;
use crate::nodes::Source;
use crate::packed::{expected_bytes, write_redacted_snapshot, write_snapshot};
use crate::query;
use crate::redaction::Redaction;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// Frames that wait for the client, beside the one that is being made.
const FRAMES_AHEAD: usize = 2;

/// Answers GET and HEAD.
pub(crate) async fn snapshot(
    State(admin): State<Admin>,
    Extension(caller): Extension<Caller>,
    method: Method,
    uri: Uri,
) -> Result<Response, ApiError> {
    let reader = match admin.source() {
        Source::None => return Err(ApiError::disabled()),
        Source::One(reader) => reader.clone(),
        Source::Several(nodes) => {
            let named = query::node(uri.query().unwrap_or("")).and_then(|name| nodes.named(&name));
            let refuse = || ApiError::invalid_query("node: name one of the nodes that /status lists in fanout");
            named.ok_or_else(refuse)?.reader.clone()
        }
    };
    let now_ms = admin.now_ms();
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zstd"));
    if let Ok(name) = HeaderValue::try_from(format!("attachment; filename=\"keyviz-{now_ms}.snapshot.zst\"")) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    if method == Method::HEAD {
        // Nothing is made, shown or recorded for somebody who takes none of it.
        return Ok(headers.into_response());
    }
    let pass = admin.gate().stream(expected_bytes(&reader))?;
    let (send, frames) = mpsc::channel(FRAMES_AHEAD);
    let maker = admin.clone();
    let make = move || {
        // Before the first byte, so that none is sent that is not recorded: two bounds for each route.
        let bounds = usize::try_from(reader.counters().routes).unwrap_or(usize::MAX).saturating_mul(2);
        maker.audit(&caller, "snapshot", &Asked::default(), bounds);
        let give = |frame: Vec<u8>| send.blocking_send(Part::Frame(frame.into())).map_err(io::Error::other);
        let redactor = maker.redactor(caller.role);
        let made = match redactor.policy() {
            Redaction::None => write_snapshot(&reader, now_ms, give),
            _ => write_redacted_snapshot(&reader, redactor, now_ms, give),
        };
        if made.is_ok() {
            // Where the client has gone there is nobody to tell.
            let _ = send.blocking_send(Part::End);
        }
        drop(pass);
    };
    let thread = std::thread::Builder::new().name("keyviz-snapshot".to_owned()).spawn(|| _ = contained(make));
    let thread = thread.map_err(|_| ApiError::busy("no thread for a snapshot; try again in a second"))?;
    admin.keep_snapshot(thread);
    Ok((headers, Body::new(Frames(Some(frames)))).into_response())
}

/// What the thread that makes a snapshot sends.
#[derive(Debug)]
enum Part {
    Frame(Bytes),
    /// It is whole.
    End,
}

/// The body: frames as they come. Without an end it breaks off, so that nobody takes a part for the whole.
struct Frames(Option<mpsc::Receiver<Part>>);

impl hyper::body::Body for Frames {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let Some(frames) = &mut self.0 else { return Poll::Ready(None) };
        match frames.poll_recv(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Part::Frame(frame))) => Poll::Ready(Some(Ok(Frame::data(frame)))),
            Poll::Ready(Some(Part::End)) => {
                self.0 = None;
                Poll::Ready(None)
            }
            Poll::Ready(None) => {
                self.0 = None;
                Poll::Ready(Some(Err(std::io::Error::other("the snapshot broke off"))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn a_thread_that_ends_early_breaks_the_body_off() {
        let (send, frames) = mpsc::channel(2);
        send.send(Part::Frame(Bytes::from_static(b"a part"))).await.unwrap();
        drop(send);
        assert!(Frames(Some(frames)).collect().await.is_err());
        let (send, frames) = mpsc::channel(2);
        send.send(Part::Frame(Bytes::from_static(b"all"))).await.unwrap();
        send.send(Part::End).await.unwrap();
        assert_eq!(Frames(Some(frames)).collect().await.unwrap().to_bytes(), "all");
    }
}
