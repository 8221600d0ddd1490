//! The numbers: keyviz beside what it compares with, in one run of one machine.
//!
//! A number of nanoseconds holds for one machine on one day; a ratio of two numbers taken in turns holds. So every
//! benchmark runs its candidate and its baselines alternately (A B C A B C ...), takes the lowest of all runs of
//! each, and prints both beside the target. Afterwards it compares what each has counted with what it was given: a
//! benchmark that measured nothing fails.
//!
//! In the order of the data: [`load`] makes the operations, [`counters`] are what counts them (keyviz, the bare
//! loop, the alternatives), [`measure`] takes turns, [`benches`] has one file a promise,
//! [`report`] prints and writes JSON.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks on its terminal")]

mod args;
mod benches;
mod counters;
mod load;
mod machine;
mod measure;
mod memory;
mod report;
mod versions;

use std::process::ExitCode;

use args::{Args, Command};
use benches::Bench;
use machine::Machine;
use report::Report;

const HELP: &str = include_str!("../help.txt");

fn main() -> ExitCode {
    match args::parse() {
        Ok(Command::Help) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Ok(Command::List) => {
            print!("{}", list());
            ExitCode::SUCCESS
        }
        Ok(Command::Run(args)) => run(&args),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// A line for each. `list.txt` is a copy, which `cargo xtask bench --list` prints without building anything.
fn list() -> String {
    let mut text = String::new();
    for bench in benches::ALL {
        let note = if bench.on_request { " (only when named)" } else { "" };
        text.push_str(&format!("{:<34} {}{note}\n", bench.name, bench.about));
    }
    text
}

fn run(args: &Args) -> ExitCode {
    let chosen: Vec<&Bench> = benches::ALL.iter().filter(|bench| args.chooses(bench)).collect();
    if chosen.is_empty() {
        eprintln!("no benchmark's name starts with `{}`; there are:", args.only.as_deref().unwrap_or_default());
        eprint!("{}", list());
        return ExitCode::from(2);
    }
    let machine = Machine::look();
    println!("{machine}");
    println!("beside: {}", versions::line());
    println!(
        "each value is the lowest of {} runs taken in turns; lower is better unless a target says >=\n",
        args.runs
    );
    let mut report = Report::new();
    for bench in chosen {
        report.begin(bench.name, bench.about);
        match (bench.run)(args.runs) {
            Ok(rows) => report.add(rows),
            Err(problem) => report.fail(bench.name, &problem),
        }
    }
    report.close();
    if let Some(file) = &args.json {
        let text = report.to_json(&machine);
        if let Err(error) = std::fs::write(file, text) {
            eprintln!("{}: {error}", file.display());
            return ExitCode::FAILURE;
        }
    }
    if report.all_measured() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_list_that_is_printed_without_building_is_this_one() {
        assert_eq!(include_str!("../list.txt"), super::list(), "write the right side to xtask/bench/list.txt");
    }
}
