//! The steps that are cargo's: format, lints, docs, the core's feature rungs, every test, the binary.

use std::process::Command;

use super::{Done, Step};
use crate::checkout::Checkout;
use crate::process;
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

/// All crates.
pub const WORKSPACE: &[Step] = &[
    Step {
        name: "workspace",
        about: "the tests of all other crates",
        needs: &[],
        wants: &[Tool::RedisServer, Tool::DbBench],
        run: workspace,
    },
    Step { name: "binary", about: "the keyviz binary builds", needs: &[], wants: &[], run: binary },
];

/// More lines than this is more than a sampler should bring into its host.
const CORE_TREE_LINES: usize = 8;

fn fmt(checkout: &Checkout) -> Result<Done, String> {
    passed(process::cargo(checkout, "fmt").args(["--all", "--check"]))
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

fn core_serde(checkout: &Checkout) -> Result<Done, String> {
    core(checkout, &["--no-default-features", "--features", "serde"], WITHOUT_EXAMPLES)
}

/// The build comes first and by itself: what the tests depend on could lend the library a feature it lacks.
fn core(checkout: &Checkout, features: &[&str], targets: &[&str]) -> Result<Done, String> {
    let package = ["--locked", "--package", "keyviz-core"];
    process::run(process::cargo(checkout, "build").args(package).args(features))?;
    passed(process::cargo(checkout, "test").args(package).args(features).args(targets))
}

/// The core has been tested rung by rung already.
fn workspace(checkout: &Checkout) -> Result<Done, String> {
    passed(process::cargo(checkout, "test").args(["--locked", "--workspace", "--exclude", "keyviz-core"]))
}

fn binary(checkout: &Checkout) -> Result<Done, String> {
    passed(process::cargo(checkout, "build").args(["--locked", "--package", "keyviz"]))
}

fn passed(command: &mut Command) -> Result<Done, String> {
    process::run(command).map(|()| Done::Passed)
}
