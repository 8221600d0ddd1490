//! The page as a file.

use std::path::Path;

use keyviz_admin::{Access, Admin, Clock as _, Mode, SystemClock, TimeLabel};
use keyviz_core::Series;

use super::feed::Fed;
use super::input;
use super::notes::{self, Note};
use crate::failure::Failure;

/// Largest file: what a browser still opens in a moment.
const LIMIT_BYTES: usize = 64 << 20;

/// Writes the page with all series in it; `series` is what it shows first.
pub(crate) fn write(
    file: &Path,
    name: &str,
    fed: &Fed,
    notes: &[Note],
    (series, access): (Series, Access),
) -> Result<(), Failure> {
    let label = if fed.relative() { TimeLabel::Relative } else { TimeLabel::Unix };
    let admin = Admin::builder(Some(fed.reader.clone()))
        .title(format!("replay of {name}"))
        .mode(Mode::Static)
        .time_label(label)
        .access(access)
        .build();
    admin.set_notice(Some(notes::recorded(name, SystemClock.now_ms(), notes)));
    let to = input::name(file);
    let page = admin.recorded_page(series, LIMIT_BYTES).map_err(|error| {
        Failure::new(format!("--html {to}: {error} (it would have more than {} MiB)", LIMIT_BYTES >> 20))
    })?;
    std::fs::write(file, page).map_err(|error| Failure::new(format!("writing {to} failed: {error}")))
}
