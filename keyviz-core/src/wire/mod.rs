//! What goes over the wire: JSON as existing clients of the path read it, and more.

#[cfg(feature = "serde")]
mod base64;
#[cfg(feature = "serde")]
pub mod decode;
pub mod encode;
#[cfg(feature = "serde")]
mod instant;
