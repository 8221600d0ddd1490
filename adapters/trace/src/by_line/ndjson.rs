//! keyviz's own lines of JSON: one object a line, with the fields of its CSV.
//!
//! ```text
//! {"ts_us":1700000000123456,"op":"write","key":"user:1","bytes":3}
//! {"ts_us":1700000000123470,"op":"scan","key:hex":"00ff","end_key:hex":"01","count":12,"tag":"s3"}
//! ```
//!
//! `ts_us`, `op` and one key are needed. A key is a JSON string, its bytes the UTF-8 of it; keys that are other
//! bytes stand as `key:hex`, `key:base64`, or as a number in `key:u64be`. Unknown fields are passed over.

use std::borrow::Cow;

use serde::Deserialize;

use crate::clock::MAX_TIME_US;
use crate::csv::{Decoded, Encoding};
use crate::held::Held;
use crate::op_word::operation;
use crate::skipped::Reason;

/// Numbers and keys are taken as they come; what they are is judged field by field, so that the reason can be named.
#[derive(Debug, Deserialize)]
struct Object<'a> {
    ts_us: Option<serde_json::Value>,
    #[serde(borrow)]
    op: Option<Cow<'a, str>>,
    #[serde(borrow)]
    key: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "key:hex")]
    key_hex: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "key:base64")]
    key_base64: Option<Cow<'a, str>>,
    #[serde(rename = "key:u64be")]
    key_u64be: Option<u64>,
    #[serde(borrow)]
    end_key: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "end_key:hex")]
    end_key_hex: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "end_key:base64")]
    end_key_base64: Option<Cow<'a, str>>,
    #[serde(rename = "end_key:u64be")]
    end_key_u64be: Option<u64>,
    bytes: Option<serde_json::Value>,
    count: Option<serde_json::Value>,
    #[serde(borrow)]
    tag: Option<Cow<'a, str>>,
}

pub(crate) fn looks_like(text: &[u8]) -> bool {
    text.starts_with(b"{") && parse(text, &mut Held::default()).is_ok()
}

pub(crate) fn parse(text: &[u8], held: &mut Held) -> Result<u64, Reason> {
    let object: Object<'_> = serde_json::from_slice(text).map_err(|_| Reason::NotARecord)?;
    let time_us = object.ts_us.and_then(|time| time.as_u64()).filter(|time| *time <= MAX_TIME_US);
    let time_us = time_us.ok_or(Reason::BadTime)?;
    held.op = object.op.and_then(|op| operation(op.as_bytes())).ok_or(Reason::BadOp)?;
    let key = [(object.key, Encoding::Raw), (object.key_hex, Encoding::Hex), (object.key_base64, Encoding::Base64)];
    if !one_of(key, object.key_u64be, &mut held.key)? {
        return Err(Reason::BadKey);
    }
    let end_key = [
        (object.end_key, Encoding::Raw),
        (object.end_key_hex, Encoding::Hex),
        (object.end_key_base64, Encoding::Base64),
    ];
    one_of(end_key, object.end_key_u64be, &mut held.end_key)?;
    let number = |value: Option<serde_json::Value>, absent: u64| match value {
        None | Some(serde_json::Value::Null) => Ok(absent),
        Some(value) => value.as_u64().ok_or(Reason::BadNumber),
    };
    held.value_len = number(object.bytes, 0)?;
    held.count = number(object.count, 1)?;
    held.tag.extend_from_slice(object.tag.unwrap_or_default().as_bytes());
    Ok(time_us)
}

/// Appends the one key that is there; false for none.
fn one_of(
    texts: [(Option<Cow<'_, str>>, Encoding); 3],
    number: Option<u64>,
    out: &mut Vec<u8>,
) -> Result<bool, Reason> {
    let mut there = false;
    let mut decoded = Decoded::default();
    for (text, encoding) in texts {
        let Some(text) = text else { continue };
        decoded.decode(text.as_bytes(), encoding).ok_or(Reason::BadKey)?;
        out.extend_from_slice(decoded.bytes());
        if std::mem::replace(&mut there, true) {
            return Err(Reason::BadKey);
        }
    }
    if let Some(number) = number {
        out.extend_from_slice(&number.to_be_bytes());
        if std::mem::replace(&mut there, true) {
            return Err(Reason::BadKey);
        }
    }
    Ok(there)
}
