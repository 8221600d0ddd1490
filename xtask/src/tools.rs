//! The programs that the tests need beside cargo, and how each is had.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;

/// Something that has to be on the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `cargo fmt`.
    Rustfmt,
    /// `cargo clippy`.
    Clippy,
    /// Node.js, for the page's checks and tests.
    Node,
    /// npm, which comes with Node.js nearly everywhere.
    Npm,
    /// The browser that the page is tested in.
    Chromium,
    /// A font: without one, headless Chromium draws no text.
    Fonts,
    /// The server that `keyviz redis` watches in its tests, and whose traffic `keyviz replay` is tested with.
    RedisServer,
    /// Makes the certificates that TLS is tested with.
    OpenSsl,
    /// The terminal that `keyviz top` is typed into and read from.
    Tmux,
    /// Debian's compiler, for the bare machines that rustup's has no library for.
    BareRustc,
    /// Its cargo.
    BareCargo,
    /// The source of its core library.
    BareSource,
    /// The machines that firmware runs on.
    QemuArm,
    /// The program that writes the RocksDB traces that the readers are tested with.
    DbBench,
    /// The compiler of libFuzzer, with which the trace readers are fuzzed.
    Cxx,
    /// The compiler of the C library's programs, with the sanitizers; and its linker and archiver.
    Gcc,
    /// The second compiler of these programs.
    Clang,
    /// Looks on while they run.
    Valgrind,
    /// Builds one of them as a host's build would.
    Cmake,
    /// Tells how the installed library is linked.
    PkgConfig,
    /// The engine of `examples/rocksdb`.
    RocksDb,
    /// The engine of `examples/lmdb`.
    Lmdb,
}

/// The oldest Node.js that runs the page's tests.
const NODE_MAJOR: u32 = 20;

impl Tool {
    /// All of them, in the order in which they are set up.
    pub const ALL: [Tool; 22] = [
        Tool::Rustfmt,
        Tool::Clippy,
        Tool::Node,
        Tool::Npm,
        Tool::Chromium,
        Tool::Fonts,
        Tool::RedisServer,
        Tool::OpenSsl,
        Tool::Tmux,
        Tool::DbBench,
        Tool::BareRustc,
        Tool::BareCargo,
        Tool::BareSource,
        Tool::QemuArm,
        Tool::Cxx,
        Tool::Gcc,
        Tool::Clang,
        Tool::Valgrind,
        Tool::Cmake,
        Tool::PkgConfig,
        Tool::RocksDb,
        Tool::Lmdb,
    ];

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Rustfmt => "rustfmt",
            Tool::Clippy => "clippy",
            Tool::Node => "Node.js 20 or newer",
            Tool::Npm => "npm",
            Tool::Chromium => "chromium",
            Tool::Fonts => "a font (DejaVu Sans)",
            Tool::RedisServer => "redis-server",
            Tool::OpenSsl => "openssl",
            Tool::Tmux => "tmux",
            Tool::DbBench => "db_bench",
            Tool::BareRustc => "/usr/bin/rustc (Debian's rustc-web)",
            Tool::BareCargo => "/usr/bin/cargo (Debian's cargo-web)",
            Tool::BareSource => "Debian's rust-web-src",
            Tool::QemuArm => "qemu-system-arm",
            Tool::Cxx => "a C++ compiler",
            Tool::Gcc => "gcc and g++",
            Tool::Clang => "clang",
            Tool::Valgrind => "valgrind",
            Tool::Cmake => "cmake",
            Tool::PkgConfig => "pkg-config",
            Tool::RocksDb => "RocksDB's headers",
            Tool::Lmdb => "LMDB's headers",
        }
    }

    /// The Debian package that brings it; the toolchain's own parts come from rustup.
    pub fn debian_package(self) -> Option<&'static str> {
        match self {
            Tool::Rustfmt | Tool::Clippy => None,
            Tool::Node => Some("nodejs"),
            Tool::Npm => Some("npm"),
            Tool::Chromium => Some("chromium"),
            Tool::Fonts => Some("fonts-dejavu-core"),
            Tool::RedisServer => Some("redis-server"),
            Tool::OpenSsl => Some("openssl"),
            Tool::Tmux => Some("tmux"),
            Tool::DbBench => Some("rocksdb-tools"),
            Tool::BareRustc => Some("rustc-web"),
            Tool::BareCargo => Some("cargo-web"),
            Tool::BareSource => Some("rust-web-src"),
            Tool::QemuArm => Some("qemu-system-arm"),
            Tool::Cxx | Tool::Gcc => Some("g++"),
            Tool::Clang => Some("clang"),
            Tool::Valgrind => Some("valgrind"),
            Tool::Cmake => Some("cmake"),
            Tool::PkgConfig => Some("pkg-config"),
            Tool::RocksDb => Some("librocksdb-dev"),
            Tool::Lmdb => Some("liblmdb-dev"),
        }
    }

    /// What a person does who is not root on Debian.
    pub fn advice(self) -> &'static str {
        match self {
            Tool::Rustfmt => "rustup component add rustfmt",
            Tool::Clippy => "rustup component add clippy",
            Tool::Node => "install Node.js 20 or newer (https://nodejs.org/en/download)",
            Tool::Npm => "install npm (it comes with Node.js)",
            Tool::Chromium => "install Chromium, or name the program in KEYVIZ_CHROMIUM",
            Tool::Fonts => "install a font, DejaVu Sans for one",
            Tool::RedisServer => "install redis-server",
            Tool::OpenSsl => "install openssl",
            Tool::Tmux => "install tmux",
            Tool::DbBench => "install db_bench, RocksDB's benchmark (Debian: rocksdb-tools)",
            Tool::BareRustc | Tool::BareCargo | Tool::BareSource => "on Debian: rustc-web, cargo-web and rust-web-src",
            Tool::QemuArm => "install QEMU for Arm (Debian: qemu-system-arm)",
            Tool::Cxx => "install g++ or clang++, or name the compiler in CXX",
            Tool::Gcc => "install gcc and g++, with the sanitizers' libraries",
            Tool::Clang => "install clang",
            Tool::Valgrind => "install valgrind",
            Tool::Cmake => "install CMake",
            Tool::PkgConfig => "install pkg-config",
            Tool::RocksDb => "install RocksDB with its headers (Debian: librocksdb-dev)",
            Tool::Lmdb => "install LMDB with its headers (Debian: liblmdb-dev)",
        }
    }

    /// Whether it is there and new enough.
    pub fn is_present(self) -> bool {
        match self {
            Tool::Rustfmt => process::succeeds(Command::new("cargo").args(["fmt", "--version"])),
            Tool::Clippy => process::succeeds(Command::new("cargo").args(["clippy", "--version"])),
            Tool::Node => node_major().is_some_and(|major| major >= NODE_MAJOR),
            Tool::Npm => on_path("npm").is_some(),
            Tool::Chromium => chromium().is_some(),
            Tool::Fonts => has_font(),
            Tool::RedisServer => on_path("redis-server").is_some(),
            Tool::OpenSsl => on_path("openssl").is_some(),
            Tool::Tmux => on_path("tmux").is_some(),
            Tool::DbBench => on_path("db_bench").is_some(),
            Tool::BareRustc => Path::new("/usr/bin/rustc").is_file(),
            Tool::BareCargo => Path::new("/usr/bin/cargo").is_file(),
            Tool::BareSource => Path::new("/usr/lib/rustlib/src/rust/library/core/src/lib.rs").is_file(),
            Tool::QemuArm => on_path("qemu-system-arm").is_some(),
            Tool::Cxx => env::var_os("CXX").is_some() || on_path("c++").is_some(),
            Tool::Gcc => on_path("gcc").is_some() && on_path("g++").is_some(),
            Tool::Clang => on_path("clang").is_some() && on_path("clang++").is_some(),
            Tool::Valgrind => on_path("valgrind").is_some(),
            Tool::Cmake => on_path("cmake").is_some(),
            Tool::PkgConfig => on_path("pkg-config").is_some(),
            Tool::RocksDb => Path::new("/usr/include/rocksdb/db.h").is_file(),
            Tool::Lmdb => Path::new("/usr/include/lmdb.h").is_file(),
        }
    }
}

/// The browser: the one that `KEYVIZ_CHROMIUM` names, else the first that is on the path.
pub fn chromium() -> Option<PathBuf> {
    match env::var_os("KEYVIZ_CHROMIUM") {
        Some(path) => Some(PathBuf::from(path)).filter(|path| path.is_file()),
        None => ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(on_path),
    }
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

fn node_major() -> Option<u32> {
    let version = process::output(Command::new(on_path("node")?).arg("--version")).ok()?;
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

fn has_font() -> bool {
    let dejavu = Path::new("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf");
    !cfg!(target_os = "linux")
        || dejavu.is_file()
        || on_path("fc-list")
            .is_some_and(|list| process::output(&mut Command::new(list)).is_ok_and(|fonts| !fonts.trim().is_empty()))
}
