//! Why a configuration is refused, by the field's name.

use core::fmt;

/// Why a configuration was refused. Nothing was taken or changed then.
///
/// The text begins with the field's name and ends with what to do.
///
/// # Examples
/// ```
/// use keyviz_core::Config;
/// let mut config = Config::default();
/// config.step_ms = 10;
/// let text = config.validate().unwrap_err().to_string();
/// assert_eq!(text, "step_ms: 10 is out of range; use 100 to 86400000");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A field is outside its range.
    OutOfRange {
        /// The field's name.
        field: &'static str,
        /// What was given.
        value: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A pool cannot hold what it must.
    PoolTooSmall {
        /// The field's name.
        field: &'static str,
        /// What was given, in bytes.
        bytes: usize,
        /// The least that works, in bytes.
        least_bytes: usize,
        /// What needs it.
        holds: &'static str,
    },
    /// The allocator has no such block.
    OutOfMemory {
        /// Its size in bytes.
        bytes: usize,
    },
    /// The budget is below what the fields need at the least.
    OverBudget {
        /// The budget given.
        budget_bytes: usize,
        /// The least that this configuration takes.
        least_bytes: usize,
        /// The field that takes the most of it.
        field: &'static str,
    },
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfRange { field, value, min, max } => {
                write!(f, "{field}: {value} is out of range; use {min} to {max}")
            }
            Self::PoolTooSmall { field, bytes, least_bytes, holds } => {
                write!(f, "{field}: {bytes} bytes cannot hold {holds}; give at least {least_bytes} bytes")
            }
            Self::OutOfMemory { bytes } => {
                write!(f, "the allocator refused a block of {bytes} bytes; lower the budget or free memory")
            }
            Self::OverBudget { budget_bytes, least_bytes, field } => write!(
                f,
                "{field}: the budget of {budget_bytes} bytes is below the {least_bytes} bytes needed; lower {field} or raise the budget"
            ),
        }
    }
}

impl core::error::Error for ConfigError {}
