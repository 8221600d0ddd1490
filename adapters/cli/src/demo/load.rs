//! The thread that works the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Instant;

use keyviz_admin::{Admin, Clock, SystemClock};
use keyviz_core::{EventKind, Sampler};
use tokio::sync::oneshot;

use super::cost;
use super::engine::{self, Engine};
use super::generator::{Act, Generator};
use super::keyspace::ROWS;
use super::pace::{self, DURABLE_EVERY, TICK_ROWS};
use super::store::StoreError;
use super::tour::{self, Phase};
use super::workload::Show;
use crate::failure::Failure;

/// Rows written at once while the store is filled.
const FILL_ROWS: u32 = 2000;

/// The kind of the events that say which load begins.
const LOAD: EventKind = match EventKind::new("load") {
    Ok(kind) => kind,
    Err(_) => EventKind::DEPLOY,
};

/// Everything the thread needs.
pub(crate) struct Load {
    engine: Engine,
    spare: Option<Engine>,
    generator: Generator,
    show: Show,
    admin: Admin,
    /// Where each phase is told.
    sampler: Sampler,
    acts: Vec<Act>,
    batches: u64,
}

impl Load {
    /// `spare` works the same store and is observed elsewhere; it is for measuring.
    pub(crate) fn new(engine: Engine, spare: Engine, show: Show, admin: Admin, sampler: Sampler) -> Load {
        let generator = Generator::new(SystemClock.now_ms());
        Load { engine, spare: Some(spare), generator, show, admin, sampler, acts: Vec::new(), batches: 0 }
    }

    /// Fills the store, then works until told to stop, or until the store fails.
    fn run(&mut self, stop: &Arc<AtomicBool>) -> Result<(), StoreError> {
        self.fill(stop)?;
        let measuring = self.spare.take().and_then(|spare| cost::spawn(spare, Arc::clone(stop)));
        let done = self.work(stop);
        if let Some(thread) = measuring {
            // It is alive only while the store fails or the demo ends, and looks at the flag often.
            stop.store(true, Ordering::Relaxed);
            let _ = thread.join();
        }
        done
    }

    fn fill(&mut self, stop: &AtomicBool) -> Result<(), StoreError> {
        let mut filled = 0;
        while filled < ROWS && !stop.load(Ordering::Relaxed) {
            let began = Instant::now();
            filled += FILL_ROWS;
            let last = filled >= ROWS;
            self.engine.fill(filled - FILL_ROWS, FILL_ROWS, last)?;
            std::thread::sleep(pace::rest(began.elapsed(), last));
        }
        Ok(())
    }

    fn work(&mut self, stop: &AtomicBool) -> Result<(), StoreError> {
        let (began, began_unix_ms) = (Instant::now(), SystemClock.now_ms());
        let mut shown: Option<Phase> = None;
        while !stop.load(Ordering::Relaxed) {
            let tick = Instant::now();
            let elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            let phase = tour::phase(self.show, elapsed_ms);
            if shown != Some(phase) {
                self.admin.set_notice(Some(phase.notice(began_unix_ms)));
                self.sampler.annotate(SystemClock.now_ms(), LOAD, phase.workload.title());
                shown = Some(phase);
            }
            self.draw(&phase, elapsed_ms);
            let durable = self.batch()?;
            std::thread::sleep(pace::rest(tick.elapsed(), durable));
        }
        Ok(())
    }

    /// Draws the operations of one batch.
    fn draw(&mut self, phase: &Phase, elapsed_ms: u64) {
        self.acts.clear();
        let mut rows = 0;
        while rows < TICK_ROWS {
            let act = self.generator.next(phase.workload, tour::progress(elapsed_ms));
            rows += act.rows();
            self.acts.push(act);
        }
    }

    /// Runs them; whether the batch was forced to the disk.
    fn batch(&mut self) -> Result<bool, StoreError> {
        self.batches += 1;
        let durable = self.batches.is_multiple_of(DURABLE_EVERY);
        self.engine.run::<true>(&self.acts, durable)?;
        Ok(durable)
    }
}

/// The running thread.
pub(crate) struct LoadThread {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), StoreError>>,
}

impl LoadThread {
    /// Starts it. `ended` is dropped when it ends by itself.
    pub(crate) fn spawn(mut load: Load, ended: oneshot::Sender<()>) -> Result<LoadThread, Failure> {
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("keyviz-load".to_owned())
            .spawn(move || {
                let done = load.run(&told);
                drop(ended);
                done
            })
            .map_err(|error| Failure::new(format!("no thread for the load: {error}")))?;
        Ok(LoadThread { stop, thread })
    }

    /// Ends it and closes the store.
    pub(crate) fn stop(self) -> Result<(), Failure> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(done) => done.map_err(|error| engine::failed(&error)),
            Err(_) => Err(Failure::new("the load ended unexpectedly")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::scratch::Scratch;
    use crate::demo::store::Store;
    use crate::demo::workload::Workload;
    use crate::demo::{config, keyspace};

    /// Batches of a night of 8 h at the demo's pace.
    const NIGHT_BATCHES: u64 = 8 * 3600 * 50;

    /// A night on a clock that runs as fast as the store does. What can grow is the file, by pages that are replaced
    /// between two durable commits; it has to stand still after the first rounds of the tour. The tour's phases are
    /// shortened so that each comes round several times. `KEYVIZ_NIGHT=1` runs every batch of the night.
    #[test]
    fn a_night_stays_within_the_disk() {
        let whole = std::env::var_os("KEYVIZ_NIGHT").is_some();
        let (batches, stride) = if whole { (NIGHT_BATCHES, 1) } else { (1200, 20) };
        let scratch = Scratch::create(&std::env::temp_dir()).unwrap();
        let sampler = Sampler::new(config(1000), 0).unwrap();
        let store = Arc::new(Store::create(scratch.path()).unwrap());
        let engine = |sampler: &Sampler| Engine::new(Arc::clone(&store), keyspace::catalog(), sampler.recorder());
        let admin = Admin::builder(None).build();
        let mut load = Load::new(engine(&sampler), engine(&sampler), Show::Tour, admin, sampler.clone());
        let mut filled = 0;
        while filled < ROWS {
            load.engine.fill(filled, FILL_ROWS, false).unwrap();
            filled += FILL_ROWS;
        }
        let mut largest = [0_u64; 4];
        for number in 0..batches {
            let elapsed_ms = number * 20 * stride;
            let phase = tour::phase(Show::Tour, elapsed_ms);
            load.draw(&phase, elapsed_ms);
            load.batch().unwrap();
            let bytes = std::fs::metadata(scratch.path().join("demo.redb")).unwrap().len();
            let quarter = &mut largest[(number * 4 / batches) as usize];
            *quarter = bytes.max(*quarter);
        }
        println!("largest file in each quarter of the night: {largest:?}");
        assert!(largest.iter().all(|bytes| *bytes < 128 << 20), "{largest:?}");
        assert_eq!(largest[3], largest[2], "the file still grows: {largest:?}");
        assert_eq!(tour::phase(Show::Tour, batches * 20 * stride).workload, Workload::ALL[0], "whole rounds");
    }
}
