//! From a clean checkout to a live picture: an empty target folder, sources fetched.

mod checkout;
mod demo;
mod http;

use std::thread;
use std::time::{Duration, Instant};

use super::Bench;
use crate::report::{Row, Target};
use checkout::Checkout;
use demo::Demo;

pub const BENCH: Bench = Bench {
    name: "build",
    about: "`cargo run --release` from an empty target folder until the matrix of the demo has a column",
    on_request: true,
    run,
};

/// Six minutes.
const TARGET_S: f64 = 360.0;
/// After this it is not going to come.
const GIVE_UP: Duration = Duration::from_secs(40 * 60);

/// Once: what is measured takes minutes, and its noise is small beside them.
fn run(_runs: usize) -> Result<Vec<Row>, String> {
    let checkout = Checkout::new()?;
    // The sources of all dependencies: what is measured is building, not a network.
    let fetched = checkout.cargo().args(["fetch", "--locked"]).status().map_err(|error| error.to_string())?;
    if !fetched.success() {
        return Err(format!("cargo fetch ended with {fetched}"));
    }
    println!("building in {}", checkout.folder().display());
    let begun = Instant::now();
    let mut demo = Demo::start(checkout.cargo())?;
    let address = demo.address(begun)?;
    let serving_s = begun.elapsed().as_secs_f64();
    println!("serving at {address} after {serving_s:.1} s");
    while !http::has_column(&address)? {
        if begun.elapsed() > GIVE_UP {
            return Err("no column came".into());
        }
        thread::sleep(Duration::from_millis(50));
    }
    let picture_s = begun.elapsed().as_secs_f64();
    Ok(vec![
        row("build/serving", serving_s, None),
        row("build/live-picture", picture_s, Some(Target::ValueAtMost(TARGET_S))),
    ])
}

fn row(name: &str, value: f64, target: Option<Target>) -> Row {
    Row { name: name.into(), value, median: None, unit: "s", baseline: None, target }
}
