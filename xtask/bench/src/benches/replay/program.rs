//! The keyviz binary, run on a file and watched.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::trace::Trace;

/// What a replay took, and what its picture has.
pub struct Replayed {
    pub ns: f64,
    /// The most memory that was resident.
    pub peak_kib: u64,
    pub operations: u64,
}

/// The release build.
pub struct Program(PathBuf);

impl Program {
    /// Builds it.
    pub fn build() -> Result<Program, String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["build", "--release", "--locked", "--package", "keyviz", "--message-format", "json"])
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| error.to_string())?;
        let messages = String::from_utf8_lossy(&output.stdout);
        let built = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let executable =
            built.filter_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?))).next_back();
        executable.map(Program).ok_or_else(|| format!("building keyviz ended with {}", output.status))
    }

    /// Replays a file into JSON.
    pub fn replay(&self, trace: &Trace) -> Result<Replayed, String> {
        let json = trace.path().with_extension("json");
        let begun = Instant::now();
        let mut child = Command::new(&self.0)
            .arg("replay")
            .arg(trace.path())
            .arg("--json")
            .arg(&json)
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let status = format!("/proc/{}/status", child.id());
        let mut peak_kib = 0;
        let ended = loop {
            let read = std::fs::read_to_string(&status).unwrap_or_default();
            peak_kib = peak_kib.max(resident_peak(&read));
            match child.try_wait().map_err(|error| error.to_string())? {
                Some(ended) => break ended,
                None => thread::sleep(Duration::from_millis(5)),
            }
        };
        let ns = begun.elapsed().as_nanos() as f64;
        let text = std::fs::read_to_string(&json).map_err(|error| format!("{}: {error}", json.display()));
        let _ = std::fs::remove_file(&json);
        if !ended.success() {
            return Err(format!("the replay ended with {ended}"));
        }
        Ok(Replayed { ns, peak_kib, operations: operations(&text?)? })
    }
}

fn resident_peak(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse().ok()).unwrap_or(0)
}

/// All operations of the picture: its rows, what the row budget cut, what no route took.
fn operations(json: &str) -> Result<u64, String> {
    let matrix: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let numbers = |values: Option<&Value>| match values.and_then(Value::as_array) {
        Some(values) => values.iter().filter_map(Value::as_u64).sum::<u64>(),
        None => 0,
    };
    let rows = matrix.get("rows").and_then(Value::as_array).into_iter().flatten();
    let shown = rows.map(|row| numbers(row.get("values"))).sum::<u64>();
    Ok(shown + numbers(matrix.pointer("/cut/values")) + numbers(matrix.get("unattributed")))
}
