//! The readers of traces and snapshots against made-up input, for a short while; `cargo xtask fuzz` runs longer.

use super::{Done, Step};
use crate::checkout::Checkout;
use crate::fuzz::{TARGETS, Target, fuzz};
use crate::tools::Tool;

pub const STEPS: &[Step] = &[Step {
    name: "fuzz",
    about: "no made-up input brings a reader down",
    needs: &[Tool::Cxx],
    wants: &[],
    run: all_briefly,
}];

/// Each target runs so long.
const SECONDS: u32 = 5;

fn all_briefly(checkout: &Checkout) -> Result<Done, String> {
    let targets: Vec<&Target> = TARGETS.iter().collect();
    fuzz(checkout, &targets, SECONDS).map(|()| Done::Passed)
}
