//! `cargo run --release -- demo`, built and started as a person would.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use super::GIVE_UP;

/// The demo, from its build to its end; dropping it ends it and all that it started.
pub struct Demo {
    child: Child,
    lines: Receiver<String>,
}

impl Demo {
    /// Starts the build, with a `cargo` that stands in the checkout.
    pub fn start(mut cargo: Command) -> Result<Demo, String> {
        cargo.args(["run", "--release", "--locked", "--", "demo", "--listen", "127.0.0.1:0"]);
        let mut child = in_own_group(&mut cargo)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let (sender, lines) = mpsc::channel();
        let output = child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
        let errors = child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>);
        for pipe in [output, errors].into_iter().flatten() {
            let sender = sender.clone();
            // Ends with the pipe; keeps reading, so that the demo never waits for us.
            thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        Ok(Demo { child, lines })
    }

    /// The `host:port` of the first address that it prints.
    pub fn address(&mut self, begun: Instant) -> Result<String, String> {
        let mut last = String::new();
        while let Some(left) = GIVE_UP.checked_sub(begun.elapsed()) {
            let Ok(line) = self.lines.recv_timeout(left) else {
                break;
            };
            if let Some(address) = address_in(&line) {
                return Ok(address);
            }
            last = line;
        }
        Err(format!("the demo printed no address; its last line: {last}"))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let id = self.child.id();
        signal("-TERM", id);
        let patience = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && patience.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(50));
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            signal("-KILL", id);
        }
        // Nothing is left to do where even that fails.
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
fn in_own_group(command: &mut Command) -> &mut Command {
    std::os::unix::process::CommandExt::process_group(command, 0)
}

#[cfg(not(unix))]
fn in_own_group(command: &mut Command) -> &mut Command {
    command
}

/// To the whole group: cargo may still be building.
fn signal(which: &str, id: u32) {
    let group = format!("-{id}");
    let arguments = [OsStr::new(which), OsStr::new("--"), OsStr::new(&group)];
    // It may have ended by itself.
    let _ = Command::new("kill").args(arguments).stderr(Stdio::null()).status();
}

fn address_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("http://")?;
    let address: String = rest.chars().take_while(|letter| !letter.is_whitespace() && *letter != '/').collect();
    let (host, port) = address.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    (!host.is_empty() && port != 0).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_a_line() {
        let line = "open http://127.0.0.1:40123/admin/ in a browser";
        assert_eq!(address_in(line).as_deref(), Some("127.0.0.1:40123"));
        assert_eq!(address_in("listening on 127.0.0.1"), None);
        assert_eq!(address_in("http://127.0.0.1:0/"), None);
    }
}
