//! What a host builds with: header, wrapper, libraries, pkg-config, CMake package, licences.
//!
//! Each file is made under another name and renamed: a program that has the library of an earlier time mapped goes on with
//! that, and who looks meanwhile finds the old file or the new one.

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
    let licences = prefix.join("share/doc/keyviz");
    for folder in [&include, &pkgconfig, &cmake, &licences] {
        fs::create_dir_all(folder)?;
    }
    for header in ["keyviz.h", "keyviz.hpp"] {
        copy(&folder(checkout).join("include").join(header), &include.join(header))?;
    }
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&checkout.root().join(licence), &licences.join(licence))?;
    }
    copy(&library.archive, &lib.join("libkeyviz.a"))?;
    let full = format!("libkeyviz.so.{}", library.version);
    copy(&library.shared, &lib.join(&full))?;
    for (name, to) in [(library.soname.as_str(), full.as_str()), ("libkeyviz.so", library.soname.as_str())] {
        replace(&lib.join(name), |link| symlink(to, link))?;
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
    write(&pkgconfig.join("keyviz.pc"), &filled("keyviz.pc.in")?)?;
    write(&cmake.join("keyviz-config.cmake"), &filled("keyviz-config.cmake.in")?)?;
    write(&cmake.join("keyviz-config-version.cmake"), &filled("keyviz-config-version.cmake.in")?)
}

/// Puts what `make` makes under another name in the place of whatever stands under this one.
fn replace(file: &Path, make: impl FnOnce(&Path) -> std::io::Result<()>) -> std::io::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let fresh = file.with_file_name(format!(".{name}.{}", std::process::id()));
    let _ = fs::remove_file(&fresh);
    let made = make(&fresh).and_then(|()| fs::rename(&fresh, file));
    if made.is_err() {
        let _ = fs::remove_file(&fresh);
    }
    made
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    replace(to, |fresh| fs::copy(from, fresh).map(|_| ()))
}

fn write(file: &Path, text: &str) -> std::io::Result<()> {
    replace(file, |fresh| fs::write(fresh, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn whoever_has_the_old_file_keeps_it() {
        let folder = std::env::temp_dir().join(format!("keyviz install {}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (from, to) = (folder.join("from"), folder.join("to"));
        fs::write(&from, "new").unwrap();
        fs::write(&to, "the old one").unwrap();
        let mut old = fs::File::open(&to).unwrap();
        copy(&from, &to).unwrap();
        let mut text = String::new();
        old.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), fs::read_to_string(&to).unwrap().as_str()), ("the old one", "new"));
        for name in ["one", "two"] {
            replace(&folder.join("link"), |link| symlink(name, link)).unwrap();
        }
        assert_eq!(fs::read_link(folder.join("link")).unwrap(), Path::new("two"));
        assert!(copy(&folder.join("none"), &to).is_err());
        let left = fs::read_dir(&folder).unwrap().count();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(left, 3, "nothing half done stays");
    }
}
