//! The page.

use keyviz_core::Config;

use crate::bounds;
use crate::bytes;
use crate::fields::{self, FIELDS, Field};
use crate::flags::{self, Flag};
use crate::numbers::grouped;

const HEAD: &str = "\
# Configuration

`cargo xtask docs` writes this page from the code; `cargo xtask test` fails when it is stale.

Every size is set before the first operation, and all memory follows from them. `Config::memory_bytes()` tells it, `Config::within(budget)` and `--keyviz-memory` fit everything to a budget. A value beyond its bounds is refused by the field's name.

";

const BYTES: &str = "\
*Bytes* is what the defaults take more than the same with the field at its least (a pool: the pool). *One more* is what a further one takes, on average over as many again. Neither adds up to the whole, since routes, divisions, recorders and labels multiply. What concerns sampled keys is told with `hot_keys` on; off, it takes nothing.

";

const FLAGS: &str = "\
A flag beats its environment variable, which beats the default. These flags are no fields:

";

const ENDPOINT: &str = "
The endpoint's flags; what the redactions are is in [SECURITY.md](../SECURITY.md):

";

/// The page's text; an error where code and rows do not fit together.
pub fn text(comments: &[(String, String)]) -> Result<String, String> {
    let debugged = format!("{:#?}", Config::default());
    let defaults = fields::defaults(&debugged);
    fields::differences(&defaults)?;
    let flags = flags::all();
    let mut text = String::from(HEAD);
    text.push_str(&format!("The defaults take {} bytes in all.\n\n", grouped(bytes::whole()?)));
    text.push_str("| field | default | unit | bounds | bytes | one more | flag, environment | what it is |\n");
    text.push_str("|---|---|---|---|---|---|---|---|\n");
    for (field, (_, default)) in FIELDS.iter().zip(&defaults) {
        text.push_str(&row(field, default, comments, &flags)?);
    }
    text.push('\n');
    text.push_str(BYTES);
    text.push_str(FLAGS);
    text.push_str("| flag | environment | default | what it is |\n|---|---|---|---|\n");
    for flag in flags.iter().filter(|flag| !FIELDS.iter().any(|field| flags::is_of(flag, field.name))) {
        let Flag { flag, environment, default, help, .. } = flag;
        text.push_str(&format!("| `{flag}` | `{environment}` | {} | {help} |\n", shown(default)));
    }
    text.push_str(ENDPOINT);
    text.push_str("| flag | environment | default | what it is |\n|---|---|---|---|\n");
    for Flag { flag, environment, default, help, .. } in flags::of_endpoint() {
        text.push_str(&format!("| `{flag}` | `{environment}` | {} | {help} |\n", shown(&default)));
    }
    Ok(text)
}

fn row(field: &Field, default: &str, comments: &[(String, String)], flags: &[Flag]) -> Result<String, String> {
    let name = field.name;
    let comment = comments.iter().find(|(of, comment)| of == name && !comment.is_empty());
    let (_, comment) = comment.ok_or(format!("{name} has no doc comment"))?;
    let flag = flags.iter().find(|flag| flags::is_of(flag, name)).ok_or(format!("{name} has no flag"))?;
    let (at_default, one_more) = match bytes::of(field)? {
        Some(bytes) => (grouped(bytes.at_default), grouped(bytes.one_more)),
        None => (String::from("0"), String::from("0")),
    };
    let default = match default.parse() {
        Ok(number) => grouped(number),
        Err(_) if default == "[]" => "none".into(),
        Err(_) => default.to_owned(),
    };
    // As it is written on a command line, where that is another way.
    let default = match flag.default.as_str() {
        written if written.is_empty() || written.parse::<u64>().is_ok() || written == default => default,
        written => format!("{default} (`{written}`)"),
    };
    Ok(format!(
        "| `{name}` | {default} | {} | {} | {at_default} | {one_more} | `{}` `{}` | {comment} |\n",
        shown(field.unit),
        bounds::of(field)?,
        flag.flag,
        flag.environment,
    ))
}

fn shown(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comments(but: &str) -> Vec<(String, String)> {
        FIELDS.iter().filter(|f| f.name != but).map(|f| (f.name.to_owned(), "About it.".to_owned())).collect()
    }

    #[test]
    fn every_field_has_a_row() {
        let text = text(&comments("")).unwrap();
        for field in FIELDS {
            assert!(text.contains(&format!("\n| `{}` |", field.name)), "{}", field.name);
        }
        assert!(text.contains("`--keyviz-step` `KEYVIZ_STEP`"));
        assert!(text.contains("| `--keyviz-memory` | `KEYVIZ_MEMORY` |"));
        assert!(text.contains("| `--admin-read-redaction` | `KEYVIZ_ADMIN_READ_REDACTION` | prefix:8 |"));
    }

    #[test]
    fn a_field_without_a_comment_is_refused() {
        assert_eq!(text(&comments("promote")).unwrap_err(), "promote has no doc comment");
    }
}
