//! The bearer token in front of the API, and what each role may ask.

use crate::Admin;
use crate::caller::{Caller, Peer};
use crate::error::{ApiError, Code};
use crate::redaction::Redaction;
use crate::role::Role;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{Extensions, HeaderMap};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;

/// Endpoints whose answers are redacted, so that they are open to every role and under every redaction. Any other shows
/// whole keys, and one that is new is closed to them until it stands here.
const REDACTED: [&str; 7] = ["matrix", "events", "status", "top", "cell", "names", "snapshot"];

/// Endpoints whose answers are redacted for role full, and that role read does not get.
const REDACTED_FOR_FULL: [&str; 1] = ["hotkeys"];

/// Lets a request pass when no token is configured or a right one is shown, and says to the handlers who asks. The path,
/// the parameters and whether a sampler exists stay unknown to whoever shows none.
pub(crate) async fn require_token(State(admin): State<Admin>, mut request: Request, next: Next) -> Response {
    let caller = match caller(&admin, request.headers(), request.extensions()) {
        Ok(caller) => caller,
        Err(refused) => return refused.into_response(),
    };
    if let Err(refused) = may_ask(&admin, caller.role, request.uri().path()) {
        return refused.into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

fn caller(admin: &Admin, headers: &HeaderMap, extensions: &Extensions) -> Result<Caller, ApiError> {
    let access = admin.access();
    let connected = || extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| *address);
    let address = extensions.get::<Peer>().map(|Peer(address)| *address).or_else(connected);
    if !access.has_token() {
        return Ok(Caller { role: Role::Full, token: None, address });
    }
    let refuse = |message| Err(ApiError::new(Code::Unauthorized, message));
    let Some(shown) = bearer(headers) else {
        return refuse("send the token of --admin-token-file as `Authorization: Bearer TOKEN`");
    };
    // Both are compared, whichever it is: the time tells nothing of which was nearer.
    let [full, read] = [&access.full, &access.read].map(|token| token.as_ref().is_some_and(|one| one.matches(shown)));
    let role = match (full, read) {
        (true, _) => Role::Full,
        (_, true) => Role::Read,
        _ => return refuse("the bearer token is none of those this server was started with"),
    };
    Ok(Caller { role, token: Some(admin.redactor(role).digest("token", shown)), address })
}

/// Whether a role may ask an endpoint, known by the path's end.
fn may_ask(admin: &Admin, role: Role, path: &str) -> Result<(), ApiError> {
    let name = path.rsplit('/').next().unwrap_or_default();
    if REDACTED.contains(&name) {
        return Ok(());
    }
    match role {
        Role::Read => Err(ApiError::new(
            Code::ForbiddenRole,
            "this token has role read, which has no access to what shows whole keys; use one of role full",
        )),
        Role::Full if REDACTED_FOR_FULL.contains(&name) => Ok(()),
        Role::Full if admin.redactor(role).policy() != Redaction::None => Err(ApiError::new(
            Code::Redacted,
            "this would show whole keys, and keys are redacted here; see --admin-redaction",
        )),
        Role::Full => Ok(()),
    }
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
