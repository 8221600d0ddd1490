//! `cargo xtask no-std`: the core without an operating system and without an allocator.
//!
//! The core is built for each bare machine, with Debian's compiler and the source of its core library, since
//! rustup's targets are not on every machine. Firmware then runs in QEMU, and must print what the same program
//! prints on the host. Output goes to a folder of its own: another compiler, other flags.

mod elf;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::checkout::{self, Checkout};
use crate::process;
use crate::setup;
use crate::tools::Tool;

/// What this cannot do without.
pub const NEEDS: &[Tool] = &[Tool::BareRustc, Tool::BareCargo, Tool::BareSource, Tool::QemuArm];

/// The crate in `examples/bare-metal`.
const PACKAGE: &str = "keyviz-bare-cortex-m";

/// A machine that firmware is for.
struct Machine {
    target: &'static str,
    /// QEMU's name for it.
    board: &'static str,
}

const MACHINES: [Machine; 2] = [
    Machine { target: "thumbv6m-none-eabi", board: "microbit" },
    Machine { target: "thumbv7em-none-eabihf", board: "mps2-an386" },
];

/// A target that the core alone is built for.
const CORE_TARGET: &str = "riscv32imac-unknown-none-elf";

/// Seconds that a firmware may take; it takes less than one.
const RUN_SECONDS: &str = "60";

/// Runs all of it; sets up first what is missing and says where that cannot be done.
pub fn run(checkout: &Checkout) -> ExitCode {
    if NEEDS.iter().any(|tool| !tool.is_present()) {
        for line in setup::tools() {
            println!("{line}");
        }
    }
    let missing: Vec<&str> = NEEDS.iter().filter(|tool| !tool.is_present()).map(|tool| tool.name()).collect();
    if !missing.is_empty() {
        println!("skipped: missing: {}", missing.join(", "));
        return if checkout::in_ci() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    match rungs(checkout).and_then(|()| firmware(checkout)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// The core on each feature rung, on the host, and what the lowest depends on.
fn rungs(checkout: &Checkout) -> Result<(), String> {
    for features in [&["--no-default-features"][..], &["--no-default-features", "--features", "alloc"], &[]] {
        let mut command = process::cargo(checkout, "build");
        process::run(command.args(["--locked", "--package", "keyviz-core"]).args(features))?;
    }
    let mut command = process::cargo(checkout, "tree");
    command.args(["--locked", "--package", "keyviz-core", "--edges", "normal", "--no-default-features"]);
    let tree = process::output(&mut command)?;
    println!("{tree}{} lines", tree.lines().count());
    Ok(())
}

/// The core for every bare target, and the firmware at work.
pub fn firmware(checkout: &Checkout) -> Result<(), String> {
    let linker = linker()?;
    process::run(bare_cargo(checkout, CORE_TARGET, &linker).args(["--package", "keyviz-core"]))?;
    println!("the core builds for {CORE_TARGET}");
    for machine in &MACHINES {
        process::run(bare_cargo(checkout, machine.target, &linker).args(["--package", PACKAGE]))?;
    }
    let expected = on_host(checkout)?;
    for machine in &MACHINES {
        let image = target(checkout).join(machine.target).join("release").join(PACKAGE);
        let (printed, stack) = in_qemu(machine, &image)?;
        compare(machine, &expected, &printed)?;
        let sizes = elf::sizes(&image)?;
        println!(
            "{} in QEMU's {}: {} lines as on the host; code {} bytes, RAM {} bytes static and {stack} of stack",
            machine.target,
            machine.board,
            printed.len(),
            sizes.code,
            sizes.data + sizes.zeros,
        );
    }
    Ok(())
}

fn folder(checkout: &Checkout) -> PathBuf {
    checkout.root().join("examples/bare-metal")
}

fn target(checkout: &Checkout) -> PathBuf {
    checkout.target().join("bare-metal")
}

/// A build with Debian's cargo, whatever toolchain runs us.
fn bare_cargo(checkout: &Checkout, bare_target: &str, linker: &Path) -> Command {
    let mut command = process::program("/usr/bin/cargo", &folder(checkout));
    for name in ["RUSTUP_TOOLCHAIN", "RUSTC", "RUSTC_WRAPPER", "CARGO", "LD_LIBRARY_PATH", "CARGO_ENCODED_RUSTFLAGS"] {
        command.env_remove(name);
    }
    command.env("PATH", "/usr/bin:/bin").env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", target(checkout));
    command.env("RUSTFLAGS", format!("-C linker={} -C linker-flavor=ld.lld", linker.display()));
    command.args(["build", "--locked", "--release", "-Zbuild-std=core", "--target", bare_target]);
    command
}

/// The linker of the toolchain that runs us: Debian's comes without one for these machines.
fn linker() -> Result<PathBuf, String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = process::output(Command::new(&rustc).args(["--print", "sysroot"]))?;
    let about = process::output(Command::new(&rustc).arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("`rustc -vV` names no host")?;
    let linker = Path::new(sysroot.trim()).join("lib/rustlib").join(host).join("bin/rust-lld");
    if linker.is_file() { Ok(linker) } else { Err(format!("no linker: {} is not there", linker.display())) }
}

/// What the program prints on the host, with cells as wide as the firmware's.
fn on_host(checkout: &Checkout) -> Result<Vec<String>, String> {
    let mut command = process::cargo(checkout, "run");
    command.current_dir(folder(checkout));
    command.env("RUSTFLAGS", "--cfg keyviz_u32_cells").env("CARGO_TARGET_DIR", target(checkout).join("host"));
    let printed = process::output(command.args(["--quiet", "--locked", "--package", "keyviz-bare-host"]))?;
    Ok(printed.lines().map(str::to_owned).collect())
}

/// What the firmware prints, and the stack that it says it used.
fn in_qemu(machine: &Machine, image: &Path) -> Result<(Vec<String>, String), String> {
    let mut command = Command::new("timeout");
    command.args([RUN_SECONDS, "qemu-system-arm", "-M", machine.board, "-nographic", "-monitor", "none"]);
    command.args(["-serial", "none", "-semihosting-config", "enable=on,target=native", "-kernel"]);
    let printed = process::output(command.arg(image))?;
    let mut lines: Vec<String> = printed.lines().map(str::to_owned).collect();
    let last = lines.pop().unwrap_or_default();
    match last.strip_prefix("stack ") {
        Some(stack) => Ok((lines, stack.to_owned())),
        None => Err(format!("{}: the last line is `{last}`, not the stack's size", machine.target)),
    }
}

fn compare(machine: &Machine, expected: &[String], printed: &[String]) -> Result<(), String> {
    let pairs = expected.iter().zip(printed).enumerate();
    if let Some((at, (host, bare))) = pairs.into_iter().find(|(_, (host, bare))| host != bare) {
        return Err(format!("{}: line {} is `{bare}`, and `{host}` on the host", machine.target, at + 1));
    }
    if expected.len() != printed.len() || expected.is_empty() {
        return Err(format!("{}: {} lines, and {} on the host", machine.target, printed.len(), expected.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named() {
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let machine = &MACHINES[0];
        assert_eq!(compare(machine, &lines("a\nb"), &lines("a\nb")), Ok(()));
        assert!(compare(machine, &lines("a\nb"), &lines("a\nc")).unwrap_err().contains("line 2 is `c`"));
        assert!(compare(machine, &lines("a\nb"), &lines("a")).unwrap_err().contains("1 lines, and 2"));
        assert!(compare(machine, &[], &[]).is_err());
    }
}
