/*
 * keyviz: where the load lands in a key space, over time.
 *
 * Made from the sources by `cargo xtask header`; change it there.
 *
 *     keyviz_sampler kv;
 *     keyviz_open(NULL, KEYVIZ_NOW, &kv);
 *     keyviz_register(kv, 1, "a", 1, NULL, 0, 0, NULL);
 *     keyviz_flusher_start(kv);
 *     keyviz_admin_start(kv, "127.0.0.1:8765", NULL);
 *     keyviz_observe(kv, 1, KEYVIZ_OP_WRITE, "apple", 5, 100);
 *
 * Of every function:
 * - It returns a keyviz_status, 0 for done; keyviz_last_error() has the words. On failure nothing was changed and nothing
 *   is written through the pointers it was given, unless it says so.
 * - Handles are numbers. What is closed, of another sampler, or no handle at all, is a status: those of the handle are
 *   invalid_handle, closed_handle, foreign_handle, forked. They are counted (keyviz_counters).
 * - Structs with a `size` begin with it: set it to sizeof. What a later version adds stands at their end.
 * - In the child of a fork the parent's handles are `forked`, and nothing else happens; it may open its own. A child of
 *   vfork, or of a bare clone, calls nothing of keyviz.
 * - What keyviz counts with is taken by keyviz_open, or refused as out_of_memory; observing, registering and flushing take
 *   nothing more. A call that takes memory for an answer asks for as much as all of it may need before it begins, and is
 *   out_of_memory where the system refuses that. What is left: another thread may take it in between, a thread takes a
 *   little when it first observes, and keyviz's own threads take small things while they serve; where the system refuses
 *   those the process ends. Systems that overcommit refuse none of it.
 * - The code must stay in memory: threads and the handler of forks are in it. The shared library stays by itself
 *   (nodelete). Whoever links the archive into a library or plugin that may be unloaded links that with -Wl,-z,nodelete,
 *   as pkg-config --static and CMake's keyviz::static say.
 * - Nothing is printed, no handler of a signal is installed, the process is never ended, and no C++ exception leaves.
 */

#ifndef KEYVIZ_H
#define KEYVIZ_H



#include <stddef.h>
#include <stdint.h>

/**
 * A bit of `known`: `history_from_ms` is known.
 */
#define KEYVIZ_NODE_HISTORY_FROM 1

/**
 * A bit of `known`: `started_ms` is known.
 */
#define KEYVIZ_NODE_STARTED 2

/**
 * A bit of `known`: `clock_offset_ms` is known.
 */
#define KEYVIZ_NODE_CLOCK_OFFSET 4

/**
 * A bit of `known`: `step_ms` is known.
 */
#define KEYVIZ_NODE_STEP 8

/**
 * A bit of `known`: `unattributed` is known.
 */
#define KEYVIZ_NODE_UNATTRIBUTED 16

/**
 * A bit of `known`: `evicted` is known.
 */
#define KEYVIZ_NODE_EVICTED 32

/**
 * The present instant, wherever a function takes one: that of the system's clock.
 */
#define KEYVIZ_NOW 18446744073709551615ull

/**
 * A bit of `row_flags`: the row is a virtual bucket.
 */
#define KEYVIZ_ROW_AGGREGATE 1

/**
 * A bit of `row_flags`: the route was removed when the row's newest column was flushed.
 */
#define KEYVIZ_ROW_DRAINING 2

/**
 * A bit of `row_flags`: the virtual bucket has more routes than are listed.
 */
#define KEYVIZ_ROW_MEMBERS_CUT 4

/**
 * A bit of `row_flags`: the row has no upper bound.
 */
#define KEYVIZ_ROW_UNBOUNDED 8

/**
 * A bit of `row_flags`: nodes disagree about a cell of the row.
 */
#define KEYVIZ_ROW_CONFLICT 16

/**
 * The version of the ABI that this header is of. It grows with every addition; what is there stays as it is.
 */
#define KEYVIZ_ABI_VERSION 2

/**
 * How a call ended. Numbers are never reused.
 */
enum keyviz_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It was done.
     */
    KEYVIZ_STATUS_OK = 0,
    /**
     * A pointer that has to point at something is NULL.
     */
    KEYVIZ_STATUS_NULL_POINTER = 1,
    /**
     * A number or a length is out of its range.
     */
    KEYVIZ_STATUS_BAD_ARGUMENT = 2,
    /**
     * A struct's `size` is smaller than its first version's, or it is larger than this library knows and what is beyond is not zero.
     */
    KEYVIZ_STATUS_BAD_STRUCT_SIZE = 3,
    /**
     * The handle is none that was ever given out, or is of another kind.
     */
    KEYVIZ_STATUS_INVALID_HANDLE = 4,
    /**
     * The handle was closed, or its sampler was.
     */
    KEYVIZ_STATUS_CLOSED_HANDLE = 5,
    /**
     * The handle is of another sampler, process or copy of this library.
     */
    KEYVIZ_STATUS_FOREIGN_HANDLE = 6,
    /**
     * The handle is of the process that this one was forked from.
     */
    KEYVIZ_STATUS_FORKED = 7,
    /**
     * A configuration that cannot work; the text names the field.
     */
    KEYVIZ_STATUS_BAD_CONFIG = 8,
    /**
     * The allocator has no such memory.
     */
    KEYVIZ_STATUS_OUT_OF_MEMORY = 9,
    /**
     * A route's end is not above its start.
     */
    KEYVIZ_STATUS_EMPTY_RANGE = 10,
    /**
     * A bound is longer than `max_bound_len`.
     */
    KEYVIZ_STATUS_BOUND_TOO_LONG = 11,
    /**
     * All places for routes are taken.
     */
    KEYVIZ_STATUS_ROUTES_FULL = 12,
    /**
     * The bytes for bounds are used up.
     */
    KEYVIZ_STATUS_BOUNDS_FULL = 13,
    /**
     * The ranges are keyviz's own: routes are not for the host to change.
     */
    KEYVIZ_STATUS_AUTO_RANGES = 14,
    /**
     * Nobody registered the route, or it is named twice.
     */
    KEYVIZ_STATUS_UNKNOWN_ROUTE = 15,
    /**
     * The route is registered already, or named twice.
     */
    KEYVIZ_STATUS_ALREADY_REGISTERED = 16,
    /**
     * No route was named.
     */
    KEYVIZ_STATUS_NOTHING_NAMED = 17,
    /**
     * A label is not configured, or has bytes or a length that labels do not have.
     */
    KEYVIZ_STATUS_BAD_LABEL = 18,
    /**
     * The kind of an event is not 1 to 32 bytes of a-z, 0-9, '_' and '-'.
     */
    KEYVIZ_STATUS_BAD_EVENT_KIND = 19,
    /**
     * A table of key names was refused.
     */
    KEYVIZ_STATUS_BAD_NAMES = 20,
    /**
     * Keys are not sampled.
     */
    KEYVIZ_STATUS_HOT_KEYS_DISABLED = 21,
    /**
     * Nothing was flushed yet.
     */
    KEYVIZ_STATUS_NO_SNAPSHOT = 22,
    /**
     * The hot keys of that time are not kept any more.
     */
    KEYVIZ_STATUS_EXPIRED = 23,
    /**
     * There is no column in that time.
     */
    KEYVIZ_STATUS_OUT_OF_SNAPSHOT_WINDOW = 24,
    /**
     * No key of it was sampled in that time.
     */
    KEYVIZ_STATUS_NO_SKETCH = 25,
    /**
     * It was not among the hottest, whose keys are followed.
     */
    KEYVIZ_STATUS_BELOW_THRESHOLD = 26,
    /**
     * The bytes are no snapshot that can be read.
     */
    KEYVIZ_STATUS_BAD_SNAPSHOT = 27,
    /**
     * The sampler is in use: restore before registering and flushing.
     */
    KEYVIZ_STATUS_IN_USE = 28,
    /**
     * The snapshot's columns are of another step.
     */
    KEYVIZ_STATUS_OTHER_STEP = 29,
    /**
     * The snapshot's routes are divided in another way.
     */
    KEYVIZ_STATUS_OTHER_DIVISION = 30,
    /**
     * It runs already.
     */
    KEYVIZ_STATUS_ALREADY_RUNNING = 31,
    /**
     * It does not run.
     */
    KEYVIZ_STATUS_NOT_RUNNING = 32,
    /**
     * The system gave no thread.
     */
    KEYVIZ_STATUS_NO_THREAD = 33,
    /**
     * The text is not an address with a port.
     */
    KEYVIZ_STATUS_BAD_ADDRESS = 34,
    /**
     * The address is not loopback, and there is no token.
     */
    KEYVIZ_STATUS_ADDRESS_REFUSED = 35,
    /**
     * The system refused to listen there.
     */
    KEYVIZ_STATUS_LISTEN_FAILED = 36,
    /**
     * A token is too short, too long, or both roles have the same.
     */
    KEYVIZ_STATUS_BAD_TOKEN = 37,
    /**
     * There are as many handles as there can be at once.
     */
    KEYVIZ_STATUS_TOO_MANY_HANDLES = 38,
    /**
     * The call cannot be made from within the log callback.
     */
    KEYVIZ_STATUS_IN_CALLBACK = 39,
    /**
     * A text is not UTF-8.
     */
    KEYVIZ_STATUS_BAD_TEXT = 40,
    /**
     * An option's text cannot be read; the last error says which.
     */
    KEYVIZ_STATUS_BAD_OPTION = 41,
    /**
     * A fault inside keyviz, which was caught and counted.
     */
    KEYVIZ_STATUS_INTERNAL = 42,
    /**
     * Another node's answer cannot be read, or cannot be merged.
     */
    KEYVIZ_STATUS_BAD_ANSWER = 43,
    /**
     * An answer is of another series than those before it.
     */
    KEYVIZ_STATUS_OTHER_SERIES = 44,
    /**
     * There is an answer of this place already.
     */
    KEYVIZ_STATUS_PLACE_TAKEN = 45,
    /**
     * With it there would be more cells than were allowed.
     */
    KEYVIZ_STATUS_TOO_LARGE = 46,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum keyviz_status keyviz_status;
#else
typedef int32_t keyviz_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What was done to a key.
 */
enum keyviz_op
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * A read: adds to `reads` and `read_bytes`.
     */
    KEYVIZ_OP_READ = 0,
    /**
     * A write: adds to `writes` and `write_bytes`.
     */
    KEYVIZ_OP_WRITE = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum keyviz_op keyviz_op;
#else
typedef uint32_t keyviz_op;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What is counted.
 */
enum keyviz_series
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Writes.
     */
    KEYVIZ_SERIES_WRITES = 0,
    /**
     * Reads.
     */
    KEYVIZ_SERIES_READS = 1,
    /**
     * Key and value bytes of writes.
     */
    KEYVIZ_SERIES_WRITE_BYTES = 2,
    /**
     * Key and value bytes of reads.
     */
    KEYVIZ_SERIES_READ_BYTES = 3,
    /**
     * Range reads, in every range that they touched.
     */
    KEYVIZ_SERIES_SCANS = 4,
    /**
     * Reads and writes.
     */
    KEYVIZ_SERIES_OPS = 5,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum keyviz_series keyviz_series;
#else
typedef uint32_t keyviz_series;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What the rows of a matrix are.
 */
enum keyviz_axis
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * A row per route, label and division, and per virtual bucket.
     */
    KEYVIZ_AXIS_ROUTE = 0,
    /**
     * The key space cut into rows by heat.
     */
    KEYVIZ_AXIS_RANGE = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum keyviz_axis keyviz_axis;
#else
typedef uint32_t keyviz_axis;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What a column is.
 */
enum keyviz_column_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Sealed: it will not change.
     */
    KEYVIZ_COLUMN_STATE_COMPLETE = 0,
    /**
     * The window is not over.
     */
    KEYVIZ_COLUMN_STATE_OPEN = 1,
    /**
     * Sealed, and it covers an interval of more than 1.5 steps.
     */
    KEYVIZ_COLUMN_STATE_LATE = 2,
    /**
     * A run of windows without a column: nothing is known of them.
     */
    KEYVIZ_COLUMN_STATE_MISSING = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum keyviz_column_state keyviz_column_state;
#else
typedef uint8_t keyviz_column_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How much a line of the log matters.
 */
enum keyviz_log_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Something went wrong, and keyviz goes on with less.
     */
    KEYVIZ_LOG_LEVEL_ERROR = 1,
    /**
     * Something should be looked at.
     */
    KEYVIZ_LOG_LEVEL_WARN = 2,
    /**
     * Something happened.
     */
    KEYVIZ_LOG_LEVEL_INFO = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum keyviz_log_level keyviz_log_level;
#else
typedef uint32_t keyviz_log_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a node answered, or why it did not.
 */
enum keyviz_node_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Its answer is in the picture.
     */
    KEYVIZ_NODE_STATE_ANSWERED = 0,
    /**
     * Nobody answers there.
     */
    KEYVIZ_NODE_STATE_UNREACHABLE = 1,
    /**
     * It did not answer in time.
     */
    KEYVIZ_NODE_STATE_TIMED_OUT = 2,
    /**
     * It did not take the coordinator for one that may ask.
     */
    KEYVIZ_NODE_STATE_REFUSED = 3,
    /**
     * It has too much to do.
     */
    KEYVIZ_NODE_STATE_BUSY = 4,
    /**
     * Its sampler is switched off.
     */
    KEYVIZ_NODE_STATE_DISABLED = 5,
    /**
     * What it answered could not be read, or not be merged.
     */
    KEYVIZ_NODE_STATE_INVALID = 6,
    /**
     * Another reason, which `error` says.
     */
    KEYVIZ_NODE_STATE_FAILED = 7,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum keyviz_node_state keyviz_node_state;
#else
typedef uint32_t keyviz_node_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What a token opens.
 */
enum keyviz_role
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * All endpoints.
     */
    KEYVIZ_ROLE_FULL = 0,
    /**
     * Those that redact keys.
     */
    KEYVIZ_ROLE_READ = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum keyviz_role keyviz_role;
#else
typedef uint32_t keyviz_role;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What a merge has to say of a node.
 */
enum keyviz_warning
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Its writes would add, other nodes' go by the leader rule; so all went by the leader rule.
     */
    KEYVIZ_WARNING_MIXED_WRITE_MERGE = 0,
    /**
     * It has other bounds for a row than the first node that has it; its counts stand under the first's.
     */
    KEYVIZ_WARNING_CATALOG_DIVERGENCE = 1,
    /**
     * It did not say its step, and when all were there it had no room: it is left out.
     */
    KEYVIZ_WARNING_LEFT_OUT = 2,
    /**
     * It had more rows than it gave: what it cut is in `cut_values`, but in no row.
     */
    KEYVIZ_WARNING_PEER_ROWS_CAPPED = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum keyviz_warning keyviz_warning;
#else
typedef uint32_t keyviz_warning;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A sampler: what counts the load of one key space. All zero is none.
 */
typedef struct keyviz_sampler {
    /**
     * keyviz's own.
     */
    uint64_t bits;
} keyviz_sampler;

/**
 * One answer of the page's with bytes of keys in it, or with what a redaction made of them. Never the keys themselves.
 */
typedef struct keyviz_audited {
    /**
     * `sizeof(keyviz_audited)` of the library: what it has beyond the host's is newer than that.
     */
    size_t size;
    /**
     * When it was answered, in Unix milliseconds.
     */
    uint64_t at_ms;
    /**
     * The time asked for, in Unix milliseconds; 0 is unbounded.
     */
    uint64_t from_ms;
    /**
     * The end of the time asked for; 0 is unbounded.
     */
    uint64_t to_ms;
    /**
     * How many different keys, or texts that may hold keys, the answer has; of a snapshot, two for each route.
     */
    uint64_t keys;
    /**
     * A name for the token that was shown, which tells nothing of it; NULL where none is asked for.
     */
    const char *token;
    /**
     * Where the request came from, as `127.0.0.1:51515`, or NULL.
     */
    const char *address;
    /**
     * The endpoint: `matrix`, `events`, `hotkeys`, `snapshot`, `top`, `names`.
     */
    const char *endpoint;
    /**
     * The least key asked for, as 16 hex digits that tell equal keys and nothing else; NULL for the lowest.
     */
    const char *keys_from;
    /**
     * The end of the keys asked for, likewise; NULL is unbounded.
     */
    const char *keys_to;
    /**
     * What was shown of the keys: `none`, `prefix:8`, ...
     */
    const char *redaction;
    /**
     * All of it as one line of `name=value`, for a log.
     */
    const char *line;
    /**
     * A number of `keyviz_role`.
     */
    uint32_t role;
    /**
     * 0.
     */
    uint32_t reserved;
} keyviz_audited;

/**
 * Takes a record of an answer with keys in it; the record and its texts are good during the call.
 *
 * It is called before the answer is sent, from keyviz's own threads, several at once for several requests. It must
 * return, and not by an exception or `longjmp`. It may observe, read and annotate; what starts, stops or closes something
 * is `in_callback`, and what the log would be told of its calls is not told.
 */
typedef void (*keyviz_audit_callback)(void *user_data, const struct keyviz_audited *record);

/**
 * How the page is served. All zero but for `size` is good on loopback.
 */
typedef struct keyviz_admin_options {
    /**
     * `sizeof(keyviz_admin_options)`.
     */
    size_t size;
    /**
     * What the page calls the engine; NULL is "keyviz". All texts are the host's, and copied.
     */
    const char *title;
    /**
     * The bearer token of role full: 16 to 512 visible ASCII characters; NULL asks for none.
     */
    const char *token;
    /**
     * That of role read; NULL: nobody has that role.
     */
    const char *read_token;
    /**
     * What role full sees of keys: `none`, `prefix:N`, `hmac`, `hex`; NULL is `none`.
     */
    const char *redaction;
    /**
     * What role read sees of them; NULL is `prefix:8`.
     */
    const char *read_redaction;
    /**
     * The command that splits a range, as `mydb split --region {route} --at {key}`; NULL shows none.
     */
    const char *split_template;
    /**
     * Host names that requests may carry besides the loopback names.
     */
    const char *const *allowed_hosts;
    /**
     * How many they are.
     */
    size_t allowed_host_count;
    /**
     * Bytes of answers for all requests together; beyond them 503 `busy`. 0 is 128 MiB.
     */
    uint64_t memory_bytes;
    /**
     * Connections at once; the next one gets 503 `busy`. 0 is 64.
     */
    uint32_t max_connections;
    /**
     * Not 0: listens beyond loopback without a token. Everyone who reaches it can read keys and load.
     */
    uint32_t insecure_no_auth;
    /**
     * Gets a record of each answer that has keys in it; NULL: they are only counted (`audited` in `/status`).
     */
    keyviz_audit_callback audit;
    /**
     * What it is called with: the host's, good until the page has ended.
     */
    void *audit_data;
} keyviz_admin_options;

/**
 * Bytes that keyviz made. All zero is none.
 */
typedef struct keyviz_buffer {
    /**
     * keyviz's own.
     */
    uint64_t bits;
} keyviz_buffer;

/**
 * Columns of so many steps each.
 */
typedef struct keyviz_tier {
    /**
     * Steps of a column; 0 is the end of the list.
     */
    uint32_t steps;
    /**
     * Columns kept.
     */
    uint32_t columns;
} keyviz_tier;

/**
 * The sizes of a sampler: all of its memory follows from these, and is taken when it is opened.
 *
 * Set `size` to `sizeof(keyviz_config)`, call `keyviz_config_defaults`, and change what you like. Bounds, bytes and
 * defaults stand in `docs/configuration.md`, by the same names.
 */
typedef struct keyviz_config {
    /**
     * `sizeof(keyviz_config)`.
     */
    size_t size;
    /**
     * The sampling interval in milliseconds.
     */
    uint64_t step_ms;
    /**
     * Bytes of all pages of cells.
     */
    uint64_t cell_bytes;
    /**
     * Bytes of all columns.
     */
    uint64_t history_bytes;
    /**
     * Bytes of the bounds of routes.
     */
    uint64_t bound_bytes;
    /**
     * Bytes of the queues of sampled keys.
     */
    uint64_t sample_bytes;
    /**
     * Bytes of the hot keys kept of columns.
     */
    uint64_t hot_key_bytes;
    /**
     * The seed of what is drawn by lot.
     */
    uint64_t seed;
    /**
     * Names for the traffic's origin: `label_count` texts. Read when a sampler is opened; the host's.
     */
    const char *const *labels;
    /**
     * How many labels there are, at most 15.
     */
    uint32_t label_count;
    /**
     * Ranges that keyviz makes itself, 2 to 65 536; 0: the host registers routes.
     */
    uint32_t auto_ranges;
    /**
     * Routes with slots of their own.
     */
    uint32_t max_routes;
    /**
     * Routes known; those beyond `max_routes` share virtual buckets.
     */
    uint32_t max_known_routes;
    /**
     * Removed routes whose slots may drain at the same time; 0: a quarter of `max_routes`.
     */
    uint32_t max_draining;
    /**
     * Virtual buckets; 0: a quarter of `max_routes`.
     */
    uint32_t max_virtual;
    /**
     * Routes that a row of a virtual bucket lists.
     */
    uint32_t max_members;
    /**
     * Not 0: hot members of virtual buckets get slots of their own.
     */
    uint32_t promote;
    /**
     * Order-preserving divisions of each route.
     */
    uint32_t sub_buckets;
    /**
     * Not 0: range reads are counted in every range that they touch.
     */
    uint32_t scans;
    /**
     * Recorders with cells of their own.
     */
    uint32_t max_recorders;
    /**
     * Shards for recorders without.
     */
    uint32_t shared_shards;
    /**
     * Columns of one step that are kept.
     */
    uint32_t history_columns;
    /**
     * The longest bound in bytes.
     */
    uint32_t max_bound_len;
    /**
     * Events kept of what the host tells.
     */
    uint32_t max_events;
    /**
     * Not 0: keys are sampled, to tell which are hot. It keeps bytes of keys.
     */
    uint32_t hot_keys;
    /**
     * One operation in so many is sampled at the most.
     */
    uint32_t sample_every;
    /**
     * The longest key that is sampled, in bytes.
     */
    uint32_t max_key_len;
    /**
     * Cells whose hot keys are followed at a time.
     */
    uint32_t hot_key_sketches;
    /**
     * Keys that are followed of each of them.
     */
    uint32_t hot_key_entries;
    /**
     * Not 0: memory is touched when it is taken.
     */
    uint32_t prefault;
    /**
     * 0; anything else is refused.
     */
    uint32_t reserved;
    /**
     * Coarser tiers, finest first, that old columns fold into.
     */
    struct keyviz_tier tiers[3];
} keyviz_config;

/**
 * Answers of several nodes on their way to one. All zero is none.
 */
typedef struct keyviz_coordinator {
    /**
     * keyviz's own.
     */
    uint64_t bits;
} keyviz_coordinator;

/**
 * A label of a sampler. All zero is none: unlabelled traffic.
 */
typedef struct keyviz_label {
    /**
     * keyviz's own.
     */
    uint32_t bits;
} keyviz_label;

/**
 * What is asked of a sampler. All zero but for `size` asks for the writes of everything that is sealed, by route.
 */
typedef struct keyviz_query {
    /**
     * `sizeof(keyviz_query)`.
     */
    size_t size;
    /**
     * Least end of a window, in Unix milliseconds; 0 is unbounded.
     */
    uint64_t from_ms;
    /**
     * Ends of windows are below this, in Unix milliseconds; 0 is unbounded.
     */
    uint64_t to_ms;
    /**
     * The lowest key that is asked for: the host's, read during the call.
     */
    const void *start;
    /**
     * How many bytes it has.
     */
    size_t start_len;
    /**
     * Keys are below this; NULL, and one of no bytes, is unbounded.
     */
    const void *end;
    /**
     * How many bytes it has.
     */
    size_t end_len;
    /**
     * A route, where `by_route` is not 0.
     */
    uint64_t route;
    /**
     * A number of `keyviz_series`.
     */
    uint32_t series;
    /**
     * A number of `keyviz_axis`; matrices alone.
     */
    uint32_t axis;
    /**
     * The most rows, or keys; 0 is as many as there may be, 1024. `keyviz_coordinator_add` takes more.
     */
    uint32_t rows;
    /**
     * Not 0: the open column, too; matrices alone.
     */
    uint32_t open;
    /**
     * Not 0: labels are summed up in a route's row; matrices alone.
     */
    uint32_t sum_labels;
    /**
     * Not 0: `label` alone is asked for.
     */
    uint32_t by_label;
    /**
     * The label; none is the unlabelled traffic.
     */
    struct keyviz_label label;
    /**
     * Not 0: the hot keys of `route`; else of `[start, end)`. Hot keys alone.
     */
    uint32_t by_route;
    /**
     * Not 0: of the division `sub_bucket` alone. Hot keys of a route alone.
     */
    uint32_t by_sub_bucket;
    /**
     * The division, from 0 on.
     */
    uint32_t sub_bucket;
} keyviz_query;

/**
 * A matrix that was read: it stays as it is. All zero is none.
 */
typedef struct keyviz_matrix {
    /**
     * keyviz's own.
     */
    uint64_t bits;
} keyviz_matrix;

/**
 * What is known of a node beside its answer. The struct stays as it is.
 */
typedef struct keyviz_node {
    /**
     * Its name, as it is configured; of more than 256 bytes the first.
     */
    const char *name;
    /**
     * What went wrong, for people, or NULL; of more than 512 bytes the first. Never bytes of keys.
     */
    const char *error;
    /**
     * A number of `keyviz_node_state`.
     */
    uint32_t state;
    /**
     * Bits of `KEYVIZ_NODE_`: which of the following are known.
     */
    uint32_t known;
    /**
     * The start of its oldest column, in Unix milliseconds.
     */
    uint64_t history_from_ms;
    /**
     * When its sampler was opened, in Unix milliseconds.
     */
    uint64_t started_ms;
    /**
     * How far its clock is ahead.
     */
    int64_t clock_offset_ms;
    /**
     * Its sampling interval.
     */
    uint64_t step_ms;
    /**
     * Of the series, what it could give to no route, in all its time.
     */
    uint64_t unattributed;
    /**
     * Of the series, what went with its oldest columns, in all its time.
     */
    uint64_t evicted;
} keyviz_node;

/**
 * Totals of the five counted series.
 */
typedef struct keyviz_tally {
    /**
     * Reads.
     */
    uint64_t reads;
    /**
     * Writes.
     */
    uint64_t writes;
    /**
     * Key and value bytes of reads.
     */
    uint64_t read_bytes;
    /**
     * Key and value bytes of writes.
     */
    uint64_t write_bytes;
    /**
     * Ranges that range reads touched.
     */
    uint64_t scans;
} keyviz_tally;

/**
 * What a sampler knows of itself. Nothing is ever reset. `observed` is `recorded` and `unattributed` together, of
 * everything observed before the last flush.
 */
typedef struct keyviz_counters {
    /**
     * `sizeof(keyviz_counters)`.
     */
    size_t size;
    /**
     * All operations drained so far.
     */
    struct keyviz_tally observed;
    /**
     * Operations in columns: sealed, open, evicted.
     */
    struct keyviz_tally recorded;
    /**
     * Operations of routes that nobody registered, and those that came after a grace.
     */
    struct keyviz_tally unattributed;
    /**
     * Operations of columns that made room for newer ones.
     */
    struct keyviz_tally evicted;
    /**
     * Routes registered now, those without a slot of their own included.
     */
    uint64_t routes;
    /**
     * Registered routes that share a virtual bucket.
     */
    uint64_t members;
    /**
     * Virtual buckets with members.
     */
    uint64_t virtual_buckets;
    /**
     * Routes that had a slot of their own and were folded into a virtual bucket.
     */
    uint64_t folded;
    /**
     * Members that were given a slot of their own because they were hot.
     */
    uint64_t promoted;
    /**
     * Hot members that kept sharing, because no colder route could fold or no bucket could be divided.
     */
    uint64_t promotions_refused;
    /**
     * Virtual buckets whose bounds changed and whose counts could not be set apart, for want of history
     * bytes or descriptors: what they counted shortly before stands under the later bounds.
     */
    uint64_t bounds_unsplit;
    /**
     * Ranges of the core's own making that were split because they were hot.
     */
    uint64_t ranges_split;
    /**
     * Pairs of them that were joined because they were cold.
     */
    uint64_t ranges_joined;
    /**
     * Splits and joins of them that had no room: slots in their grace, bytes of bounds, descriptors.
     */
    uint64_t range_changes_refused;
    /**
     * Entries of lineage that made room for newer ones.
     */
    uint64_t lineage_dropped;
    /**
     * Events told, the core's own included.
     */
    uint64_t events_told;
    /**
     * Events that made room for newer ones of their ring, or had no place at all.
     */
    uint64_t events_dropped;
    /**
     * Events whose text was longer than 192 bytes and lost its end.
     */
    uint64_t events_cut;
    /**
     * Removed routes whose slots are not free yet.
     */
    uint64_t draining;
    /**
     * Registrations that overlapped a registered neighbour.
     */
    uint64_t overlapping_routes;
    /**
     * Registrations refused.
     */
    uint64_t register_refused;
    /**
     * Calls of flush.
     */
    uint64_t flushes;
    /**
     * Flushes that were given a time before the last one's, or past the year 9999.
     */
    uint64_t clock_stepped_back;
    /**
     * Columns sealed.
     */
    uint64_t columns_sealed;
    /**
     * Columns that made room for newer ones.
     */
    uint64_t columns_evicted;
    /**
     * Columns that were folded into coarser ones.
     */
    uint64_t columns_folded;
    /**
     * Sealed columns that cover an interval of more than 1.5 steps.
     */
    uint64_t columns_late;
    /**
     * Columns taken over from a snapshot; what they count is also in `observed`, `recorded` and `unattributed`.
     */
    uint64_t columns_restored;
    /**
     * Windows without a column.
     */
    uint64_t windows_missing;
    /**
     * Operations that arrived in a slot after its grace; they are also in `unattributed`.
     */
    uint64_t late_after_grace;
    /**
     * Routes whose group changed its term and whose counts could not be set apart, for want of history
     * bytes or descriptors: what they counted shortly before stands under the later term, or what they
     * count until the next flush under the earlier one.
     */
    uint64_t terms_unsplit;
    /**
     * Observations with a label that is not configured; counted unlabelled.
     */
    uint64_t unknown_labels;
    /**
     * Observations whose handle was out of date.
     */
    uint64_t stale_handles;
    /**
     * Observations whose lookup met a changing table too often; they are also in `unattributed`.
     */
    uint64_t lookup_gave_up;
    /**
     * Ranges that range reads touched beyond the first 1024 of each, and did not count in.
     */
    uint64_t scan_ranges_cut;
    /**
     * Operations counted in the shared shards.
     */
    uint64_t shared_ops;
    /**
     * Recorders at work that have cells of their own.
     */
    uint64_t recorders;
    /**
     * Recorders made when all of `max_recorders` were taken; they count in the shared shards.
     */
    uint64_t recorders_refused;
    /**
     * Pages of cells given out.
     */
    uint64_t pages_used;
    /**
     * Pages of cells in the pool.
     */
    uint64_t pages_total;
    /**
     * Operations that found the pool empty and counted in the shared shards.
     */
    uint64_t pages_refused;
    /**
     * Samples of keys taken.
     */
    uint64_t key_samples;
    /**
     * Samples of keys dropped, because a recorder's queue was full.
     */
    uint64_t key_samples_dropped;
    /**
     * Operations on keys longer than `max_key_len`, which are not sampled.
     */
    uint64_t keys_too_long;
    /**
     * Operations of recorders beyond `max_recorders`, which sample no keys, though keys are sampled.
     */
    uint64_t ops_unsampled;
    /**
     * Bytes of history in use by columns.
     */
    uint64_t history_bytes_used;
    /**
     * Bytes of bounds in use.
     */
    uint64_t bound_bytes_used;
    /**
     * Bytes taken at construction.
     */
    uint64_t memory_bytes;
    /**
     * Reads of the history that met a change and took a column again.
     */
    uint64_t reader_retries;
    /**
     * Faults inside keyviz that were caught, in the whole process: in calls and in its own threads.
     */
    uint64_t faults;
    /**
     * Faults of the threads of this sampler's pages and flushers; they are in `faults`, too. A page begins anew after one, a
     * flusher does not.
     */
    uint64_t page_faults;
    /**
     * Calls of the whole process with what is no handle.
     */
    uint64_t invalid_handles;
    /**
     * Calls of the whole process with handles that were closed.
     */
    uint64_t closed_handles;
    /**
     * Calls of the whole process with handles of another sampler, process or copy of keyviz.
     */
    uint64_t foreign_handles;
} keyviz_counters;

/**
 * A list of hot keys that was read. All zero is none.
 */
typedef struct keyviz_hot_keys {
    /**
     * keyviz's own.
     */
    uint64_t bits;
} keyviz_hot_keys;

/**
 * A key and what is known of it: `count - error <= truth <= count + error_bound` for what its samples stand for.
 */
typedef struct keyviz_hot_key {
    /**
     * Its bytes.
     */
    const void *key;
    /**
     * How many they are.
     */
    size_t key_len;
    /**
     * How many operations it had.
     */
    uint64_t count;
    /**
     * By how much `count` may be too high.
     */
    uint64_t error;
} keyviz_hot_key;

/**
 * The hottest keys of a route or of a range, in some columns.
 */
typedef struct keyviz_hot_key_list {
    /**
     * `sizeof(keyviz_hot_key_list)`.
     */
    size_t size;
    /**
     * The keys, the hottest first.
     */
    const struct keyviz_hot_key *keys;
    /**
     * How many there are.
     */
    size_t count;
    /**
     * Operations that the samples stand for.
     */
    uint64_t operations;
    /**
     * How many samples there were.
     */
    uint64_t samples;
    /**
     * One operation in so many was sampled at the most.
     */
    uint64_t least_every;
    /**
     * One operation in so many was sampled at the least.
     */
    uint64_t most_every;
    /**
     * What a key that is not listed had at the most.
     */
    uint64_t error_bound;
    /**
     * Start of the first column, in Unix milliseconds.
     */
    uint64_t from_ms;
    /**
     * End of the last one.
     */
    uint64_t to_ms;
    /**
     * When that was flushed.
     */
    uint64_t as_of_ms;
    /**
     * 1: something is lacking: samples were dropped, keys too long, operations not sampled.
     */
    uint32_t degraded;
    /**
     * 1: they are those of a virtual bucket.
     */
    uint32_t aggregate;
    /**
     * Samples dropped in these columns, of any route.
     */
    uint64_t dropped;
    /**
     * Operations on keys too long to be sampled in these columns, of any route.
     */
    uint64_t too_long;
    /**
     * Operations of recorders that sample nothing, in these columns, of any route.
     */
    uint64_t unsampled;
} keyviz_hot_key_list;

/**
 * A route came from another, by a split or a merge. The struct stays as it is.
 */
typedef struct keyviz_lineage {
    /**
     * When it was told: the last flush before, in Unix milliseconds.
     */
    uint64_t at_ms;
    /**
     * The route that was split or merged.
     */
    uint64_t parent;
    /**
     * The route that came of it. A split may keep the parent's id for one of its parts.
     */
    uint64_t child;
} keyviz_lineage;

/**
 * Takes a line of the log: the host's pointer, a number of `keyviz_log_level`, and a text that is good during the call.
 *
 * It is called from any thread of the host's that calls keyviz, and from keyviz's own, several at once. It must
 * return, and not by an exception or `longjmp`. It may observe, read and annotate; what starts, stops or closes
 * something is `in_callback`. What there is to tell of its own calls is not told.
 */
typedef void (*keyviz_log_callback)(void *user_data, uint32_t level, const char *text);

/**
 * A matrix as arrays. Cells stand row by row: that of row r and column c is at `r * columns + c`.
 *
 * For each column, the sum of all rows and `cut_values` is what the history has of the series in the ranges asked for.
 * What points at an array of no elements points nowhere: it is not to be read, nor compared with NULL.
 *
 * A row's rate in a column is its value over `column_covers_to_ms - column_covers_from_ms`.
 */
typedef struct keyviz_matrix_arrays {
    /**
     * `sizeof(keyviz_matrix_arrays)`.
     */
    size_t size;
    /**
     * How many rows there are.
     */
    size_t rows;
    /**
     * How many columns there are.
     */
    size_t columns;
    /**
     * The sampling interval in milliseconds.
     */
    uint64_t step_ms;
    /**
     * On the range axis, a number for where the key space is cut: equal cuts, equal numbers.
     */
    uint64_t axis_id;
    /**
     * Rows that the budget left out.
     */
    uint64_t cut_rows;
    /**
     * Per column: where its window begins, in Unix milliseconds.
     */
    const uint64_t *column_start_ms;
    /**
     * Per column: where it ends.
     */
    const uint64_t *column_end_ms;
    /**
     * Per column: what it counts came at or after this instant.
     */
    const uint64_t *column_covers_from_ms;
    /**
     * Per column: what it counts came before this instant.
     */
    const uint64_t *column_covers_to_ms;
    /**
     * Per column: a number of `keyviz_column_state`.
     */
    const uint8_t *column_state;
    /**
     * Per column: what no row could take.
     */
    const uint64_t *unattributed;
    /**
     * Per column: what the rows have that the budget left out.
     */
    const uint64_t *cut_values;
    /**
     * Per cell: the series' value.
     */
    const uint64_t *values;
    /**
     * Per cell: 1 where the value was spread over rows; NULL when none was.
     */
    const uint8_t *estimated;
    /**
     * Per cell: the owning group, 0 for none; NULL when no row has one.
     */
    const uint64_t *groups;
    /**
     * Per cell: the group's term; NULL when no row has a group.
     */
    const uint64_t *terms;
    /**
     * Per row: its name, as `route:7`.
     */
    const char *const *row_id;
    /**
     * Per row: the name that all its keys share, or NULL.
     */
    const char *const *row_name;
    /**
     * Per row: the route, or the virtual bucket's id; 0 on the range axis.
     */
    const uint64_t *row_route;
    /**
     * Per row: how many routes it stands for.
     */
    const uint64_t *row_route_count;
    /**
     * Per row: bits of `KEYVIZ_ROW_`.
     */
    const uint8_t *row_flags;
    /**
     * Per row: the 1-based index of its label among those configured; 0 is none, and of merged nodes all are.
     */
    const uint8_t *row_label;
    /**
     * Per row: its lower bound; none of its bytes is the lowest key.
     */
    const void *const *row_start;
    /**
     * Per row: how many bytes that has.
     */
    const size_t *row_start_len;
    /**
     * Per row: its upper bound; NULL is unbounded.
     */
    const void *const *row_end;
    /**
     * Per row: how many bytes that has.
     */
    const size_t *row_end_len;
    /**
     * Per row, and one more: where the routes listed of it begin in `members`.
     */
    const size_t *row_members;
    /**
     * The routes listed of virtual buckets.
     */
    const uint64_t *members;
    /**
     * How many values came under several terms, or under another than the one at the flush.
     */
    size_t parts;
    /**
     * Per part: its row.
     */
    const size_t *part_row;
    /**
     * Per part: its column.
     */
    const size_t *part_column;
    /**
     * Per part: the group.
     */
    const uint64_t *part_group;
    /**
     * Per part: its term.
     */
    const uint64_t *part_term;
    /**
     * Per part: the value under it.
     */
    const uint64_t *part_value;
    /**
     * A number of `keyviz_series`.
     */
    uint32_t series;
    /**
     * A number of `keyviz_axis`.
     */
    uint32_t axis;
    /**
     * How this node's writes merge with others', or those of several nodes were merged: 0 they add, 1 the leader's
     * count.
     */
    uint32_t leader_rule;
    /**
     * 0.
     */
    uint32_t reserved;
    /**
     * Per column: how many nodes cover it.
     */
    const uint32_t *column_nodes;
    /**
     * Per cell: 1 where nodes disagree about what is one count; NULL when they do nowhere.
     */
    const uint8_t *conflicts;
    /**
     * Per cell: 1 where a node that has the row has nothing to tell, so that the value is at least what stands there;
     * NULL when there is no such cell.
     */
    const uint8_t *missing;
    /**
     * Per row: the name of its label, or NULL.
     */
    const char *const *row_label_name;
    /**
     * What the leader rule left out of all cells.
     */
    uint64_t writes_superseded;
    /**
     * Cells of which parts were dropped, because they had more than eight groups and terms.
     */
    uint64_t parts_dropped;
    /**
     * What is to be said of single nodes: how many such warnings there are.
     */
    size_t warnings;
    /**
     * Per warning: the node's place.
     */
    const uint32_t *warning_place;
    /**
     * Per warning: a number of `keyviz_warning`.
     */
    const uint32_t *warning_kind;
    /**
     * Stretches of time that single nodes do not cover, of those that are shown: how many there are.
     */
    size_t absences;
    /**
     * Per absence: the node's place.
     */
    const uint32_t *absence_place;
    /**
     * Per absence: where it begins, in Unix milliseconds.
     */
    const uint64_t *absence_start_ms;
    /**
     * Per absence: where it ends.
     */
    const uint64_t *absence_end_ms;
} keyviz_matrix_arrays;

/**
 * A display name for the keys that begin with a prefix. The struct stays as it is.
 */
typedef struct keyviz_name {
    /**
     * The prefix: the host's, read during the call.
     */
    const void *prefix;
    /**
     * How many bytes it has.
     */
    size_t prefix_len;
    /**
     * Its name: 1 to 256 bytes of UTF-8.
     */
    const char *name;
} keyviz_name;

/**
 * An operation of a batch. The struct stays as it is: others would make another function.
 */
typedef struct keyviz_operation {
    /**
     * The route; not looked at where keyviz makes the ranges.
     */
    uint64_t route;
    /**
     * The key's bytes: the host's, read during the call.
     */
    const void *key;
    /**
     * How many they are.
     */
    size_t key_len;
    /**
     * Bytes of the value.
     */
    uint64_t value_len;
    /**
     * A number of `keyviz_op`.
     */
    uint32_t op;
    /**
     * The traffic's origin, or none.
     */
    struct keyviz_label label;
    /**
     * Operations alike that this one stands for; 0 is 1. More than one count unlabelled.
     */
    uint64_t times;
} keyviz_operation;

/**
 * One read of a range of keys, or several alike. All zero but for `size` is one read of everything.
 */
typedef struct keyviz_scan {
    /**
     * `sizeof(keyviz_scan)`.
     */
    size_t size;
    /**
     * The lowest key asked for: the host's, read during the call.
     */
    const void *start;
    /**
     * How many bytes it has.
     */
    size_t start_len;
    /**
     * What the keys asked for are below; NULL is unbounded.
     */
    const void *end;
    /**
     * How many bytes it has.
     */
    size_t end_len;
    /**
     * Bytes of the keys and values that it gave.
     */
    uint64_t bytes;
    /**
     * How many there were alike; 0 is 1.
     */
    uint64_t times;
    /**
     * The traffic's origin, or none.
     */
    struct keyviz_label label;
    /**
     * Not 0: it goes on where another call counted the read; scans alone are counted.
     */
    uint32_t continued;
} keyviz_scan;

/**
 * A recorder: one thread's own way to observe. All zero is none.
 */
typedef struct keyviz_recorder {
    /**
     * keyviz's own.
     */
    uint64_t bits;
} keyviz_recorder;

/**
 * Where a route is counted, so that it need not be looked up each time. All zero is a good beginning, and any bytes do
 * no harm.
 */
typedef struct keyviz_route {
    /**
     * keyviz's own.
     */
    uint64_t bits[3];
} keyviz_route;

/**
 * A route that comes of a split or a merge. The struct stays as it is.
 */
typedef struct keyviz_new_route {
    /**
     * Its id.
     */
    uint64_t route;
    /**
     * Its lower bound: the host's, read during the call.
     */
    const void *start;
    /**
     * How many bytes it has.
     */
    size_t start_len;
    /**
     * Its upper bound; NULL, and one of no bytes, is unbounded.
     */
    const void *end;
    /**
     * How many bytes it has.
     */
    size_t end_len;
    /**
     * The owning group, 0 for none.
     */
    uint64_t group;
} keyviz_new_route;

/**
 * A list of the hottest ranges that was read. All zero is none.
 */
typedef struct keyviz_top {
    /**
     * keyviz's own.
     */
    uint64_t bits;
} keyviz_top;

/**
 * One range.
 */
typedef struct keyviz_top_row {
    /**
     * The route, or the virtual bucket's id.
     */
    uint64_t route;
    /**
     * Lower bound.
     */
    const void *start;
    /**
     * How many bytes it has; none is the lowest key.
     */
    size_t start_len;
    /**
     * Upper bound; NULL is unbounded.
     */
    const void *end;
    /**
     * How many bytes it has.
     */
    size_t end_len;
    /**
     * The owning group, 0 for none.
     */
    uint64_t group;
    /**
     * Its term, 0 for unknown.
     */
    uint64_t term;
    /**
     * What it took in the window.
     */
    uint64_t value;
    /**
     * What it took in the window before, where `has_before` is 1.
     */
    uint64_t before;
    /**
     * Which division of the route.
     */
    uint32_t sub_bucket;
    /**
     * How many divisions the route has.
     */
    uint32_t sub_buckets;
    /**
     * 1: it is a virtual bucket.
     */
    uint32_t aggregate;
    /**
     * 0 where there is no window before, or its keys were counted under other bounds.
     */
    uint32_t has_before;
} keyviz_top_row;

/**
 * The hottest ranges of the newest window, beside the window before.
 */
typedef struct keyviz_top_list {
    /**
     * `sizeof(keyviz_top_list)`.
     */
    size_t size;
    /**
     * The ranges, the hottest first.
     */
    const struct keyviz_top_row *rows;
    /**
     * How many there are.
     */
    size_t count;
    /**
     * How many ranges took something, those beyond the limit included.
     */
    uint64_t ranges;
    /**
     * Where the window begins, in Unix milliseconds; 0 with `end_ms` 0 before anything was flushed.
     */
    uint64_t start_ms;
    /**
     * Where it ends.
     */
    uint64_t end_ms;
    /**
     * How long it is covered, in milliseconds: what a rate is over.
     */
    uint64_t covers_ms;
    /**
     * What all ranges asked for took in it.
     */
    uint64_t total;
} keyviz_top_list;

/**
 * Where a sampler stands in time. All instants are Unix milliseconds.
 */
typedef struct keyviz_window {
    /**
     * `sizeof(keyviz_window)`.
     */
    size_t size;
    /**
     * When the sampler was opened.
     */
    uint64_t started_ms;
    /**
     * When it was last flushed; `started_ms` before the first flush.
     */
    uint64_t last_flush_ms;
    /**
     * End of the window that the next flush counts in: flush then, and the next column is sealed.
     */
    uint64_t next_column_ms;
    /**
     * Start of the open window, where `has_open` is 1.
     */
    uint64_t open_from_ms;
    /**
     * Start of the oldest sealed column, where `has_history` is 1.
     */
    uint64_t history_from_ms;
    /**
     * 1: a flush has begun a window.
     */
    uint32_t has_open;
    /**
     * 1: a column is sealed.
     */
    uint32_t has_history;
} keyviz_window;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Serves the page and its API from inside the host, at `http://ADDRESS/admin/`. Start the flusher too, or flush.
 *
 * It runs on two threads, `keyviz-page` for requests and `keyviz-blocking` for pictures, and on one more while a
 * snapshot is sent. They block all signals and have niceness 10. It prints nothing and opens no file; its descriptors
 * are close-on-exec, and children of a fork close them. At its limits of memory and connections it answers 503 `busy`. A
 * fault of its thread ends the connections there are and is counted (`page_faults`); it begins anew at the same address,
 * eight times at the most, and is gone then until it is stopped and started. A beginning that the system has no
 * descriptors for is one of the eight. Whether it is gone `keyviz_admin_port` tells.
 *
 * Ownership: it is the sampler's, and ends with it. Texts are the host's, and copied; `options` may be NULL.
 * Threads: any.
 * Units: `address` is an IP address with a port, as `127.0.0.1:8765` or `[::1]:0`; port 0 is any that is free.
 * Errors: those of the handle; `null_pointer`, `bad_struct_size`, `bad_text`, `bad_address`, `bad_token`, `bad_option`;
 * `address_refused` beyond loopback without a token; `listen_failed`, `already_running`, `no_thread`,
 * `out_of_memory`, `in_callback`.
 */
keyviz_status keyviz_admin_start(struct keyviz_sampler sampler,
                                 const char *address,
                                 const struct keyviz_admin_options *options);

/**
 * Tells the port that the page is served on.
 *
 * Ownership: `port` is the host's.
 * Threads: any.
 * Units: 1 to 65 535.
 * Errors: those of the handle; `null_pointer`; `not_running`, also where faults have ended it for good, or it had nothing to
 * begin anew with.
 */
keyviz_status keyviz_admin_port(struct keyviz_sampler sampler,
                                uint16_t *port);

/**
 * Ends the page. Answers under way have 5 seconds; its threads, descriptors and memory are gone when it returns.
 *
 * Ownership: none.
 * Threads: any; see above.
 * Units: none.
 * Errors: those of the handle; `not_running`, `in_callback`.
 */
keyviz_status keyviz_admin_stop(struct keyviz_sampler sampler);

/**
 * Shows the bytes of a buffer. Behind the last stands a NUL, so that JSON is a C string.
 *
 * Ownership: the bytes are keyviz's, and good until the buffer is closed; `data` and `len` are the host's, and `len`
 * may be NULL.
 * Threads: any.
 * Units: `len` is bytes, without the NUL.
 * Errors: those of the handle; `null_pointer`.
 */
keyviz_status keyviz_buffer_view(struct keyviz_buffer buffer, const char **data, size_t *len);

/**
 * Closes a buffer.
 *
 * Ownership: the handle goes, and the bytes with it.
 * Threads: any.
 * Units: none.
 * Errors: those of the handle.
 */
keyviz_status keyviz_buffer_close(struct keyviz_buffer buffer);

/**
 * Fills in the defaults: 10 000 routes, columns of a minute, 104 MiB.
 *
 * Ownership: `config` is the host's; its `size` has to be set.
 * Threads: any.
 * Units: milliseconds, bytes, counts, as each field says.
 * Errors: `null_pointer`, `bad_struct_size`; nothing is written then.
 */
keyviz_status keyviz_config_defaults(struct keyviz_config *config);

/**
 * Fills in the defaults, cut to a budget: first the pools shrink, then the number of routes. What is set afterwards (labels,
 * hot keys, more routes) comes on top; `keyviz_config_memory_bytes` tells.
 *
 * Ownership: `config` is the host's; its `size` has to be set.
 * Threads: any.
 * Units: `budget_bytes` is the most that `keyviz_config_memory_bytes` will say.
 * Errors: `null_pointer`, `bad_struct_size`; `bad_config` when not even 8 routes fit. Nothing is written then.
 */
keyviz_status keyviz_config_within(uint64_t budget_bytes,
                                   struct keyviz_config *config);

/**
 * Tells all memory that a sampler of this configuration takes, to the byte, without taking it.
 *
 * Ownership: both are the host's; `config` may be NULL, for the defaults.
 * Threads: any.
 * Units: bytes.
 * Errors: `null_pointer`, `bad_struct_size`; `bad_config`, `bad_label` with the field's name in the last error.
 */
keyviz_status keyviz_config_memory_bytes(const struct keyviz_config *config, uint64_t *bytes);

/**
 * Opens a coordinator: what the host's nodes answer goes in, one picture comes out.
 *
 * The host asks its nodes, for JSON of the route axis (`axis=route`) and one series; keyviz merges: reads add, writes
 * add or go by the leader rule, by what the nodes say of themselves.
 *
 * Ownership: the coordinator is the host's to close.
 * Threads: any.
 * Units: `max_cells` is the most cells of all answers together, rows x columns that any node has, a row's own record
 * counting as 16; a cell takes 16 bytes, and some 60 where several nodes have counted it. 0 is 8 388 608.
 * Errors: `null_pointer`, `out_of_memory`, `too_many_handles`.
 */
keyviz_status keyviz_coordinator_open(uint64_t max_cells, struct keyviz_coordinator *coordinator);

/**
 * Takes in the answer of a sampler of this process, which tells more of its rows than `keyviz_matrix_read`, and which
 * of its columns it covers: one that it came back to late, or left early, does not count in `column_nodes`.
 *
 * Ownership: `query` and its bounds are the host's, read during the call; NULL asks for all sealed writes. Its axis is
 * the route axis. Its `rows` are at most 16 384; 0 is as many as a quarter of the coordinator's room takes that is
 * left, at least 1024. What goes beyond is in `cut_values`; for more of a long time give more `max_cells`.
 * Threads: any; waits for another call with this coordinator.
 * Units: `place` is the node's place in the configured order, below 2^32 - 1, which decides ties; answers may come in
 * any order.
 * Errors: those of both handles; `bad_struct_size`, `bad_argument`, `foreign_handle` for a label of another sampler,
 * `bad_answer` for the range axis, `other_series`, `place_taken`, `too_large`, `out_of_memory`. The coordinator is as it
 * was before.
 */
keyviz_status keyviz_coordinator_add(struct keyviz_coordinator coordinator,
                                     uint32_t place,
                                     struct keyviz_sampler sampler,
                                     const struct keyviz_query *query);

/**
 * Takes in the answer of another node: the body of its `/matrix`. The bytes may be anything: what is no answer is
 * refused, within `max_bytes` of memory. That body has at most 1024 rows, and what it does not say of `column_nodes`
 * counts as covered; a sampler of this process tells more to `keyviz_coordinator_add`.
 *
 * Ownership: `json` is the host's, and read during the call.
 * Threads: any; waits for another call with this coordinator.
 * Units: bytes; `max_bytes` 0 is 256 MiB, for the answer in memory. `place` as in `keyviz_coordinator_add`.
 * Errors: those of the handle; `null_pointer`, `bad_argument`, `bad_answer`, `other_series`, `place_taken`, `too_large`,
 * `out_of_memory`. The coordinator is as it was before.
 */
keyviz_status keyviz_coordinator_add_json(struct keyviz_coordinator coordinator,
                                          uint32_t place,
                                          const void *json,
                                          size_t len,
                                          uint64_t max_bytes);

/**
 * Takes in what another coordinator has taken in, which stays as it is: any tree of coordinators gives what one gives
 * that took in all.
 *
 * Ownership: both stay the host's.
 * Threads: any; waits for another call with either.
 * Units: none.
 * Errors: those of both handles; `other_series`, `place_taken`, `too_large`, `out_of_memory`, with nothing changed.
 */
keyviz_status keyviz_coordinator_join(struct keyviz_coordinator coordinator, struct keyviz_coordinator other);

/**
 * Reads the picture of all answers that were taken in, which stay.
 *
 * Ownership: `query` and its bounds are the host's, read during the call; NULL asks for all rows by route. Of it count
 * `axis`, `rows`, `sum_labels`, and on the range axis `start` and `end`; series and times are those of the answers. The
 * matrix is the host's to close, before or after its coordinator.
 * Threads: any; waits for another call with this coordinator.
 * Units: as the fields of `keyviz_matrix_arrays` say.
 * Errors: those of the handle; `null_pointer`, `bad_struct_size`, `bad_argument`, `out_of_memory`, `too_many_handles`.
 */
keyviz_status keyviz_coordinator_read(struct keyviz_coordinator coordinator,
                                      const struct keyviz_query *query,
                                      struct keyviz_matrix *matrix);

/**
 * Reads the same as JSON: the body of `/matrix` of a cluster, which says in `fanout` what is known of each node.
 *
 * Ownership: as `keyviz_coordinator_read`; `nodes` and their texts are the host's, read during the call, by place, the
 * nodes without an answer among them. The buffer is the host's to close.
 * Threads: any; waits for another call with this coordinator.
 * Units: `node_count` is how many there are; with 0 the member `fanout` is left out, and with it what the merge has to
 * say of single nodes.
 * Errors: as `keyviz_coordinator_read`; `bad_text`.
 */
keyviz_status keyviz_coordinator_json(struct keyviz_coordinator coordinator,
                                      const struct keyviz_query *query,
                                      const struct keyviz_node *nodes,
                                      size_t node_count,
                                      struct keyviz_buffer *buffer);

/**
 * Closes a coordinator.
 *
 * Ownership: the handle goes; matrices and buffers made of it stay.
 * Threads: any.
 * Units: none.
 * Errors: those of the handle.
 */
keyviz_status keyviz_coordinator_close(struct keyviz_coordinator coordinator);

/**
 * Reads all counters. What was observed since the last flush is not in the tallies yet.
 *
 * Ownership: `counters` is the host's; its `size` has to be set.
 * Threads: any; nothing waits for it.
 * Units: operations, bytes where the name says so.
 * Errors: those of the handle; `null_pointer`, `bad_struct_size`.
 */
keyviz_status keyviz_counters_read(struct keyviz_sampler sampler, struct keyviz_counters *counters);

/**
 * Reads the sampler's counters as JSON: a flat object, as in `/status`.
 *
 * Ownership: the buffer is the host's to close.
 * Threads: any; nothing waits for it.
 * Units: as `keyviz_counters_read`.
 * Errors: those of the handle; `null_pointer`, `out_of_memory`, `too_many_handles`.
 */
keyviz_status keyviz_counters_json(struct keyviz_sampler sampler, struct keyviz_buffer *buffer);

/**
 * Remembers that something happened, to be shown beside the counts: a deployment, a backup, a failover.
 *
 * Ownership: the texts are the host's, and copied. `kind` is 1 to 32 bytes of a-z, 0-9, '_' and '-'; of `text` the first
 * 192 bytes are kept. Whoever may read events reads it: mind key bytes.
 * Threads: any; waits for a flush under way.
 * Units: `at_ms` is Unix time in milliseconds; `KEYVIZ_NOW` asks the system's clock.
 * Errors: those of the handle; `null_pointer`, `bad_text`, `bad_event_kind`.
 */
keyviz_status keyviz_annotate(struct keyviz_sampler sampler,
                              uint64_t at_ms,
                              const char *kind,
                              const char *text);

/**
 * Gives what happened at `from_ms <= at < to_ms`, as JSON: the body of `/events`.
 *
 * Ownership: the buffer is the host's to close.
 * Threads: any; nothing waits for it.
 * Units: Unix time in milliseconds; 0 is unbounded.
 * Errors: those of the handle; `null_pointer`, `out_of_memory`, `too_many_handles`.
 */
keyviz_status keyviz_events_json(struct keyviz_sampler sampler,
                                 uint64_t from_ms,
                                 uint64_t to_ms,
                                 struct keyviz_buffer *buffer);

/**
 * Gathers what was observed since the last flush; seals the open column when `now_ms` has reached its end.
 *
 * For hosts that have a thread for it: at each multiple of the step, and in between as often as the open column is to
 * be fresh. Others call `keyviz_flusher_start`.
 *
 * Ownership: none.
 * Threads: any; one at a time, others wait. Recorders and readers wait for nothing.
 * Units: `now_ms` is Unix time in milliseconds; `KEYVIZ_NOW` asks the system's clock. A time before the last one's
 * counts as that.
 * Errors: those of the handle.
 */
keyviz_status keyviz_flush(struct keyviz_sampler sampler, uint64_t now_ms);

/**
 * Lets time pass in which nobody observed: its windows are missing, and not zero.
 *
 * Ownership: none.
 * Threads: as `keyviz_flush`.
 * Units: as `keyviz_flush`.
 * Errors: those of the handle.
 */
keyviz_status keyviz_skip(struct keyviz_sampler sampler, uint64_t now_ms);

/**
 * Takes the keys that recorders sampled since the last time, as each flush does. A host that flushes itself and samples
 * keys calls it some ten times a second.
 *
 * Ownership: none.
 * Threads: as `keyviz_flush`.
 * Units: none.
 * Errors: those of the handle.
 */
keyviz_status keyviz_drain_samples(struct keyviz_sampler sampler);

/**
 * Starts a thread, `keyviz-flush`, that flushes by the system's clock at every window's end and in between. It blocks
 * all signals and has niceness 10.
 *
 * Ownership: it is the sampler's, and ends with it.
 * Threads: any.
 * Units: none.
 * Errors: those of the handle; `already_running`, `no_thread`, `out_of_memory`, `in_callback`.
 */
keyviz_status keyviz_flusher_start(struct keyviz_sampler sampler);

/**
 * Ends the flusher, with a last flush: what was observed before this call is in a column when it returns, often in the
 * open one.
 *
 * Ownership: none.
 * Threads: any; takes as long as the flush under way and the last one.
 * Units: none.
 * Errors: those of the handle; `not_running`, `in_callback`.
 */
keyviz_status keyviz_flusher_stop(struct keyviz_sampler sampler);

/**
 * Reads the hottest keys of a route or of a range, now (the open column and the last sealed one) or in a time.
 *
 * Counts come of samples, each with its error.
 *
 * Ownership: `query` and its bounds are the host's, read during the call; NULL asks for the writes of all keys. The
 * list is the host's to close.
 * Threads: any; nothing waits for it.
 * Units: operations, as the fields say.
 * Errors: those of the handle; `null_pointer`, `bad_struct_size`, `bad_argument`, `foreign_handle`, `out_of_memory`, `too_many_handles`;
 * and why there are none: `hot_keys_disabled`, `no_snapshot`, `expired`, `out_of_snapshot_window`, `no_sketch`,
 * `below_threshold`.
 */
keyviz_status keyviz_hot_keys_read(struct keyviz_sampler sampler,
                                   const struct keyviz_query *query,
                                   struct keyviz_hot_keys *hot_keys);

/**
 * Reads another node's hot keys: the body of its `/hotkeys`. The bytes may be anything: what is no such answer is
 * refused.
 *
 * Ownership: `json` is the host's, and read during the call. The list is the host's to close.
 * Threads: any.
 * Units: bytes. At most 1024 keys are read, of 65 536 bytes each.
 * Errors: `null_pointer`, `bad_argument`, `bad_answer`, `out_of_memory`, `too_many_handles`.
 */
keyviz_status keyviz_hot_keys_decode(const void *json, size_t len, struct keyviz_hot_keys *hot_keys);

/**
 * Makes one list of several nodes' lists: counts, errors and bounds add up key by key. Whatever the order of the lists,
 * the result is the same, but that it is of the route or range, and of the series, that the first list is of.
 *
 * Ownership: the lists stay the host's; the one that is made is the host's to close, too.
 * Threads: any.
 * Units: `count` is how many lists there are; `top` is the most keys, 0 is as many as there may be, 1024.
 * Errors: those of the lists' handles; `null_pointer`, `bad_argument`, `nothing_named` without any list,
 * `out_of_memory`, `too_many_handles`.
 */
keyviz_status keyviz_hot_keys_merge(const struct keyviz_hot_keys *lists,
                                    size_t count,
                                    uint32_t top,
                                    struct keyviz_hot_keys *hot_keys);

/**
 * Gives a list of hot keys as JSON: the body of `/hotkeys`.
 *
 * Ownership: the list stays the host's; the buffer is the host's to close.
 * Threads: any.
 * Units: operations; keys are base64.
 * Errors: those of the handle; `null_pointer`, `out_of_memory`, `too_many_handles`.
 */
keyviz_status keyviz_hot_keys_list_json(struct keyviz_hot_keys hot_keys, struct keyviz_buffer *buffer);

/**
 * Shows a list of hot keys.
 *
 * Ownership: `list` is the host's, its `size` has to be set; what it points at is keyviz's, and good until the list is
 * closed.
 * Threads: any.
 * Units: operations, milliseconds, as the fields say.
 * Errors: those of the handle; `null_pointer`, `bad_struct_size`.
 */
keyviz_status keyviz_hot_keys_view(struct keyviz_hot_keys hot_keys, struct keyviz_hot_key_list *list);

/**
 * Closes a list of hot keys.
 *
 * Ownership: the handle goes, and its keys with it.
 * Threads: any.
 * Units: none.
 * Errors: those of the handle.
 */
keyviz_status keyviz_hot_keys_close(struct keyviz_hot_keys hot_keys);

/**
 * Reads hot keys as JSON: the body of `/hotkeys`.
 *
 * Ownership: as `keyviz_hot_keys_read`; the buffer is the host's to close.
 * Threads: any; nothing waits for it.
 * Units: operations; keys are base64.
 * Errors: as `keyviz_hot_keys_read`.
 */
keyviz_status keyviz_hot_keys_json(struct keyviz_sampler sampler,
                                   const struct keyviz_query *query,
                                   struct keyviz_buffer *buffer);

/**
 * The configured label of a name, for all observations to come. An empty name is none.
 *
 * A name that is not configured gives a label that counts as unlabelled, and in the counter `unknown_labels`, so that a
 * host need not look at what this returns.
 *
 * Ownership: `name` and `label` are the host's. A label needs no closing.
 * Threads: any.
 * Units: none.
 * Errors: those of the handle; `null_pointer`, `bad_text`; `bad_label`, with `label` written, for a name that is
 * not configured.
 */
keyviz_status keyviz_label_get(struct keyviz_sampler sampler, const char *name, struct keyviz_label *label);

/**
 * What the calling thread's last failed call said: what is wrong and what to do. At most 511 bytes of UTF-8.
 *
 * Successful calls leave it as it is. Before the first failure it is empty.
 *
 * Ownership: the text is the library's; it is good until the thread's next failed call, or its end.
 * Threads: any; each has its own.
 * Units: none.
 * Errors: none.
 */
const char *keyviz_last_error(void);

/**
 * Reads what is known of which route came from which: splits and merges, the host's and those of ranges that keyviz
 * makes, oldest first.
 *
 * Kept are the latest; the counter `lineage_dropped` has how many went.
 *
 * Ownership: `entries` and `count` are the host's. Of more than there is `room` for, the latest are given; `entries`
 * may be NULL with room for none.
 * Threads: any; nothing waits for it.
 * Units: `room` is how many entries there is room for; `count` gets how many there are, which may be more.
 * Errors: those of the handle; `null_pointer`, `bad_argument`, `out_of_memory`.
 */
keyviz_status keyviz_lineage_read(struct keyviz_sampler sampler,
                                  struct keyviz_lineage *entries,
                                  size_t room,
                                  size_t *count);

/**
 * Says who gets the log of this process, in place of whoever got it before; NULL is nobody, as in the beginning and in
 * the child of a fork.
 *
 * When it returns, the one before is not called any more: it waits for calls under way. So whoever calls it holds no
 * lock that the callback takes, such as a logger's own mutex.
 *
 * Ownership: `user_data` stays the host's and has to live until another callback is set, or else until the process
 * ends.
 * Threads: any; not from within the callback.
 * Units: none.
 * Errors: `in_callback`, `out_of_memory`.
 */
keyviz_status keyviz_log_set(keyviz_log_callback callback, void *user_data);

/**
 * Reads a matrix: rows x columns of one series. What is flushed is in it; nothing waits for it.
 *
 * Ownership: `query` and its bounds are the host's, read during the call; NULL asks for all sealed writes by route. The
 * matrix is the host's to close, before or after its sampler.
 * Threads: any.
 * Units: as the query's fields say.
 * Errors: those of the handle; `null_pointer`, `bad_struct_size`, `bad_argument`, `foreign_handle` for a label of
 * another sampler, `out_of_memory`, `too_many_handles`.
 */
keyviz_status keyviz_matrix_read(struct keyviz_sampler sampler,
                                 const struct keyviz_query *query,
                                 struct keyviz_matrix *matrix);

/**
 * Shows a matrix as arrays.
 *
 * Ownership: `arrays` is the host's, its `size` has to be set; what it points at is keyviz's, and good until the matrix
 * is closed.
 * Threads: any.
 * Units: as the fields say.
 * Errors: those of the handle; `null_pointer`, `bad_struct_size`.
 */
keyviz_status keyviz_matrix_view(struct keyviz_matrix matrix, struct keyviz_matrix_arrays *arrays);

/**
 * Closes a matrix.
 *
 * Ownership: the handle goes, and its arrays with it.
 * Threads: any.
 * Units: none.
 * Errors: those of the handle.
 */
keyviz_status keyviz_matrix_close(struct keyviz_matrix matrix);

/**
 * Reads a matrix as JSON: the body of `/matrix`.
 *
 * Ownership: as `keyviz_matrix_read`; the buffer is the host's to close.
 * Threads: any.
 * Units: as the query's fields say; instants are Unix milliseconds, bounds base64.
 * Errors: as `keyviz_matrix_read`.
 */
keyviz_status keyviz_matrix_json(struct keyviz_sampler sampler,
                                 const struct keyviz_query *query,
                                 struct keyviz_buffer *buffer);

/**
 * Names parts of the key space from now on, in place of the names before; none of them names none. On the range axis
 * their borders are kept where they can be.
 *
 * Ownership: `names`, prefixes and texts are the host's, and copied.
 * Threads: any.
 * Units: `count` is how many there are, at most 100 000.
 * Errors: those of the handle; `null_pointer`, `bad_text`, `out_of_memory`; `bad_names` for one that is empty, too long
 * or named twice.
 * The names before stay then.
 */
keyviz_status keyviz_set_names(struct keyviz_sampler sampler, const struct keyviz_name *names, size_t count);

/**
 * Counts one operation on a route, with a recorder that the calling thread keeps; see `keyviz_recorder_observe`. A few
 * nanoseconds more than with a recorder of one's own. The first call of a thread makes its recorder.
 *
 * Ownership: `key` is the host's, and read during the call; NULL is good for a key of no bytes.
 * Threads: any, any number at once. Not from a signal handler.
 * Units: bytes; `op` is a number of `keyviz_op`.
 * Errors: those of the handle; `null_pointer`, `bad_argument`. A route that nobody registered is no error: it counts
 * as unattributed.
 */
keyviz_status keyviz_observe(struct keyviz_sampler sampler,
                             uint64_t route,
                             uint32_t op,
                             const void *key,
                             size_t key_len,
                             uint64_t value_len);

/**
 * Counts one operation on a key, where keyviz makes the ranges (`auto_ranges`). Else it is unattributed.
 *
 * Ownership: `key` is the host's, and read during the call; NULL is good for a key of no bytes. Boundaries are made
 * of the first 64 bytes of some keys, which are kept.
 * Threads: any, any number at once. Not from a signal handler.
 * Units: bytes; `op` is a number of `keyviz_op`.
 * Errors: those of the handle; `null_pointer`, `bad_argument`.
 */
keyviz_status keyviz_observe_key(struct keyviz_sampler sampler,
                                 uint32_t op,
                                 const void *key,
                                 size_t key_len,
                                 uint64_t value_len);

/**
 * As `keyviz_observe`, for traffic of a labelled origin.
 *
 * Ownership: as `keyviz_observe`.
 * Threads: any, any number at once. Not from a signal handler.
 * Units: bytes; `op` is a number of `keyviz_op`.
 * Errors: as `keyviz_observe`; `foreign_handle` for a label of another sampler.
 */
keyviz_status keyviz_observe_labelled(struct keyviz_sampler sampler,
                                      uint64_t route,
                                      struct keyviz_label label,
                                      uint32_t op,
                                      const void *key,
                                      size_t key_len,
                                      uint64_t value_len);

/**
 * As `keyviz_observe_key`, for traffic of a labelled origin.
 *
 * Ownership: as `keyviz_observe_key`.
 * Threads: any, any number at once. Not from a signal handler.
 * Units: bytes; `op` is a number of `keyviz_op`.
 * Errors: as `keyviz_observe`; `foreign_handle` for a label of another sampler.
 */
keyviz_status keyviz_observe_key_labelled(struct keyviz_sampler sampler,
                                          struct keyviz_label label,
                                          uint32_t op,
                                          const void *key,
                                          size_t key_len,
                                          uint64_t value_len);

/**
 * Counts many operations with one call: by route, or by key where keyviz makes the ranges.
 *
 * Ownership: `operations` and their keys are the host's, and read during the call.
 * Threads: any, any number at once. Not from a signal handler.
 * Units: `count` is how many operations there are.
 * Errors: as `keyviz_observe`, `foreign_handle` for a label of another sampler; none of the operations is counted then.
 */
keyviz_status keyviz_observe_batch(struct keyviz_sampler sampler,
                                   const struct keyviz_operation *operations,
                                   size_t count);

/**
 * Counts a range read; see `keyviz_recorder_observe_scan`.
 *
 * Ownership: `scan`, its bounds and `routes` are the host's, and read during the call.
 * Threads: any, any number at once. Not from a signal handler.
 * Units: `route_count` is how many routes there are.
 * Errors: as `keyviz_recorder_observe_scan`.
 */
keyviz_status keyviz_observe_scan(struct keyviz_sampler sampler,
                                  const struct keyviz_scan *scan,
                                  const uint64_t *routes,
                                  size_t route_count);

/**
 * Opens a recorder. The first `max_recorders` at a time have counters of their own; further ones share, as exactly.
 *
 * Ownership: the recorder is the host's to close, before or after its sampler.
 * Threads: any may open one. A recorder is used, and closed, by one thread at a time; a signal handler needs its own.
 * Units: none.
 * Errors: those of the handle; `null_pointer`, `out_of_memory`, `too_many_handles`.
 */
keyviz_status keyviz_recorder_open(struct keyviz_sampler sampler, struct keyviz_recorder *recorder);

/**
 * Closes a recorder. What it has counted stays.
 *
 * Ownership: the handle goes.
 * Threads: the one that uses it.
 * Units: none.
 * Errors: those of the handle.
 */
keyviz_status keyviz_recorder_close(struct keyviz_recorder recorder);

/**
 * Counts one operation on a route: 1 to the operation's count, `key_len + value_len` to its bytes. Some nanoseconds;
 * no lock, no allocation, no system call. The key's bytes are not kept, unless keys are sampled.
 *
 * Where several nodes are seen as one, each operation is observed on one of them: a write by its leader, a read by the
 * node that serves it, a forwarded request by one of the two.
 *
 * Ownership: `key` is the host's, and read during the call; NULL is good for a key of no bytes.
 * Threads: the one that uses the recorder.
 * Units: bytes; `op` is a number of `keyviz_op`.
 * Errors: those of the handle and of its sampler; `null_pointer`, `bad_argument`. A route that nobody registered is
 * no error: it counts as unattributed.
 */
keyviz_status keyviz_recorder_observe(struct keyviz_recorder recorder,
                                      uint64_t route,
                                      uint32_t op,
                                      const void *key,
                                      size_t key_len,
                                      uint64_t value_len);

/**
 * Counts one operation on a key, where keyviz makes the ranges (`auto_ranges`). Else it is unattributed.
 *
 * Ownership: as `keyviz_recorder_observe`. Boundaries are made of the first 64 bytes of some keys, which are kept.
 * Threads: the one that uses the recorder.
 * Units: bytes; `op` is a number of `keyviz_op`.
 * Errors: as `keyviz_recorder_observe`.
 */
keyviz_status keyviz_recorder_observe_key(struct keyviz_recorder recorder,
                                          uint32_t op,
                                          const void *key,
                                          size_t key_len,
                                          uint64_t value_len);

/**
 * As `keyviz_recorder_observe`, for traffic of a labelled origin.
 *
 * Ownership: as `keyviz_recorder_observe`.
 * Threads: the one that uses the recorder.
 * Units: bytes; `op` is a number of `keyviz_op`.
 * Errors: as `keyviz_recorder_observe`; `foreign_handle` for a label of another sampler.
 */
keyviz_status keyviz_recorder_observe_labelled(struct keyviz_recorder recorder,
                                               uint64_t route,
                                               struct keyviz_label label,
                                               uint32_t op,
                                               const void *key,
                                               size_t key_len,
                                               uint64_t value_len);

/**
 * As `keyviz_recorder_observe_key`, for traffic of a labelled origin.
 *
 * Ownership: as `keyviz_recorder_observe_key`.
 * Threads: the one that uses the recorder.
 * Units: bytes; `op` is a number of `keyviz_op`.
 * Errors: as `keyviz_recorder_observe`; `foreign_handle` for a label of another sampler.
 */
keyviz_status keyviz_recorder_observe_key_labelled(struct keyviz_recorder recorder,
                                                   struct keyviz_label label,
                                                   uint32_t op,
                                                   const void *key,
                                                   size_t key_len,
                                                   uint64_t value_len);

/**
 * As `keyviz_recorder_observe`, without the lookup while `where` is up to date. Begin with `where` all zero.
 *
 * A `where` that is out of date (its route was removed, folded, registered anew, or it is another route's) is looked up
 * by `route` and refreshed; the counter `stale_handles` has how often.
 *
 * Ownership: `key` and `where` are the host's; `where` is changed.
 * Threads: the one that uses the recorder; no other thread uses `where` meanwhile.
 * Units: bytes; `op` is a number of `keyviz_op`.
 * Errors: as `keyviz_recorder_observe`; `null_pointer` for `where`.
 */
keyviz_status keyviz_recorder_observe_at(struct keyviz_recorder recorder,
                                         uint64_t route,
                                         struct keyviz_route *where,
                                         uint32_t op,
                                         const void *key,
                                         size_t key_len,
                                         uint64_t value_len);

/**
 * Counts many operations with one call: by route, or by key where keyviz makes the ranges.
 *
 * Ownership: `operations` and their keys are the host's, and read during the call.
 * Threads: the one that uses the recorder.
 * Units: `count` is how many operations there are.
 * Errors: as `keyviz_recorder_observe`, `foreign_handle` for a label of another sampler; none of the operations is
 * counted then.
 */
keyviz_status keyviz_recorder_observe_batch(struct keyviz_recorder recorder,
                                            const struct keyviz_operation *operations,
                                            size_t count);

/**
 * Counts a range read: a read in the first range that it touches, and a scan in each.
 *
 * Where the host registers routes it names those touched, in key order; where keyviz makes the ranges, `route_count` is
 * 0. At most 1024 ranges are counted of one call; `scan_ranges_cut` has the others.
 *
 * Ownership: `scan`, its bounds and `routes` are the host's, and read during the call.
 * Threads: the one that uses the recorder.
 * Units: `route_count` is how many routes there are.
 * Errors: those of the handle and of its sampler; `null_pointer`, `bad_struct_size`, `bad_argument`; `foreign_handle`
 * for a label of another sampler. Nothing is counted then.
 */
keyviz_status keyviz_recorder_observe_scan(struct keyviz_recorder recorder,
                                           const struct keyviz_scan *scan,
                                           const uint64_t *routes,
                                           size_t route_count);

/**
 * Tells which range `[start, end)` a route covers and which group owns it. About a microsecond; recorders and
 * readers are not disturbed.
 *
 * Registering an id that is registered changes nothing, also where bounds or group are others: remove it first. Beyond `max_routes`, neighbouring routes share the slot of a
 * virtual bucket: counted as exactly, shown together.
 *
 * Ownership: the bounds are the host's, and copied. `own_slot` is the host's and may be NULL; it gets 1 when the
 * route has a slot of its own, else 0.
 * Threads: any; waits for a flush under way.
 * Units: bytes. A NULL `end`, and one of no bytes, is unbounded. Group 0 is none.
 * Errors: those of the handle; `null_pointer`; `empty_range`, `bound_too_long`, `routes_full`, `bounds_full`,
 * `auto_ranges`, with nothing changed: operations of the route are then unattributed.
 */
keyviz_status keyviz_register(struct keyviz_sampler sampler,
                              uint64_t route,
                              const void *start,
                              size_t start_len,
                              const void *end,
                              size_t end_len,
                              uint64_t group,
                              uint32_t *own_slot);

/**
 * Forgets a route. What was observed before is drained for a grace of max(2 steps, 5 s); later observations of it are
 * unattributed.
 *
 * Ownership: none.
 * Threads: any; waits for a flush under way.
 * Units: none.
 * Errors: those of the handle; `unknown_route` when nobody registered it, `auto_ranges`.
 */
keyviz_status keyviz_remove(struct keyviz_sampler sampler, uint64_t route);

/**
 * Splits a route: `parent` goes, its parts come, and it is remembered. One part may keep the parent's id.
 *
 * Ownership: `children` and their bounds are the host's, and copied.
 * Threads: any; waits for a flush under way.
 * Units: `child_count` is how many parts there are.
 * Errors: those of the handle; `null_pointer`, `out_of_memory`; `unknown_route`, `nothing_named`, `already_registered`, and those of
 * `keyviz_register`, with nothing changed.
 */
keyviz_status keyviz_split(struct keyviz_sampler sampler,
                           uint64_t parent,
                           const struct keyviz_new_route *children,
                           size_t child_count);

/**
 * Merges routes: `parents` go and `child` comes in their place, and it is remembered. It may have the id of one of them.
 *
 * Ownership: `parents`, `child` and its bounds are the host's, and copied.
 * Threads: any; waits for a flush under way.
 * Units: `parent_count` is how many routes go.
 * Errors: as `keyviz_split`.
 */
keyviz_status keyviz_merge(struct keyviz_sampler sampler,
                           const uint64_t *parents,
                           size_t parent_count,
                           const struct keyviz_new_route *child);

/**
 * Publishes a group's leader term. What was counted under a known earlier term is set apart first. Group 0 takes none.
 *
 * Ownership: none.
 * Threads: any; waits for a flush under way.
 * Units: term 0 is unknown.
 * Errors: those of the handle.
 */
keyviz_status keyviz_set_term(struct keyviz_sampler sampler, uint64_t group, uint64_t term);

/**
 * Tells which virtual bucket counts a route: its id, and whether there is one.
 *
 * Ownership: `bucket` and `shared` are the host's.
 * Threads: any; waits for a flush under way.
 * Units: `shared` gets 1 where the route shares a bucket, else 0, and `bucket` 0.
 * Errors: those of the handle; `null_pointer`.
 */
keyviz_status keyviz_bucket_of(struct keyviz_sampler sampler, uint64_t route, uint64_t *bucket, uint32_t *shared);

/**
 * Gives the bounds of one division of a registered route.
 *
 * Ownership: both buffers are the host's to close; where the division is unbounded `end` is all zero, which is none.
 * Threads: any; waits for a flush under way.
 * Units: `sub_bucket` counts from 0; the buffers hold bytes of keys, with a NUL behind them that is not counted.
 * Errors: those of the handle; `null_pointer`, `out_of_memory`, `too_many_handles`; `unknown_route` when nobody registered the route, or
 * it has no such division.
 */
keyviz_status keyviz_sub_bucket_bounds(struct keyviz_sampler sampler,
                                       uint64_t route,
                                       uint32_t sub_bucket,
                                       struct keyviz_buffer *start,
                                       struct keyviz_buffer *end);

/**
 * Opens a sampler: takes the memory that `keyviz_config_memory_bytes` tells, and nothing more later but for answers.
 *
 * Ownership: `config` is the host's, is read during the call, and may be NULL for the defaults. The sampler is the
 * host's to close.
 * Threads: any. A process may have several samplers.
 * Units: `now_ms` is Unix time in milliseconds; `KEYVIZ_NOW` asks the system's clock.
 * Errors: `null_pointer`, `bad_struct_size`, `bad_config`, `bad_label`, `out_of_memory`, `too_many_handles`;
 * `sampler` is not written then.
 */
keyviz_status keyviz_open(const struct keyviz_config *config, uint64_t now_ms, struct keyviz_sampler *sampler);

/**
 * Closes a sampler: its page, flusher and history file end, in that order, the flusher with a last flush.
 *
 * Its handle, and those of its recorders, are `closed_handle` from now on; calls under way on other threads end as they
 * would have. Memory is given back once they have ended, the recorders are closed, and every thread that observed with
 * `keyviz_observe` has ended or turned to another sampler than the one it observed last.
 *
 * Ownership: the handle goes. Matrices, lists and buffers made of it stay, and are closed by themselves.
 * Threads: any; takes as long as answers of its page that are under way, at most 5 seconds, and then as a last flush and
 * writing the history file.
 * Units: none.
 * Errors: `invalid_handle`, `closed_handle`, `foreign_handle`, `forked`, `in_callback`.
 */
keyviz_status keyviz_close(struct keyviz_sampler sampler);

/**
 * Writes everything that the history holds, the open column included, into a buffer: the form of
 * `docs/snapshot-format.md`, packed with zstd. It holds the bounds of routes.
 *
 * Ownership: the buffer is the host's to close.
 * Threads: any; nothing waits for it.
 * Units: `now_ms` is Unix time in milliseconds; `KEYVIZ_NOW` asks the system's clock.
 * Errors: those of the handle; `null_pointer`, `out_of_memory`, `too_many_handles`.
 */
keyviz_status keyviz_snapshot(struct keyviz_sampler sampler, uint64_t now_ms, struct keyviz_buffer *buffer);

/**
 * Goes on with the history of a snapshot, packed or not, before anything is registered or flushed. The bytes may be
 * anything: what is no snapshot is refused, within `max_bytes` of memory.
 *
 * Ownership: `data` is the host's, and read during the call.
 * Threads: any.
 * Units: bytes.
 * Errors: those of the handle; `null_pointer`; `bad_snapshot`, `in_use`, `other_step`, `other_division`,
 * `out_of_memory`, with nothing changed.
 */
keyviz_status keyviz_restore(struct keyviz_sampler sampler, const void *data, size_t len, size_t max_bytes);

/**
 * Keeps the history over restarts: goes on with what is in the file, and writes it from a thread, `keyviz-history`,
 * that blocks all signals and has niceness 10; and a last time at the end. Before anything is registered or flushed.
 *
 * What is wrong with the file is told to the log, and the sampler works without it.
 *
 * Ownership: it is the sampler's, and ends with it. `path` is the host's, and copied.
 * Threads: any.
 * Units: `every_ms` is milliseconds; 0 is 5 minutes.
 * Errors: those of the handle; `null_pointer`, `bad_text`, `already_running`, `no_thread`, `out_of_memory`,
 * `in_callback`.
 */
keyviz_status keyviz_history_start(struct keyviz_sampler sampler, const char *path, uint64_t every_ms);

/**
 * Writes the history a last time, and keeps it no more.
 *
 * Ownership: none.
 * Threads: any; takes as long as writing the file.
 * Units: none.
 * Errors: those of the handle; `not_running`, `in_callback`.
 */
keyviz_status keyviz_history_stop(struct keyviz_sampler sampler);

/**
 * The name of a status: lower case, as it stands in the documentation.
 *
 * Ownership: the text is the library's and lives as long as it.
 * Threads: any.
 * Units: `status` is a number of `keyviz_status`.
 * Errors: "unknown" for a number that this library does not know.
 */
const char *keyviz_status_name(int32_t status);

/**
 * Reads the hottest ranges of the newest window, beside the window before.
 *
 * Ownership: `query` and its bounds are the host's, read during the call; NULL asks for the 20 ranges with the most
 * operations, all zero but for `size` for the 20 with the most writes. The list is the host's to close.
 * Threads: any; nothing waits for it.
 * Units: operations or bytes, as the series says. `rows` 0 is 20.
 * Errors: those of the handle; `null_pointer`, `bad_struct_size`, `bad_argument`, `foreign_handle`, `out_of_memory`,
 * `too_many_handles`.
 */
keyviz_status keyviz_top_read(struct keyviz_sampler sampler, const struct keyviz_query *query, struct keyviz_top *top);

/**
 * Shows a list of the hottest ranges.
 *
 * Ownership: `list` is the host's, its `size` has to be set; what it points at is keyviz's, and good until the list is
 * closed.
 * Threads: any.
 * Units: as the fields say.
 * Errors: those of the handle; `null_pointer`, `bad_struct_size`.
 */
keyviz_status keyviz_top_view(struct keyviz_top top, struct keyviz_top_list *list);

/**
 * Closes a list of the hottest ranges.
 *
 * Ownership: the handle goes, and its rows with it.
 * Threads: any.
 * Units: none.
 * Errors: those of the handle.
 */
keyviz_status keyviz_top_close(struct keyviz_top top);

/**
 * Reads the hottest ranges as JSON: the body of `/top`.
 *
 * Ownership: as `keyviz_top_read`; the buffer is the host's to close.
 * Threads: any; nothing waits for it.
 * Units: as `keyviz_top_read`; bounds are base64.
 * Errors: as `keyviz_top_read`.
 */
keyviz_status keyviz_top_json(struct keyviz_sampler sampler,
                              const struct keyviz_query *query,
                              struct keyviz_buffer *buffer);

/**
 * The version of the ABI that the linked library has; compare it with `KEYVIZ_ABI_VERSION`: at least as great is good.
 *
 * Ownership: none.
 * Threads: any.
 * Units: a number that only grows.
 * Errors: none.
 */
uint32_t keyviz_abi_version(void);

/**
 * The version of the library, as text.
 *
 * Ownership: the text is the library's and lives as long as it.
 * Threads: any.
 * Units: major.minor.patch.
 * Errors: none.
 */
const char *keyviz_version(void);

/**
 * Tells where the sampler stands in time, for hosts that flush themselves.
 *
 * Ownership: `window` is the host's; its `size` has to be set.
 * Threads: any; nothing waits for it.
 * Units: Unix time in milliseconds.
 * Errors: those of the handle; `null_pointer`, `bad_struct_size`.
 */
keyviz_status keyviz_window_read(struct keyviz_sampler sampler, struct keyviz_window *window);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* KEYVIZ_H */
