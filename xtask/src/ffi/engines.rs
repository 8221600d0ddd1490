//! Real engines with keyviz inside, built and run against what is installed.

use std::fs;

use super::library::tool;
use super::programs::try_out;
use super::{install, output};
use crate::checkout::Checkout;
use crate::process;

/// Each checks itself: that the hot range it made is the hot range it sees, in its own page, too.
pub fn run(checkout: &Checkout) -> Result<(), String> {
    let into = output(checkout).join("engines");
    fs::create_dir_all(&into).map_err(|error| format!("{}: {error}", into.display()))?;
    let prefix = install::for_tests(checkout)?;
    for (compiler, standard, source, engine) in [
        ("g++", "-std=c++17", "examples/rocksdb/main.cpp", "-lrocksdb"),
        ("gcc", "-std=c11", "examples/lmdb/main.c", "-llmdb"),
    ] {
        let made = into.join(engine.trim_start_matches("-l"));
        let mut build = tool(compiler);
        build.args([
            standard,
            "-O2",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-pthread",
            "-D_POSIX_C_SOURCE=200809L",
            "-I",
        ]);
        build.arg(prefix.join("include")).arg(checkout.root().join(source)).arg("-o").arg(&made);
        build.arg("-L").arg(prefix.join("lib")).args(["-lkeyviz", engine]);
        build.arg(format!("-Wl,-rpath,{}", prefix.join("lib").display()));
        process::run(&mut build)?;
        let data = into.join(format!("{}-data", engine.trim_start_matches("-l")));
        let _ = fs::remove_dir_all(&data);
        fs::create_dir_all(&data).map_err(|error| format!("{}: {error}", data.display()))?;
        try_out(&made, &[&data.to_string_lossy()])?;
        let _ = fs::remove_dir_all(&data);
    }
    Ok(())
}
