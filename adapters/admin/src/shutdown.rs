//! The signals that mean a graceful end.

/// Done when the process gets SIGINT or SIGTERM (Ctrl-C where there are no such signals). From the
/// first poll on these signals no longer end the process by themselves, so whoever waits here also
/// ends it. Where the system refuses the handlers this waits for ever, and the signals keep their
/// default effect.
pub async fn shutdown_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
