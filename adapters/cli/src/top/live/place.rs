//! What part of time and keys is looked at, and how it moves.

use super::status::Status;

/// Spans of time that follow the clock; the last is all there is.
pub(super) const RANGES: [(&str, u64); 6] = [
    ("5m", 300_000),
    ("1h", 3_600_000),
    ("6h", 21_600_000),
    ("24h", 86_400_000),
    ("7d", 604_800_000),
    ("all", u64::MAX),
];
/// The fewest windows that are shown of a live server: a young history fills them from the right.
const LEAST_WINDOWS: u64 = 30;

/// Which time is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    /// The newest, as long as one of [`RANGES`] says; `None` is as many windows as are usual.
    Newest(Option<usize>),
    /// From and to, in Unix milliseconds.
    Between(u64, u64),
}

/// The bounds of a row: from inclusive, to exclusive, `None` for no bound.
pub(super) type Bounds = (Vec<u8>, Option<Vec<u8>>);

/// The part that is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) time: Time,
    pub(super) keys: Bounds,
}

/// The time that a picture spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct View {
    pub(super) from_ms: u64,
    pub(super) to_ms: u64,
    /// Its right edge moves with the clock.
    pub(super) follows: bool,
}

impl View {
    pub(super) const fn span_ms(&self) -> u64 {
        let span_ms = self.to_ms.saturating_sub(self.from_ms);
        if span_ms == 0 { 1 } else { span_ms }
    }
}

/// The range that is usual for a server, a few hundred windows.
pub(super) fn usual(status: &Status) -> usize {
    match (status.at_rest, status.step_ms) {
        (true, _) => RANGES.len() - 1,
        (_, ..=5_000) => 0,
        (_, ..=300_000) => 1,
        (_, ..=1_800_000) => 3,
        _ => 4,
    }
}

impl Place {
    pub(super) const WHOLE: Place = Place { time: Time::Newest(None), keys: (Vec::new(), None) };

    /// The time that is shown: it ends with the window that is open now and begins no earlier than history does.
    pub(super) fn view(&self, status: &Status) -> View {
        let step_ms = status.step_ms.max(1);
        let range = match self.time {
            Time::Between(from_ms, to_ms) => {
                return View { from_ms, to_ms: to_ms.max(from_ms + step_ms), follows: false };
            }
            Time::Newest(range) => range.unwrap_or_else(|| usual(status)),
        };
        let span_ms = RANGES.get(range).map_or(u64::MAX, |(_, span_ms)| *span_ms);
        let to_ms = newest(status);
        let least = if status.at_rest { step_ms } else { LEAST_WINDOWS * step_ms };
        let oldest = status.history_from_ms.unwrap_or(to_ms).min(to_ms.saturating_sub(least));
        View { from_ms: oldest.max(to_ms.saturating_sub(span_ms.max(least))), to_ms, follows: !status.at_rest }
    }

    /// What filters window ends: those of windows that overlap the view. 0 is no bound.
    pub(super) fn bounds_ms(view: &View, status: &Status) -> (u64, u64) {
        let open = view.follows || (status.at_rest && view.to_ms >= status.last_flush_ms);
        (view.from_ms + 1, if open { 0 } else { view.to_ms.saturating_add(status.step_ms) })
    }

    /// Whether all keys are shown.
    pub(super) fn has_all_keys(&self) -> bool {
        self.keys == (Vec::new(), None)
    }
}

/// The end of the window that is open, or of the last that there is.
fn newest(status: &Status) -> u64 {
    let step_ms = status.step_ms.max(1);
    if status.at_rest { status.last_flush_ms.max(step_ms) } else { (status.now_ms / step_ms + 1) * step_ms }
}

/// Half or twice the time about an instant, in whole windows and within history.
pub(super) fn zoomed_time(view: &View, status: &Status, at_ms: u64, closer: bool) -> Time {
    let step_ms = status.step_ms.max(1);
    let (oldest, newest) = (status.history_from_ms.unwrap_or(view.from_ms).min(view.from_ms), newest(status));
    let at_ms = at_ms.clamp(view.from_ms, view.to_ms);
    let (before, after) = (at_ms - view.from_ms, view.to_ms - at_ms);
    if !closer {
        let (from_ms, to_ms) =
            (at_ms.saturating_sub(before * 2).max(oldest), (at_ms + after * 2).min(newest.max(view.to_ms)));
        // All there is goes on with the clock.
        return if from_ms <= oldest && to_ms >= newest {
            Time::Newest(Some(RANGES.len() - 1))
        } else {
            Time::Between(from_ms, to_ms)
        };
    }
    let (from_ms, to_ms) = ((at_ms - before / 2) / step_ms * step_ms, (at_ms + after / 2).div_ceil(step_ms) * step_ms);
    if to_ms - from_ms >= view.span_ms() {
        Time::Between(view.from_ms, view.to_ms)
    } else {
        Time::Between(from_ms, to_ms)
    }
}

/// The part of a view from one share of its width to another, 0 to 1, in whole windows and within history.
pub(super) fn part_of_time(view: &View, status: &Status, (from, to): (f64, f64)) -> Time {
    let step_ms = status.step_ms.max(1);
    let at = |share: f64| view.from_ms + (share.clamp(0.0, 1.0) * view.span_ms() as f64) as u64;
    let from_ms = at(from) / step_ms * step_ms;
    let to_ms = at(to).div_ceil(step_ms) * step_ms;
    Time::Between(from_ms.max(view.from_ms), to_ms.min(view.to_ms).max(from_ms + step_ms))
}

/// A quarter of the span to one side, within history.
pub(super) fn panned_time(view: &View, status: &Status, later: bool) -> Time {
    let step_ms = status.step_ms.max(1);
    let by_ms = (view.span_ms() / 4).div_ceil(step_ms) * step_ms;
    let newest = newest(status).max(view.to_ms);
    let oldest = status.history_from_ms.unwrap_or(view.from_ms).min(view.from_ms);
    let from_ms = if later {
        (view.from_ms + by_ms).min(newest - view.span_ms())
    } else {
        view.from_ms.saturating_sub(by_ms).max(oldest)
    };
    Time::Between(from_ms, from_ms + view.span_ms())
}

/// Half of the rows about one of them; one row is not halved.
pub(super) fn closer_keys(rows: &[Bounds], at: usize) -> Option<Bounds> {
    let count = rows.len().div_ceil(2);
    // It stays where it is on the screen.
    let first = at.checked_sub((at * count).checked_div(rows.len())?)?;
    hull(rows.get(first..first + count)?)
}

/// Twice as many of the rows that all keys have, about those shown; `None` for all keys.
pub(super) fn wider_keys(home: &[Bounds], shown: &Bounds) -> Option<Bounds> {
    let (from, to) = touched(home, shown)?;
    let count = to - from;
    let from = from.saturating_sub(count.div_ceil(2));
    let to = (to + count.div_ceil(2)).min(home.len());
    if from == 0 && to == home.len() { None } else { hull(home.get(from..to)?) }
}

/// As many of the rows that all keys have, a quarter further on; `None` where there are none that way.
pub(super) fn panned_keys(home: &[Bounds], shown: &Bounds, down: bool) -> Option<Bounds> {
    let (from, to) = touched(home, shown)?;
    let by = ((to - from) / 4).max(1);
    let (from, to) = if down {
        let by = by.min(home.len() - to);
        (from + by, to + by)
    } else {
        let by = by.min(from);
        (from - by, to - by)
    };
    hull(home.get(from..to)?)
}

/// Which rows the keys touch, from inclusive, to exclusive.
fn touched(rows: &[Bounds], keys: &Bounds) -> Option<(usize, usize)> {
    let overlaps = |(start, end): &Bounds| {
        end.as_ref().is_none_or(|end| *end > keys.0) && keys.1.as_ref().is_none_or(|end| start < end)
    };
    let from = rows.iter().position(overlaps)?;
    let to = rows.iter().rposition(overlaps)? + 1;
    Some((from, to))
}

/// The keys of all these rows; `None` where there are none.
pub(super) fn hull(rows: &[Bounds]) -> Option<Bounds> {
    let start = rows.iter().map(|(start, _)| start).min()?;
    let unbounded = rows.iter().any(|(_, end)| end.is_none());
    let end = if unbounded { None } else { rows.iter().filter_map(|(_, end)| end.as_ref()).max() };
    Some((start.clone(), end.cloned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status() -> Status {
        let history_from_ms = Some(600_000);
        Status { enabled: true, now_ms: 1_000_400, step_ms: 1000, history_from_ms, ..Status::default() }
    }

    fn rows(count: u8) -> Vec<Bounds> {
        (0..count).map(|n| (if n == 0 { vec![] } else { vec![n] }, (n + 1 < count).then(|| vec![n + 1]))).collect()
    }

    #[test]
    fn views_follow_the_clock_and_end_at_history() {
        let status = status();
        let view = Place::WHOLE.view(&status);
        assert_eq!(view, View { from_ms: 701_000, to_ms: 1_001_000, follows: true });
        assert_eq!(Place::bounds_ms(&view, &status), (701_001, 0));
        let hour = Place { time: Time::Newest(Some(1)), ..Place::WHOLE };
        assert_eq!(hour.view(&status).from_ms, 600_000);
        let young = Status { history_from_ms: None, ..status.clone() };
        assert_eq!(Place::WHOLE.view(&young).from_ms, 971_000);
        let between = Place { time: Time::Between(700_000, 800_000), ..Place::WHOLE }.view(&status);
        assert_eq!(Place::bounds_ms(&between, &status), (700_001, 801_000));
        let replay = Status { at_rest: true, last_flush_ms: 60_000, history_from_ms: Some(0), ..status };
        assert_eq!(Place::WHOLE.view(&replay), View { from_ms: 0, to_ms: 60_000, follows: false });
    }

    #[test]
    fn time_is_zoomed_about_the_pointer_and_comes_back_to_all() {
        let status = status();
        let whole = Place { time: Time::Newest(Some(5)), ..Place::WHOLE }.view(&status);
        let half = zoomed_time(&whole, &status, 700_000, true);
        assert_eq!(half, Time::Between(650_000, 851_000));
        let view = Place { time: half, ..Place::WHOLE }.view(&status);
        assert_eq!(zoomed_time(&view, &status, 700_000, false), Time::Newest(Some(5)));
        let least = View { from_ms: 700_000, to_ms: 701_000, follows: false };
        assert_eq!(zoomed_time(&least, &status, 700_500, true), Time::Between(700_000, 701_000), "one window stays");
        assert_eq!(panned_time(&view, &status, true), Time::Between(701_000, 902_000));
        assert_eq!(panned_time(&view, &status, false), Time::Between(600_000, 801_000));
        let last = View { from_ms: 900_000, to_ms: 1_001_000, follows: false };
        assert_eq!(panned_time(&last, &status, true), Time::Between(900_000, 1_001_000), "not beyond now");
    }

    #[test]
    fn keys_are_halved_about_the_row_and_widened_by_the_rows_of_all() {
        let rows = rows(8);
        for at in 0..8 {
            let (start, end) = closer_keys(&rows, at).unwrap();
            let (from, to) = touched(&rows, &(start, end)).unwrap();
            assert!(from <= at && at < to && to - from == 4, "{at}: {from} {to}");
        }
        assert_eq!(closer_keys(&rows[..1], 0), Some((vec![], Some(vec![1]))));
        assert_eq!(closer_keys(&[], 0), None);
        assert_eq!(wider_keys(&rows, &(vec![3], Some(vec![4]))), Some((vec![2], Some(vec![5]))));
        assert_eq!(wider_keys(&rows, &(vec![2], Some(vec![7]))), None, "all of them");
        assert_eq!(panned_keys(&rows, &(vec![2], Some(vec![4])), true), Some((vec![3], Some(vec![5]))));
        assert_eq!(panned_keys(&rows, &(vec![6], None), true), Some((vec![6], None)));
        assert_eq!(panned_keys(&rows, &(vec![1], Some(vec![3])), false), Some((vec![], Some(vec![2]))));
    }
}
