//! What was found: a table as it comes, JSON at the end.

mod json;
mod row;
mod table;

pub use row::{Row, Target};

use crate::machine::Machine;

/// All rows so far.
pub struct Report {
    rows: Vec<Row>,
    failed: Vec<String>,
}

impl Report {
    /// No rows yet.
    pub fn new() -> Report {
        println!("{}", table::HEAD);
        Report { rows: Vec::new(), failed: Vec::new() }
    }

    /// A benchmark begins.
    pub fn begin(&self, name: &str, about: &str) {
        println!("# {name}: {about}");
    }

    /// A benchmark's rows.
    pub fn add(&mut self, rows: Vec<Row>) {
        if rows.is_empty() {
            self.fail("a benchmark", "gave no row");
        }
        for row in rows {
            println!("{}", table::line(&row));
            self.rows.push(row);
        }
    }

    /// A benchmark did not measure what it should.
    pub fn fail(&mut self, name: &str, problem: &str) {
        println!("FAILED {name}: {problem}");
        self.failed.push(name.to_owned());
    }

    /// Says how many targets were met, and by name which were not.
    pub fn close(&self) {
        let with_target = self.rows.iter().filter(|row| row.met().is_some()).count();
        let missed: Vec<&str> =
            self.rows.iter().filter(|row| row.met() == Some(false)).map(|row| row.name.as_str()).collect();
        println!("\n{} of {with_target} targets met", with_target - missed.len());
        for name in missed {
            println!("missed: {name}");
        }
        for name in &self.failed {
            println!("FAILED: {name}");
        }
    }

    /// Whether every benchmark measured what it should; a missed target is a result, not a failure.
    pub fn all_measured(&self) -> bool {
        self.failed.is_empty()
    }

    /// The machine-readable form.
    pub fn to_json(&self, machine: &Machine) -> String {
        json::text(machine, &self.rows)
    }
}
