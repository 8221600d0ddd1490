//! `cargo xtask`: everything a contributor runs, behind one door. Continuous integration runs the same.
//!
//! A command is a file of that name; [`args`] reads the command line, [`help`] lists what there is.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks on its terminal")]

mod args;
mod bench;
mod checkout;
mod docs;
mod ffi;
mod fuzz;
mod help;
mod loom;
mod no_std;
mod process;
mod setup;
mod stress;
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
        Command::Bench(arguments) => bench::run(&checkout, &arguments),
        Command::Loom { model } => loom::run(&checkout, model.as_deref()),
        Command::NoStd => no_std::run(&checkout),
        Command::Stress(arguments) => stress::run(&checkout, &arguments),
        Command::Docs => docs::run(&checkout),
        Command::Header => ffi::run_header(&checkout),
        Command::Install { prefix } => ffi::run_install(&checkout, &prefix),
        Command::Setup => setup::run(&checkout),
    }
}
