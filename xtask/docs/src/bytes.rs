//! What a field costs, from differences of what whole configurations cost.

use keyviz_core::{Config, Partition, Tier, Tiers};

use crate::fields::{Field, Kind, base, with_a_label, with_ranges};

/// Bytes of a field.
pub struct Bytes {
    /// What the default configuration takes more than the same with this field at its least; of a pool, the pool.
    pub at_default: u64,
    /// What one more takes, on average over as many again as the default has.
    pub one_more: u64,
}

/// `None` for what takes none, whatever it says.
pub fn of(field: &Field) -> Result<Option<Bytes>, String> {
    let default = memory(&base(field.name))?;
    match field.kind {
        Kind::Switch | Kind::Any => Ok(None),
        Kind::Tiers => {
            let mut config = Config::default();
            config.tiers = Tiers::NONE;
            let at_default = default - memory(&config)?;
            let column = |columns| Tier { steps: 2, columns };
            let with = |columns| -> Result<u64, String> {
                let mut config = Config::default();
                config.tiers = Tiers::new(&[column(columns)]).map_err(|error| error.to_string())?;
                memory(&config)
            };
            Ok(Some(Bytes { at_default, one_more: with(2)? - with(1)? }))
        }
        Kind::Labels => {
            let mut config = Config::default();
            with_a_label(&mut config);
            Ok(Some(Bytes { at_default: 0, one_more: memory(&config)? - default }))
        }
        Kind::Partition => {
            let ranges = u64::from(Partition::AUTO.ranges());
            let twice = with(field, with_ranges, 2 * ranges)?;
            let more = twice.saturating_sub(with(field, with_ranges, ranges)?);
            Ok(Some(Bytes { at_default: 0, one_more: more / ranges }))
        }
        Kind::Number { set, least } => {
            let count = count(field.name)?;
            let more = beyond_rounding(with(field, set, count * 2)?, default);
            let less = beyond_rounding(default, with(field, set, least)?);
            let bytes = Bytes { at_default: less, one_more: more / count };
            Ok((bytes.at_default > 0 || bytes.one_more > 0).then_some(bytes))
        }
        Kind::Pool { set } => {
            let twice = with(field, set, count(field.name)? * 2)?;
            Ok(Some(Bytes { at_default: twice - default, one_more: 1 }))
        }
    }
}

/// What one takes more than the other. Pools are whole pages, blocks and chunks: what comes out of a pool changes
/// how much of it is left over at its end, by less than the largest of these, a page of 2 KiB.
fn beyond_rounding(more: u64, less: u64) -> u64 {
    let by = more.saturating_sub(less);
    if by < 2048 { 0 } else { by }
}

/// The whole of the default configuration.
pub fn whole() -> Result<u64, String> {
    memory(&Config::default())
}

/// How many of it there are by default: where 0 stands for a quarter of the routes, that quarter.
fn count(name: &str) -> Result<u64, String> {
    let config = Config::default();
    let debugged = format!("{config:#?}");
    let value = crate::fields::defaults(&debugged).into_iter().find(|(field, _)| *field == name);
    let value: u64 = value.and_then(|(_, value)| value.parse().ok()).ok_or(format!("{name} has no number"))?;
    Ok(if value == 0 { u64::from(config.max_routes) / 4 } else { value })
}

fn with(field: &Field, set: fn(&mut Config, u64), value: u64) -> Result<u64, String> {
    let mut config = base(field.name);
    set(&mut config, value);
    memory(&config)
}

fn memory(config: &Config) -> Result<u64, String> {
    config.memory_bytes().map(|bytes| bytes as u64).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::FIELDS;

    #[test]
    fn pools_cost_what_they_are_and_steps_cost_nothing() {
        let of = |name: &str| of(FIELDS.iter().find(|field| field.name == name).unwrap()).unwrap();
        assert_eq!(of("cell_bytes").unwrap().at_default, 32 << 20);
        assert!(of("step_ms").is_none());
        assert!(of("max_recorders").unwrap().one_more > 1000);
        assert_eq!(of("labels").unwrap().at_default, 0);
    }
}
