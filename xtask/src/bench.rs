//! `cargo xtask bench`: builds `keyviz-bench` with the bench profile and hands over to it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::checkout::Checkout;
use crate::{process, tools};

const HELP: &str = include_str!("../bench/help.txt");
/// A test of `keyviz-bench` compares it with what there is.
const LIST: &str = include_str!("../bench/list.txt");

/// Runs the benchmarks with the arguments as they came; what there is to ask for is answered without building.
pub fn run(checkout: &Checkout, arguments: &[OsString]) -> ExitCode {
    for (flags, text) in [(["-h", "--help"], HELP), (["--list", "--list"], LIST)] {
        if arguments.iter().any(|argument| flags.iter().any(|flag| argument == flag)) {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
    }
    let mut command = process::cargo(checkout, "run");
    command
        .args(["--locked", "--profile", "bench", "--package", "keyviz-bench", "--"])
        .args(arguments_from_here(arguments));
    if let Some(browser) = tools::chromium() {
        command.env("KEYVIZ_CHROMIUM", browser);
    }
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
