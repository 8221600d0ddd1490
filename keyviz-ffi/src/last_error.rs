//! What the calling thread's last failure was, in words.

use std::cell::RefCell;
use std::ffi::c_char;
use std::fmt::{self, Write as _};

use crate::status::keyviz_status;

/// The longest text kept, its NUL included.
const MAX_TEXT: usize = 512;

/// A text that was noted, without an allocation.
// In this order: the text is given out as a pointer to its beginning.
#[repr(C)]
pub(crate) struct Text {
    bytes: [u8; MAX_TEXT],
    len: usize,
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // A NUL would end the text for its reader.
        for byte in text.bytes().map(|byte| if byte == 0 { b' ' } else { byte }) {
            let Some(place) = self.bytes.get_mut(self.len).filter(|_| self.len + 1 < MAX_TEXT) else { break };
            *place = byte;
            self.len += 1;
        }
        Ok(())
    }
}

impl Text {
    pub(crate) const fn new() -> Text {
        Text { bytes: [0; MAX_TEXT], len: 0 }
    }

    /// Notes another text in place of the one before, as much of it as there is room for.
    pub(crate) fn set(&mut self, text: fmt::Arguments<'_>) {
        self.len = 0;
        let _ = self.write_fmt(text);
        // Cut texts end between two characters.
        while std::str::from_utf8(self.bytes.get(..self.len).unwrap_or(&[])).is_err() {
            self.len -= 1;
        }
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = 0;
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(self.bytes.get(..self.len).unwrap_or(&[])).unwrap_or("")
    }
}

std::thread_local! {
    // Without a destructor, so that it is there as long as its thread.
    static LAST: RefCell<Text> = const { RefCell::new(Text::new()) };
}

/// Notes a failure in words; gives its status. Never allocates by itself.
#[cold]
pub(crate) fn fail(status: keyviz_status, text: fmt::Arguments<'_>) -> keyviz_status {
    LAST.with(|last| {
        // Busy where a fault struck while a text was being written.
        if let Ok(mut last) = last.try_borrow_mut() {
            last.set(text);
        }
    });
    status
}

/// What the calling thread's last failed call said: what is wrong and what to do. At most 511 bytes of UTF-8.
///
/// Successful calls leave it as it is. Before the first failure it is empty.
///
/// Ownership: the text is the library's; it is good until the thread's next failed call, or its end.
/// Threads: any; each has its own.
/// Units: none.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_last_error() -> *const c_char {
    LAST.with(|last| last.as_ptr().cast::<c_char>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn last() -> String {
        // SAFETY: the text ends with a NUL and nothing on this thread changes it meanwhile.
        unsafe { CStr::from_ptr(keyviz_last_error()) }.to_str().unwrap().to_owned()
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        std::thread::spawn(|| {
            assert_eq!(last(), "");
            fail(keyviz_status::BadArgument, format_args!("a{}", "€".repeat(400)));
            assert!(last().len() > 500 && last().ends_with('€'));
            fail(keyviz_status::BadArgument, format_args!("a\0b"));
            assert_eq!(last(), "a b");
        })
        .join()
        .unwrap();
    }
}
