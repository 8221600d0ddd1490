//! The command line.

use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};

/// Calls without `--ops` and `--seconds`.
const OPS: u64 = 20_000_000;
const MAX_THREADS: u64 = 256;

/// What was asked for.
pub enum Command {
    /// How to ask.
    Help,
    /// A run.
    Run(Args),
}

/// How much of everything.
pub struct Args {
    /// Calls of observing, in all.
    pub ops: u64,
    /// Ends the run early.
    pub seconds: Option<Duration>,
    /// Threads that observe.
    pub threads: usize,
    /// Begins every sequence of choices.
    pub seed: u64,
}

/// Reads the command line of this process.
pub fn parse() -> Result<Command, lexopt::Error> {
    read(Parser::from_env())
}

fn read(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let (mut ops, mut seconds, mut threads, mut seed) = (None, None, 8, 1);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("ops") => ops = Some(number(&parser.value()?.string()?)?),
            Arg::Long("seconds") => seconds = Some(Duration::from_secs(number(&parser.value()?.string()?)?)),
            Arg::Long("threads") => threads = number(&parser.value()?.string()?)?,
            Arg::Long("seed") => seed = number(&parser.value()?.string()?)?,
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    if !(1..=MAX_THREADS).contains(&threads) {
        return Err(format!("--threads {threads}: use 1 to {MAX_THREADS}").into());
    }
    let ops = ops.unwrap_or(if seconds.is_some() { u64::MAX } else { OPS });
    Ok(Command::Run(Args { ops, seconds, threads: threads as usize, seed }))
}

fn number(text: &str) -> Result<u64, lexopt::Error> {
    text.replace('_', "").parse().map_err(|_| format!("`{text}` is not a whole number").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> Result<Args, String> {
        match read(Parser::from_iter(["stress"].iter().chain(words))) {
            Ok(Command::Run(args)) => Ok(args),
            Ok(Command::Help) => Err("help".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn time_takes_the_place_of_a_number() {
        assert_eq!(args(&[]).unwrap().ops, OPS);
        assert_eq!(args(&["--seconds", "3"]).unwrap().ops, u64::MAX);
        let both = args(&["--ops", "1_000", "--seconds=3", "--threads", "2"]).unwrap();
        assert_eq!((both.ops, both.seconds, both.threads), (1000, Some(Duration::from_secs(3)), 2));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in [["--threads", "0"], ["--threads", "257"], ["--ops", "many"], ["--ops", "-1"]] {
            assert!(args(&words).is_err(), "{words:?}");
        }
        assert!(args(&["20"]).is_err());
    }
}
