//! TLS: who is trusted, and who we say we are.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde::{Deserialize, Serialize};

use super::explain::Trouble;

/// The files of the command line.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct TlsFiles {
    /// Certificates to trust instead of the system's.
    pub(crate) cacert: Option<PathBuf>,
    /// Our own certificate with its chain, and its key.
    pub(crate) cert: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

/// What a connection is made with.
///
/// # Errors
/// Where a file cannot be read, or this machine trusts nobody; all of them last.
pub(crate) fn config(files: &TlsFiles) -> Result<Arc<ClientConfig>, Trouble> {
    let roots = match &files.cacert {
        Some(path) => of_file(path)?,
        None => of_system()?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let failed = |error: rustls::Error| Trouble::lasting(format!("TLS cannot be set up: {error}"));
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_root_certificates(roots);
    let config = match (&files.cert, &files.key) {
        (Some(cert), Some(key)) => {
            let unreadable = |error| Trouble::lasting(format!("the key file {}: {error}", key.display()));
            let own = PrivateKeyDer::from_pem_file(key).map_err(unreadable)?;
            builder.with_client_auth_cert(certificates(cert)?, own).map_err(failed)?
        }
        _ => builder.with_no_client_auth(),
    };
    Ok(Arc::new(config))
}

fn of_file(path: &Path) -> Result<RootCertStore, Trouble> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        let refused = |error| Trouble::lasting(format!("a certificate in {}: {error}", path.display()));
        roots.add(certificate).map_err(refused)?;
    }
    Ok(roots)
}

fn of_system() -> Result<RootCertStore, Trouble> {
    let mut roots = RootCertStore::empty();
    // A system may carry a few that this library does not take; the rest serve.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(Trouble::lasting(
            "this machine has no certificates to trust; name the server's CA with --cacert FILE",
        ));
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Trouble> {
    let failed = |why: String| Trouble::lasting(format!("the certificate file {}: {why}", path.display()));
    let found: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?.collect();
    match found {
        Ok(found) if found.is_empty() => Err(failed("there is no certificate in it".to_owned())),
        Ok(found) => Ok(found),
        Err(error) => Err(failed(error.to_string())),
    }
}
