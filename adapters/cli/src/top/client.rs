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

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nobody answered; the reason.
    Gone(String),
    /// What answered is no keyviz, or one of another version; what was wrong.
    Garbled(String),
    /// It answered with an error: status, code and message, as they are on the wire.
    Told { status: u16, code: String, message: String },
}

impl Refusal {
    /// Its code on the wire; empty where there was no answer of that form.
    pub(crate) fn code(&self) -> &str {
        match self {
            Refusal::Told { code, .. } => code,
            _ => "",
        }
    }

    /// What a program says that ends with it.
    pub(crate) fn failure(&self, address: &Address) -> Failure {
        let text = match self {
            Refusal::Gone(why) => {
                format!("{why}; start it with `keyviz` or mount the page in the engine, or name another address")
            }
            Refusal::Garbled(why) => why.clone(),
            Refusal::Told { status: 401, .. } => "it asks for a token: name its file with --token-file".to_owned(),
            Refusal::Told { status: 404, .. } => "it has no such list: it is no keyviz, or an older one".to_owned(),
            Refusal::Told { status, message, .. } => format!("status {status}: {message}"),
        };
        Failure::new(format!("{address}: {text}"))
    }
}

/// The body of the answer.
pub(crate) fn get(address: &Address, path: &str, token: Option<&str>) -> Result<String, Refusal> {
    let mut stream = connect(address).map_err(|error| Refusal::Gone(error.to_string()))?;
    let mut request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nAccept: application/json\r\n",
        address.authority
    );
    if let Some(token) = token {
        request.push_str(&format!("Authorization: Bearer {token}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).map_err(|error| Refusal::Gone(error.to_string()))?;
    let mut answer = Vec::new();
    let read = stream.take(MOST_BYTES + 1).read_to_end(&mut answer);
    read.map_err(|error| Refusal::Gone(format!("no whole answer: {error}")))?;
    if answer.len() as u64 > MOST_BYTES {
        return Err(Refusal::Garbled("the answer is longer than any list".to_owned()));
    }
    let Some((status, body)) = parse(&answer) else {
        return Err(match answer.is_empty() {
            true => Refusal::Gone("it closed the connection without an answer".to_owned()),
            false => Refusal::Garbled("this is no answer of HTTP; is keyviz listening there?".to_owned()),
        });
    };
    if status == 200 { Ok(body) } else { Err(refusal(status, &body)) }
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

/// Status and body. A node sends the length, or the body in chunks, and closes after the answer.
fn parse(answer: &[u8]) -> Option<(u16, String)> {
    let at = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let (head, body) = answer.split_at_checked(at + 4)?;
    let head = std::str::from_utf8(head).ok()?;
    let mut lines = head.split("\r\n");
    let status =
        lines.next()?.strip_prefix("HTTP/1.")?.strip_prefix(['0', '1'])?.strip_prefix(' ')?.get(..3)?.parse().ok()?;
    let field = |name: &str| {
        let mut fields = head.split("\r\n").filter_map(|line| line.split_once(':'));
        fields.find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    };
    let body = match field("transfer-encoding") {
        Some(coding) if coding.eq_ignore_ascii_case("chunked") => unchunked(body)?,
        Some(_) => return None,
        None => body.to_vec(),
    };
    // Fewer bytes than announced are half an answer.
    if field("content-length").is_some_and(|length| length.parse() != Ok(body.len())) {
        return None;
    }
    Some((status, String::from_utf8(body).ok()?))
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let at = rest.windows(2).position(|bytes| bytes == b"\r\n")?;
        let size = std::str::from_utf8(rest.get(..at)?).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        let (chunk, after) = rest.get(at + 2..)?.split_at_checked(size)?;
        whole.extend_from_slice(chunk);
        rest = after.strip_prefix(b"\r\n")?;
    }
}

/// What the node said, as far as it may reach a terminal.
fn refusal(status: u16, body: &str) -> Refusal {
    let said: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    let text = |name: &str| {
        let text = said.get(name).and_then(serde_json::Value::as_str)?;
        let safe: String = text.chars().filter(|letter| !letter.is_control()).take(300).collect();
        Some(crate::escape::whole_key(safe.as_bytes()))
    };
    let message = text("message").unwrap_or_else(|| "it gave no reason".to_owned());
    Refusal::Told { status, code: text("error").unwrap_or_default(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_are_taken_and_not() {
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(parse(whole), Some((200, "{}".to_owned())));
        let older = b"HTTP/1.0 404 File not found\r\nContent-Type: text/html\r\n\r\n<p>";
        assert_eq!(parse(older), Some((404, "<p>".to_owned())));
        for bad in [
            &b""[..],
            b"SSH-2.0-x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\n\r\n\xff",
        ] {
            assert_eq!(parse(bad), None, "{bad:?}");
        }
        let chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n";
        assert_eq!(parse(chunks), Some((200, "{}".to_owned())));
        assert_eq!(parse(&chunks[..chunks.len() - 9]), None, "half of one");
        let told = refusal(503, r#"{"error":"busy","message":"busy\u001b[31m"}"#);
        let message = "busy[31m".to_owned();
        assert_eq!(told, Refusal::Told { status: 503, code: "busy".to_owned(), message });
        assert_eq!(told.code(), "busy");
    }
}
