//! Who asked, as handlers get to know it.

use std::net::SocketAddr;

use crate::role::Role;

/// Who asked: known once the token is checked.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) role: Role,
    /// A name for the token that was shown, which tells nothing of it; `None` where none was asked for.
    pub(crate) token: Option<String>,
    /// `None` where the host's own server does not tell.
    pub(crate) address: Option<SocketAddr>,
}

/// The address of whoever is at the other end of a connection, put into each of its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);
