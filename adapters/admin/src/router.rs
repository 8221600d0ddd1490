//! Paths to handlers, and the layers around them.

use crate::error::{method_not_allowed, not_found};
use crate::{
    Admin, BASE_PATH, auth, body, cell, events, fence, headers, health, host, hot_keys, matrix, names, page, snapshot,
    status, time_limit, top,
};
use axum::Router;
use axum::handler::Handler;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, any, get};

/// For a host's own router: no fallback, nothing outside `/admin`.
pub(crate) fn mounted(admin: &Admin) -> Router {
    // Layers of the routes alone: a host's own 404 stays its own.
    routes(admin)
        .route_layer(from_fn_with_state(admin.clone(), body::limit_body))
        .route_layer(from_fn_with_state(admin.clone(), time_limit::limit_time))
        .route_layer(from_fn_with_state(admin.clone(), host::check_host))
        .route_layer(from_fn_with_state(admin.clone(), fence::fence))
        .route_layer(from_fn(headers::set_headers))
        .with_state(admin.clone())
}

/// For a server that is all ours: `/` leads to the page, and every other path is a 404 of ours.
pub(crate) fn standalone(admin: &Admin) -> Router {
    routes(admin)
        .route("/", only_get(page::to_page))
        .route("/healthz", only_get(health::healthz))
        .fallback(not_found)
        .layer(from_fn_with_state(admin.clone(), body::limit_body))
        .layer(from_fn_with_state(admin.clone(), time_limit::limit_time))
        .layer(from_fn_with_state(admin.clone(), host::check_host))
        .layer(from_fn_with_state(admin.clone(), fence::fence))
        .layer(from_fn(headers::set_headers))
        .with_state(admin.clone())
}

fn routes(admin: &Admin) -> Router<Admin> {
    let api = Router::new()
        .route(&api_path("matrix"), only_get(matrix::matrix))
        .route(&api_path("hotkeys"), only_get(hot_keys::hot_keys))
        .route(&api_path("events"), only_get(events::events))
        .route(&api_path("snapshot"), only_get(snapshot::snapshot))
        .route(&api_path("top"), only_get(top::top))
        .route(&api_path("cell"), only_get(cell::cell))
        .route(&api_path("names"), only_get(names::names))
        .route(&api_path("status"), only_get(status::status))
        .route(&api_path("{*rest}"), any(not_found))
        .route_layer(from_fn_with_state(admin.clone(), auth::require_token));
    Router::new()
        .route("/admin", only_get(page::to_page))
        .route("/admin/", only_get(page::index))
        .route("/admin/ui/{*file}", only_get(page::ui))
        .route(&api_path("healthz"), only_get(health::healthz))
        .merge(api)
}

fn api_path(name: &str) -> String {
    format!("{BASE_PATH}/{name}")
}

/// GET, and HEAD with it; everything else is our 405.
fn only_get<H, T>(handler: H) -> MethodRouter<Admin>
where
    H: Handler<T, Admin>,
    T: 'static,
{
    get(handler).fallback(method_not_allowed)
}
