//! The page: its packages, types, unit tests, and the whole of it in a browser.

use std::env::consts::EXE_SUFFIX;
use std::process::Command;

use super::{Done, Step};
use crate::checkout::Checkout;
use crate::tools::{self, Tool};
use crate::{process, setup};

pub const STEPS: &[Step] = &[
    Step {
        name: "page-packages",
        about: "the page's packages are as its lock file says",
        needs: &[Tool::Node, Tool::Npm],
        wants: &[],
        run: packages,
    },
    Step {
        name: "page-check",
        about: "the page's types hold",
        needs: &[Tool::Node, Tool::Npm],
        wants: &[],
        run: |checkout| script(checkout, "check"),
    },
    Step {
        name: "page-test",
        about: "the page's modules do what they say, its states look as they should",
        needs: &[Tool::Node, Tool::Npm],
        wants: &[Tool::Chromium, Tool::Fonts],
        run: |checkout| shown(checkout, process::run(&mut npm_run(checkout, "test"))),
    },
    Step {
        name: "page-e2e",
        about: "the page in a browser, served by the binary, by an engine with large route ids, and from a file",
        needs: &[Tool::Node, Tool::Npm, Tool::Chromium, Tool::Fonts],
        wants: &[],
        run: in_a_browser,
    },
];

fn packages(checkout: &Checkout) -> Result<Done, String> {
    setup::install_page_packages(checkout).map(|()| Done::Passed)
}

fn script(checkout: &Checkout, name: &str) -> Result<Done, String> {
    process::run(&mut npm_run(checkout, name)).map(|()| Done::Passed)
}

fn in_a_browser(checkout: &Checkout) -> Result<Done, String> {
    let binary = checkout.target().join("debug").join(format!("keyviz{EXE_SUFFIX}"));
    // Where this step runs alone, the binary that is there may be an old one.
    process::run(process::cargo(checkout, "build").args(["--locked", "--package", "keyviz"]))?;
    let mut example = process::cargo(checkout, "build");
    process::run(example.args(["--locked", "--package", "keyviz-admin", "--example", "embedded"]))?;
    let mut command = npm_run(checkout, "e2e");
    command.env("KEYVIZ_BIN", binary);
    command.env("KEYVIZ_EXAMPLES", checkout.target().join("debug").join("examples"));
    shown(checkout, process::run(&mut command))
}

/// A gallery of all pictures there are: where a test failed, they are looked at the more.
fn shown(checkout: &Checkout, tests: Result<(), String>) -> Result<Done, String> {
    let gallery = process::run(&mut npm_run(checkout, "gallery"));
    tests.and(gallery).map(|()| Done::Passed)
}

fn npm_run(checkout: &Checkout, script: &str) -> Command {
    let mut command = process::program("npm", &checkout.page());
    command.args(["run", script]);
    if let Some(browser) = tools::chromium() {
        command.env("KEYVIZ_CHROMIUM", browser);
    }
    command
}
