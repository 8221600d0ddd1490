//! `/cell`: by keys or by route, of one node and of several, it is one cell.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod common;

use common::{CELL, Server, T0, base64url};
use keyviz_admin::{Access, Admin, Node, Redaction, Token};
use keyviz_core::{Config, Labels, Op, Partition, RouteId, Sampler, Tiers};
use serde_json::Value;

const STEP_MS: u64 = 1_000;
const LARGE: u64 = u64::MAX - 1;

/// Three routes of four divisions, with labels and groups; the second gets other bounds on the way.
fn sampler(groups: [u64; 3]) -> Sampler {
    let mut config = Config::default();
    (config.step_ms, config.sub_buckets, config.prefault) = (STEP_MS, 4, false);
    (config.history_columns, config.tiers) = (100, Tiers::NONE);
    config.labels = Labels::new(&["redis", "s3"]).unwrap();
    let sampler = Sampler::new(config, T0).unwrap();
    let bounds: [(&[u8], Option<&[u8]>); 3] = [(b"a", Some(b"h")), (b"h", Some(b"p")), (b"p", None)];
    for ((route, (start, end)), group) in [1, 2, LARGE].into_iter().zip(bounds).zip(groups) {
        sampler.register(RouteId(route), start, end, group).unwrap();
        if group > 0 {
            sampler.set_term(group, 5);
        }
    }
    let labels = [None, Some(sampler.label("redis")), Some(sampler.label("s3"))];
    for window in 1..=12u64 {
        if window == 7 {
            sampler.remove(RouteId(2));
            sampler.register(RouteId(2), b"h", Some(b"o"), groups[1]).unwrap();
        }
        for (at, key) in (1..).zip([b"a1", b"c9", b"e5", b"h0", b"j7", b"n9", b"p1", b"zz"]) {
            let route = RouteId(if at <= 3 {
                1
            } else if at <= 6 {
                2
            } else {
                LARGE
            });
            for label in labels {
                (0..(window * at) % 5).for_each(|_| match label {
                    Some(label) => sampler.observe_labelled(route, label, Op::Write, key, 3),
                    None => sampler.observe(route, Op::Write, key, 3),
                });
            }
            sampler.observe(route, Op::Read, key, 3);
        }
        sampler.flush(T0 + window * STEP_MS);
    }
    sampler
}

fn servers(sampler: &Sampler) -> [Server; 2] {
    let nodes = ["one", "two"].map(|name| Node::new(name, sampler.reader())).to_vec();
    [
        Server::start(Admin::builder(Some(sampler.reader())).build()),
        Server::start(Admin::of_nodes(nodes).unwrap().build()),
    ]
}

fn cell(server: &Server, query: &str) -> Value {
    let answer = server.get(&format!("{CELL}?{query}"));
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()
}

fn value(cell: &Value) -> u64 {
    cell["value"].as_u64().unwrap()
}

#[test]
fn by_its_keys_or_by_its_id_a_route_is_one_cell() {
    for groups in [[0, 0, 0], [7, 8, 9]] {
        let sampler = sampler(groups);
        for (several, server) in servers(&sampler).into_iter().enumerate() {
            for series in ["writes", "reads", "ops", "write_bytes"] {
                for label in ["", "&label=redis", "&label=s3"] {
                    let ask = |whose: &str| cell(&server, &format!("series={series}{label}&{whose}"));
                    for (route, start, end) in [(1, &b"a"[..], Some(&b"h"[..])), (LARGE, b"p", None)] {
                        let end = end.map_or(String::new(), |end| format!("&end={}", base64url(end)));
                        let of_keys = ask(&format!("start={}{end}", base64url(start)));
                        let of_route = ask(&format!("route_id={route}"));
                        assert_eq!(of_route, of_keys, "{groups:?} {several} {series} {label} {route}");
                        assert_eq!(of_route["estimated"], false);
                        assert_eq!(of_route["columns"], 12);
                        // Its divisions are all of it, and each is its keys.
                        let mut sum = 0;
                        for sub in 0..4 {
                            let (start, end) = sampler.sub_bucket_bounds(RouteId(route), sub).unwrap();
                            let end = end.map_or(String::new(), |end| format!("&end={}", base64url(&end)));
                            let of_division = ask(&format!("route_id={route}&sub_bucket={sub}"));
                            assert_eq!(of_division, ask(&format!("start={}{end}", base64url(&start))), "{route} {sub}");
                            sum += value(&of_division);
                        }
                        assert_eq!(sum, value(&of_route));
                    }
                    // Whatever bounds it had, and nothing of others.
                    let all: u64 = [1, 2, LARGE].iter().map(|route| value(&ask(&format!("route_id={route}")))).sum();
                    assert_eq!(all, value(&ask("")), "{groups:?} {several} {series} {label}");
                    assert!(all > 0 || (series == "reads" && !label.is_empty()), "{series} {label}");
                }
            }
            // An id that nobody has, and a division that there is not, counted nothing.
            for nobody in ["route_id=77", "route_id=1&sub_bucket=4", "route_id=1&sub_bucket=4294967295"] {
                let cell = cell(&server, nobody);
                assert_eq!(
                    (value(&cell), &cell["columns"], &cell["missing"]),
                    (0, &12.into(), &false.into()),
                    "{cell}"
                );
            }
            let both = server.get(&format!("{CELL}?route_id=1&start=YQ"));
            assert_eq!((both.status, both.error().as_str()), (400, "invalid_query"));
            assert_eq!(both.json()["message"], "route_id: give it, or start and end, not both");
        }
    }
}

/// Rows by route, stretch by stretch, give what all time gives at once.
#[test]
fn a_part_of_the_time_is_the_sum_of_its_columns() {
    for groups in [[0, 0, 0], [7, 8, 9]] {
        let sampler = sampler(groups);
        for server in servers(&sampler) {
            for whose in ["", "&route_id=2", "&start=Yw&end=bQ"] {
                let of = |from: u64, to: u64| {
                    let (from_ms, to_ms) = (T0 + from * STEP_MS, T0 + to * STEP_MS + 1);
                    cell(&server, &format!("from_unix_ms={from_ms}&to_unix_ms={to_ms}{whose}"))
                };
                let single: u64 = (3..=9).map(|window| value(&of(window, window))).sum();
                let cell = of(3, 9);
                assert_eq!((value(&cell), &cell["columns"]), (single, &7.into()), "{groups:?} {whose}");
            }
        }
    }
}

/// Of ranges of the core's own making ids are made of bounds: who sees others may not ask with guessed ones.
#[test]
fn ids_of_ranges_are_no_oracle() {
    const READ: &str = "read-0123456789abcdef";
    let mut config = Config::default();
    (config.step_ms, config.partition, config.prefault) = (STEP_MS, Partition::Auto { ranges: 16 }, false);
    let sampler = Sampler::new(config, T0).unwrap();
    for window in 1..=4 {
        (0..400u32).for_each(|at| sampler.observe_key(Op::Write, format!("tenant/secret/{at:03}").as_bytes(), 1));
        sampler.flush(T0 + window * STEP_MS);
    }
    let row = sampler.reader().matrix(&keyviz_core::MatrixQuery::default()).rows[0].clone();
    let id = row.bucket_id.route().unwrap().0;
    let access = Access {
        full: Some(Token::from_text("full-0123456789abcdef").unwrap()),
        read: Some(Token::from_text(READ).unwrap()),
        read_redaction: Redaction::Prefix(4),
        ..Access::default()
    };
    let server = Server::start(Admin::builder(Some(sampler.reader())).access(access).build());
    let ask = |token: &str, id: u64| {
        server.request("GET", &format!("{CELL}?route_id={id}"), &format!("Authorization: Bearer {token}\r\n"))
    };
    assert!(value(&ask("full-0123456789abcdef", id).json()) > 0);
    let (right, wrong) = (ask(READ, id), ask(READ, id ^ 1));
    assert_eq!((right.status, right.error().as_str()), (400, "invalid_query"));
    assert!(right.text().contains("route_id: ids of ranges are redacted here (prefix:4)"), "{}", right.text());
    assert_eq!(right.text(), wrong.text());
}
