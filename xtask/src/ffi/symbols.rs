//! What the libraries export is what is committed, no more and no less.

use std::collections::BTreeSet;
use std::fs;

use super::library::{self, tool};
use super::{contract, folder};
use crate::checkout::Checkout;
use crate::process;

/// Compares the committed list (`keyviz.map`), the header, the shared library and the archive; and looks at the shared
/// library's name and flags.
pub fn check(checkout: &Checkout) -> Result<(), String> {
    let read = |name: &str| {
        let file = folder(checkout).join(name);
        fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
    };
    let committed = committed(&read("keyviz.map")?);
    let declared = contract::functions(&read("include/keyviz.h")?).into_iter().map(|(name, _)| name).collect();
    same("keyviz.map", &committed, "keyviz.h", &declared)?;
    let library = library::make(checkout)?;
    let exported = process::output(tool("nm").args(["-D", "--defined-only"]).arg(&library.shared))?;
    same("keyviz.map", &committed, "the shared library", &versioned(&exported)?)?;
    let global = process::output(tool("nm").args(["-g", "--defined-only"]).arg(&library.archive))?;
    same("keyviz.map", &committed, "the archive", &defined(&global))?;
    let dynamic = process::output(tool("readelf").args(["-d", "-W"]).arg(&library.shared))?;
    for wanted in [library.soname.as_str(), "NODELETE"] {
        if !dynamic.contains(wanted) {
            return Err(format!("{}: no {wanted} in its dynamic section", library.shared.display()));
        }
    }
    println!("{} symbols, each with its version", committed.len());
    Ok(())
}

fn committed(script: &str) -> BTreeSet<String> {
    let names = script.lines().filter_map(|line| line.trim().strip_suffix(';'));
    names.filter(|name| name.starts_with("keyviz_")).map(str::to_owned).collect()
}

/// Names without their versions; one that has none is an error, but for the versions' own.
fn versioned(symbols: &str) -> Result<BTreeSet<String>, String> {
    let mut names = BTreeSet::new();
    for symbol in defined(symbols) {
        match symbol.split_once("@@") {
            Some((name, version)) if version.starts_with("KEYVIZ_") => {
                names.insert(name.to_owned());
            }
            Some(_) => return Err(format!("{symbol} has a version that is not keyviz's")),
            None if symbol.starts_with("KEYVIZ_") => {}
            None => return Err(format!("{symbol} has no version")),
        }
    }
    Ok(names)
}

/// The last word of each of `nm`'s lines that has three.
fn defined(symbols: &str) -> BTreeSet<String> {
    let words = symbols.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    words.filter(|words| words.len() == 3).filter_map(|words| words.last().map(|name| (*name).to_owned())).collect()
}

fn same(one: &str, left: &BTreeSet<String>, other: &str, right: &BTreeSet<String>) -> Result<(), String> {
    let only =
        |from: &BTreeSet<String>, of: &BTreeSet<String>| from.difference(of).cloned().collect::<Vec<_>>().join(", ");
    match (only(left, right), only(right, left)) {
        (a, b) if a.is_empty() && b.is_empty() => Ok(()),
        (a, b) => Err(format!("only in {one}: [{a}]; only in {other}: [{b}]")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_without_a_version_is_found() {
        assert_eq!(versioned("0 A KEYVIZ_1\n0 T keyviz_a@@KEYVIZ_1\n"), Ok(BTreeSet::from(["keyviz_a".to_owned()])));
        assert!(versioned("0 T rust_panic\n").is_err());
        let script = "KEYVIZ_1 {\n global:\n  keyviz_a;\n local:\n  *;\n};\n";
        assert_eq!(committed(script), BTreeSet::from(["keyviz_a".to_owned()]));
        assert!(same("a", &committed(script), "b", &BTreeSet::new()).is_err());
    }
}
