//! One line off the input, counted.

use std::io::{self, Read};

use crate::lines::{Lines, Span};
use crate::skipped::Reason;
use crate::tally::Tally;

/// One line, given to `read` with whether the input ended in it; `None` at the end.
pub(crate) fn line<R: Read, T>(
    lines: &mut Lines<R>,
    tally: &mut Tally,
    read: impl FnOnce(&[u8], bool) -> Result<T, Reason>,
) -> io::Result<Option<Result<T, Reason>>> {
    let (end, step, cut) = match lines.span(0)? {
        Span::End => return Ok(None),
        Span::TooLong => {
            lines.skip_line()?;
            tally.lines += 1;
            return Ok(Some(Err(Reason::TooLong)));
        }
        Span::Line(end) => (end, end + 1, false),
        Span::Last(end) => (end, end, true),
    };
    tally.lines += 1;
    let read = read(lines.text(0, end), cut);
    lines.consume(step);
    Ok(Some(read))
}
