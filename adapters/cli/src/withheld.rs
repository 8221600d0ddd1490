//! Passwords that somebody wrote into the command line: what is said about it does not repeat them, since it may end in a
//! log.

use crate::escape;
use crate::redis;

/// So much of a password that is told would help who guesses the rest.
const TELLING_CHARS: usize = 4;

/// The text without the passwords that stand in this program's arguments, and what to do; `None` where none was in it.
pub(crate) fn of_command_line(text: &str) -> Option<String> {
    let args: Vec<String> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
    without(text, args.iter().filter_map(|arg| redis::password(arg)))
}

fn without<'a>(text: &str, passwords: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut left = text.to_owned();
    let mut is_told = false;
    for password in passwords.filter(|password| !password.is_empty()) {
        let beginning: String = password.chars().take(TELLING_CHARS).collect();
        // As it was written, and as files are named in messages.
        for shown in [|part: &str| part.to_owned(), |part: &str| escape::whole_key(part.as_bytes())] {
            left = left.replace(&format!(":{}@", shown(password)), ":***@");
            // Where the text was cut, or has it elsewhere.
            let whole = beginning.chars().count() < TELLING_CHARS;
            is_told |= !whole && left.contains(&shown(&beginning));
        }
    }
    if is_told {
        left = "something is wrong with the command line; what, is not repeated here".to_owned();
    }
    let todo = redis::AddressError::Password;
    (left != text).then(|| format!("{}\n\n{todo}", left.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_and_what_is_not() {
        let shown = |text: &str, passwords: &[&str]| without(text, passwords.iter().copied());
        assert_eq!(shown("no file x", &["s3cret"]), None);
        assert_eq!(shown("no file redis://a@b", &[""]), None);
        let masked = shown("no file redis://a:s3cret@b, redis://:s3cret@b", &["s3cret"]).unwrap();
        assert!(masked.starts_with("no file redis://a:***@b, redis://:***@b\n\nthere is a password"), "{masked}");
        assert!(shown(r"no file redis://:s3\\cret@b", &[r"s3\cret"]).unwrap().starts_with("no file redis://:***@b\n"));
        // A short one may be part of any word.
        assert!(shown("no file redis://:re@b", &["re"]).unwrap().starts_with("no file redis://:***@b\n"));
        for cut in ["no file redis://:s3cret", "no file redis://:s3cr... (99 bytes)", "the word s3cret"] {
            let masked = shown(cut, &["s3cret"]).unwrap();
            assert!(masked.starts_with("something is wrong") && !masked.contains("s3cr"), "{masked}");
        }
    }
}
