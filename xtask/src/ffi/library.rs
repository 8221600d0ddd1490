//! The two libraries as hosts get them, made of the archive that cargo makes.
//!
//! - `libkeyviz.a` is one object in which everything but `keyviz_*` is local: two Rust libraries in one program would
//!   otherwise share what happens to have one name.
//! - `libkeyviz.so` is linked from the same object with a name, symbol versions and `-z nodelete`: its threads, and the
//!   handler that notices a fork, must never find their code gone. cargo's own shared libraries cannot have symbol
//!   versions: rustc passes a version script of its own, and linkers take one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{folder, output};
use crate::checkout::Checkout;
use crate::process;

/// What Rust's standard library needs of the system's.
pub const SYSTEM_LIBRARIES: [&str; 5] = ["-lgcc_s", "-lpthread", "-lm", "-ldl", "-lc"];

/// Both libraries, made.
pub struct Library {
    /// `libkeyviz.a`.
    pub archive: PathBuf,
    /// `libkeyviz.so.MAJOR.MINOR.PATCH`.
    pub shared: PathBuf,
    /// `libkeyviz.so.MAJOR`.
    pub soname: String,
    /// `MAJOR.MINOR.PATCH`.
    pub version: String,
}

/// Builds both, as they are installed.
pub fn make(checkout: &Checkout) -> Result<Library, String> {
    make_with(checkout, &[], "lib")
}

/// Builds both with these features, in a folder of this name.
pub fn make_with(checkout: &Checkout, features: &[&str], name: &str) -> Result<Library, String> {
    let mut build = process::cargo(checkout, "build");
    build.args(["--locked", "--release", "--package", "keyviz-ffi"]).args(features);
    process::run(&mut build)?;
    let into = output(checkout).join(name);
    fs::create_dir_all(&into).map_err(|error| format!("{}: {error}", into.display()))?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let soname = format!("libkeyviz.so.{}", version.split('.').next().unwrap_or("0"));
    let library = Library {
        archive: into.join("libkeyviz.a"),
        shared: into.join(format!("libkeyviz.so.{version}")),
        soname,
        version,
    };
    let object = object(checkout, &into)?;
    archive(&library, &object)?;
    shared(checkout, &library, &object)?;
    Ok(library)
}

/// All that cargo's archive has, in one object that shows `keyviz_*` alone.
fn object(checkout: &Checkout, into: &Path) -> Result<PathBuf, String> {
    let (whole, object) = (into.join("whole.o"), into.join("keyviz.o"));
    let mut link = tool("ld");
    link.args(["-r", "--force-group-allocation", "-o"]).arg(&whole).arg("--whole-archive");
    process::run(link.arg(checkout.target().join("release/libkeyviz_ffi.a")))?;
    let mut hide = tool("objcopy");
    hide.args(["--strip-debug", "--wildcard", "--keep-global-symbol=keyviz_*", "--remove-section=.llvm*"]);
    process::run(hide.arg(&whole).arg(&object))?;
    Ok(object)
}

fn archive(library: &Library, object: &Path) -> Result<(), String> {
    // `ar` adds to what is there.
    let _ = fs::remove_file(&library.archive);
    process::run(tool("ar").arg("rcs").arg(&library.archive).arg(object))
}

fn shared(checkout: &Checkout, library: &Library, object: &Path) -> Result<(), String> {
    let script = folder(checkout).join("keyviz.map");
    let mut link = tool("cc");
    link.arg("-shared").arg("-o").arg(&library.shared).arg(object);
    link.arg(format!("-Wl,-soname,{}", library.soname));
    link.arg(format!("-Wl,--version-script,{}", script.display()));
    link.args(["-Wl,-z,nodelete", "-Wl,-z,relro,-z,now", "-Wl,--gc-sections", "-Wl,--no-undefined"]);
    process::run(link.args(SYSTEM_LIBRARIES))
}

/// A program of the system's compiler.
pub fn tool(name: &str) -> Command {
    Command::new(name)
}
