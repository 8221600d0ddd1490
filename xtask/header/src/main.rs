//! `keyviz-header SOURCES CONFIG HEADER`: writes the C header; with `--check` before it, says whether it is what it would write.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let check = arguments.first().is_some_and(|first| first == "--check");
    if check {
        arguments.remove(0);
    }
    let [sources, config, header] = arguments.as_slice() else {
        eprintln!("keyviz-header [--check] SOURCES CONFIG HEADER");
        return ExitCode::from(2);
    };
    match made(Path::new(sources), Path::new(config)) {
        Ok(text) if check => compare(&text, header),
        Ok(text) => match std::fs::write(header, text) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => failed(&format!("{header}: {error}")),
        },
        Err(problem) => failed(&problem),
    }
}

fn made(sources: &Path, config: &Path) -> Result<String, String> {
    let config = cbindgen::Config::from_file(config)?;
    let mut builder = cbindgen::Builder::new().with_config(config);
    for file in sorted(sources)? {
        builder = builder.with_src(file);
    }
    let bindings = builder.generate().map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    String::from_utf8(text).map_err(|error| error.to_string())
}

/// The files in the order of their names, so that the header is the same on every machine.
fn sorted(folder: &Path) -> Result<Vec<std::path::PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "rs") && !file.ends_with("lib.rs"));
    files.sort();
    Ok(files)
}

fn compare(text: &str, header: &str) -> ExitCode {
    match std::fs::read_to_string(header) {
        Ok(committed) if committed == text => ExitCode::SUCCESS,
        Ok(committed) => {
            let differs = committed.lines().zip(text.lines()).position(|(old, new)| old != new);
            let line = differs.unwrap_or_else(|| committed.lines().count().min(text.lines().count())) + 1;
            failed(&format!("{header}: line {line} is not what the sources say; run `cargo xtask header`"))
        }
        Err(error) => failed(&format!("{header}: {error}")),
    }
}

fn failed(problem: &str) -> ExitCode {
    eprintln!("{problem}");
    ExitCode::FAILURE
}
