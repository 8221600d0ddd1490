//! One request to a node: plain HTTP/1.1, answered within bounds of time and bytes.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::address::Address;
use crate::failure::Failure;

/// How long a node may take to answer, or to send the next bytes.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest answer that is read: 1024 ranges with bounds of the greatest length fit.
const MOST_BYTES: u64 = 32 << 20;

/// The body of the answer.
pub(crate) fn get(address: &Address, path: &str, token: Option<&str>) -> Result<String, Failure> {
    let fail = |what: &str| Failure::new(format!("{address}: {what}"));
    let mut stream = connect(address).map_err(|error| {
        fail(&format!("{error}; start it with `keyviz` or mount the page in the engine, or name another address"))
    })?;
    let mut request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAccept: application/json\r\n",
        address.authority
    );
    if let Some(token) = token {
        request.push_str(&format!("Authorization: Bearer {token}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| fail(&error.to_string()))?;
    let mut answer = Vec::new();
    let read = stream.take(MOST_BYTES + 1).read_to_end(&mut answer);
    read.map_err(|error| fail(&format!("no whole answer: {error}")))?;
    if answer.len() as u64 > MOST_BYTES {
        return Err(fail("the answer is longer than any list"));
    }
    let (status, body) = parse(&answer).ok_or_else(|| fail("this is no answer of HTTP; is keyviz listening there?"))?;
    match status {
        200 => Ok(body),
        401 => Err(fail("it asks for a token: name its file with --token-file")),
        404 => Err(fail("it has no such list: it is no keyviz, or an older one")),
        _ => Err(fail(&refusal(status, &body))),
    }
}

fn connect(address: &Address) -> std::io::Result<TcpStream> {
    let mut last = std::io::Error::other("the name leads nowhere");
    for socket in address.authority.to_socket_addrs()? {
        match TcpStream::connect_timeout(&socket, PATIENCE) {
            Ok(stream) => {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Status and body. A node sends the length, and closes after the answer.
fn parse(answer: &[u8]) -> Option<(u16, String)> {
    let at = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let (head, body) = answer.split_at_checked(at + 4)?;
    let head = std::str::from_utf8(head).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let length: Option<usize> = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok());
    // Fewer bytes than announced are half an answer.
    if length.is_some_and(|length| length != body.len()) {
        return None;
    }
    Some((status, String::from_utf8(body.to_vec()).ok()?))
}

/// What the node said, as far as it may reach a terminal.
fn refusal(status: u16, body: &str) -> String {
    let said: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let message = said.get("message").and_then(serde_json::Value::as_str).unwrap_or("it gave no reason");
    let safe: String = message.chars().filter(|letter| !letter.is_control()).take(300).collect();
    format!("status {status}: {}", crate::escape::whole_key(safe.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_are_taken_and_not() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(parse(whole), Some((200, "{}".to_owned())));
        for bad in [
            &b""[..],
            b"SSH-2.0-x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\n\r\n\xff",
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
        assert_eq!(refusal(503, r#"{"message":"busy\u001b[31m"}"#), "status 503: busy[31m");
    }
}
