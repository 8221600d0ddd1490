//! The flags of `keyviz replay`.

use std::path::PathBuf;

use clap::Args;
use keyviz_admin::{AdminArgs, Millis};
use keyviz_core::Series;

/// Read a trace file, answer in text, and show it.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReplayArgs {
    /// The trace: the output of `redis-cli monitor`, or a CSV with the header `ts_us,op,key[,end_key],bytes,count,tag`.
    /// The format is found by content
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Time that one column stands for, from 100ms to 24h; `auto` takes the smallest from 100ms to 1h, then whole
    /// hours, that shows the whole trace in at most 720 columns
    #[arg(long, value_name = "DURATION|auto", default_value = "auto", value_parser = step)]
    step: Step,

    /// Write the matrix as JSON to this file, and do not serve the page
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// What the JSON shows: ops (reads + writes), reads, writes, read_bytes or write_bytes
    #[arg(long, value_name = "SERIES", default_value = "ops", value_parser = series, requires = "json")]
    pub(crate) series: Series,

    /// Print the answer and end, without serving the page
    #[arg(long)]
    pub(crate) no_serve: bool,

    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// A step asked for, or the best one.
#[derive(Clone, Copy, Debug)]
enum Step {
    Auto,
    Fixed(Millis),
}

impl ReplayArgs {
    /// The step asked for in milliseconds; `None` to choose.
    pub(crate) fn step(&self) -> Option<u64> {
        match self.step {
            Step::Auto => None,
            Step::Fixed(millis) => Some(millis.0),
        }
    }
}

fn step(text: &str) -> Result<Step, String> {
    if text == "auto" {
        return Ok(Step::Auto);
    }
    let millis: Millis = text.parse().map_err(|error| format!("{error}"))?;
    match millis.0 {
        100..=86_400_000 => Ok(Step::Fixed(millis)),
        _ => Err("use 100ms to 24h".to_owned()),
    }
}

fn series(text: &str) -> Result<Series, String> {
    Series::parse(text).ok_or_else(|| {
        let names: Vec<&str> = Series::ALL.iter().map(|series| series.name()).collect();
        format!("use one of {}", names.join(", "))
    })
}
