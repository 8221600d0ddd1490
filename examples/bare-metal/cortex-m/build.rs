//! Puts the board's memory where the linker script of cortex-m-rt looks for it: in the build's own folder, which checkouts
//! that share their build output have in common.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let memory = if env::var("TARGET")?.starts_with("thumbv6m") { "microbit.x" } else { "mps2-an386.x" };
    let out = env::var("OUT_DIR")?;
    fs::copy(memory, Path::new(&out).join("memory.x"))?;
    println!("cargo::rerun-if-changed={memory}");
    println!("cargo::rustc-link-search={out}");
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    // QEMU loads the image at the addresses it names; nothing needs whole pages of the builder's machine.
    println!("cargo::rustc-link-arg-bins=--nmagic");
    Ok(())
}
