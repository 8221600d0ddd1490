//! Writes `docs/configuration.md` from the code: names and defaults from `Config` itself, what a field is from its
//! doc comment, bounds from the refusals of values beyond them, bytes from `memory_bytes`, flags and environment
//! names from the definitions in keyviz-admin.
//!
//! `keyviz-docs ROOT` writes, `keyviz-docs ROOT --check` fails when what is written is not what the code says.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks on its terminal")]

mod bounds;
mod bytes;
mod comments;
mod fields;
mod flags;
mod numbers;
mod page;

use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

const PAGE: &str = "docs/configuration.md";
const SOURCE: &str = "keyviz-core/src/config.rs";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.as_slice() {
        [root] => write(Path::new(root)),
        [root, check] if check == "--check" => compare(Path::new(root)),
        _ => Err("usage: keyviz-docs ROOT [--check]".into()),
    };
    match done {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

fn page(root: &Path) -> Result<String, String> {
    let source = read(&root.join(SOURCE))?;
    page::text(&comments::of_fields(&source))
}

fn write(root: &Path) -> Result<String, String> {
    let text = page(root)?;
    fs::write(root.join(PAGE), text).map_err(|error| format!("{PAGE}: {error}"))?;
    Ok(format!("{PAGE} is written"))
}

fn compare(root: &Path) -> Result<String, String> {
    let (should, is) = (page(root)?, read(&root.join(PAGE))?);
    if is == should {
        return Ok(format!("{PAGE} is as the code has it"));
    }
    let lines = should.lines().map(Some).chain(std::iter::repeat(None));
    let first = (1..).zip(lines.zip(is.lines().map(Some).chain(std::iter::repeat(None)))).find(|(_, (a, b))| a != b);
    let (line, code) = first.map_or((0, ""), |(line, (should, _))| (line, should.unwrap_or("the end")));
    Err(format!("{PAGE} is stale from line {line} on; the code says:\n{code}\nrun `cargo xtask docs`"))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
