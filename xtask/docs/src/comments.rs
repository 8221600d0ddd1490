//! The doc comments of a struct's fields, from its source.

/// Name and comment, as one line of plain text, of each public field in a file with one public struct.
pub fn of_fields(source: &str) -> Vec<(String, String)> {
    let (mut found, mut comment) = (Vec::new(), Vec::new());
    for line in source.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("///") {
            comment.push(text.trim());
            continue;
        }
        let field = line.strip_prefix("pub ").and_then(|rest| rest.split_once(':')).map(|(name, _)| name);
        if let Some(name) = field.filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')) {
            found.push((name.to_owned(), plain(&comment.join(" "))));
        }
        if !line.starts_with("#[") {
            comment.clear();
        }
    }
    found
}

/// Without links, and without what would end a cell of a table.
fn plain(text: &str) -> String {
    text.replace("[`", "`").replace("`]", "`").replace('|', "\\|").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_belongs_to_the_field_below_it() {
        let source = "/// Sizes.\npub struct S {\n    /// Of [`this`],\n    /// and that.\n    pub a_b: u32,\n    pub c: u8,\n}\nimpl S {\n    /// Not a field.\n    pub fn new() -> S {}\n}\n";
        let expected = [("a_b".to_owned(), "Of `this`, and that.".to_owned()), ("c".to_owned(), String::new())];
        assert_eq!(of_fields(source), expected);
    }
}
