//! What a handle can stand for.

use crate::buffer::Buffer;
use crate::coordinator::Coordinator;
use crate::hot_keys::HotKeysTable;
use crate::matrix_table::MatrixTable;
use crate::recorder::OwnRecorder;
use crate::sampler::Host;
use crate::top::TopTable;

/// What is behind a handle. All but a recorder may be shared.
pub(crate) enum Object {
    Sampler(Box<Host>),
    Recorder(Box<OwnRecorder>),
    Matrix(Box<MatrixTable>),
    HotKeys(Box<HotKeysTable>),
    Top(Box<TopTable>),
    Buffer(Buffer),
    Coordinator(Box<Coordinator>),
}

// SAFETY: all but a recorder may be shared; and that is used and closed by one thread at a time, as its functions' contract
// says: it is looked behind through `table::own` alone.
unsafe impl Sync for Object {}
