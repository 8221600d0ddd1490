//! The table of handles of the C library: opening, using, closing, and a place that is used again.
//!
//! A place's state word is its live handle. Whoever uses what is behind it raises the place's pins from above 0
//! (Acquire) and then sees the state still be the handle; being live is a pin. Closing exchanges the state and takes that
//! pin back; whoever takes back the last pin (AcqRel) has the object alone, drops it, raises the generation and frees the
//! place (Release). Who puts an object reserves a free place (Acquire), writes the object, then the one pin, then the
//! state (both Release).
//!
//! What the models hold it to: who gets an object gets the one that its handle stands for, whole, and it is there until
//! the last pin is gone; each object is dropped once; a handle is closed once; a closed one is never live again.
//!
//! The table is the one that ships. Only its atomics and the cell of its objects are loom's, and it has one chunk of two
//! places.
//!
//! Bound: three switches, two where three threads are.
#![cfg(keyviz_loom)]
#![allow(clippy::unwrap_used, reason = "a model speaks by panicking")]

use std::sync::atomic::Ordering::Relaxed;

use keyviz_handles::{Refused, Table};
use keyviz_loom_tests::{explore, reached};
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

const KIND: u8 = 1;
const TAG: u32 = 7;

/// An object whose use and whose end a model checker sees.
struct Seen {
    number: UnsafeCell<u64>,
    dropped: Arc<AtomicUsize>,
}

impl Seen {
    fn new(number: u64, dropped: &Arc<AtomicUsize>) -> Seen {
        Seen { number: UnsafeCell::new(number), dropped: Arc::clone(dropped) }
    }

    #[allow(unsafe_code, reason = "the cell is loom's, which checks the access")]
    fn number(&self) -> u64 {
        // SAFETY: it is written when it is made and when it is dropped, which the model checker holds apart from this.
        self.number.with(|number| unsafe { *number })
    }
}

impl Drop for Seen {
    #[allow(unsafe_code, reason = "the cell is loom's, which checks the access")]
    fn drop(&mut self) {
        // SAFETY: it is dropped by one thread; the model checker finds any other that still looks.
        self.number.with_mut(|number| unsafe { *number = 0 });
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

fn table() -> (Arc<Table<Seen>>, Arc<AtomicUsize>) {
    (Arc::new(Table::new()), Arc::new(AtomicUsize::new(0)))
}

/// Closes a handle as its functions do: pinned first.
fn close(table: &Table<Seen>, bits: u64) -> bool {
    table.pin(bits).is_some_and(|pin| table.close(pin, bits))
}

/// Looks at the object twice, as who uses it for a while; whether it was there.
fn used(table: &Table<Seen>, bits: u64, number: u64) -> bool {
    let Some(pin) = table.pin(bits) else { return false };
    for _ in 0..2 {
        assert_eq!(pin.object().map(Seen::number), Some(number), "what the handle stands for, until the pin is gone");
    }
    true
}

/// One thread uses what another closes: it is there, or it is not; never half.
#[test]
fn closing_beside_a_use() {
    let found = reached(|found| {
        explore(3, move || {
            let (table, dropped) = table();
            let bits = table.put(KIND, TAG, Seen::new(9, &dropped)).unwrap();
            let using = {
                let table = Arc::clone(&table);
                thread::spawn(move || used(&table, bits, 9))
            };
            assert!(close(&table, bits));
            found.fetch_add(using.join().unwrap().into(), Relaxed);
            assert_eq!(dropped.load(Ordering::Relaxed), 1, "it is gone with the last pin");
            assert!(table.pin(bits).is_none() && table.live(bits).is_none());
            assert_eq!(table.refused(bits, KIND), Refused::Closed);
        });
    });
    assert!(found > 0, "some run finds it");
}

/// Two threads close one handle: one does, and the object is dropped once.
#[test]
fn closing_twice() {
    explore(3, || {
        let (table, dropped) = table();
        let bits = table.put(KIND, TAG, Seen::new(9, &dropped)).unwrap();
        let closing = {
            let table = Arc::clone(&table);
            thread::spawn(move || close(&table, bits))
        };
        let here = close(&table, bits);
        assert!(here ^ closing.join().unwrap(), "one of them closes it");
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}

/// A third uses it while two close it.
#[test]
fn closing_twice_beside_a_use() {
    explore(2, || {
        let (table, dropped) = table();
        let bits = table.put(KIND, TAG, Seen::new(9, &dropped)).unwrap();
        let (one, other) = (Arc::clone(&table), Arc::clone(&table));
        let closing = thread::spawn(move || close(&one, bits));
        let using = thread::spawn(move || used(&other, bits, 9));
        let here = close(&table, bits);
        assert!(here ^ closing.join().unwrap());
        using.join().unwrap();
        assert_eq!(dropped.load(Ordering::Relaxed), 1);
    });
}

/// A place goes to another object while a handle of the one before is used: the old handle never reaches the new object.
#[test]
fn a_place_that_is_used_again() {
    let again = reached(|again| {
        explore(3, move || {
            let (table, dropped) = table();
            // Both places are taken, so the next object has the place of the one that is closed.
            let kept = table.put(KIND, TAG, Seen::new(1, &dropped)).unwrap();
            let old = table.put(KIND, TAG, Seen::new(2, &dropped)).unwrap();
            let using = {
                let table = Arc::clone(&table);
                thread::spawn(move || used(&table, old, 2))
            };
            assert!(close(&table, old));
            // While the other has it pinned the place is not free.
            if let Some(new) = table.put(KIND, TAG, Seen::new(3, &dropped)) {
                again.fetch_add(1, Relaxed);
                assert_ne!(new, old);
                assert!(used(&table, new, 3));
                assert!(table.pin(old).is_none() && !close(&table, old));
                using.join().unwrap();
                assert!(close(&table, new));
                assert_eq!(dropped.load(Ordering::Relaxed), 2);
            } else {
                using.join().unwrap();
            }
            assert!(used(&table, kept, 1));
        });
    });
    assert!(again > 0, "in some run the place is used again");
}

/// One thread closes and puts, another uses the old handle, and then the new one.
#[test]
fn a_handle_that_is_told_to_another_thread() {
    let found = reached(|found| {
        explore(3, move || {
            let (table, dropped) = table();
            let kept = table.put(KIND, TAG, Seen::new(1, &dropped)).unwrap();
            let old = table.put(KIND, TAG, Seen::new(2, &dropped)).unwrap();
            let told = Arc::new(loom::sync::atomic::AtomicU64::new(old));
            let using = {
                let (table, told) = (Arc::clone(&table), Arc::clone(&told));
                thread::spawn(move || {
                    // The handle alone goes over, without an order: the table has to bring one.
                    let bits = told.load(Ordering::Relaxed);
                    (bits != old, used(&table, bits, if bits == old { 2 } else { 3 }))
                })
            };
            assert!(close(&table, old));
            if let Some(new) = table.put(KIND, TAG, Seen::new(3, &dropped)) {
                told.store(new, Ordering::Relaxed);
            }
            let (is_new, there) = using.join().unwrap();
            found.fetch_add((is_new && there).into(), Relaxed);
            assert!(used(&table, kept, 1));
        });
    });
    assert!(found > 0, "in some run the new one is found");
}

/// Two threads open at once: each has a place of its own, in one chunk that one of them makes.
#[test]
fn opening_at_once() {
    explore(3, || {
        let (table, dropped) = table();
        let opening = {
            let (table, dropped) = (Arc::clone(&table), Arc::clone(&dropped));
            thread::spawn(move || {
                let bits = table.put(KIND, TAG, Seen::new(2, &dropped)).unwrap();
                assert!(used(&table, bits, 2));
                bits
            })
        };
        let here = table.put(KIND, TAG, Seen::new(1, &dropped)).unwrap();
        assert!(used(&table, here, 1));
        let there = opening.join().unwrap();
        assert_ne!(here, there);
        assert!(used(&table, there, 2) && table.put(KIND, TAG, Seen::new(3, &dropped)).is_none());
        assert!(close(&table, here) && close(&table, there));
    });
}

/// A recorder is used without a pin by the one thread that closes it, beside one that opens and closes others.
#[test]
fn own_use_needs_no_pin() {
    explore(3, || {
        let (table, dropped) = table();
        let own = table.put(KIND, TAG, Seen::new(1, &dropped)).unwrap();
        let other = {
            let (table, dropped) = (Arc::clone(&table), Arc::clone(&dropped));
            thread::spawn(move || {
                for number in 2..4 {
                    if let Some(bits) = table.put(KIND, TAG, Seen::new(number, &dropped)) {
                        assert!(used(&table, bits, number) && close(&table, bits));
                    }
                }
            })
        };
        #[allow(unsafe_code, reason = "what this model is about")]
        // SAFETY: this thread alone closes it, afterwards.
        let number = unsafe { table.own(own) }.map(Seen::number);
        assert_eq!(number, Some(1));
        assert!(close(&table, own));
        #[allow(unsafe_code, reason = "what this model is about")]
        // SAFETY: as above.
        let gone = unsafe { table.own(own) }.is_none();
        assert!(gone, "a closed one is not looked behind");
        other.join().unwrap();
        assert_eq!(dropped.load(Ordering::Relaxed), 3);
    });
}
