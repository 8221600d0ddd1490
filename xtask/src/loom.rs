//! `cargo xtask loom`: the models in `loom-tests`, with loom's atomics under the core.

use std::process::{Command, ExitCode};

use crate::checkout::Checkout;
use crate::process;

/// Runs the models of one file of `loom-tests/tests`, or all of them.
pub fn run(checkout: &Checkout, model: Option<&str>) -> ExitCode {
    match models(checkout, model) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// As [`run`], for a step of the tests.
pub fn models(checkout: &Checkout, model: Option<&str>) -> Result<(), String> {
    let mut command = cargo(checkout, "test");
    command.args(["--locked", "--release", "--package", "keyviz-loom-tests"]);
    match model {
        Some(name) => command.args(["--test", name]),
        None => command.arg("--tests"),
    };
    // Each model says how many interleavings it ran.
    process::run(command.args(["--", "--nocapture"]))
}

/// Lints what only the models see.
pub fn clippy(checkout: &Checkout) -> Result<(), String> {
    let mut command = cargo(checkout, "clippy");
    // The core comes along as a dependency in the workspace; its own tests need what is not there with loom.
    command.args(["--locked", "--package", "keyviz-loom-tests", "--all-targets"]);
    process::run(command.args(["--", "--deny", "warnings"]))
}

/// A `cargo` whose core has loom's atomics. In a folder of its own, or every other build would begin anew.
fn cargo(checkout: &Checkout, subcommand: &str) -> Command {
    let mut command = process::cargo(checkout, subcommand);
    command.env("RUSTFLAGS", "--cfg keyviz_loom").env("CARGO_TARGET_DIR", checkout.target().join("loom"));
    command
}
