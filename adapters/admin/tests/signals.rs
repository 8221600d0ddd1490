//! SIGINT and SIGTERM, in a process of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]
#![cfg(unix)]

use keyviz_admin::shutdown_signal;
use std::process::Command;
use std::time::Duration;

#[tokio::test]
async fn both_signals_end_the_wait() {
    for signal in ["-TERM", "-INT"] {
        let waiting = tokio::spawn(shutdown_signal());
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(!waiting.is_finished());
        let sent = Command::new("kill").args([signal, &std::process::id().to_string()]).status().unwrap();
        assert!(sent.success());
        tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap().unwrap();
    }
}
