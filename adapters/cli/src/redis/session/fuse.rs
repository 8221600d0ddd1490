//! Should everything of ours stand still at once (stopped processes, a suspended laptop, a broken network), nobody of us
//! can end the `MONITOR` connection, and what we do not read would pile up in the server. So the server does it: a further
//! connection asks it to wait for something that never comes, for a second and a half, and right behind that to end our
//! `MONITOR` client. As long as we live, we light the next fuse more than twice a second and close the connection of the last one, which
//! the server then forgets together with what stands behind the waiting.
//!
//! What is waited for is an entry of a stream that does not exist (`XREAD`, which writes nothing and works on replicas), in
//! a cluster under a name whose slot the node has; where that is not allowed, `WAIT` for more replicas than there can be.

use std::time::Duration;

use crate::random::Random;
use crate::redis::connection::{Connection, Dialer};
use crate::redis::explain::Trouble;
use crate::redis::resp;

/// What the names of our streams begin with; commands on them are ours and are not counted.
pub(crate) const KEY_PREFIX: &str = "keyviz:fuse:";

/// How long a fuse burns. What a `MONITOR` client gets of a server at its limit was seen to pile up by 20 MB a second.
pub(crate) const BURNS: Duration = Duration::from_millis(1500);

/// How often a new one is lit.
pub(crate) const LIT_EVERY: Duration = Duration::from_millis(400);

/// How many names are tried in a cluster; of 30 masters, one in a million times none of them fits.
const NAMES: u32 = 400;

/// A fuse that is lit anew as long as we live.
pub(crate) struct Fuse {
    dialer: Dialer,
    /// What it sends: to wait, and then to end the client.
    bytes: Vec<u8>,
    /// The connection of the one that burns.
    lit: Option<Connection>,
}

impl Fuse {
    /// One for the client of this id, not lit yet; `None` where the user may do neither.
    ///
    /// # Errors
    /// Where the server does not answer.
    pub(crate) fn new(dialer: &Dialer, id: i64, cluster: bool) -> Result<Option<Fuse>, Trouble> {
        let mut connection = dialer.dial()?;
        let burns = BURNS.as_millis().to_string();
        let waiting = match stream(&mut connection, cluster)? {
            Some(key) => resp::command(&["XREAD", "BLOCK", &burns, "STREAMS", &key, "$"]),
            None if connection.try_ask(&["WAIT", "0", "1"])?.is_some() => resp::command(&["WAIT", "1000000", &burns]),
            None => return Ok(None),
        };
        // A replica of a cluster answers for its keys only where it is told that reading suffices.
        let mut bytes = if cluster { resp::command(&["READONLY"]) } else { Vec::new() };
        bytes.extend(waiting);
        bytes.extend(resp::command(&["CLIENT", "KILL", "ID", &id.to_string()]));
        Ok(Some(Fuse { dialer: dialer.clone(), bytes, lit: None }))
    }

    /// Lights a new one, then puts the old one out.
    ///
    /// # Errors
    /// Where the server takes no further connection; the old one still burns.
    pub(crate) fn light(&mut self) -> Result<(), Trouble> {
        let mut connection = self.dialer.dial()?;
        connection.send(&self.bytes)?;
        self.lit = Some(connection);
        Ok(())
    }
}

/// The name of a stream that the server lets us read, and that does not exist.
fn stream(connection: &mut Connection, cluster: bool) -> Result<Option<String>, Trouble> {
    if cluster {
        connection.try_ask(&["READONLY"])?;
    }
    let mut random = Random::new(seed());
    for _ in 0..if cluster { NAMES } else { 1 } {
        let key = format!("{KEY_PREFIX}{:016x}", random.below(u64::MAX));
        if connection.try_ask(&["XREAD", "COUNT", "1", "STREAMS", &key, "0"])?.is_some() {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// Different for every process and every moment, which is all that the name needs.
fn seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::from(now.subsec_nanos()) ^ (now.as_secs() << 32) ^ (u64::from(std::process::id()) << 16)
}
