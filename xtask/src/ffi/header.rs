//! `keyviz.h`, made from the sources by cbindgen.
//!
//! cbindgen is a library in a workspace of its own, `xtask/header`, pinned there: it goes into no build.

use std::process::Command;

use super::folder;
use crate::checkout::Checkout;
use crate::process;

/// Where the tool is.
pub const TOOL: &str = "xtask/header";

/// Writes the header.
pub fn write(checkout: &Checkout) -> Result<(), String> {
    process::run(&mut command(checkout, &[]))
}

/// Says whether the committed header is what would be written.
pub fn check(checkout: &Checkout) -> Result<(), String> {
    process::run(&mut command(checkout, &["--check"]))
}

fn command(checkout: &Checkout, arguments: &[&str]) -> Command {
    let mut command = process::cargo(checkout, "run");
    command.env("CARGO_TARGET_DIR", checkout.target().join("header"));
    command
        .args(["--locked", "--quiet", "--manifest-path"])
        .arg(checkout.root().join(TOOL).join("Cargo.toml"))
        .arg("--");
    let folder = folder(checkout);
    command
        .args(arguments)
        .arg(folder.join("src"))
        .arg(folder.join("cbindgen.toml"))
        .arg(folder.join("include/keyviz.h"));
    command
}
