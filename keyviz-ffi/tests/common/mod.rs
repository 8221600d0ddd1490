//! What the tests share that run recorded cases through the C ABI.
#![allow(dead_code, reason = "each test file uses its part")]

use std::ffi::CStr;
use std::path::PathBuf;

use keyviz_ffi::{keyviz_last_error, keyviz_status};
use serde_json::Value;

/// The recorded cases.
pub fn folder() -> PathBuf {
    match std::env::var_os("KEYVIZ_CONFORMANCE_DIR") {
        Some(dir) => dir.into(),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../conformance"),
    }
}

/// Name and content of each case of a category.
pub fn files(category: &str) -> Vec<(String, Value)> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder().join(category)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{category} holds no case");
    let read = |file: PathBuf| {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        (name, serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap())
    };
    files.into_iter().map(read).collect()
}

pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("not an unsigned number: {value}"))
}

/// The bytes of base64.
pub fn bytes(value: &Value) -> Vec<u8> {
    let (mut out, mut word, mut bits) = (Vec::new(), 0u32, 0);
    for letter in value.as_str().unwrap().bytes().filter(|byte| *byte != b'=') {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        word = word << 6 | alphabet.iter().position(|known| *known == letter).unwrap() as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((word >> bits) as u8);
        }
    }
    out
}

#[track_caller]
pub fn done(status: keyviz_status) {
    assert_eq!(status, keyviz_status::Ok, "{:?}", unsafe { CStr::from_ptr(keyviz_last_error()) });
}

/// An answer without the moment at which it was made.
pub fn without_instant(json: &str) -> Value {
    let mut value: Value = serde_json::from_str(json).unwrap();
    value.as_object_mut().unwrap().remove("generated_at");
    value
}
