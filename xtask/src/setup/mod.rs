//! `cargo xtask setup`: installs what the tests need, or prints the command that does.

mod apt;
mod npm;

use std::process::ExitCode;

use crate::checkout::Checkout;
use crate::tools::Tool;

pub use npm::install as install_page_packages;

/// Sets everything up and says what is still missing.
pub fn run(checkout: &Checkout) -> ExitCode {
    let mut problems = tools();
    if Tool::Npm.is_present() {
        problems.extend(npm::install(checkout).err());
    }
    for problem in &problems {
        eprintln!("{problem}");
    }
    if problems.is_empty() {
        println!("everything that the tests need is here");
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Installs the missing tools where that can be done unasked (root on Debian); gives a line for each that is
/// missing afterwards, with the command that brings it.
pub fn tools() -> Vec<String> {
    let missing = missing();
    let packages: Vec<&str> = missing.iter().filter_map(|tool| tool.debian_package()).collect();
    if packages.is_empty() {
        return advice(&missing);
    }
    match apt::available() {
        apt::Apt::AsRoot => match apt::install(&packages) {
            Ok(()) => advice(&self::missing()),
            Err(problem) => {
                let mut lines = advice(&self::missing());
                lines.push(problem);
                lines
            }
        },
        apt::Apt::NotRoot => {
            let mut lines = advice(&missing);
            lines.push(format!("run: sudo {}", apt::command_line(&packages)));
            lines
        }
        apt::Apt::Absent => advice(&missing),
    }
}

fn missing() -> Vec<Tool> {
    Tool::ALL.into_iter().filter(|tool| !tool.is_present()).collect()
}

fn advice(missing: &[Tool]) -> Vec<String> {
    missing.iter().map(|tool| format!("missing: {}; {}", tool.name(), tool.advice())).collect()
}
