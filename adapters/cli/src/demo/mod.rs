//! `keyviz demo`: a real storage engine under a load that changes, with keyviz linked in as any engine would link it.
//!
//! The engine is redb: a copy-on-write B-tree in pure Rust, without dependencies (it adds seconds to a build, where
//! the LSM crates add minutes), maintained, with a stable file format and ordered range scans. Its keys are divided
//! among routes by a small catalog, and every `get`, `insert` and `range` is followed by one `observe`; see
//! [`engine`]. Everything lives in a temporary directory that goes when the demo ends.

mod args;
mod cost;
mod engine;
mod generator;
mod keyspace;
mod load;
mod pace;
mod scratch;
mod store;
mod tour;
mod workload;
mod zipf;

pub(crate) use args::DemoArgs;

use std::sync::Arc;

use keyviz_admin::{Admin, Clock, Flusher, SystemClock};
use keyviz_core::{Config, Sampler};

use crate::catalog::Catalog;
use crate::failure::Failure;
use crate::web::Web;
use crate::{out, quantity};
use engine::Engine;
use load::{Load, LoadThread};
use scratch::Scratch;
use store::Store;

/// Runs the command.
pub(crate) fn run(args: &DemoArgs) -> Result<(), Failure> {
    let config = config(args.step_ms());
    let memory_bytes = config.memory_bytes().map_err(|error| Failure::new(error.to_string()))?;
    let catalog = keyspace::catalog();
    let sampler = sampler(config)?;
    let history = args.history.open(&sampler, |news| out::complain(&news.to_string()));
    let history = history.map_err(|error| Failure::new(format!("no thread to keep the history: {error}")))?;
    register(&sampler, &catalog)?;
    let flusher =
        Flusher::spawn(sampler.clone()).map_err(|error| Failure::new(format!("no thread to flush: {error}")))?;
    let mut builder = Admin::builder(Some(sampler.reader())).title("keyviz demo").flush_timings(flusher.timings());
    if let Some(history) = &history {
        builder = builder.history_state(history.state());
    }
    let mut web = Web::bind(&args.admin)?;
    let admin = web.admin(builder);

    let scratch = Scratch::create(&std::env::temp_dir())?;
    let store = Arc::new(Store::create(scratch.path()).map_err(|error| engine::failed(&error))?);
    let engine = Engine::new(Arc::clone(&store), catalog, sampler.recorder());
    let spare = Engine::new(store, keyspace::catalog(), spare_sampler()?.recorder());
    greet(&web, memory_bytes, args)?;
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    let load = LoadThread::spawn(Load::new(engine, spare, args.workload, admin.clone(), sampler.clone()), ended)?;
    let served = web.serve(admin, async {
        // The load ends by itself only when its store fails; then there is nothing left to show.
        let _ = end.await;
    });
    let loaded = load.stop();
    flusher.stop();
    drop(history);
    drop(scratch);
    served.and(loaded)
}

fn sampler(config: Config) -> Result<Sampler, Failure> {
    Sampler::new(config, SystemClock.now_ms()).map_err(|error| Failure::new(error.to_string()))
}

/// Makes the catalog's routes known.
fn register(sampler: &Sampler, catalog: &Catalog) -> Result<(), Failure> {
    for (route, range) in catalog.routes() {
        sampler
            .register(route, range.start, range.end, 0)
            .map_err(|error| Failure::new(format!("registering a route failed: {error}")))?;
    }
    Ok(())
}

/// The sampler that measuring observes into: the same but for its history, which nobody reads.
fn spare_sampler() -> Result<Sampler, Failure> {
    let mut config = config(60_000);
    config.history_columns = 1;
    config.history_bytes = 1 << 20;
    let sampler = sampler(config)?;
    register(&sampler, &keyspace::catalog())?;
    Ok(sampler)
}

fn greet(web: &Web, memory_bytes: usize, args: &DemoArgs) -> Result<(), Failure> {
    out::say(&format!(
        "keyviz demo: {}, a column every {}\n\n\
         page      {}\n\
         from afar {}\n\
         memory    {}, all of it taken at the start\n\
         end       Ctrl-C",
        args.workload.describe(),
        quantity::duration(args.step_ms()),
        web.url(),
        web.ssh(),
        quantity::bytes(memory_bytes as u64),
    ))
}

/// An hour of columns at the default step, for as many routes as the catalog has.
fn config(step_ms: u64) -> Config {
    let mut config = Config::default();
    config.step_ms = step_ms;
    (config.max_routes, config.max_known_routes) = (keyspace::ROUTES, 0);
    config.max_recorders = 4;
    config.cell_bytes = 1 << 20;
    config.history_columns = 3600;
    config.history_bytes = 16 << 20;
    config.bound_bytes = 256 << 10;
    config.hot_keys = true;
    config.sample_bytes = 512 << 10;
    config
}
