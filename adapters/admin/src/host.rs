//! The check of the `Host` header. A page of a foreign site can make a browser send requests to
//! 127.0.0.1 under that site's own name (DNS rebinding); such a name is refused here.

use crate::Admin;
use crate::error::{ApiError, Code};
use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, Ipv6Addr};

/// A host as it stands in a `Host` header or in `--admin-allowed-hosts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Host {
    name: Name,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Ip(IpAddr),
    /// Lower case, without a final dot.
    Dns(String),
}

impl Host {
    /// Reads `name`, `name:port`, `1.2.3.4`, `1.2.3.4:port`, `[v6]`, `[v6]:port`; `None` for
    /// anything else, so user names, paths, zones and lists never pass.
    pub(crate) fn parse(text: &str) -> Option<Host> {
        if let Some(rest) = text.strip_prefix('[') {
            let (ip, rest) = rest.split_once(']')?;
            let ip: Ipv6Addr = ip.parse().ok()?;
            let port = match rest {
                "" => None,
                _ => port(rest.strip_prefix(':')?)?,
            };
            return Some(Host { name: Name::Ip(IpAddr::V6(ip)), port });
        }
        let (name, port) = match text.split_once(':') {
            Some((name, rest)) => (name, port(rest)?),
            None => (text, None),
        };
        if let Ok(ip) = name.parse::<IpAddr>() {
            return Some(Host { name: Name::Ip(ip), port });
        }
        let name = name.strip_suffix('.').unwrap_or(name);
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        if name.is_empty() || name.len() > 253 || !name.bytes().all(plain) {
            return None;
        }
        Some(Host { name: Name::Dns(name.to_ascii_lowercase()), port })
    }

    /// As [`Host::parse`]; in a list of names an IPv6 address may also stand without brackets.
    pub(crate) fn parse_entry(text: &str) -> Option<Host> {
        match text.parse::<Ipv6Addr>() {
            Ok(ip) => Some(Host { name: Name::Ip(IpAddr::V6(ip)), port: None }),
            Err(_) => Host::parse(text),
        }
    }

    fn is_loopback(&self) -> bool {
        match &self.name {
            Name::Ip(ip) => ip.to_canonical().is_loopback(),
            Name::Dns(name) => name == "localhost",
        }
    }
}

/// The digits after the colon; none is a port left open.
#[allow(clippy::option_option, reason = "outer: readable or not; inner: a port or none")]
fn port(digits: &str) -> Option<Option<u16>> {
    if digits.is_empty() {
        return Some(None);
    }
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().map(Some)
}

/// Loopback names with any port (a tunnel changes it), and the names the host allowed: with any port
/// where the entry names none.
#[derive(Clone, Debug, Default)]
pub(crate) struct AllowedHosts(Vec<Host>);

impl AllowedHosts {
    /// Takes the entries; one that is not a host matches nothing.
    pub(crate) fn new(entries: &[String]) -> Self {
        AllowedHosts(entries.iter().filter_map(|entry| Host::parse_entry(entry.trim())).collect())
    }

    fn allows(&self, text: &[u8]) -> bool {
        let Some(host) = std::str::from_utf8(text).ok().and_then(|text| Host::parse(text.trim())) else {
            return false;
        };
        host.is_loopback()
            || self.0.iter().any(|entry| entry.name == host.name && (entry.port.is_none() || entry.port == host.port))
    }
}

/// Refuses a request that was sent to a foreign name. A request may name its host in the target and
/// in the header; every name it gives has to be allowed, and there has to be one.
pub(crate) async fn check_host(State(admin): State<Admin>, request: Request, next: Next) -> Response {
    let allowed = admin.hosts();
    let mut names = 0;
    let mut good = true;
    if let Some(authority) = request.uri().authority() {
        names += 1;
        good &= allowed.allows(authority.as_str().as_bytes());
    }
    let mut headers = request.headers().get_all(HOST).iter();
    if let Some(host) = headers.next() {
        names += 1;
        good &= allowed.allows(host.as_bytes());
    }
    good &= headers.next().is_none();
    if good && names > 0 {
        return next.run(request).await;
    }
    ApiError::new(
        Code::ForbiddenHost,
        "this host name is not allowed; use localhost or 127.0.0.1, or add the name to --admin-allowed-hosts",
    )
    .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_pass_with_any_port() {
        let none = AllowedHosts::default();
        for good in [
            "localhost",
            "LOCALHOST",
            "localhost.",
            "localhost:8765",
            "localhost:",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.1.2.3:9",
            "[::1]",
            "[::1]:8765",
            "[0:0:0:0:0:0:0:1]:1",
            "[::ffff:127.0.0.1]:1",
        ] {
            assert!(none.allows(good.as_bytes()), "{good}");
        }
    }

    #[test]
    fn foreign_and_malformed_names_do_not() {
        let none = AllowedHosts::default();
        for bad in [
            "",
            "evil.example",
            "evil.example:8765",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil-localhost",
            "localhost@evil.example",
            "evil.example@localhost",
            "localhost:80:80",
            "localhost:x",
            "localhost:99999",
            "localhost:-1",
            "localhost:+80",
            "localhost/",
            "localhost,evil.example",
            "localhost evil.example",
            "::1",
            "[::1",
            "[::1]x",
            "[::1]:x",
            "[evil.example]",
            "[fe80::1%lo]",
            "10.0.0.1",
            "0.0.0.0",
            "[::]",
            "127.1",
            "0x7f.0.0.1",
            "2130706433",
            "localhost..",
            "loc\u{e4}lhost",
        ] {
            assert!(!none.allows(bad.as_bytes()), "{bad}");
        }
        assert!(!none.allows(&[0xff, 0xfe]));
    }

    #[test]
    fn entries_bind_a_port_only_when_they_name_one() {
        let list =
            ["Keyviz.Example".to_string(), "db1:8765".into(), "10.0.0.5".into(), "fd00::5".into(), "not a host".into()];
        let some = AllowedHosts::new(&list);
        for good in ["keyviz.example", "keyviz.example.:1", "db1:8765", "10.0.0.5:99", "[fd00::5]:8765", "localhost"] {
            assert!(some.allows(good.as_bytes()), "{good}");
        }
        for bad in ["db1", "db1:1", "10.0.0.6", "sub.keyviz.example", "not a host"] {
            assert!(!some.allows(bad.as_bytes()), "{bad}");
        }
    }
}
