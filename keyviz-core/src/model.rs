//! What the models in `loom-tests` need to know of the inside. Not there without `cfg(keyviz_loom)`.

use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::config::Config;
use crate::halves::Writer;
use crate::layout::Layout;
use crate::pages::PageEntry;
use crate::reader::Reader;
use crate::recorder::Recorder;
use crate::sync::Ordering;
use crate::table::hash;

/// See `sync`: a second machine for the models, stronger than the language's.
pub fn stores_take_effect_at_once() {
    crate::sync::stores_take_effect_at_once();
}

/// The first `count` route ids, from 1 on, whose entries belong in the table's first place.
pub fn routes_of_one_home(config: &Config, count: usize) -> Vec<u64> {
    let len = Layout::new(config).map_or(1, |layout| layout.table_len);
    let home = |route: &u64| (hash(*route) >> (64 - len.trailing_zeros())) == 0;
    (1..).filter(home).take(count).collect()
}

/// The flush epoch that a recorder's page of slots is marked with, as a relaxed load may see it.
pub fn epoch_of_page(writer: &Writer, row: usize, page: usize) -> Option<u32> {
    let entry = PageEntry(writer.shared.pages.entry(row, page)?.load(Ordering::Relaxed));
    entry.base().map(|_| entry.epoch())
}

/// Makes recorders on another thread than the writer's, as `Sampler` does.
pub fn recorder_of(reader: &Reader) -> impl Fn() -> Recorder + Send + 'static {
    let shared = Arc::clone(&reader.shared);
    move || Recorder::new(Arc::clone(&shared))
}
