//! What the server says about itself (`INFO`), and what follows for watching it.

use serde::{Deserialize, Serialize};

use super::connection::Connection;
use super::explain::Trouble;

/// The part of the room below `maxmemory` that our buffer may take.
const ROOM_PARTS: u64 = 4;

/// The least that our buffer may take, where there is no room at all: a cache that is full is in order, and a
/// `MONITOR` client that keeps up never has that much waiting.
const LEAST_BUFFER_BYTES: u64 = 1 << 20;

/// The greatest id that a client could have; ids are given out from 1 on, so none has it.
const NOBODY: &str = "9223372036854775807";

/// What does not change while it is watched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// `redis 7.0.15`, `valkey 8.1.0`.
    pub(crate) version: String,
    /// What the server's process drew by lot when it started: the same under whatever address; empty where it is not
    /// told.
    pub(crate) run_id: String,
    pub(crate) replica: bool,
    pub(crate) cluster: bool,
    /// Other masters of the cluster, as host:port.
    pub(crate) others: Vec<String>,
    /// Commands a second when it was first looked at.
    pub(crate) rate_before: u64,
}

/// Its memory at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) used_bytes: u64,
    /// `maxmemory`, or where there is none, the machine's; 0 where neither is told.
    pub(crate) most_bytes: u64,
    /// At `maxmemory` writes are refused rather than keys evicted.
    pub(crate) refuses_writes: bool,
}

impl Memory {
    /// How much our own buffer in the server may take when it holds `own_bytes` of what is used: `asked_bytes`, and
    /// near `maxmemory` a quarter of the room that is left without us.
    pub(crate) fn allowance(&self, asked_bytes: u64, own_bytes: u64) -> u64 {
        if self.most_bytes == 0 {
            return asked_bytes;
        }
        let room = self.most_bytes.saturating_sub(self.used_bytes.saturating_sub(own_bytes));
        asked_bytes.min((room / ROOM_PARTS).max(LEAST_BUFFER_BYTES))
    }

    /// Whether any byte more may make the server refuse its clients' writes.
    pub(crate) fn is_full(&self) -> bool {
        self.refuses_writes && self.used_bytes.saturating_add(2 * LEAST_BUFFER_BYTES) > self.most_bytes
    }
}

impl Facts {
    /// Asks; of a cluster's node also for the others.
    ///
    /// # Errors
    /// Where the server does not answer, or not to this user.
    pub(crate) fn ask(connection: &mut Connection) -> Result<Facts, Trouble> {
        let info = connection.ask(&["INFO"])?.text();
        let mut facts = Facts::read(&info);
        if facts.cluster {
            // Where that is not allowed, the others are not named.
            let nodes = connection.try_ask(&["CLUSTER", "NODES"])?.map(|nodes| nodes.text()).unwrap_or_default();
            facts.others = masters(&nodes);
        }
        Ok(facts)
    }

    fn read(info: &str) -> Facts {
        let version = match (field(info, "valkey_version"), field(info, "redis_version")) {
            (Some(version), _) => format!("valkey {version}"),
            (None, Some(version)) => format!("redis {version}"),
            (None, None) => "a server of an unknown version".to_owned(),
        };
        let version = version.chars().filter(|char| char.is_ascii_graphic() || *char == ' ').take(40).collect();
        // Behind some proxies it is zeros, whichever server it is.
        let run_id = field(info, "run_id").filter(|id| id.bytes().any(|byte| byte != b'0')).unwrap_or_default();
        Facts {
            version,
            run_id: run_id.chars().filter(char::is_ascii_alphanumeric).take(64).collect(),
            replica: field(info, "role") == Some("slave"),
            cluster: number(info, "cluster_enabled") == 1,
            others: Vec::new(),
            rate_before: number(info, "instantaneous_ops_per_sec"),
        }
    }
}

/// Asks for the memory.
///
/// # Errors
/// As [`Facts::ask`].
pub(crate) fn memory(connection: &mut Connection) -> Result<Memory, Trouble> {
    let info = connection.ask(&["INFO", "memory"])?.text();
    Ok(read_memory(&info))
}

fn read_memory(info: &str) -> Memory {
    let (limit, machine) = (number(info, "maxmemory"), number(info, "total_system_memory"));
    Memory {
        used_bytes: number(info, "used_memory"),
        most_bytes: if limit > 0 { limit } else { machine },
        refuses_writes: limit > 0 && field(info, "maxmemory_policy") == Some("noeviction"),
    }
}

/// How many commands the server has run since it started.
///
/// # Errors
/// As [`Facts::ask`].
pub(crate) fn commands(connection: &mut Connection) -> Result<u64, Trouble> {
    let info = connection.ask(&["INFO", "stats"])?.text();
    Ok(number(&info, "total_commands_processed"))
}

/// The bytes that wait in the server for the client of this id; `None` where it has no such client.
///
/// # Errors
/// As [`Facts::ask`].
pub(crate) fn waiting(connection: &mut Connection, id: i64) -> Result<Option<u64>, Trouble> {
    let text = id.to_string();
    let list = match connection.try_ask(&["CLIENT", "LIST", "ID", &text])? {
        Some(list) => list,
        // Before Redis 6.2 all clients are listed.
        None => connection.ask(&["CLIENT", "LIST"])?,
    };
    Ok(buffer_of(&list.text(), id))
}

/// Asks whether this user may end clients, which is how the server is rid of us where our own end does not do it.
///
/// # Errors
/// As [`Facts::ask`].
pub(crate) fn may_kill(connection: &mut Connection) -> Result<(), Trouble> {
    connection.ask(&["CLIENT", "KILL", "ID", NOBODY]).map(|_| ())
}

fn buffer_of(list: &str, id: i64) -> Option<u64> {
    let line = list.lines().find(|line| value(line, "id") == Some(id.to_string().as_str()))?;
    let bytes = |name: &str| value(line, name).and_then(|value| value.parse::<u64>().ok()).unwrap_or(0);
    Some(bytes("omem") + bytes("obl"))
}

fn value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

fn number(info: &str, name: &str) -> u64 {
    field(info, name).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The masters of `CLUSTER NODES` but this one, that are not failing.
fn masters(nodes: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in nodes.lines() {
        let mut words = line.split(' ').skip(1);
        let (Some(address), Some(flags)) = (words.next(), words.next()) else { continue };
        let flags = flags.split(',');
        let is = |name: &str| flags.clone().any(|flag| flag == name);
        if is("master") && !is("myself") && !is("fail") && !is("noaddr") {
            let place = address.split(['@', ',']).next().unwrap_or_default();
            if place.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-[]".contains(&byte)) {
                found.push(place.to_owned());
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_of_both_servers() {
        let redis = "# Server\r\nredis_version:7.0.15\r\nrun_id:0af3\r\nrole:master\r\ninstantaneous_ops_per_sec:42\r\ncluster_enabled:0\r\n";
        let facts = Facts::read(redis);
        assert_eq!((facts.version.as_str(), facts.rate_before, facts.replica), ("redis 7.0.15", 42, false));
        assert_eq!(facts.run_id, "0af3");
        assert_eq!(Facts::read("run_id:0000\r\n").run_id, "");
        let valkey = "redis_version:7.2.4\r\nvalkey_version:8.1.0\r\nrole:slave\r\ncluster_enabled:1\r\n";
        let facts = Facts::read(valkey);
        assert_eq!((facts.version.as_str(), facts.replica, facts.cluster), ("valkey 8.1.0", true, true));
    }

    #[test]
    fn the_own_buffer_is_found_among_all_clients() {
        let list = "id=3 addr=1:2 obl=0 omem=7 cmd=monitor\nid=33 addr=1:3 name=x obl=5 oll=1 omem=20504 tot-mem=9\n";
        assert_eq!(buffer_of(list, 33), Some(20_509));
        assert_eq!(buffer_of(list, 3), Some(7));
        assert_eq!(buffer_of(list, 4), None);
    }

    #[test]
    fn near_maxmemory_the_buffer_gets_a_quarter_of_the_room() {
        let mib = 1 << 20;
        let memory =
            |used: u64, most: u64| Memory { used_bytes: used * mib, most_bytes: most * mib, refuses_writes: true };
        assert_eq!(memory(100, 0).allowance(32 * mib, 0), 32 * mib);
        assert_eq!(memory(100, 1000).allowance(32 * mib, 0), 32 * mib);
        assert_eq!(memory(960, 1000).allowance(32 * mib, 0), 10 * mib);
        // What is our own does not count as used by others.
        assert_eq!(memory(970, 1000).allowance(32 * mib, 10 * mib), 10 * mib);
        assert_eq!(memory(1000, 1000).allowance(32 * mib, 0), mib);
        assert!(memory(999, 1000).is_full() && !memory(990, 1000).is_full());
        assert!(!Memory { refuses_writes: false, ..memory(1000, 1000) }.is_full());
    }

    #[test]
    fn the_other_masters_of_a_cluster() {
        let nodes = "a 10.0.0.1:7000@17000 myself,master - 0 0 1 connected 0-5460\n\
                     b 10.0.0.2:7000@17000,host master - 0 0 2 connected 5461-10922\n\
                     c 10.0.0.3:7000@17000 slave b 0 0 2 connected\n\
                     d 10.0.0.4:7000@17000 master,fail - 0 0 3 disconnected\n";
        assert_eq!(masters(nodes), ["10.0.0.2:7000"]);
    }
}
