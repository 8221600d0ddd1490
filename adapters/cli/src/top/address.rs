//! Where a node listens.

use std::fmt;
use std::str::FromStr;

/// `http://host:port` and the path under which the page is mounted there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// Host and port, as a request's `Host` has them.
    pub(crate) authority: String,
    /// What stands before `/admin`; empty at the root.
    pub(crate) prefix: String,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Address, String> {
        const HELP: &str = "write http://127.0.0.1:8765, as keyviz printed it";
        if text.starts_with("https://") {
            return Err("keyviz top speaks plain HTTP; reach a node behind TLS through a tunnel".to_owned());
        }
        let rest = text.strip_prefix("http://").unwrap_or(text);
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if rest.contains("://")
            || authority.is_empty()
            || authority.contains('@')
            || !visible(authority)
            || !visible(path)
        {
            return Err(HELP.to_owned());
        }
        if path.contains(['?', '#', '%']) {
            return Err(format!("the address has more than a path; {HELP}"));
        }
        let path = path.trim_end_matches('/');
        let before = path.strip_suffix("admin").unwrap_or(path).trim_end_matches('/');
        let prefix = if before.is_empty() { String::new() } else { format!("/{before}") };
        let port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let authority = if port { authority.to_owned() } else { format!("{authority}:80") };
        Ok(Address { authority, prefix })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, authority, prefix) in [
            ("http://127.0.0.1:8765/admin/", "127.0.0.1:8765", ""),
            ("127.0.0.1:8765", "127.0.0.1:8765", ""),
            ("http://localhost:1", "localhost:1", ""),
            ("http://[::1]:8765/engine/admin", "[::1]:8765", "/engine"),
            ("http://db.example", "db.example:80", ""),
            ("http://[::1]/", "[::1]:80", ""),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!((address.authority.as_str(), address.prefix.as_str()), (authority, prefix), "{text}");
        }
        for text in [
            "",
            "http://",
            "https://db:1",
            "redis://db:1",
            "http://a b:1",
            "http://u:p@h:1",
            "http://h:1/admin/#x",
            "http://h:1/\r\nX: y",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text:?}");
        }
    }
}
