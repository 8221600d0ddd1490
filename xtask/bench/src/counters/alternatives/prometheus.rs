//! `prometheus-client`: a `Family` of counters.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use super::labels::{self, Labels, Op};
use crate::counters::{PLACES, SharedCounter, Total, for_each_place, place};
use crate::load::{Stream, VALUE_LEN};

/// Looked up by label set, in both families.
pub struct PrometheusByLabel {
    operations: Family<Labels, Counter>,
    bytes: Family<Labels, Counter>,
}

impl PrometheusByLabel {
    /// With all routes.
    pub fn new() -> PrometheusByLabel {
        let new = PrometheusByLabel { operations: Family::default(), bytes: Family::default() };
        for labels in labels::all() {
            drop(new.operations.get_or_create(&labels));
            drop(new.bytes.get_or_create(&labels));
        }
        new
    }
}

impl SharedCounter for PrometheusByLabel {
    fn name(&self) -> &'static str {
        "prometheus-client Family"
    }

    fn count(&self, stream: &Stream) {
        stream.for_each(|route, key| {
            let labels = Labels { route, op: Op::Write };
            self.operations.get_or_create(&labels).inc();
            self.bytes.get_or_create(&labels).inc_by(key.len() as u64 + VALUE_LEN);
        });
    }

    fn total(&self) -> Total {
        Total::of(
            labels::all()
                .map(|labels| (self.operations.get_or_create(&labels).get(), self.bytes.get_or_create(&labels).get())),
        )
    }
}

/// Counters kept.
pub struct PrometheusHandles {
    cells: Box<[(Counter, Counter); PLACES]>,
}

impl PrometheusHandles {
    /// With all routes.
    pub fn new() -> PrometheusHandles {
        PrometheusHandles { cells: for_each_place(|_| Default::default()) }
    }
}

impl SharedCounter for PrometheusHandles {
    fn name(&self) -> &'static str {
        "prometheus-client Counter"
    }

    #[expect(clippy::indexing_slicing, reason = "the place is masked to the array's length")]
    fn count(&self, stream: &Stream) {
        stream.for_each(|route, key| {
            let (operations, bytes) = &self.cells[place(route)];
            operations.inc();
            bytes.inc_by(key.len() as u64 + VALUE_LEN);
        });
    }

    fn total(&self) -> Total {
        Total::of(self.cells.iter().map(|(operations, bytes)| (operations.get(), bytes.get())))
    }
}
