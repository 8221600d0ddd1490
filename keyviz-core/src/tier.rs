//! Tiers: how history grows coarser with age.

use core::fmt;
use core::str::FromStr;

use crate::limits::{MAX_COLUMNS, MAX_FOLD};

/// Most tiers beside that of one step.
pub const MAX_TIERS: usize = 3;

/// Columns of so many steps each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Steps of a column.
    pub steps: u32,
    /// Columns kept.
    pub columns: u32,
}

/// Coarser tiers, finest first: columns that have grown older than the finer tier keeps are folded at epoch
/// multiples of the coarser step, and sums stay what they are.
///
/// Rules:
/// 1. There are at most 3, each of 1 to 1 048 576 columns.
/// 2. Each one's steps are 2 to 1440 times those of the next finer tier; the finest is
///    [`history_columns`](crate::Config::history_columns) of one step.
/// 3. As text, `5x60,60x168` is 60 columns of 5 steps, then 168 of 60; an empty text is none.
///
/// Never panics, never allocates. Source: ours, as round-robin databases do it.
///
/// # Examples
/// ```
/// use keyviz_core::{Tier, Tiers, TiersError};
/// let tiers: Tiers = "5x60,60x168".parse()?;
/// assert_eq!(tiers, Tiers::new(&[Tier { steps: 5, columns: 60 }, Tier { steps: 60, columns: 168 }])?);
/// assert_eq!("5x60,7x10".parse::<Tiers>(), Err(TiersError::Steps { tier: 1 })); // 7 is no multiple of 5
/// # Ok::<(), TiersError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tiers {
    tiers: [Tier; MAX_TIERS],
    count: u8,
}

impl Tiers {
    /// No coarser tier: what the finest does not keep goes.
    pub const NONE: Tiers = Tiers { tiers: [Tier { steps: 0, columns: 0 }; MAX_TIERS], count: 0 };

    /// What a configuration has unless told otherwise: 60 columns of 5 steps, 168 of 60.
    pub const DEFAULT: Tiers = Tiers {
        tiers: [Tier { steps: 5, columns: 60 }, Tier { steps: 60, columns: 168 }, Tier { steps: 0, columns: 0 }],
        count: 2,
    };

    /// These tiers, finest first.
    ///
    /// # Errors
    /// [`TiersError`] names the tier, from 0 on.
    #[expect(clippy::indexing_slicing, reason = "below both lengths")]
    pub const fn new(tiers: &[Tier]) -> Result<Self, TiersError> {
        if tiers.len() > MAX_TIERS {
            return Err(TiersError::TooMany);
        }
        let (mut made, mut finer, mut at) = (Tiers::NONE, 1, 0);
        while at < tiers.len() {
            let Tier { steps, columns } = tiers[at];
            let ratio = steps / finer;
            if ratio < 2 || ratio > MAX_FOLD || !steps.is_multiple_of(finer) {
                return Err(TiersError::Steps { tier: at });
            }
            if columns == 0 || columns > MAX_COLUMNS {
                return Err(TiersError::Columns { tier: at });
            }
            made.tiers[at] = tiers[at];
            made.count += 1;
            finer = steps;
            at += 1;
        }
        Ok(made)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The tiers, finest first.
    #[must_use]
    pub const fn as_slice(&self) -> &[Tier] {
        self.tiers.split_at(self.count as usize).0
    }

    /// Steps of a column of a tier, 1 being the finest of these; that of one step is tier 0.
    pub(crate) fn steps(&self, tier: usize) -> u64 {
        match tier.checked_sub(1) {
            None => 1,
            Some(at) => self.as_slice().get(at).map_or(1, |tier| u64::from(tier.steps)),
        }
    }

    /// The finest tier whose columns are at least so many steps wide, or the coarsest.
    #[cfg(feature = "alloc")]
    pub(crate) fn of_steps(&self, steps: u64) -> usize {
        (0..=self.len()).find(|tier| self.steps(*tier) >= steps).unwrap_or(self.len())
    }

    /// The most columns of a tier that are folded into one of the next.
    pub(crate) const fn largest_ratio(&self) -> u32 {
        let (tiers, mut finer, mut largest, mut at) = (self.as_slice(), 1, 0, 0);
        while at < tiers.len() {
            #[expect(clippy::indexing_slicing, reason = "below the slice's length")]
            let steps = tiers[at].steps;
            if steps / finer > largest {
                largest = steps / finer;
            }
            finer = steps;
            at += 1;
        }
        largest
    }
}

impl Default for Tiers {
    fn default() -> Self {
        Tiers::DEFAULT
    }
}

impl fmt::Display for Tiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, Tier { steps, columns }) in self.as_slice().iter().enumerate() {
            let comma = if i > 0 { "," } else { "" };
            write!(f, "{comma}{steps}x{columns}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Tiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{self}]")
    }
}

impl FromStr for Tiers {
    type Err = TiersError;

    fn from_str(text: &str) -> Result<Self, TiersError> {
        let (mut tiers, mut count) = ([Tier { steps: 0, columns: 0 }; MAX_TIERS], 0);
        for part in text.split(',').map(str::trim) {
            if part.is_empty() && text.trim().is_empty() {
                break;
            }
            let slot = tiers.get_mut(count).ok_or(TiersError::TooMany)?;
            let (steps, columns) = part.split_once('x').ok_or(TiersError::Text { tier: count })?;
            let number = |text: &str| text.trim().parse().map_err(|_| TiersError::Text { tier: count });
            *slot = Tier { steps: number(steps)?, columns: number(columns)? };
            count += 1;
        }
        Tiers::new(tiers.split_at(count).0)
    }
}

/// Why tiers were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TiersError {
    /// More than 3.
    TooMany,
    /// The steps are no multiple, 2 to 1440, of those of the next finer tier.
    Steps {
        /// Which one, from 0 on.
        tier: usize,
    },
    /// Not 1 to 1 048 576 columns.
    Columns {
        /// Which one, from 0 on.
        tier: usize,
    },
    /// Not a text like `5x60`.
    Text {
        /// Which one, from 0 on.
        tier: usize,
    },
}

impl fmt::Display for TiersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany => write!(f, "tiers: there may be at most {MAX_TIERS}; leave some out"),
            Self::Steps { tier } => write!(
                f,
                "tiers: the steps of tier {tier} (from 0 on) must be 2 to {MAX_FOLD} times those of the next finer one, 1 at first"
            ),
            Self::Columns { tier } => write!(f, "tiers: tier {tier} (from 0 on) must have 1 to {MAX_COLUMNS} columns"),
            Self::Text { tier } => write!(f, "tiers: tier {tier} (from 0 on) must be STEPSxCOLUMNS, like 5x60"),
        }
    }
}

impl core::error::Error for TiersError {}

#[cfg(feature = "alloc")]
#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn text_and_back() {
        for text in ["", "5x60", "5x60,60x168", "2x1,4x1,5760x1048576"] {
            assert_eq!(text.parse::<Tiers>().unwrap().to_string(), text);
        }
        assert_eq!(" 5 x 60 , 60x168 ".parse::<Tiers>().unwrap(), Tiers::DEFAULT);
    }

    #[test]
    fn each_rule_is_kept() {
        for (text, error) in [
            ("1x60", TiersError::Steps { tier: 0 }),
            ("0x60", TiersError::Steps { tier: 0 }),
            ("1441x60", TiersError::Steps { tier: 0 }),
            ("5x60,5x60", TiersError::Steps { tier: 1 }),
            ("5x60,12x60", TiersError::Steps { tier: 1 }),
            ("5x0", TiersError::Columns { tier: 0 }),
            ("5x1048577", TiersError::Columns { tier: 0 }),
            ("5x60,", TiersError::Text { tier: 1 }),
            ("5*60", TiersError::Text { tier: 0 }),
            ("-5x60", TiersError::Text { tier: 0 }),
            ("2x1,4x1,8x1,16x1", TiersError::TooMany),
        ] {
            assert_eq!(text.parse::<Tiers>(), Err(error), "{text}");
            assert!(error.to_string().starts_with("tiers: "));
        }
    }
}
