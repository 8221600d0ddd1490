//! The page's packages: into its own folder, exactly as the committed lock file says.

use crate::checkout::Checkout;
use crate::process;

/// `npm ci`, without the scripts that packages bring: they are a compiler and a driver, neither needs one.
pub fn install(checkout: &Checkout) -> Result<(), String> {
    let mut command = process::program("npm", &checkout.page());
    command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    process::run(&mut command)
}
