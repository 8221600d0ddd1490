//! How a call ended.

use std::ffi::{CStr, c_char};

/// How a call ended. Numbers are never reused.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum keyviz_status {
    /// It was done.
    Ok = 0,
    /// A pointer that has to point at something is NULL.
    NullPointer = 1,
    /// A number or a length is out of its range.
    BadArgument = 2,
    /// A struct's `size` is smaller than its first version's, or it is larger than this library knows and what is beyond is not zero.
    BadStructSize = 3,
    /// The handle is none that was ever given out, or is of another kind.
    InvalidHandle = 4,
    /// The handle was closed, or its sampler was.
    ClosedHandle = 5,
    /// The handle is of another sampler, process or copy of this library.
    ForeignHandle = 6,
    /// The handle is of the process that this one was forked from.
    Forked = 7,
    /// A configuration that cannot work; the text names the field.
    BadConfig = 8,
    /// The allocator has no such memory.
    OutOfMemory = 9,
    /// A route's end is not above its start.
    EmptyRange = 10,
    /// A bound is longer than `max_bound_len`.
    BoundTooLong = 11,
    /// All places for routes are taken.
    RoutesFull = 12,
    /// The bytes for bounds are used up.
    BoundsFull = 13,
    /// The ranges are keyviz's own: routes are not for the host to change.
    AutoRanges = 14,
    /// Nobody registered the route, or it is named twice.
    UnknownRoute = 15,
    /// The route is registered already, or named twice.
    AlreadyRegistered = 16,
    /// No route was named.
    NothingNamed = 17,
    /// A label is not configured, or has bytes or a length that labels do not have.
    BadLabel = 18,
    /// The kind of an event is not 1 to 32 bytes of a-z, 0-9, '_' and '-'.
    BadEventKind = 19,
    /// A table of key names was refused.
    BadNames = 20,
    /// Keys are not sampled.
    HotKeysDisabled = 21,
    /// Nothing was flushed yet.
    NoSnapshot = 22,
    /// The hot keys of that time are not kept any more.
    Expired = 23,
    /// There is no column in that time.
    OutOfSnapshotWindow = 24,
    /// No key of it was sampled in that time.
    NoSketch = 25,
    /// It was not among the hottest, whose keys are followed.
    BelowThreshold = 26,
    /// The bytes are no snapshot that can be read.
    BadSnapshot = 27,
    /// The sampler is in use: restore before registering and flushing.
    InUse = 28,
    /// The snapshot's columns are of another step.
    OtherStep = 29,
    /// The snapshot's routes are divided in another way.
    OtherDivision = 30,
    /// It runs already.
    AlreadyRunning = 31,
    /// It does not run.
    NotRunning = 32,
    /// The system gave no thread.
    NoThread = 33,
    /// The text is not an address with a port.
    BadAddress = 34,
    /// The address is not loopback, and there is no token.
    AddressRefused = 35,
    /// The system refused to listen there.
    ListenFailed = 36,
    /// A token is too short, too long, or both roles have the same.
    BadToken = 37,
    /// There are as many handles as there can be at once.
    TooManyHandles = 38,
    /// The call cannot be made from within the log callback.
    InCallback = 39,
    /// A text is not UTF-8.
    BadText = 40,
    /// An option's text cannot be read; the last error says which.
    BadOption = 41,
    /// A fault inside keyviz, which was caught and counted.
    Internal = 42,
    /// Another node's answer cannot be read, or cannot be merged.
    BadAnswer = 43,
    /// An answer is of another series than those before it.
    OtherSeries = 44,
    /// There is an answer of this place already.
    PlaceTaken = 45,
    /// With it there would be more cells than were allowed.
    TooLarge = 46,
}

/// Every status with its name.
const ALL: &[(keyviz_status, &CStr)] = &[
    (keyviz_status::Ok, c"ok"),
    (keyviz_status::NullPointer, c"null_pointer"),
    (keyviz_status::BadArgument, c"bad_argument"),
    (keyviz_status::BadStructSize, c"bad_struct_size"),
    (keyviz_status::InvalidHandle, c"invalid_handle"),
    (keyviz_status::ClosedHandle, c"closed_handle"),
    (keyviz_status::ForeignHandle, c"foreign_handle"),
    (keyviz_status::Forked, c"forked"),
    (keyviz_status::BadConfig, c"bad_config"),
    (keyviz_status::OutOfMemory, c"out_of_memory"),
    (keyviz_status::EmptyRange, c"empty_range"),
    (keyviz_status::BoundTooLong, c"bound_too_long"),
    (keyviz_status::RoutesFull, c"routes_full"),
    (keyviz_status::BoundsFull, c"bounds_full"),
    (keyviz_status::AutoRanges, c"auto_ranges"),
    (keyviz_status::UnknownRoute, c"unknown_route"),
    (keyviz_status::AlreadyRegistered, c"already_registered"),
    (keyviz_status::NothingNamed, c"nothing_named"),
    (keyviz_status::BadLabel, c"bad_label"),
    (keyviz_status::BadEventKind, c"bad_event_kind"),
    (keyviz_status::BadNames, c"bad_names"),
    (keyviz_status::HotKeysDisabled, c"hot_keys_disabled"),
    (keyviz_status::NoSnapshot, c"no_snapshot"),
    (keyviz_status::Expired, c"expired"),
    (keyviz_status::OutOfSnapshotWindow, c"out_of_snapshot_window"),
    (keyviz_status::NoSketch, c"no_sketch"),
    (keyviz_status::BelowThreshold, c"below_threshold"),
    (keyviz_status::BadSnapshot, c"bad_snapshot"),
    (keyviz_status::InUse, c"in_use"),
    (keyviz_status::OtherStep, c"other_step"),
    (keyviz_status::OtherDivision, c"other_division"),
    (keyviz_status::AlreadyRunning, c"already_running"),
    (keyviz_status::NotRunning, c"not_running"),
    (keyviz_status::NoThread, c"no_thread"),
    (keyviz_status::BadAddress, c"bad_address"),
    (keyviz_status::AddressRefused, c"address_refused"),
    (keyviz_status::ListenFailed, c"listen_failed"),
    (keyviz_status::BadToken, c"bad_token"),
    (keyviz_status::TooManyHandles, c"too_many_handles"),
    (keyviz_status::InCallback, c"in_callback"),
    (keyviz_status::BadText, c"bad_text"),
    (keyviz_status::BadOption, c"bad_option"),
    (keyviz_status::Internal, c"internal"),
    (keyviz_status::BadAnswer, c"bad_answer"),
    (keyviz_status::OtherSeries, c"other_series"),
    (keyviz_status::PlaceTaken, c"place_taken"),
    (keyviz_status::TooLarge, c"too_large"),
];

/// The name of a status: lower case, as it stands in the documentation.
///
/// Ownership: the text is the library's and lives as long as it.
/// Threads: any.
/// Units: `status` is a number of `keyviz_status`.
/// Errors: "unknown" for a number that this library does not know.
#[unsafe(no_mangle)]
pub extern "C" fn keyviz_status_name(status: i32) -> *const c_char {
    let known = ALL.iter().find(|(known, _)| *known as i32 == status);
    known.map_or(c"unknown", |(_, name)| name).as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_they_were() {
        let listed = include_str!("../tests/status_numbers.txt");
        let now: String =
            ALL.iter().map(|(number, name)| format!("{} {}\n", *number as i32, name.to_str().unwrap())).collect();
        assert_eq!(now, listed, "a number is never changed or reused; add new ones at the end, here and in the list");
    }
}
