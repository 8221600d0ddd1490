//! The page, from inside the host.

use std::ffi::{c_char, c_void};
use std::net::SocketAddr;
use std::sync::Arc;

use keyviz_admin::{Access, Admin, Background, BackgroundError, Limits, Token};
use keyviz_core::KeyNames;

use crate::audit::{Sink, keyviz_audit_callback};
use crate::callback::not_in_callback;
use crate::fence::fenced;
use crate::fork::OfPage;
use crate::guest;
use crate::input::{items, optional_text, out, text};
use crate::last_error::fail;
use crate::room;
use crate::sampler::{Host, keyviz_sampler, lock, pinned};
use crate::sized::{self, Sized_};
use crate::status::keyviz_status;

/// How the page is served. All zero but for `size` is good on loopback.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct keyviz_admin_options {
    /// `sizeof(keyviz_admin_options)`.
    pub size: usize,
    /// What the page calls the engine; NULL is "keyviz". All texts are the host's, and copied.
    pub title: *const c_char,
    /// The bearer token of role full: 16 to 512 visible ASCII characters; NULL asks for none.
    pub token: *const c_char,
    /// That of role read; NULL: nobody has that role.
    pub read_token: *const c_char,
    /// What role full sees of keys: `none`, `prefix:N`, `hmac`, `hex`; NULL is `none`.
    pub redaction: *const c_char,
    /// What role read sees of them; NULL is `prefix:8`.
    pub read_redaction: *const c_char,
    /// The command that splits a range, as `mydb split --region {route} --at {key}`; NULL shows none.
    pub split_template: *const c_char,
    /// Host names that requests may carry besides the loopback names.
    pub allowed_hosts: *const *const c_char,
    /// How many they are.
    pub allowed_host_count: usize,
    /// Bytes of answers for all requests together; beyond them 503 `busy`. 0 is 128 MiB.
    pub memory_bytes: u64,
    /// Connections at once; the next one gets 503 `busy`. 0 is 64.
    pub max_connections: u32,
    /// Not 0: listens beyond loopback without a token. Everyone who reaches it can read keys and load.
    pub insecure_no_auth: u32,
    /// Gets a record of each answer that has keys in it; NULL: they are only counted (`audited` in `/status`).
    pub audit: keyviz_audit_callback,
    /// What it is called with: the host's, good until the page has ended.
    pub audit_data: *mut c_void,
}

// SAFETY: `repr(C)`; a `usize` first; eight-byte fields, two of four, and eight-byte fields, so without padding; numbers
// and pointers, of which any bytes are a value as the host's word is that the callback is one.
unsafe impl Sized_ for keyviz_admin_options {
    const LEAST: usize = 88;
}

const _: () = assert!(size_of::<keyviz_admin_options>() == 104);

const NOTHING: keyviz_admin_options = keyviz_admin_options {
    size: size_of::<keyviz_admin_options>(),
    title: std::ptr::null(),
    token: std::ptr::null(),
    read_token: std::ptr::null(),
    redaction: std::ptr::null(),
    read_redaction: std::ptr::null(),
    split_template: std::ptr::null(),
    allowed_hosts: std::ptr::null(),
    allowed_host_count: 0,
    memory_bytes: 0,
    max_connections: 0,
    insecure_no_auth: 0,
    audit: None,
    audit_data: std::ptr::null_mut(),
};

/// The page at work.
pub(crate) struct Page {
    background: Background,
    admin: Admin,
}

impl Page {
    pub(crate) fn set_key_names(&self, names: KeyNames) {
        self.admin.set_key_names(names);
    }

    /// Faults of its thread.
    pub(crate) fn faults(&self) -> u64 {
        self.background.faults()
    }

    /// Has its thread meet one, for the test.
    #[cfg(feature = "fault")]
    pub(crate) fn plant_fault(&self) {
        self.admin.plant_fault();
    }
}

fn token(given: Option<&str>, name: &str) -> Result<Option<Token>, keyviz_status> {
    let token = given.map(Token::from_text).transpose();
    token.map_err(|error| fail(keyviz_status::BadToken, format_args!("{name}: {error}")))
}

fn option<T: std::str::FromStr<Err: std::fmt::Display>>(
    given: Option<&str>,
    name: &str,
) -> Result<Option<T>, keyviz_status> {
    let parsed = given.map(str::parse).transpose();
    parsed.map_err(|error| fail(keyviz_status::BadOption, format_args!("{name}: {error}")))
}

/// # Safety
/// The texts are good.
unsafe fn access(given: &keyviz_admin_options) -> Result<Access, keyviz_status> {
    let mut access = Access::default();
    // SAFETY: the caller's word, for each.
    unsafe {
        access.full = token(optional_text(given.token, "token")?, "token")?;
        access.read = token(optional_text(given.read_token, "read_token")?, "read_token")?;
        if let Some(redaction) = option(optional_text(given.redaction, "redaction")?, "redaction")? {
            access.redaction = redaction;
        }
        if let Some(redaction) = option(optional_text(given.read_redaction, "read_redaction")?, "read_redaction")? {
            access.read_redaction = redaction;
        }
    }
    access.check().map_err(|error| fail(keyviz_status::BadToken, format_args!("token and read_token: {error}")))?;
    Ok(access)
}

/// # Safety
/// `options` is NULL or of as many bytes as it says, with good texts.
unsafe fn admin(host: &Host, options: *const keyviz_admin_options) -> Result<Admin, keyviz_status> {
    // SAFETY: the caller's word, where it is not NULL.
    let given = if options.is_null() { NOTHING } else { unsafe { sized::read(options, NOTHING, "options") }? };
    let mut limits = Limits::default();
    if given.memory_bytes > 0 {
        limits.memory_bytes = usize::try_from(given.memory_bytes).unwrap_or(usize::MAX);
    }
    if given.max_connections > 0 {
        limits.max_connections = given.max_connections as usize;
    }
    let mut hosts = Vec::new();
    // SAFETY: the caller's word, for each.
    let (access, title, template) = unsafe {
        for name in items(given.allowed_hosts, given.allowed_host_count, "allowed_hosts")? {
            hosts.push(text(*name, "an allowed host")?.to_owned());
        }
        let template = optional_text(given.split_template, "split_template")?;
        (access(&given)?, optional_text(given.title, "title")?, option(template, "split_template")?)
    };
    let mut admin = Admin::builder(Some(host.reader.clone()))
        .access(access)
        .title(title.unwrap_or("keyviz"))
        .limits(limits)
        .allowed_hosts(hosts)
        .split_template(template)
        .open_to_network(given.insecure_no_auth != 0);
    if let Some(flusher) = lock(&host.flusher).as_ref() {
        admin = admin.flush_timings(flusher.timings());
    }
    if let Some((history, _)) = lock(&host.history).as_ref() {
        admin = admin.history_state(history.state());
    }
    if let Some(names) = lock(&host.names).as_ref() {
        admin = admin.key_names(names.as_ref().clone());
    }
    if let Some(callback) = given.audit {
        let sink = Sink { callback, user_data: given.audit_data };
        admin = admin.audit(move |audited| sink.take(audited));
    }
    #[cfg(feature = "fault")]
    #[expect(clippy::panic, reason = "the fault that a test asks for")]
    let admin = admin.audit(|_| panic!("a fault for the test"));
    Ok(admin.build())
}

fn not_started(error: BackgroundError) -> keyviz_status {
    let status = match &error {
        // In words of this interface: a host has options where a program has flags.
        BackgroundError::Refused(_) => {
            return fail(
                keyviz_status::AddressRefused,
                format_args!(
                    "refusing to listen beyond loopback without a token; set token or read_token in the options, listen on \
                     127.0.0.1, or set insecure_no_auth"
                ),
            );
        }
        BackgroundError::Listen { .. } => keyviz_status::ListenFailed,
        _ => keyviz_status::NoThread,
    };
    fail(status, format_args!("{error}"))
}

/// Serves the page and its API from inside the host, at `http://ADDRESS/admin/`. Start the flusher too, or flush.
///
/// It runs on two threads, `keyviz-page` for requests and `keyviz-blocking` for pictures, and on one more while a
/// snapshot is sent. They block all signals and have niceness 10. It prints nothing and opens no file; its descriptors
/// are close-on-exec, and children of a fork close them. At its limits of memory and connections it answers 503 `busy`. A
/// fault of its thread ends the connections there are and is counted (`page_faults`); it begins anew at the same address,
/// eight times at the most, and is gone then until it is stopped and started. A beginning that the system has no
/// descriptors for is one of the eight. Whether it is gone `keyviz_admin_port` tells.
///
/// Ownership: it is the sampler's, and ends with it. Texts are the host's, and copied; `options` may be NULL.
/// Threads: any.
/// Units: `address` is an IP address with a port, as `127.0.0.1:8765` or `[::1]:0`; port 0 is any that is free.
/// Errors: those of the handle; `null_pointer`, `bad_struct_size`, `bad_text`, `bad_address`, `bad_token`, `bad_option`;
/// `address_refused` beyond loopback without a token; `listen_failed`, `already_running`, `no_thread`,
/// `out_of_memory`, `in_callback`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_admin_start(
    sampler: keyviz_sampler,
    address: *const c_char,
    options: *const keyviz_admin_options,
) -> keyviz_status {
    fenced(|| {
        room::for_threads(4)?;
        not_in_callback()?;
        let host = pinned(sampler)?;
        // SAFETY: the caller's word.
        let address = unsafe { text(address, "address") }?;
        let address: SocketAddr = address.parse().map_err(|_| {
            fail(
                keyviz_status::BadAddress,
                format_args!("{address}: give an IP address with a port, as 127.0.0.1:8765"),
            )
        })?;
        // From here on nobody sets names that the page would not get.
        let mut page = lock(&host.page);
        // SAFETY: the caller's word.
        let admin = unsafe { admin(&host, options) }?;
        if page.is_some() {
            return Err(fail(keyviz_status::AlreadyRunning, format_args!("the page is served already")));
        }
        let told = Arc::new(OfPage);
        let started = guest::starting(|| Background::start_telling(address, admin.clone(), told));
        let background = started.map_err(|error| crate::flush::no_thread(&error))?.map_err(not_started)?;
        *page = Some(Page { background, admin });
        Ok(())
    })
}

/// Tells the port that the page is served on.
///
/// Ownership: `port` is the host's.
/// Threads: any.
/// Units: 1 to 65 535.
/// Errors: those of the handle; `null_pointer`; `not_running`, also where faults have ended it for good, or it had nothing to
/// begin anew with.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_admin_port(sampler: keyviz_sampler, port: *mut u16) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        // SAFETY: the caller's word.
        let port = unsafe { out(port, "port") }?;
        match lock(&host.page).as_ref() {
            Some(page) if !page.background.has_failed() => port.write(page.background.address().port()),
            Some(_) => {
                let gone = format_args!(
                    "the page met too many faults, or nothing was left to begin anew with, and is gone; stop it, and \
                     start it anew"
                );
                return Err(fail(keyviz_status::NotRunning, gone));
            }
            None => return Err(not_running()),
        };
        Ok(())
    })
}

fn not_running() -> keyviz_status {
    fail(keyviz_status::NotRunning, format_args!("the page is not served"))
}

/// Ends the page. Answers under way have 5 seconds; its threads, descriptors and memory are gone when it returns.
///
/// Ownership: none.
/// Threads: any; see above.
/// Units: none.
/// Errors: those of the handle; `not_running`, `in_callback`.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_admin_stop(sampler: keyviz_sampler) -> keyviz_status {
    fenced(|| {
        not_in_callback()?;
        let host = pinned(sampler)?;
        match host.take_page() {
            Some(page) => drop(page),
            None => return Err(not_running()),
        }
        Ok(())
    })
}
