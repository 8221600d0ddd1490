//! Operations as they come in.

use std::ffi::c_void;

use keyviz_core::{Op, Recorder, RouteId};

use crate::input;
use crate::label::{LabelSet, keyviz_label};
use crate::last_error::fail;
use crate::status::keyviz_status;

/// What was done to a key.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum keyviz_op {
    /// A read: adds to `reads` and `read_bytes`.
    Read = 0,
    /// A write: adds to `writes` and `write_bytes`.
    Write = 1,
}

/// An operation of a batch. The struct stays as it is: others would make another function.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct keyviz_operation {
    /// The route; not looked at where keyviz makes the ranges.
    pub route: u64,
    /// The key's bytes: the host's, read during the call.
    pub key: *const c_void,
    /// How many they are.
    pub key_len: usize,
    /// Bytes of the value.
    pub value_len: u64,
    /// A number of `keyviz_op`.
    pub op: u32,
    /// The traffic's origin, or none.
    pub label: keyviz_label,
    /// Operations alike that this one stands for; 0 is 1. More than one count unlabelled.
    pub times: u64,
}

/// What an operation is.
#[inline]
pub(crate) fn op(number: u32) -> Result<Op, keyviz_status> {
    match number {
        0 => Ok(Op::Read),
        1 => Ok(Op::Write),
        _ => Err(bad_op(number)),
    }
}

#[cold]
fn bad_op(number: u32) -> keyviz_status {
    fail(keyviz_status::BadArgument, format_args!("op: {number} is none; give KEYVIZ_OP_READ or KEYVIZ_OP_WRITE"))
}

/// Observes a batch. Nothing of it is counted when something in it cannot be.
///
/// # Safety
/// `operations` points at `count` of them, and each key at its bytes.
pub(crate) unsafe fn observe_batch(
    recorder: &Recorder,
    labels: &LabelSet,
    by_key: bool,
    operations: *const keyviz_operation,
    count: usize,
) -> Result<(), keyviz_status> {
    // SAFETY: the caller's word.
    let operations = unsafe { input::items(operations, count, "operations") }?;
    for given in operations {
        op(given.op)?;
        labels.get(given.label)?;
        // SAFETY: the caller's word.
        unsafe { input::bytes(given.key, given.key_len, "key") }?;
        if given.times > 1 && given.label.bits != 0 {
            return Err(fail(
                keyviz_status::BadArgument,
                format_args!("times: operations alike count unlabelled; give labelled ones one by one"),
            ));
        }
    }
    for given in operations {
        // SAFETY: the caller's word.
        let key = unsafe { input::bytes(given.key, given.key_len, "key") }?;
        let (op, label, route) = (op(given.op)?, labels.get(given.label)?, RouteId(given.route));
        match (given.times.max(1), by_key, given.label.bits) {
            (1, false, 0) => recorder.observe(route, op, key, given.value_len),
            (1, false, _) => recorder.observe_labelled(route, label, op, key, given.value_len),
            (1, true, 0) => recorder.observe_key(op, key, given.value_len),
            (1, true, _) => recorder.observe_key_labelled(label, op, key, given.value_len),
            (times, false, _) => recorder.observe_many(route, op, key, given.value_len, times),
            (times, true, _) => recorder.observe_key_many(op, key, given.value_len, times),
        }
    }
    Ok(())
}
