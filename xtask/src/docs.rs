//! `cargo xtask docs`: writes what of `docs/` is made from the code.

use std::process::{Command, ExitCode};

use crate::checkout::Checkout;
use crate::process;

/// Writes it.
pub fn run(checkout: &Checkout) -> ExitCode {
    match process::run(&mut command(checkout)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// The command that writes; with `--check` after it, the one that compares.
pub fn command(checkout: &Checkout) -> Command {
    let mut command = process::cargo(checkout, "run");
    command.args(["--locked", "--quiet", "--package", "keyviz-docs", "--"]).arg(checkout.root());
    command
}
