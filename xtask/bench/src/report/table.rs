//! The table, a line a row.

use super::row::Row;

/// The columns' names.
pub const HEAD: &str = "name                                                         value    median  unit      baseline   ratio  target                          met";

/// A row's line.
pub fn line(row: &Row) -> String {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), digits);
    let met = match row.met() {
        Some(true) => "yes",
        Some(false) => "NO",
        None => "",
    };
    let line = format!(
        "{:<61} {:>9} {:>9}  {:<8} {:>9} {:>7}  {:<30}  {met}",
        row.name,
        digits(row.value),
        number(row.median),
        row.unit,
        number(row.baseline),
        number(row.ratio()),
        row.target_text().unwrap_or_else(|| "printed only".to_owned()),
    );
    line.trim_end().to_owned()
}

/// Three digits or so, whatever the size.
fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => format!("{value:.0}"),
        size if size >= 100.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
