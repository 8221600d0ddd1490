//! Who read keys: a record of each answer that holds key bytes, without the keys.

use std::fmt;
use std::net::SocketAddr;

use crate::redaction::Redaction;
use crate::role::Role;

/// One answer with key bytes in it, or with what a redaction made of them.
///
/// Its `Display` form is one line of `name=value`, without a newline:
/// `keyviz-audit at_unix_ms=1795219200000 role=read token=6c1f60a2b2d3e1f0 address=10.0.0.7:51515 endpoint=matrix
/// keys_from=- keys_to=- from_unix_ms=0 to_unix_ms=0 keys=2046 redaction=prefix:8`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Audited {
    /// When it was answered, in Unix milliseconds.
    pub at_unix_ms: u64,
    /// The role of whoever asked.
    pub role: Role,
    /// A name for the token that was shown: 16 hex digits, the same for the same token as long as the redaction's key
    /// is. `None` where no token is asked for.
    pub token: Option<String>,
    /// Where the request came from; `None` where the host's own server does not tell.
    pub address: Option<SocketAddr>,
    /// The endpoint: `matrix`, `events`, `hotkeys`, `snapshot`, `top`, `cell`, `names`.
    pub endpoint: &'static str,
    /// The least key asked for, as 16 hex digits that tell equal keys and nothing else; `None` for the lowest.
    pub keys_from: Option<String>,
    /// The end of the keys asked for, likewise; `None` is unbounded.
    pub keys_to: Option<String>,
    /// The time asked for, in Unix milliseconds; 0 is unbounded.
    pub from_unix_ms: u64,
    /// The end of the time asked for, in Unix milliseconds; 0 is unbounded.
    pub to_unix_ms: u64,
    /// How many different keys, or texts that may hold keys, the answer has; of a snapshot, two for each route.
    pub keys: usize,
    /// What was shown of them.
    pub redaction: Redaction,
}

impl fmt::Display for Audited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let address = self.address.map(|address| address.to_string());
        write!(
            f,
            "keyviz-audit at_unix_ms={} role={} token={} address={} endpoint={} keys_from={} keys_to={} \
             from_unix_ms={} to_unix_ms={} keys={} redaction={}",
            self.at_unix_ms,
            self.role,
            known(&self.token),
            known(&address),
            self.endpoint,
            known(&self.keys_from),
            known(&self.keys_to),
            self.from_unix_ms,
            self.to_unix_ms,
            self.keys,
            self.redaction
        )
    }
}

/// Where records go.
pub(crate) type Sink = Box<dyn Fn(&Audited) + Send + Sync>;
