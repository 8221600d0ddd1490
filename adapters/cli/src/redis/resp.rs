//! The protocol, version 2, as much as asking takes: <https://redis.io/docs/latest/develop/reference/protocol-spec/>.

use std::io::{self, ErrorKind};

/// Deepest nesting and longest reply that are read: of what is asked here, `CLIENT LIST` of thousands of clients is the
/// longest.
const MAX_DEPTH: u32 = 8;
const MAX_BYTES: usize = 16 << 20;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Text(Vec<u8>),
    Error(String),
    Number(i64),
    Nothing,
    List(Vec<Reply>),
}

impl Reply {
    /// The text; empty where it is none.
    pub(crate) fn text(&self) -> String {
        match self {
            Reply::Text(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            _ => String::new(),
        }
    }
}

/// A command as the protocol has it.
pub(crate) fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend_from_slice(format!("${}\r\n{word}\r\n", word.len()).as_bytes());
    }
    bytes
}

/// Reads one reply from the beginning of `bytes`: the reply and its length, or `None` where it is not whole yet.
///
/// # Errors
/// Where the bytes are of another protocol, or the reply is longer than any that is asked for here.
pub(crate) fn reply(bytes: &[u8]) -> io::Result<Option<(Reply, usize)>> {
    if bytes.len() > MAX_BYTES {
        return Err(strange());
    }
    read(bytes, 0, 0)
}

fn read(bytes: &[u8], from: usize, depth: u32) -> io::Result<Option<(Reply, usize)>> {
    let rest = bytes.get(from..).unwrap_or_default();
    let Some(end) = memchr_crlf(rest) else {
        return match rest.first() {
            Some(kind) if !b"+-:$*".contains(kind) => Err(strange()),
            _ => Ok(None),
        };
    };
    let (Some(kind), Some(line)) = (rest.first(), rest.get(1..end)) else { return Err(strange()) };
    let after = from + end + 2;
    let text = || String::from_utf8_lossy(line).into_owned();
    match kind {
        b'+' => Ok(Some((Reply::Text(line.to_vec()), after))),
        b'-' => Ok(Some((Reply::Error(text()), after))),
        b':' => Ok(Some((Reply::Number(text().parse().map_err(|_| strange())?), after))),
        b'$' => match length(line)? {
            None => Ok(Some((Reply::Nothing, after))),
            Some(len) => {
                let body = bytes.get(after..after + len + 2).and_then(|body| body.get(..len));
                Ok(body.map(|body| (Reply::Text(body.to_vec()), after + len + 2)))
            }
        },
        b'*' if depth < MAX_DEPTH => {
            let Some(count) = length(line)? else { return Ok(Some((Reply::Nothing, after))) };
            let (mut list, mut at) = (Vec::new(), after);
            for _ in 0..count {
                match read(bytes, at, depth + 1)? {
                    Some((reply, next)) => {
                        list.push(reply);
                        at = next;
                    }
                    None => return Ok(None),
                }
            }
            Ok(Some((Reply::List(list), at)))
        }
        _ => Err(strange()),
    }
}

fn memchr_crlf(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair == b"\r\n")
}

/// A length; `None` for -1, which is nothing.
fn length(line: &[u8]) -> io::Result<Option<usize>> {
    let number: i64 = std::str::from_utf8(line).ok().and_then(|text| text.parse().ok()).ok_or_else(strange)?;
    match usize::try_from(number) {
        Ok(len) if len <= MAX_BYTES => Ok(Some(len)),
        Err(_) if number == -1 => Ok(None),
        _ => Err(strange()),
    }
}

fn strange() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "it does not speak the Redis protocol")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_of_every_kind_and_none_before_its_end() {
        let all: [(&[u8], Reply); 7] = [
            (b"+OK\r\n", Reply::Text(b"OK".to_vec())),
            (b"-NOPERM no\r\n", Reply::Error("NOPERM no".to_owned())),
            (b":-5\r\n", Reply::Number(-5)),
            (b"$4\r\na\r\nb\r\n", Reply::Text(b"a\r\nb".to_vec())),
            (b"$-1\r\n", Reply::Nothing),
            (b"*-1\r\n", Reply::Nothing),
            (
                b"*2\r\n*1\r\n:1\r\n$0\r\n\r\n",
                Reply::List(vec![Reply::List(vec![Reply::Number(1)]), Reply::Text(Vec::new())]),
            ),
        ];
        for (bytes, expected) in all {
            assert_eq!(reply(bytes).unwrap(), Some((expected, bytes.len())));
            for end in 0..bytes.len() {
                assert_eq!(reply(&bytes[..end]).unwrap(), None, "{:?}", &bytes[..end]);
            }
        }
    }

    #[test]
    fn other_protocols_and_endless_replies_are_refused() {
        for bytes in [&b"HTTP/1.1 400"[..], b"\x15\x03\x03\x00", b"$x\r\n", b"$99999999999\r\n", b":x\r\n", b"*-2\r\n"]
        {
            assert!(reply(bytes).is_err(), "{bytes:?}");
        }
        assert!(reply("*1\r\n".repeat(20).as_bytes()).is_err());
        assert_eq!(command(&["GET", "a b"]), b"*2\r\n$3\r\nGET\r\n$3\r\na b\r\n");
    }
}
