//! What the steps came to: a line as each ends, a table and one closing line at the end.

use std::process::ExitCode;
use std::time::Duration;

/// How a step ended.
pub enum Outcome {
    /// It held.
    Passed,
    /// It did not, and why.
    Failed(String),
    /// It was left out, and why.
    Skipped(String),
}

impl Outcome {
    fn word(&self) -> &'static str {
        match self {
            Outcome::Passed => "passed",
            Outcome::Failed(_) => "FAILED",
            Outcome::Skipped(_) => "SKIPPED",
        }
    }

    fn reason(&self) -> &str {
        match self {
            Outcome::Passed => "",
            Outcome::Failed(reason) | Outcome::Skipped(reason) => reason,
        }
    }
}

/// The steps so far.
pub struct Report {
    lines: Vec<(&'static str, Outcome, Duration)>,
}

impl Report {
    /// No steps yet.
    pub fn new() -> Report {
        Report { lines: Vec::new() }
    }

    /// Notes a step and prints its line.
    pub fn add(&mut self, name: &'static str, outcome: Outcome, took: Duration) {
        println!("{}", line(name, &outcome, took));
        self.lines.push((name, outcome, took));
    }

    /// Prints the table and the closing line; the exit code is 0 when nothing failed.
    pub fn close(&self) -> ExitCode {
        println!();
        for (name, outcome, took) in &self.lines {
            println!("{}", line(name, outcome, *took));
        }
        let count = |word: &str| self.lines.iter().filter(|(_, outcome, _)| outcome.word() == word).count();
        let failed = count("FAILED");
        println!("\n{} passed, {failed} failed, {} skipped", count("passed"), count("SKIPPED"));
        if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn line(name: &str, outcome: &Outcome, took: Duration) -> String {
    let line = format!("{name:<16} {:<8} {:>7.1} s  {}", outcome.word(), took.as_secs_f64(), outcome.reason());
    line.trim_end().to_owned()
}
