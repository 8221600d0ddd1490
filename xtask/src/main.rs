//! `cargo xtask`: everything a contributor runs, behind one door. Continuous integration runs the same.
//!
//! A command is a file of that name; [`args`] reads the command line, [`help`] lists what there is.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks on its terminal")]

mod args;
mod bench;
mod checkout;
mod fuzz;
mod help;
mod loom;
mod process;
mod setup;
mod test;
mod tools;

use std::process::ExitCode;

use args::Command;
use checkout::Checkout;

fn main() -> ExitCode {
    let command = match args::parse() {
        Ok(command) => command,
        Err(error) => {
            eprintln!("{error}\n\n{}", help::TEXT);
            return ExitCode::from(2);
        }
    };
    let checkout = Checkout::find();
    match command {
        Command::Help => {
            println!("{}", help::TEXT);
            ExitCode::SUCCESS
        }
        Command::Test { only } => test::run(&checkout, only.as_deref()),
        Command::Fuzz { target, seconds } => fuzz::run(&checkout, target.as_deref(), seconds),
        Command::BenchList => {
            print!("{}", bench::LIST);
            ExitCode::SUCCESS
        }
        Command::Bench(arguments) => bench::run(&checkout, &arguments),
        Command::Loom { model } => loom::run(&checkout, model.as_deref()),
        Command::Setup => setup::run(&checkout),
    }
}
