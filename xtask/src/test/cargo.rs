//! The steps that are cargo's: format, lints, docs, the core's feature rungs, every test, the binary.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{Done, Step};
use crate::checkout::Checkout;
use crate::no_std;
use crate::process;
use crate::stress as all_at_once;
use crate::tools::Tool;

/// What reads sources only.
pub const SOURCE: &[Step] = &[
    Step { name: "fmt", about: "sources are formatted", needs: &[Tool::Rustfmt], wants: &[], run: fmt },
    Step { name: "clippy", about: "no lint is unheard", needs: &[Tool::Clippy], wants: &[], run: clippy },
    Step {
        name: "docs",
        about: "every document builds, every link leads somewhere",
        needs: &[],
        wants: &[],
        run: docs,
    },
];

/// The core on each feature rung: a feature adds, it never changes behaviour.
pub const CORE: &[Step] = &[
    Step { name: "core-tree", about: "the core depends on next to nothing", needs: &[], wants: &[], run: core_tree },
    Step {
        name: "core-none",
        about: "the core without alloc builds and is tested",
        needs: &[],
        wants: &[],
        run: core_none,
    },
    Step {
        name: "core-alloc",
        about: "the core with alloc builds and is tested",
        needs: &[],
        wants: &[],
        run: core_alloc,
    },
    Step { name: "core-std", about: "the core with std builds and is tested", needs: &[], wants: &[], run: core_std },
    Step {
        name: "core-serde",
        about: "the core with serde, but without std, builds and is tested",
        needs: &[],
        wants: &[],
        run: core_serde,
    },
];

/// The core on other machines than this one.
pub const MACHINES: &[Step] = &[
    Step {
        name: "core-u32",
        about: "the core holds with cells of 32 bits",
        needs: &[Tool::Clippy],
        wants: &[],
        run: core_u32,
    },
    Step {
        name: "no-std",
        about: "firmware without an allocator prints what the host prints",
        needs: no_std::NEEDS,
        wants: &[],
        run: |checkout| no_std::firmware(checkout).map(|()| Done::Passed),
    },
];

/// The core's threads, interleaved.
pub const LOOM: &[Step] = &[
    Step {
        name: "loom-clippy",
        about: "no lint is unheard in the models",
        needs: &[Tool::Clippy],
        wants: &[],
        run: |checkout| crate::loom::clippy(checkout).map(|()| Done::Passed),
    },
    Step {
        name: "loom",
        about: "the models hold in every interleaving within their bounds",
        needs: &[],
        wants: &[],
        run: |checkout| crate::loom::models(checkout, None).map(|()| Done::Passed),
    },
];

/// All crates.
pub const WORKSPACE: &[Step] = &[
    Step {
        name: "workspace",
        about: "the tests of all other crates",
        needs: &[],
        wants: &[Tool::RedisServer, Tool::OpenSsl, Tool::Tmux, Tool::DbBench],
        run: workspace,
    },
    Step {
        name: "stress",
        about: "20 million operations beside route changes, flushes and reads, all accounted for",
        needs: &[],
        wants: &[],
        run: stress,
    },
    Step { name: "binary", about: "the keyviz binary builds", needs: &[], wants: &[], run: binary },
];

/// More lines than this is more than a sampler should bring into its host.
const CORE_TREE_LINES: usize = 8;

fn fmt(checkout: &Checkout) -> Result<Done, String> {
    process::run(process::cargo(checkout, "fmt").args(["--all", "--check"]))?;
    // Workspaces of their own.
    for folder in crate::fuzz::FOLDERS.into_iter().chain([crate::ffi::HEADER_TOOL]) {
        let manifest = format!("{folder}/Cargo.toml");
        process::run(process::cargo(checkout, "fmt").args(["--manifest-path", &manifest, "--check"]))?;
    }
    Ok(Done::Passed)
}

fn clippy(checkout: &Checkout) -> Result<Done, String> {
    let mut command = process::cargo(checkout, "clippy");
    passed(command.args(["--locked", "--workspace", "--all-targets", "--", "--deny", "warnings"]))
}

fn docs(checkout: &Checkout) -> Result<Done, String> {
    let mut command = process::cargo(checkout, "doc");
    command.env("RUSTDOCFLAGS", "--deny warnings");
    passed(command.args(["--locked", "--workspace", "--no-deps"]))
}

fn core_tree(checkout: &Checkout) -> Result<Done, String> {
    let mut command = process::cargo(checkout, "tree");
    command.args(["--locked", "--package", "keyviz-core", "--edges", "normal", "--no-default-features"]);
    let tree = process::output(&mut command)?;
    print!("{tree}");
    let lines = tree.lines().count();
    if lines <= CORE_TREE_LINES {
        Ok(Done::Passed)
    } else {
        Err(format!("the core's tree has {lines} lines; {CORE_TREE_LINES} are allowed"))
    }
}

/// A test that fails does not hide what the ones behind it would say.
const NO_FAIL_FAST: &str = "--no-fail-fast";

/// The examples in the documentation are for the whole crate: many begin with a `Sampler`.
const WITHOUT_EXAMPLES: &[&str] = &["--lib", "--tests"];

fn core_none(checkout: &Checkout) -> Result<Done, String> {
    core(checkout, &["--no-default-features"], WITHOUT_EXAMPLES)
}

fn core_alloc(checkout: &Checkout) -> Result<Done, String> {
    core(checkout, &["--no-default-features", "--features", "alloc"], WITHOUT_EXAMPLES)
}

fn core_std(checkout: &Checkout) -> Result<Done, String> {
    core(checkout, &["--no-default-features", "--features", "std"], &[])
}

/// A test that names the feature is there for what serde brings; the others do not know of it, and ran with `alloc`.
fn core_serde(checkout: &Checkout) -> Result<Done, String> {
    let mut targets = vec!["--lib".to_owned()];
    for test in naming(&checkout.root().join("keyviz-core/tests"), "feature = \"serde\"")? {
        targets.extend(["--test".to_owned(), test]);
    }
    if targets.len() == 1 {
        return Err("no test of the core names the feature serde".to_owned());
    }
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    core(checkout, &["--no-default-features", "--features", "serde"], &targets)
}

/// The test files of a folder in which these words stand, by name.
fn naming(folder: &Path, words: &str) -> Result<Vec<String>, String> {
    let problem = |error| format!("{}: {error}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(problem)? {
        let path = entry.map_err(problem)?.path();
        let is_source = path.extension().is_some_and(|extension| extension == "rs");
        if is_source && fs::read_to_string(&path).map_err(problem)?.contains(words) {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

/// The build comes first and by itself: what the tests depend on could lend the library a feature it lacks.
fn core(checkout: &Checkout, features: &[&str], targets: &[&str]) -> Result<Done, String> {
    let package = ["--locked", "--package", "keyviz-core"];
    process::run(process::cargo(checkout, "build").args(package).args(features))?;
    passed(process::cargo(checkout, "test").args(package).args(features).args(targets).arg(NO_FAIL_FAST))
}

/// Every test of the core, as on a machine whose atomics end at 32 bits. In a folder of its own.
fn core_u32(checkout: &Checkout) -> Result<Done, String> {
    let narrow = |subcommand| {
        let mut command = process::cargo(checkout, subcommand);
        command.env("RUSTFLAGS", "--cfg keyviz_u32_cells").env("CARGO_TARGET_DIR", checkout.target().join("u32"));
        command.args(["--locked", "--package", "keyviz-core"]);
        command
    };
    process::run(narrow("clippy").args(["--all-targets", "--", "--deny", "warnings"]))?;
    passed(narrow("test").args(WITHOUT_EXAMPLES).arg(NO_FAIL_FAST))
}

/// The core has been tested rung by rung already.
fn workspace(checkout: &Checkout) -> Result<Done, String> {
    let mut command = process::cargo(checkout, "test");
    passed(command.args(["--locked", "--workspace", "--exclude", "keyviz-core", NO_FAIL_FAST]))
}

/// In release: a slow program meets itself less often.
fn stress(checkout: &Checkout) -> Result<Done, String> {
    passed(all_at_once::command(checkout).args(["--ops", "20000000"]))
}

fn binary(checkout: &Checkout) -> Result<Done, String> {
    passed(process::cargo(checkout, "build").args(["--locked", "--package", "keyviz"]))
}

fn passed(command: &mut Command) -> Result<Done, String> {
    process::run(command).map(|()| Done::Passed)
}
