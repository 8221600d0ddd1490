//! The recorded cases of `http_params`, asked of the page that the C ABI serves.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test speaks by panicking"
)]
#![allow(unsafe_code, reason = "it calls what C calls; each pointer is of a value that outlives the call")]
#![allow(clippy::undocumented_unsafe_blocks, reason = "said above, once for all calls")]

mod common;

use std::ffi::c_char;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use common::{done, files};
use keyviz_ffi::*;
use serde_json::Value;

/// Route 1, undivided, with hot keys; with one sealed column, or with nothing flushed.
fn served(flushed: bool) -> (keyviz_sampler, u16) {
    let labels: Vec<*const c_char> =
        [c"dynamo", c"redis", c"s3", c"sqs", c"rawkv"].iter().map(|name| name.as_ptr()).collect();
    let mut config: keyviz_config = unsafe { std::mem::zeroed() };
    config.size = size_of::<keyviz_config>();
    let (mut kv, mut port) = (keyviz_sampler { bits: 0 }, 0);
    unsafe {
        done(keyviz_config_within(64 << 20, &mut config));
        (config.step_ms, config.hot_keys) = (1000, 1);
        (config.labels, config.label_count) = (labels.as_ptr(), labels.len() as u32);
        done(keyviz_open(&config, 1_700_000_400_000, &mut kv));
        done(keyviz_register(kv, 1, b"a".as_ptr().cast(), 1, std::ptr::null(), 0, 0, std::ptr::null_mut()));
        done(keyviz_observe(kv, 1, keyviz_op::Write as u32, b"b".as_ptr().cast(), 1, 0));
        if flushed {
            done(keyviz_flush(kv, 1_700_000_401_000));
        }
        done(keyviz_admin_start(kv, c"127.0.0.1:0".as_ptr(), std::ptr::null()));
        done(keyviz_admin_port(kv, &mut port));
    }
    (kv, port)
}

fn ask(port: u16, method: &str, target: &str) -> (u64, Value) {
    let mut page = TcpStream::connect(("127.0.0.1", port)).unwrap();
    page.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let request = format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    page.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    page.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap_or(Value::Null))
}

#[test]
fn recorded_cases() {
    let files = files("http_params");
    assert!(files.iter().map(|(name, _)| name).eq(["hotkeys", "matrix"]), "a file that is not asked here");
    let mut checked = 0;
    for (file, recorded) in &files {
        let (kv, port) = served(file == "matrix");
        for case in recorded["cases"].as_array().unwrap() {
            let member = |name: &str| case[name].as_str().unwrap();
            let (path, query) = (member("path"), member("query"));
            let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
            let (status, body) = ask(port, member("method"), &target);
            // The one allowance: hot keys of reads are there, too.
            let expected = match query {
                "route_id=1&series=reads" => (404, "no_snapshot"),
                _ => (case["status"].as_u64().unwrap(), member("error")),
            };
            assert_eq!(status, expected.0, "{case}: {body}");
            match expected.1 {
                "" => assert_eq!(body["column_unix_ms"].as_array().unwrap().len(), 1, "{case}"),
                code => assert_eq!(body["error"], code, "{case}"),
            }
            checked += 1;
        }
        done(keyviz_close(kv));
    }
    println!("{checked} cases");
    assert_eq!(checked, 34);
}
