//! Asking the demo for its matrix.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// Whether the matrix has a column yet, a sealed one.
pub fn has_column(address: &str) -> Result<bool, String> {
    let body = get(address, "/admin/api/v1/keyviz/matrix?series=ops").map_err(|error| error.to_string())?;
    let matrix: Value = serde_json::from_str(&body).map_err(|error| format!("{error}: {body}"))?;
    let columns = matrix.get("column_unix_ms").and_then(Value::as_array);
    Ok(columns.ok_or_else(|| format!("no matrix: {body}"))?.iter().any(Value::is_u64))
}

fn get(address: &str, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let body = response.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    body.ok_or_else(|| io::Error::other("no HTTP response"))
}
