//! The parameters of the endpoints, by the rules that every implementation of this path follows:
//!
//! - unknown parameters are ignored; of a repeated one the first counts; an empty one reads as absent;
//! - `rows`: 0, negative or above 1024 means 1024;
//! - time bounds: Unix milliseconds of window ends, `from <= end < to` (of `/events`, of the events themselves); 0 or
//!   negative means unbounded;
//! - `axis`: `route` (a row per route, label and division) or `range` (the key space cut by heat);
//! - `open`, `split_labels`: `1`, `true`, `0`, `false`; labels are rows of their own on the route axis, and
//!   summed on the range axis, unless `split_labels` says otherwise;
//! - `start`, `end`: base64url; `label`: a configured label;
//! - `route_id`, with `sub_bucket`, or keys, not both; of times and of keys the lower one comes first;
//! - anything else that cannot be read is 400 `invalid_query`, whose text names the parameter and
//!   never its value, because a value may be a key.

use crate::base64;
use crate::error::ApiError;
use crate::redactor::Redactor;
use keyviz_core::limits::MAX_ROWS;
use keyviz_core::{
    AxisKind, EventKind, HotKeysOf, HotKeysQuery, Label, Labels, MatrixQuery, Partition, RouteId, Series, TopQuery,
};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::num::{IntErrorKind, ParseIntError};

/// Kinds of events that may be asked for, or are named in a refusal.
const MOST_KINDS: usize = 64;

/// A query string, taken apart.
struct Params<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Params<'a> {
    fn new(query: &'a str) -> Self {
        Params(form_urlencoded::parse(query.as_bytes()).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| &**value).filter(|value| !value.is_empty())
    }

    fn integer(&self, name: &'static str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let number = text.parse().map(Some);
        number.map_err(|error: ParseIntError| {
            ApiError::invalid_query(match error.kind() {
                IntErrorKind::PosOverflow => format!("{name}: out of range; use at most {}", i64::MAX),
                IntErrorKind::NegOverflow => format!("{name}: out of range; use 0 or more"),
                _ => format!("{name}: use a whole number"),
            })
        })
    }

    /// A bound of time; 0 = unbounded.
    fn time(&self, name: &'static str) -> Result<u64, ApiError> {
        Ok(self.integer(name)?.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0))
    }

    fn flag(&self, name: &'static str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some("1" | "true") => Ok(Some(true)),
            Some("0" | "false") => Ok(Some(false)),
            Some(_) => Err(ApiError::invalid_query(format!("{name}: use 1 or 0"))),
        }
    }

    /// A whole number that is not below the least.
    fn number<T: TryFrom<i64>>(&self, name: &'static str, least: i64) -> Result<Option<T>, ApiError> {
        let Some(number) = self.integer(name)? else {
            return Ok(None);
        };
        let number = T::try_from(number).ok().filter(|_| number >= least);
        number.map(Some).ok_or_else(|| ApiError::invalid_query(format!("{name}: out of range; use {least} or more")))
    }

    fn key(&self, name: &'static str) -> Result<Option<Vec<u8>>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        base64::decode(text)
            .map(Some)
            .ok_or_else(|| ApiError::invalid_query(format!("{name}: use base64url (RFC 4648, section 5)")))
    }

    /// `start` and `end`; an end of zero length means unbounded.
    fn keys(&self) -> Result<(Vec<u8>, Option<Vec<u8>>), ApiError> {
        let (start, end) = (self.key("start")?.unwrap_or_default(), self.key("end")?.filter(|end| !end.is_empty()));
        if end.as_ref().is_some_and(|end| *end < start) {
            return Err(ApiError::invalid_query("end: below start; give the lower key as start"));
        }
        Ok((start, end))
    }

    /// `route_id`, with `sub_bucket`: by which, or by keys, an endpoint is asked, not by both.
    fn route(&self) -> Result<Option<(RouteId, Option<u32>)>, ApiError> {
        let Some(id) = self.get("route_id") else {
            return match self.get("sub_bucket") {
                Some(_) => Err(ApiError::invalid_query("sub_bucket: give the route_id that it is a division of")),
                None => Ok(None),
            };
        };
        if self.get("start").is_some() || self.get("end").is_some() {
            return Err(ApiError::invalid_query("route_id: give it, or start and end, not both"));
        }
        let route = id
            .parse()
            .map_err(|_| ApiError::invalid_query(format!("route_id: use a whole number from 0 to {}", u64::MAX)))?;
        Ok(Some((RouteId(route), self.number("sub_bucket", 0)?)))
    }

    fn label(&self, labels: &Labels) -> Result<Option<Label>, ApiError> {
        self.get("label").map(|name| known_label(name, labels)).transpose()
    }

    fn series(&self) -> Result<Option<Series>, ApiError> {
        self.get("series").map(|name| Series::parse(name).ok_or_else(unknown_series)).transpose()
    }

    /// Both bounds of time, where a range that is none is refused.
    fn time_range(&self) -> Result<(u64, u64), ApiError> {
        let (from_ms, to_ms) = (self.time("from_unix_ms")?, self.time("to_unix_ms")?);
        if to_ms != 0 && from_ms > to_ms {
            return Err(ApiError::invalid_query(
                "from_unix_ms: above to_unix_ms; give the earlier time as from_unix_ms",
            ));
        }
        Ok((from_ms, to_ms))
    }
}

/// Reads the parameters of `/matrix`.
pub(crate) fn matrix(query: &str, labels: &Labels) -> Result<MatrixQuery, ApiError> {
    let params = Params::new(query);
    let axis = match params.get("axis") {
        None => AxisKind::Route,
        Some(name) => AxisKind::parse(name).ok_or_else(|| ApiError::invalid_query("axis: use route or range"))?,
    };
    let rows = params.integer("rows")?.and_then(|n| usize::try_from(n).ok()).filter(|&n| n > 0);
    let (start, end) = params.keys()?;
    let (from_ms, to_ms) = params.time_range()?;
    Ok(MatrixQuery {
        series: params.series()?.unwrap_or(Series::Writes),
        from_ms,
        to_ms,
        rows: rows.map_or(MAX_ROWS, |n| n.min(MAX_ROWS)),
        start,
        end,
        label: params.label(labels)?,
        split_labels: params.flag("split_labels")?.unwrap_or(axis == AxisKind::Route),
        open: params.flag("open")?.unwrap_or(false),
        axis,
        ..MatrixQuery::default()
    })
}

/// Reads the parameters of `/top`: `series` (`ops` unless said), `limit` (20; 0, negative or above 1024 means 1024), `label`,
/// `start`, `end`.
pub(crate) fn top(query: &str, labels: &Labels) -> Result<TopQuery, ApiError> {
    let params = Params::new(query);
    let mut top = TopQuery::default();
    if let Some(series) = params.series()? {
        top.series = series;
    }
    if let Some(limit) = params.integer("limit")? {
        top.limit = usize::try_from(limit).ok().filter(|&n| n > 0).map_or(MAX_ROWS, |n| n.min(MAX_ROWS));
    }
    top.label = params.label(labels)?;
    (top.start, top.end) = params.keys()?;
    Ok(top)
}

/// Reads the parameters of `/cell`: `series` (`writes` unless said), `from_unix_ms`, `to_unix_ms`, `label`, and `route_id`,
/// with `sub_bucket` where it is wanted, or `start` and `end`.
pub(crate) fn cell(query: &str, labels: &Labels) -> Result<MatrixQuery, ApiError> {
    let params = Params::new(query);
    let (from_ms, to_ms) = params.time_range()?;
    let of = MatrixQuery {
        series: params.series()?.unwrap_or(Series::Writes),
        from_ms,
        to_ms,
        label: params.label(labels)?,
        open: true,
        split_labels: false,
        ..MatrixQuery::default()
    };
    Ok(match params.route()? {
        Some((route, sub_bucket)) => MatrixQuery { route: Some(route), sub_bucket, ..of },
        None => {
            let (start, end) = params.keys()?;
            MatrixQuery { start, end, ..of }
        }
    })
}

/// The keys that a reader asks between, who has seen what the redactor shows.
pub(crate) fn as_shown(
    (start, end): (Vec<u8>, Option<Vec<u8>>),
    redactor: &Redactor,
) -> Result<(Vec<u8>, Option<Vec<u8>>), ApiError> {
    let refuse = |name| {
        let policy = redactor.policy();
        ApiError::invalid_query(format!("{name}: keys are redacted here ({policy}), and this is none that is shown"))
    };
    let asked = |key: Vec<u8>, end, name| match key.is_empty() {
        true => Ok(key),
        false => redactor.asked(key, end).ok_or_else(|| refuse(name)),
    };
    let start = asked(start, false, "start")?;
    let end = end.map(|end| asked(end, true, "end")).transpose()?;
    Ok((start, end.filter(|end| !end.is_empty())))
}

/// Whether a reader may ask for a route: ids of ranges of the core's own making are made of their bounds, and others are
/// shown in their stead where keys are redacted. Who could ask with guessed ones would find out bounds.
pub(crate) fn route_as_shown(
    route: Option<RouteId>,
    redactor: &Redactor,
    partition: Partition,
) -> Result<(), ApiError> {
    let policy = redactor.policy();
    if route.is_none() || partition.ranges() == 0 || !policy.hides() {
        return Ok(());
    }
    let message = format!("route_id: ids of ranges are redacted here ({policy}); give start and end");
    Err(ApiError::invalid_query(message))
}

/// Reads the parameter of `/snapshot`: which of several nodes.
pub(crate) fn node(query: &str) -> Option<String> {
    Params::new(query).get("node").map(str::to_owned)
}

/// What `/events` is asked for: events with `from_ms <= at < to_ms`, 0 for unbounded. These are the events' own
/// instants, not ends of windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventsQuery {
    pub(crate) from_ms: u64,
    pub(crate) to_ms: u64,
    pub(crate) kinds: Kinds,
    /// How long the spans are within which many of one kind are one line; 0: none are.
    pub(crate) fold_ms: u64,
}

/// Which kinds of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kinds {
    All,
    Only(Vec<EventKind>),
    /// All others.
    Not(Vec<EventKind>),
}

impl Kinds {
    pub(crate) fn has(&self, kind: EventKind) -> bool {
        match self {
            Kinds::All => true,
            Kinds::Only(kinds) => kinds.contains(&kind),
            Kinds::Not(kinds) => !kinds.contains(&kind),
        }
    }

    /// Refuses a kind that there is none of: what is misspelt would look like what never happened. `there` are the kinds
    /// of the events that are kept; the well-known ones may come at any time.
    pub(crate) fn known(&self, there: impl Iterator<Item = EventKind>) -> Result<(), ApiError> {
        let (Kinds::Only(asked) | Kinds::Not(asked)) = self else { return Ok(()) };
        let known: BTreeSet<EventKind> = EventKind::WELL_KNOWN.into_iter().chain(there).collect();
        if asked.iter().all(|kind| known.contains(kind)) {
            return Ok(());
        }
        let names: Vec<&str> = known.iter().take(MOST_KINDS).map(EventKind::as_str).collect();
        Err(ApiError::invalid_query(format!("kind: no such kind here; there are {}", names.join(", "))))
    }
}

/// Reads the parameters of `/events`: `from_unix_ms`, `to_unix_ms`, `fold_ms` (0 or negative: nothing is folded), and
/// `kind`, one or more with commas between them, or after a `!` those that are not wanted.
pub(crate) fn events(query: &str) -> Result<EventsQuery, ApiError> {
    let params = Params::new(query);
    let kinds = match params.get("kind") {
        None => Kinds::All,
        Some(text) => match text.strip_prefix('!') {
            Some(names) => Kinds::Not(kinds(names)?),
            None => Kinds::Only(kinds(text)?),
        },
    };
    let (from_ms, to_ms) = params.time_range()?;
    Ok(EventsQuery { from_ms, to_ms, kinds, fold_ms: params.time("fold_ms")? })
}

fn kinds(names: &str) -> Result<Vec<EventKind>, ApiError> {
    let kind = |name: &str| EventKind::new(name.trim()).ok();
    let kinds: Option<Vec<EventKind>> = names.split(',').take(MOST_KINDS + 1).map(kind).collect();
    kinds.filter(|kinds| kinds.len() <= MOST_KINDS).ok_or_else(|| {
        ApiError::invalid_query(format!(
            "kind: use at most {MOST_KINDS} names of a-z, 0-9, '_' and '-' with commas between them, or one '!' before \
             those not wanted"
        ))
    })
}

/// Reads the parameters of `/hotkeys`: `route_id`, with `label` and `sub_bucket` where they are wanted, or `start` and
/// `end`.
pub(crate) fn hot_keys(query: &str, labels: &Labels) -> Result<HotKeysQuery, ApiError> {
    let params = Params::new(query);
    let series = match params.get("series") {
        None | Some("writes") => Series::Writes,
        Some("reads") => Series::Reads,
        Some(_) => return Err(ApiError::invalid_query("series: use reads or writes")),
    };
    let of = match params.route()? {
        Some((route, sub_bucket)) => HotKeysOf::Route { route, label: params.label(labels)?, sub_bucket },
        None if params.get("start").is_some() || params.get("end").is_some() => {
            let (start, end) = params.keys()?;
            if params.get("label").is_some() {
                return Err(ApiError::invalid_query("label: give it with route_id; between keys all labels are one"));
            }
            HotKeysOf::Range { start, end }
        }
        None => return Err(ApiError::invalid_query("route_id: give one, or start and end")),
    };
    let (from_ms, to_ms) = params.time_range()?;
    Ok(HotKeysQuery { of, series, top: params.number("top", 1)?.unwrap_or(20), from_ms, to_ms })
}

fn unknown_series() -> ApiError {
    let names: Vec<&str> = Series::ALL.iter().map(|series| series.name()).collect();
    ApiError::invalid_query(format!("series: use one of {}", names.join(", ")))
}

fn known_label(name: &str, labels: &Labels) -> Result<Label, ApiError> {
    let known = labels.iter().find(|(_, known)| *known == name);
    known
        .map(|(label, _)| label)
        .ok_or_else(|| ApiError::invalid_query("label: not one of the configured labels; /status lists them"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::redaction::Redaction;
    use proptest::prelude::*;

    fn read(query: &str) -> MatrixQuery {
        matrix(query, &Labels::new(&["redis", "s3"]).unwrap()).unwrap()
    }

    #[test]
    fn absent_and_empty_read_the_same() {
        for query in [
            "",
            "series=&rows=&from_unix_ms=&to_unix_ms=&start=&end=&label=&split_labels=&open=&axis=",
            "&&=&=1",
            "bogus=%zz",
        ] {
            let q = read(query);
            assert_eq!((q.series, q.rows, q.from_ms, q.to_ms), (Series::Writes, 1024, 0, 0), "{query}");
            assert!(q.start.is_empty() && q.end.is_none() && q.label.is_none() && q.split_labels && !q.open, "{query}");
        }
    }

    #[test]
    fn values() {
        let q = read(
            "series=ops&rows=7&from_unix_ms=12&to_unix_ms=34&start=YQ&end=Yg%3D%3D&label=s3&split_labels=0&open=1&axis=route",
        );
        assert_eq!((q.series, q.rows, q.from_ms, q.to_ms), (Series::Ops, 7, 12, 34));
        assert_eq!((q.start, q.end), (b"a".to_vec(), Some(b"b".to_vec())));
        assert!(q.label.is_some() && !q.split_labels && q.open);
        assert_eq!(read("").axis, AxisKind::Route);
        let q = read("axis=range");
        assert!(q.axis == AxisKind::Range && !q.split_labels);
        assert!(read("axis=range&split_labels=1").split_labels);
        assert_eq!(read("rows=-3").rows, 1024);
        assert_eq!(read("rows=99999").rows, 1024);
        assert_eq!(read("from_unix_ms=-5").from_ms, 0);
        // The first counts.
        assert_eq!(read("rows=2&rows=x").rows, 2);
    }

    #[test]
    fn the_hottest_ranges() {
        let labels = Labels::new(&["redis"]).unwrap();
        let read = |query: &str| top(query, &labels).unwrap();
        assert_eq!(read("series=&limit=&label=&start=&end="), TopQuery::default());
        let asked = read("series=writes&limit=3&label=redis&start=YQ&end=Yg");
        assert_eq!((asked.series, asked.limit, asked.label), (Series::Writes, 3, Some(labels.get("redis"))));
        assert_eq!((asked.start, asked.end), (b"a".to_vec(), Some(b"b".to_vec())));
        assert_eq!(["limit=0", "limit=-1", "limit=9999"].map(|query| read(query).limit), [1024; 3]);
        for (query, name) in [
            ("series=canary", "series"),
            ("limit=canary", "limit"),
            ("label=canary", "label"),
            ("start=canary%21", "start"),
        ] {
            let error = top(query, &labels).unwrap_err();
            assert!(error.message.starts_with(name) && !error.message.contains("canary"), "{query}: {}", error.message);
        }
    }

    #[test]
    fn refusals_name_the_parameter_and_not_the_value() {
        for (query, name) in [
            ("series=Reads", "series"),
            ("series=scan", "series"),
            ("axis=canary", "axis"),
            ("rows=canary", "rows"),
            ("rows=1.5", "rows"),
            ("rows=99999999999999999999", "rows"),
            ("from_unix_ms=canary", "from_unix_ms"),
            ("to_unix_ms=%201", "to_unix_ms"),
            ("open=canary", "open"),
            ("split_labels=2", "split_labels"),
            ("start=canary%21", "start"),
            ("end=Z", "end"),
            ("label=canary", "label"),
        ] {
            let error = matrix(query, &Labels::new(&["redis"]).unwrap()).unwrap_err();
            assert_eq!(error.code, Code::InvalidQuery, "{query}");
            assert!(error.message.starts_with(name) && !error.message.contains("canary"), "{query}: {}", error.message);
        }
    }

    #[test]
    fn hot_keys_are_asked_for_by_route_or_range() {
        let labels = Labels::new(&["redis"]).unwrap();
        let read = |query| hot_keys(query, &labels);
        let q = read("route_id=18446744073709551615&label=redis&sub_bucket=3&series=reads&top=7").unwrap();
        let route =
            HotKeysOf::Route { route: RouteId(u64::MAX), label: Some(labels.get("redis")), sub_bucket: Some(3) };
        assert_eq!((q.of, q.series, q.top), (route, Series::Reads, 7));
        let q = read("start=YQ&end=Yg&from_unix_ms=5&to_unix_ms=6").unwrap();
        assert_eq!(q.of, HotKeysOf::Range { start: b"a".to_vec(), end: Some(b"b".to_vec()) });
        assert_eq!((q.series, q.top, q.from_ms, q.to_ms), (Series::Writes, 20, 5, 6));
        for (query, name) in [
            ("", "route_id"),
            ("route_id=canary", "route_id"),
            ("route_id=1&label=canary", "label"),
            ("route_id=1&sub_bucket=-1", "sub_bucket"),
            ("route_id=1&sub_bucket=4294967296", "sub_bucket"),
            ("route_id=1&top=0", "top"),
            ("route_id=1&series=canary", "series"),
            ("route_id=1&from_unix_ms=2&to_unix_ms=1", "from_unix_ms"),
            ("start=canary%21", "start"),
        ] {
            let error = read(query).unwrap_err();
            assert_eq!(error.code, Code::InvalidQuery, "{query}");
            assert!(error.message.starts_with(name) && !error.message.contains("canary"), "{query}: {}", error.message);
        }
    }

    #[test]
    fn a_cell_is_of_keys_or_of_a_route() {
        let labels = Labels::new(&["redis"]).unwrap();
        let read = |query| cell(query, &labels);
        let all = MatrixQuery { open: true, split_labels: false, ..MatrixQuery::default() };
        assert_eq!(read("route_id=&sub_bucket=&start=&end=&label=&series="), Ok(all.clone()));
        let q = read("route_id=18446744073709551615&sub_bucket=3&label=redis&series=reads").unwrap();
        let route = Some(RouteId(u64::MAX));
        let label = Some(labels.get("redis"));
        assert_eq!(q, MatrixQuery { series: Series::Reads, route, sub_bucket: Some(3), label, ..all.clone() });
        let q = read("start=YQ&end=Yg&from_unix_ms=5&to_unix_ms=6").unwrap();
        assert_eq!(q, MatrixQuery { start: b"a".to_vec(), end: Some(b"b".to_vec()), from_ms: 5, to_ms: 6, ..all });
        // By the same rules as hot keys, with the same words.
        for query in [
            "route_id=canary",
            "route_id=-1",
            "route_id=18446744073709551616",
            "route_id=1&start=YQ",
            "route_id=1&end=YQ",
            "route_id=1&sub_bucket=-1",
            "route_id=1&sub_bucket=4294967296",
            "start=YQ&sub_bucket=1",
            "start=Yg&end=YQ",
            "start=%00",
            "route_id=1&from_unix_ms=2&to_unix_ms=1",
            "route_id=1&label=canary",
        ] {
            assert_eq!(read(query).unwrap_err(), hot_keys(query, &labels).unwrap_err(), "{query}");
        }
    }

    #[test]
    fn who_sees_other_ids_may_not_ask_by_them() {
        let of = |policy, partition, route| {
            let redactor = Redactor::with_key(policy, b"key");
            route_as_shown(route, &redactor, partition).map_err(|error| error.message.into_owned())
        };
        let (own, route) = (Partition::Auto { ranges: 8 }, Some(RouteId(7)));
        for policy in [Redaction::Prefix(4), Redaction::Hmac] {
            assert!(of(policy, own, route).unwrap_err().starts_with("route_id: ids of ranges are redacted here"));
            assert_eq!((of(policy, own, None), of(policy, Partition::Routes, route)), (Ok(()), Ok(())));
        }
        assert_eq!((of(Redaction::None, own, route), of(Redaction::Hex, own, route)), (Ok(()), Ok(())));
    }

    #[test]
    fn events_are_asked_for_by_time_and_kind() {
        let read = |query| events(query).map(|q| (q.from_ms, q.to_ms, q.fold_ms));
        assert_eq!(read("kind="), Ok((0, 0, 0)));
        assert_eq!(read("from_unix_ms=5&to_unix_ms=-7&series=bogus&fold_ms=60"), Ok((5, 0, 60)));
        assert_eq!(read("fold_ms=-1"), Ok((0, 0, 0)));
        let kinds = |text: &str| events(&format!("kind={text}")).map(|q| q.kinds);
        assert_eq!(kinds(""), Ok(Kinds::All));
        assert_eq!(kinds("split,merge"), Ok(Kinds::Only(vec![EventKind::SPLIT, EventKind::MERGE])));
        assert_eq!(kinds("%21split,%20merge"), Ok(Kinds::Not(vec![EventKind::SPLIT, EventKind::MERGE])));
        for bad in ["Canary", "split,", "!", "split,!merge", &["a"; 65].join(",")] {
            let error = kinds(bad).unwrap_err();
            assert!(
                error.message.starts_with("kind: use") && !error.message.contains("Canary"),
                "{bad}: {}",
                error.message
            );
        }
        let there = || [EventKind::new("backup").unwrap()].into_iter();
        assert_eq!(kinds("backup,restart").unwrap().known(there()), Ok(()));
        assert_eq!(Kinds::All.known(there()), Ok(()));
        let error = kinds("!canary").unwrap().known(there()).unwrap_err();
        assert_eq!(
            error.message,
            "kind: no such kind here; there are backup, deploy, folding, leader-change, merge, restart, split"
        );
        let error = events("to_unix_ms=canary").unwrap_err();
        assert!(error.message.starts_with("to_unix_ms") && !error.message.contains("canary"));
    }

    proptest! {
        #[test]
        fn no_query_is_too_strange(query in ".{0,80}") {
            let _ = matrix(&query, &Labels::NONE);
            let _ = hot_keys(&query, &Labels::NONE);
            let _ = cell(&query, &Labels::NONE);
            let _ = events(&format!("kind={query}"));
        }
    }
}
