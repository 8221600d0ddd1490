//! What a client cannot do to the server, over raw sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod common;

use common::{Answer, HEALTHZ, MATRIX, STATUS, Server, sampled};
use keyviz_admin::{Admin, Limits};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn start(set: impl FnOnce(&mut Limits)) -> Server {
    let mut limits = Limits::default();
    set(&mut limits);
    Server::start(Admin::builder(Some(sampled())).limits(limits).build())
}

fn head(lines: &str) -> Vec<u8> {
    format!("GET {HEALTHZ} HTTP/1.1\r\nHost: localhost\r\n{lines}").into_bytes()
}

#[test]
fn a_head_over_its_bytes_is_431() {
    let server = start(|_| {});
    let pad = |n: usize| head(&format!("X-Pad: {}\r\nConnection: close\r\n\r\n", "x".repeat(n)));
    assert_eq!(server.raw(&pad(12 << 10)).status, 200);
    assert_eq!(server.raw(&pad(17 << 10)).status, 431);
    assert_eq!(server.raw(&pad(1 << 20)).status, 431);
    // One that never ends, too.
    let mut endless = head("X-Pad: ");
    endless.resize(1 << 20, b'x');
    assert_eq!(server.raw(&endless).status, 431);
    assert_eq!(server.get(HEALTHZ).status, 200);
}

#[test]
fn too_many_header_lines_are_431() {
    let server = start(|_| {});
    let lines = |n: usize| head(&format!("{}Connection: close\r\n\r\n", "A: b\r\n".repeat(n)));
    assert_eq!(server.raw(&lines(60)).status, 200);
    assert_eq!(server.raw(&lines(64)).status, 431);
}

#[test]
fn what_is_no_http_is_closed() {
    let server = start(|_| {});
    for noise in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        &[0; 100_000],
    ] {
        let answer = server.raw(noise);
        assert!(answer.status == 0 || (400..=505).contains(&answer.status), "{answer:?}");
    }
    assert_eq!(server.get(HEALTHZ).status, 200);
}

#[test]
fn a_head_that_trickles_is_cut_off() {
    let server = start(|limits| limits.header_read_ms = 200);
    let began = Instant::now();
    let mut slow = server.connect();
    // A byte every 20 ms: each one is progress, the head as a whole is late.
    let mut wrote = 0;
    for byte in head(&format!("X-Pad: {}", "x".repeat(1000))) {
        if slow.write_all(&[byte]).is_err() {
            break;
        }
        wrote += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(wrote < 500, "{wrote} bytes were taken");
    let _ = Answer::read(&mut slow);
    assert!(began.elapsed() < Duration::from_secs(15));
    // Connections that say nothing go the same way.
    let mut idle = server.connect();
    assert_eq!(Answer::read(&mut idle).status, 0);
    assert_eq!(server.get(HEALTHZ).status, 200);
}

#[test]
fn an_idle_connection_is_closed_after_its_answer() {
    let server = start(|limits| limits.header_read_ms = 200);
    let mut stream = server.connect();
    stream.write_all(&head("\r\n")).unwrap();
    // Reads until the server closes: without the limit this would never end.
    assert_eq!(Answer::read(&mut stream).status, 200);
}

#[test]
fn a_body_over_its_bytes_is_413() {
    let server = start(|_| {});
    let post = |length: usize, sent: usize| {
        let mut request = format!(
            "POST {MATRIX} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
        )
        .into_bytes();
        request.resize(request.len() + sent, b'x');
        server.raw(&request)
    };
    // A body within the limit is taken, and the method refused.
    assert_eq!(post(16 << 10, 16 << 10).status, 405);
    // A longer one is refused by what it announces, before it is there.
    let answer = post((16 << 10) + 1, 0);
    assert_eq!((answer.status, answer.error().as_str()), (413, "payload_too_large"));
    assert_eq!(answer.header("connection"), Some("close"));
    assert_eq!(post(usize::MAX / 4, 1000).status, 413);
    // A GET is no exception.
    let get = format!("GET {HEALTHZ} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n");
    assert_eq!(server.raw(get.as_bytes()).status, 413);
}

#[test]
fn a_chunked_body_is_counted_as_it_comes() {
    let server = start(|_| {});
    let mut stream = server.connect();
    stream
        .write_all(
            format!("POST {MATRIX} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n").as_bytes(),
        )
        .unwrap();
    let chunk = [b"1000\r\n".as_slice(), &[b'x'; 0x1000], b"\r\n"].concat();
    for _ in 0..5 {
        let _ = stream.write_all(&chunk);
    }
    assert_eq!(Answer::read(&mut stream).status, 413);
}

#[test]
fn a_body_that_does_not_come_is_408() {
    let server = start(|limits| limits.body_read_ms = 100);
    let began = Instant::now();
    let answer =
        server.raw(format!("POST {MATRIX} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc").as_bytes());
    assert_eq!((answer.status, answer.error().as_str()), (408, "request_timeout"));
    assert!(began.elapsed() < Duration::from_secs(5));
    let json = server.get(STATUS).json();
    assert_eq!((&json["admin"]["body_timeouts"], &json["admin"]["too_large"]), (&1.into(), &0.into()));
}

/// Waits until the server has taken in so many connections.
fn taken_in(server: &Server, open: &mut TcpStream, count: u64) {
    for _ in 0..500 {
        open.write_all(format!("GET {STATUS} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).unwrap();
        if keep_alive_json(open)["admin"]["connections"] == count {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("{} did not take in {count} connections", server.addr);
}

fn keep_alive_json(stream: &mut TcpStream) -> serde_json::Value {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let n = stream.read(&mut part).unwrap();
        assert!(n > 0);
        bytes.extend_from_slice(&part[..n]);
        let answer = Answer::parse(&bytes);
        if answer.header("content-length").is_some_and(|length| length == answer.body.len().to_string()) {
            return answer.json();
        }
    }
}

#[test]
fn one_connection_too_many_is_told_so_at_once() {
    let server = start(|limits| limits.max_connections = 4);
    let mut open: Vec<TcpStream> = (0..4).map(|_| server.connect()).collect();
    taken_in(&server, &mut open[0], 4);
    for _ in 0..20 {
        let began = Instant::now();
        let answer = server.get(HEALTHZ);
        assert_eq!((answer.status, answer.error().as_str()), (503, "busy"));
        assert_eq!((answer.header("connection"), answer.header("retry-after")), (Some("close"), Some("1")));
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(began.elapsed() < Duration::from_secs(2));
    }
    // Those that are in still work, and a place that is left is taken.
    taken_in(&server, &mut open[3], 24);
    drop(open.pop());
    let mut status = 503;
    for _ in 0..200 {
        status = server.get(HEALTHZ).status;
        if status == 200 {
            break;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(status, 200);
}

#[test]
fn a_thousand_connections_one_after_another_and_a_crowd_at_once() {
    let server = start(|limits| limits.max_connections = 8);
    for _ in 0..300 {
        assert_eq!(server.get(HEALTHZ).status, 200);
    }
    let crowd: Vec<TcpStream> = (0..200).map(|_| server.connect()).collect();
    drop(crowd);
    let answered = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        server.get(HEALTHZ).status == 200
    });
    assert!(answered, "the server did not recover from the crowd");
}

#[test]
fn a_client_that_takes_no_answer_loses_its_place() {
    let server = start(|limits| {
        limits.max_connections = 1;
        limits.write_stall_ms = 200;
    });
    let mut greedy = server.connect();
    greedy.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    // Asks for far more than the sockets' buffers hold, and reads nothing.
    let ask = b"GET /admin/ui/main.js HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(2_000);
    let mut asked = 0;
    while asked < 100 && greedy.write_all(&ask).is_ok() {
        asked += 1;
    }
    let free = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        server.get(HEALTHZ).status == 200
    });
    assert!(free, "a client that reads nothing keeps its place");
}

#[test]
fn shutdown_waits_for_nobody_for_long() {
    // With nobody there it is immediate.
    let server = start(|_| {});
    assert_eq!(server.get(HEALTHZ).status, 200);
    assert!(server.stop() < Duration::from_secs(1));
    // Idle connections are closed at once.
    let server = start(|_| {});
    let mut idle = server.connect();
    idle.write_all(&head("\r\n")).unwrap();
    let mut first = [0; 1];
    idle.read_exact(&mut first).unwrap();
    assert!(server.stop() < Duration::from_secs(1));
    // One in the middle of a request has the time of the limit and no more.
    let server = start(|limits| limits.shutdown_ms = 300);
    let mut stuck = server.connect();
    stuck.write_all(head_of_a_body(10).as_bytes()).unwrap();
    wait_for_continue(&mut stuck);
    let took = server.stop();
    assert!((Duration::from_millis(200)..Duration::from_secs(3)).contains(&took), "{took:?}");
}

#[test]
fn an_answer_under_way_is_finished_at_shutdown() {
    let server = start(|_| {});
    let mut stream = server.connect();
    stream.write_all(head_of_a_body(3).as_bytes()).unwrap();
    wait_for_continue(&mut stream);
    let finish = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        stream.write_all(b"abc").unwrap();
        Answer::read(&mut stream)
    });
    assert!(server.stop() < Duration::from_secs(3));
    assert_eq!(finish.join().unwrap().status, 405);
}

#[test]
fn many_pictures_at_once_are_all_answered_or_busy() {
    let server = start(|limits| {
        limits.max_builds = 1;
        limits.max_waiting_builds = 1;
    });
    let (mut good, mut busy) = (0, 0);
    std::thread::scope(|scope| {
        let asks: Vec<_> = (0..16).map(|_| scope.spawn(|| server.get(MATRIX))).collect();
        for ask in asks {
            let answer = ask.join().unwrap();
            match answer.status {
                200 => good += 1,
                _ => {
                    assert_eq!((answer.status, answer.error().as_str()), (503, "busy"));
                    busy += 1;
                }
            }
        }
    });
    assert!(good >= 1 && good + busy == 16);
    assert_eq!(server.get(MATRIX).status, 200);
}

/// The head of a request whose body is still to come.
fn head_of_a_body(bytes: usize) -> String {
    format!("POST {MATRIX} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {bytes}\r\nExpect: 100-continue\r\n\r\n")
}

/// Waits until the server asks for the body: it is in the middle of this request.
fn wait_for_continue(stream: &mut TcpStream) {
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
}
