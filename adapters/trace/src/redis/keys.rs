//! A command's arguments into the keys it uses.

use super::command::{Begin, Command, Find, KeySpec};
use super::{table, values};
use crate::monitor::Args;
use crate::record::Op;
use crate::skipped::Reason;

/// One key of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyUse {
    /// Which argument is the key.
    pub(crate) arg: usize,
    /// How much of it is the key, which is the beginning of all that are scanned; `None` for all of it.
    pub(crate) prefix: Option<usize>,
    pub(crate) op: Op,
    /// Value bytes written with this key.
    pub(crate) value_len: u64,
}

/// Finds all keys of the command in `args` and appends them to `keys`.
pub(crate) fn resolve(args: &Args, keys: &mut Vec<KeyUse>) -> Result<(), Reason> {
    let name = args.get(0).ok_or(Reason::NotARecord)?;
    let command = table::find(name, args.get(1)).ok_or(Reason::UnknownCommand)?;
    if command.specs.is_empty() {
        return Err(Reason::NoKey);
    }
    for spec in command.specs {
        group(spec, args, keys).ok_or(Reason::BadArguments)?;
    }
    if keys.is_empty() {
        // `EVAL script 0`, `MIGRATE ... ""` without KEYS.
        return Err(Reason::NoKey);
    }
    measure(command, args, keys);
    Ok(())
}

/// Of a pattern what stands before its first sign; the name of a command where there is none.
fn pattern(args: &Args, arg: usize) -> KeyUse {
    let is_sign = |byte: &u8| matches!(byte, b'*' | b'?' | b'[' | b'\\');
    let text = if arg == 0 { &[][..] } else { args.get(arg).unwrap_or_default() };
    let literal = text.iter().position(is_sign).unwrap_or(text.len());
    KeyUse { arg, prefix: Some(literal), op: Op::Scan, value_len: 0 }
}

/// Appends one group's keys; `None` when the arguments do not fit.
fn group(spec: &KeySpec, args: &Args, keys: &mut Vec<KeyUse>) -> Option<()> {
    let mut push = |arg: usize| keys.push(KeyUse { arg, prefix: None, op: spec.op, value_len: 0 });
    let first = match spec.begin {
        Begin::Index(position) => position,
        Begin::Keyword(word, from) => match (from..args.len()).find(|at| args.is(*at, word)) {
            Some(at) => at + 1,
            None => return Some(()),
        },
    };
    match spec.find {
        Find::Cursor => {
            let cursor = args.get(first)?;
            if cursor == b"0" {
                // The first word is at an odd distance: words and their arguments come in pairs.
                let found = (first + 1..args.len()).step_by(2).find(|at| args.is(*at, "match"));
                keys.push(pattern(args, found.map_or(0, |at| at + 1)));
            }
            return Some(());
        }
        Find::Pattern => {
            args.get(first)?;
            keys.push(pattern(args, first));
            return Some(());
        }
        Find::SortStore => {
            if let Some(at) = sort_store(args) {
                args.get(at)?;
                push(at);
            }
            return Some(());
        }
        Find::RestIfAny => {
            (first..args.len()).for_each(push);
            return Some(());
        }
        Find::OneUnlessEmpty if args.get(first).is_some_and(<[u8]>::is_empty) => return Some(()),
        _ => {}
    }
    args.get(first)?;
    match spec.find {
        Find::One | Find::OneUnlessEmpty => push(first),
        Find::SortStore | Find::RestIfAny | Find::Pattern | Find::Cursor => {}
        Find::ToEnd { last, step } => {
            let end = args.len().checked_sub(last)?;
            args.get(first).filter(|_| first <= end)?;
            (first..=end).step_by(step).for_each(push);
        }
        Find::Half => {
            let rest = args.len() - first;
            if !rest.is_multiple_of(2) {
                return None;
            }
            (first..first + rest / 2).for_each(push);
        }
        Find::Counted { step } => {
            let count = args.number(first)?;
            let last = first.checked_add(count.checked_mul(step)?)?;
            if last >= args.len() {
                return None;
            }
            (first + 1..=last).step_by(step).for_each(push);
        }
    }
    Some(())
}

/// Where the destination of `SORT key [BY p] [LIMIT o n] [GET p ...] [STORE dst]` stands.
fn sort_store(args: &Args) -> Option<usize> {
    let mut found = None;
    let mut at = 2;
    while at < args.len() {
        if args.is(at, "store") {
            found = Some(at + 1);
            at += 1;
        } else if args.is(at, "limit") {
            at += 2;
        } else if args.is(at, "by") || args.is(at, "get") {
            at += 1;
        }
        at += 1;
    }
    found
}

/// Gives each written key its value bytes; those not of one key alone go to the first written key.
fn measure(command: &Command, args: &Args, keys: &mut [KeyUse]) {
    let mut whole = values::bytes(command.values, args);
    for used in keys.iter_mut().filter(|used| used.op == Op::Write) {
        used.value_len = match values::after_key(command.values, used.arg, args) {
            Some(own) => own,
            None => std::mem::take(&mut whole),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(line: &str) -> Result<Vec<(char, String, u64)>, Reason> {
        let mut args = Args::default();
        for word in line.split(' ') {
            args.extend(word.replace("''", "").as_bytes());
            args.end();
        }
        let mut keys = Vec::new();
        resolve(&args, &mut keys)?;
        Ok(keys
            .iter()
            .map(|used| {
                let op = match used.op {
                    Op::Write => 'w',
                    Op::Read => 'r',
                    Op::Scan => 's',
                };
                let arg = args.get(used.arg).unwrap();
                let key = &arg[..used.prefix.unwrap_or(arg.len())];
                (op, String::from_utf8(key.to_vec()).unwrap(), used.value_len)
            })
            .collect())
    }

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let found = keys(line).map(|keys| {
            let words: Vec<String> = keys.iter().map(|(op, key, len)| format!("{op}:{key}:{len}")).collect();
            words.join(" ")
        });
        assert_eq!(found.as_deref(), Ok(expected), "{line}");
    }

    #[test]
    fn single_keys_and_their_values() {
        check("GET a", "r:a:0");
        check("set a 12345 EX 10", "w:a:5");
        check("SETEX a 10 123", "w:a:3");
        check("APPEND a xy", "w:a:2");
        check("HSET h f1 v1 f2 v22", "w:h:9");
        check("HSETEX h FNX EX 5 FIELDS 2 a 1 b 22", "w:h:5");
        check("ZADD z NX CH 1.5 abc 2 d", "w:z:8");
        check("GEOADD g XX CH 1 2 m", "w:g:3");
        check("XADD s NOMKSTREAM MAXLEN ~ 100 LIMIT 5 * f v", "w:s:2");
        check("XADD s MINID = 5-0 1-1 f vv", "w:s:3");
        check("XADD s * f v", "w:s:2");
        check("LPUSH l a bb ccc", "w:l:6");
        check("LINSERT l BEFORE pivot abc", "w:l:3");
        check("INCR a", "w:a:0");
        check("OBJECT ENCODING a", "r:a:0");
        check("object freq a", "r:a:0");
        check("MEMORY USAGE a SAMPLES 5", "r:a:0");
        check("XGROUP CREATE s g $", "w:s:0");
        check("XINFO STREAM s", "r:s:0");
    }

    #[test]
    fn several_keys() {
        check("MGET a b c", "r:a:0 r:b:0 r:c:0");
        check("MSET a 1 b 22", "w:a:1 w:b:2");
        check("DEL a b", "w:a:0 w:b:0");
        check("RENAME a b", "w:a:0 w:b:0");
        check("COPY a b DB 1", "r:a:0 w:b:0");
        check("SINTERSTORE d a b", "w:d:0 r:a:0 r:b:0");
        check("BITOP AND d a b", "w:d:0 r:a:0 r:b:0");
        check("EVAL script 2 a b arg", "w:a:0 w:b:0");
        check("EVALSHA_RO sha 1 a arg", "r:a:0");
        check("FCALL f 1 a", "w:a:0");
        check("XREAD COUNT 2 BLOCK 0 STREAMS a b 0 0", "r:a:0 r:b:0");
        check("XREADGROUP GROUP streams c COUNT 1 STREAMS a >", "r:a:0");
        check("ZUNIONSTORE d 2 a b WEIGHTS 1 2", "w:d:0 r:a:0 r:b:0");
        check("ZINTER 2 a b", "r:a:0 r:b:0");
        check("LMPOP 2 a b LEFT", "w:a:0 w:b:0");
        check("BLMPOP 0 1 a LEFT", "w:a:0");
        check("BLPOP a b 5", "w:a:0 w:b:0");
        check("SORT a BY STORE LIMIT 0 5 GET # STORE d", "r:a:0 w:d:0");
        check("SORT a BY w_*", "r:a:0");
        check("GEORADIUS g 1 2 3 km STORE d", "r:g:0 w:d:0");
        check("GEORADIUSBYMEMBER g m 3 km STOREDIST d", "r:g:0 w:d:0");
        check("GEOSEARCHSTORE d g FROMMEMBER m", "w:d:0 r:g:0");
        check("MIGRATE h 1 k 0 5", "w:k:0");
        check("MIGRATE h 1 '' 0 5 COPY KEYS a b", "w:a:0 w:b:0");
        check("LCS a b LEN", "r:a:0 r:b:0");
        check("MSETEX 2 a 1 b 22 EX 5", "w:a:1 w:b:2");
        check("JSON.MGET a b $.x", "r:a:0 r:b:0");
        check("PFMERGE d a b", "w:d:0 r:a:0 r:b:0");
        check("PFMERGE d", "w:d:0");
    }

    #[test]
    fn patterns_are_scans_of_what_begins_like_them() {
        check("KEYS user:*", "s:user::0");
        check("KEYS a?b", "s:a:0");
        check("KEYS *", "s::0");
        check("SCAN 0", "s::0");
        check("SCAN 0 COUNT 100 MATCH cart:[0-9]*", "s:cart::0");
        check("SCAN 0 MATCH match TYPE string", "s:match:0");
        check("HSCAN h 0", "r:h:0");
    }

    #[test]
    fn without_keys_unknown_and_wrong() {
        for line in
            ["PING", "config GET x", "MULTI", "SCAN 5 MATCH a*", "PUBLISH c m", "OBJECT HELP", "EVAL script 0 a"]
        {
            assert_eq!(keys(line), Err(Reason::NoKey), "{line}");
        }
        assert_eq!(keys("NOSUCH a"), Err(Reason::UnknownCommand));
        assert_eq!(keys(&"x".repeat(500)), Err(Reason::UnknownCommand));
        for line in [
            "GET",
            "EVAL s 3 a b",
            "EVAL s x a",
            "ZUNIONSTORE d 18446744073709551615 a",
            "XREAD STREAMS a b 0",
            "BLPOP a",
            "OBJECT ENCODING",
        ] {
            assert_eq!(keys(line), Err(Reason::BadArguments), "{line}");
        }
    }
}
