//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};

/// What was asked for.
pub enum Command {
    /// List the commands.
    Help,
    /// Run the steps whose name starts with `only`, or all.
    Test {
        /// Start of a step's name.
        only: Option<String>,
    },
    /// Fuzz one target, or all.
    Fuzz {
        /// A target's name.
        target: Option<String>,
        /// How long each runs.
        seconds: u32,
    },
    /// Build and run the benchmarks with these arguments; `keyviz-bench` reads them itself.
    Bench(Vec<OsString>),
    /// Run the models of one file of `loom-tests/tests`, or all.
    Loom {
        /// The file's name, without its ending.
        model: Option<String>,
    },
    /// Build the core for bare machines and run firmware.
    NoStd,
    /// Build and run the stress test with these arguments; `keyviz-stress` reads them itself.
    Stress(Vec<OsString>),
    /// Write what of the documents is made from the code.
    Docs,
    /// Write `keyviz.h` from the sources.
    Header,
    /// Install the C library.
    Install {
        /// Under this folder.
        prefix: PathBuf,
    },
    /// Install what the tests need.
    Setup,
}

/// Reads the command line of this process.
pub fn parse() -> Result<Command, lexopt::Error> {
    let mut parser = Parser::from_env();
    let command = match parser.next()? {
        None | Some(Arg::Short('h') | Arg::Long("help")) => return Ok(Command::Help),
        Some(Arg::Value(name)) => name.string()?,
        Some(other) => return Err(other.unexpected()),
    };
    match command.as_str() {
        "help" => nothing_more(parser, Command::Help),
        "docs" => nothing_more(parser, Command::Docs),
        "header" => nothing_more(parser, Command::Header),
        "install" => install(parser),
        "setup" => nothing_more(parser, Command::Setup),
        "no-std" => nothing_more(parser, Command::NoStd),
        "test" => test(parser),
        "fuzz" => fuzz(parser),
        "loom" => loom(parser),
        "bench" => Ok(Command::Bench(parser.raw_args()?.collect())),
        "stress" => Ok(Command::Stress(parser.raw_args()?.collect())),
        _ => Err(format!("there is no command `{command}`").into()),
    }
}

fn test(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let mut only = None;
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("only") => only = Some(parser.value()?.string()?),
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Test { only })
}

fn fuzz(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let (mut target, mut seconds) = (None, 60);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("seconds") => seconds = parser.value()?.parse()?,
            Arg::Value(name) if target.is_none() => target = Some(name.string()?),
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    if seconds == 0 {
        return Err("--seconds 0: at least 1".into());
    }
    Ok(Command::Fuzz { target, seconds })
}

fn install(mut parser: Parser) -> Result<Command, lexopt::Error> {
    let mut prefix = None;
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Long("prefix") => prefix = Some(PathBuf::from(parser.value()?)),
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    let prefix = prefix.ok_or("install: say where with --prefix DIR")?;
    Ok(Command::Install { prefix })
}

fn loom(mut parser: Parser) -> Result<Command, lexopt::Error> {
    match parser.next()? {
        None => Ok(Command::Loom { model: None }),
        Some(Arg::Value(model)) => nothing_more(parser, Command::Loom { model: Some(model.string()?) }),
        Some(Arg::Short('h') | Arg::Long("help")) => Ok(Command::Help),
        Some(other) => Err(other.unexpected()),
    }
}

fn nothing_more(mut parser: Parser, command: Command) -> Result<Command, lexopt::Error> {
    match parser.next()? {
        None => Ok(command),
        Some(other) => Err(other.unexpected()),
    }
}
