//! Each status is met, and each function called, by a program in C.
#![allow(clippy::unwrap_used, reason = "a test speaks by panicking")]

use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn programs() -> String {
    let files = std::fs::read_dir(folder().join("c")).unwrap().map(|entry| entry.unwrap().path());
    let sources = files.filter(|path| path.extension().is_some_and(|ending| ending == "c" || ending == "h"));
    sources.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn every_status_is_met() {
    let listed = std::fs::read_to_string(folder().join("status_numbers.txt")).unwrap();
    let (programs, names) = (programs(), listed.lines().map(|line| line.split_once(' ').unwrap().1.to_uppercase()));
    let missing: Vec<String> = names.filter(|name| !programs.contains(&format!("KEYVIZ_STATUS_{name}"))).collect();
    assert!(missing.is_empty(), "no program in C meets {missing:?}");
}

#[test]
fn every_function_is_called() {
    let listed = std::fs::read_to_string(folder().join("../keyviz.map")).unwrap();
    let names =
        listed.lines().filter_map(|line| line.trim().strip_suffix(';')).filter(|name| name.starts_with("keyviz_"));
    let programs = programs();
    let missing: Vec<&str> = names.filter(|name| !programs.contains(&format!("{name}("))).collect();
    assert!(missing.is_empty(), "no program in C calls {missing:?}");
}
