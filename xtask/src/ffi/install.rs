//! What a host builds with: header, wrapper, libraries, pkg-config, CMake package.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::library::{self, Library, SYSTEM_LIBRARIES};
use super::{folder, output};
use crate::checkout::Checkout;

/// Puts everything under a folder that is made where it is not there.
pub fn install(checkout: &Checkout, prefix: &Path) -> Result<(), String> {
    let library = library::make(checkout)?;
    let prefix = std::path::absolute(prefix).map_err(|error| format!("{}: {error}", prefix.display()))?;
    put(checkout, &library, &prefix).map_err(|error| format!("{}: {error}", prefix.display()))
}

/// Under the build output, for the programs that try what is installed.
pub fn for_tests(checkout: &Checkout) -> Result<std::path::PathBuf, String> {
    let prefix = output(checkout).join("prefix");
    let _ = fs::remove_dir_all(&prefix);
    install(checkout, &prefix)?;
    Ok(prefix)
}

fn put(checkout: &Checkout, library: &Library, prefix: &Path) -> std::io::Result<()> {
    let (include, lib) = (prefix.join("include"), prefix.join("lib"));
    let (pkgconfig, cmake) = (lib.join("pkgconfig"), lib.join("cmake/keyviz"));
    for folder in [&include, &pkgconfig, &cmake] {
        fs::create_dir_all(folder)?;
    }
    for header in ["keyviz.h", "keyviz.hpp"] {
        fs::copy(folder(checkout).join("include").join(header), include.join(header))?;
    }
    fs::copy(&library.archive, lib.join("libkeyviz.a"))?;
    let full = format!("libkeyviz.so.{}", library.version);
    fs::copy(&library.shared, lib.join(&full))?;
    for (name, to) in [(library.soname.as_str(), full.as_str()), ("libkeyviz.so", library.soname.as_str())] {
        let link = lib.join(name);
        let _ = fs::remove_file(&link);
        symlink(to, link)?;
    }
    let private = SYSTEM_LIBRARIES.join(" ");
    let filled = |template: &str| {
        let template = fs::read_to_string(folder(checkout).join("install").join(template))?;
        let prefix = prefix.display().to_string();
        std::io::Result::Ok(
            template
                .replace("@PREFIX@", &prefix)
                .replace("@VERSION@", &library.version)
                .replace("@SONAME@", &library.soname)
                .replace("@LIBS_PRIVATE@", &private),
        )
    };
    fs::write(pkgconfig.join("keyviz.pc"), filled("keyviz.pc.in")?)?;
    fs::write(cmake.join("keyviz-config.cmake"), filled("keyviz-config.cmake.in")?)?;
    fs::write(cmake.join("keyviz-config-version.cmake"), filled("keyviz-config-version.cmake.in")?)
}
