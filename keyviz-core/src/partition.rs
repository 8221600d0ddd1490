//! Who says where the key space is cut.

/// Who cuts the key space into the ranges that are counted.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, Op, Partition, Sampler};
/// let mut config = Config::default();
/// config.partition = Partition::Auto { ranges: 256 };
/// let sampler = Sampler::new(config, 0)?;
/// sampler.recorder().observe_key(Op::Write, b"apple", 100); // no route to name
/// sampler.flush(60_000);
/// assert_eq!(sampler.reader().counters().recorded.writes, 1);
///
/// // The ranges are the core's own: a host's are refused.
/// assert!(sampler.register(keyviz_core::RouteId(1), b"a", None, 0).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Partition {
    /// The host registers its routes, and names one with each operation.
    #[default]
    Routes,
    /// The host has no routes: the core makes ranges, fine where the load is and wide where it is not, from the keys it
    /// samples. The host observes with [`observe_key`](crate::RecorderOn::observe_key) and
    /// [`observe_scan`](crate::RecorderOn::observe_scan). `max_routes`, `max_known_routes` and `max_virtual` mean
    /// nothing then, and `max_draining` 0 is as many as there are ranges.
    Auto {
        /// The most ranges, 2 to 65 536.
        ranges: u32,
    },
}

impl Partition {
    /// Ranges of the core's own with the default size: 1024.
    pub const AUTO: Partition = Partition::Auto { ranges: 1024 };

    /// The most ranges of the core's own making; 0 where the host registers routes.
    #[must_use]
    pub const fn ranges(self) -> u32 {
        match self {
            Partition::Routes => 0,
            Partition::Auto { ranges } => ranges,
        }
    }
}
