//! Every crate that goes into a build may be used under a licence that asks for no more than a notice.

use super::{Done, Step};
use crate::checkout::Checkout;
use crate::process;

pub const STEPS: &[Step] = &[Step {
    name: "licences",
    about: "every dependency has a permissive licence",
    needs: &[],
    wants: &[],
    run: all_are_permissive,
}];

const PERMISSIVE: [&str; 10] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Zlib",
];

fn all_are_permissive(checkout: &Checkout) -> Result<Done, String> {
    let mut command = process::cargo(checkout, "tree");
    command.args(["--locked", "--workspace", "--edges", "normal,build", "--target", "all"]);
    command.args(["--prefix", "none", "--no-dedupe", "--format", "{p}|{l}"]);
    let tree = process::output(&mut command)?;
    let mut lines: Vec<&str> = tree.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines.dedup();
    let refused: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| !line.split_once('|').is_some_and(|(_, licence)| is_permissive(licence)))
        .collect();
    for line in &refused {
        println!("{line}");
    }
    if refused.is_empty() {
        println!("{} crates", lines.len());
        Ok(Done::Passed)
    } else {
        Err(format!("{} crates have no permissive licence", refused.len()))
    }
}

/// Every part joined by `AND` offers a permissive choice among those joined by `OR`.
fn is_permissive(expression: &str) -> bool {
    parts(expression, " AND ").iter().all(|part| parts(part, " OR ").iter().any(|choice| is_permissive_choice(choice)))
}

fn is_permissive_choice(choice: &str) -> bool {
    let choice = choice.trim();
    match choice.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => is_permissive(inner),
        None => PERMISSIVE.contains(&choice),
    }
}

/// Splits at a word that stands outside parentheses. Old crates write `/` where `OR` is meant.
fn parts(expression: &str, word: &str) -> Vec<String> {
    let expression = expression.replace('/', " OR ");
    let mut parts = vec![String::new()];
    let mut depth = 0_i32;
    let mut rest = expression.as_str();
    while let Some(letter) = rest.chars().next() {
        if depth == 0 && rest.starts_with(word) {
            parts.push(String::new());
            rest = rest.get(word.len()..).unwrap_or_default();
            continue;
        }
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        if let Some(last) = parts.last_mut() {
            last.push(letter);
        }
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_enough_where_one_is_offered() {
        for good in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "(MIT OR GPL-2.0) AND Unicode-3.0"] {
            assert!(is_permissive(good), "{good}");
        }
    }

    #[test]
    fn all_parts_have_to_be_permissive() {
        for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(GPL-2.0 OR LGPL-2.1) AND MIT"] {
            assert!(!is_permissive(bad), "{bad}");
        }
    }
}
