//! Everything at once on many threads, and exact accounting at the end.
//!
//! Threads observe in every way there is ([`observe`]), with recorders that come and go and are handed on; one
//! thread registers, removes and registers anew far beyond the budget of routes ([`churn`]); one flushes by a clock
//! of its own, which at times leaps or steps back ([`flush`]); one reads all the time and compares what it reads
//! with what the flushing thread found ([`read`]). Each observing thread keeps its own totals ([`truth`]); when all
//! have ended, [`account`] compares them with what the sampler knows. One operation too few or too many is an exit
//! code of 1. Then the same in ranges of the core's own ([`ranges`]).
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool speaks on its terminal")]

mod account;
mod args;
mod churn;
mod flush;
mod observe;
mod progress;
mod random;
mod ranges;
mod read;
mod report;
mod routes;
mod truth;
mod world;

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use args::Command;
use truth::Truth;
use world::World;

const HELP: &str = include_str!("../help.txt");

fn main() -> ExitCode {
    let args = match args::parse() {
        Ok(Command::Help) => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Ok(Command::Run(args)) => args,
        Err(error) => {
            eprintln!("{error}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let whole = run(&args).and_then(|mut differences| {
        differences.extend(ranges::run(&args)?);
        Ok(differences)
    });
    match whole {
        Ok(differences) if differences.is_empty() => {
            println!("exact: every operation is accounted for");
            ExitCode::SUCCESS
        }
        Ok(differences) => {
            for line in &differences {
                println!("DIFFERS: {line}");
            }
            println!("{} differences", differences.len());
            ExitCode::FAILURE
        }
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// Runs everything; gives what differs.
fn run(args: &args::Args) -> Result<Vec<String>, String> {
    let mut world = World::new(args)?;
    let mut truth = world.settle();
    let begun = Instant::now();
    let world_now = &world;
    let finished = thread::scope(|scope| {
        let flushing = scope.spawn(|| flush::run(world_now));
        let churning = scope.spawn(|| churn::run(world_now));
        let reading = scope.spawn(|| read::run(world_now));
        let observing: Vec<_> =
            (0..args.threads).map(|thread| scope.spawn(move || observe::run(world_now, thread))).collect();
        while observing.iter().any(|thread| !thread.is_finished()) {
            thread::sleep(Duration::from_millis(20));
            progress::show(world_now, begun.elapsed());
            if args.seconds.is_some_and(|seconds| begun.elapsed() >= seconds) {
                world_now.tickets.close();
            }
        }
        let taken = begun.elapsed();
        // Joined one by one: a thread's own recorder is handed back by then.
        let counted: Option<Vec<Truth>> = observing.into_iter().map(|thread| thread.join().ok()).collect();
        world_now.stop();
        let others = [flushing.join().is_ok(), churning.join().is_ok(), reading.join().is_ok()];
        Some((taken, counted.filter(|_| others == [true; 3])?))
    });
    progress::clear();
    let (taken, counted) = finished.ok_or("a thread panicked")?;
    counted.iter().for_each(|counted| truth.add(counted));
    world.finish();
    report::print(&world, &truth, taken);
    Ok(account::differences(&world, &truth))
}
