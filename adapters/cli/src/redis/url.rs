//! Where a server is: `redis://`, `rediss://`, `unix://`. A server's name, which is all that is ever shown of an
//! address, has no user, no password and no query.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const PORT: u16 = 6379;

/// One server's address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) place: Place,
    /// The ACL user; empty for the default one.
    pub(crate) user: String,
}

/// How it is reached.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Place {
    Tcp { host: String, port: u16, tls: bool },
    Unix { path: String },
}

impl Address {
    /// The server's name for people: host and port, or the socket's path.
    pub(crate) fn name(&self) -> String {
        match &self.place {
            Place::Tcp { host, port, .. } if host.contains(':') => format!("[{host}]:{port}"),
            Place::Tcp { host, port, .. } => format!("{host}:{port}"),
            Place::Unix { path } => path.clone(),
        }
    }

    pub(crate) fn is_tls(&self) -> bool {
        matches!(self.place, Place::Tcp { tls: true, .. })
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.name())
    }
}

/// Why a text is no address. It never holds the text, which may have a password in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddressError {
    Form,
    Password,
    Query,
    Escape,
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddressError::Form => {
                "write redis://[USER@]HOST[:PORT], rediss:// for TLS, unix:///PATH for a socket, or HOST:PORT"
            }
            AddressError::Password => {
                "there is a password in the address, where every user of this machine can read it in the list of \
                 processes; take it out (and change it), and give it in the environment as REDISCLI_AUTH, or in a file \
                 with --password-file"
            }
            AddressError::Query => "the address has a query or a fragment, of which nothing is known here",
            AddressError::Escape => "the user's name in the address has a % that is followed by no two hex digits",
        })
    }
}

impl std::error::Error for AddressError {}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Address, AddressError> {
        // Ahead of everything else, so that no other complaint is about a text with a password in it.
        if password(text).is_some() {
            return Err(AddressError::Password);
        }
        let after = behind_scheme(text);
        if text.contains(['?', '#']) {
            return Err(AddressError::Query);
        }
        let scheme = text.split_once("://").map_or("redis", |(scheme, _)| scheme).to_ascii_lowercase();
        match scheme.as_str() {
            "redis" | "valkey" => tcp(after, false),
            "rediss" | "valkeys" => tcp(after, true),
            "unix" | "redis+unix" | "redis-socket" => {
                let (user, path) = user(after)?;
                if !path.starts_with('/') {
                    return Err(AddressError::Form);
                }
                Ok(Address { place: Place::Unix { path: path.to_owned() }, user })
            }
            _ => Err(AddressError::Form),
        }
    }
}

fn behind_scheme(text: &str) -> &str {
    text.split_once("://").map_or(text, |(_, rest)| rest)
}

/// The password in a text, if that were an address.
pub(crate) fn password(text: &str) -> Option<&str> {
    let after = behind_scheme(text);
    // A password may have a slash in it; so may a socket's path, behind the user's name.
    let is_socket = text.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("unix")) || text.contains("+unix:");
    let named = if is_socket { after.split('/').next().unwrap_or_default() } else { after };
    let (user, _) = named.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password)
}

/// `user@host:port/database`; the database has no meaning, since `MONITOR` shows all of them.
fn tcp(text: &str, tls: bool) -> Result<Address, AddressError> {
    let (authority, database) = text.split_once('/').unwrap_or((text, ""));
    if !database.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(AddressError::Form);
    }
    let (user, server) = user(authority)?;
    let (host, port) = match server.strip_prefix('[') {
        Some(inside) => inside.split_once(']').ok_or(AddressError::Form)?,
        None => server.split_at(server.find(':').unwrap_or(server.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(AddressError::Form)?,
        None if port.is_empty() => PORT,
        None => return Err(AddressError::Form),
    };
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte);
    if host.is_empty() || !host.bytes().all(named) {
        return Err(AddressError::Form);
    }
    Ok(Address { place: Place::Tcp { host: host.to_owned(), port, tls }, user })
}

/// The user in front of the last `@`, decoded, and the rest.
fn user(text: &str) -> Result<(String, &str), AddressError> {
    let Some((user, rest)) = text.rsplit_once('@') else {
        return Ok((String::new(), text));
    };
    let mut bytes = Vec::new();
    let mut left = user.bytes();
    while let Some(byte) = left.next() {
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        bytes.push(match byte {
            b'%' => match (digit(left.next()), digit(left.next())) {
                (Some(high), Some(low)) => u8::try_from(high * 16 + low).map_err(|_| AddressError::Escape)?,
                _ => return Err(AddressError::Escape),
            },
            other => other,
        });
    }
    let user = String::from_utf8(bytes).map_err(|_| AddressError::Escape)?;
    Ok((user, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(String, String, bool), AddressError> {
        text.parse().map(|address: Address| (address.name(), address.user.clone(), address.is_tls()))
    }

    #[test]
    fn addresses_of_every_form() {
        for (text, name, user, tls) in [
            ("redis://db.example", "db.example:6379", "", false),
            ("redis://127.0.0.1:7000/3", "127.0.0.1:7000", "", false),
            ("127.0.0.1:7000", "127.0.0.1:7000", "", false),
            ("rediss://reader@db:7001", "db:7001", "reader", true),
            ("valkey://a%40b@db", "db:6379", "a@b", false),
            ("redis://[::1]:7002/", "[::1]:7002", "", false),
            ("unix:///run/redis/redis.sock", "/run/redis/redis.sock", "", false),
            ("unix://ann@/run/redis.sock", "/run/redis.sock", "ann", false),
        ] {
            assert_eq!(read(text), Ok((name.to_owned(), user.to_owned(), tls)), "{text}");
        }
    }

    #[test]
    fn a_password_is_refused_before_anything_else_and_never_told() {
        for text in [
            "redis://:s3cret@db",
            "redis://user:s3cret@db:7000/0",
            "rediss://user:s3c@ret@db",
            "redis://:s3c/ret@db",
            "unix://:s3cret@/run/x",
            "user:s3cret@db",
            "http://user:s3cret@db?x",
        ] {
            let refused = read(text).unwrap_err();
            assert_eq!(refused, AddressError::Password, "{text}");
            assert!(!refused.to_string().contains("s3c"));
        }
    }

    #[test]
    fn what_is_refused() {
        for (text, error) in [
            ("", AddressError::Form),
            ("http://db", AddressError::Form),
            ("redis://", AddressError::Form),
            ("redis://db:0", AddressError::Form),
            ("redis://db:70000", AddressError::Form),
            ("redis://[::1", AddressError::Form),
            ("redis://db/x", AddressError::Form),
            ("redis://a b", AddressError::Form),
            ("unix://run/x", AddressError::Form),
            ("redis://db?password=s3cret", AddressError::Query),
            ("redis://a%4@db", AddressError::Escape),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
        assert_eq!(format!("{:?}", "redis://ann@db".parse::<Address>().unwrap()), "Address(db:6379)");
    }
}
