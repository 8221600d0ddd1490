//! What goes over the wire: JSON as existing clients of the path read it, and more.

pub mod encode;
