//! What is asked for, as it comes in.

use std::ffi::c_void;

use keyviz_core::{AxisKind, Label, MatrixQuery, Series};

use crate::input::{bytes, end};
use crate::label::keyviz_label;
use crate::last_error::fail;
use crate::sampler::{Host, lock};
use crate::sized::{self, Sized_};
use crate::status::keyviz_status;

/// What is counted.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum keyviz_series {
    /// Writes.
    Writes = 0,
    /// Reads.
    Reads = 1,
    /// Key and value bytes of writes.
    WriteBytes = 2,
    /// Key and value bytes of reads.
    ReadBytes = 3,
    /// Range reads, in every range that they touched.
    Scans = 4,
    /// Reads and writes.
    Ops = 5,
}

/// What the rows of a matrix are.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum keyviz_axis {
    /// A row per route, label and division, and per virtual bucket.
    Route = 0,
    /// The key space cut into rows by heat.
    Range = 1,
}

/// What is asked of a sampler. All zero but for `size` asks for the writes of everything that is sealed, by route.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct keyviz_query {
    /// `sizeof(keyviz_query)`.
    pub size: usize,
    /// Least end of a window, in Unix milliseconds; 0 is unbounded.
    pub from_ms: u64,
    /// Ends of windows are below this, in Unix milliseconds; 0 is unbounded.
    pub to_ms: u64,
    /// The lowest key that is asked for: the host's, read during the call.
    pub start: *const c_void,
    /// How many bytes it has.
    pub start_len: usize,
    /// Keys are below this; NULL, and one of no bytes, is unbounded.
    pub end: *const c_void,
    /// How many bytes it has.
    pub end_len: usize,
    /// A route, where `by_route` is not 0.
    pub route: u64,
    /// A number of `keyviz_series`.
    pub series: u32,
    /// A number of `keyviz_axis`; matrices alone.
    pub axis: u32,
    /// The most rows, or keys; 0 is as many as there may be, 1024. `keyviz_coordinator_add` takes more.
    pub rows: u32,
    /// Not 0: the open column, too; matrices alone.
    pub open: u32,
    /// Not 0: labels are summed up in a route's row; matrices alone.
    pub sum_labels: u32,
    /// Not 0: `label` alone is asked for.
    pub by_label: u32,
    /// The label; none is the unlabelled traffic.
    pub label: keyviz_label,
    /// Not 0: the hot keys of `route`; else of `[start, end)`. Hot keys alone.
    pub by_route: u32,
    /// Not 0: of the division `sub_bucket` alone. Hot keys of a route alone.
    pub by_sub_bucket: u32,
    /// The division, from 0 on.
    pub sub_bucket: u32,
}

// SAFETY: `repr(C)`; a `usize` first; eight-byte fields, then ten of four, so without padding; numbers and pointers.
unsafe impl Sized_ for keyviz_query {
    const LEAST: usize = 104;
}

const _: () = assert!(size_of::<keyviz_query>() == 104);

/// What was asked; NULL asks for what all zero asks for.
///
/// # Safety
/// `query` is NULL or of as many bytes as it says.
pub(crate) unsafe fn given(query: *const keyviz_query) -> Result<keyviz_query, keyviz_status> {
    let nothing = keyviz_query {
        size: size_of::<keyviz_query>(),
        from_ms: 0,
        to_ms: 0,
        start: std::ptr::null(),
        start_len: 0,
        end: std::ptr::null(),
        end_len: 0,
        route: 0,
        series: 0,
        axis: 0,
        rows: 0,
        open: 0,
        sum_labels: 0,
        by_label: 0,
        label: keyviz_label { bits: 0 },
        by_route: 0,
        by_sub_bucket: 0,
        sub_bucket: 0,
    };
    // SAFETY: the caller's word, where it is not NULL.
    if query.is_null() { Ok(nothing) } else { unsafe { sized::read(query, nothing, "query") } }
}

impl keyviz_query {
    pub(crate) fn series(&self) -> Result<Series, keyviz_status> {
        Ok(match self.series {
            0 => Series::Writes,
            1 => Series::Reads,
            2 => Series::WriteBytes,
            3 => Series::ReadBytes,
            4 => Series::Scans,
            5 => Series::Ops,
            other => return Err(fail(keyviz_status::BadArgument, format_args!("series: {other} is none of them"))),
        })
    }

    /// # Safety
    /// The bounds point at their bytes.
    pub(crate) unsafe fn bounds<'a>(&self) -> Result<(&'a [u8], Option<&'a [u8]>), keyviz_status> {
        // SAFETY: the caller's word, twice.
        unsafe { Ok((bytes(self.start, self.start_len, "start")?, end(self.end, self.end_len, "end")?)) }
    }

    pub(crate) fn label(&self, host: &Host) -> Result<Option<Label>, keyviz_status> {
        let label = host.labels.get(self.label)?;
        Ok((self.by_label != 0).then_some(label))
    }

    fn axis(&self) -> Result<AxisKind, keyviz_status> {
        match self.axis {
            0 => Ok(AxisKind::Route),
            1 => Ok(AxisKind::Range),
            other => Err(fail(keyviz_status::BadArgument, format_args!("axis: {other} is none of them"))),
        }
    }

    /// The question for a matrix of several nodes, in the core's words.
    ///
    /// # Safety
    /// As [`bounds`](Self::bounds).
    pub(crate) unsafe fn of_nodes(&self) -> Result<MatrixQuery, keyviz_status> {
        if self.by_label != 0 || self.label.bits != 0 {
            return Err(fail(
                keyviz_status::BadArgument,
                format_args!("label: a coordinator has what the nodes were asked for; ask them for one label"),
            ));
        }
        // SAFETY: the caller's word.
        let (start, end) = unsafe { self.bounds() }?;
        Ok(MatrixQuery {
            axis: self.axis()?,
            rows: self.rows as usize,
            start: start.to_vec(),
            end: end.map(<[u8]>::to_vec),
            split_labels: self.sum_labels == 0,
            ..MatrixQuery::default()
        })
    }

    /// The question for a matrix, in the core's words.
    ///
    /// # Safety
    /// As [`bounds`](Self::bounds).
    pub(crate) unsafe fn matrix(&self, host: &Host) -> Result<MatrixQuery, keyviz_status> {
        // SAFETY: the caller's word.
        let (start, end) = unsafe { self.bounds() }?;
        Ok(MatrixQuery {
            series: self.series()?,
            axis: self.axis()?,
            from_ms: self.from_ms,
            to_ms: self.to_ms,
            rows: self.rows as usize,
            start: start.to_vec(),
            end: end.map(<[u8]>::to_vec),
            label: self.label(host)?,
            split_labels: self.sum_labels == 0,
            open: self.open != 0,
            key_names: lock(&host.names).clone(),
            ..MatrixQuery::default()
        })
    }
}

/// The number of a series.
pub(crate) const fn number(series: Series) -> u32 {
    match series {
        Series::Writes => 0,
        Series::Reads => 1,
        Series::WriteBytes => 2,
        Series::ReadBytes => 3,
        Series::Scans => 4,
        _ => 5,
    }
}
