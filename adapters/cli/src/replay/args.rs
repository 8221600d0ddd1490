//! The flags of `keyviz replay`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use keyviz_admin::{AdminArgs, Millis};
use keyviz_core::Series;
use keyviz_trace::{ColumnMap, Format};

use super::input::{Form, Reading};
use super::moment::Moment;
use super::selection::Selection;
use crate::unescape;

/// Read a trace file, answer in text, and show it.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReplayArgs {
    /// The trace: the output of `redis-cli monitor`, a CSV with the header
    /// `ts_us,op,key[,end_key][,bytes][,count][,tag]`, or any of the formats that --format lists; plain, gzip or zstd.
    /// The format is found by content. `-` is standard input: its first 64 MiB are held to find the routes in, then
    /// all of it is replayed
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// What the trace is, instead of finding it by content
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(Format::ALL.iter().filter(|f| **f != Format::Columns).map(|f| PossibleValue::new(f.id()).help(f.name()))).try_map(|id| Format::by_id(&id).ok_or("no such format")))]
    format: Option<Format>,

    /// The trace is a CSV with these columns, counted from 1: ts=1,op=2,key=3,bytes=4; ts_ms, ts_us and ts_ns say the
    /// unit of the time, key:hex, key:base64 and key:u64be how keys are written; end_key, count and tag may be added
    #[arg(long, value_name = "NAME=N,...", conflicts_with = "format")]
    columns: Option<ColumnMap>,

    /// Time that one column stands for, from 100ms to 24h; `auto` takes the smallest from 100ms to 1h, then whole
    /// hours, that shows the whole trace in at most 720 columns
    #[arg(long, value_name = "DURATION|auto", default_value = "auto", value_parser = step)]
    step: Step,

    /// Leave out records before this time: 2023-11-14T22:13:20Z (RFC 3339), Unix seconds, or +hh:mm:ss since the trace
    /// began
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<Moment>,

    /// Leave out records at this time and later; written as --from is
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    to: Option<Moment>,

    /// Look only at keys that begin with this; \xHH stands for a byte, \\ for a backslash. May be given several
    /// times; a key needs one of them
    #[arg(long = "prefix", value_name = "KEY", value_parser = key, allow_hyphen_values = true)]
    prefixes: Vec<Key>,

    /// Divide the key space at these boundaries instead of finding them in the trace. The file has one start key a
    /// line, or is a CSV whose header has the column `start`, and perhaps `end`. Keys are written as they are shown,
    /// \xHH for a byte; empty lines and those that begin with # are passed over. At most 1023 boundaries
    #[arg(long, value_name = "FILE")]
    pub(crate) routes: Option<PathBuf>,

    /// Stop at the first line that cannot be read, with its number and the reason
    #[arg(long)]
    strict: bool,

    /// Do not print the answer
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Write the matrix as JSON to this file, in the form of the page's API with one member more: `replay` has the source,
    /// what was skipped and why, and what to know to read it right. Does not serve the page unless --serve is given
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Write the matrix as CSV to this file: a line a key range with its bounds and a value per column. Bounds are
    /// escaped, also against being taken for formulas. Does not serve the page unless --serve is given
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,

    /// Draw the matrix as a PNG of 1600 x 900 pixels into this file, and do not serve the page unless --serve is given
    #[arg(long, value_name = "FILE")]
    pub(crate) png: Option<PathBuf>,

    /// Write the page as one HTML file that opens from a disk, without a server or a network, with all series in it. It has
    /// the keys of all bounds in it; at most 64 MiB. Does not serve the page unless --serve is given
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,

    /// What the files show (the HTML page at first): ops (reads + writes), reads, writes, read_bytes,
    /// write_bytes or scans
    #[arg(long, value_name = "SERIES", default_value = "ops", value_parser = series)]
    pub(crate) series: Series,

    /// Replay as time passes, this many times as fast as it happened (60 shows an hour in a minute; 0.001 to 1000000), and
    /// show the columns as they appear. The answer comes at the end. Without it the trace is read at once, as fast as
    /// it can be. Goes without files: they would be the same as without it
    #[arg(long, value_name = "N", value_parser = speed, conflicts_with_all = ["no_serve", "follow", "json", "csv", "png", "html"])]
    pub(crate) speed: Option<f64>,

    /// Go on reading as the file grows (or while standard input stays open), and show it, until Ctrl-C; then the answer.
    /// A file that is cut or replaced is read from its beginning. The routes are those of what is there at the start,
    /// or of --routes; a file without records is waited for. The newest 1440 columns stay, of at least 1s unless
    /// --step says otherwise. Plain files only, and no files are written
    #[arg(long, conflicts_with_all = ["no_serve", "json", "csv", "png", "html"])]
    pub(crate) follow: bool,

    /// Serve the page although a file is written
    #[arg(long, conflicts_with = "no_serve")]
    serve: bool,

    /// End without serving the page
    #[arg(long)]
    no_serve: bool,

    #[command(flatten)]
    pub(crate) admin: AdminArgs,
}

/// A step asked for, or the best one.
#[derive(Clone, Copy, Debug)]
enum Step {
    Auto,
    Fixed(Millis),
}

/// Bytes of a key. A type of its own, because a vector would be many values.
#[derive(Clone, Debug)]
struct Key(Vec<u8>);

impl ReplayArgs {
    /// Which records to look at, and how to take bad lines.
    pub(crate) fn reading(&self) -> Reading {
        let prefixes = self.prefixes.iter().map(|prefix| prefix.0.clone()).collect();
        let form = match (&self.columns, self.format) {
            (Some(columns), _) => Form::Columns(columns.clone()),
            (None, Some(format)) => Form::Named(format),
            (None, None) => Form::Found,
        };
        Reading { form, selection: Selection { from: self.from, to: self.to, prefixes }, strict: self.strict }
    }

    /// Whether the page is there from the beginning.
    pub(crate) fn is_live(&self) -> bool {
        self.follow || self.speed.is_some()
    }

    /// Whether the page is served: unless a file was asked for, or it is said otherwise.
    pub(crate) fn serves(&self) -> bool {
        let to_file = [&self.json, &self.csv, &self.png, &self.html].into_iter().any(Option::is_some);
        self.serve || !(self.no_serve || to_file)
    }

    /// The step asked for in milliseconds; `None` to choose.
    pub(crate) fn step(&self) -> Option<u64> {
        match self.step {
            Step::Auto => None,
            Step::Fixed(millis) => Some(millis.0),
        }
    }
}

fn step(text: &str) -> Result<Step, String> {
    if text == "auto" {
        return Ok(Step::Auto);
    }
    let millis: Millis = text.parse().map_err(|error| format!("{error}"))?;
    match millis.0 {
        100..=86_400_000 => Ok(Step::Fixed(millis)),
        _ => Err("use 100ms to 24h".to_owned()),
    }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.strip_suffix('x').unwrap_or(text).parse::<f64>() {
        Ok(speed) if (0.001..=1e6).contains(&speed) => Ok(speed),
        _ => Err("use a number from 0.001 to 1000000; leave --speed out to replay at once".to_owned()),
    }
}

fn key(text: &str) -> Result<Key, String> {
    unescape::key(text).map(Key)
}

fn series(text: &str) -> Result<Series, String> {
    Series::parse(text).ok_or_else(|| {
        let names: Vec<&str> = Series::ALL.iter().map(|series| series.name()).collect();
        format!("use one of {}", names.join(", "))
    })
}
