//! A trace file of a given size, gone when it is dropped.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::load::{Random, Zipf};

const KEYS: usize = 100_000;
/// Lines written again and again, each time with a later time.
const LINES: usize = 100_000;
/// Between two lines.
const STEP_US: u64 = 25;
const START_US: u64 = 1_700_000_000_000_000;

/// What the lines look like.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// keyviz's own CSV.
    Csv,
    /// The output of `redis-cli monitor`.
    Monitor,
}

impl Shape {
    pub fn name(self) -> &'static str {
        match self {
            Shape::Csv => "csv",
            Shape::Monitor => "monitor",
        }
    }

    fn header(self) -> &'static str {
        match self {
            Shape::Csv => "ts_us,op,key,bytes\n",
            Shape::Monitor => "OK\n",
        }
    }

    /// A line without its time.
    fn tail(self, key: usize, random: &mut Random) -> String {
        let (write, len) = (random.next().is_multiple_of(3), 1 + random.next() % 60);
        match self {
            Shape::Csv => format!(",{},user:{key:06}:profile,{len}\n", if write { "write" } else { "read" }),
            Shape::Monitor if write => {
                format!(" [0 127.0.0.1:50000] \"SET\" \"user:{key:06}:profile\" \"{}\"\n", "x".repeat(len as usize))
            }
            Shape::Monitor => format!(" [0 127.0.0.1:50000] \"GET\" \"user:{key:06}:profile\"\n"),
        }
    }

    fn line(self, at_us: u64, tail: &str, out: &mut String) {
        out.clear();
        let written = match self {
            Shape::Csv => write!(out, "{at_us}{tail}"),
            Shape::Monitor => write!(out, "{}.{:06}{tail}", at_us / 1_000_000, at_us % 1_000_000),
        };
        debug_assert!(written.is_ok(), "a string takes what is written to it");
    }
}

/// The file.
pub struct Trace {
    path: PathBuf,
    lines: u64,
}

impl Trace {
    /// Writes lines until the file has so many bytes.
    pub fn write(shape: Shape, bytes: u64) -> Result<Trace, String> {
        let path = std::env::temp_dir().join(format!("keyviz-bench-{}-{}.trace", std::process::id(), shape.name()));
        let mut trace = Trace { path, lines: 0 };
        trace.fill(shape, bytes).map_err(|error| format!("{}: {error}", trace.path.display()))?;
        Ok(trace)
    }

    fn fill(&mut self, shape: Shape, bytes: u64) -> std::io::Result<()> {
        let (mut random, zipf) = (Random::new(11), Zipf::new(KEYS));
        let tails: Vec<String> = (0..LINES)
            .map(|_| {
                let key = zipf.next(&mut random) * 7919 % KEYS;
                shape.tail(key, &mut random)
            })
            .collect();
        let mut out = BufWriter::with_capacity(1 << 20, File::create(&self.path)?);
        let (mut line, mut written) = (String::new(), 0);
        out.write_all(shape.header().as_bytes())?;
        while written < bytes {
            for tail in &tails {
                shape.line(START_US + self.lines * STEP_US, tail, &mut line);
                out.write_all(line.as_bytes())?;
                written += line.len() as u64;
                self.lines += 1;
            }
        }
        out.flush()
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lines that are operations.
    pub fn lines(&self) -> u64 {
        self.lines
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        // What is left behind in the temporary folder is the system's to remove.
        let _ = std::fs::remove_file(&self.path);
    }
}
