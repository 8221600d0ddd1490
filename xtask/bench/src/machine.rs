//! What the numbers were taken on.

use std::fmt;
use std::fs;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};

/// The machine, as far as it can be told.
pub struct Machine {
    cpu: String,
    cores: usize,
    kernel: String,
    rustc: String,
    load: Option<f64>,
}

/// Above this, other work on the machine shows in the numbers.
const QUIET_LOAD: f64 = 0.5;

impl Machine {
    /// Looks around.
    pub fn look() -> Machine {
        Machine {
            cpu: cpu().unwrap_or_else(|| "unknown processor".into()),
            cores: cores(),
            kernel: output("uname", &["-sr"]),
            rustc: output("rustc", &["--version"]),
            load: load(),
        }
    }

    /// For the JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "cpu": self.cpu,
            "cores": self.cores,
            "kernel": self.kernel,
            "rustc": self.rustc,
            "load_1m_at_start": self.load,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "machine: {}, {} cores, {}, {}", self.cpu, self.cores, self.kernel, self.rustc)?;
        match self.load {
            Some(load) if load > QUIET_LOAD => {
                write!(f, "\nNOISY: the load was {load:.2} before the first run; measure on a quiet machine")
            }
            _ => Ok(()),
        }
    }
}

/// How many threads run at once.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn cpu() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let field = |name: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == name).then(|| value.trim().to_owned())
        })
    };
    let model = field("model name")?;
    match (field("cpu family"), field("model")) {
        (Some(family), Some(number)) => Some(format!("{model} (family {family}, model {number})")),
        _ => Some(model),
    }
}

fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

fn output(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}
