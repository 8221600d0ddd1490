//! The page and its files, out of the binary.

use crate::assets::{Asset, INDEX, find};
use crate::error::{ApiError, not_found};
use axum::extract::Path;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderName, StatusCode};

type File = ([(HeaderName, &'static str); 1], &'static [u8]);

fn file(asset: &'static Asset) -> File {
    ([(CONTENT_TYPE, asset.content_type)], asset.bytes)
}

/// `/admin/`.
pub(crate) async fn index() -> File {
    file(&INDEX)
}

/// `/admin/ui/{file}`: a name in the list, or 404. Nothing is looked up on a disk.
pub(crate) async fn ui(Path(name): Path<String>) -> Result<File, ApiError> {
    match find(&name) {
        Some(asset) => Ok(file(asset)),
        None => Err(not_found().await),
    }
}

/// `/admin` and `/` lead to the page. The reference is relative, so that it holds under a prefix.
pub(crate) async fn to_page() -> (StatusCode, [(HeaderName, &'static str); 1]) {
    (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, "admin/")])
}
