/* What the header promises: layouts, statuses, refusals, exact counts. C11. */
#include "keyviz.h"
#include "keyviz.h"

#include <stddef.h>

#include "check.h"

_Static_assert(sizeof(keyviz_sampler) == 8 && sizeof(keyviz_recorder) == 8, "handles are eight bytes");
_Static_assert(sizeof(keyviz_label) == 4 && sizeof(keyviz_route) == 24, "labels are four, places are 24");
_Static_assert(sizeof(keyviz_config) == 184 && offsetof(keyviz_config, labels) == 64, "keyviz_config");
_Static_assert(offsetof(keyviz_config, label_count) == 72 && offsetof(keyviz_config, tiers) == 160, "keyviz_config");
_Static_assert(sizeof(keyviz_operation) == 48 && offsetof(keyviz_operation, op) == 32, "keyviz_operation");
_Static_assert(offsetof(keyviz_operation, times) == 40, "keyviz_operation");
_Static_assert(sizeof(keyviz_scan) == 64 && offsetof(keyviz_scan, label) == 56, "keyviz_scan");
_Static_assert(sizeof(keyviz_query) == 104 && offsetof(keyviz_query, series) == 64, "keyviz_query");
_Static_assert(sizeof(keyviz_new_route) == 48 && sizeof(keyviz_name) == 24, "keyviz_new_route, keyviz_name");
_Static_assert(sizeof(keyviz_matrix_arrays) == 400 && offsetof(keyviz_matrix_arrays, values) == 104, "arrays");
_Static_assert(offsetof(keyviz_matrix_arrays, column_nodes) == 296 && KEYVIZ_ROW_CONFLICT == 16, "arrays");
_Static_assert(offsetof(keyviz_matrix_arrays, parts) == 232 && offsetof(keyviz_matrix_arrays, series) == 280, "arrays");
_Static_assert(sizeof(keyviz_hot_key) == 32 && sizeof(keyviz_hot_key_list) == 120, "hot keys");
_Static_assert(sizeof(keyviz_top_row) == 88 && sizeof(keyviz_top_list) == 64, "top");
_Static_assert(sizeof(keyviz_window) == 56 && offsetof(keyviz_window, has_open) == 48, "keyviz_window");
_Static_assert(sizeof(keyviz_admin_options) == 104 && sizeof(keyviz_tally) == 40, "options, tally");
_Static_assert(offsetof(keyviz_admin_options, audit) == 88 && sizeof(keyviz_audited) == 104, "options, audited");
_Static_assert(sizeof(keyviz_coordinator) == 8 && sizeof(keyviz_node) == 72 && sizeof(keyviz_lineage) == 24, "nodes");
_Static_assert(offsetof(keyviz_node, state) == 16 && offsetof(keyviz_node, clock_offset_ms) == 40, "keyviz_node");
_Static_assert(KEYVIZ_NODE_STATE_FAILED == 7 && KEYVIZ_WARNING_PEER_ROWS_CAPPED == 3 && KEYVIZ_ROLE_READ == 1, "numbers");
_Static_assert(KEYVIZ_NODE_HISTORY_FROM == 1 && KEYVIZ_NODE_EVICTED == 32, "numbers");
_Static_assert(offsetof(keyviz_counters, routes) == 168 && KEYVIZ_ROW_UNBOUNDED == 8, "keyviz_counters");
_Static_assert(KEYVIZ_SERIES_OPS == 5 && KEYVIZ_AXIS_RANGE == 1 && KEYVIZ_OP_WRITE == 1, "numbers");
_Static_assert(KEYVIZ_COLUMN_STATE_MISSING == 3 && KEYVIZ_LOG_LEVEL_ERROR == 1, "numbers");
_Static_assert(KEYVIZ_STATUS_OK == 0 && KEYVIZ_STATUS_TOO_LARGE == 46, "numbers");

static const keyviz_sampler NONE = {0};

static void names(void) {
    int32_t status;
    for (status = 0; status <= 46; status++) {
        const char *name = keyviz_status_name(status);
        CHECK(strcmp(name, "unknown") != 0 && strlen(name) > 1);
    }
    CHECK(strcmp(keyviz_status_name(0), "ok") == 0);
    CHECK(strcmp(keyviz_status_name(47), "unknown") == 0 && strcmp(keyviz_status_name(-1), "unknown") == 0);
    CHECK(keyviz_abi_version() >= KEYVIZ_ABI_VERSION && strchr(keyviz_version(), '.') != NULL);
}

static void exact(void) {
    keyviz_sampler kv = small_sampler(0);
    keyviz_recorder recorder;
    keyviz_operation batch[3];
    keyviz_route where = {{0, 0, 0}};
    keyviz_matrix matrix;
    keyviz_matrix_arrays arrays;
    keyviz_query query;
    keyviz_counters counters;
    uint32_t own_slot = 7;
    int i;
    OK(keyviz_register(kv, 1, "a", 1, "m", 1, 0, &own_slot));
    CHECK(own_slot == 1);
    OK(keyviz_register(kv, 2, "m", 1, NULL, 0, 9, NULL));
    OK(keyviz_recorder_open(kv, &recorder));
    for (i = 0; i < 1000; i++) {
        OK(keyviz_observe(kv, 1, KEYVIZ_OP_WRITE, "apple", 5, 95));
        OK(keyviz_recorder_observe(recorder, 2, KEYVIZ_OP_WRITE, "zebra", 5, 5));
        OK(keyviz_recorder_observe_at(recorder, 2, &where, KEYVIZ_OP_READ, "zebra", 5, 0));
    }
    OK(keyviz_observe(kv, 3, KEYVIZ_OP_WRITE, NULL, 0, 1)); /* nobody registered 3 */
    memset(batch, 0, sizeof batch);
    for (i = 0; i < 3; i++) {
        batch[i].route = 1;
        batch[i].key = "b";
        batch[i].key_len = 1;
        batch[i].op = KEYVIZ_OP_WRITE;
        batch[i].times = (uint64_t)i; /* none is one */
    }
    OK(keyviz_observe_batch(kv, batch, 3));
    OK(keyviz_recorder_observe_batch(recorder, batch, 3));
    batch[2].op = 9; /* nothing of a batch with a fault is counted */
    CHECK_STATUS(keyviz_observe_batch(kv, batch, 3), KEYVIZ_STATUS_BAD_ARGUMENT);
    OK(keyviz_flush(kv, 1000));
    counters = counters_of(kv);
    CHECK(counters.recorded.writes == 2008 && counters.recorded.reads == 1000 && counters.unattributed.writes == 1);
    CHECK(counters.recorded.write_bytes == 1000 * 100 + 1000 * 10 + 8 && counters.recorded.read_bytes == 5000);
    CHECK(counters.observed.writes == 2009 && counters.routes == 2);

    memset(&query, 0, sizeof query);
    query.size = sizeof query;
    OK(keyviz_matrix_read(kv, &query, &matrix));
    arrays.size = sizeof arrays;
    OK(keyviz_matrix_view(matrix, &arrays));
    CHECK(arrays.rows == 2 && arrays.columns == 1 && arrays.step_ms == 1000 && arrays.size == sizeof arrays);
    CHECK(arrays.values[0] == 1008 && arrays.values[1] == 1000 && arrays.unattributed[0] == 1);
    CHECK(strcmp(arrays.row_id[0], "route:1") == 0 && arrays.row_route[1] == 2 && arrays.row_name[0] == NULL);
    CHECK(arrays.row_start_len[0] == 1 && memcmp(arrays.row_start[0], "a", 1) == 0);
    CHECK(arrays.row_end_len[0] == 1 && memcmp(arrays.row_end[0], "m", 1) == 0);
    CHECK(arrays.row_end[1] == NULL && (arrays.row_flags[1] & KEYVIZ_ROW_UNBOUNDED) != 0);
    CHECK(arrays.groups != NULL && arrays.groups[1] == 9 && arrays.leader_rule == 1);
    CHECK(arrays.column_start_ms[0] == 0 && arrays.column_end_ms[0] == 1000 && arrays.column_state[0] == 0);
    OK(keyviz_recorder_close(recorder));
    OK(keyviz_close(kv));
    CHECK(arrays.values[1] == 1000); /* a matrix outlives its sampler */
    OK(keyviz_matrix_close(matrix));
    CHECK_STATUS(keyviz_matrix_view(matrix, &arrays), KEYVIZ_STATUS_CLOSED_HANDLE);
}

static void routes(void) {
    keyviz_sampler kv = small_sampler(0);
    keyviz_new_route parts[2], whole;
    uint64_t parents[2] = {1, 2}, bucket = 5;
    uint32_t shared = 5;
    keyviz_buffer start, end;
    static char long_bound[2000];
    memset(parts, 0, sizeof parts);
    CHECK_STATUS(keyviz_register(kv, 1, "m", 1, "a", 1, 0, NULL), KEYVIZ_STATUS_EMPTY_RANGE);
    CHECK_STATUS(keyviz_register(kv, 1, long_bound, sizeof long_bound, NULL, 0, 0, NULL), KEYVIZ_STATUS_BOUND_TOO_LONG);
    CHECK_STATUS(keyviz_register(kv, 1, NULL, 3, NULL, 0, 0, NULL), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_register(kv, 1, "a", SIZE_MAX, NULL, 0, 0, NULL), KEYVIZ_STATUS_BAD_ARGUMENT);
    OK(keyviz_register(kv, 1, NULL, 0, NULL, 0, 0, NULL));
    parts[0].route = 1;
    parts[0].end = "m";
    parts[0].end_len = 1;
    parts[1].route = 2;
    parts[1].start = "m";
    parts[1].start_len = 1;
    CHECK_STATUS(keyviz_split(kv, 7, parts, 2), KEYVIZ_STATUS_UNKNOWN_ROUTE);
    CHECK_STATUS(keyviz_split(kv, 1, NULL, 0), KEYVIZ_STATUS_NOTHING_NAMED);
    CHECK_STATUS(keyviz_split(kv, 1, NULL, 2), KEYVIZ_STATUS_NULL_POINTER);
    OK(keyviz_split(kv, 1, parts, 2));
    OK(keyviz_register(kv, 8, "zz", 2, NULL, 0, 0, NULL));
    whole = parts[0];
    whole.route = 8;
    CHECK_STATUS(keyviz_merge(kv, parents, 2, &whole), KEYVIZ_STATUS_ALREADY_REGISTERED);
    whole.route = 1;
    whole.end = NULL;
    OK(keyviz_merge(kv, parents, 2, &whole));
    CHECK_STATUS(keyviz_remove(kv, 2), KEYVIZ_STATUS_UNKNOWN_ROUTE);
    OK(keyviz_bucket_of(kv, 1, &bucket, &shared));
    CHECK(bucket == 0 && shared == 0);
    OK(keyviz_set_term(kv, 4, 1));
    CHECK_STATUS(keyviz_sub_bucket_bounds(kv, 1, 1, &start, &end), KEYVIZ_STATUS_UNKNOWN_ROUTE);
    CHECK_STATUS(keyviz_sub_bucket_bounds(kv, 1, 0, &start, NULL), KEYVIZ_STATUS_NULL_POINTER);
    OK(keyviz_sub_bucket_bounds(kv, 1, 0, &start, &end));
    CHECK(start.bits != 0 && end.bits == 0);
    OK(keyviz_buffer_close(start));
    OK(keyviz_remove(kv, 1));
    OK(keyviz_close(kv));
    kv = small_sampler(16);
    CHECK_STATUS(keyviz_register(kv, 1, "a", 1, NULL, 0, 0, NULL), KEYVIZ_STATUS_AUTO_RANGES);
    CHECK_STATUS(keyviz_remove(kv, 1), KEYVIZ_STATUS_AUTO_RANGES);
    OK(keyviz_observe_key(kv, KEYVIZ_OP_READ, "k", 1, 0));
    OK(keyviz_flush(kv, 1000));
    CHECK(counters_of(kv).recorded.reads == 1);
    OK(keyviz_close(kv));
}

static void full(void) {
    keyviz_sampler kv = small_sampler(0);
    char start[2];
    uint64_t i;
    start[1] = 0;
    for (i = 0; i < 64; i++) {
        start[0] = (char)(i + 1);
        OK(keyviz_register(kv, i, start, 1, NULL, 0, 0, NULL));
    }
    CHECK_STATUS(keyviz_register(kv, 64, "z", 1, NULL, 0, 0, NULL), KEYVIZ_STATUS_ROUTES_FULL);
    CHECK(strstr(keyviz_last_error(), "max_routes") != NULL);
    OK(keyviz_close(kv));
}

static void labels_and_scans(void) {
    keyviz_config config;
    const char *texts[2] = {"redis", "s3"};
    keyviz_sampler kv, other = small_sampler(0);
    keyviz_label redis, unknown, forged;
    keyviz_scan scan;
    keyviz_recorder recorder;
    uint64_t touched[2] = {1, 2};
    keyviz_counters counters;
    config.size = sizeof config;
    OK(keyviz_config_within(64 << 20, &config));
    config.step_ms = 1000;
    config.labels = texts;
    config.label_count = 2;
    OK(keyviz_open(&config, 0, &kv));
    OK(keyviz_register(kv, 1, "a", 1, "m", 1, 0, NULL));
    OK(keyviz_register(kv, 2, "m", 1, NULL, 0, 0, NULL));
    OK(keyviz_label_get(kv, "redis", &redis));
    CHECK_STATUS(keyviz_label_get(kv, "sqs", &unknown), KEYVIZ_STATUS_BAD_LABEL);
    CHECK_STATUS(keyviz_label_get(kv, "\xff", &forged), KEYVIZ_STATUS_BAD_TEXT);
    OK(keyviz_observe_labelled(kv, 1, redis, KEYVIZ_OP_READ, "b", 1, 0));
    OK(keyviz_observe_labelled(kv, 1, unknown, KEYVIZ_OP_READ, "b", 1, 0));
    CHECK_STATUS(keyviz_observe_labelled(other, 1, redis, KEYVIZ_OP_READ, "b", 1, 0), KEYVIZ_STATUS_FOREIGN_HANDLE);
    forged = redis;
    forged.bits += 5;
    CHECK_STATUS(keyviz_observe_labelled(kv, 1, forged, KEYVIZ_OP_READ, "b", 1, 0), KEYVIZ_STATUS_FOREIGN_HANDLE);
    memset(&scan, 0, sizeof scan);
    CHECK_STATUS(keyviz_observe_scan(kv, &scan, touched, 2), KEYVIZ_STATUS_BAD_STRUCT_SIZE);
    scan.size = sizeof scan;
    scan.start = "k";
    scan.start_len = 1;
    scan.end = "p";
    scan.end_len = 1;
    scan.bytes = 4096;
    scan.label = redis;
    OK(keyviz_observe_scan(kv, &scan, touched, 2));
    OK(keyviz_recorder_open(kv, &recorder));
    OK(keyviz_recorder_observe_scan(recorder, &scan, touched, 2));
    OK(keyviz_recorder_observe_labelled(recorder, 1, redis, KEYVIZ_OP_WRITE, "b", 1, 0));
    CHECK_STATUS(keyviz_recorder_observe_labelled(recorder, 1, forged, KEYVIZ_OP_WRITE, "b", 1, 0),
                 KEYVIZ_STATUS_FOREIGN_HANDLE);
    OK(keyviz_recorder_close(recorder));
    OK(keyviz_flush(kv, 1000));
    counters = counters_of(kv);
    CHECK(counters.recorded.reads == 4 && counters.recorded.scans == 4 && counters.unknown_labels == 1);
    CHECK(counters.recorded.read_bytes == 2 * 4096 + 2 && counters.recorded.writes == 1);
    OK(keyviz_close(kv));
    OK(keyviz_close(other));
    config.label_count = 0;
    config.reserved = 1;
    CHECK_STATUS(keyviz_open(&config, 0, &kv), KEYVIZ_STATUS_BAD_CONFIG);
    CHECK(strstr(keyviz_last_error(), "reserved") != NULL);
    config.reserved = 0;
    config.label_count = 1;
    texts[0] = "Upper";
    CHECK_STATUS(keyviz_open(&config, 0, &kv), KEYVIZ_STATUS_BAD_LABEL);
}

static void sizes(void) {
    union {
        keyviz_config config;
        unsigned char bytes[sizeof(keyviz_config) + 64];
    } wide;
    keyviz_sampler kv = {99};
    keyviz_counters counters;
    uint64_t bytes = 0;
    memset(&wide, 0, sizeof wide);
    CHECK_STATUS(keyviz_config_defaults(&wide.config), KEYVIZ_STATUS_BAD_STRUCT_SIZE);
    wide.config.size = sizeof(keyviz_config) - 1;
    CHECK_STATUS(keyviz_config_defaults(&wide.config), KEYVIZ_STATUS_BAD_STRUCT_SIZE);
    wide.config.size = SIZE_MAX;
    CHECK_STATUS(keyviz_config_defaults(&wide.config), KEYVIZ_STATUS_BAD_STRUCT_SIZE);
    /* A host of a later version: what it knows beyond is zeroed, and refused when it is not zero. */
    wide.config.size = sizeof wide;
    memset(wide.bytes + sizeof(keyviz_config), 0xaa, 64);
    OK(keyviz_config_defaults(&wide.config));
    CHECK(wide.bytes[sizeof(keyviz_config)] == 0 && wide.bytes[sizeof wide - 1] == 0);
    CHECK(wide.config.size == sizeof wide && wide.config.max_routes == 10000);
    OK(keyviz_config_memory_bytes(&wide.config, &bytes));
    CHECK(bytes > 1 << 20);
    wide.bytes[sizeof wide - 1] = 1;
    CHECK_STATUS(keyviz_open(&wide.config, 0, &kv), KEYVIZ_STATUS_BAD_STRUCT_SIZE);
    wide.bytes[sizeof wide - 1] = 0;
    wide.config.step_ms = 1;
    CHECK_STATUS(keyviz_open(&wide.config, 0, &kv), KEYVIZ_STATUS_BAD_CONFIG);
    CHECK(strncmp(keyviz_last_error(), "step_ms", 7) == 0);
    CHECK(kv.bits == 99); /* nothing is written on failure */
    CHECK_STATUS(keyviz_config_within(10000, &wide.config), KEYVIZ_STATUS_BAD_CONFIG);
    kv = small_sampler(0);
    counters.size = 3;
    CHECK_STATUS(keyviz_counters_read(kv, &counters), KEYVIZ_STATUS_BAD_STRUCT_SIZE);
    CHECK(counters_of(kv).memory_bytes > 0);
    OK(keyviz_close(kv));
}

static void null_pointers(void) {
    keyviz_sampler kv = small_sampler(0);
    keyviz_buffer buffer;
    keyviz_matrix matrix;
    keyviz_label label;
    CHECK_STATUS(keyviz_open(NULL, 0, NULL), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_config_defaults(NULL), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_config_memory_bytes(NULL, NULL), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_recorder_open(kv, NULL), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_observe(kv, 1, 0, NULL, 1, 0), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_observe_batch(kv, NULL, 1), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_observe_scan(kv, NULL, NULL, 0), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_label_get(kv, NULL, &label), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_label_get(kv, "a", NULL), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_set_names(kv, NULL, 1), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_annotate(kv, 0, NULL, "t"), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_annotate(kv, 0, "Bad kind", "t"), KEYVIZ_STATUS_BAD_EVENT_KIND);
    CHECK_STATUS(keyviz_matrix_read(kv, NULL, NULL), KEYVIZ_STATUS_NULL_POINTER);
    OK(keyviz_matrix_read(kv, NULL, &matrix));
    CHECK_STATUS(keyviz_matrix_view(matrix, NULL), KEYVIZ_STATUS_NULL_POINTER);
    OK(keyviz_matrix_close(matrix));
    OK(keyviz_matrix_json(kv, NULL, &buffer));
    CHECK_STATUS(keyviz_buffer_view(buffer, NULL, NULL), KEYVIZ_STATUS_NULL_POINTER);
    OK(keyviz_buffer_close(buffer));
    CHECK_STATUS(keyviz_hot_keys_read(kv, NULL, NULL), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_top_read(kv, NULL, NULL), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_counters_read(kv, NULL), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_snapshot(kv, 0, NULL), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_restore(kv, NULL, 1, 1 << 20), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_history_start(kv, NULL, 0), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_admin_start(kv, NULL, NULL), KEYVIZ_STATUS_NULL_POINTER);
    CHECK_STATUS(keyviz_admin_port(kv, NULL), KEYVIZ_STATUS_NULL_POINTER);
    OK(keyviz_close(kv));
}

static void handles(void) {
    keyviz_sampler kv = small_sampler(0), again, garbage;
    keyviz_recorder recorder, wrong, forged;
    keyviz_buffer buffer;
    const char *text;
    uint64_t closed = counters_of(kv).closed_handles, invalid = counters_of(kv).invalid_handles;
    uint64_t foreign = counters_of(kv).foreign_handles;
    OK(keyviz_recorder_open(kv, &recorder));
    wrong.bits = kv.bits; /* a sampler where a recorder is asked for */
    CHECK_STATUS(keyviz_recorder_observe(wrong, 1, 0, "a", 1, 0), KEYVIZ_STATUS_INVALID_HANDLE);
    garbage.bits = recorder.bits;
    CHECK_STATUS(keyviz_flush(garbage, 0), KEYVIZ_STATUS_INVALID_HANDLE);
    CHECK_STATUS(keyviz_flush(NONE, 0), KEYVIZ_STATUS_INVALID_HANDLE);
    CHECK_STATUS(keyviz_observe(NONE, 1, 0, "a", 1, 0), KEYVIZ_STATUS_INVALID_HANDLE);
    forged.bits = recorder.bits ^ (UINT64_C(1) << 36); /* the tag of another sampler */
    CHECK_STATUS(keyviz_recorder_observe(forged, 1, 0, "a", 1, 0), KEYVIZ_STATUS_FOREIGN_HANDLE);
    forged.bits = recorder.bits ^ (UINT64_C(1) << 50); /* that of another process or copy */
    CHECK_STATUS(keyviz_recorder_observe(forged, 1, 0, "a", 1, 0), KEYVIZ_STATUS_FOREIGN_HANDLE);
    OK(keyviz_counters_json(kv, &buffer));
    OK(keyviz_buffer_view(buffer, &text, NULL));
    CHECK(text[0] == '{');
    OK(keyviz_buffer_close(buffer));
    CHECK_STATUS(keyviz_buffer_close(buffer), KEYVIZ_STATUS_CLOSED_HANDLE);
    again = small_sampler(0);
    OK(keyviz_observe(kv, 1, 0, "a", 1, 0));
    OK(keyviz_close(kv));
    CHECK_STATUS(keyviz_observe(kv, 1, 0, "a", 1, 0), KEYVIZ_STATUS_CLOSED_HANDLE);
    CHECK_STATUS(keyviz_recorder_observe(recorder, 1, 0, "a", 1, 0), KEYVIZ_STATUS_CLOSED_HANDLE);
    CHECK_STATUS(keyviz_flush(kv, 0), KEYVIZ_STATUS_CLOSED_HANDLE);
    CHECK_STATUS(keyviz_close(kv), KEYVIZ_STATUS_CLOSED_HANDLE);
    OK(keyviz_recorder_close(recorder)); /* a recorder is closed after its sampler, too */
    CHECK_STATUS(keyviz_recorder_close(recorder), KEYVIZ_STATUS_CLOSED_HANDLE);
    CHECK(counters_of(again).closed_handles == closed + 6);
    CHECK(counters_of(again).invalid_handles == invalid + 4);
    CHECK(counters_of(again).foreign_handles == foreign + 2);
    OK(keyviz_close(again));
}

static void answers(void) {
    keyviz_config config;
    keyviz_sampler kv;
    keyviz_hot_keys hot;
    keyviz_hot_key_list keys;
    keyviz_top top;
    keyviz_top_list hottest;
    keyviz_buffer json, snapshot;
    keyviz_query query;
    keyviz_name name = {"a", 1, "apples"};
    keyviz_matrix matrix;
    keyviz_matrix_arrays arrays;
    const char *text;
    size_t len;
    int i;
    config.size = sizeof config;
    OK(keyviz_config_within(64 << 20, &config));
    config.step_ms = 1000;
    config.hot_keys = 1;
    config.sample_every = 1;
    OK(keyviz_open(&config, 0, &kv));
    OK(keyviz_register(kv, 1, "a", 1, "b", 1, 0, NULL));
    memset(&query, 0, sizeof query);
    query.size = sizeof query;
    query.by_route = 1;
    query.route = 1;
    CHECK_STATUS(keyviz_hot_keys_read(kv, &query, &hot), KEYVIZ_STATUS_NO_SNAPSHOT);
    for (i = 0; i < 10; i++) OK(keyviz_observe(kv, 1, KEYVIZ_OP_WRITE, i % 2 ? "apple" : "ant", i % 2 ? 5 : 3, 0));
    OK(keyviz_observe(kv, 1, KEYVIZ_OP_WRITE, "apple", 5, 0));
    OK(keyviz_flush(kv, 1000));
    OK(keyviz_hot_keys_read(kv, &query, &hot));
    keys.size = sizeof keys;
    OK(keyviz_hot_keys_view(hot, &keys));
    CHECK(keys.count == 2 && keys.keys[0].count == 6 && keys.keys[0].key_len == 5);
    CHECK(memcmp(keys.keys[0].key, "apple", 5) == 0 && keys.samples == 11);
    OK(keyviz_hot_keys_close(hot));
    OK(keyviz_hot_keys_json(kv, &query, &json));
    OK(keyviz_buffer_view(json, &text, &len));
    CHECK(strstr(text, "\"count\":6") != NULL);
    OK(keyviz_buffer_close(json));
    query.route = 7;
    CHECK_STATUS(keyviz_hot_keys_read(kv, &query, &hot), KEYVIZ_STATUS_NO_SKETCH);
    OK(keyviz_top_read(kv, NULL, &top));
    hottest.size = sizeof hottest;
    OK(keyviz_top_view(top, &hottest));
    CHECK(hottest.count == 1 && hottest.rows[0].value == 11 && hottest.total == 11 && hottest.rows[0].route == 1);
    OK(keyviz_top_close(top));
    OK(keyviz_set_names(kv, &name, 1));
    name.name = "";
    CHECK_STATUS(keyviz_set_names(kv, &name, 1), KEYVIZ_STATUS_BAD_NAMES);
    OK(keyviz_matrix_read(kv, NULL, &matrix));
    arrays.size = sizeof arrays;
    OK(keyviz_matrix_view(matrix, &arrays));
    CHECK(arrays.row_name[0] != NULL && strcmp(arrays.row_name[0], "apples") == 0);
    OK(keyviz_matrix_close(matrix));
    query.series = 77;
    CHECK_STATUS(keyviz_matrix_read(kv, &query, &matrix), KEYVIZ_STATUS_BAD_ARGUMENT);
    OK(keyviz_annotate(kv, 500, "deploy", "version 2"));
    OK(keyviz_events_json(kv, 0, 0, &json));
    OK(keyviz_buffer_view(json, &text, &len));
    CHECK(strlen(text) == len && strstr(text, "version 2") != NULL);
    OK(keyviz_buffer_close(json));
    OK(keyviz_matrix_json(kv, NULL, &json));
    OK(keyviz_buffer_view(json, &text, &len));
    CHECK(strstr(text, "\"values\":[11]") != NULL);
    OK(keyviz_buffer_close(json));
    OK(keyviz_top_json(kv, NULL, &json));
    OK(keyviz_buffer_close(json));
    OK(keyviz_snapshot(kv, 1000, &snapshot));
    OK(keyviz_buffer_view(snapshot, &text, &len));
    CHECK_STATUS(keyviz_restore(kv, text, len, 1 << 24), KEYVIZ_STATUS_IN_USE);
    OK(keyviz_close(kv));
    OK(keyviz_open(&config, 1000, &kv));
    CHECK_STATUS(keyviz_restore(kv, "nonsense", 8, 1 << 24), KEYVIZ_STATUS_BAD_SNAPSHOT);
    CHECK_STATUS(keyviz_restore(kv, text, len / 2, 1 << 24), KEYVIZ_STATUS_BAD_SNAPSHOT);
    OK(keyviz_restore(kv, text, len, 1 << 24));
    CHECK(counters_of(kv).recorded.writes == 11 && counters_of(kv).columns_restored == 1);
    OK(keyviz_close(kv));
    config.step_ms = 2000;
    OK(keyviz_open(&config, 2000, &kv));
    CHECK_STATUS(keyviz_restore(kv, text, len, 1 << 24), KEYVIZ_STATUS_OTHER_STEP);
    CHECK_STATUS(keyviz_hot_keys_read(kv, &query, &hot), KEYVIZ_STATUS_BAD_ARGUMENT);
    OK(keyviz_close(kv));
    config.step_ms = 1000;
    config.sub_buckets = 2;
    config.hot_keys = 0;
    OK(keyviz_open(&config, 1000, &kv));
    CHECK_STATUS(keyviz_restore(kv, text, len, 1 << 24), KEYVIZ_STATUS_OTHER_DIVISION);
    CHECK_STATUS(keyviz_hot_keys_read(kv, NULL, &hot), KEYVIZ_STATUS_HOT_KEYS_DISABLED);
    OK(keyviz_close(kv));
    OK(keyviz_buffer_close(snapshot));
}

static void time_passes(void) {
    keyviz_sampler kv = small_sampler(0);
    keyviz_window window;
    window.size = sizeof window;
    OK(keyviz_window_read(kv, &window));
    CHECK(window.started_ms == 0 && window.has_history == 0 && window.next_column_ms == 1000);
    OK(keyviz_flush(kv, 1000));
    OK(keyviz_skip(kv, 5000));
    OK(keyviz_flush(kv, 6000));
    OK(keyviz_window_read(kv, &window));
    CHECK(window.last_flush_ms == 6000 && window.has_history == 1 && window.next_column_ms == 7000);
    CHECK(counters_of(kv).windows_missing == 4);
    window.size = 8;
    CHECK_STATUS(keyviz_window_read(kv, &window), KEYVIZ_STATUS_BAD_STRUCT_SIZE);
    OK(keyviz_close(kv));
}

static void running(void) {
    keyviz_sampler kv = small_sampler(0);
    keyviz_admin_options options;
    uint16_t port = 0;
    CHECK_STATUS(keyviz_flusher_stop(kv), KEYVIZ_STATUS_NOT_RUNNING);
    OK(keyviz_flusher_start(kv));
    CHECK_STATUS(keyviz_flusher_start(kv), KEYVIZ_STATUS_ALREADY_RUNNING);
    OK(keyviz_flusher_stop(kv));
    CHECK_STATUS(keyviz_history_stop(kv), KEYVIZ_STATUS_NOT_RUNNING);
    CHECK_STATUS(keyviz_admin_stop(kv), KEYVIZ_STATUS_NOT_RUNNING);
    CHECK_STATUS(keyviz_admin_port(kv, &port), KEYVIZ_STATUS_NOT_RUNNING);
    CHECK_STATUS(keyviz_admin_start(kv, "localhost", NULL), KEYVIZ_STATUS_BAD_ADDRESS);
    CHECK_STATUS(keyviz_admin_start(kv, "0.0.0.0:0", NULL), KEYVIZ_STATUS_ADDRESS_REFUSED);
    CHECK_STATUS(keyviz_admin_start(kv, "192.0.2.1:1", NULL), KEYVIZ_STATUS_ADDRESS_REFUSED);
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    options.token = "short";
    CHECK_STATUS(keyviz_admin_start(kv, "127.0.0.1:0", &options), KEYVIZ_STATUS_BAD_TOKEN);
    options.token = "0123456789abcdef0123";
    options.read_token = options.token;
    CHECK_STATUS(keyviz_admin_start(kv, "127.0.0.1:0", &options), KEYVIZ_STATUS_BAD_TOKEN);
    options.read_token = NULL;
    options.redaction = "all of it";
    CHECK_STATUS(keyviz_admin_start(kv, "127.0.0.1:0", &options), KEYVIZ_STATUS_BAD_OPTION);
    options.redaction = "hmac";
    CHECK_STATUS(keyviz_admin_start(kv, "192.0.2.1:1", &options), KEYVIZ_STATUS_LISTEN_FAILED);
    OK(keyviz_admin_start(kv, "127.0.0.1:0", &options));
    CHECK_STATUS(keyviz_admin_start(kv, "127.0.0.1:0", &options), KEYVIZ_STATUS_ALREADY_RUNNING);
    OK(keyviz_admin_port(kv, &port));
    CHECK(port != 0);
    OK(keyviz_close(kv)); /* with its page */
}

int main(void) {
    names();
    exact();
    routes();
    full();
    labels_and_scans();
    sizes();
    null_pointers();
    handles();
    answers();
    time_passes();
    running();
    return 0;
}
