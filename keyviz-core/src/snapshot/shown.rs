//! What a snapshot shows of keys, for whoever may see less than all.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::event::Event;
use crate::reading::{Known, Reading};
use crate::route::RouteId;
use crate::shared::Shared;

/// What stands in a snapshot in place of what is made of keys.
///
/// Bounds that differ have to differ still, and in the same order, and none may become empty: else a row could end where
/// it begins, and no reader takes that.
#[derive(Clone, Copy)]
pub struct SnapshotShown<'a> {
    /// What is shown of a bound; `None` where it is not known what may be. What has such bounds, which came since they
    /// were gathered ([`snapshot_bounds`](crate::ReaderOn::snapshot_bounds)), is left out with all that is later.
    pub bound: &'a dyn Fn(&[u8]) -> Option<Vec<u8>>,
    /// The id shown of a route, which is no virtual bucket.
    pub route: &'a dyn Fn(RouteId) -> RouteId,
    /// The text shown of an event.
    pub text: &'a dyn Fn(&Event) -> String,
}

impl SnapshotShown<'_> {
    /// Everything as it is.
    pub(super) const ALL: SnapshotShown<'static> = SnapshotShown {
        bound: &|bound| Some(bound.to_vec()),
        route: &|route| route,
        text: &|event| event.text.clone(),
    };

    /// The bounds of a row, where they may be shown.
    pub(super) fn bounds(&self, row: &Known) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        let shown = |bound: &[u8]| if bound.is_empty() { Some(Vec::new()) } else { (self.bound)(bound) };
        let end = match &row.end {
            Some(end) => Some(shown(end)?),
            None => None,
        };
        Some((shown(&row.start)?, end))
    }
}

impl fmt::Debug for SnapshotShown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnapshotShown").finish_non_exhaustive()
    }
}

/// All bounds that rows of the history have, but the empty one.
pub(crate) fn bounds(shared: &Shared) -> BTreeSet<Vec<u8>> {
    let mut reading = Reading::new(shared);
    for mut place in reading.places(0, 0, true) {
        let _ = reading.take(&mut place);
    }
    let bounds = reading.known.into_iter().flat_map(|row| [Some(row.start), row.end]).flatten();
    bounds.filter(|bound| !bound.is_empty()).collect()
}
