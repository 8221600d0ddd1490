//! A question to the API on its way: who asks what, its turn at the gate, and how the answer goes back.

use std::convert::Infallible;

use axum::Extension;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::Uri;
use axum::http::request::Parts;
use keyviz_core::Config;

use crate::Admin;
use crate::admin::Asked;
use crate::answer::{Answer, Packed, Packing};
use crate::blocking::on_blocking_thread;
use crate::caller::Caller;
use crate::error::{ApiError, Code};
use crate::nodes::Source;
use crate::redactor::Redactor;

/// A question that is let in and not yet answered.
#[derive(Clone)]
pub(crate) struct Asking {
    pub(crate) admin: Admin,
    pub(crate) caller: Caller,
    pub(crate) packing: Packing,
    uri: Uri,
}

impl FromRequestParts<Admin> for Asking {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, admin: &Admin) -> Result<Asking, ApiError> {
        let caller = <Extension<Caller> as OptionalFromRequestParts<Admin>>::from_request_parts(parts, admin).await;
        // Whoever has passed the token's check is known.
        let Ok(Some(Extension(caller))) = caller else {
            return Err(ApiError::new(Code::Internal, "the caller is not known"));
        };
        let packing: Result<Packing, Infallible> = Packing::from_request_parts(parts, admin).await;
        let Ok(packing) = packing;
        Ok(Asking { admin: admin.clone(), caller, packing, uri: parts.uri.clone() })
    }
}

impl Asking {
    /// The parameters, as they were sent.
    pub(crate) fn query(&self) -> &str {
        self.uri.query().unwrap_or("")
    }

    pub(crate) fn source(&self) -> &Source {
        self.admin.source()
    }

    /// What is to be asked has.
    ///
    /// # Errors
    /// There is nothing to ask.
    pub(crate) fn config(&self) -> Result<&Config, ApiError> {
        self.source().config().ok_or_else(ApiError::disabled)
    }

    /// What whoever asks sees of keys.
    pub(crate) fn redactor(&self) -> &Redactor {
        self.admin.redactor(self.caller.role)
    }

    /// Records that the answer shows so many keys; on a blocking thread.
    pub(crate) fn audit(&self, endpoint: &'static str, asked: &Asked<'_>, keys: usize) {
        self.admin.audit(&self.caller, endpoint, asked, keys);
    }

    /// Waits for a turn and the bytes that are expected to be needed, makes the answer on a blocking thread, since it
    /// takes milliseconds that no other request should wait for, and holds the bytes until it is sent.
    pub(crate) async fn answer(
        self,
        expected_bytes: usize,
        make: impl FnOnce(&Asking) -> Result<Packed, ApiError> + Send + 'static,
    ) -> Result<Answer, ApiError> {
        let pass = self.admin.gate().enter(expected_bytes).await?;
        on_blocking_thread(move || pass.send(make(&self)?)).await
    }
}
