//! What a field can be, as the refusals of what it cannot be say.

use keyviz_core::limits::{MAX_COLUMNS, MAX_FOLD};
use keyviz_core::{Config, ConfigError, MAX_LABEL_LEN, MAX_LABELS, MAX_TIERS};

use crate::fields::{Field, Kind, base, with_ranges};
use crate::numbers::grouped;

/// The bounds in words.
pub fn of(field: &Field) -> Result<String, String> {
    match field.kind {
        Kind::Switch => Ok("true, false".into()),
        Kind::Partition => {
            let (min, max) = range(field.name, with_ranges)?;
            Ok(format!("`Routes`, or `Auto` with {} to {}", grouped(min), grouped(max)))
        }
        Kind::Any => Ok("any number".into()),
        Kind::Tiers => Ok(format!(
            "at most {MAX_TIERS}, steps 2 to {} times the finer tier's, 1 to {} columns",
            grouped(MAX_FOLD.into()),
            grouped(MAX_COLUMNS.into())
        )),
        Kind::Labels => Ok(format!("at most {MAX_LABELS}, each 1 to {MAX_LABEL_LEN} of `a-z0-9_-`")),
        Kind::Number { set, .. } => {
            let (min, max) = range(field.name, set)?;
            Ok(format!("{} to {}", grouped(min), grouped(max)))
        }
        Kind::Pool { set } => {
            let (_, max) = range(field.name, set)?;
            Ok(format!("{} to {}", grouped(least(field.name, set)?), grouped(max)))
        }
    }
}

fn range(name: &str, set: fn(&mut Config, u64)) -> Result<(u64, u64), String> {
    let mut config = base(name);
    set(&mut config, u64::MAX);
    match config.validate() {
        Err(ConfigError::OutOfRange { field, min, max, .. }) if field == name => Ok((min, max)),
        other => Err(format!("{name}: the greatest number there is gave {other:?}, no range")),
    }
}

/// The least of a pool with everything else at its default.
fn least(name: &str, set: fn(&mut Config, u64)) -> Result<u64, String> {
    let mut config = base(name);
    set(&mut config, 1);
    match config.validate() {
        Err(ConfigError::PoolTooSmall { field, least_bytes, .. }) if field == name => Ok(least_bytes as u64),
        other => Err(format!("{name}: a single byte gave {other:?}, no least size")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::FIELDS;

    #[test]
    fn bounds_are_those_of_the_refusals() {
        let of = |name: &str| of(FIELDS.iter().find(|field| field.name == name).unwrap()).unwrap();
        assert_eq!(of("max_recorders"), "1 to 4 096");
        assert_eq!(of("sub_buckets"), "1 to 256");
        assert!(of("cell_bytes").ends_with(" to 68 719 476 736"));
    }
}
