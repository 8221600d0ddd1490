//! The router inside a host's own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod common;

use axum::Router;
use axum::routing::get;
use common::{HEALTHZ, MATRIX, STATUS, Server, sampled};
use keyviz_admin::{Admin, Token};

const SECRET: &str = "0123456789abcdef";

fn host_router(admin: &Admin) -> Router {
    Router::new()
        .route("/", get(|| async { "host" }))
        .route("/healthz", get(|| async { "host is well" }))
        .route("/admin/users", get(|| async { "users" }))
        .fallback(|| async { (axum::http::StatusCode::NOT_FOUND, "host's own 404") })
        .merge(admin.router())
}

#[test]
fn beside_a_hosts_routes_and_fallback() {
    let admin = Admin::builder(Some(sampled())).token(Some(Token::from_text(SECRET).unwrap())).build();
    let server = Server::start_router(host_router(&admin));
    for (path, text) in
        [("/", "host"), ("/healthz", "host is well"), ("/admin/users", "users"), ("/nothing", "host's own 404")]
    {
        let answer = server.get(path);
        assert_eq!(answer.text(), text);
        // Nothing of ours touches what is the host's.
        assert_eq!(answer.header("content-security-policy"), None, "{path}");
    }
    assert_eq!(server.get("/admin/").status, 200);
    assert_eq!(server.get(HEALTHZ).text(), "ok");
}

#[test]
fn the_layers_come_along() {
    let admin = Admin::builder(Some(sampled())).token(Some(Token::from_text(SECRET).unwrap())).build();
    let server = Server::start_router(host_router(&admin));
    let token = format!("Authorization: Bearer {SECRET}\r\n");
    assert_eq!(server.get(MATRIX).error(), "unauthorized");
    let answer = server.request("GET", MATRIX, &token);
    assert_eq!((answer.status, answer.header("x-content-type-options")), (200, Some("nosniff")));
    let spoofed =
        server.raw(format!("GET {STATUS} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n").as_bytes());
    assert_eq!(spoofed.error(), "forbidden_host");
    assert_eq!(
        server.request("POST", MATRIX, &format!("{token}Content-Length: 99999\r\n")).error(),
        "payload_too_large"
    );
    assert_eq!(server.request("POST", MATRIX, &token).error(), "method_not_allowed");
    assert_eq!(server.request("GET", "/admin/api/v1/keyviz/nothing", &token).error(), "not_found");
    // The host's own routes take any host name.
    let host = server.raw(b"GET / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n");
    assert_eq!(host.text(), "host");
}

#[test]
fn under_a_prefix() {
    let admin = Admin::builder(Some(sampled())).build();
    let server = Server::start_router(Router::new().nest("/inside", admin.router()));
    assert_eq!(server.get(&format!("/inside{MATRIX}")).status, 200);
    assert_eq!(server.get("/inside/admin/").status, 200);
    assert_eq!(server.get("/inside/admin").header("location"), Some("admin/"));
}

#[test]
fn two_samplers_in_one_host() {
    let (one, two) = (Admin::builder(Some(sampled())).title("one").build(), Admin::builder(None).title("two").build());
    let server = Server::start_router(Router::new().nest("/1", one.router()).nest("/2", two.router()));
    assert_eq!(server.get(&format!("/1{STATUS}")).json()["title"], "one");
    assert_eq!(server.get(&format!("/2{MATRIX}")).error(), "keyviz_disabled");
}
