//! The flags of `keyviz demo`.

use clap::Args;
use keyviz_admin::{AdminArgs, HistoryArgs, Millis};

use super::workload::Show;

/// Run a real storage engine under a load that changes, and show it.
#[derive(Args, Clone, Debug)]
pub(crate) struct DemoArgs {
    /// What to run: the tour shows each of the others for 20 s, and starts again
    #[arg(long, value_enum, default_value_t = Show::Tour, value_name = "NAME")]
    pub(crate) workload: Show,

    /// Time that one column stands for, from 100ms to 24h
    #[arg(long, default_value = "1s", value_name = "DURATION", value_parser = step)]
    step: Millis,

    #[command(flatten)]
    pub(crate) history: HistoryArgs,

    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

impl DemoArgs {
    pub(crate) fn step_ms(&self) -> u64 {
        self.step.0
    }
}

fn step(text: &str) -> Result<Millis, String> {
    let millis: Millis = text.parse().map_err(|error| format!("{error}"))?;
    if (100..=86_400_000).contains(&millis.0) { Ok(millis) } else { Err("use 100ms to 24h".to_owned()) }
}
