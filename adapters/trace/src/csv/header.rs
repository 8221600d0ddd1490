//! The header: which column stands where, and how keys are written.

use super::encoding::Encoding;

/// Most columns a header has; more is not a header of ours.
const MAX_COLUMNS: usize = 64;

/// Where the columns stand.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) columns: usize,
    pub(crate) ts_us: Option<usize>,
    pub(crate) op: Option<usize>,
    pub(crate) key: KeyColumn,
    pub(crate) end_key: Option<KeyColumn>,
    pub(crate) bytes: Option<usize>,
    pub(crate) count: Option<usize>,
    pub(crate) tag: Option<usize>,
}

/// A column of keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyColumn {
    pub(crate) at: usize,
    pub(crate) encoding: Encoding,
}

/// Why a line is no header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HeaderError {
    /// Nothing in it is ours.
    Foreign,
    /// It has a column of ours, but not this one.
    Missing(&'static str),
    /// A key column with an encoding that does not exist.
    Encoding(Vec<u8>),
}

impl Header {
    /// Reads a header line. Names are taken in any case, with spaces and quotes around them.
    pub(crate) fn parse(line: &[u8]) -> Result<Header, HeaderError> {
        let line = super::trimmed(line);
        let mut columns = 0;
        let (mut ts_us, mut op, mut key, mut end_key) = (None, None, None, None);
        let (mut bytes, mut count, mut tag) = (None, None, None);
        for name in line.split(|byte| *byte == b',') {
            let at = columns;
            columns += 1;
            let name = unquoted(name).to_ascii_lowercase();
            match name.as_slice() {
                b"ts_us" => ts_us = ts_us.or(Some(at)),
                b"op" => op = op.or(Some(at)),
                b"bytes" => bytes = bytes.or(Some(at)),
                b"count" => count = count.or(Some(at)),
                b"tag" => tag = tag.or(Some(at)),
                other => {
                    if let Some(suffix) = other.strip_prefix(b"end_key") {
                        end_key = end_key.or(key_column(at, suffix, other)?);
                    } else if let Some(suffix) = other.strip_prefix(b"key") {
                        key = key.or(key_column(at, suffix, other)?);
                    }
                }
            }
        }
        if columns > MAX_COLUMNS || (ts_us.is_none() && (op.is_none() || key.is_none())) {
            return Err(HeaderError::Foreign);
        }
        ts_us.ok_or(HeaderError::Missing("ts_us"))?;
        op.ok_or(HeaderError::Missing("op"))?;
        let key = key.ok_or(HeaderError::Missing("key"))?;
        Ok(Header { columns, ts_us, op, key, end_key, bytes, count, tag })
    }
}

/// `""`, `:hex`, ... after `key`; `None` for another name that begins the same (`key_size`).
fn key_column(at: usize, suffix: &[u8], whole: &[u8]) -> Result<Option<KeyColumn>, HeaderError> {
    let encoding = std::str::from_utf8(suffix).ok().and_then(Encoding::of_suffix);
    match encoding {
        Some(encoding) => Ok(Some(KeyColumn { at, encoding })),
        None if suffix.starts_with(b":") => Err(HeaderError::Encoding(whole.to_vec())),
        None => Ok(None),
    }
}

fn unquoted(name: &[u8]) -> &[u8] {
    let name = name.trim_ascii();
    name.strip_prefix(b"\"").and_then(|name| name.strip_suffix(b"\"")).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_in_any_order() {
        let header = Header::parse(b"\xef\xbb\xbfkey:hex, OP ,\"ts_us\",key_size,count\r").unwrap();
        assert_eq!((header.columns, header.ts_us, header.op, header.count), (5, Some(2), Some(1), Some(4)));
        assert_eq!((header.key.at, header.key.encoding), (0, Encoding::Hex));
    }

    #[test]
    fn what_is_no_header() {
        assert_eq!(Header::parse(b"a,b,c").unwrap_err(), HeaderError::Foreign);
        assert_eq!(Header::parse(b"ts_us,op").unwrap_err(), HeaderError::Missing("key"));
        assert_eq!(Header::parse(b"op,key,bytes").unwrap_err(), HeaderError::Missing("ts_us"));
        assert_eq!(Header::parse(b"ts_us,key").unwrap_err(), HeaderError::Missing("op"));
        assert_eq!(Header::parse(b"ts_us,op,key:b32").unwrap_err(), HeaderError::Encoding(b"key:b32".to_vec()));
    }
}
