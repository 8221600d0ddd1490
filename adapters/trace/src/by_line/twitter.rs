//! Twitter's cache traces (<https://github.com/twitter/cache-trace>): `timestamp,key,key_size,value_size,client,op,ttl`,
//! without a header, seconds since the trace began.
//!
//! A key is all that stands between the first comma and the fifth from the end, so its own commas and its namespaces
//! stay as they are. `get` and `gets` read, the others write; the value's size is kept for both. The tag is the
//! client.

use super::part;
use crate::held::Held;
use crate::number::{TimeUnit, micros, whole};
use crate::op_word::operation;
use crate::skipped::Reason;

pub(crate) fn looks_like(text: &[u8]) -> bool {
    parse(text, &mut Held::default()).is_ok()
}

pub(crate) fn parse(text: &[u8], held: &mut Held) -> Result<u64, Reason> {
    let mut rest = text;
    let time = part(&mut rest, b',');
    let mut columns = rest.rsplitn(6, |byte| *byte == b',');
    let mut next = || columns.next().ok_or(Reason::WrongColumns);
    let (ttl, op, client, value_size, key_size, key) = (next()?, next()?, next()?, next()?, next()?, next()?);
    let time_us = micros(time, TimeUnit::Seconds)?;
    held.op = operation(op).ok_or(Reason::BadOp)?;
    held.value_len = whole(value_size).ok_or(Reason::BadNumber)?;
    whole(key_size).and(whole(ttl)).ok_or(Reason::BadNumber)?;
    held.key.extend_from_slice(key);
    held.tag.extend_from_slice(client);
    Ok(time_us)
}
