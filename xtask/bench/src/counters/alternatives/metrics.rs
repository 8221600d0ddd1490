//! The `metrics` facade over the registry of `metrics-util`, as its exporters install it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit, counter};
use metrics_util::registry::{AtomicStorage, Registry};

use crate::counters::{PLACES, SharedCounter, Total, for_each_place, place};
use crate::load::{Stream, VALUE_LEN};

const OPERATIONS: &str = "operations_total";
const BYTES: &str = "bytes_total";

/// A recorder that keeps its metrics in a registry.
struct Registered {
    registry: Registry<Key, AtomicStorage>,
}

impl Registered {
    fn new() -> Registered {
        Registered { registry: Registry::atomic() }
    }

    fn sum(&self, name: &str) -> u64 {
        let mut sum = 0;
        self.registry.visit_counters(|key, counter| {
            if key.name() == name {
                sum += counter.load(Relaxed);
            }
        });
        sum
    }
}

impl Recorder for Registered {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let atomic: Arc<AtomicU64> = self.registry.get_or_create_counter(key, Arc::clone);
        Counter::from_arc(atomic)
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.registry.get_or_create_gauge(key, Arc::clone))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.registry.get_or_create_histogram(key, Arc::clone))
    }
}

/// `counter!` with labels at every operation.
pub struct MetricsByLabel {
    recorder: Registered,
    names: Box<[&'static str; PLACES]>,
}

impl MetricsByLabel {
    /// With all routes.
    pub fn new() -> MetricsByLabel {
        let new = MetricsByLabel { recorder: Registered::new(), names: names() };
        metrics::with_local_recorder(&new.recorder, || {
            for name in new.names.iter() {
                counter!(OPERATIONS, "route" => *name, "op" => "write").increment(0);
                counter!(BYTES, "route" => *name, "op" => "write").increment(0);
            }
        });
        new
    }
}

impl SharedCounter for MetricsByLabel {
    fn name(&self) -> &'static str {
        "metrics counter!"
    }

    #[expect(clippy::indexing_slicing, reason = "the place is masked to the array's length")]
    fn count(&self, stream: &Stream) {
        metrics::with_local_recorder(&self.recorder, || {
            stream.for_each(|route, key| {
                let name = self.names[place(route)];
                counter!(OPERATIONS, "route" => name, "op" => "write").increment(1);
                counter!(BYTES, "route" => name, "op" => "write").increment(key.len() as u64 + VALUE_LEN);
            });
        });
    }

    fn total(&self) -> Total {
        Total { operations: self.recorder.sum(OPERATIONS), bytes: Some(self.recorder.sum(BYTES)) }
    }
}

/// Counters kept.
pub struct MetricsHandles {
    recorder: Registered,
    cells: Box<[(Counter, Counter); PLACES]>,
}

impl MetricsHandles {
    /// With all routes.
    pub fn new() -> MetricsHandles {
        let recorder = Registered::new();
        let cells = metrics::with_local_recorder(&recorder, || {
            for_each_place(|route| {
                let name = route.id.to_string();
                let operations = counter!(OPERATIONS, "route" => name.clone(), "op" => "write");
                (operations, counter!(BYTES, "route" => name, "op" => "write"))
            })
        });
        MetricsHandles { recorder, cells }
    }
}

impl SharedCounter for MetricsHandles {
    fn name(&self) -> &'static str {
        "metrics Counter"
    }

    #[expect(clippy::indexing_slicing, reason = "the place is masked to the array's length")]
    fn count(&self, stream: &Stream) {
        stream.for_each(|route, key| {
            let (operations, bytes) = &self.cells[place(route)];
            operations.increment(1);
            bytes.increment(key.len() as u64 + VALUE_LEN);
        });
    }

    fn total(&self) -> Total {
        Total { operations: self.recorder.sum(OPERATIONS), bytes: Some(self.recorder.sum(BYTES)) }
    }
}

/// Names that live as long as the process, the cheapest that a label can be.
fn names() -> Box<[&'static str; PLACES]> {
    for_each_place(|route| &*Box::leak(route.id.to_string().into_boxed_str()))
}
