//! The values that members hold: numbers, flags, texts, bounds, each within its limit.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::super::base64;
use super::Context;

/// What serde would say; never shown.
pub(super) const UNSEEN: &str = "something else";

/// A member's name, where it is one of these.
pub(super) struct Name(pub(super) &'static [&'static str]);

impl<'de> DeserializeSeed<'de> for Name {
    type Value = &'static str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = &'static str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNSEEN)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|name| **name == text).copied().unwrap_or(""))
    }
}

impl Context<'_> {
    /// A member's value.
    pub(super) fn read<'de, A: MapAccess<'de>, S: DeserializeSeed<'de>>(
        &self,
        map: &mut A,
        field: &'static str,
        expected: &'static str,
        seed: S,
    ) -> Result<S::Value, A::Error> {
        self.at.set((field, expected));
        map.next_value_seed(seed)
    }

    /// A number; 0 where it is absent.
    pub(super) fn number<'de, A: MapAccess<'de>>(&self, map: &mut A, field: &'static str) -> Result<u64, A::Error> {
        Ok(self.read(map, field, "an unsigned integer", PhantomData::<Option<u64>>)?.unwrap_or(0))
    }

    /// A flag; false where it is absent.
    pub(super) fn flag<'de, A: MapAccess<'de>>(&self, map: &mut A, field: &'static str) -> Result<bool, A::Error> {
        Ok(self.read(map, field, "true or false", PhantomData::<Option<bool>>)?.unwrap_or(false))
    }

    /// A list of numbers.
    pub(super) fn numbers<'de, A: MapAccess<'de>>(
        &self,
        map: &mut A,
        field: &'static str,
        max: usize,
    ) -> Result<Vec<u64>, A::Error> {
        self.read(map, field, "a list of unsigned integers", List::new(self, max))
    }

    /// A list of flags.
    pub(super) fn flags<'de, A: MapAccess<'de>>(
        &self,
        map: &mut A,
        field: &'static str,
    ) -> Result<Vec<bool>, A::Error> {
        self.read(map, field, "a list of true or false", List::new(self, self.limits.columns))
    }

    /// A list whose items `each` reads and charges for.
    pub(super) fn items<'de, A: MapAccess<'de>, S: DeserializeSeed<'de> + Copy>(
        &self,
        map: &mut A,
        (field, expected): (&'static str, &'static str),
        max: usize,
        each: S,
    ) -> Result<Vec<S::Value>, A::Error> {
        self.read(map, field, expected, Items { context: self, max, each })
    }

    /// A text that `take` makes something of; nothing where it is absent.
    pub(super) fn text<'de, A: MapAccess<'de>, T>(
        &self,
        map: &mut A,
        (field, expected): (&'static str, &'static str),
        max: usize,
        take: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, A::Error> {
        self.read(map, field, expected, Text { context: self, max, take })
    }

    /// A bound; empty where it is absent.
    pub(super) fn bound<'de, A: MapAccess<'de>>(&self, map: &mut A, field: &'static str) -> Result<Vec<u8>, A::Error> {
        let max = self.limits.bound_len.div_ceil(3).saturating_mul(4);
        let bound = self.text(map, (field, "base64 with padding, or null"), max, base64::decode)?.unwrap_or_default();
        if bound.len() > self.limits.bound_len {
            return Err(self.too_many(self.limits.bound_len));
        }
        self.charge(bound.len())?;
        Ok(bound)
    }
}

/// A list of plain values, or `null`.
struct List<'c, 'l, T> {
    context: &'c Context<'l>,
    max: usize,
    of: PhantomData<T>,
}

impl<'c, 'l, T> List<'c, 'l, T> {
    const fn new(context: &'c Context<'l>, max: usize) -> Self {
        List { context, max, of: PhantomData }
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for List<'_, '_, T> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for List<'_, '_, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNSEEN)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = seq.next_element()? {
            if list.len() >= self.max {
                return Err(self.context.too_many(self.max));
            }
            self.context.charge(size_of::<T>())?;
            list.push(item);
        }
        list.shrink_to_fit();
        Ok(list)
    }
}

/// A list whose items are read by seeds of their own, or `null`.
struct Items<'c, 'l, S> {
    context: &'c Context<'l>,
    max: usize,
    each: S,
}

impl<'de, S: DeserializeSeed<'de> + Copy> DeserializeSeed<'de> for Items<'_, '_, S> {
    type Value = Vec<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de> + Copy> Visitor<'de> for Items<'_, '_, S> {
    type Value = Vec<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNSEEN)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let at = self.context.at.get();
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self.each)? {
            // An item's members left their names.
            self.context.at.set(at);
            if items.len() >= self.max {
                return Err(self.context.too_many(self.max));
            }
            items.push(item);
        }
        Ok(items)
    }
}

/// A text within a limit, or `null`.
struct Text<'c, 'l, F> {
    context: &'c Context<'l>,
    max: usize,
    take: F,
}

impl<'de, T, F: FnOnce(&str) -> Option<T>> DeserializeSeed<'de> for Text<'_, '_, F> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de, T, F: FnOnce(&str) -> Option<T>> Visitor<'de> for Text<'_, '_, F> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(UNSEEN)
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.len() > self.max {
            return Err(self.context.too_many(self.max));
        }
        match (self.take)(text) {
            Some(taken) => Ok(Some(taken)),
            None => Err(self.context.wrong()),
        }
    }
}

/// A label: empty, or 1 to 32 bytes of `[a-z0-9_-]`.
pub(super) fn label(text: &str) -> Option<String> {
    let plain = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    text.bytes().all(plain).then(|| text.into())
}
