//! Routes: the host's key ranges, as they come and go.

use std::ffi::c_void;

use keyviz_core::{NewRoute, RegisterError, ReshapeError, RouteId};

use crate::buffer::{give, keyviz_buffer, keyviz_buffer_close};
use crate::fence::fenced;
use crate::input::{bytes, end, items, out, route_ids};
use crate::last_error::fail;
use crate::room;
use crate::sampler::{keyviz_sampler, pinned};
use crate::status::keyviz_status;

/// A route that comes of a split or a merge. The struct stays as it is.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct keyviz_new_route {
    /// Its id.
    pub route: u64,
    /// Its lower bound: the host's, read during the call.
    pub start: *const c_void,
    /// How many bytes it has.
    pub start_len: usize,
    /// Its upper bound; NULL, and one of no bytes, is unbounded.
    pub end: *const c_void,
    /// How many bytes it has.
    pub end_len: usize,
    /// The owning group, 0 for none.
    pub group: u64,
}

fn register_status(error: &RegisterError) -> keyviz_status {
    match error {
        RegisterError::EmptyRange => keyviz_status::EmptyRange,
        RegisterError::BoundTooLong { .. } => keyviz_status::BoundTooLong,
        RegisterError::Full { .. } => keyviz_status::RoutesFull,
        RegisterError::BoundsFull => keyviz_status::BoundsFull,
        RegisterError::AutoRanges => keyviz_status::AutoRanges,
        _ => keyviz_status::Internal,
    }
}

fn refused(error: RegisterError) -> keyviz_status {
    fail(register_status(&error), format_args!("{error}"))
}

fn not_reshaped(error: ReshapeError) -> keyviz_status {
    let status = match &error {
        ReshapeError::UnknownParent { .. } => keyviz_status::UnknownRoute,
        ReshapeError::Nothing => keyviz_status::NothingNamed,
        ReshapeError::AlreadyRegistered { .. } => keyviz_status::AlreadyRegistered,
        ReshapeError::Child { error, .. } => register_status(error),
        _ => keyviz_status::Internal,
    };
    fail(status, format_args!("{error}"))
}

impl keyviz_new_route {
    /// # Safety
    /// The bounds point at their bytes.
    unsafe fn core<'a>(&self) -> Result<NewRoute<'a>, keyviz_status> {
        // SAFETY: the caller's word, twice.
        let (start, end) =
            unsafe { (bytes(self.start, self.start_len, "start")?, end(self.end, self.end_len, "end")?) };
        Ok(NewRoute { route: RouteId(self.route), start, end, group: self.group })
    }
}

/// Tells which range `[start, end)` a route covers and which group owns it. About a microsecond; recorders and
/// readers are not disturbed.
///
/// Registering an id that is registered changes nothing, also where bounds or group are others: remove it first. Beyond `max_routes`, neighbouring routes share the slot of a
/// virtual bucket: counted as exactly, shown together.
///
/// Ownership: the bounds are the host's, and copied. `own_slot` is the host's and may be NULL; it gets 1 when the
/// route has a slot of its own, else 0.
/// Threads: any; waits for a flush under way.
/// Units: bytes. A NULL `end`, and one of no bytes, is unbounded. Group 0 is none.
/// Errors: those of the handle; `null_pointer`; `empty_range`, `bound_too_long`, `routes_full`, `bounds_full`,
/// `auto_ranges`, with nothing changed: operations of the route are then unattributed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_register(
    sampler: keyviz_sampler,
    route: u64,
    start: *const c_void,
    start_len: usize,
    end: *const c_void,
    end_len: usize,
    group: u64,
    own_slot: *mut u32,
) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        // SAFETY: the caller's word, twice.
        let (start, end) = unsafe { (bytes(start, start_len, "start")?, self::end(end, end_len, "end")?) };
        let registered = host.sampler.register(RouteId(route), start, end, group).map_err(refused)?;
        // SAFETY: the caller's word, where it is not NULL.
        if let Some(own_slot) = unsafe { own_slot.as_mut() } {
            *own_slot = registered.own_slot.into();
        }
        Ok(())
    })
}

/// Forgets a route. What was observed before is drained for a grace of max(2 steps, 5 s); later observations of it are
/// unattributed.
///
/// Ownership: none.
/// Threads: any; waits for a flush under way.
/// Units: none.
/// Errors: those of the handle; `unknown_route` when nobody registered it, `auto_ranges`.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_remove(sampler: keyviz_sampler, route: u64) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        if host.reader.config().partition.ranges() > 0 {
            return Err(refused(RegisterError::AutoRanges));
        }
        if !host.sampler.remove(RouteId(route)) {
            return Err(fail(keyviz_status::UnknownRoute, format_args!("route {route} is not registered")));
        }
        Ok(())
    })
}

/// Splits a route: `parent` goes, its parts come, and it is remembered. One part may keep the parent's id.
///
/// Ownership: `children` and their bounds are the host's, and copied.
/// Threads: any; waits for a flush under way.
/// Units: `child_count` is how many parts there are.
/// Errors: those of the handle; `null_pointer`, `out_of_memory`; `unknown_route`, `nothing_named`, `already_registered`, and those of
/// `keyviz_register`, with nothing changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_split(
    sampler: keyviz_sampler,
    parent: u64,
    children: *const keyviz_new_route,
    child_count: usize,
) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        // SAFETY: the caller's word.
        let children = unsafe { items(children, child_count, "children") }?;
        room::of(size_of_val(children))?;
        let mut routes = Vec::with_capacity(children.len());
        for child in children {
            // SAFETY: the caller's word.
            routes.push(unsafe { child.core() }?);
        }
        host.sampler.split_route(RouteId(parent), &routes).map_err(not_reshaped)
    })
}

/// Merges routes: `parents` go and `child` comes in their place, and it is remembered. It may have the id of one of them.
///
/// Ownership: `parents`, `child` and its bounds are the host's, and copied.
/// Threads: any; waits for a flush under way.
/// Units: `parent_count` is how many routes go.
/// Errors: as `keyviz_split`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_merge(
    sampler: keyviz_sampler,
    parents: *const u64,
    parent_count: usize,
    child: *const keyviz_new_route,
) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        // SAFETY: the caller's word, twice.
        let (parents, child) = unsafe { (route_ids(parents, parent_count, "parents")?, items(child, 1, "child")?) };
        let Some(child) = child.first() else { return Err(not_reshaped(ReshapeError::Nothing)) };
        // SAFETY: the caller's word.
        let child = unsafe { child.core() }?;
        host.sampler.merge_routes(parents, &child).map_err(not_reshaped)
    })
}

/// Publishes a group's leader term. What was counted under a known earlier term is set apart first. Group 0 takes none.
///
/// Ownership: none.
/// Threads: any; waits for a flush under way.
/// Units: term 0 is unknown.
/// Errors: those of the handle.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_set_term(sampler: keyviz_sampler, group: u64, term: u64) -> keyviz_status {
    fenced(|| {
        pinned(sampler)?.sampler.set_term(group, term);
        Ok(())
    })
}

/// Tells which virtual bucket counts a route: its id, and whether there is one.
///
/// Ownership: `bucket` and `shared` are the host's.
/// Threads: any; waits for a flush under way.
/// Units: `shared` gets 1 where the route shares a bucket, else 0, and `bucket` 0.
/// Errors: those of the handle; `null_pointer`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_bucket_of(
    sampler: keyviz_sampler,
    route: u64,
    bucket: *mut u64,
    shared: *mut u32,
) -> keyviz_status {
    fenced(|| {
        let host = pinned(sampler)?;
        // SAFETY: the caller's word, twice.
        let (bucket, shared) = unsafe { (out(bucket, "bucket")?, out(shared, "shared")?) };
        let found = host.sampler.bucket_of(RouteId(route));
        bucket.write(found.unwrap_or(0));
        shared.write(found.is_some().into());
        Ok(())
    })
}

/// Gives the bounds of one division of a registered route.
///
/// Ownership: both buffers are the host's to close; where the division is unbounded `end` is all zero, which is none.
/// Threads: any; waits for a flush under way.
/// Units: `sub_bucket` counts from 0; the buffers hold bytes of keys, with a NUL behind them that is not counted.
/// Errors: those of the handle; `null_pointer`, `out_of_memory`, `too_many_handles`; `unknown_route` when nobody registered the route, or
/// it has no such division.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn keyviz_sub_bucket_bounds(
    sampler: keyviz_sampler,
    route: u64,
    sub_bucket: u32,
    start: *mut keyviz_buffer,
    end: *mut keyviz_buffer,
) -> keyviz_status {
    fenced(|| {
        room::of(0)?;
        let host = pinned(sampler)?;
        // SAFETY: the caller's word, twice.
        let (start, end) = unsafe { (out(start, "start")?, out(end, "end")?) };
        let Some((from, to)) = host.sampler.sub_bucket_bounds(RouteId(route), sub_bucket) else {
            let text = format_args!("route {route} is not registered, or has no division {sub_bucket}");
            return Err(fail(keyviz_status::UnknownRoute, text));
        };
        let (mut lower, mut upper) = (keyviz_buffer { bits: 0 }, keyviz_buffer { bits: 0 });
        // SAFETY: it is this function's own.
        unsafe { give(&host, from, &mut lower) }?;
        if let Some(to) = to {
            // SAFETY: it is this function's own.
            let given = unsafe { give(&host, to, &mut upper) };
            if given.is_err() {
                keyviz_buffer_close(lower);
            }
            given?;
        }
        start.write(lower);
        end.write(upper);
        Ok(())
    })
}
