//! The command line.

use clap::{Parser, Subcommand};

use crate::demo::DemoArgs;
use crate::redis::{self, RedisArgs};
use crate::replay::ReplayArgs;
use crate::top::TopArgs;
use crate::withheld;

/// See where the load lands in a key space, over time.
///
/// Without a command it runs the demo.
#[derive(Debug, Parser)]
#[command(name = "keyviz", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    demo: DemoArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a real storage engine under a load that changes, and show it (the default)
    Demo(Box<DemoArgs>),
    /// Read a trace file, answer in text, and show it
    Replay(Box<ReplayArgs>),
    /// Watch what live Redis or Valkey servers are asked, and show it
    Redis(Box<RedisArgs>),
    /// What a watched server is read with, in a process of its own
    #[command(name = redis::SESSION_COMMAND, hide = true)]
    RedisSession,
    /// Show a running node live in the terminal, or list its hottest ranges
    Top(TopArgs),
}

impl Cli {
    /// Reads it. What is wrong is said, and ends the program; so does what was asked for, as help.
    pub(crate) fn of_command_line() -> Cli {
        Cli::try_parse().unwrap_or_else(|wrong| match withheld::of_command_line(&wrong.to_string()) {
            // The form of clap's own, which begins with what this takes off.
            Some(text) => clap::Error::raw(wrong.kind(), text.trim_start_matches("error: ").to_owned() + "\n").exit(),
            None => wrong.exit(),
        })
    }

    /// The command given, else the demo with the flags given.
    pub(crate) fn command(self) -> Command {
        self.command.unwrap_or(Command::Demo(Box::new(self.demo)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_flags_fit_together() {
        <Cli as CommandFactory>::command().debug_assert();
    }

    #[test]
    fn the_demo_is_the_default() {
        let parse = |args: &[&str]| Cli::try_parse_from(args).map(Cli::command);
        assert!(matches!(parse(&["keyviz"]), Ok(Command::Demo(_))));
        assert!(matches!(parse(&["keyviz", "--listen", "127.0.0.1:0"]), Ok(Command::Demo(_))));
        assert!(matches!(parse(&["keyviz", "demo", "--workload", "zipf"]), Ok(Command::Demo(_))));
        assert!(matches!(parse(&["keyviz", "replay", "f"]), Ok(Command::Replay(_))));
        assert!(matches!(
            parse(&["keyviz", "top", "--once", "--json", "http://127.0.0.1:1/admin/"]),
            Ok(Command::Top(_))
        ));
        assert!(parse(&["keyviz", "top", "--series", "nosuch"]).is_err());
        assert!(parse(&["keyviz", "replay"]).is_err());
        assert!(parse(&["keyviz", "--workload", "nosuch"]).is_err());
    }
}
