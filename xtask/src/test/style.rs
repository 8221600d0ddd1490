//! The rules of the house that no compiler knows.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Done, Step};
use crate::checkout::Checkout;

pub const STEPS: &[Step] = &[Step {
    name: "style",
    about: "the rules of the house hold in every source file",
    needs: &[],
    wants: &[],
    run: sources_keep_the_rules,
}];

/// A word that has no place in some files.
struct Rule {
    words: &'static [&'static str],
    applies: fn(&str) -> bool,
    why: &'static str,
}

/// Folders of what is not written by hand.
const NOT_SOURCES: [&str; 5] = [".git", "target", "node_modules", "conformance", ".venv"];

/// This file names the words itself.
const THIS_FILE: &str = "xtask/src/test/style.rs";

const RULES: &[Rule] = &[
    Rule {
        words: &["Mutex", "RwLock", "Condvar", "OnceLock", "LazyLock", "mpsc"],
        applies: |path| is_core(path) && path != "keyviz-core/src/sampler.rs",
        why: "observe and read take no lock; the one lock, for whoever changes routes or flushes, is in sampler.rs",
    },
    Rule {
        words: &["core::sync::atomic", "std::sync::atomic", "portable_atomic::", "loom::"],
        applies: |path| is_core(path) && !path.starts_with("keyviz-core/src/sync"),
        why: "sync.rs, with its words.rs for the model checker, is the only file that names atomics",
    },
    Rule {
        words: &["SystemTime", "Instant", "std::thread::spawn", "std::fs", "std::net", "std::io"],
        applies: is_core,
        why: "the core has no clock, thread or I/O of its own",
    },
    Rule {
        words: &["TODO", "FIXME", "XXX", "HACK", "#[ignore", "todo!(", "unimplemented!("],
        applies: |_| true,
        why: "what is committed is finished",
    },
    Rule {
        words: &["test.skip(", "test.only(", "test.todo(", "describe.only(", "it.only(", "@ts-ignore", "@ts-nocheck"],
        applies: |path| path.ends_with(".js") || path.ends_with(".mjs"),
        why: "every test of the page runs, and every type is checked",
    },
    Rule {
        words: &["etc.", "simply ", "undefined behaviour", "undefined behavior"],
        applies: |path| path.ends_with(".rs"),
        why: "a document says what is meant",
    },
];

fn is_core(path: &str) -> bool {
    path.starts_with("keyviz-core/src/")
}

fn sources_keep_the_rules(checkout: &Checkout) -> Result<Done, String> {
    let files = sources(checkout.root())?;
    let mut breaches = 0;
    for path in &files {
        let name = name(checkout.root(), path);
        let text = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
        for breach in breaches_in(&name, &text) {
            println!("{breach}");
            breaches += 1;
        }
    }
    println!("{} source files read", files.len());
    if breaches == 0 { Ok(Done::Passed) } else { Err(format!("{breaches} places break a rule of the house")) }
}

fn breaches_in(name: &str, text: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    if name == THIS_FILE {
        return breaches;
    }
    for rule in RULES.iter().filter(|rule| (rule.applies)(name)) {
        for (number, line) in (1..).zip(text.lines()) {
            for word in rule.words.iter().filter(|word| holds(line, word)) {
                breaches.push(format!("{name}:{number}: `{}`: {}", word.trim(), rule.why));
            }
        }
    }
    breaches
}

/// Whether the line has the word, not as a part of a longer one: `Instant` is not in `InstantRate`.
fn holds(line: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(word).any(|(at, found)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + found.len()..).and_then(|text| text.chars().next());
        let starts = !word.starts_with(is_part) || !before.is_some_and(is_part);
        let ends = !word.ends_with(is_part) || !after.is_some_and(is_part);
        starts && ends
    })
}

fn name(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn sources(root: &Path) -> Result<Vec<PathBuf>, String> {
    const ENDINGS: [&str; 8] = ["rs", "js", "mjs", "ts", "css", "html", "toml", "md"];
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let problem = |error: std::io::Error| format!("{}: {error}", folder.display());
        for entry in fs::read_dir(&folder).map_err(problem)? {
            let path = entry.map_err(problem)?.path();
            let file_name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() {
                if !NOT_SOURCES.contains(&file_name.as_ref()) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| ending == *known)) {
                found.push(path);
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_on_the_read_path_is_found() {
        let text = "//! Reads.\nuse std::sync::Mutex;\n";
        let breaches = breaches_in("keyviz-core/src/reader.rs", text);
        assert_eq!(breaches.len(), 1);
        assert!(breaches[0].starts_with("keyviz-core/src/reader.rs:2: `Mutex`"));
        assert!(breaches_in("keyviz-core/src/sampler.rs", text).is_empty());
        assert!(breaches_in("adapters/admin/src/lib.rs", text).is_empty());
    }

    #[test]
    fn unfinished_work_is_found_in_every_language() {
        for name in ["a.rs", "b.js", "c.css", "README.md"] {
            assert_eq!(breaches_in(name, "x\n // TODO later").len(), 1, "{name}");
        }
        assert_eq!(breaches_in("t.rs", "#[ignore = \"slow\"]").len(), 1);
    }

    #[test]
    fn a_longer_word_is_another_word() {
        assert!(!holds("let InstantRate = 1;", "Instant"));
        assert!(!holds("my_Instant", "Instant"));
        assert!(holds("use core::time::Instant;", "Instant"));
    }
}
