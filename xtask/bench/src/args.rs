//! The command line.

use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};

use crate::benches::Bench;
use crate::measure::MIN_RUNS;

/// What was asked for.
pub enum Command {
    /// How to ask.
    Help,
    /// The names.
    List,
    /// To measure.
    Run(Args),
}

/// What is measured.
pub struct Args {
    /// Start of the names to run; without it all run that do not have to be asked for.
    pub only: Option<String>,
    /// Where the results go as JSON.
    pub json: Option<PathBuf>,
    /// Runs of each candidate and each baseline, at least [`MIN_RUNS`].
    pub runs: usize,
}

impl Args {
    /// Whether a benchmark is to run.
    pub fn chooses(&self, bench: &Bench) -> bool {
        match &self.only {
            Some(start) => bench.name.starts_with(start.as_str()),
            None => !bench.on_request,
        }
    }
}

/// Reads the command line of this process.
pub fn parse() -> Result<Command, lexopt::Error> {
    let mut args = Args { only: None, json: None, runs: 20 };
    let mut parser = Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("only") => args.only = Some(parser.value()?.string()?),
            Arg::Long("json") => args.json = Some(PathBuf::from(parser.value()?)),
            Arg::Long("runs") => args.runs = parser.value()?.parse()?,
            Arg::Long("list") => return Ok(Command::List),
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            Arg::Value(name) if args.only.is_none() => args.only = Some(name.string()?),
            other => return Err(other.unexpected()),
        }
    }
    if args.runs < MIN_RUNS {
        return Err(format!("--runs {}: at least {MIN_RUNS}", args.runs).into());
    }
    Ok(Command::Run(args))
}
