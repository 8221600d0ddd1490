//! The counters.

use alloc::string::String;

use super::text::number;
use crate::counters::Counters;

/// Appends the counters as a JSON object of flat names.
///
/// A flat object of whole numbers, in the order of [`Counters::for_each`]. Never panics. Memory: `out` grows by
/// about 1.3 KB.
///
/// # Examples
/// ```
/// use keyviz_core::{Config, Sampler, wire};
/// let sampler = Sampler::new(Config::default(), 0)?;
/// let mut json = String::new();
/// wire::encode::counters(&sampler.reader().counters(), &mut json);
/// assert!(json.starts_with(r#"{"observed_reads":0,"#) && json.ends_with('}'));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn counters(counters: &Counters, out: &mut String) {
    let mut before = '{';
    counters.for_each(|name, value| {
        out.push(before);
        before = ',';
        out.push('"');
        out.push_str(name);
        out.push_str("\":");
        number(out, value);
    });
    out.push('}');
}
