//! Who may ask: hosts and tokens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod common;

use common::{EVENTS, HEALTHZ, MATRIX, NAMES, STATUS, Server, TOP, sampled};
use keyviz_admin::{Admin, Token};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn with_token() -> Server {
    Server::start(Admin::builder(Some(sampled())).token(Some(Token::from_text(SECRET).unwrap())).build())
}

#[test]
fn the_api_asks_for_the_token_and_the_page_does_not() {
    let server = with_token();
    for path in [MATRIX, STATUS, EVENTS, TOP, NAMES, "/admin/api/v1/keyviz/nothing"] {
        for header in [
            "",
            "Authorization: Bearer wrong-wrong-wrong-wrong\r\n",
            "Authorization: Bearer\r\n",
            &format!("Authorization: Basic {SECRET}\r\n"),
            &format!("Authorization: Bearer {SECRET}x\r\n"),
            &format!("Authorization: Bearer {}\r\n", &SECRET[1..]),
            &format!("Authorization: Bearer {SECRET}\r\nAuthorization: Bearer {SECRET}\r\n"),
            &format!("X-Authorization: Bearer {SECRET}\r\n"),
            &format!("Cookie: token={SECRET}\r\n"),
        ] {
            let answer = server.request("GET", path, header);
            assert_eq!((answer.status, answer.error().as_str()), (401, "unauthorized"), "{path} {header}");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"keyviz\""));
            assert!(!answer.text().contains(SECRET) && !answer.text().contains("wrong-wrong"));
        }
        // A token in the query is not read: it would stand in logs.
        assert_eq!(server.get(&format!("{path}?token={SECRET}")).status, 401);
    }
    for path in ["/admin/", "/admin/ui/main.js", HEALTHZ, "/healthz"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
}

#[test]
fn the_right_token_opens_it() {
    let server = with_token();
    for header in [format!("Authorization: Bearer {SECRET}\r\n"), format!("authorization: bearer  {SECRET} \r\n")] {
        assert_eq!(server.request("GET", MATRIX, &header).status, 200, "{header}");
    }
    let header = format!("Authorization: Bearer {SECRET}\r\n");
    assert_eq!(server.request("POST", MATRIX, &header).status, 405);
    assert_eq!(server.request("GET", "/admin/api/v1/keyviz/nothing", &header).status, 404);
    assert_eq!(server.get(STATUS).status, 401);
    assert_eq!(server.request("GET", STATUS, &header).json()["admin"]["unauthorized"], 1);
}

#[test]
fn no_token_configured_asks_for_none() {
    let server = Server::start(Admin::builder(Some(sampled())).build());
    assert_eq!(server.request("GET", MATRIX, "Authorization: Bearer whatever\r\n").status, 200);
}

fn host(server: &Server, target: &str, host: &str) -> u16 {
    let answer = server.raw(format!("GET {target} HTTP/1.1\r\n{host}Connection: close\r\n\r\n").as_bytes());
    if answer.status == 403 {
        assert_eq!(answer.error(), "forbidden_host");
        assert!(!answer.text().contains("evil"));
    }
    answer.status
}

#[test]
fn only_loopback_names_and_allowed_hosts() {
    let server = Server::start(
        Admin::builder(Some(sampled())).allowed_hosts(vec!["keyviz.example".into(), "db1:9".into()]).build(),
    );
    let port = server.addr.port();
    for good in ["localhost", "127.0.0.1", "[::1]", "keyviz.example", "KEYVIZ.example:443", "db1:9"] {
        for path in [MATRIX, "/admin/", HEALTHZ] {
            assert_eq!(host(&server, path, &format!("Host: {good}\r\n")), 200, "{good}");
        }
    }
    assert_eq!(host(&server, MATRIX, &format!("Host: localhost:{port}\r\n")), 200);
    // Every path, also those without a token and those that do not exist.
    for path in [MATRIX, STATUS, HEALTHZ, "/admin/", "/admin/ui/main.js", "/", "/nothing"] {
        for bad in [
            "evil.example",
            "evil.example:80",
            "localhost.evil.example",
            "db1",
            "localhost@evil.example",
            "",
            "10.0.0.1",
        ] {
            assert_eq!(host(&server, path, &format!("Host: {bad}\r\n")), 403, "{path} {bad}");
        }
    }
    // None, two of them, and one in the target that differs.
    assert_eq!(host(&server, MATRIX, ""), 403);
    assert_eq!(host(&server, MATRIX, "Host: localhost\r\nHost: evil.example\r\n"), 403);
    assert_eq!(host(&server, MATRIX, "Host: localhost\r\nHost: localhost\r\n"), 403);
    assert_eq!(host(&server, &format!("http://evil.example{MATRIX}"), "Host: localhost\r\n"), 403);
    assert_eq!(host(&server, &format!("http://localhost{MATRIX}"), "Host: evil.example\r\n"), 403);
    assert_eq!(host(&server, &format!("http://localhost{MATRIX}"), "Host: localhost\r\n"), 200);
    assert!(server.get(STATUS).json()["admin"]["forbidden_hosts"].as_u64().unwrap() > 40);
}

#[test]
fn a_rebound_name_is_refused_before_the_token_is_looked_at() {
    let server = with_token();
    let request = format!(
        "GET {MATRIX} HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer {SECRET}\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(server.raw(request.as_bytes()).status, 403);
}

/// The library refuses as the binary does: an open door has to be asked for.
#[tokio::test]
async fn serve_refuses_the_network_without_a_token() {
    let serve = async |builder: keyviz_admin::AdminBuilder| {
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        keyviz_admin::serve(listener, builder.build(), std::future::ready(())).await
    };
    let refused = serve(keyviz_admin::Admin::builder(None)).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::PermissionDenied);
    assert!(refused.to_string().contains("without a token"), "{refused}");
    serve(keyviz_admin::Admin::builder(None).open_to_network(true)).await.unwrap();
    let token = keyviz_admin::Token::from_text("0123456789abcdef0123456789abcdef").unwrap();
    serve(keyviz_admin::Admin::builder(None).token(Some(token))).await.unwrap();
}
