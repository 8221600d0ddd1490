//! `keyviz`: see where the load lands in a key space, over time.
//!
//! | command | what it does |
//! |---|---|
//! | `keyviz` or `keyviz demo` | runs a real storage engine under a load that changes, and shows it |
//! | `keyviz replay FILE` | reads a trace, answers in text, and shows it |
//! | `keyviz redis URL...` | watches live Redis or Valkey servers, shows it, and answers in text |
//! | `keyviz top [URL]` | a running node live in the terminal; or a list of its hottest ranges |
//!
//! Exit status: 0 when the job was done (a signal that ends it counts as done), 1 when it could not be done,
//! 2 when the command line is wrong.

mod audit_log;
mod catalog;
mod cli;
mod demo;
mod escape;
mod failure;
mod out;
mod quantity;
mod random;
mod redis;
mod replay;
mod top;
mod unescape;
mod web;
mod withheld;

use std::process::ExitCode;

fn main() -> ExitCode {
    let done = match cli::Cli::of_command_line().command() {
        cli::Command::Demo(args) => demo::run(&args),
        cli::Command::Replay(args) => replay::run(&args),
        cli::Command::Redis(args) => redis::run(&args),
        cli::Command::RedisSession => return redis::run_session(),
        cli::Command::Top(args) => top::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out::complain(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}
