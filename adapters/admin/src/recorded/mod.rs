//! The page with its answers in one file: to be kept, sent, and opened from a disk, without a server.

mod bundle;
mod inline;

use std::fmt;
use std::sync::Arc;

use keyviz_core::{KeyNames, MatrixQuery, Series, wire};

use crate::Admin;
use crate::assets::{self, INDEX};
use crate::nodes::Source;
use crate::redactor::Redactor;
use crate::role::Role;
use crate::status;

/// What the page may do from a disk: run its own script and style, show its own pictures, and ask nobody.
const POLICY: &str = "default-src 'none'; img-src data: blob:; base-uri 'none'; form-action 'none'";

/// Why there is no file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordError {
    /// The endpoint has no sampler.
    Disabled,
    /// The file would be larger than allowed. Fewer columns (a longer step) or fewer routes make it smaller.
    TooLarge {
        /// Columns of the picture.
        columns: usize,
        /// Rows of the picture.
        rows: usize,
    },
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordError::Disabled => write!(f, "there is no sampler, so there is nothing to keep"),
            RecordError::TooLarge { columns, rows } => {
                write!(f, "{rows} rows x {columns} columns make too large a file; take a longer step or fewer routes")
            }
        }
    }
}

impl std::error::Error for RecordError {}

impl Admin {
    /// The page as it is now, with all series, as one HTML file: it opens from a disk, asks nobody, and does not
    /// change. `series` is what it shows first. Title, mode, time label and notice are those of the endpoint; a
    /// finished recording has [`Mode::Static`](crate::Mode::Static).
    ///
    /// Whoever has the file has the keys in it: the bounds of all rows, as role full sees them; see
    /// [`Access::redaction`](crate::Access::redaction).
    ///
    /// # Errors
    /// [`RecordError::TooLarge`] beyond `limit_bytes`, found before much more than that is taken.
    /// [`RecordError::Disabled`] without a sampler.
    ///
    /// # Examples
    /// ```
    /// use keyviz_admin::{Admin, Mode, RecordError};
    /// use keyviz_core::{Config, Sampler, Series};
    ///
    /// let sampler = Sampler::new(Config::default(), 0)?;
    /// let admin = Admin::builder(Some(sampler.reader())).mode(Mode::Static).build();
    /// let page = admin.recorded_page(Series::Ops, 1 << 20)?;
    /// assert!(page.starts_with("<!doctype html>") && page.len() < 1 << 20);
    /// assert!(matches!(admin.recorded_page(Series::Ops, 1000), Err(RecordError::TooLarge { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recorded_page(&self, series: Series, limit_bytes: usize) -> Result<String, RecordError> {
        let source = self.source();
        source.config().ok_or(RecordError::Disabled)?;
        let status = status::text(self, Role::Full).map_err(|_| RecordError::Disabled)?;
        let mut answers = format!("{{\"series\":\"{}\",\"status\":{status},\"matrices\":{{", series.name());
        for (at, one) in Series::ALL.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            answers.push_str(&format!("{comma}\"{}\":", one.name()));
            matrix(
                source,
                self.redactor(Role::Full),
                (*one, self.key_names()),
                self.now_ms(),
                limit_bytes,
                &mut answers,
            )?;
        }
        answers.push_str("}}");
        let page = page(&inline::json(&answers));
        if page.len() > limit_bytes { Err(too_large(source)) } else { Ok(page) }
    }
}

/// Appends the whole picture of one series.
fn matrix(
    source: &Source,
    redactor: &Redactor,
    (series, key_names): (Series, Option<Arc<KeyNames>>),
    now_ms: u64,
    limit_bytes: usize,
    to: &mut String,
) -> Result<(), RecordError> {
    let query = MatrixQuery { series, rows: 1024, open: true, key_names, ..MatrixQuery::default() };
    let mut json = String::new();
    // A value takes two letters at least.
    let too_large = |columns: usize, rows: usize| {
        columns.saturating_mul(rows).saturating_mul(2).saturating_add(to.len()) > limit_bytes
    };
    match source {
        Source::None => return Err(RecordError::Disabled),
        Source::One(reader) => {
            let mut matrix = reader.matrix(&query);
            let (columns, rows) = (matrix.columns.len(), matrix.rows.len());
            if too_large(columns, rows) {
                return Err(RecordError::TooLarge { columns, rows });
            }
            redactor.matrix(&mut matrix, reader.config().partition);
            wire::encode::matrix(&matrix, now_ms, &mut json);
        }
        Source::Several(nodes) => {
            let (columns, rows) = (nodes.config().most_columns(), 1024);
            let mut answer = nodes.matrix(&query).map_err(|_| RecordError::TooLarge { columns, rows })?;
            let (columns, rows) = (answer.columns.len(), answer.rows.len());
            if too_large(columns, rows) {
                return Err(RecordError::TooLarge { columns, rows });
            }
            answer.generated_at_ms = Some(now_ms);
            redactor.answer(&mut answer, nodes.config().partition);
            wire::encode::answer(&answer, &mut json);
        }
    }
    redactor.mark(&mut json);
    to.push_str(&json);
    Ok(())
}

fn too_large(source: &Source) -> RecordError {
    let query = MatrixQuery { rows: 1024, open: true, ..MatrixQuery::default() };
    let (columns, rows) = match source {
        Source::None => (0, 0),
        Source::One(reader) => {
            let matrix = reader.matrix(&query);
            (matrix.columns.len(), matrix.rows.len())
        }
        Source::Several(nodes) => {
            nodes.matrix(&query).map_or((0, 0), |answer| (answer.columns.len(), answer.rows.len()))
        }
    };
    RecordError::TooLarge { columns, rows }
}

/// The page around its answers.
fn page(answers: &str) -> String {
    let nonce = inline::nonce();
    let policy = format!("{POLICY}; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'");
    let icon = inline::data_url("image/svg+xml", asset("icon.svg"));
    let head = format!(
        "<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"generator\" content=\"keyviz {}\">",
        env!("CARGO_PKG_VERSION")
    );
    let style = format!("<style nonce=\"{nonce}\">\n{}</style>", text(asset("style.css")));
    let scripts = format!(
        "<script type=\"application/json\" id=\"recorded\">{answers}</script>\n\
         <script type=\"module\" nonce=\"{nonce}\">\n{}</script>\n</body>",
        bundle::script("main.js")
    );
    text(INDEX.bytes)
        .replace("<meta charset=\"utf-8\">", &head)
        .replace("ui/icon.svg", &icon)
        .replace("<link rel=\"stylesheet\" href=\"ui/style.css\">", &style)
        .replace("<script type=\"module\" src=\"ui/main.js\"></script>\n", "")
        .replace(" The same numbers are at <code>/admin/api/v1/keyviz/matrix</code>.", "")
        .replace("</body>", &scripts)
}

/// A file of the page; the list has all that are asked for here, which a test shows.
fn asset(name: &str) -> &'static [u8] {
    assets::find(name).map_or(b"", |asset| asset.bytes)
}

fn text(bytes: &'static [u8]) -> &'static str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_inside() {
        let page = page("{\"here\":1}");
        for outside in
            ["src=\"ui/", "href=\"ui/", "from \"./", "/admin/api", "<link rel=\"stylesheet\"", "http://", "https://"]
        {
            let scripts = page.replace("http://www.w3.org", "");
            assert!(!scripts.contains(outside), "{outside}");
        }
        assert!(page.contains("<script type=\"application/json\" id=\"recorded\">{\"here\":1}</script>"));
        assert_eq!(page.matches("</script>").count(), 2, "no script ends early");
        assert_eq!(page.matches("<style nonce=").count(), 1);
        assert!(page.contains("Content-Security-Policy") && page.contains("data:image/svg+xml,"));
        assert!(page.trim_end().ends_with("</html>"));
    }

    #[test]
    fn what_is_put_in_is_there() {
        for name in ["icon.svg", "style.css", "main.js"] {
            assert!(!asset(name).is_empty(), "{name}");
        }
    }
}
