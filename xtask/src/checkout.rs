//! Where things are: the checkout, its build output, what stands beside it.

use std::env;
use std::path::{Path, PathBuf};

/// The checkout that `cargo xtask` was called in.
pub struct Checkout {
    root: PathBuf,
    target: PathBuf,
    target_is_chosen: bool,
}

impl Checkout {
    /// Reads the place from what cargo says at run time: the path at build time would be another clone's when
    /// several share one target folder.
    pub fn find() -> Checkout {
        let manifest =
            env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().map_or_else(|| manifest.clone(), Path::to_path_buf);
        let chosen = env::var_os("KEYVIZ_TARGET_DIR")
            .or_else(|| env::var_os("CARGO_TARGET_DIR"))
            .filter(|folder| !folder.is_empty())
            .and_then(|folder| std::path::absolute(folder).ok());
        Checkout { target_is_chosen: chosen.is_some(), target: chosen.unwrap_or_else(|| root.join("target")), root }
    }

    /// The folder of the root manifest.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo puts its output.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The folder to pass on as `CARGO_TARGET_DIR`, when one was asked for.
    pub fn chosen_target(&self) -> Option<&Path> {
        self.target_is_chosen.then_some(self.target.as_path())
    }

    /// The folder of the page, with its `package.json`.
    pub fn page(&self) -> PathBuf {
        self.root.join("adapters/admin/ui")
    }
}

/// Whether this run must not leave anything out.
pub fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}
