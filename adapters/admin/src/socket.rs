//! A socket whose writes do not wait for ever.
//!
//! The server underneath limits how long a request's head may take, and the time limit how long
//! an answer may take to make; what is left is a client that takes an answer slowly or not at all,
//! and with it the answer's memory.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// Fails a write when nothing was taken for `stall`, or when an answer is not through `total` after
/// the first time the client was slower than the server.
pub(crate) struct Socket<S> {
    inner: S,
    stall: Duration,
    total: Duration,
    /// Set while there is something written that waits.
    slow: Option<Slow>,
}

struct Slow {
    since: Instant,
    moved: Instant,
    alarm: Pin<Box<Sleep>>,
}

impl<S> Socket<S> {
    pub(crate) fn new(inner: S, stall: Duration, total: Duration) -> Self {
        Socket { inner, stall, total, slow: None }
    }

    /// After a write that took bytes.
    fn moved(&mut self) {
        if let Some(slow) = &mut self.slow {
            slow.moved = Instant::now();
        }
    }

    /// After a write that could take none: ready with an error when the time is up.
    fn waits(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let now = Instant::now();
        let (stall, total) = (self.stall, self.total);
        let slow = self.slow.get_or_insert_with(|| Slow {
            since: now,
            moved: now,
            alarm: Box::pin(sleep_until(now + stall.min(total))),
        });
        let until = (slow.moved + stall).min(slow.since + total);
        if slow.alarm.deadline() != until {
            slow.alarm.as_mut().reset(until);
        }
        ready!(slow.alarm.as_mut().poll(cx));
        Poll::Ready(io::Error::new(io::ErrorKind::TimedOut, "the client takes its answer too slowly"))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.inner).poll_write(cx, buf) {
            Poll::Ready(result) => {
                self.moved();
                Poll::Ready(result)
            }
            Poll::Pending => self.waits(cx).map(Err),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.inner).poll_write_vectored(cx, bufs) {
            Poll::Ready(result) => {
                self.moved();
                Poll::Ready(result)
            }
            Poll::Pending => self.waits(cx).map(Err),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    // Asked for when everything was written, so the answer is through.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.inner).poll_flush(cx) {
            Poll::Ready(result) => {
                self.slow = None;
                Poll::Ready(result)
            }
            Poll::Pending => self.waits(cx).map(Err),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.inner).poll_shutdown(cx) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => self.waits(cx).map(Err),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    fn pair(stall_ms: u64, total_ms: u64) -> (Socket<tokio::io::DuplexStream>, tokio::io::DuplexStream) {
        let (ours, theirs) = duplex(64);
        (Socket::new(ours, Duration::from_millis(stall_ms), Duration::from_millis(total_ms)), theirs)
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_given_up() {
        let (mut socket, _client) = pair(20, 10_000);
        let began = Instant::now();
        assert_eq!(socket.write_all(&[0; 1000]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn a_client_that_trickles_is_given_up_by_the_total() {
        let (mut socket, mut client) = pair(2_000, 100);
        tokio::spawn(async move {
            let mut byte = [0];
            while client.read(&mut byte).await.is_ok_and(|n| n > 0) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        assert_eq!(socket.write_all(&[0; 10_000]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn pauses_within_the_limit_and_between_answers_are_fine() {
        let (mut socket, mut client) = pair(500, 700);
        let reader = tokio::spawn(async move {
            let mut got = vec![0; 400];
            for part in got.chunks_mut(200) {
                tokio::time::sleep(Duration::from_millis(400)).await;
                client.read_exact(part).await.unwrap();
            }
        });
        // Together longer than the total, each answer within it.
        for _ in 0..2 {
            socket.write_all(&[7; 200]).await.unwrap();
            socket.flush().await.unwrap();
        }
        reader.await.unwrap();
    }
}
