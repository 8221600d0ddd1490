//! Who read keys on the page, told to the host.

use std::ffi::{CString, c_char, c_void};
use std::ptr;

use keyviz_admin::{Audited, Role};

use crate::callback::calling;

/// What a token opens.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum keyviz_role {
    /// All endpoints.
    Full = 0,
    /// Those that redact keys.
    Read = 1,
}

/// One answer of the page's with bytes of keys in it, or with what a redaction made of them. Never the keys themselves.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct keyviz_audited {
    /// `sizeof(keyviz_audited)` of the library: what it has beyond the host's is newer than that.
    pub size: usize,
    /// When it was answered, in Unix milliseconds.
    pub at_ms: u64,
    /// The time asked for, in Unix milliseconds; 0 is unbounded.
    pub from_ms: u64,
    /// The end of the time asked for; 0 is unbounded.
    pub to_ms: u64,
    /// How many different keys, or texts that may hold keys, the answer has; of a snapshot, two for each route.
    pub keys: u64,
    /// A name for the token that was shown, which tells nothing of it; NULL where none is asked for.
    pub token: *const c_char,
    /// Where the request came from, as `127.0.0.1:51515`, or NULL.
    pub address: *const c_char,
    /// The endpoint: `matrix`, `events`, `hotkeys`, `snapshot`, `top`, `names`.
    pub endpoint: *const c_char,
    /// The least key asked for, as 16 hex digits that tell equal keys and nothing else; NULL for the lowest.
    pub keys_from: *const c_char,
    /// The end of the keys asked for, likewise; NULL is unbounded.
    pub keys_to: *const c_char,
    /// What was shown of the keys: `none`, `prefix:8`, ...
    pub redaction: *const c_char,
    /// All of it as one line of `name=value`, for a log.
    pub line: *const c_char,
    /// A number of `keyviz_role`.
    pub role: u32,
    /// 0.
    pub reserved: u32,
}

/// Takes a record of an answer with keys in it; the record and its texts are good during the call.
///
/// It is called before the answer is sent, from keyviz's own threads, several at once for several requests. It must
/// return, and not by an exception or `longjmp`. It may observe, read and annotate; what starts, stops or closes something
/// is `in_callback`, and what the log would be told of its calls is not told.
pub type keyviz_audit_callback = Option<unsafe extern "C" fn(user_data: *mut c_void, record: *const keyviz_audited)>;

/// Where records go.
#[derive(Clone, Copy)]
pub(crate) struct Sink {
    pub(crate) callback: unsafe extern "C" fn(*mut c_void, *const keyviz_audited),
    pub(crate) user_data: *mut c_void,
}

// SAFETY: the pointer is the host's, which says that the callback may be called with it from any thread.
unsafe impl Send for Sink {}
// SAFETY: as above.
unsafe impl Sync for Sink {}

impl Sink {
    /// Tells the host.
    pub(crate) fn take(&self, audited: &Audited) {
        let text = |text: &str| CString::new(text).unwrap_or_default();
        let optional = |given: &Option<String>| given.as_deref().map(text);
        let at = |text: &Option<CString>| text.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        let address = audited.address.map(|address| text(&address.to_string()));
        let (token, from, to) = (optional(&audited.token), optional(&audited.keys_from), optional(&audited.keys_to));
        let (endpoint, redaction) = (text(audited.endpoint), text(&audited.redaction.to_string()));
        let line = text(&audited.to_string());
        let record = keyviz_audited {
            size: size_of::<keyviz_audited>(),
            at_ms: audited.at_unix_ms,
            from_ms: audited.from_unix_ms,
            to_ms: audited.to_unix_ms,
            keys: audited.keys as u64,
            token: at(&token),
            address: at(&address),
            endpoint: endpoint.as_ptr(),
            keys_from: at(&from),
            keys_to: at(&to),
            redaction: redaction.as_ptr(),
            line: line.as_ptr(),
            role: if audited.role == Role::Full { keyviz_role::Full } else { keyviz_role::Read } as u32,
            reserved: 0,
        };
        // SAFETY: the host gave both, said that they belong together, and keeps them good until the page has ended,
        // which waits for this call.
        calling(|| unsafe { (self.callback)(self.user_data, &raw const record) });
    }
}
