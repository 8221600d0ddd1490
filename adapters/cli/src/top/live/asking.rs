//! One round of questions to a server: status, matrix, the hottest ranges, events; or the hot keys of a cell.

use std::time::Duration;

use keyviz_core::wire::decode::{self, Limits};
use keyviz_core::{AxisKind, Series};
use serde_json::Value;

use super::picture::{Cell, Picture};
use super::place::{Place, View};
use super::status::Status;
use crate::top::address::Address;
use crate::top::base64;
use crate::top::client::{self, Refusal};
use crate::top::events::{self, Event};

/// Bytes that an answer may take in memory: more columns than any terminal is wide, many times over.
const ANSWER_BYTES: usize = 256 << 20;
/// The ranges of the table.
const RANGES: usize = 50;
/// The keys of a cell.
const KEYS: usize = 20;
/// The longest from one question to the next where nothing fails.
const SLOWEST_MS: u64 = 10_000;
/// After a column's end, the time until it can be had.
const SETTLE_MS: u64 = 300;

/// Whom to ask.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) address: Address,
    pub(super) token: Option<String>,
}

/// What the reader chose that the answer depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) series: Series,
    pub(super) axis: AxisKind,
    pub(super) place: Place,
    /// Only the traffic of this label.
    pub(super) label: Option<String>,
    /// The rows that there is room for.
    pub(super) rows: usize,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) status: Status,
    /// None where the server counts nothing.
    pub(super) picture: Option<Picture>,
    /// As `/top` answered; its failure is not the picture's.
    pub(super) top: Result<Value, Refusal>,
    /// What happened in the time that is shown.
    pub(super) events: Vec<Event>,
    /// Where the picture is empty, a series that has load in the same time.
    pub(super) elsewhere: Option<Series>,
}

impl Server {
    pub(super) fn get(&self, path: &str) -> Result<String, Refusal> {
        let path = format!("{}{}/{path}", self.address.prefix, keyviz_admin::BASE_PATH);
        client::get(&self.address, &path, self.token.as_deref())
    }

    /// Status, matrix, top, events.
    pub(super) fn round(&self, question: &Question) -> Result<Round, Refusal> {
        let status = Status::read(&self.get("status")?);
        let status = status.ok_or_else(|| Refusal::Garbled("/status: it is not what a keyviz says".to_owned()))?;
        let none = Err(Refusal::Garbled(String::new()));
        if !status.enabled {
            return Ok(Round { status, picture: None, top: none, events: Vec::new(), elsewhere: None });
        }
        let view = question.place.view(&status);
        let picture = self.picture(question, &view, &status)?;
        let totals = picture.totals;
        let empty = totals.rows == 0 && totals.cut == 0 && totals.unattributed == 0;
        let elsewhere = if empty { self.elsewhere(question, &view, &status) } else { None };
        let top = self.get(&format!("top?series={}&limit={RANGES}{}", question.series.name(), question.part()));
        let top = top.and_then(|json| json_of(&json, "/top"));
        // An older server has none.
        let events =
            self.get(&events::path(view.from_ms, view.to_ms)).map_or_else(|_| Vec::new(), |json| events::read(&json));
        Ok(Round { status, picture: Some(picture), top, events, elsewhere })
    }

    fn picture(&self, question: &Question, view: &View, status: &Status) -> Result<Picture, Refusal> {
        let (from_ms, to_ms) = Place::bounds_ms(view, status);
        let json = self.get(&format!(
            "matrix?series={}&axis={}&rows={}&from_unix_ms={from_ms}&to_unix_ms={to_ms}&open=1{}",
            question.series.name(),
            question.axis.name(),
            question.rows,
            question.part()
        ))?;
        let limits = Limits { bytes: ANSWER_BYTES, ..Limits::default() };
        let answer = decode::answer(json.as_bytes(), &limits);
        let answer = answer.map_err(|error| Refusal::Garbled(format!("/matrix: {error}")))?;
        Ok(Picture::new(answer, *view, question.place.clone()))
    }

    /// A series with load in the time that is shown.
    fn elsewhere(&self, question: &Question, view: &View, status: &Status) -> Option<Series> {
        let others = [Series::Ops, Series::Reads, Series::Writes, Series::Scans, Series::ReadBytes, Series::WriteBytes];
        // Every operation is in `ops`: where that is empty, all are.
        let others = others.into_iter().filter(|series| *series != question.series && question.series != Series::Ops);
        let place = Place { keys: Place::WHOLE.keys, ..question.place.clone() };
        let has_load = |series: &Series| {
            let asked = Question { series: *series, place: place.clone(), label: None, rows: 1, ..question.clone() };
            self.picture(&asked, view, status).is_ok_and(|found| found.totals.rows > 0 || found.totals.cut > 0)
        };
        others.take(status.observed.min(6) as usize).find(has_load)
    }

    /// The answer to [`hot_keys_path`].
    pub(super) fn hot_keys(&self, path: &str) -> Result<Value, Refusal> {
        json_of(&self.get(path)?, "/hotkeys")
    }
}

impl Question {
    /// The parameters that say which keys and whose traffic.
    fn part(&self) -> String {
        let mut text = String::new();
        let (start, end) = &self.place.keys;
        if !start.is_empty() {
            text.push_str(&format!("&start={}", base64::encode(start)));
        }
        if let Some(end) = end {
            text.push_str(&format!("&end={}", base64::encode(end)));
        }
        if let Some(label) = &self.label {
            text.push_str(&format!("&label={label}"));
        }
        text
    }
}

/// Whose hot keys belong to a series: they are followed apart, and of all operations those of writes are shown.
pub(super) fn hot_series(series: Series) -> &'static str {
    if matches!(series, Series::Reads | Series::ReadBytes | Series::Scans) { "reads" } else { "writes" }
}

/// A route as it is now is asked for by its id; what else counted there, and what had other bounds, by the keys.
pub(super) fn hot_keys_path(picture: &Picture, cell: Cell) -> Option<String> {
    let (row, column) = (picture.row(cell)?, picture.column(cell)?);
    let series = hot_series(picture.answer.series);
    let id = row.bucket_id.as_str();
    let whose = match id.strip_prefix("route:").filter(|id| !id.contains('~')) {
        Some(id) => {
            let (id, sub_bucket) =
                id.split_once('#').map_or((id, String::new()), |(id, sub)| (id, format!("&sub_bucket={sub}")));
            let route = id.split(':').next().unwrap_or_default();
            let label = if row.label.is_empty() { String::new() } else { format!("&label={}", row.label) };
            format!("&route_id={route}{label}{sub_bucket}")
        }
        None => {
            let start = base64::encode(&row.start);
            let end = row.end.as_deref().map_or(String::new(), |end| format!("&end={}", base64::encode(end)));
            // A range without any bound is asked for from the least key but the empty one.
            let start = if start.is_empty() && end.is_empty() { "AA".to_owned() } else { start };
            if start.is_empty() { end } else { format!("&start={start}{end}") }
        }
    };
    let (from_ms, to_ms) = (column.end_ms, column.end_ms + 1);
    Some(format!("hotkeys?series={series}&top={KEYS}&from_unix_ms={from_ms}&to_unix_ms={to_ms}{whose}"))
}

fn json_of(text: &str, what: &str) -> Result<Value, Refusal> {
    serde_json::from_str(text).map_err(|_| Refusal::Garbled(format!("{what}: the answer is not JSON")))
}

/// How long to wait before asking again: soon after a column closes, less often where the server struggles.
pub(super) fn pause(status: Option<&Status>, took: Duration, failures: u32) -> Duration {
    if failures > 0 {
        return Duration::from_millis((1000 << (failures - 1).min(4)).min(15_000));
    }
    let Some(status) = status else { return Duration::from_secs(1) };
    let took_ms = took.as_millis() as u64;
    let usual = if status.at_rest { SLOWEST_MS } else { status.step_ms.clamp(1000, SLOWEST_MS) };
    let left = status.next_column_ms.and_then(|at_ms| at_ms.checked_sub(status.now_ms));
    let next = left.filter(|_| !status.at_rest).map_or(usual, |left_ms| left_ms + SETTLE_MS);
    // The server is to spend a third of its time on pictures at most.
    Duration::from_millis(usual.min(next).max(if took_ms > 500 { took_ms * 2 } else { 300 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_follows_the_columns_and_spares_a_server_that_struggles() {
        let status = Status { step_ms: 1000, now_ms: 5600, next_column_ms: Some(6000), ..Status::default() };
        let ms = |took, failures| pause(Some(&status), Duration::from_millis(took), failures).as_millis();
        assert_eq!([ms(20, 0), ms(3000, 0)], [700, 6000]);
        assert_eq!([1, 2, 3, 4, 5, 50].map(|failures| ms(20, failures)), [1000, 2000, 4000, 8000, 15_000, 15_000]);
        let minute = Status { step_ms: 60_000, next_column_ms: Some(50_000), ..status.clone() };
        assert_eq!(pause(Some(&minute), Duration::ZERO, 0).as_millis(), 10_000);
        let rest = Status { at_rest: true, ..status };
        assert_eq!(pause(Some(&rest), Duration::ZERO, 0).as_millis(), 10_000);
    }

    #[test]
    fn hot_keys_are_asked_of_the_route_or_of_the_keys() {
        let json = br#"{"series":"reads","column_unix_ms":[2000],"rows":[{"bucket_id":"route:7:s3#2","label":"s3","values":[1]},
            {"bucket_id":"range:0@00","start":null,"end":null,"values":[1]},{"bucket_id":"route:8~0011aabb","start":"YQ==","end":"Yg==","values":[1]}]}"#;
        let answer = decode::answer(json, &Limits::default()).unwrap();
        let view = View { from_ms: 0, to_ms: 2000, follows: false };
        let picture = Picture::new(answer, view, Place::WHOLE);
        let path = |row| hot_keys_path(&picture, Cell { row, column: 0 }).unwrap();
        let common = "hotkeys?series=reads&top=20&from_unix_ms=2000&to_unix_ms=2001";
        assert_eq!(path(0), format!("{common}&route_id=7&label=s3&sub_bucket=2"));
        assert_eq!(path(1), format!("{common}&start=AA"));
        assert_eq!(path(2), format!("{common}&start=YQ&end=Yg"));
    }
}
