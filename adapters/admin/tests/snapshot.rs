//! `/snapshot`: what the file has is what `/matrix` shows.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail by panicking")]

mod common;

use common::*;
use keyviz_admin::{Admin, Token, read_snapshot};
use keyviz_core::{Config, Op, RouteId, Sampler, Scan, Series};
use std::io::{Read, Write};

const SNAPSHOT: &str = "/admin/api/v1/keyviz/snapshot";

/// Several hundred thousand cells: some megabytes of snapshot.
fn large() -> Sampler {
    let mut config = Config::default();
    (config.step_ms, config.max_routes, config.max_known_routes) = (1_000, 2_000, 0);
    config.history_columns = 200;
    let sampler = Sampler::new(config, T0).unwrap();
    let mut noise = 7u64;
    for route in 0..2_000u64 {
        sampler.register(RouteId(route), &route.to_be_bytes(), Some(&(route + 1).to_be_bytes()), 0).unwrap();
    }
    let recorder = sampler.recorder();
    for column in 1..=120 {
        for route in 0..2_000u64 {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            recorder.observe_many(RouteId(route), Op::Write, &route.to_be_bytes(), noise >> 50, 1 + (noise >> 58));
            recorder.observe_many(RouteId(route), Op::Read, &route.to_be_bytes(), noise >> 52, noise >> 60);
        }
        let routes: Vec<RouteId> = (0..9).map(RouteId).collect();
        recorder.observe_scan_routes(&routes, &Scan::new(&[0; 8], Some(&[0, 0, 0, 0, 0, 0, 0, 9]), 4));
        recorder.observe(RouteId(1 << 40), Op::Write, b"", 1);
        sampler.flush(T0 + column * 1_000);
    }
    sampler
}

#[test]
fn its_totals_are_those_of_the_matrix() {
    let sampler = large();
    let server = Server::start(Admin::builder(Some(sampler.reader())).build());
    let answer = server.get(SNAPSHOT);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/zstd")));
    let name = answer.header("content-disposition").unwrap();
    assert!(name.starts_with("attachment; filename=\"keyviz-1") && name.ends_with(".snapshot.zst\""), "{name}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let bytes = unchunked(&answer.body);
    let snapshot = read_snapshot(&bytes[..], 64 << 20).unwrap();
    assert_eq!((snapshot.columns().count(), snapshot.step_ms()), (120, 1_000));
    for series in Series::ALL {
        let json = server.get(&format!("{MATRIX}?series={}&open=1&rows=1", series.name())).json();
        let sum = |value: &serde_json::Value| -> u64 {
            value.as_array().unwrap().iter().map(|value| value.as_u64().unwrap()).sum()
        };
        let shown = sum(&json["rows"][0]["values"]) + sum(&json["cut"]["values"]);
        assert_eq!(snapshot.recorded().get(series), shown, "{series:?}");
        assert_eq!(snapshot.unattributed().get(series), sum(&json["unattributed"]), "{series:?}");
    }
    // And whoever opens it sees what the page shows.
    let query = keyviz_core::MatrixQuery { open: true, ..keyviz_core::MatrixQuery::default() };
    assert_eq!(snapshot.reader().unwrap().matrix(&query), sampler.reader().matrix(&query));
}

#[test]
fn who_may_ask_and_how() {
    let token = Token::from_text("secret-secret-secret-secret-secret").unwrap();
    let server = Server::start(Admin::builder(Some(sampled())).token(Some(token)).build());
    assert_eq!(server.get(SNAPSHOT).status, 401);
    let bearer = "Authorization: Bearer secret-secret-secret-secret-secret\r\n";
    let head = server.request("HEAD", SNAPSHOT, bearer);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(server.request("POST", SNAPSHOT, bearer).error(), "method_not_allowed");
    let server = Server::start(Admin::builder(None).build());
    assert_eq!((server.get(SNAPSHOT).status, server.get(SNAPSHOT).error()), (503, "keyviz_disabled".to_owned()));
}

#[test]
fn a_slow_client_keeps_nobody_else_waiting() {
    let sampler = large();
    let server = Server::start(Admin::builder(Some(sampler.reader())).build());
    let mut slow = server.connect();
    write!(slow, "GET {SNAPSHOT} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut first = [0; 1000];
    slow.read_exact(&mut first).unwrap();
    // One at a time, and that one is under way; everything else goes on.
    let second = server.get(SNAPSHOT);
    assert_eq!((second.status, second.error()), (503, "busy".to_owned()));
    for _ in 0..4 {
        assert_eq!(server.get(MATRIX).status, 200);
    }
    sampler.flush(T0 + 121_000);
    // It still gets all of it.
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).unwrap();
    let answer = Answer::parse(&[&first[..], &rest].concat());
    let snapshot = read_snapshot(&unchunked(&answer.body)[..], 64 << 20).unwrap();
    assert!(snapshot.columns().count() >= 120);
    // And a client that goes leaves the turn to the next, soon.
    let mut gone = server.connect();
    write!(gone, "GET {SNAPSHOT} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    gone.read_exact(&mut first).unwrap();
    drop(gone);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while server.get(SNAPSHOT).status != 200 {
        assert!(std::time::Instant::now() < deadline, "the turn never ends");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
