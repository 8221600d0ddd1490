//! A replay that is looked at while it goes on: at a pace, or as long as its input grows.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use keyviz_admin::{Admin, Clock, Mode, Notice, TimeLabel};
use keyviz_trace::Record;

use super::division::Division;
use super::feed::Fed;
use super::input::{Input, Seen};
use super::moment;
use super::notes;
use super::pace::Pace;
use super::pass::Each;
use super::prefix_counts::PrefixCounts;
use super::recording::{Extent, Growth, Recording};
use super::survey::Survey;
use super::tail::Change;
use crate::failure::Failure;
use crate::out;
use crate::web::{Stop, Web};

/// How many columns stay where the end is not known: as many as two pictures of what `--step auto` chooses.
const KEPT_COLUMNS: u64 = 1440;

/// How old the open column gets on the page while records come without a pause.
const FRESH: Duration = Duration::from_millis(250);

/// How long to sleep where there is nothing to read: at first, and after a long while of nothing.
const NAP: Duration = Duration::from_millis(5);
const LONG_NAP: Duration = Duration::from_millis(100);

/// What is replayed.
pub(crate) struct Plan<'a> {
    pub(crate) division: &'a Division,
    pub(crate) survey: &'a Survey,
    pub(crate) step_ms: u64,
    /// How many times as fast as it happened; `None` as fast as it comes.
    pub(crate) speed: Option<f64>,
}

/// The trace's time, in milliseconds: what the page takes for now.
#[derive(Clone, Debug)]
struct TraceClock(Arc<AtomicU64>);

impl Clock for TraceClock {
    fn now_ms(&self) -> u64 {
        // Relaxed: a number by itself.
        self.0.load(Ordering::Relaxed)
    }
}

/// Serves the page while the trace is replayed, until a signal ends it. When the trace has come to its end, or the
/// signal came, `told` gets what was seen, and whether a signal cut a paced replay short.
///
/// # Errors
/// As of a replay that is not looked at; the page ends with them.
pub(crate) fn run(
    mut web: Web,
    input: &mut Input,
    plan: &Plan<'_>,
    told: impl FnOnce(&Fed, bool) -> Result<(), Failure> + Send,
) -> Result<(), Failure> {
    let Plan { division, survey, step_ms, speed } = *plan;
    let growth = if survey.seen == Seen::All { Growth::Known } else { Growth::Rolls(KEPT_COLUMNS) };
    let extent = Extent { first_us: survey.first_us, last_us: survey.last_us, records: survey.records };
    let recording = Recording::new(&division.catalog, extent, growth, step_ms)?;
    let clock = TraceClock(Arc::new(AtomicU64::new(survey.first_us / 1000)));
    let label = if moment::is_relative(survey.last_us) { TimeLabel::Relative } else { TimeLabel::Unix };
    let admin = web.admin(
        Admin::builder(Some(recording.reader()))
            .title(format!("replay of {}", input.name()))
            .time_label(label)
            .clock(clock.clone()),
    );
    admin.set_notice(notes::notice(&notes::of(survey, division.found, None)));
    let mut pass = input.feed_live(survey.format, Box::new(teller(input.name(), admin.clone())))?;
    out::say(&format!("page      {}\n          end with Ctrl-C", web.url()))?;

    let mut live = Live {
        recording,
        prefix_counts: division.prefix_counts(),
        clock,
        stop: web.stop(),
        pace: speed.map(|speed| Pace::start(survey.first_us, speed)),
        last_us: survey.first_us,
        shown: Instant::now(),
        is_shown: false,
        nap: NAP,
        cut_short: false,
    };
    let (failed, failure) = tokio::sync::oneshot::channel::<()>();
    let page = admin.clone();
    std::thread::scope(|threads| {
        let feeding = threads.spawn(move || {
            let done = pass.run_each(&mut live).and_then(|()| {
                live.recording.finish();
                page.set_mode(Mode::Static);
                let fed = Fed::of(&pass, &live.recording, survey.first_us, live.last_us);
                told(&Fed { prefix_counts: live.prefix_counts, ..fed }, live.cut_short)
            });
            if done.is_err() {
                // Nobody waits for it any more when the page has ended.
                let _ = failed.send(());
            }
            done
        });
        let served = web.serve(admin, async {
            if failure.await.is_err() {
                // The feeding came to its good end: the page stays.
                std::future::pending::<()>().await;
            }
        });
        let fed = feeding.join().unwrap_or_else(|_| Err(Failure::new("the replay ended by a fault of its own")));
        served.and(fed)
    })
}

/// Tells the terminal and the page what happened to the file.
fn teller(name: String, admin: Admin) -> impl FnMut(Change) + Send {
    move |change| {
        let (title, what) = match change {
            Change::Cut => ("The file was cut", "became shorter"),
            Change::Replaced => ("The file was replaced", "was replaced by another file"),
        };
        let text = format!("{name} {what}; it is read from its beginning, and what was counted stays");
        out::complain(&text);
        admin.set_notice(Some(Notice {
            id: "file-changed".to_owned(),
            title: title.to_owned(),
            text: format!("{text}."),
            since_unix_ms: 0,
            until_unix_ms: 0,
        }));
    }
}

/// A replay under way.
struct Live<'a> {
    recording: Recording<'a>,
    prefix_counts: Option<PrefixCounts>,
    clock: TraceClock,
    stop: Stop,
    pace: Option<Pace>,
    last_us: u64,
    /// When the open column was last brought up to date, and whether nothing came since.
    shown: Instant,
    is_shown: bool,
    /// How long to sleep when there is nothing to read.
    nap: Duration,
    /// A signal came before a record that was still to come.
    cut_short: bool,
}

impl Live<'_> {
    /// Brings the picture up to a time that no later record is before.
    fn show(&mut self, time_us: u64) -> Result<(), Failure> {
        self.recording.show(time_us / 1000)?;
        self.clock.0.store(time_us / 1000, Ordering::Relaxed);
        (self.shown, self.is_shown) = (Instant::now(), true);
        Ok(())
    }
}

impl Each for Live<'_> {
    /// Observes the record when it is due.
    fn record(&mut self, record: &Record<'_>) -> Result<ControlFlow<()>, Failure> {
        while let Some(nap) = self.pace.and_then(|pace| pace.nap(record.time_us)) {
            if self.stop.is_set() {
                break;
            }
            std::thread::sleep(nap);
            // Never ahead of the record, so that it is in its own window.
            self.show(self.pace.map_or(record.time_us, |pace| pace.now_us().min(record.time_us)))?;
        }
        if self.stop.is_set() {
            self.cut_short = self.pace.is_some();
            return Ok(ControlFlow::Break(()));
        }
        self.recording.observe(record)?;
        if let Some(counts) = &mut self.prefix_counts {
            counts.observe(record);
        }
        self.last_us = record.time_us;
        self.nap = NAP;
        self.is_shown = false;
        if self.shown.elapsed() > FRESH {
            self.show(record.time_us)?;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Shows what came, and sleeps, longer when nothing came for a while.
    fn wait(&mut self) -> Result<ControlFlow<()>, Failure> {
        if self.stop.is_set() {
            return Ok(ControlFlow::Break(()));
        }
        if !self.is_shown {
            self.show(self.last_us)?;
        }
        std::thread::sleep(self.nap);
        self.nap = (self.nap * 2).min(LONG_NAP);
        Ok(ControlFlow::Continue(()))
    }
}
