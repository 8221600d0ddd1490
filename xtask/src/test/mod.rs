//! `cargo xtask test`: the steps in order. A step that fails does not stop the following ones.

mod cargo;
mod conformance;
mod ffi;
mod fuzz;
mod generated;
mod licences;
mod page;
mod report;
mod style;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::checkout::{self, Checkout};
use crate::tools::Tool;
use crate::{process, setup};
use report::{Outcome, Report};

/// One thing to check.
pub struct Step {
    /// What `--only` names.
    pub name: &'static str,
    /// What it shows, in a line.
    pub about: &'static str,
    /// What it cannot run without.
    pub needs: &'static [Tool],
    /// Without these it runs, but leaves parts out, and says so itself.
    pub wants: &'static [Tool],
    /// The check itself.
    pub run: fn(&Checkout) -> Result<Done, String>,
}

/// How a step that did not fail ended.
pub enum Done {
    /// It held.
    Passed,
    /// There is nothing to check in this checkout, and why that is right.
    NothingToDo(String),
}

/// All steps: what is quick and often wrong first, then downhill as the crates depend on each other.
const STEPS: &[&[Step]] = &[
    cargo::SOURCE,
    style::STEPS,
    licences::STEPS,
    conformance::STEPS,
    cargo::CORE,
    cargo::MACHINES,
    cargo::LOOM,
    cargo::WORKSPACE,
    ffi::STEPS,
    fuzz::STEPS,
    generated::STEPS,
    page::STEPS,
];

/// Runs the steps whose name starts with `only`, or all of them.
pub fn run(checkout: &Checkout, only: Option<&str>) -> ExitCode {
    let chosen: Vec<&Step> =
        STEPS.iter().copied().flatten().filter(|step| only.is_none_or(|start| step.name.starts_with(start))).collect();
    if chosen.is_empty() {
        eprintln!("no step's name starts with `{}`; there are:", only.unwrap_or_default());
        for step in STEPS.iter().copied().flatten() {
            eprintln!("  {:<16} {}", step.name, step.about);
        }
        return ExitCode::from(2);
    }
    if chosen.iter().any(|step| step.needs.iter().any(|tool| !tool.is_present())) {
        println!("==> setup");
        for line in setup::tools() {
            println!("{line}");
        }
    }
    let mut report = Report::new();
    for step in chosen {
        println!("\n==> {}: {}", step.name, step.about);
        process::flush();
        let begun = Instant::now();
        let outcome = outcome(step, checkout);
        let left_out = missing(step.wants).filter(|_| matches!(outcome, Outcome::Passed));
        report.add(step.name, outcome, begun.elapsed());
        if let Some(reason) = left_out {
            report.add(step.name, without(format!("parts of it, {reason}")), Duration::ZERO);
        }
    }
    report.close()
}

fn outcome(step: &Step, checkout: &Checkout) -> Outcome {
    if let Some(reason) = missing(step.needs) {
        return without(reason);
    }
    match (step.run)(checkout) {
        Ok(Done::Passed) => Outcome::Passed,
        Ok(Done::NothingToDo(reason)) => Outcome::Skipped(reason),
        Err(reason) => Outcome::Failed(reason),
    }
}

/// Continuous integration leaves nothing out.
fn without(reason: String) -> Outcome {
    if checkout::in_ci() { Outcome::Failed(reason) } else { Outcome::Skipped(reason) }
}

/// Names what is not on the machine.
fn missing(tools: &[Tool]) -> Option<String> {
    let missing: Vec<&str> = tools.iter().filter(|tool| !tool.is_present()).map(|tool| tool.name()).collect();
    (!missing.is_empty()).then(|| format!("missing: {}", missing.join(", ")))
}
