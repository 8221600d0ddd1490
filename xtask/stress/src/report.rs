//! The closing table.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::truth::Truth;
use crate::world::{World, lock};

/// Prints what was done and what happened on the way.
pub fn print(world: &World, truth: &Truth, taken: Duration) {
    let seconds = taken.as_secs_f64();
    let operations = truth.total.reads + truth.total.writes;
    line("threads that observed", world.threads as u64);
    line("calls of observing", truth.calls);
    line("operations", operations);
    println!("{:<28} {seconds:>20.1}", "seconds");
    line("calls a second", (truth.calls as f64 / seconds) as u64);
    line("columns compared by reader", world.compared.load(Ordering::Relaxed));
    line("columns noted when sealed", lock(&world.ledger).columns.len() as u64);
    let counters = world.sampler.reader().counters();
    counters.for_each(line);
}

fn line(name: &str, value: u64) {
    println!("{name:<28} {:>20}", grouped(value));
}

/// Digits in threes.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_in_threes() {
        assert_eq!(
            ["0", "999", "1 000", "12 345 678"],
            [0, 999, 1000, 12_345_678].map(grouped).each_ref().map(String::as_str)
        );
    }
}
