//! A copy of this checkout in a temporary folder, with an empty target folder beside it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Goes when it is dropped.
pub struct Checkout {
    folder: PathBuf,
}

impl Checkout {
    /// Copies the sources.
    pub fn new() -> Result<Checkout, String> {
        let folder = std::env::temp_dir().join(format!("keyviz-bench-build-{}", std::process::id()));
        let checkout = Checkout { folder };
        copy_sources(&root(), &checkout.sources())?;
        Ok(checkout)
    }

    /// Where everything lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A `cargo` that stands in it.
    pub fn cargo(&self) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(self.sources());
        command.env("CARGO_TARGET_DIR", self.folder.join("target")).stdin(Stdio::null());
        command
    }

    fn sources(&self) -> PathBuf {
        self.folder.join("checkout")
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        // What stays is in the folder for temporary things.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn root() -> PathBuf {
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest.ancestors().nth(2).map_or_else(|| manifest.clone(), Path::to_path_buf)
}

/// What git knows or would add: the checkout as it stands, without its build output.
fn copy_sources(from: &Path, to: &Path) -> Result<(), String> {
    let listed = Command::new("git")
        .current_dir(from)
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .map_err(|error| format!("git: {error}"))?;
    if !listed.status.success() {
        return Err("git cannot list the sources".into());
    }
    for name in listed.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let name = String::from_utf8_lossy(name);
        let (source, copy) = (from.join(&*name), to.join(&*name));
        let problem = |error: io::Error| format!("{name}: {error}");
        // A file that was deleted but not committed yet.
        if !source.exists() {
            continue;
        }
        if let Some(parent) = copy.parent() {
            fs::create_dir_all(parent).map_err(problem)?;
        }
        fs::copy(&source, &copy).map_err(problem)?;
    }
    Ok(())
}
