//! Every function of the header says what its caller has to know.

use std::fs;

use super::folder;
use crate::checkout::Checkout;

/// What stands in the comment of each.
const SAID: [&str; 4] = ["Ownership:", "Threads:", "Units:", "Errors:"];

/// Reads the header, and names each function that lacks one of them.
pub fn check(checkout: &Checkout) -> Result<(), String> {
    let file = folder(checkout).join("include/keyviz.h");
    let header = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let functions = functions(&header);
    let lacking = lacking(&functions);
    for line in &lacking {
        println!("{line}");
    }
    match lacking.len() {
        0 if functions.is_empty() => Err("the header has no function".to_owned()),
        0 => {
            println!("{} functions say {}", functions.len(), SAID.join(" "));
            Ok(())
        }
        some => Err(format!("{some} things are not said in the header")),
    }
}

/// The header's functions, each with the comment before it.
pub fn functions(header: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let (mut comment, mut rest) = (String::new(), header);
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix("/*") {
            let (text, after) = inside.split_once("*/").unwrap_or((inside, ""));
            (comment, rest) = (text.to_owned(), after);
            continue;
        }
        let (code, after) = rest.split_at(rest.find("/*").unwrap_or(rest.len()));
        // One declaration follows its comment; what follows that has none of its own.
        let mut own = Some(std::mem::take(&mut comment));
        for statement in code.split(';') {
            if let Some(name) = function_name(statement) {
                found.push((name, own.take().unwrap_or_default()));
            }
        }
        rest = after;
    }
    found
}

/// The name of the function that a statement declares; a type of functions is none.
fn function_name(statement: &str) -> Option<String> {
    let before = statement.split('(').next().filter(|before| before.len() < statement.len())?;
    let name = before.rsplit(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').next()?;
    let is_type = before.split_whitespace().any(|word| word == "typedef" || word.starts_with('#'));
    let is_ours = name.starts_with("keyviz_") && !is_type;
    is_ours.then(|| name.to_owned())
}

fn lacking(functions: &[(String, String)]) -> Vec<String> {
    let each = functions.iter().flat_map(|(name, comment)| SAID.iter().map(move |said| (name, comment, said)));
    each.filter(|(_, comment, said)| !comment.contains(**said))
        .map(|(name, _, said)| format!("{name}: no `{said}`"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "
        #if defined(__cplusplus)
        #endif
        /* A callback. */
        typedef void (*keyviz_callback)(void *data);
        /* Ownership: a. Threads: b. Units: c. Errors: d. */
        keyviz_status keyviz_good(struct keyviz_sampler sampler,
                                  uint64_t route);
        /* Ownership: a. Threads: b. Errors: d. */
        const char *keyviz_without_units(void);
        int keyviz_without_anything(void);
    ";

    #[test]
    fn what_is_not_said_is_named() {
        let functions = functions(HEADER);
        let names: Vec<&str> = functions.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["keyviz_good", "keyviz_without_units", "keyviz_without_anything"]);
        let lacking = lacking(&functions);
        assert_eq!(lacking.len(), 5);
        assert_eq!(lacking[0], "keyviz_without_units: no `Units:`");
    }
}
