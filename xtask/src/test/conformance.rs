//! The committed copy of the conformance cases equals the folder it was copied from, where that stands beside the
//! checkout.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Done, Step};
use crate::checkout::Checkout;

pub const STEPS: &[Step] = &[Step {
    name: "conformance",
    about: "conformance/ equals ../shared/conformance",
    needs: &[],
    wants: &[],
    run: copy_is_equal,
}];

fn copy_is_equal(checkout: &Checkout) -> Result<Done, String> {
    let original = checkout.root().join("../shared/conformance");
    if !original.is_dir() {
        return Ok(Done::NothingToDo("no ../shared/conformance beside this checkout to compare with".into()));
    }
    let original = files(&original)?;
    let copy = files(&checkout.root().join("conformance"))?;
    let differences = differences(&original, &copy);
    for line in &differences {
        println!("{line}");
    }
    if differences.is_empty() {
        println!("{} files are equal", copy.len());
        Ok(Done::Passed)
    } else {
        Err(format!("{} files of conformance/ differ from ../shared/conformance", differences.len()))
    }
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

fn differences(original: &Files, copy: &Files) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, bytes) in original {
        match copy.get(path) {
            None => lines.push(format!("not copied: {}", path.display())),
            Some(copied) if copied != bytes => lines.push(format!("differs: {}", path.display())),
            Some(_) => {}
        }
    }
    for path in copy.keys().filter(|path| !original.contains_key(*path)) {
        lines.push(format!("only in the copy: {}", path.display()));
    }
    lines
}

fn files(root: &Path) -> Result<Files, String> {
    let mut found = Files::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let problem = |error: std::io::Error| format!("{}: {error}", folder.display());
        for entry in fs::read_dir(&folder).map_err(problem)? {
            let path = entry.map_err(problem)?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                found.insert(path.strip_prefix(root).unwrap_or(&path).to_path_buf(), bytes);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> Files {
        files.iter().map(|(path, text)| (PathBuf::from(path), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn equal_folders_have_no_differences() {
        let a = folder(&[("cap/a.json", "1"), ("README.md", "x")]);
        assert!(differences(&a, &a).is_empty());
    }

    #[test]
    fn missing_changed_and_added_files_are_named() {
        let original = folder(&[("a", "1"), ("b", "2")]);
        let copy = folder(&[("b", "3"), ("c", "4")]);
        assert_eq!(differences(&original, &copy), ["not copied: a", "differs: b", "only in the copy: c"]);
    }
}
