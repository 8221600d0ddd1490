//! The hottest ranges now.

use keyviz_core::Series;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use serde_json::Value;

use super::map::cut;
use super::{faint, put, strong};
use crate::escape;
use crate::quantity::{bytes, clock, count, since};
use crate::top::base64;
use crate::top::client::Refusal;
use crate::top::key_format::KeyFormat;
use crate::top::live::app::App;
use crate::top::live::words::unit;
use crate::top::table::{at, change, estimated, group, node, number, redacted};

pub(super) fn draw(app: &App, buffer: &mut Buffer, area: Rect) {
    let answer = match &app.top {
        None => return,
        Some(Err(Refusal::Told { code, .. })) if code == "not_found" => return,
        Some(Err(refusal)) => {
            let why = match refusal.code() {
                "busy" => "the server is busy",
                _ => "could not be had",
            };
            put(buffer, area, 0, &format!(" Hottest now: {why}"), faint());
            return;
        }
        Some(Ok(answer)) => answer,
    };
    let Some(end_ms) = at(answer, "/now/end_unix_ms").as_u64() else {
        put(buffer, area, 0, " Hottest now: no window is recorded yet", faint());
        return;
    };
    let relative = app.status.as_ref().is_some_and(|status| status.relative);
    let until = if relative { since(end_ms) } else { clock(end_ms) };
    let ranges = at(answer, "/ranges").as_u64().unwrap_or(0);
    let rate = at(answer, "/now/rate").as_f64().unwrap_or(0.0);
    let title = format!(
        " Hottest until {until}: {} {}/s on {} ranges{}",
        amount(app.series, rate),
        unit(app.series),
        count(ranges),
        redacted(answer)
    );
    put(buffer, area, 0, &title, strong());
    let rows = at(answer, "/rows").as_array().map_or(&[][..], Vec::as_slice);
    let columns = Columns::of(rows, usize::from(area.width));
    put(
        buffer,
        area,
        1,
        &format!("{:>11} {:>6} {:>7}  {}range", "rate/s", "share", "change", columns.heads()),
        faint(),
    );
    for (line, row) in rows.iter().enumerate().take(usize::from(area.height.saturating_sub(2))) {
        put(buffer, area, line as u16 + 2, &text(app, row, &columns, usize::from(area.width)), Style::new());
    }
}

/// The columns that are there only where they say something: else there is more room for keys.
struct Columns {
    owned: bool,
    /// How wide the nodes' column is; 0 for none.
    nodes: usize,
}

impl Columns {
    fn of(rows: &[Value], width: usize) -> Columns {
        let several = rows.iter().any(|row| at(row, "/nodes").is_array());
        let widest = rows.iter().map(|row| Line::raw(node(row, false)).width()).max().unwrap_or(0);
        Columns {
            owned: rows.iter().any(|row| at(row, "/raft_group_id").as_u64().unwrap_or(0) > 0),
            nodes: if several { widest.max(NODE.len()).min(width / 4) } else { 0 },
        }
    }

    fn heads(&self) -> String {
        let node = if self.nodes > 0 { format!("{NODE:<0$}  ", self.nodes) } else { String::new() };
        format!("{}{node}", if self.owned { "group    " } else { "" })
    }

    fn of_row(&self, row: &Value) -> String {
        let owner = if self.owned { format!("{:<9}", group(row)) } else { String::new() };
        if self.nodes == 0 {
            return owner;
        }
        let name = cut_node(row, self.nodes);
        let spare = self.nodes.saturating_sub(Line::raw(name.as_str()).width());
        format!("{owner}{name}{:spare$}  ", "")
    }
}

/// The heading of the nodes' column.
const NODE: &str = "node";

/// Of a name that is too long the middle goes, and not how many more there are.
fn cut_node(row: &Value, room: usize) -> String {
    let whole = node(row, false);
    let others = at(row, "/node_count").as_u64().unwrap_or(0) > 1;
    match whole.rsplit_once(" +").filter(|_| others) {
        Some((name, others)) => {
            let others = format!(" +{others}");
            cut(name, room.saturating_sub(others.len())) + &others
        }
        None => cut(&whole, room),
    }
}

fn text(app: &App, row: &Value, columns: &Columns, width: usize) -> String {
    let share = at(row, "/share").as_f64().unwrap_or(0.0) * 100.0;
    let name = at(row, "/name").as_str().map_or(String::new(), |name| format!("[{}] ", escape::key(name.as_bytes())));
    let rate = estimated(row, amount(app.series, at(row, "/rate").as_f64().unwrap_or(0.0)));
    let head = format!("{rate:>11} {share:>5.1}% {:>7}  {}{name}", change(row), columns.of_row(row));
    let key = |path: &str| at(row, path).as_str().and_then(base64::decode);
    let (start, end) = (key("/start"), key("/end"));
    let room = width.saturating_sub(Line::raw(head.as_str()).width() + 1);
    format!("{head}{}", bounds(app.format, start.as_deref(), end.as_deref(), room))
}

/// The bounds of a range. Where both do not fit, the upper one is told without what it shares with the lower.
pub(super) fn bounds(format: KeyFormat, start: Option<&[u8]>, end: Option<&[u8]>, room: usize) -> String {
    let start = start.unwrap_or_default();
    let from = if start.is_empty() { "(lowest key)".to_owned() } else { format.text(start) };
    let Some(end) = end else { return cut(&format!("{from} .. (no upper bound)"), room) };
    let whole = format!("{from} .. {}", format.text(end));
    if Line::raw(whole.as_str()).width() <= room {
        return whole;
    }
    if format != KeyFormat::Utf8 {
        // Numbers have no words to leave out: each bound has half of the room.
        let each = room.saturating_sub(4) / 2;
        return if each >= 8 {
            format!("{} .. {}", cut(&from, each), cut(&format.text(end), each))
        } else {
            cut(&whole, room)
        };
    }
    let shared = start.iter().zip(end).take_while(|(a, b)| a == b).count();
    let word = |byte: &u8| byte.is_ascii_alphanumeric();
    let shared =
        end.get(..shared).and_then(|shared| shared.iter().rposition(|byte| !word(byte))).map_or(0, |at| at + 1);
    match end.get(shared..) {
        Some(rest) if shared > 0 => {
            let to = format!(" .. ..{}", escape::key(rest));
            let left = room.saturating_sub(Line::raw(to.as_str()).width());
            if left >= 8 { cut(&from, left) + &to } else { cut(&whole, room) }
        }
        _ => cut(&whole, room),
    }
}

/// A rate in digits.
pub(super) fn amount(series: Series, rate: f64) -> String {
    if series.is_bytes() { bytes(rate.round() as u64) } else { number(rate) }
}

/// A rate in few letters.
pub(super) fn short(series: Series, rate: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")];
    if series.is_bytes() {
        return bytes(rate.round() as u64);
    }
    let unit = UNITS.into_iter().find(|(least, _)| rate >= *least);
    unit.map_or_else(|| format!("{rate}"), |(least, name)| format!("{}{name}", (rate / least * 10.0).round() / 10.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_in_few_letters() {
        let short = |rate| short(Series::Ops, rate);
        assert_eq!([short(0.002), short(5.0), short(20_000.0), short(5e6)], ["0.002", "5", "20k", "5M"]);
        assert_eq!(super::short(Series::ReadBytes, 2048.0), "2.0 KiB");
    }

    #[test]
    fn bounds_fit_and_keep_what_tells_them_apart() {
        let of =
            |room| bounds(KeyFormat::Utf8, Some(b"orders/eu/customer-097"), Some(b"orders/eu/customer-0975"), room);
        assert_eq!(of(60), "orders/eu/customer-097 .. orders/eu/customer-0975");
        assert_eq!(of(40), "orders/eu/customer-097 .. ..0975");
        assert_eq!(of(24), "orders..er-097 .. ..0975");
        assert_eq!(bounds(KeyFormat::Utf8, None, None, 60), "(lowest key) .. (no upper bound)");
        assert_eq!(bounds(KeyFormat::Utf8, None, Some(b"\x1b[2J"), 60), "(lowest key) .. \\x1b[2J");
        let hex = |room| bounds(KeyFormat::Hex, Some(b"orders/1"), Some(b"orders/2"), room);
        assert_eq!(hex(40), "0x6f72646572732f31 .. 0x6f72646572732f32");
        assert_eq!(hex(32), "0x6f72..732f31 .. 0x6f72..732f32");
        for room in 0..70 {
            assert!(Line::raw(hex(room)).width() <= room.max(2), "{room}");
            assert!(Line::raw(of(room)).width() <= room.max(2), "{room}");
        }
    }
}
