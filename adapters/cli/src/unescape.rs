//! Key bytes as they are written on a command line or in a routes file: the form in which keys are shown.

/// `\xHH` is a byte, `\\` a backslash, everything else stands for itself.
///
/// # Errors
/// A backslash before anything else; the text says what is allowed.
pub(crate) fn key(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        if let Some(after) = after.strip_prefix('\\') {
            bytes.push(b'\\');
            rest = after;
            continue;
        }
        let hex = after.strip_prefix('x').and_then(|hex| hex.split_at_checked(2));
        let byte = hex.filter(|(hex, _)| hex.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match byte.and_then(|(hex, after)| Some((u8::from_str_radix(hex, 16).ok()?, after))) {
            Some((byte, after)) => {
                bytes.push(byte);
                rest = after;
            }
            None => return Err("after a backslash comes a backslash, or x and two hexadecimal digits".to_owned()),
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_what_is_none() {
        assert_eq!(key("user:").unwrap(), b"user:");
        assert_eq!(key(r"\x00a\xfF\\x").unwrap(), b"\0a\xff\\x");
        assert_eq!(key("").unwrap(), b"");
        for bad in ["\\", "a\\n", "\\x", "\\x1", "\\x+1", "\\xé1"] {
            assert!(key(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        let bytes = b"\\x41 \x1b[0m\xff\xc3\xa9";
        assert_eq!(key(&crate::escape::key(bytes)).unwrap(), bytes);
    }
}
