//! The quick answer to a connection that is one too many.

use crate::error::ApiError;
use crate::headers::ALWAYS;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The whole answer: no request is read for it.
pub(crate) fn answer() -> String {
    let body = ApiError::busy("too many connections; try again in a second").json();
    let mut text = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in ALWAYS {
        text.push_str(name.as_str());
        text.push_str(": ");
        text.push_str(value);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text.push_str(&body);
    text
}

/// Writes the answer, then waits briefly for the client to close: closing first, with its request
/// unread, would reset the connection and could take the answer with it.
pub(crate) async fn turn_away(mut stream: TcpStream, answer: &[u8]) {
    const PATIENCE: Duration = Duration::from_millis(500);
    const MOST_BYTES: u64 = 64 << 10;
    let _ = timeout(PATIENCE, async {
        stream.write_all(answer).await?;
        stream.shutdown().await?;
        tokio::io::copy(&mut stream.take(MOST_BYTES), &mut tokio::io::sink()).await
    })
    .await;
}
