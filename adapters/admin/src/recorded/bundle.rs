//! The page's modules as one script.
//!
//! A file from a disk may not import other files, so each module becomes a function that gives its exports, behind
//! those it imports. It reads the one form in which the page's modules import and export, line by line; a test of the
//! page holds them to it.

use crate::assets;

/// `main` behind all that it needs. Modules import downwards, without circles.
pub(crate) fn script(main: &str) -> String {
    let mut text = String::new();
    let mut done = Vec::new();
    add(main, &mut done, &mut text);
    text
}

/// Appends a module, behind those it imports, unless it is there.
fn add(name: &str, done: &mut Vec<String>, text: &mut String) {
    if done.iter().any(|known| known == name) {
        return;
    }
    // Noted first, so that even a circle would come to an end.
    done.push(name.to_owned());
    let source = assets::find(name).and_then(|asset| std::str::from_utf8(asset.bytes).ok()).unwrap_or_default();
    let mut body = String::new();
    let mut exports = Vec::new();
    for line in source.lines() {
        if let Some((names, from)) = import(line) {
            add(from, done, text);
            body.push_str(&format!("const {names} = {};", variable(from)));
        } else if let Some((declaration, export)) = export(line) {
            exports.push(export);
            body.push_str(declaration);
        } else {
            body.push_str(line);
        }
        body.push('\n');
    }
    let exports = exports.join(", ");
    text.push_str(&format!("const {} = (() => {{\n{body}return {{ {exports} }};\n}})();\n", variable(name)));
}

/// `import { a, b } from "./c.js";`: what, and from where.
pub(crate) fn import(line: &str) -> Option<(&str, &str)> {
    let (names, from) = line.strip_prefix("import ")?.split_once(" from \"./")?;
    Some((names, from.strip_suffix("\";")?))
}

/// `export const a`, `export class A`, `export function a`, `export async function a`: the declaration, and its name.
pub(crate) fn export(line: &str) -> Option<(&str, &str)> {
    let declaration = line.strip_prefix("export ")?;
    let word = declaration.strip_prefix("async ").unwrap_or(declaration);
    let named = ["const ", "class ", "function "].into_iter().find_map(|keyword| word.strip_prefix(keyword))?;
    let end = named.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(named.len());
    Some((declaration, named.get(..end)?))
}

fn variable(name: &str) -> String {
    format!("module_{}", name.trim_end_matches(".js"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_that_are_read() {
        assert_eq!(import("import { a, b } from \"./c.js\";"), Some(("{ a, b }", "c.js")));
        assert_eq!(import("const imported = 1;"), None);
        assert_eq!(export("export const A = 1;"), Some(("const A = 1;", "A")));
        assert_eq!(export("export async function b(c) {"), Some(("async function b(c) {", "b")));
        assert_eq!(export("export class C extends D {"), Some(("class C extends D {", "C")));
        assert_eq!(export("  export const A = 1;"), None);
    }

    #[test]
    fn every_module_is_in_once_behind_what_it_imports() {
        let script = script("main.js");
        let modules: Vec<&str> = script
            .lines()
            .filter_map(|line| line.strip_prefix("const module_")?.split_once(" = (() => {"))
            .map(|(name, _)| name)
            .collect();
        assert!(modules.len() > 25 && modules.last() == Some(&"main"), "{modules:?}");
        for line in script.lines() {
            assert!(!line.starts_with("import ") && !line.starts_with("export "), "not read: {line}");
        }
        let mut sorted = modules.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), modules.len());
        for name in ["dom", "api", "recorded", "heatmap"] {
            let made = script.find(&format!("const module_{name} = ")).unwrap();
            assert!(script.find(&format!("= module_{name};")).is_some_and(|used| made < used), "{name}");
        }
    }
}
