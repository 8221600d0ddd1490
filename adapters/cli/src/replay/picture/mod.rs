//! The matrix as a picture: time to the right, keys from the top, rates as colours; with axes, legend and title.

mod canvas;
mod font;
mod palette;
mod ticks;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;

use keyviz_admin::Redactor;
use keyviz_core::{ColumnState, Matrix, Reader, Series};

use super::notes::SPREAD_A_SECOND;
use super::{answer, input};
use crate::escape;
use crate::failure::Failure;
use crate::quantity::{bytes, count, duration, instant, rate};
use canvas::{Canvas, Color};
use palette::Palette;

const WIDTH: usize = 1600;
const HEIGHT: usize = 900;
/// The heatmap itself: left, top, width, height.
const LEFT: usize = 330;
const TOP: usize = 78;
const PLOT_WIDTH: usize = 1090;
const PLOT_HEIGHT: usize = 742;
const LEGEND_LEFT: usize = LEFT + PLOT_WIDTH + 30;
/// Letters are 14 pixels high, the title 21.
const SCALE: usize = 2;
const TITLE_SCALE: usize = 3;
const LETTER: usize = font::ADVANCE * SCALE;
/// Most letters of a key on the axis, and of the title.
const KEY_LETTERS: usize = 25;
const TITLE_LETTERS: usize = (WIDTH - 40) / (font::ADVANCE * TITLE_SCALE);

const INK: Color = [20, 20, 20];
const GREY: Color = [110, 110, 110];

/// What stands in the title.
pub(crate) struct Title<'a> {
    /// What was replayed.
    pub(crate) name: &'a str,
    /// Whether its clock started with it.
    pub(crate) relative: bool,
    /// Whether it had none, and its records were spread evenly.
    pub(crate) spread: bool,
}

/// Draws one series and writes it as PNG, 1600 x 900.
pub(crate) fn write(
    file: &Path,
    reader: &Reader,
    (series, redactor): (Series, &Redactor),
    title: &Title<'_>,
) -> Result<(), Failure> {
    let canvas = draw(&answer::shown(reader, series, redactor), title);
    let written = File::create(file).and_then(|file| {
        let mut to = BufWriter::new(file);
        canvas.write(&mut to)?;
        to.flush()
    });
    written.map_err(|error| Failure::new(format!("writing {} failed: {error}", input::name(file))))
}

fn draw(matrix: &Matrix, title: &Title<'_>) -> Canvas {
    let mut canvas = Canvas::new(WIDTH, HEIGHT);
    let palette = scale(matrix);
    heading(&mut canvas, matrix, title);
    cells(&mut canvas, matrix, palette);
    keys(&mut canvas, matrix);
    times(&mut canvas, matrix, title);
    legend(&mut canvas, matrix.series, palette);
    canvas
}

/// The rate of one cell, a second.
fn cell(matrix: &Matrix, row: usize, column: usize) -> f64 {
    let value = matrix.rows.get(row).and_then(|row| row.values.get(column)).copied().unwrap_or(0);
    let ms = matrix.columns.get(column).map_or(1, |column| column.end_ms.saturating_sub(column.start_ms).max(1));
    value as f64 * 1000.0 / ms as f64
}

fn scale(matrix: &Matrix) -> Option<Palette> {
    let mut found: Option<Palette> = None;
    for row in 0..matrix.rows.len() {
        for rate in (0..matrix.columns.len()).map(|column| cell(matrix, row, column)).filter(|rate| *rate > 0.0) {
            let palette = found.get_or_insert(Palette { least: rate, greatest: rate });
            palette.least = palette.least.min(rate);
            palette.greatest = palette.greatest.max(rate);
        }
    }
    found
}

/// Which of `many` things fall on pixel `at` of `pixels`; at least one.
fn share(at: usize, pixels: usize, many: usize) -> Range<usize> {
    let from = at * many / pixels;
    from..((at + 1) * many / pixels).max(from + 1)
}

/// Where several cells fall on one pixel, the greatest rate is shown, so that nothing hot is averaged away.
fn cells(canvas: &mut Canvas, matrix: &Matrix, palette: Option<Palette>) {
    let (rows, columns) = (matrix.rows.len(), matrix.columns.len());
    for x in 0..PLOT_WIDTH {
        let across = share(x, PLOT_WIDTH, columns);
        let shown = matrix.columns.get(across.clone()).unwrap_or_default();
        let empty = if shown.iter().all(|column| column.state == ColumnState::Missing) {
            palette::MISSING
        } else {
            palette::NONE
        };
        for y in 0..PLOT_HEIGHT {
            let rates =
                share(y, PLOT_HEIGHT, rows).flat_map(|row| across.clone().map(move |column| cell(matrix, row, column)));
            let rate = rates.fold(0.0, f64::max);
            let color = palette.filter(|_| rate > 0.0).map_or(empty, |palette| palette.color(rate));
            canvas.dot(LEFT + x, TOP + y, color);
        }
    }
}

fn heading(canvas: &mut Canvas, matrix: &Matrix, title: &Title<'_>) {
    let what = what(matrix.series);
    canvas.text((20, 16), TITLE_SCALE, INK, &shortened(&format!("{what} a second: {}", title.name), TITLE_LETTERS));
    let total: u64 = matrix.rows.iter().flat_map(|row| &row.values).sum();
    let total = if matrix.series.is_bytes() { bytes(total) } else { count(total) };
    let line = format!(
        "{total} {what} in {} key ranges x {} columns of {}",
        count(matrix.rows.len() as u64),
        count(matrix.columns.len() as u64),
        duration(matrix.step_ms)
    );
    canvas.text((20, 48), SCALE, GREY, &line);
}

/// Names the lower bounds of rows, evenly apart.
fn keys(canvas: &mut Canvas, matrix: &Matrix) {
    let rows = matrix.rows.len().max(1);
    let labels = rows.min(PLOT_HEIGHT / (font::LINE * SCALE + 12));
    for label in 0..labels {
        let at = label * rows / labels;
        let Some(row) = matrix.rows.get(at) else { break };
        let y = TOP + at * PLOT_HEIGHT / rows;
        let name =
            if row.start.is_empty() { "the lowest key".to_owned() } else { shortened(&ascii(&row.start), KEY_LETTERS) };
        let width = name.chars().count() * LETTER;
        canvas.text((LEFT.saturating_sub(width + 12), y), SCALE, INK, &name);
        canvas.fill((LEFT - 8, y), (8, 1), INK);
    }
    canvas.text((20, HEIGHT - 24), SCALE, GREY, "keys in order, from the top");
}

fn times(canvas: &mut Canvas, matrix: &Matrix, title: &Title<'_>) {
    let (Some(first), Some(last)) = (matrix.columns.first(), matrix.columns.last()) else { return };
    let (from_ms, to_ms) = (first.start_ms, last.end_ms);
    let span_ms = to_ms.saturating_sub(from_ms).max(1);
    let below = TOP + PLOT_HEIGHT;
    for at_ms in ticks::instants(from_ms, to_ms, 6) {
        let part = at_ms.saturating_sub(from_ms) as f64 / span_ms as f64;
        let x = LEFT + (part * PLOT_WIDTH as f64) as usize;
        canvas.fill((x, below), (1, 8), INK);
        let name = ticks::name(at_ms, span_ms, title.relative);
        let half = name.len() * LETTER / 2;
        canvas.text((x.saturating_sub(half), below + 14), SCALE, INK, &name);
    }
    let from = instant(from_ms);
    let caption = match (title.spread, title.relative) {
        (true, _) => format!("the trace has no times: records spread evenly, {SPREAD_A_SECOND} a second"),
        (false, true) => "time since the trace began (hh:mm:ss)".to_owned(),
        (false, false) => format!("time in UTC, from {from}"),
    };
    let x = LEFT + PLOT_WIDTH.saturating_sub(caption.len() * LETTER) / 2;
    canvas.text((x, HEIGHT - 24), SCALE, GREY, &caption);
}

fn legend(canvas: &mut Canvas, series: Series, palette: Option<Palette>) {
    const BAR: usize = 24;
    let height = PLOT_HEIGHT - 100;
    canvas.fill((LEGEND_LEFT, TOP + height + 30), (BAR, BAR), palette::NONE);
    canvas.text((LEGEND_LEFT + BAR + 10, TOP + height + 35), SCALE, INK, "none");
    canvas.fill((LEGEND_LEFT, TOP + height + 64), (BAR, BAR), palette::MISSING);
    canvas.text((LEGEND_LEFT + BAR + 10, TOP + height + 69), SCALE, INK, "no data");
    let Some(palette) = palette else { return };
    for y in 0..height {
        let color = palette::at(1.0 - y as f64 / height as f64);
        canvas.fill((LEGEND_LEFT, TOP + y), (BAR, 1), color);
    }
    let mut named: Vec<usize> = Vec::new();
    for rate in [palette.greatest, palette.least].into_iter().chain(palette.decades()) {
        let y = ((1.0 - palette.place(rate)) * (height - 1) as f64) as usize;
        if named.iter().any(|other| other.abs_diff(y) < font::LINE * SCALE) {
            continue;
        }
        named.push(y);
        canvas.fill((LEGEND_LEFT + BAR, TOP + y), (6, 1), INK);
        let name = speed(series, rate);
        canvas.text((LEGEND_LEFT + BAR + 10, (TOP + y).saturating_sub(6)), SCALE, INK, &name);
    }
}

/// A rate in words.
fn speed(series: Series, per_second: f64) -> String {
    if series.is_bytes() {
        format!("{}/s", bytes(per_second.round() as u64))
    } else {
        // In thousandths of an operation a thousand seconds long, so that small rates keep their decimals.
        rate((per_second * 1000.0).round() as u64, 1_000_000)
    }
}

fn what(series: Series) -> &'static str {
    match series {
        Series::Reads => "reads",
        Series::Writes => "writes",
        Series::ReadBytes => "bytes read",
        Series::WriteBytes => "bytes written",
        Series::Scans => "scans",
        _ => "operations",
    }
}

/// A key in the letters of the picture.
fn ascii(key: &[u8]) -> String {
    let mut text = String::new();
    for char in escape::key(key).chars() {
        if char.is_ascii() {
            text.push(char);
        } else {
            text.extend(char.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\x{byte:02x}")));
        }
    }
    text
}

/// At most so many letters: the middle goes, because keys differ at their ends.
fn shortened(text: &str, letters: usize) -> String {
    let length = text.chars().count();
    if length <= letters {
        return text.to_owned();
    }
    let head = letters / 2;
    let tail = letters.saturating_sub(head + 2);
    text.chars().take(head).chain("..".chars()).chain(text.chars().skip(length - tail)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thing_falls_on_a_pixel() {
        for (pixels, many) in [(10, 3), (3, 10), (1090, 720), (742, 1024), (5, 1)] {
            let mut seen = vec![false; many];
            for at in 0..pixels {
                share(at, pixels, many).for_each(|thing| seen[thing] = true);
            }
            assert!(seen.iter().all(|seen| *seen), "{pixels} {many}");
        }
    }

    #[test]
    fn labels_are_ascii_and_short() {
        assert_eq!(ascii("é\u{202e}".as_bytes()), "\\xc3\\xa9\\xe2\\x80\\xae");
        assert_eq!(shortened("user:0123456789:abc", 11), "user:..:abc");
        assert_eq!(shortened("short", 11), "short");
        assert_eq!([speed(Series::Ops, 0.05), speed(Series::Ops, 1000.0)], ["0.05/s", "1,000/s"]);
        assert_eq!(speed(Series::ReadBytes, 2048.0), "2.0 KiB/s");
    }
}
