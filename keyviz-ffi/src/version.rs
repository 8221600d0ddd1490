//! Which library this is.

use std::ffi::c_char;

/// The version of the ABI that this header is of. It grows with every addition; what is there stays as it is.
pub const KEYVIZ_ABI_VERSION: u32 = 2;

/// The version of the ABI that the linked library has; compare it with `KEYVIZ_ABI_VERSION`: at least as great is good.
///
/// Ownership: none.
/// Threads: any.
/// Units: a number that only grows.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_abi_version() -> u32 {
    KEYVIZ_ABI_VERSION
}

/// The version of the library, as text.
///
/// Ownership: the text is the library's and lives as long as it.
/// Threads: any.
/// Units: major.minor.patch.
/// Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast::<c_char>()
}
