//! Debian packages.

use std::path::Path;
use std::process::Command;

use crate::process;

/// What may be done with apt here.
pub enum Apt {
    /// Install unasked.
    AsRoot,
    /// Say which command to run.
    NotRoot,
    /// Not a Debian.
    Absent,
}

/// Looks at the system and at who we are.
pub fn available() -> Apt {
    if !Path::new("/etc/debian_version").exists() || !Path::new("/usr/bin/apt-get").exists() {
        return Apt::Absent;
    }
    let root = process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if root { Apt::AsRoot } else { Apt::NotRoot }
}

/// The command that a person runs.
pub fn command_line(packages: &[&str]) -> String {
    format!("apt-get install -y --no-install-recommends {}", packages.join(" "))
}

/// Refreshes the lists once, installs, and stops the service that a package may have started: only what this very
/// call brought.
pub fn install(packages: &[&str]) -> Result<(), String> {
    process::run(&mut apt_get(&["update", "-q"]))?;
    let mut command = apt_get(&["install", "-y", "-q", "--no-install-recommends"]);
    let installed = process::run(command.args(packages));
    if packages.contains(&"redis-server") {
        // Debian starts it on the port that people's own servers use; the tests start their own on a free one.
        let _ = process::succeeds(Command::new("service").args(["redis-server", "stop"]));
    }
    installed
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}
