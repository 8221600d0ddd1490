//! What is behind a handle, held for the time of a call: the one way to it but for a recorder's own.

use std::ops::Deref;
use std::ptr::NonNull;

use crate::buffer::Buffer;
use crate::coordinator::Coordinator;
use crate::handle::Kind;
use crate::hot_keys::HotKeysTable;
use crate::matrix_table::MatrixTable;
use crate::object::Object;
use crate::sampler::Host;
use crate::status::keyviz_status;
use crate::table::{self, Pin, Place};
use crate::top::TopTable;

/// What a shared handle can stand for.
pub(crate) trait Behind: Sized {
    /// What its handles say that they are of.
    const KIND: Kind;

    /// The object as this, where it is this.
    fn of(object: &Object) -> Option<&Self>;
}

macro_rules! behind {
    ($($of:ident is $type:ty),+ $(,)?) => {
        $(impl Behind for $type {
            const KIND: Kind = Kind::$of;

            fn of(object: &Object) -> Option<&Self> {
                if let Object::$of(this) = object { Some(this) } else { None }
            }
        })+
    };
}

behind! {
    Sampler is Host,
    Matrix is MatrixTable,
    HotKeys is HotKeysTable,
    Top is TopTable,
    Buffer is Buffer,
    Coordinator is Coordinator,
}

/// An object that stays what and where it is while this lives, whoever closes its handle meanwhile.
pub(crate) struct Held<T: Behind> {
    object: NonNull<T>,
    pin: Pin,
}

impl<T: Behind> Held<T> {
    /// What is behind a handle.
    pub(crate) fn behind(bits: u64) -> Result<Self, keyviz_status> {
        let pin = table::pin(bits, T::KIND)?;
        match pin.object().and_then(T::of).map(NonNull::from) {
            Some(object) => Ok(Held { object, pin }),
            None => Err(table::refuse(bits, T::KIND)),
        }
    }

    /// Its place, for whoever looks later whether it is still there.
    pub(crate) fn place(&self) -> &'static Place {
        self.pin.place()
    }

    /// Ends its handle: from now on it is a closed one. The object goes with the last that holds it, often at once.
    pub(crate) fn close(self, bits: u64) -> Result<(), keyviz_status> {
        table::close(self.pin, bits, T::KIND)
    }
}

impl<T: Behind> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: found in the object that `pin` holds, which is neither moved nor dropped nor written while it does.
        unsafe { self.object.as_ref() }
    }
}
