//! What a handle is of.

/// What a handle is of. None is 0, so that a handle is never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    Sampler = 1,
    Recorder = 2,
    Matrix = 3,
    HotKeys = 4,
    Top = 5,
    Buffer = 6,
    Coordinator = 7,
}

impl Kind {
    /// Whether a handle says that it is of this.
    #[inline]
    pub(crate) const fn is_of(self, bits: u64) -> bool {
        keyviz_handles::Parts::of(bits).kind == self as u8
    }

    /// What people call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Kind::Sampler => "sampler",
            Kind::Recorder => "recorder",
            Kind::Matrix => "matrix",
            Kind::HotKeys => "list of hot keys",
            Kind::Top => "list of hottest ranges",
            Kind::Buffer => "buffer",
            Kind::Coordinator => "coordinator",
        }
    }
}
