//! Loom's atomics, with every access a turn that loom sees.
//!
//! Loom tries two accesses of a word in both orders where they race, and looks for races with the word's
//! last access alone. A load followed by a store of the same thread hides that store's race with an
//! earlier load of another thread, and that is how a recorder counts. So each word has a second one, its
//! turns: each access stores to it first. Stores of one word are all tried in both orders, each against
//! the one before it, which by induction is every order. Nobody loads the turns, so no thread learns
//! anything by them: neither a value nor, by a fence, an order.
//!
//! A relaxed store of the value that is there already is left out. Every word that is stored to relaxed
//! has one writer (the table in `sync`), so the writer knows; others read the same value either way, and
//! learn less by it. Loom would try each such load twice.

use core::sync::atomic::Ordering;

macro_rules! word {
    ($name:ident, $value:ty) => {
        #[derive(Debug, Default)]
        pub(crate) struct $name {
            turns: loom::sync::atomic::AtomicU8,
            word: loom::sync::atomic::$name,
        }

        #[allow(dead_code, reason = "not every size is used in every way")]
        impl $name {
            pub(crate) fn new(value: $value) -> Self {
                $name { turns: Default::default(), word: loom::sync::atomic::$name::new(value) }
            }

            fn word(&self) -> &loom::sync::atomic::$name {
                self.turns.store(0, Ordering::Relaxed);
                &self.word
            }

            pub(crate) fn load(&self, order: Ordering) -> $value {
                self.word().load(order)
            }

            pub(crate) fn store(&self, value: $value, order: Ordering) {
                if order == Ordering::Relaxed && self.word.load(Ordering::Relaxed) == value {
                    return;
                }
                self.word().store(value, order);
            }

            pub(crate) fn fetch_add(&self, by: $value, order: Ordering) -> $value {
                self.word().fetch_add(by, order)
            }

            pub(crate) fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.word().compare_exchange(current, new, success, failure)
            }

            pub(crate) fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                self.word().compare_exchange_weak(current, new, success, failure)
            }
        }
    };
}

word!(AtomicU32, u32);
word!(AtomicU64, u64);
