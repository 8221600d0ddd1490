//! The one form of every error answer: `{"error": code, "message": text}`.

use axum::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use keyviz_core::NoHotKeys;
use std::borrow::Cow;

/// What went wrong, as clients match on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    InvalidQuery,
    BadRequest,
    Unauthorized,
    ForbiddenHost,
    ForbiddenRole,
    Redacted,
    NotFound,
    MethodNotAllowed,
    RequestTimeout,
    PayloadTooLarge,
    Internal,
    Busy,
    KeyvizDisabled,
    /// Why there are no hot keys; the core has the code's name.
    NoHotKeys(NoHotKeys),
}

impl Code {
    /// The wire name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Code::InvalidQuery => "invalid_query",
            Code::BadRequest => "bad_request",
            Code::Unauthorized => "unauthorized",
            Code::ForbiddenHost => "forbidden_host",
            Code::ForbiddenRole => "forbidden_role",
            Code::Redacted => "redacted",
            Code::NotFound => "not_found",
            Code::MethodNotAllowed => "method_not_allowed",
            Code::RequestTimeout => "request_timeout",
            Code::PayloadTooLarge => "payload_too_large",
            Code::Internal => "internal",
            Code::Busy => "busy",
            Code::KeyvizDisabled => "keyviz_disabled",
            Code::NoHotKeys(why) => why.code(),
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Code::InvalidQuery | Code::BadRequest => StatusCode::BAD_REQUEST,
            Code::Unauthorized => StatusCode::UNAUTHORIZED,
            Code::ForbiddenHost | Code::ForbiddenRole | Code::Redacted => StatusCode::FORBIDDEN,
            Code::NotFound | Code::NoHotKeys(_) => StatusCode::NOT_FOUND,
            Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Code::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Code::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Code::Busy | Code::KeyvizDisabled => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// An error answer. Its message names parameters, flags and limits, never keys, values that a
/// client sent, or what a panic said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) code: Code,
    pub(crate) message: Cow<'static, str>,
}

impl ApiError {
    pub(crate) fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        ApiError { code, message: message.into() }
    }

    pub(crate) fn invalid_query(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidQuery, message)
    }

    pub(crate) fn busy(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Busy, message)
    }

    pub(crate) fn disabled() -> Self {
        Self::new(Code::KeyvizDisabled, "the key visualizer is disabled here; start with --keyviz-enabled")
    }

    /// The body's text.
    pub(crate) fn json(&self) -> String {
        serde_json::json!({ "error": self.code.name(), "message": self.message }).to_string()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.code.status(), self.json()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        match self.code {
            Code::Unauthorized => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"keyviz\""));
            }
            Code::MethodNotAllowed => {
                headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            }
            Code::Busy => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            // The rest of the body is still on its way and nobody will read it.
            Code::RequestTimeout | Code::PayloadTooLarge => {
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        // Read by the fence, which counts errors by code in one place.
        response.extensions_mut().insert(self.code);
        response
    }
}

/// Any path of the API that has no route.
pub(crate) async fn not_found() -> ApiError {
    ApiError::new(Code::NotFound, "no such endpoint; the page is at /admin/, the API at /admin/api/v1/keyviz/")
}

/// Any method that a route does not take.
pub(crate) async fn method_not_allowed() -> ApiError {
    ApiError::new(Code::MethodNotAllowed, "use GET")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_json_whatever_the_text() {
        let error = ApiError::invalid_query("a \"quote\"\nand a line");
        let value: serde_json::Value = serde_json::from_str(&error.json()).unwrap();
        assert_eq!(value["error"], "invalid_query");
        assert_eq!(value["message"], "a \"quote\"\nand a line");
    }
}
