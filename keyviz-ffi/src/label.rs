//! Labels: where the traffic comes from.

use std::ffi::c_char;

use keyviz_core::{Label, Labels};

use crate::fence::fenced;
use crate::input::{out, text};
use crate::last_error::fail;
use crate::sampler::{keyviz_sampler, pinned};
use crate::status::keyviz_status;

/// A label of a sampler. All zero is none: unlabelled traffic.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct keyviz_label {
    /// keyviz's own.
    pub bits: u32,
}

/// Labels of one sampler, and what they are called on the other side: the sampler's tag above a number.
#[derive(Clone, Copy)]
pub(crate) struct LabelSet {
    tag: u32,
    count: u8,
    labels: [Label; 16],
}

/// The number of a label that is not configured.
const UNKNOWN: u32 = 255;

impl LabelSet {
    pub(crate) fn new(tag: u32, configured: &Labels) -> Self {
        let mut labels = [Label::NONE; 16];
        for (place, (label, _)) in labels.iter_mut().skip(1).zip(configured.iter()) {
            *place = label;
        }
        LabelSet { tag, count: configured.len() as u8, labels }
    }

    /// A label that was given.
    #[inline]
    pub(crate) fn get(&self, given: keyviz_label) -> Result<Label, keyviz_status> {
        if given.bits == 0 {
            return Ok(Label::NONE);
        }
        let number = given.bits & 0xff;
        if given.bits >> 8 != self.tag || (number > u32::from(self.count) && number != UNKNOWN) || number == 0 {
            return Err(foreign());
        }
        Ok(self.labels.get(number as usize).copied().unwrap_or(Label::UNKNOWN))
    }

    /// The number of a label of this sampler; 0 is none.
    pub(crate) fn number(&self, label: Label) -> u8 {
        let known = self.labels.iter().skip(1).take(self.count.into());
        (1..).zip(known).find(|(_, known)| **known == label).map_or(0, |(number, _)| number)
    }
}

#[cold]
fn foreign() -> keyviz_status {
    fail(
        keyviz_status::ForeignHandle,
        format_args!("the label is of another sampler; get it with keyviz_label_get of this one"),
    )
}

/// The configured label of a name, for all observations to come. An empty name is none.
///
/// A name that is not configured gives a label that counts as unlabelled, and in the counter `unknown_labels`, so that a
/// host need not look at what this returns.
///
/// Ownership: `name` and `label` are the host's. A label needs no closing.
/// Threads: any.
/// Units: none.
/// Errors: those of the handle; `null_pointer`, `bad_text`; `bad_label`, with `label` written, for a name that is
/// not configured.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_label_get(
    sampler: keyviz_sampler,
    name: *const c_char,
    label: *mut keyviz_label,
) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        // SAFETY: the caller's word.
        let (name, label) = unsafe { (text(name, "name")?, out(label, "label")?) };
        let found = host.sampler.label(name);
        if found == Label::NONE {
            label.write(keyviz_label { bits: 0 });
            return Ok(());
        }
        let number = host.labels.number(found);
        let number = if number == 0 { UNKNOWN } else { number.into() };
        label.write(keyviz_label { bits: host.tag << 8 | number });
        if number == UNKNOWN {
            return Err(fail(keyviz_status::BadLabel, format_args!("{name}: no such label is configured")));
        }
        Ok(())
    })
}
