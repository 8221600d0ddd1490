//! Key names, as JSON.

use alloc::string::String;

use super::text::{base64, list_of, text};
use crate::key_names::KeyNames;

/// Appends key names as a JSON object: the response body of `/names`. `names[] {prefix, name}` by prefix, in base64.
///
/// Never panics. Memory: `out` grows by about 30 bytes a name, and the name and its prefix.
///
/// # Examples
/// ```
/// use keyviz_core::{KeyNames, wire};
/// let names = KeyNames::new([(b"o/".as_slice(), "orders")])?;
/// let mut json = String::new();
/// wire::encode::names(Some(&names), &mut json);
/// assert_eq!(json, r#"{"names":[{"prefix":"by8=","name":"orders"}]}"#);
/// json.clear();
/// wire::encode::names(None, &mut json);
/// assert_eq!(json, r#"{"names":[]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn names(names: Option<&KeyNames>, out: &mut String) {
    out.push_str("{\"names\":");
    list_of(out, names.into_iter().flat_map(KeyNames::iter), |out, (prefix, name)| {
        out.push_str("{\"prefix\":\"");
        base64(out, prefix);
        out.push_str("\",\"name\":");
        text(out, name);
        out.push('}');
    });
    out.push('}');
}
