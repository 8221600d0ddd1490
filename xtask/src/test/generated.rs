//! What is made from the code is what the code says now.

use super::{Done, Step};
use crate::checkout::Checkout;
use crate::{docs, process};

pub const STEPS: &[Step] = &[Step {
    name: "generated",
    about: "docs/configuration.md is what `cargo xtask docs` writes",
    needs: &[],
    wants: &[],
    run: configuration,
}];

fn configuration(checkout: &Checkout) -> Result<Done, String> {
    process::run(docs::command(checkout).arg("--check")).map(|()| Done::Passed)
}
