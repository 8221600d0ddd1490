//! A file that is replaced whole: whatever happens, under its name stands the old one or the new one.

use super::disk::{Disk, Found};
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// How many files are kept aside at the most.
const MOST_ASIDE: usize = 10;

/// What is written to see whether there is any room: a block of most disks.
const TRIED_BYTES: usize = 4096;

/// A step that failed.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) step: &'static str,
    pub(crate) error: io::Error,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.step, self.error)
    }
}

fn at(step: &'static str) -> impl FnOnce(io::Error) -> Failed {
    move |error| Failed { step, error }
}

/// The name with something behind it.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

/// The file itself, wherever the process goes later: a link is followed rather than replaced.
pub(crate) fn followed(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    std::fs::canonicalize(&path).unwrap_or(path)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Puts a new file in the place of the one that stands there, if any. `fill` is given what takes its bytes.
///
/// The new file is written beside the old one, brought to the disk, and takes the name then; at last the name is
/// brought to the disk. What failed before the name was taken leaves the old file as it is and nothing beside it.
pub(crate) fn replace<D: Disk>(
    disk: &D,
    path: &Path,
    fill: impl FnOnce(&mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()>,
) -> Result<(), Failed> {
    let fresh = beside(path, ".tmp");
    let taken = (|| {
        let mut file = disk.create(&fresh).map_err(at("making a file beside it"))?;
        fill(&mut |bytes| disk.write(&mut file, bytes)).map_err(at("writing"))?;
        disk.sync(&mut file).map_err(at("bringing it to the disk"))?;
        drop(file);
        disk.rename(&fresh, path).map_err(at("giving it its name"))
    })();
    if let Err(failed) = taken {
        // It takes room, and the disk may be full. The next one takes its place in any case.
        let _ = disk.remove(&fresh);
        return Err(failed);
    }
    disk.sync_folder(folder(path)).map_err(at("bringing its name to the disk"))
}

/// Whether a file could be made there and get its bytes. Nothing of it stays.
///
/// It has a name of its own: where there are no locks, another process may be writing the one that is to take its name.
pub(crate) fn try_out<D: Disk>(disk: &D, path: &Path) -> Result<(), Failed> {
    let fresh = tried(path);
    let mut file = disk.create(&fresh).map_err(at("making a file beside it"))?;
    let written = disk.write(&mut file, &[0; TRIED_BYTES]).map_err(at("writing"));
    drop(file);
    let removed = disk.remove(&fresh).map_err(at("taking away a file beside it"));
    written.and(removed)
}

/// The name that is tried.
fn tried(path: &Path) -> PathBuf {
    beside(path, &format!(".try.{}", std::process::id()))
}

/// Gives the file a name under which nothing is written; returns that.
pub(crate) fn set_aside<D: Disk>(disk: &D, path: &Path) -> Result<PathBuf, Failed> {
    for number in 0..MOST_ASIDE {
        let aside = match number {
            0 => beside(path, ".bad"),
            number => beside(path, &format!(".bad.{number}")),
        };
        if disk.find(&aside).map_err(at("looking for a free name"))? == Found::Nothing {
            disk.rename(path, &aside).map_err(at("moving it aside"))?;
            disk.sync_folder(folder(path)).map_err(at("bringing its name to the disk"))?;
            return Ok(aside);
        }
    }
    Err(Failed { step: "moving it aside", error: io::Error::other("ten files are kept aside already") })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test speaks by panicking")]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::collections::BTreeMap;
    use std::io::Read;
    use std::rc::Rc;

    /// A file's bytes: what was written, and how much of that the disk has.
    #[derive(Clone, Debug, Default)]
    struct Bytes {
        written: Vec<u8>,
        safe: usize,
    }

    /// A disk that loses its power after so many steps.
    #[derive(Debug, Default)]
    struct Model {
        /// Files by number; a name leads to a number.
        files: Vec<Bytes>,
        names: BTreeMap<PathBuf, usize>,
        /// The names that the disk has.
        safe_names: BTreeMap<PathBuf, usize>,
        steps_left: usize,
        steps: usize,
    }

    #[derive(Clone, Debug, Default)]
    struct ModelDisk(Rc<RefCell<Model>>);

    impl ModelDisk {
        fn step<T>(&self, what: impl FnOnce(&mut Model) -> T) -> io::Result<T> {
            let mut model = self.0.borrow_mut();
            model.steps += 1;
            match model.steps_left.checked_sub(1) {
                Some(left) => {
                    model.steps_left = left;
                    Ok(what(&mut model))
                }
                // From here on nothing happens any more, whatever is tried.
                None => Err(io::Error::other("no power")),
            }
        }
    }

    /// Everything that may stand on the disk after the power went: names that it has or those that it was told, and of
    /// bytes that it was not asked to keep any number.
    fn after_crash(model: &Model) -> Vec<BTreeMap<PathBuf, Vec<u8>>> {
        let mut outcomes = Vec::new();
        for names in [&model.names, &model.safe_names] {
            for lost in [0, 1, 2] {
                let bytes = |file: &usize| {
                    let Bytes { written, safe } = &model.files[*file];
                    let kept = match lost {
                        0 => written.len(),
                        1 => *safe,
                        _ => (*safe + written.len()) / 2,
                    };
                    written[..kept].to_vec()
                };
                outcomes.push(names.iter().map(|(name, file)| (name.clone(), bytes(file))).collect());
            }
        }
        outcomes
    }

    impl Disk for ModelDisk {
        type File = usize;

        fn find(&self, path: &Path) -> io::Result<Found> {
            self.step(|model| if model.names.contains_key(path) { Found::File } else { Found::Nothing })
        }

        fn read(&self, path: &Path) -> io::Result<Box<dyn Read>> {
            let bytes = self.step(|model| model.names.get(path).map(|file| model.files[*file].written.clone()))?;
            Ok(Box::new(io::Cursor::new(bytes.ok_or(io::ErrorKind::NotFound)?)))
        }

        fn create(&self, path: &Path) -> io::Result<usize> {
            self.step(|model| {
                model.files.push(Bytes::default());
                model.names.insert(path.to_owned(), model.files.len() - 1);
                model.files.len() - 1
            })
        }

        fn write(&self, file: &mut usize, bytes: &[u8]) -> io::Result<()> {
            self.step(|model| model.files[*file].written.extend_from_slice(bytes))
        }

        fn sync(&self, file: &mut usize) -> io::Result<()> {
            self.step(|model| model.files[*file].safe = model.files[*file].written.len())
        }

        fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
            self.step(|model| {
                let file = model.names.remove(from).unwrap();
                model.names.insert(to.to_owned(), file);
            })
        }

        fn sync_folder(&self, _: &Path) -> io::Result<()> {
            self.step(|model| model.safe_names = model.names.clone())
        }

        fn remove(&self, path: &Path) -> io::Result<()> {
            self.step(|model| model.names.remove(path)).map(|_| ())
        }
    }

    const NAME: &str = "folder/history";

    /// A disk that has an old file, all of it safe.
    fn with_old() -> ModelDisk {
        let disk = ModelDisk::default();
        let old = Bytes { written: b"old".to_vec(), safe: 3 };
        let names = BTreeMap::from([(PathBuf::from(NAME), 0)]);
        *disk.0.borrow_mut() =
            Model { files: vec![old], safe_names: names.clone(), names, steps_left: usize::MAX, steps: 0 };
        disk
    }

    fn write_new(disk: &ModelDisk) -> Result<(), Failed> {
        replace(disk, Path::new(NAME), |sink| ["a ", "new ", "one"].iter().try_for_each(|part| sink(part.as_bytes())))
    }

    #[test]
    fn power_lost_at_every_step_leaves_the_old_or_the_new_file() {
        let whole = with_old();
        write_new(&whole).unwrap();
        let steps = whole.0.borrow().steps;
        assert_eq!(steps, 7, "made, three parts, synced, named, name synced");
        let (mut old, mut new) = (0, 0);
        for steps_left in 0..=steps {
            let disk = with_old();
            disk.0.borrow_mut().steps_left = steps_left;
            let done = write_new(&disk).is_ok();
            assert_eq!(done, steps_left == steps);
            for outcome in after_crash(&disk.0.borrow()) {
                match &outcome[Path::new(NAME)][..] {
                    b"old" if !done => old += 1,
                    b"a new one" => new += 1,
                    other => panic!("after {steps_left} steps: {:?}", String::from_utf8_lossy(other)),
                }
            }
            // And then it goes on as ever, whatever lies about.
            disk.0.borrow_mut().steps_left = usize::MAX;
            write_new(&disk).unwrap();
            assert_eq!(disk.0.borrow().names.len(), 1);
        }
        assert!(old > 20 && new > 6, "{old} {new}");
    }

    #[test]
    fn a_step_that_fails_is_named_and_leaves_nothing_beside() {
        // One failing step is as a crash there, but that what comes after it works.
        let refused = replace(&with_old(), Path::new(NAME), |_| Err(io::Error::other("full"))).unwrap_err();
        assert_eq!(refused.to_string(), "writing: full");
        let disk = with_old();
        let _ = replace(&disk, Path::new(NAME), |_| Err(io::Error::other("full")));
        assert_eq!(disk.0.borrow().names.keys().collect::<Vec<_>>(), [Path::new(NAME)]);
        for (steps_left, step) in
            [(0, "making a file beside it"), (4, "bringing it to the disk"), (5, "giving it its name")]
        {
            let disk = with_old();
            disk.0.borrow_mut().steps_left = steps_left;
            assert_eq!(write_new(&disk).unwrap_err().to_string(), format!("{step}: no power"));
        }
    }

    #[test]
    fn trying_leaves_nothing_and_names_the_step_that_fails() {
        let disk = with_old();
        // Another process is writing its file.
        let fresh = beside(Path::new(NAME), ".tmp");
        let mut file = disk.create(&fresh).unwrap();
        disk.write(&mut file, b"half").unwrap();
        try_out(&disk, Path::new(NAME)).unwrap();
        assert_eq!(disk.0.borrow().names, BTreeMap::from([(PathBuf::from(NAME), 0), (fresh, file)]));
        for (steps_left, step) in [(0, "making a file beside it"), (1, "writing"), (2, "taking away a file beside it")]
        {
            let disk = with_old();
            disk.0.borrow_mut().steps_left = steps_left;
            assert_eq!(try_out(&disk, Path::new(NAME)).unwrap_err().to_string(), format!("{step}: no power"));
        }
    }

    #[test]
    fn ten_are_kept_aside_and_none_is_lost() {
        let disk = with_old();
        for number in 0..MOST_ASIDE {
            let aside = set_aside(&disk, Path::new(NAME)).unwrap();
            let expected = if number == 0 { format!("{NAME}.bad") } else { format!("{NAME}.bad.{number}") };
            assert_eq!(aside, Path::new(&expected));
            write_new(&disk).unwrap();
        }
        let refused = set_aside(&disk, Path::new(NAME)).unwrap_err();
        assert_eq!(refused.to_string(), "moving it aside: ten files are kept aside already");
        assert_eq!(disk.0.borrow().names.len(), MOST_ASIDE + 1);
    }
}
