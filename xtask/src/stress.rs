//! `cargo xtask stress`: builds `keyviz-stress` with the release profile and hands over to it.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use crate::checkout::Checkout;
use crate::process;

const HELP: &str = include_str!("../stress/help.txt");

/// Runs it with the arguments as they came; asked how to ask, answers without building.
pub fn run(checkout: &Checkout, arguments: &[OsString]) -> ExitCode {
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    match process::run(command(checkout).args(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// The command that builds and runs it, arguments to follow.
pub fn command(checkout: &Checkout) -> Command {
    let mut command = process::cargo(checkout, "run");
    command.args(["--locked", "--release", "--package", "keyviz-stress", "--"]);
    command
}
