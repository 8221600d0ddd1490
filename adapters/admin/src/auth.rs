//! The bearer token in front of the API.

use crate::Admin;
use crate::error::{ApiError, Code};
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Lets a request pass when no token is configured or the right one is shown. The path, the
/// parameters and whether a sampler exists stay unknown to whoever shows none.
pub(crate) async fn require_token(State(admin): State<Admin>, request: Request, next: Next) -> Response {
    let Some(token) = admin.token() else {
        return next.run(request).await;
    };
    match bearer(request.headers()) {
        Some(shown) if token.matches(shown) => next.run(request).await,
        Some(_) => refuse("the bearer token is not the one this server was started with"),
        None => refuse("send the token of --admin-token-file as `Authorization: Bearer TOKEN`"),
    }
}

fn refuse(message: &'static str) -> Response {
    ApiError::new(Code::Unauthorized, message).into_response()
}

/// The token of the one `Authorization` header; two of them are none.
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next()?.as_bytes();
    if values.next().is_some() {
        return None;
    }
    let (scheme, rest) = value.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn forms_of_the_header() {
        let read = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(AUTHORIZATION, HeaderValue::from_static(value));
            }
            bearer(&headers).map(<[u8]>::to_vec)
        };
        assert_eq!(read(&["Bearer abc"]), Some(b"abc".to_vec()));
        assert_eq!(read(&["bearer   abc "]), Some(b"abc".to_vec()));
        assert_eq!(read(&["Basic abc"]), None);
        assert_eq!(read(&["Bearerabc"]), None);
        assert_eq!(read(&["Bearer"]), None);
        assert_eq!(read(&[]), None);
        assert_eq!(read(&["Bearer abc", "Bearer abc"]), None);
    }
}
