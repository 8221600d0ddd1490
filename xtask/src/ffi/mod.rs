//! The C library: its header, the two libraries as they are installed, and the programs that try them.

mod contract;
mod engines;
mod header;
mod install;
mod library;
mod programs;
mod symbols;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::checkout::Checkout;

pub use contract::check as check_contract;
pub use engines::run as run_engines;
pub use header::TOOL as HEADER_TOOL;
pub use header::check as check_header;
pub use header::write as write_header;
pub use install::install;
pub use programs::{analysed, first_use, good_guest, programs};
pub use symbols::check as check_symbols;

/// The crate's folder.
fn folder(checkout: &Checkout) -> PathBuf {
    checkout.root().join("keyviz-ffi")
}

/// Output of all this.
fn output(checkout: &Checkout) -> PathBuf {
    checkout.target().join("ffi")
}

/// `cargo xtask header`.
pub fn run_header(checkout: &Checkout) -> ExitCode {
    ended(write_header(checkout))
}

/// `cargo xtask install --prefix DIR`.
pub fn run_install(checkout: &Checkout, prefix: &std::path::Path) -> ExitCode {
    ended(install(checkout, prefix).map(|()| println!("installed under {}", prefix.display())))
}

fn ended(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}
