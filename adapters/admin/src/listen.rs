//! Whether an address may be listened on.

use std::fmt;
use std::net::SocketAddr;

/// Says whether the endpoint may listen on an address: on loopback always, beyond it with a token,
/// or without one when `insecure` says that this is meant.
///
/// # Returns
/// A warning to print on each start when it listens beyond loopback without a token, else nothing.
///
/// # Errors
/// [`ListenError`] when the address is not loopback, there is no token, and `insecure` is false.
///
/// # Examples
/// ```
/// use keyviz_admin::check_listen;
/// let everywhere = "0.0.0.0:8765".parse()?;
/// assert!(check_listen("127.0.0.1:8765".parse()?, false, false).is_ok());
/// assert!(check_listen(everywhere, true, false).is_ok());
/// assert!(check_listen(everywhere, false, false).is_err());
/// assert!(check_listen(everywhere, false, true).is_ok_and(|warning| warning.is_some()));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
pub fn check_listen(addr: SocketAddr, has_token: bool, insecure: bool) -> Result<Option<ListenWarning>, ListenError> {
    if has_token || addr.ip().to_canonical().is_loopback() {
        Ok(None)
    } else if insecure {
        Ok(Some(ListenWarning { addr }))
    } else {
        Err(ListenError { addr })
    }
}

/// The endpoint is open to the network. Print it on each start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "print the warning on each start"]
pub struct ListenWarning {
    addr: SocketAddr,
}

impl fmt::Display for ListenWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "warning: listening on {} without a token: everyone who reaches it can read keys and load; \
             --admin-insecure-no-auth allows it, --admin-token-file closes it",
            self.addr
        )
    }
}

/// The address is not loopback and there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenError {
    addr: SocketAddr,
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "refusing to listen on {} without a token; give --admin-token-file FILE, listen on 127.0.0.1, \
             or say --admin-insecure-no-auth",
            self.addr
        )
    }
}

impl std::error::Error for ListenError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_in_every_spelling_and_nothing_else() {
        let open = |addr: &str| check_listen(addr.parse().unwrap(), false, false);
        for loopback in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert_eq!(open(loopback), Ok(None), "{loopback}");
        }
        for beyond in ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[fe80::1]:1", "[::ffff:10.0.0.1]:1", "128.0.0.1:1"] {
            let refused = open(beyond).unwrap_err().to_string();
            assert!(refused.contains("--admin-token-file"), "{refused}");
        }
    }

    #[test]
    fn the_insecure_flag_warns_and_a_token_does_not() {
        let addr = "0.0.0.0:1".parse().unwrap();
        assert!(check_listen(addr, false, true).unwrap().unwrap().to_string().contains("without a token"));
        assert_eq!(check_listen(addr, true, true), Ok(None));
        // On loopback there is nothing to warn of.
        assert_eq!(check_listen("127.0.0.1:1".parse().unwrap(), false, true), Ok(None));
    }
}
