//! The history over restarts, on real disks: full ones, read-only ones, with files of every kind of wrong in them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail by panicking")]

use keyviz_admin::{Clock, HistoryArgs, HistoryFile, HistoryNews, Millis, SystemClock, read_snapshot};
use keyviz_core::{Config, Op, RouteId, Sampler, Tally, Tiers};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, fs};

const T0: u64 = 1_700_000_400_000;
const NEVER_MS: u64 = 86_400_000;

/// A folder of one test, removed on drop.
struct Dir(PathBuf);

impl Dir {
    fn new() -> Dir {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("keyviz-history-test-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Dir(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("history")
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A clock that stands still.
#[derive(Clone)]
struct At(u64);

impl Clock for At {
    fn now_ms(&self) -> u64 {
        self.0
    }
}

/// What was told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<HistoryNews>>>);

impl Told {
    fn teller(&self) -> impl Fn(HistoryNews) + Clone + Send + Sync + 'static {
        let told = self.clone();
        move |news| told.0.lock().unwrap().push(news)
    }

    fn all(&self) -> Vec<HistoryNews> {
        self.0.lock().unwrap().clone()
    }

    /// The only thing that was told.
    #[track_caller]
    fn one(&self) -> HistoryNews {
        let all = self.all();
        assert_eq!(all.len(), 1, "{all:?}");
        all[0].clone()
    }

    #[track_caller]
    fn wait(&self, what: impl Fn(&HistoryNews) -> bool) -> HistoryNews {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(news) = self.all().into_iter().find(|news| what(news)) {
                return news;
            }
            assert!(Instant::now() < deadline, "{:?}", self.all());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn config() -> Config {
    let mut config = Config::default();
    (config.step_ms, config.max_routes, config.max_known_routes) = (1_000, 100, 0);
    (config.cell_bytes, config.history_bytes, config.bound_bytes) = (4 << 20, 4 << 20, 1 << 20);
    config.prefault = false;
    // Columns are counted here; the core's tests have tiers over restarts.
    (config.history_columns, config.tiers) = (1_440, Tiers::NONE);
    config
}

/// One run of a program: it starts with whatever is in the file, works for some columns, and ends well.
fn run(file: &Path, config: Config, start_ms: u64, columns: u64, told: &Told) -> (Sampler, Tally) {
    let sampler = Sampler::new(config, start_ms).unwrap();
    let history = HistoryFile::open(file, NEVER_MS, &sampler, At(start_ms), told.teller()).unwrap();
    let restored = sampler.reader().counters().recorded;
    work(&sampler, start_ms, columns);
    history.stop();
    (sampler, restored)
}

fn work(sampler: &Sampler, start_ms: u64, columns: u64) {
    for route in 0..50u64 {
        sampler.register(RouteId(route), &route.to_be_bytes(), Some(&(route + 1).to_be_bytes()), 0).unwrap();
    }
    for column in 1..=columns {
        for route in 0..50u64 {
            let times = 1 + (route * column * 7919) % 1000;
            sampler.recorder().observe_many(RouteId(route), Op::Write, b"key", route * column, times);
        }
        sampler.flush(start_ms + column * 1_000);
    }
}

#[track_caller]
fn read(file: &Path) -> keyviz_core::Snapshot {
    read_snapshot(fs::File::open(file).unwrap(), 64 << 20).unwrap()
}

#[test]
fn run_after_run_the_history_goes_on() {
    let (dir, told) = (Dir::new(), Told::default());
    let mut before = Tally::ZERO;
    for number in 0..4 {
        // Ten seconds of each minute.
        let start_ms = T0 + number * 60_000 + 500;
        let (sampler, restored) = run(&dir.file(), config(), start_ms, 10, &told);
        assert_eq!(restored, before, "run {number}");
        before = sampler.reader().counters().recorded;
        assert_eq!(read(&dir.file()).recorded(), before);
    }
    assert_eq!(dir.names(), ["history", "history.lock"]);
    let told = told.all();
    assert_eq!(told.len(), 3, "{told:?}");
    let text = told[2].to_string();
    let file = dir.file();
    assert_eq!(text, format!("history: 30 columns of {} go on, written 60s ago", file.display()));
    // Key bytes are for their owner.
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn it_is_written_while_everything_goes_on() {
    let (dir, told) = (Dir::new(), Told::default());
    let now_ms = SystemClock.now_ms();
    let sampler = Sampler::new(config(), now_ms).unwrap();
    let history = HistoryFile::open(&dir.file(), 20, &sampler, SystemClock, told.teller()).unwrap();
    let state = history.state();
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut column = 0;
    work(&sampler, now_ms, 1);
    // Each file that is found is whole, and has never less than the one before.
    let (mut found, mut least) = (0, 0);
    while state.writes() < 10 {
        assert!(Instant::now() < deadline);
        column += 1;
        sampler.recorder().observe_many(RouteId(1), Op::Write, b"key", 1, 100);
        sampler.flush(now_ms + 1_000 + column);
        if dir.file().exists() {
            let writes = read(&dir.file()).recorded().writes;
            assert!(writes >= least, "{writes} after {least}");
            (least, found) = (writes, found + 1);
        }
    }
    assert!(found > 0);
    history.stop();
    assert_eq!(read(&dir.file()).recorded(), sampler.reader().counters().recorded);
    assert_eq!((told.all(), state.failures(), state.trouble()), (vec![], 0, None));
}

/// A file that cannot be gone on with: it is told, it stays whole under another name, and everything else works.
#[track_caller]
fn goes_aside(contents: &[u8], config: Config, start_ms: u64, why: &str) {
    let (dir, told) = (Dir::new(), Told::default());
    fs::write(dir.file(), contents).unwrap();
    let (sampler, restored) = run(&dir.file(), config, start_ms, 3, &told);
    assert_eq!(restored, Tally::ZERO);
    let aside = dir.0.join("history.bad");
    let text = told.one().to_string();
    let expected = format!(
        "history: {} cannot be gone on with: {why}; it is {} now, and the history begins anew",
        dir.file().display(),
        aside.display()
    );
    assert_eq!(text, expected);
    assert_eq!(fs::read(aside).unwrap(), contents);
    assert_eq!(read(&dir.file()).recorded(), sampler.reader().counters().recorded);
    assert_eq!(dir.names(), ["history", "history.bad", "history.lock"]);
}

/// A file that a run left.
fn good(config: Config) -> Vec<u8> {
    let dir = Dir::new();
    run(&dir.file(), config, T0, 30, &Told::default());
    fs::read(dir.file()).unwrap()
}

#[test]
fn files_of_every_kind_of_wrong_go_aside() {
    let frozen = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../keyviz-core/tests/frozen");
    let newer = fs::read(frozen.join("v2.snapshot")).unwrap();
    let why = "written by a newer keyviz (version 2 of the format; this one reads up to 1); start that one";
    goes_aside(&newer, config(), T0, why);
    goes_aside(b"#!/bin/sh\n", config(), T0, "not a snapshot of keyviz: the first bytes are others");
    goes_aside(b"", config(), T0, "cut off at byte 0");

    let mut plain = Vec::new();
    let sampler = Sampler::new(config(), T0).unwrap();
    work(&sampler, T0, 3);
    sampler
        .reader()
        .snapshot(T0, |bytes| {
            plain.extend_from_slice(bytes);
            Ok::<(), ()>(())
        })
        .unwrap();
    let half = &plain[..plain.len() / 2];
    goes_aside(half, config(), T0 + 60_000, &format!("cut off at byte {}", half.len()));

    let mut other = config();
    other.step_ms = 500;
    let why = "its columns are 1000 ms long, and here a step takes 500 ms; under this name and with --keyviz-step=1000ms \
               it would go on";
    goes_aside(&plain, other, T0 + 60_000, why);
    let mut other = config();
    other.sub_buckets = 4;
    let why =
        "its routes are divided by 1, and here by 4; under this name and with --keyviz-sub-buckets=1 it would go on";
    goes_aside(&plain, other, T0 + 60_000, why);
}

#[test]
fn flipped_bits_are_found_through_the_packing() {
    let bytes = good(config());
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        let (dir, told) = (Dir::new(), Told::default());
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        fs::write(dir.file(), &damaged).unwrap();
        let sampler = Sampler::new(config(), T0 + 60_000).unwrap();
        let history = HistoryFile::open(&dir.file(), NEVER_MS, &sampler, At(T0 + 60_000), told.teller()).unwrap();
        match told.one() {
            HistoryNews::SetAside { aside, why, .. } => {
                assert_eq!(fs::read(aside).unwrap(), damaged);
                assert!(!why.is_empty());
                assert_eq!(sampler.reader().counters().recorded, Tally::ZERO);
            }
            // A bit that says nothing, of the packing.
            HistoryNews::Restored { .. } => {
                assert_eq!(sampler.reader().counters().recorded, read(&dir.file()).recorded())
            }
            other => panic!("byte {at}: {other:?}"),
        }
        history.stop();
    }
}

#[test]
fn a_file_from_the_future_goes_on_as_far_as_it_can_and_stays() {
    let (dir, told) = (Dir::new(), Told::default());
    run(&dir.file(), config(), T0, 30, &Told::default());
    let was = fs::read(dir.file()).unwrap();
    // The clock is set back by twenty seconds.
    let sampler = Sampler::new(config(), T0 + 10_000).unwrap();
    let history = HistoryFile::open(&dir.file(), NEVER_MS, &sampler, At(T0 + 10_000), told.teller()).unwrap();
    assert!(sampler.reader().counters().recorded.writes > 0);
    let told = told.all();
    assert!(matches!(told[0], HistoryNews::Restored { columns: 11, .. }), "{told:?}");
    let text = told[1].to_string();
    assert!(text.contains("19 of its columns lie ahead of this machine's clock"), "{text}");
    history.stop();
    assert_eq!(fs::read(dir.0.join("history.bad")).unwrap(), was);
}

#[test]
fn bad_files_are_all_kept_up_to_ten() {
    let dir = Dir::new();
    for number in 0..12 {
        let bad = format!("bad {number}");
        fs::write(dir.file(), &bad).unwrap();
        let told = Told::default();
        run(&dir.file(), config(), T0, 1, &told);
        match told.one() {
            HistoryNews::SetAside { aside, .. } if number < 10 => assert_eq!(fs::read_to_string(aside).unwrap(), bad),
            news @ HistoryNews::LeftAlone { .. } if number >= 10 => {
                assert!(news.to_string().contains("ten files are kept aside already"), "{news}");
                assert_eq!(fs::read_to_string(dir.file()).unwrap(), bad, "it is not written over");
            }
            other => panic!("{number}: {other:?}"),
        }
    }
}

#[test]
fn two_processes_do_not_share_a_file() {
    let (dir, first, second) = (Dir::new(), Told::default(), Told::default());
    let sampler = Sampler::new(config(), T0).unwrap();
    let history = HistoryFile::open(&dir.file(), NEVER_MS, &sampler, At(T0), first.teller()).unwrap();
    let (_, restored) = run(&dir.file(), config(), T0, 3, &second);
    assert_eq!(restored, Tally::ZERO);
    let text = second.one().to_string();
    assert!(text.contains("another process keeps its history in") && text.contains("--keyviz-history-file"), "{text}");
    assert!(!dir.file().exists());
    work(&sampler, T0, 2);
    history.stop();
    assert_eq!(read(&dir.file()).recorded(), sampler.reader().counters().recorded);
    // And then it is free.
    let third = Told::default();
    assert_ne!(run(&dir.file(), config(), T0 + 60_000, 1, &third).1, Tally::ZERO);
    assert!(matches!(third.one(), HistoryNews::Restored { .. }));
}

#[test]
fn what_is_no_file_is_left_alone() {
    let (dir, told) = (Dir::new(), Told::default());
    fs::create_dir(dir.file()).unwrap();
    fs::write(dir.file().join("precious"), "data").unwrap();
    let (sampler, _) = run(&dir.file(), config(), T0, 2, &told);
    assert!(told.one().to_string().contains("it is no file; it stays as it is and nothing is kept"), "{}", told.one());
    assert_eq!(fs::read_to_string(dir.file().join("precious")).unwrap(), "data");
    assert!(sampler.reader().counters().recorded.writes > 0, "the service runs");
    // A folder that is not there, and folders in the way of the files beside: told at once, and at the end.
    for ending in ["tmp".to_owned(), format!("try.{}", std::process::id())] {
        fs::create_dir(dir.0.join(format!("in-the-way.{ending}"))).unwrap();
    }
    for file in ["no/such/history", "in-the-way"] {
        let told = Told::default();
        let (file, sampler) = (dir.0.join(file), Sampler::new(config(), T0).unwrap());
        let history = HistoryFile::open(&file, NEVER_MS, &sampler, At(T0), told.teller()).unwrap();
        let text = told.one().to_string();
        assert!(text.contains("could not be written (making a file beside it: "), "{text}");
        assert!(text.ends_with("what was there is whole, and it is tried again every 1d"), "{text}");
        assert_eq!((history.state().trouble(), history.state().failures()), (Some(text), 0));
        // Where nothing has changed by then it is not told again.
        history.write();
        assert_eq!((told.all().len(), history.state().failures()), (1, 1));
        history.stop();
        let text = told.all()[1].to_string();
        assert!(text.ends_with("what was there is whole, and what came since is lost"), "{text}");
    }
}

#[test]
fn a_link_is_followed() {
    let (dir, told) = (Dir::new(), Told::default());
    fs::create_dir(dir.0.join("disk")).unwrap();
    run(&dir.0.join("disk/real"), config(), T0, 2, &told);
    std::os::unix::fs::symlink(dir.0.join("disk/real"), dir.file()).unwrap();
    let (sampler, restored) = run(&dir.file(), config(), T0 + 60_000, 2, &told);
    assert_ne!(restored, Tally::ZERO);
    assert!(fs::symlink_metadata(dir.file()).unwrap().is_symlink());
    assert_eq!(read(&dir.0.join("disk/real")).recorded(), sampler.reader().counters().recorded);
}

#[test]
fn a_link_leads_to_the_owner_too() {
    let dir = Dir::new();
    fs::create_dir(dir.0.join("disk")).unwrap();
    let real = fs::canonicalize(dir.0.join("disk")).unwrap().join("real");
    run(&real, config(), T0, 2, &Told::default());
    std::os::unix::fs::symlink(&real, dir.file()).unwrap();
    let args = HistoryArgs { keyviz_history_file: Some(dir.file()), keyviz_history_every: Millis(NEVER_MS) };
    let run_of = |node: &str, start_ms| {
        let (sampler, told) = (Sampler::new(config(), start_ms).unwrap(), Told::default());
        let histories = args.open_each(&[(node, &sampler)], told.teller()).unwrap();
        let restored = sampler.reader().counters().recorded;
        work(&sampler, start_ms, 2);
        histories.into_iter().for_each(HistoryFile::stop);
        (restored, told.all())
    };
    let first = run_of("a:1", T0 + 60_000).0;
    assert_ne!(first, Tally::ZERO);
    let own = real.with_file_name("real.b_1");
    let of_another =
        HistoryNews::OfAnother { file: real, owner: "a:1".to_owned(), node: "b:1".to_owned(), own: own.clone() };
    assert_eq!(run_of("b:1", T0 + 120_000), (Tally::ZERO, vec![of_another]));
    assert!(own.exists() && fs::symlink_metadata(dir.file()).unwrap().is_symlink());
    assert!(run_of("a:1", T0 + 180_000).0.writes > first.writes, "the first goes on");
}

/// Runs the test of this name once more, in a namespace of its own where `$DIR` is a disk of so many KiB. `None` out
/// here, once that went well; in there the disk.
#[track_caller]
fn on_a_disk_of(kib: u32, test: &str) -> Option<PathBuf> {
    const DISK: &str = "KEYVIZ_TEST_DISK";
    if let Ok(disk) = env::var(DISK) {
        return Some(PathBuf::from(disk));
    }
    let dir = Dir::new();
    let script = format!("mount -t tmpfs -o size={kib}k tmpfs \"${DISK}\" && exec \"$0\" --exact {test} --nocapture");
    // Root needs no user namespace; anybody else is root in one.
    let can = |how: &str| Command::new("unshare").args([how, "true"]).status().is_ok_and(|status| status.success());
    let how = ["-m", "-rm"].into_iter().find(|how| can(how));
    let Some(how) = how else { panic!("unshare has to be allowed to make a namespace") };
    let output = Command::new("unshare")
        .args([how, "sh", "-c", &script])
        .arg(env::current_exe().unwrap())
        .env(DISK, &dir.0)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    assert!(text(&output.stdout).contains("1 passed"), "{}", text(&output.stdout));
    None
}

#[test]
fn a_full_disk_keeps_the_old_file_and_costs_nothing_else() {
    let Some(disk) = on_a_disk_of(512, "a_full_disk_keeps_the_old_file_and_costs_nothing_else") else { return };
    let (file, told) = (disk.join("history"), Told::default());
    run(&file, config(), T0, 5, &told);
    let was = fs::read(&file).unwrap();
    let now_ms = T0 + 60_000;
    let sampler = Sampler::new(config(), now_ms).unwrap();
    let history = HistoryFile::open(&file, 20, &sampler, At(now_ms), told.teller()).unwrap();
    // All room is taken, to the last byte.
    let ballast = disk.join("ballast");
    let filled = fs::write(&ballast, vec![7; 1 << 20]).unwrap_err();
    assert_eq!(filled.kind(), std::io::ErrorKind::StorageFull);
    work(&sampler, now_ms, 5);
    let news = told.wait(|news| matches!(news, HistoryNews::NotWritten { .. }));
    let text = news.to_string();
    assert!(text.contains("No space left on device") && text.contains("what was there is whole"), "{text}");
    let state = history.state();
    let failures = state.failures();
    while state.failures() < failures + 3 {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(fs::read(&file).unwrap(), was, "the old file is whole");
    assert!(!disk.join("history.tmp").exists(), "what was begun takes no room");
    let troubles = told.all().iter().filter(|news| matches!(news, HistoryNews::NotWritten { .. })).count();
    assert_eq!(troubles, 1, "it is told once");
    // It counts on, and is written when there is room.
    fs::remove_file(&ballast).unwrap();
    told.wait(|news| matches!(news, HistoryNews::WrittenAgain { .. }));
    assert_eq!(state.trouble(), None);
    history.stop();
    assert_eq!(read(&file).recorded(), sampler.reader().counters().recorded);
}

#[test]
fn a_read_only_disk_is_read_and_costs_nothing_else() {
    let Some(disk) = on_a_disk_of(1024, "a_read_only_disk_is_read_and_costs_nothing_else") else { return };
    let (file, told) = (disk.join("history"), Told::default());
    let (before, _) = run(&file, config(), T0, 5, &told);
    let was = fs::read(&file).unwrap();
    assert!(Command::new("mount").args(["-o", "remount,ro"]).arg(&disk).status().unwrap().success());
    let (sampler, restored) = run(&file, config(), T0 + 60_000, 5, &told);
    assert_eq!(restored, before.reader().counters().recorded);
    assert!(sampler.reader().counters().recorded.writes > restored.writes);
    let told_all = told.all();
    assert!(matches!(told_all[0], HistoryNews::Restored { .. }), "{told_all:?}");
    let text = told_all[1].to_string();
    assert!(text.contains("Read-only file system"), "{text}");
    assert_eq!(fs::read(&file).unwrap(), was);
    // A bad file there cannot go aside, and nothing is tried over it.
    assert!(Command::new("mount").args(["-o", "remount,rw"]).arg(&disk).status().unwrap().success());
    fs::write(&file, "bad").unwrap();
    assert!(Command::new("mount").args(["-o", "remount,ro"]).arg(&disk).status().unwrap().success());
    let told = Told::default();
    run(&file, config(), T0 + 60_000, 5, &told);
    let text = told.one().to_string();
    assert!(text.contains("it could not be moved aside (moving it aside: Read-only file system"), "{text}");
}
