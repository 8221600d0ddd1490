//! `cargo xtask bench`: builds `keyviz-bench` with the bench profile and hands over to it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::checkout::Checkout;
use crate::process;

/// The names of the benchmarks; a test of `keyviz-bench` holds it to what there is.
pub const LIST: &str = include_str!("../bench/list.txt");

/// Runs the benchmarks with the arguments as they came.
pub fn run(checkout: &Checkout, arguments: &[OsString]) -> ExitCode {
    let mut command = process::cargo(checkout, "run");
    command
        .args(["--locked", "--profile", "bench", "--package", "keyviz-bench", "--"])
        .args(arguments_from_here(arguments));
    match process::run(&mut command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// `--json FILE` is meant from the caller's folder, but cargo runs at the root.
fn arguments_from_here(arguments: &[OsString]) -> Vec<OsString> {
    let mut names_a_file = false;
    arguments
        .iter()
        .map(|argument| {
            let is_file = std::mem::replace(&mut names_a_file, argument == "--json");
            if is_file {
                std::path::absolute(argument).map_or_else(|_| argument.clone(), PathBuf::into_os_string)
            } else {
                argument.clone()
            }
        })
        .collect()
}
