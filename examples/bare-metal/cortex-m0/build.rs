//! Puts `memory.x` where the linker script of cortex-m-rt looks for it.

fn main() {
    println!("cargo::rerun-if-changed=memory.x");
    println!("cargo::rustc-link-search={}", std::env::var("CARGO_MANIFEST_DIR").unwrap_or_default());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    // QEMU loads the image at the addresses it names; nothing needs whole pages of the builder's machine.
    println!("cargo::rustc-link-arg-bins=--nmagic");
}
