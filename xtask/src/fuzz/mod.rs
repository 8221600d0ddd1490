//! `cargo xtask fuzz`: coverage-guided fuzzing of everything that `keyviz-trace` parses, and of the snapshots and
//! answers that `keyviz-core` reads.
//!
//! The targets are in the folders `fuzz` of both, laid out as cargo-fuzz has it. cargo-fuzz itself is not needed: what it adds
//! are the compiler flags below and the folders. Without its address sanitizer, which is there for unsafe code and needs
//! a nightly toolchain, the toolchain that builds everything else builds this.

mod seeds;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::checkout::Checkout;
use crate::process;
use crate::tools::Tool;

/// One target: its file in `fuzz_targets`, and how a sample has to begin to be a seed of it.
pub struct Target {
    /// The name of its file and binary.
    pub name: &'static str,
    /// What it shows, in a line.
    pub about: &'static str,
    /// The workspace that it is in.
    folder: &'static str,
    seeds: fn(&Path) -> std::io::Result<Vec<Vec<u8>>>,
}

const TRACE: &str = "adapters/trace/fuzz";
const CORE: &str = "keyviz-core/fuzz";

/// The workspaces of the targets.
pub const FOLDERS: [&str; 2] = [TRACE, CORE];

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "detected", about: "any bytes, the format found by content", folder: TRACE, seeds: seeds::detected },
    Target { name: "forced", about: "any bytes, each format forced", folder: TRACE, seeds: seeds::forced },
    Target { name: "columns", about: "any map of columns on any rows", folder: TRACE, seeds: seeds::columns },
    Target { name: "packed", about: "gzip and zstd, good, damaged, cut", folder: TRACE, seeds: seeds::packed },
    Target {
        name: "growing",
        about: "a growing file gives what it gives at rest",
        folder: TRACE,
        seeds: seeds::growing,
    },
    Target { name: "answer", about: "answers of other nodes", folder: CORE, seeds: seeds::answer },
    Target {
        name: "snapshot",
        about: "snapshots with and without checksums that hold",
        folder: CORE,
        seeds: seeds::snapshot,
    },
];

/// What cargo-fuzz passes: counters at every edge, and comparisons, so that libFuzzer sees what an input reached.
const RUSTFLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0 --cfg=fuzzing";

/// Longest input: some lines of every format.
const MOST_BYTES: u32 = 4096;

/// Most memory of a target, with what zstd may ask for; and the longest that one input may take.
const MEMORY_MIB: u32 = 1024;
const INPUT_SECONDS: u32 = 10;

/// Runs the target of this name, or all, so many seconds each.
pub fn run(checkout: &Checkout, only: Option<&str>, seconds: u32) -> ExitCode {
    let chosen: Vec<&Target> = TARGETS.iter().filter(|target| only.is_none_or(|name| target.name == name)).collect();
    if chosen.is_empty() {
        eprintln!("there is no target `{}`; there are:", only.unwrap_or_default());
        for target in TARGETS {
            eprintln!("  {:<10} {}", target.name, target.about);
        }
        return ExitCode::from(2);
    }
    if !Tool::Cxx.is_present() {
        eprintln!("missing: {}; {}", Tool::Cxx.name(), Tool::Cxx.advice());
        return ExitCode::FAILURE;
    }
    match fuzz(checkout, &chosen, seconds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Builds and runs the targets one after the other; the first that fails ends it.
pub fn fuzz(checkout: &Checkout, targets: &[&Target], seconds: u32) -> Result<(), String> {
    let folder = checkout.target().join("fuzz");
    let triple = host_triple()?;
    for workspace in FOLDERS {
        let of_it: Vec<&Target> = targets.iter().filter(|target| target.folder == workspace).copied().collect();
        if !of_it.is_empty() {
            build(checkout, &folder, workspace, &triple, &of_it)?;
        }
    }
    for target in targets {
        one(checkout, &folder, &folder.join(&triple).join("release"), target, seconds)?;
    }
    Ok(())
}

fn build(checkout: &Checkout, folder: &Path, workspace: &str, triple: &str, targets: &[&Target]) -> Result<(), String> {
    // Named for the host, so that build scripts and macros are built without the flags.
    let mut build = process::cargo(checkout, "build");
    build.args(["--locked", "--release", "--manifest-path", &format!("{workspace}/Cargo.toml"), "--target", triple]);
    build.env("CARGO_TARGET_DIR", folder).env("RUSTFLAGS", RUSTFLAGS).env_remove("CARGO_ENCODED_RUSTFLAGS");
    for target in targets {
        build.args(["--bin", target.name]);
    }
    process::run(&mut build)
}

fn one(checkout: &Checkout, folder: &Path, binaries: &Path, target: &Target, seconds: u32) -> Result<(), String> {
    let (corpus, seeds) = (folder.join("corpus").join(target.name), folder.join("seeds").join(target.name));
    let found = folder.join("found").join(target.name);
    let failed = |error: std::io::Error| format!("{}: {error}", seeds.display());
    for folder in [&corpus, &seeds, &found] {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    for (number, bytes) in
        (target.seeds)(&checkout.root().join(target.folder).join("../tests")).map_err(failed)?.iter().enumerate()
    {
        fs::write(seeds.join(number.to_string()), bytes).map_err(failed)?;
    }
    let mut run = process::program(binaries.join(target.name), checkout.root());
    run.arg(format!("-max_total_time={seconds}"))
        .arg(format!("-max_len={MOST_BYTES}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB}"))
        .arg(format!("-timeout={INPUT_SECONDS}"))
        .arg(format!("-artifact_prefix={}/", found.display()))
        .args(["-verbosity=0", "-print_final_stats=1", "-print_funcs=0"])
        .args([&corpus, &seeds]);
    process::run(&mut run).map_err(|problem| {
        format!(
            "{}: {problem}; the input is in {}, and runs again with its path as the only argument",
            target.name,
            found.display()
        )
    })
}

/// The target that the toolchain builds for.
fn host_triple() -> Result<String, String> {
    let version = process::output(process::program("rustc", &PathBuf::from(".")).arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned);
    host.ok_or_else(|| "rustc does not say which host it is for".to_owned())
}
