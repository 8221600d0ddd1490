//! The loads, and what each looks like.

use clap::ValueEnum;

/// One load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    Uniform,
    Zipf,
    HotRange,
    MovingHotspot,
    Sequential,
    Scan,
}

/// What the demo runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Show {
    /// All of the others, 20 s each, over and over
    Tour,
    /// Every key alike
    Uniform,
    /// A few keys get most of the load
    Zipf,
    /// One range gets most of the load
    HotRange,
    /// A hot range that moves through the whole key space
    MovingHotspot,
    /// Rows written in key order, as by a counter or a timestamp
    Sequential,
    /// The whole key space read in order
    Scan,
}

impl Workload {
    pub(crate) const ALL: [Workload; 6] = [
        Workload::Uniform,
        Workload::Zipf,
        Workload::HotRange,
        Workload::MovingHotspot,
        Workload::Sequential,
        Workload::Scan,
    ];

    /// A name that stays.
    pub(crate) fn id(self) -> &'static str {
        match self {
            Workload::Uniform => "uniform",
            Workload::Zipf => "zipf",
            Workload::HotRange => "hot-range",
            Workload::MovingHotspot => "moving-hotspot",
            Workload::Sequential => "sequential",
            Workload::Scan => "scan",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Workload::Uniform => "Uniform",
            Workload::Zipf => "Zipf",
            Workload::HotRange => "Hot range",
            Workload::MovingHotspot => "Moving hotspot",
            Workload::Sequential => "Sequential writes",
            Workload::Scan => "Scan",
        }
    }

    /// What to see.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Workload::Uniform => {
                "All rows are equally hot: every key is as likely as any other. This is how a well-spread load looks."
            }
            Workload::Zipf => {
                "A few rows are hot and most are not: a handful of popular keys get most of the load, wherever they happen to lie."
            }
            Workload::HotRange => {
                "One thin hot band in the middle of orders/: nine of ten operations go to one range. A candidate for a split."
            }
            Workload::MovingHotspot => {
                "A hot diagonal: the hot spot walks from the first key to the last. Splitting where it was would not help."
            }
            Workload::Sequential => {
                "A hot staircase inside events/: rows are written in key order, as with a counter or a timestamp in the key. Only its tip takes writes."
            }
            Workload::Scan => {
                "Steep stripes from top to bottom: the whole key space is read in order, again and again. Look at the series `reads`."
            }
        }
    }
}

impl Show {
    /// The one load, or `None` for all in turn.
    pub(crate) fn only(self) -> Option<Workload> {
        match self {
            Show::Tour => None,
            Show::Uniform => Some(Workload::Uniform),
            Show::Zipf => Some(Workload::Zipf),
            Show::HotRange => Some(Workload::HotRange),
            Show::MovingHotspot => Some(Workload::MovingHotspot),
            Show::Sequential => Some(Workload::Sequential),
            Show::Scan => Some(Workload::Scan),
        }
    }

    pub(crate) fn describe(self) -> String {
        match self.only() {
            None => "a tour of six loads on a redb store, 20 s each".to_owned(),
            Some(workload) => format!("the load `{}` on a redb store", workload.id()),
        }
    }
}
