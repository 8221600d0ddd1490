#![no_std]
#![no_main]
#![forbid(unsafe_op_in_unsafe_fn)]

//! keyviz on bare metal: the main loop observes, and so does an interrupt, each with a recorder of its own.

use core::sync::atomic::{Ordering, compiler_fence};

use cortex_m::peripheral::SCB;
use cortex_m_rt::{entry, exception};
use keyviz_bare_program::{load, on_interrupt, run};
use keyviz_core::FixedRecorder;
use semihosting::io::{Stdout, Write as _, stdout};
use semihosting::{println, process};

#[entry]
fn main() -> ! {
    static mut MEMORY: load::Memory = load::Memory::new();
    // Used where it is made: it takes over a kilobyte, and moving it takes that again.
    let Ok(writer) = &mut MEMORY.claim(&load::SHARED, 0) else { process::exit(1) };
    let Ok(out) = stdout() else { process::exit(1) };
    let done = run(writer, interrupt, &mut Console(out));
    println!("stack {} bytes", stack_used());
    process::exit(done.is_err().into())
}

/// The most bytes of stack that were in use: cortex-m-rt painted all of it before `main`.
fn stack_used() -> usize {
    unsafe extern "C" {
        static mut _stack_start: u32;
        static mut _stack_end: u32;
    }
    const PAINT: u32 = 0xCCCC_CCCC;
    let (end, start) = (&raw const _stack_end, &raw const _stack_start);
    let mut lowest = end;
    // SAFETY: the linker script gives the two ends of the stack, whole aligned words of memory between them.
    // The reads are volatile, since the words above are in use.
    while lowest < start && unsafe { lowest.read_volatile() } == PAINT {
        lowest = lowest.wrapping_add(1);
    }
    start.addr() - lowest.addr()
}

/// The debugger's console, for text.
struct Console(Stdout);

impl core::fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.0.write_all(text.as_bytes()).map_err(|_| core::fmt::Error)
    }
}

/// Lets the interrupt come now.
fn interrupt() {
    SCB::set_pendst();
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
    compiler_fence(Ordering::SeqCst);
}

#[exception]
fn SysTick() {
    // One recorder for each interrupt priority: this handler's is made when it first comes.
    static mut RECORDER: Option<FixedRecorder> = None;
    if RECORDER.is_none() {
        *RECORDER = load::SHARED.recorder();
    }
    if let Some(recorder) = RECORDER {
        on_interrupt(recorder);
    }
}
