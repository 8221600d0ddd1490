//! Each status is met by a program in C.
#![allow(clippy::unwrap_used, reason = "a test speaks by panicking")]

use std::path::Path;

#[test]
fn every_status_is_met() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let programs: String = std::fs::read_dir(folder.join("c"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "c"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let listed = std::fs::read_to_string(folder.join("status_numbers.txt")).unwrap();
    let names = listed.lines().map(|line| line.split_once(' ').unwrap().1.to_uppercase());
    let missing: Vec<String> = names.filter(|name| !programs.contains(&format!("KEYVIZ_STATUS_{name}"))).collect();
    assert!(missing.is_empty(), "no program in C meets {missing:?}");
}
