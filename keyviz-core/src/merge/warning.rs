//! What a merge has to say about the nodes that went into it.

use core::fmt;

use crate::op::Series;

/// Something about a node that a reader of the merged picture should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// The node's place in the configured order.
    pub place: u32,
    /// What it is.
    pub kind: WarningKind,
}

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum WarningKind {
    /// The node's writes would add, other nodes' go by the leader rule; so all went by the leader rule.
    MixedWriteMerge,
    /// The node has other bounds for a bucket id than the first node that has it. Its counts are shown under the
    /// first's.
    CatalogDivergence,
    /// The node's answer did not say its step, and when all were there it had no room in the merge: it is left out.
    LeftOut,
    /// The node had more rows than it gave: what it cut is in `cut`, but in no row.
    PeerRowsCapped,
}

impl WarningKind {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            WarningKind::MixedWriteMerge => "mixed_write_merge",
            WarningKind::CatalogDivergence => "catalog_divergence",
            WarningKind::LeftOut => "left_out",
            WarningKind::PeerRowsCapped => "peer_rows_capped",
        }
    }
}

/// Why an answer was not taken in; the merge is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MergeError {
    /// It is of another series.
    OtherSeries {
        /// The series of the merge.
        merge: Series,
        /// The answer's.
        answer: Series,
    },
    /// Its rows are not those of the route axis: nodes are asked for these, and the axis is made of all of them.
    NotRouteAxis,
    /// There is an answer of this place already.
    PlaceTwice {
        /// The place.
        place: u32,
    },
    /// Places are below 2^32 - 1.
    PlaceTooGreat,
    /// With it there would be more cells than the merge may have.
    TooLarge {
        /// The most.
        max_cells: usize,
    },
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherSeries { merge, answer } => {
                write!(
                    f,
                    "an answer of {} among those of {}; ask all nodes for one series",
                    answer.name(),
                    merge.name()
                )
            }
            Self::NotRouteAxis => f.write_str("rows of the range axis do not merge; ask nodes for axis=route"),
            Self::PlaceTwice { place } => write!(f, "two answers of place {place}; give each node a place of its own"),
            Self::TooLarge { max_cells } => {
                write!(f, "more than {max_cells} cells; ask nodes for fewer rows, or for less time")
            }
            Self::PlaceTooGreat => write!(f, "a place is at most {}", u32::MAX - 1),
        }
    }
}

impl core::error::Error for MergeError {}
