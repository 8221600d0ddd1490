//! Programs in C and C++ that use the library as a host does: built against what is installed, by gcc and clang, with every
//! warning an error.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::library::{self, SYSTEM_LIBRARIES, tool};
use super::{folder, install, output};
use crate::checkout::Checkout;
use crate::process;

/// Warnings, all of them errors.
const STRICT: [&str; 5] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"];

/// Seconds that a program may take.
const RUN_SECONDS: &str = "180";

/// What a program is linked with.
#[derive(Clone, Copy)]
enum Linked {
    Shared,
    Static,
}

/// A program to be made.
struct Program<'a> {
    compiler: &'a str,
    source: &'a Path,
    linked: Linked,
    flags: &'a [&'a str],
}

/// What is installed, and where programs go.
struct Bench {
    prefix: PathBuf,
    into: PathBuf,
}

impl Bench {
    fn new(checkout: &Checkout) -> Result<Bench, String> {
        let into = output(checkout).join("programs");
        fs::create_dir_all(&into).map_err(|error| format!("{}: {error}", into.display()))?;
        Ok(Bench { prefix: install::for_tests(checkout)?, into })
    }

    fn make(&self, program: &Program<'_>) -> Result<PathBuf, String> {
        let stem = program.source.file_stem().unwrap_or_default().to_string_lossy();
        let kind = if matches!(program.linked, Linked::Static) { "static" } else { "shared" };
        let made = self.into.join(format!("{stem}-{}-{kind}{}", program.compiler, program.flags.concat()));
        let is_cpp = program.source.extension().is_some_and(|ending| ending == "cpp");
        let mut command = tool(program.compiler);
        command.args(STRICT).arg(if is_cpp { "-std=c++17" } else { "-std=c11" }).args(program.flags);
        command.arg("-I").arg(self.prefix.join("include")).arg(program.source).arg("-o").arg(&made);
        match program.linked {
            Linked::Shared => {
                command.arg("-L").arg(self.prefix.join("lib")).arg("-lkeyviz").arg("-pthread");
                command.arg(format!("-Wl,-rpath,{}", self.prefix.join("lib").display()));
            }
            Linked::Static => {
                command.arg(self.prefix.join("lib/libkeyviz.a")).args(SYSTEM_LIBRARIES).arg("-Wl,--gc-sections");
            }
        }
        process::run(&mut command).map(|()| made)
    }
}

/// Runs a program under a limit of time.
pub fn try_out(program: &Path, arguments: &[&str]) -> Result<(), String> {
    process::run(tool("timeout").arg(RUN_SECONDS).arg(program).args(arguments))
}

/// As [`try_out`], with what the sanitizers are told.
fn sanitized(bench: &Bench, program: &Path, arguments: &[&str]) -> Command {
    let mut command = tool("timeout");
    // The library is not instrumented: what keeps its threads apart is not seen, so races are looked for outside of it.
    let told = format!("suppressions={}", bench.into.join("tsan.txt").display());
    command.env("TSAN_OPTIONS", told).arg(RUN_SECONDS).arg(program).args(arguments);
    command
}

fn sources(checkout: &Checkout) -> PathBuf {
    folder(checkout).join("tests/c")
}

/// The compilers of C and C++.
const COMPILERS: [(&str, &str); 2] = [("gcc", "g++"), ("clang", "clang++")];

/// The contract of the header, from C11 and C++17, with either library; threads; sequences of calls; beside another
/// Rust library; loaded and let go.
pub fn programs(checkout: &Checkout) -> Result<(), String> {
    let (bench, sources) = (Bench::new(checkout)?, sources(checkout));
    for (c, cpp) in COMPILERS {
        for linked in [Linked::Shared, Linked::Static] {
            for (compiler, name, arguments) in [
                (c, "contract.c", &[][..]),
                (cpp, "contract.cpp", &[]),
                (c, "nodes.c", &[]),
                (c, "threads.c", &[]),
                (c, "sequences.c", &["1", "2000"]),
            ] {
                let source = sources.join(name);
                let made = bench.make(&Program { compiler, source: &source, linked, flags: &[] })?;
                try_out(&made, arguments)?;
            }
        }
    }
    let source = sources.join("limits.c");
    let made = bench.make(&Program { compiler: "gcc", source: &source, linked: Linked::Shared, flags: &[] })?;
    let data = bench.into.join("limits-data");
    let _ = fs::remove_dir_all(&data);
    fs::create_dir_all(&data).map_err(|error| format!("{}: {error}", data.display()))?;
    try_out(&made, &[&data.to_string_lossy()])?;
    let source = sources.join("memory.c");
    let flags = &["-D_POSIX_C_SOURCE=200809L"][..];
    try_out(&bench.make(&Program { compiler: "gcc", source: &source, linked: Linked::Shared, flags })?, &[])?;
    unloaded(&bench, &sources)?;
    let library = bench.prefix.join("lib/libkeyviz.so");
    let source = sources.join("copies.c");
    let made = bench.make(&Program { compiler: "gcc", source: &source, linked: Linked::Static, flags: &[] })?;
    try_out(&made, &[&library.to_string_lossy()])?;
    beside_another(&bench, &sources)?;
    by_build_tools(checkout, &bench, &sources)
}

/// The archive in one program with another Rust archive: each has its own standard library, panic hook and allocator.
fn beside_another(bench: &Bench, sources: &Path) -> Result<(), String> {
    let other = bench.into.join("libother.a");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut build = Command::new(rustc);
    build
        .args(["--edition", "2024", "--crate-type", "staticlib", "-O", "-o"])
        .arg(&other)
        .arg(sources.join("other.rs"));
    process::run(&mut build)?;
    let made = bench.into.join("beside");
    let mut link = tool("gcc");
    link.args(STRICT).arg("-std=c11").arg("-I").arg(bench.prefix.join("include")).arg(sources.join("beside.c"));
    link.arg("-o").arg(&made).arg(bench.prefix.join("lib/libkeyviz.a")).arg(&other).args(SYSTEM_LIBRARIES);
    process::run(&mut link)?;
    try_out(&made, &[])
}

/// Words as a shell would take them, where a backslash keeps what follows it.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (letter, words.last_mut()) {
            ('\\', Some(word)) => word.extend(letters.next()),
            (' ' | '\n', _) => words.push(String::new()),
            (letter, Some(word)) => word.push(letter),
            _ => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What pkg-config says of what is installed under a prefix.
fn pkg_config(prefix: &Path, asked: &[&str]) -> Result<Vec<String>, String> {
    let paths = prefix.join("lib/pkgconfig");
    process::output(tool("pkg-config").env("PKG_CONFIG_PATH", paths).args(asked).arg("keyviz")).map(|line| words(&line))
}

/// Whether a program or library asks for the shared library.
fn needs_shared(made: &Path) -> Result<bool, String> {
    Ok(process::output(tool("readelf").arg("--dynamic").arg(made))?.contains("libkeyviz.so"))
}

fn expect_shared(made: &Path, shared: bool) -> Result<(), String> {
    match needs_shared(made)? == shared {
        true => Ok(()),
        false => Err(format!("{}: linked with the wrong library of the two", made.display())),
    }
}

/// A folder with the archive and without the shared library, which a linker would take first.
fn archive_alone(bench: &Bench) -> Result<PathBuf, String> {
    let alone = bench.into.join("archive alone");
    let copied = fs::create_dir_all(&alone)
        .and_then(|()| fs::copy(bench.prefix.join("lib/libkeyviz.a"), alone.join("libkeyviz.a")));
    copied.map(|_| alone.clone()).map_err(|error| format!("{}: {error}", alone.display()))
}

/// A program built by pkg-config's word, and with what it says an archive needs besides; and by CMake's, with either
/// library. In a prefix with a space, installed twice.
fn by_build_tools(checkout: &Checkout, bench: &Bench, sources: &Path) -> Result<(), String> {
    let prefix = bench.into.join("a prefix");
    for _ in 0..2 {
        install::install(checkout, &prefix)?;
    }
    let archive = format!("--define-variable=libdir={}", archive_alone(bench)?.display());
    for (asked, shared) in [(&["--cflags", "--libs"][..], true), (&["--cflags", "--libs", "--static", &archive], false)]
    {
        let made = bench.into.join(format!("by-pkg-config-{shared}"));
        let mut build = tool("gcc");
        build.args(STRICT).arg("-std=c11").arg(sources.join("contract.c")).arg("-o").arg(&made);
        build.args(pkg_config(&prefix, asked)?);
        build.arg("-pthread").arg(format!("-Wl,-rpath,{}", prefix.join("lib").display()));
        process::run(&mut build)?;
        expect_shared(&made, shared)?;
        try_out(&made, &[])?;
    }
    let into = bench.into.join("by-cmake");
    let _ = fs::remove_dir_all(&into);
    let mut configure = tool("cmake");
    configure.arg("-S").arg(sources.join("cmake")).arg("-B").arg(&into);
    process::run(configure.arg(format!("-DCMAKE_PREFIX_PATH={}", prefix.display())))?;
    process::run(tool("cmake").arg("--build").arg(&into))?;
    for (program, shared) in [("with_shared", true), ("with_static", false)] {
        expect_shared(&into.join(program), shared)?;
        try_out(&into.join(program), &[])?;
    }
    try_out(&into.join("unload"), &[&into.join("libplugin.so").to_string_lossy()])
}

/// Loaded and let go: the shared library, and the archive in a plugin that is linked by pkg-config's word.
fn unloaded(bench: &Bench, sources: &Path) -> Result<(), String> {
    let (source, flags) = (sources.join("unload.c"), &["-Wl,--as-needed"][..]);
    let made = bench.make(&Program { compiler: "gcc", source: &source, linked: Linked::Shared, flags })?;
    try_out(&made, &[&bench.prefix.join("lib/libkeyviz.so").to_string_lossy()])?;
    let plugin = bench.into.join("plugin.so");
    let archive = format!("--define-variable=libdir={}", archive_alone(bench)?.display());
    let mut link = tool("gcc");
    link.args(["-shared", "-Wl,-u,keyviz_open", "-o"]).arg(&plugin);
    process::run(link.args(pkg_config(&bench.prefix, &["--libs", "--static", &archive])?))?;
    expect_shared(&plugin, false)?;
    try_out(&made, &[&plugin.to_string_lossy()])
}

/// The checks of `guest.c`.
const PROMISES: [&str; 10] = [
    "sigpipe",
    "starts",
    "given_back",
    "forks",
    "lives_on",
    "let_go",
    "let_go_at_any_moment",
    "snapshots",
    "crowd",
    "settings",
];

/// What a host promises itself of a guest, a promise at a time.
pub fn good_guest(checkout: &Checkout) -> Result<(), String> {
    let (bench, source) = (Bench::new(checkout)?, sources(checkout).join("guest.c"));
    for linked in [Linked::Shared, Linked::Static] {
        let made = bench.make(&Program { compiler: "gcc", source: &source, linked, flags: &[] })?;
        for promise in PROMISES {
            try_out(&made, &[promise])?;
        }
    }
    let faulty = library::make_with(checkout, &["--features", "fault"], "faulty")?;
    let made = bench.into.join("guest-fault");
    let mut build = tool("gcc");
    build.args(STRICT).arg("-std=c11").arg("-I").arg(bench.prefix.join("include")).arg(&source).arg("-o").arg(&made);
    process::run(build.arg(&faulty.archive).args(SYSTEM_LIBRARIES))?;
    try_out(&made, &["fault"])
}

/// What the sanitizers are asked for.
const SANITIZERS: [&[&str]; 2] =
    [&["-fsanitize=address,undefined", "-fno-sanitize-recover=all"], &["-fsanitize=thread"]];

/// The contract, the threads and the sequences under valgrind and the sanitizers: nothing is read that is not there,
/// nothing leaks. And what was planted is found by each.
pub fn analysed(checkout: &Checkout) -> Result<(), String> {
    let (bench, sources) = (Bench::new(checkout)?, sources(checkout));
    fs::write(bench.into.join("tsan.txt"), "race:libkeyviz.so\n").map_err(|error| error.to_string())?;
    let make = |name: &str, flags| {
        bench.make(&Program { compiler: "gcc", source: &sources.join(name), linked: Linked::Shared, flags })
    };
    let analysed = [("contract.c", &[][..]), ("nodes.c", &[]), ("threads.c", &[]), ("sequences.c", &["7", "300"])];
    for (name, arguments) in analysed {
        for flags in SANITIZERS {
            process::run(&mut sanitized(&bench, &make(name, flags)?, arguments))?;
        }
        // It runs one thread at a time, fifty times slower: fewer operations, and it sees into the library.
        let arguments = if name == "threads.c" { &["200"] } else { arguments };
        process::run(valgrind(&make(name, &[])?).args(arguments))?;
    }
    let [address, thread] = SANITIZERS;
    for (fault, flags) in [("race", thread), ("leak", address), ("overrun", address)] {
        found(&mut sanitized(&bench, &make("planted.c", flags)?, &[fault]), fault)?;
    }
    for fault in ["leak", "overrun"] {
        found(valgrind(&make("planted.c", &[])?).arg(fault), fault)?;
    }
    Ok(())
}

fn valgrind(program: &Path) -> Command {
    let mut command = tool("timeout");
    command.args([RUN_SECONDS, "valgrind", "--quiet", "--error-exitcode=9", "--leak-check=full"]);
    command.arg("--errors-for-leak-kinds=definite,indirect").arg(program);
    command
}

/// A planted fault has to end the program with an error.
fn found(command: &mut Command, fault: &str) -> Result<(), String> {
    if process::succeeds(command) { Err(format!("the planted {fault} was not found")) } else { Ok(()) }
}

/// The README's first program, with nothing but what is installed, in a folder of its own.
pub fn first_use(checkout: &Checkout) -> Result<(), String> {
    let bench = Bench::new(checkout)?;
    let readme = fs::read_to_string(checkout.root().join("README.md")).map_err(|error| error.to_string())?;
    let program = block(&readme, "```c\n").ok_or("README.md has no program in C")?;
    let lines = program.lines().filter(|line| !line.trim().is_empty()).count();
    if lines > 15 {
        return Err(format!("README.md: the program in C has {lines} lines; 15 are promised"));
    }
    let clean = bench.into.join("clean");
    let _ = fs::remove_dir_all(&clean);
    fs::create_dir_all(&clean).map_err(|error| error.to_string())?;
    // Somebody may look at the real one.
    let port = free_port()?;
    let program = program.replace("8765", &port.to_string());
    fs::write(clean.join("engine.c"), program).map_err(|error| error.to_string())?;
    let mut build = process::program("cc", &clean);
    build.args(["engine.c", "-o", "engine"]).args(pkg_config(&bench.prefix, &["--cflags", "--libs"])?);
    process::run(build.arg(format!("-Wl,-rpath,{}", bench.prefix.join("lib").display())))?;
    picture_of(&clean.join("engine"), port)
}

/// Starts the README's program and waits until its page shows what was written.
fn picture_of(engine: &Path, port: u16) -> Result<(), String> {
    use std::io::{Read as _, Write as _};
    use std::time::{Duration, Instant};
    let mut running = Command::new(engine).spawn().map_err(|error| format!("{}: {error}", engine.display()))?;
    let look = || -> std::io::Result<String> {
        let mut page = std::net::TcpStream::connect(("127.0.0.1", port))?;
        page.set_read_timeout(Some(Duration::from_secs(5)))?;
        page.write_all(b"GET /admin/api/v1/keyviz/matrix?axis=range&open=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        page.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let begun = Instant::now();
    let mut seen = false;
    while !seen && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(200));
        seen = look().is_ok_and(|answer| answer.contains("\"bucket_id\":\"range:") && has_counts(&answer));
    }
    let _ = running.kill();
    let _ = running.wait();
    if seen { Ok(()) } else { Err("the README's program showed no heatmap within 30 seconds".to_owned()) }
}

/// Whether the first cell of some row is not zero.
fn has_counts(answer: &str) -> bool {
    answer.split("\"values\":[").skip(1).any(|values| values.starts_with(|digit: char| ('1'..='9').contains(&digit)))
}

fn free_port() -> Result<u16, String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}

/// The first block of a document that begins so.
fn block<'a>(document: &'a str, begins: &str) -> Option<&'a str> {
    let (_, from) = document.split_once(begins)?;
    from.split_once("```").map(|(block, _)| block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_with_spaces() {
        assert_eq!(words("-I/a\\ b/c  -lkeyviz\n"), ["-I/a b/c", "-lkeyviz"]);
    }

    #[test]
    fn the_first_block_of_a_language() {
        assert_eq!(block("a\n```sh\nls\n```\n```c\nint x;\n```\n", "```c\n"), Some("int x;\n"));
        assert_eq!(block("a", "```c\n"), None);
        assert!(has_counts("\"values\":[0,3]}, \"values\":[12]") && !has_counts("\"values\":[0,3]"));
    }
}
