//! Panning and zooming in the page, in a browser: how long a frame takes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::Bench;
use crate::report::{Row, Target};

pub const BENCH: Bench = Bench {
    name: "page",
    about: "a frame of the page, ten seconds of pan and zoom over 1024 x 1440 distinct cells, Chromium without a GPU",
    on_request: true,
    run,
};

/// A screen that is drawn sixty times a second waits no longer.
const TARGET_MS: f64 = 16.0;

/// Once: it has some hundred frames, of which the 95th percentile counts.
fn run(_runs: usize) -> Result<Vec<Row>, String> {
    let page = page();
    if !page.join("node_modules").is_dir() {
        return Err("the page's packages are not there: `cargo xtask test --only page-packages` fetches them".into());
    }
    let output = Command::new("node")
        .current_dir(page)
        .args(["tests/map.bench.js", "--json"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("node: {error}"))?;
    if !output.status.success() {
        return Err(format!("the page's benchmark ended with {}", output.status));
    }
    rows(&String::from_utf8_lossy(&output.stdout))
}

/// What the page's benchmark says of itself.
fn rows(json: &str) -> Result<Vec<Row>, String> {
    let said: Value = serde_json::from_str(json).map_err(|error| format!("{error}: {json}"))?;
    let number = |path: &str| said.pointer(path).and_then(Value::as_f64).ok_or_else(|| format!("no {path}: {json}"));
    let [width, height] = [number("/canvas/0")?, number("/canvas/1")?];
    println!("{} frames on {width} x {height} device pixels", number("/frames")?);
    let row = |name: &str, of: &str, target: Option<Target>| {
        let (value, median) = (number(&format!("/{of}/p95"))?, Some(number(&format!("/{of}/median"))?));
        Ok::<_, String>(Row { name: format!("page/{name}, p95"), value, median, unit: "ms", baseline: None, target })
    };
    Ok(vec![
        row("a frame by the clock", "work", Some(Target::ValueAtMost(TARGET_MS)))?,
        row("a frame's processor time", "processor", Some(Target::ValueAtMost(TARGET_MS)))?,
        row("from frame to frame", "intervals", None)?,
    ])
}

fn page() -> PathBuf {
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest.ancestors().nth(2).map_or_else(|| manifest.clone(), Path::to_path_buf).join("adapters/admin/ui")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_becomes_rows() {
        let said = r#"{"frames": 400, "canvas": [1352, 895], "work": {"median": 6.0, "p95": 17.5},
            "processor": {"median": 4.7, "p95": 14.2}, "intervals": {"median": 16.7, "p95": 33.4}}"#;
        let rows = rows(said).unwrap();
        let told: Vec<_> = rows.iter().map(|row| (row.value, row.median, row.met())).collect();
        assert_eq!(told, [(17.5, Some(6.0), Some(false)), (14.2, Some(4.7), Some(true)), (33.4, Some(16.7), None)]);
        assert!(super::rows("{}").is_err() && super::rows("no JSON").is_err());
    }
}
