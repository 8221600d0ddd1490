//! What declares both.

/// Declares a sampler whose memory is all static: a module with
/// - `SHARED`, the static [`Shared`](crate::Shared) that recorders are made of,
/// - `Memory`, the type of the writing half's memory; `Memory::new()` is a constant,
/// - `CONFIG`, the [`Config`](crate::Config).
///
/// Fields that are not given are [`Config::SMALL`](crate::Config::SMALL)'s; pools that are not given get
/// what they can ever need ([`Config::roomy`](crate::Config::roomy)). A configuration that cannot work does
/// not compile; the message names the field.
///
/// # Examples
/// ```
/// use keyviz_core::{Op, RouteId};
///
/// keyviz_core::fixed! {
///     /// The load of the flash's regions.
///     pub mod load {
///         step_ms: 1000,
///         max_routes: 8,
///         max_recorders: 2,
///         history_columns: 16,
///     }
/// }
///
/// let mut memory = load::Memory::new(); // on the stack of a `main` that never ends, or in a static cell
/// let mut writer = memory.claim(&load::SHARED, 0)?;
/// writer.register(RouteId(1), b"a", Some(b"m"), 0)?;
/// let recorder = load::SHARED.recorder().ok_or("all recorders are taken")?; // one per interrupt priority
/// recorder.observe(RouteId(1), Op::Write, b"apple", 100);
/// writer.flush(1000);
/// assert_eq!(writer.counters().recorded.writes, 1);
///
/// // A shared half has one writer.
/// assert!(load::Memory::new().claim(&load::SHARED, 0).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Too small a pool is a message of the compiler's: `history_bytes: 100 bytes cannot hold the open column
/// at its largest, twice, and the parts of term changes; give at least ... bytes`.
/// ```compile_fail
/// keyviz_core::fixed! {
///     mod load { history_bytes: 100 }
/// }
/// ```
#[macro_export]
macro_rules! fixed {
    ($(#[$meta:meta])* $vis:vis mod $name:ident { $($field:ident: $value:expr),* $(,)? }) => {
        $(#[$meta])*
        $vis mod $name {
            /// The sizes.
            #[allow(unused_mut, reason = "a configuration may be the small one as it is")]
            pub const CONFIG: $crate::Config = {
                let mut config = $crate::Config::SMALL;
                $(config.$field = $value;)*
                $crate::fixed::roomy(&config)
            };

            const SIZES: $crate::fixed::Sizes = $crate::fixed::Sizes::of(&CONFIG);

            static MEMORY: $crate::fixed::SharedMemory<
                { SIZES.pages },
                { SIZES.directories },
                { SIZES.own },
                { SIZES.table },
                { SIZES.member_table },
                { SIZES.seats },
                { SIZES.members },
                { SIZES.samples },
                { SIZES.key_queues },
                { SIZES.key_words },
                { SIZES.record_entries },
                { SIZES.record_words },
                { SIZES.boundary_words },
                { SIZES.boundary_marks },
                { SIZES.lineage },
                { SIZES.events },
                { SIZES.divisions },
                { SIZES.chunks },
                { SIZES.descriptor_words },
                { SIZES.entries },
                { SIZES.words },
                { SIZES.blocks },
            > = $crate::fixed::SharedMemory::new();

            /// The shared half: recorders are made of it, and the writer claims it.
            pub static SHARED: $crate::Shared = MEMORY.shared(&CONFIG);

            /// The memory of the writing half: to be placed by the host, and lent by `claim`.
            pub type Memory = $crate::fixed::WriterMemory<
                { SIZES.seats },
                { SIZES.draining },
                { SIZES.nodes },
                { SIZES.members },
                { SIZES.virtuals },
                { SIZES.reservoirs },
                { SIZES.candidates },
                { SIZES.sketch },
                { SIZES.groups },
                { SIZES.chunks },
                { SIZES.descriptors },
                { SIZES.entries },
                { SIZES.cells },
                { SIZES.page_set },
                { SIZES.scans },
                { SIZES.scan_scratch },
                { SIZES.ranges },
                { SIZES.ranked },
                { SIZES.range_keys },
                { SIZES.scratch },
                { SIZES.key_scratch },
                { SIZES.fold },
                { SIZES.sketches },
                { SIZES.sketch_counters },
                { SIZES.sketch_index },
                { SIZES.sketch_bytes },
                { SIZES.sketch_table },
            >;
        }
    };
}
